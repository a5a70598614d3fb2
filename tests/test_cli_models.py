"""`flightsw models ...`: a model of one's own as its page shows it, and every way in which one is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from flightsw.devices.models import load_card, verified_model_path
from tests.console import Cli

ROOT = Path(__file__).resolve().parent.parent
MAKE = ROOT / "docs" / "examples" / "my_model" / "make.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's example, made as it says."""
    folder = tmp_path_factory.mktemp("made") / "my-model"
    subprocess.run([sys.executable, str(MAKE), str(folder)], check=True, capture_output=True, cwd=ROOT)
    return folder


@pytest.fixture
def mine(made: Path, tmp_path: Path) -> Path:
    """A copy, to be spoilt."""
    return Path(shutil.copytree(made, tmp_path / "my-model"))


def test_the_list_has_every_shipped_ladder_and_a_given_one(cli: Cli, mine: Path) -> None:
    shipped = cli("models")
    assert shipped.code == 0
    listed = cli("models", "list", str(mine), "--json").json["models"]
    assert [one["name"] for one in listed] == ["cloudseg", "wildfire", "bright"]
    for one in listed[:2]:
        card = load_card(one["name"])
        assert [row["name"] for row in one["variants"]] == [variant.name for variant in card.variants]
        assert all(row["name"] in shipped.out for row in one["variants"])
    assert "bright" not in shipped.out


def test_a_good_model_is_good_and_flies_and_its_answers_are_found_again(cli: Cli, mine: Path, tmp_path: Path) -> None:
    checked = cli("models", "check", str(mine))
    assert (checked.code, checked.err) == (0, "")
    assert "bright:only: hash, inputs, outputs and golden answer good" in checked.out
    assert "measured on this host" in checked.out
    run = ("run", "--in-process", "--duration", "200s", "--out", str(tmp_path / "run"))
    assert cli(*run, "--set", f"apps.inference.model={mine}").code == 0
    audit = cli("models", "audit", str(tmp_path / "run"), "--json")
    assert audit.code == 0
    assert audit.json["judged"] > 5
    assert (audit.json["altered"], audit.json["silent"]) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('sha256 = "', 'sha256 = "0', "not a model card"),
        ('input_name = "tiles"', 'input_name = "image"', "its card says image: tensor(float) [n, 5, 32, 32]"),
        ("bands = 5", "bands = 4", "bands = 4, cells = 32: must be 5 and 32"),
        ('output_name = "cloud"', 'output_name = "mask"', "outputs cloud: tensor(float) ['n', 32, 32]: its card says"),
        ("golden_mean = 0.", "golden_mean = 0.1", "golden_mean = 0.5842, golden_values = [0.9737, "),
        ("work_gop = 48.0", "work_gop = -1.0", "work_gop"),
        ('default_variant = "only"', 'default_variant = "best"', "default_variant = 'best': must be one of only"),
    ],
)
def test_a_card_that_is_not_its_model_s_is_refused(cli: Cli, mine: Path, old: str, new: str, message: str) -> None:
    card = mine / "card.toml"
    text = card.read_text()
    assert text.count(old) == 1
    card.write_text(text.replace(old, new))
    said = cli("models", "check", str(mine))
    assert said.code == 2
    assert message in said.err
    assert "bright:only" not in said.out


def test_what_a_run_would_find_out_too_late_ends_it_before_it_starts(cli: Cli, mine: Path, tmp_path: Path) -> None:
    run = ("run", "--in-process", "--duration", "60s", "--out", str(tmp_path / "run"), "--set")
    model = f"apps.inference.model={mine}"
    card = mine / "card.toml"
    text = card.read_text()
    for old, new, message in (
        ("golden_mean = 0.", "golden_mean = 0.1", "apps.inference.model: model bright, variant only: golden_mean"),
        ("bands = 5", "bands = 4", "apps.inference.model: model bright: bands = 4, cells = 32: must be 5 and 32"),
    ):
        card.write_text(text.replace(old, new))
        said = cli(*run, model)
        assert (said.code, message in said.err) == (2, True), said.err
    card.write_text(text)
    said = cli(*run, model, "--set", "apps.inference.memory.footprint_bytes=10")
    assert (said.code, "apps.inference.memory.footprint_bytes = 10: must be at least" in said.err) == (2, True), (
        said.err
    )
    assert not (tmp_path / "run").exists()


def test_a_corrupt_file_with_the_right_hash_is_refused_by_the_runtime(cli: Cli, mine: Path) -> None:
    said = refused_file(cli, mine, (mine / "bright.onnx").read_bytes()[:200])
    assert "not a model that onnxruntime loads" in said


def test_a_model_of_fixed_batch_or_of_another_type_is_refused(cli: Cli, mine: Path) -> None:
    for kind, shape, told in (
        (TensorProto.FLOAT, [1, 5, 32, 32], "tiles: tensor(float) [1, 5, 32, 32]"),
        (TensorProto.DOUBLE, ["n", 5, 32, 32], "tiles: tensor(double) ['n', 5, 32, 32]"),
    ):
        nodes = [
            helper.make_node("ReduceMean", ["tiles"], ["mean"], axes=[1], keepdims=0),
            helper.make_node("Cast", ["mean"], ["cloud"], to=TensorProto.FLOAT),
        ]
        tiles = helper.make_tensor_value_info("tiles", kind, shape)
        cloud = helper.make_tensor_value_info("cloud", TensorProto.FLOAT, [shape[0], 32, 32])
        graph = helper.make_graph(nodes, "g", [tiles], [cloud])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 9
        onnx.checker.check_model(model)
        assert f"inputs {told}: its card says" in refused_file(cli, mine, model.SerializeToString())


def refused_file(cli: Cli, folder: Path, data: bytes) -> str:
    """The complaint about a file whose hash the card states."""
    import hashlib
    import re

    (folder / "bright.onnx").write_bytes(data)
    card = folder / "card.toml"
    digest = hashlib.sha256(data).hexdigest()
    card.write_text(re.sub(r'sha256 = "\w+"', f'sha256 = "{digest}"', card.read_text()))
    said = cli("models", "check", str(folder))
    assert said.code == 2
    return said.err


def test_a_rung_flies_by_name_and_an_unknown_one_names_those_there_are(cli: Cli) -> None:
    card = load_card("wildfire:small")
    assert card.file == "wildfire-small.onnx"
    assert verified_model_path(card).name == "wildfire-small.onnx"
    said = cli("models", "check", "wildfire:huge")
    assert said.code == 2
    assert "variant 'huge': must be one of small-int8, small, large-int8, large" in said.err
    assert cli("validate", "cubesat-6u-orin-nano", "--set", "apps.inference.model=wildfire:small").code == 0
    assert "no such model or card" in cli("models", "check", "nowhere").err
