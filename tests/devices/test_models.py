"""Model cards: every shipped one is whole, an altered file is refused, and so is a card that is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flightsw.devices.camera import BANDS, CELLS
from flightsw.devices.models import Card, load_card, shipped_models, verified_model_path
from flightsw.devices.telemetry_model import TelemetryCard
from flightsw.errors import ConfigError


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with the shipped model, to be spoilt."""
    folder = tmp_path / "mine"
    shutil.copytree(load_card("cloudseg").folder, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


@pytest.mark.parametrize("name", shipped_models())
def test_every_shipped_model_is_the_file_of_its_card(name: str) -> None:
    card = load_card(name, Card)
    assert card.name == name
    assert 0 < verified_model_path(card).stat().st_size < 200_000


def test_a_payload_model_looks_at_the_camera_s_tiles_and_a_telemetry_model_at_windows() -> None:
    assert shipped_models() == ["cloudseg", "telemetry-anomaly"]
    payload = load_card("cloudseg")
    assert (payload.bands, payload.cells) == (len(BANDS), CELLS)
    telemetry = load_card("telemetry-anomaly", TelemetryCard)
    assert (telemetry.samples, telemetry.stride) == (12, 18)
    with pytest.raises(ConfigError, match=r"not a model card: "):
        load_card("telemetry-anomaly")
    with pytest.raises(ConfigError, match=r"not a model card: .*sample_s"):
        load_card("cloudseg", TelemetryCard)


def test_a_card_loads_by_its_folder_and_by_its_file(copied: Path) -> None:
    by_folder, by_file = load_card(str(copied)), load_card(str(copied / "card.toml"))
    assert by_folder == by_file
    assert verified_model_path(by_folder) == copied / by_folder.file


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
        ("\n[golden]", "\n[silver]", "golden"),
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
