"""Model cards: every shipped one is whole, an altered file is refused, and so is a card that is none."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import msgspec
import pytest

from flightsw.devices.camera import BANDS, CELLS
from flightsw.devices.models import (
    ModelCard,
    fp32_gop,
    label_of,
    load_card,
    placed_model,
    shipped_models,
    verified_model_path,
)
from flightsw.devices.profiles import load_profile
from flightsw.devices.telemetry_model import TelemetryCard
from flightsw.errors import ConfigError


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with the shipped model, to be spoilt."""
    folder = tmp_path / "mine"
    shutil.copytree(load_card("cloudseg").folder, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


@pytest.mark.parametrize("kind", [ModelCard, TelemetryCard])
def test_every_shipped_model_is_the_files_of_its_card(kind) -> None:
    names = shipped_models(kind)
    assert names
    for name in names:
        card = load_card(name, kind)
        assert card.name == name
        for variant in getattr(card, "variants", (None,)):
            assert 0 < verified_model_path(card, variant).stat().st_size < 1_000_000


@pytest.mark.parametrize("name", shipped_models(ModelCard))
def test_the_default_variant_is_what_a_card_s_file_and_work_are(name: str) -> None:
    card = load_card(name)
    variant = card.variant(card.default_variant)
    assert (card.file, card.sha256, card.work_gop) == (variant.file, variant.sha256, variant.work_gop)
    assert verified_model_path(card) == verified_model_path(card, variant)
    with pytest.raises(ConfigError, match=f"model {name}: variant 'huge': must be one of .*{variant.name}"):
        card.variant("huge")


def test_int8_takes_the_chip_less_of_the_network_s_part_and_no_less_of_the_rest() -> None:
    variant = msgspec.structs.replace(load_card("cloudseg").variant(), work_gop=60.0, network_gop=24.0)
    silicon = dataclasses.replace(load_profile("orin-nano").silicon(), int8_speedup=2.0)
    assert fp32_gop(variant, silicon) == 60.0
    quantised = msgspec.structs.replace(variant, precision="int8")
    assert fp32_gop(quantised, silicon) == 36.0 + 12.0
    assert fp32_gop(msgspec.structs.replace(quantised, network_gop=None), silicon) == 30.0
    assert fp32_gop(quantised, dataclasses.replace(silicon, int8_speedup=1.0)) == 60.0


def test_a_payload_model_looks_at_the_camera_s_tiles_and_a_telemetry_model_at_windows() -> None:
    assert {"cloudseg", "telemetry-anomaly"} <= set(shipped_models())
    payload = load_card("cloudseg")
    assert (payload.bands, payload.cells) == (len(BANDS), CELLS)
    telemetry = load_card("telemetry-anomaly", TelemetryCard)
    assert (telemetry.samples, telemetry.stride) == (12, 18)
    with pytest.raises(ConfigError, match=r"not a model card: "):
        load_card("telemetry-anomaly")
    with pytest.raises(ConfigError, match=r"not a model card: .*file"):
        load_card("cloudseg", TelemetryCard)


def test_a_card_loads_by_its_folder_and_by_its_file(copied: Path) -> None:
    by_folder, by_file = load_card(str(copied)), load_card(str(copied / "card.toml"))
    assert by_folder == by_file
    assert verified_model_path(by_folder) == copied / by_folder.file


def test_what_follows_the_last_colon_is_a_variant_unless_a_card_lies_there_as_it_stands(copied: Path) -> None:
    assert load_card(f"{copied}:small").default_variant == "small"
    twin = copied.rename(copied.with_name(f"{copied.name}:small"))
    assert load_card(str(twin)).default_variant != "small"
    assert load_card(f"{twin}:small").default_variant == "small"
    with pytest.raises(ConfigError, match="model 'nope': no such model"):
        load_card("nope:small")


def test_a_model_is_placed_where_it_is_found_and_loads_as_the_same_from_there(copied: Path, tmp_path: Path) -> None:
    folders = (tmp_path / "empty", copied.parent)
    for text in (copied.name, f"{copied.name}/card.toml", f"{copied.name}:small"):
        placed = placed_model(text, folders)
        assert placed == str(copied.parent / text)
        assert load_card(placed).folder == str(copied)
    for text in ("cloudseg", "cloudseg:large", "nowhere", "nowhere:small", ""):
        assert placed_model(text, folders) == text


def test_results_call_a_model_by_its_name_however_long_its_path_is() -> None:
    assert label_of("cloudseg") == "cloudseg"
    assert label_of("cloudseg:large") == "cloudseg:large"
    assert label_of(f"{'deep/' * 40}mine") == label_of(f"{'deep/' * 40}mine/card.toml") == "mine"
    assert len(label_of("x" * 200)) == 64


def test_a_model_altered_by_one_bit_is_refused(copied: Path) -> None:
    card = load_card(str(copied))
    path = verified_model_path(card)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=f"its card says {card.sha256}"):
        verified_model_path(card)


def test_a_model_that_is_gone_is_refused(copied: Path) -> None:
    card = load_card(str(copied))
    (copied / card.file).unlink()
    with pytest.raises(ConfigError, match="can't be read"):
        verified_model_path(card)


def test_a_model_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(ConfigError, match=r"model 'dreams': no such model or card; shipped: .*cloudseg"):
        load_card("dreams")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('name = "cloudseg"', "name = ", ""),
        ('sha256 = "', 'sha256 = "x', "sha256"),
        ('file = "cloudseg.onnx"', 'file = "../cloudseg.onnx"', "file"),
        ("work_gop = 48.0", "work_gop = 0.0", "work_gop"),
        ("bands = 5", 'bands = "five"', "bands"),
        ('default_variant = "', 'default_variant = "x', "default_variant = 'x"),
        ('precision = "fp32"', 'precision = "fp16"', "precision"),
        ("network_gop = 0.0005", "network_gop = 49.0", "network_gop = 49.0: must be at most"),
        ("work_gop = 48.0", "work_gop = 12.0", "must not fall"),
        ('name = "large"', 'name = "large-int8"', "must be different"),
        ("golden_mean", "silver_mean", "silver_mean"),
    ],
)
def test_a_card_with_a_wrong_line_is_refused(copied: Path, old: str, new: str, complaint: str) -> None:
    path = copied / "card.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=f"not a model card: .*{complaint}"):
        load_card(str(copied))


def test_a_card_that_is_no_text_is_refused(copied: Path) -> None:
    (copied / "card.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a model card"):
        load_card(str(copied))
