"""Ladders of the payload models: what is dearer is better, and every variant is what its card says."""

from __future__ import annotations

import tomllib
from itertools import islice

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from flightsw.apps.inference.engine import OnnxEngine
from flightsw.apps.inference.network import output_hash
from flightsw.devices.cameras import camera_of
from flightsw.devices.models import ModelCard, fp32_gop, load_card, shipped_models, verified_model_path
from flightsw.devices.profiles import load_profile, shipped_profiles
from tests.models.scripts import MODELS, script, stated

NAMES = shipped_models(ModelCard)
VARIANTS = [f"{name}:{variant.name}" for name in NAMES for variant in load_card(name).variants]


@pytest.fixture(scope="module", params=NAMES)
def measure(request):
    """The measuring script of each model."""
    return script(request.param, "measure")


def plain_session(card, variant):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    path = str(verified_model_path(card, variant))
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def test_there_is_a_segmentation_and_a_detection_each_large_and_small_in_fp32_and_int8():
    assert {load_card(name).result for name in NAMES} == {"fraction", "detections"}
    for name in NAMES:
        rows = [(one.name.split("-")[0], one.precision) for one in load_card(name).variants]
        assert {("small", "fp32"), ("small", "int8"), ("large", "fp32"), ("large", "int8")} <= set(rows)


@pytest.mark.parametrize("name", NAMES)
def test_what_costs_more_is_better_and_no_rung_is_dominated(name):
    card = load_card(name)
    works = [one.work_gop for one in card.variants]
    assert max(works) > 4.0 * min(works)
    for lower, higher in zip(card.variants, card.variants[1:], strict=False):
        assert lower.quality < higher.quality, (lower.name, higher.name)
        assert (lower.work_gop, lower.precision == "fp32") < (higher.work_gop, higher.precision == "fp32")


@pytest.mark.parametrize("profile", shipped_profiles())
def test_int8_is_cheaper_on_every_profile_and_the_ladder_keeps_its_order(profile):
    silicon = load_profile(profile).silicon()
    assert silicon.int8_speedup > 1.0
    for name in NAMES:
        costs = [fp32_gop(one, silicon) for one in load_card(name).variants]
        assert costs == sorted(set(costs))


def test_the_large_network_is_really_better_on_scenes_that_no_training_saw(measure):
    folder = MODELS / measure.HERE.name
    card = load_card(measure.HERE.name)
    seed = (9001,)
    assert "range(1000, 1008)" in (MODELS / "common" / "training.py").read_text()
    scores = {
        name: measure.score(
            script("common", "measuring").network_of(
                folder / card.variant(name).file, {"input_name": "tiles", "output_name": card.output_name}
            ),
            islice(measure.looks(type(camera_of(card, 0)), seed), 12),
        )[card.quality_metric]
        for name in ("small", "large-int8", "large")
    }
    assert scores["large"] > scores["small"] + 0.02
    assert scores["large-int8"] > scores["small"] + 0.02


def test_every_hash_size_count_and_known_answer_is_what_is_measured(measure):
    folder = MODELS / measure.HERE.name
    card = tomllib.loads((folder / "card.toml").read_text())
    figures = measure.ladder_figures(folder)
    assert len(figures) == len(card["variants"])
    for table, rows in figures.items():
        for name, value in rows.items():
            assert measure.agrees(stated(card, table, name), value), f"{table}.{name}: {value}"


@pytest.mark.long
def test_every_figure_of_every_card_is_what_is_measured(measure):
    card = tomllib.loads((MODELS / measure.HERE.name / "card.toml").read_text())
    for table, rows in measure.figures().items():
        for name, value in rows.items():
            assert measure.agrees(stated(card, table, name), value), f"{table}.{name}: {value}"


@pytest.mark.parametrize("which", VARIANTS)
def test_every_file_is_sound_onnx_whose_weights_can_be_found_in_it(which):
    card = load_card(which)
    path = verified_model_path(card)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.producer_name == "flightsw"
    assert path.stat().st_size == card.variant().file_bytes


def compared(which: str, inputs: int, batch: int) -> int:
    """Holds the engine to a plain session, bit for bit; how many of the answers differ from another's."""
    card = load_card(which)
    variant = card.variant()
    engine, plain = OnnxEngine(card, 3, only=(variant.name,)), plain_session(card, variant)
    camera = camera_of(card, 77)
    hashes = set()
    for first in range(0, inputs, batch):
        tiles = camera.tiles(first, batch, 0.3 + 0.6 * first / inputs, -60.0 + 120.0 * first / inputs)
        (raw,) = plain.run(None, {card.input_name: tiles})
        ours = engine.network(variant.name).infer(tiles)
        assert ours.dtype == raw.dtype == np.float32
        assert ours.tobytes() == raw.tobytes()
        assert engine.run(tiles, variant.name).output_sha256 == output_hash(raw)
        hashes.add(output_hash(raw))
    return len(hashes)


@pytest.mark.parametrize("which", VARIANTS)
def test_the_engine_answers_as_a_plain_session_does_bit_for_bit(which):
    assert compared(which, 48, 8) == 6


@pytest.mark.long
@pytest.mark.parametrize("which", VARIANTS)
def test_the_engine_answers_as_a_plain_session_does_on_a_thousand_inputs(which):
    assert compared(which, 1000, 1) > 990


def test_all_shipped_models_together_are_small():
    files = list(MODELS.glob("*/*.onnx"))
    assert len(files) >= 10
    assert sum(path.stat().st_size for path in files) < 10_000_000
