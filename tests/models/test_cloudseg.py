"""The shipped cloud model: its card tells the truth, it beats looking for bright cells, and it answers tile by tile."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from flightsw.devices.camera import VirtualCamera
from flightsw.devices.models import load_card, verified_model_path

CARD = load_card("cloudseg")
SCRIPT = Path(CARD.folder) / "measure.py"


@pytest.fixture(scope="module")
def measure():
    """The measuring script as a module."""
    spec = importlib.util.spec_from_file_location("cloudseg_measure", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


@pytest.fixture(scope="module")
def measured(measure):
    return measure.figures()


@pytest.fixture(scope="module")
def session():
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(verified_model_path(CARD)), options, providers=["CPUExecutionProvider"])


def test_the_card_states_what_is_measured(measure, measured):
    stated = tomllib.loads((Path(CARD.folder) / "card.toml").read_text())
    rows = [(table, name) for table, values in measured.items() for name in values]
    assert len(rows) > 12
    for table, name in rows:
        said = (stated[table] if table else stated)[name]
        assert measure.agrees(said, measured[table][name]), f"{table}.{name}: {said}: {measured[table][name]}"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [("iou = 0.", "iou = 0.1", "quality.iou"), ("parameters = ", "parameters = 1", "size.parameters")],
)
def test_a_card_that_states_another_figure_fails_the_check(
    measure, measured, monkeypatch, tmp_path, capsys, old, new, complaint
):
    text = (Path(CARD.folder) / "card.toml").read_text()
    assert old in text
    altered = tmp_path / "card.toml"
    monkeypatch.setattr(measure, "figures", lambda: measured)
    monkeypatch.setattr(measure, "CARD", altered)
    monkeypatch.setattr(sys, "argv", ["measure.py", "--check"])
    altered.write_text(text)
    assert measure.main() == 0
    altered.write_text(text.replace(old, new, 1))
    assert measure.main() == 1
    assert complaint in capsys.readouterr().err


def test_beats_a_brightness_threshold_by_far_on_scenes_it_never_saw(measure, measured):
    trained = (SCRIPT.parent / "train.py").read_text()
    assert "TRAIN_SEEDS = tuple(range(1000, 1008))" in trained
    assert not set(measure.HELD_OUT_SEEDS) & set(range(1000, 1008))
    quality = measured["quality"]
    assert quality["brightness_threshold_iou"] > 0.5
    assert quality["iou"] > quality["brightness_threshold_iou"] + 0.1
    assert quality["false_cloud_over_snow"] < 0.05


def test_does_not_need_the_light_to_be_as_in_training(session):
    camera = VirtualCamera(9005)
    cloud = camera.truth(0, 64)
    assert 0.2 < cloud.mean() < 0.8
    for cos_zenith in (0.05, 0.5, 1.0):
        said = session.run([CARD.output_name], {CARD.input_name: camera.tiles(0, 64, cos_zenith, 20.0)})[0] > 0.5
        assert (said & cloud).sum() / (said | cloud).sum() > 0.85


def test_takes_and_gives_what_its_card_says(session):
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.type, taken.shape[1:]) == (CARD.input_name, "tensor(float)", [5, 32, 32])
    assert (given.name, given.type, given.shape[1:]) == (CARD.output_name, "tensor(float)", [32, 32])
    assert isinstance(taken.shape[0], str)
    assert (CARD.bands, CARD.cells) == (5, 32)
    model = onnx.load(verified_model_path(CARD))
    onnx.checker.check_model(model, full_check=True)
    assert [opset.version for opset in model.opset_import] == [17]


@pytest.mark.parametrize("count", [1, 3, 8, 32])
def test_a_batch_says_what_its_tiles_say_alone(session, count):
    tiles = VirtualCamera(3).tiles(40, count, 0.6, -50.0)
    together = session.run(None, {"tiles": tiles})[0]
    assert together.shape == (count, 32, 32)
    assert 0.0 <= together.min() < 0.5 < together.max() <= 1.0
    alone = np.concatenate([session.run(None, {"tiles": tiles[place : place + 1]})[0] for place in range(count)])
    np.testing.assert_allclose(together, alone, rtol=0.0, atol=1e-6)


def test_gives_the_golden_answer_of_its_card(session):
    golden = CARD.golden
    tile = VirtualCamera(golden.seed).tiles(golden.scene, 1, golden.cos_zenith, golden.latitude_deg)
    seen = session.run(None, {"tiles": tile})[0]
    assert len(golden.first_probabilities) == 8
    assert seen[0, 0, :8] == pytest.approx(golden.first_probabilities, abs=5e-4)
    assert seen.mean() == pytest.approx(golden.mean_probability, abs=5e-4)
