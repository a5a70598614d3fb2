"""Struck activations: the graph cut open gives the same answer, and a bit flips where it is said to."""

from __future__ import annotations

import numpy as np
import pytest

from flightsw.apps.inference.network import Network
from flightsw.apps.inference.struck import Activations, flipped, kinds_of
from flightsw.devices.cameras import camera_of
from flightsw.devices.models import load_card, verified_model_path
from flightsw.devices.onnxgraph import cut, live_tensors
from flightsw.devices.onnxsessions import session_of
from flightsw.errors import ConfigError, InputRefused, OutputRefused

VARIANTS = [(name, one.name) for name in ("cloudseg", "wildfire") for one in load_card(name).variants]


def given(model: str, variant: str):
    card = load_card(model)
    data = verified_model_path(card, card.variant(variant)).read_bytes()
    return card, data, camera_of(card, 1).tiles(0, 3, 0.7, 20.0)


@pytest.mark.parametrize(("model", "variant"), VARIANTS)
def test_cut_at_any_of_its_activations_a_network_answers_as_the_whole_one_bit_for_bit(model, variant):
    card, data, tiles = given(model, variant)
    whole = Network(card, data, "whole").infer(tiles)
    live = live_tensors(data)
    assert len(live) >= 5
    for name in live:
        (between,) = session_of(cut(data, {}, (name,)), name).run([name], {card.input_name: tiles})
        rest = session_of(cut(data, {name: between.dtype.name}, ()), name)
        (answer,) = rest.run([card.output_name], {card.input_name: tiles, name: between})
        assert answer.tobytes() == whole.tobytes(), name


def test_what_is_fused_with_what_comes_after_is_not_in_memory():
    _, data, _ = given("cloudseg", "large-int8")
    live = live_tensors(data)
    assert "c1_QuantizeLinear_Output" in live
    assert not any("Dequantize" in name for name in live)
    assert "cloud_probability" not in live


@pytest.mark.parametrize("variant", ["medium", "large-int8"])
def test_a_bit_flips_in_the_tensor_that_its_place_lies_in_and_the_rest_is_computed_from_there(variant):
    card, data, tiles = given("cloudseg", variant)
    activations = Activations(card, data)
    names = list(activations.sizes)
    assert names == [card.input_name, *live_tensors(data)]
    name = names[2]
    start = 8 * len(tiles) * sum(activations.sizes[one] for one in names[:2])
    (between,) = session_of(cut(data, {}, (name,)), name).run([name], {card.input_name: tiles})
    struck = flipped(between, (30,))
    assert struck.tobytes() != between.tobytes()
    rest = session_of(cut(data, kinds_of({name: struck}), ()), name)
    (expected,) = rest.run([card.output_name], {card.input_name: tiles, name: struck})
    told = activations.run(data, tiles, (start + 30,))
    assert told.tobytes() == expected.tobytes()
    assert told.tobytes() != Network(card, data, "whole").infer(tiles).tobytes()
    assert told.tobytes() == activations.run(data, tiles, (start + 30,)).tobytes()


def test_bits_in_several_tensors_act_one_after_the_other_and_two_in_one_place_undo_each_other():
    card, data, tiles = given("cloudseg", "medium")
    activations = Activations(card, data)
    whole = 8 * len(tiles) * sum(activations.sizes.values())
    clean = Network(card, data, "whole").infer(tiles)
    for bits in ((), (whole // 2, whole // 2), (whole // 3, whole // 3 + whole)):
        assert activations.run(data, tiles, bits).tobytes() == clean.tobytes()
    first, last = (activations.run(data, tiles, (bit,)) for bit in (31, whole - 2))
    both = activations.run(data, tiles, (whole - 2, 31))
    assert np.flatnonzero(last != clean).tolist(), "in the probabilities themselves"
    assert (both != clean).sum() >= (first != clean).sum()


def test_what_is_not_finite_any_more_is_refused_by_type():
    card, data, tiles = given("cloudseg", "medium")
    activations = Activations(card, data)
    tiles = np.ones_like(tiles)
    with pytest.raises(InputRefused):
        activations.run(data, tiles, (30,))  # 1.0 with its highest exponent bit set is infinite
    whole = 8 * len(tiles) * sum(activations.sizes.values())
    refused = 0
    for bit in range(30, whole, whole // 64 // 32 * 32):
        try:
            assert np.isfinite(activations.run(data, tiles, (bit,))).all()
        except InputRefused:
            assert bit < 8 * tiles.nbytes
            refused += 1
        except OutputRefused:
            assert bit >= 8 * tiles.nbytes
            refused += 1
    assert refused


def test_a_file_that_is_none_is_refused():
    for data in (b"", b"\x3a\xff\x00", b"not a model"):
        with pytest.raises(ConfigError, match="not an ONNX file"):
            live_tensors(data)


def test_places_are_taken_round_the_end_of_a_batch_s_activations():
    card, image, tiles = given("cloudseg", "small")
    activations = Activations(card, image)
    whole = 8 * len(tiles) * sum(activations.sizes.values())
    first = activations.run(image, tiles, [5])
    assert np.array_equal(activations.run(image, tiles, [whole + 5]), first)
    assert np.array_equal(activations.run(image, tiles, [5, 3 * whole + 5]), activations.run(image, tiles, []))
