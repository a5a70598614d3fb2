"""The shipped cloud model: its card tells the truth, it beats looking for bright cells, and it answers tile by tile."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from flightsw.devices.camera import VirtualCamera
from flightsw.devices.models import load_card, verified_model_path
from tests.models.scripts import script, stated

CARD = load_card("cloudseg")
FOLDER = Path(CARD.folder)


@pytest.fixture(scope="module")
def measure():
    """The measuring script as a module."""
    return script("cloudseg", "measure")


@pytest.fixture(scope="module")
def measured(measure):
    """What the script measures, quality of the default variant alone: the others take a second each."""
    return measure.merged(
        measure.ladder_figures(FOLDER),
        measure.quality_figures(FOLDER, VirtualCamera, measure.score, only=("medium",)),
        {"quality": measure.baseline()},
    )


@pytest.fixture(scope="module")
def session():
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(verified_model_path(CARD)), options, providers=["CPUExecutionProvider"])


def test_the_card_states_what_is_measured(measure, measured):
    card = tomllib.loads((FOLDER / "card.toml").read_text())
    rows = [(table, name, value) for table, values in measured.items() for name, value in values.items()]
    assert len(rows) > 40
    for table, name, value in rows:
        said = stated(card, table, name)
        assert measure.agrees(said, value), f"{table}.{name}: {said}: {value}"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("quality = 0.9464", "quality = 0.9551", "variants.medium.quality"),
        ("parameters = 1076", "parameters = 1077", "variants.medium.parameters"),
        ("brightness_threshold_iou = 0.", "brightness_threshold_iou = 0.1", "quality.brightness_threshold_iou"),
    ],
)
def test_a_card_that_states_another_figure_fails_the_check(
    measure, measured, monkeypatch, tmp_path, capsys, old, new, complaint
):
    text = (FOLDER / "card.toml").read_text()
    assert old in text
    altered = tmp_path / "card.toml"

    def check():
        return measure.command(altered, measure.__doc__, lambda: measured, measure.agrees)

    monkeypatch.setattr(sys, "argv", ["measure.py", "--check"])
    altered.write_text(text)
    assert check() == 0
    altered.write_text(text.replace(old, new, 1))
    assert check() == 1
    monkeypatch.setattr(sys, "argv", ["measure.py", "--write"])
    assert check() == 0
    assert altered.read_text() == text
    assert complaint in capsys.readouterr().err


def test_beats_a_brightness_threshold_by_far_on_scenes_it_never_saw(measure, measured):
    threshold_iou = measured["quality"]["brightness_threshold_iou"]
    assert threshold_iou > 0.5
    assert measured["variants.medium"]["quality"] > threshold_iou + 0.1
    assert measured["quality.medium"]["false_cloud_over_snow"] < 0.05


def test_does_not_need_the_light_to_be_as_in_training(session):
    camera = VirtualCamera(9005)
    cloud = camera.truth(0, 64)
    assert 0.2 < cloud.mean() < 0.8
    for cos_zenith, least in ((0.05, 0.8), (0.5, 0.9), (1.0, 0.9)):
        said = session.run([CARD.output_name], {CARD.input_name: camera.tiles(0, 64, cos_zenith, 20.0)})[0] > 0.5
        assert (said & cloud).sum() / (said | cloud).sum() > least


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
