"""The guard of the weights: what each way finds, how it is repaired; nothing is found where nothing is wrong."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.inference.engine import OnnxEngine
from flightsw.apps.inference.guard import GuardedEngine, differing_bits, due, majority
from flightsw.apps.inference.network import output_hash
from flightsw.devices.cameras import camera_of
from flightsw.devices.memory import DeviceMemory
from flightsw.devices.memory_config import MemoryConfig
from flightsw.devices.models import load_card, verified_model_path

CARD = load_card("wildfire:small")
FILES = {"small": verified_model_path(CARD).read_bytes()}
TILES = camera_of(CARD, 5).tiles(40, 4, 0.7, 12.0)
CLEAN = OnnxEngine(CARD, 5, only=("small",)).run(TILES)


class Flown:
    """A guarded engine whose memory can be struck."""

    def __init__(self, **config) -> None:
        self.memory = DeviceMemory(FILES, MemoryConfig(footprint_bytes=1_000_000, activation_bytes=1000, **config))
        self.engine = GuardedEngine(CARD, 5, self.memory)
        self.second = 0

    def tick(self, *bits: int, batches: int = 0) -> list:
        """A second later, with upsets in it: what the guard tells."""
        self.memory.strike(bits, 0.0)
        told = self.engine.check(self.second * 10**9, 1.0, batches)
        self.second += 1
        return told

    def ticks(self, count: int) -> list:
        return [event for _ in range(count) for event in self.tick()]


def worst_bit(weight: int = 3) -> int:
    """The highest bit of the exponent of a weight below 2: it becomes about 1e38."""
    (value,) = struct.unpack_from("<f", DeviceMemory(FILES, MemoryConfig()).weights("small"), 4 * weight)
    assert 0.0 < abs(value) < 2.0
    return 32 * weight + 30


def test_nothing_is_told_and_nothing_changes_while_no_bit_flips():
    flown = Flown(scrub_s=5.0, golden_s=3.0, copies=3)
    assert flown.ticks(40) == []
    assert flown.engine.run(TILES) == CLEAN
    assert flown.memory.generation("small") == 0


def test_an_unguarded_network_goes_on_with_a_flipped_bit_and_says_nothing():
    flown = Flown()
    assert flown.tick(worst_bit()) == []
    assert flown.engine.run(TILES).output_sha256 != CLEAN.output_sha256
    assert flown.ticks(200) == []
    assert flown.engine.run(TILES).output_sha256 != CLEAN.output_sha256


@given(bit=st.integers(0, 8 * 43_000))
def test_scrubbing_finds_any_bit_within_its_period(bit):
    flown = SHARED
    (event,) = [*flown.tick(bit), *flown.ticks(9)]
    assert event.id == "weights.repaired"
    assert (event.args["variant"], event.args["found"], event.args["by"]) == ("small", "scrub", "reload")
    assert event.args["bits"] == 1
    assert flown.memory.image("small") == FILES["small"]


SHARED = Flown(scrub_s=10.0)
SHARED.ticks(1)


def test_the_golden_input_finds_what_changes_its_answer_and_the_sums_are_not_needed_for_it():
    flown = Flown(golden_s=10.0)
    flown.tick(worst_bit())
    assert flown.engine.run(TILES).output_sha256 != CLEAN.output_sha256
    (event,) = flown.ticks(10)
    assert (event.args["found"], event.args["by"]) == ("golden", "reload")
    assert flown.engine.run(TILES) == CLEAN


def test_three_copies_are_repaired_by_vote_and_not_where_two_agree_on_the_wrong_bit():
    flown = Flown(scrub_s=10.0, copies=3)
    size = 8 * (len(flown.memory.weights("small")))
    flown.tick(9, size + 17, 2 * size + 23)
    (event,) = flown.ticks(10)
    assert (event.args["by"], event.args["bits"]) == ("vote", 3)
    assert flown.memory.image("small") == FILES["small"]
    flown.tick(9, size + 9)
    (event,) = flown.ticks(10)
    assert (event.args["by"], event.args["bits"]) == ("reload", 2)
    assert [flown.memory.weights("small", copy) for copy in range(3)] == 3 * [Flown().memory.weights("small")]


def test_an_answer_that_is_not_finite_is_not_told_but_looked_for_again_after_a_repair():
    flown = Flown()
    weights = bytearray(flown.memory.weights("small"))
    weights[:4] = struct.pack("<f", float("nan"))
    flown.memory.write("small", bytes(weights))
    assert flown.engine.run(TILES) == CLEAN
    (event,) = flown.tick()
    assert (event.args["found"], event.args["by"]) == ("runtime", "reload")
    assert (event.args["suspect_from"], event.args["batches_done"]) == (0, 0), "before the first check"
    assert flown.ticks(20) == []


def test_each_variant_in_memory_answers_as_itself_and_the_default_where_none_is_named():
    card = load_card("wildfire:small")
    names = ("small-int8", "small")
    files = {name: verified_model_path(load_card(f"wildfire:{name}")).read_bytes() for name in names}
    engine = GuardedEngine(card, 5, DeviceMemory(files, MemoryConfig()))
    plain = OnnxEngine(card, 5, only=names)
    answers = {name: plain.run(TILES, name) for name in names}
    assert len({seen.output_sha256 for seen in answers.values()}) == 2
    assert {name: engine.run(TILES, name) for name in names} == answers
    assert engine.run(TILES) == answers["small"]
    assert engine.network() is engine.network("small") is not engine.network("small-int8")


def test_what_is_told_names_the_batches_done_since_the_last_check_that_found_nothing():
    flown = Flown(scrub_s=10.0)
    told = []
    for second in range(35):
        bits = (worst_bit(),) if second == 24 else ()
        told += flown.tick(*bits, batches=3 * second)
    (event,) = told
    assert (event.args["suspect_from"], event.args["batches_done"]) == (60, 90)


def test_damage_to_the_rest_of_the_memory_is_found_by_scrubbing_alone():
    for config, events in (({"golden_s": 5.0}, []), ({"scrub_s": 5.0}, ["memory.rewritten"])):
        flown = Flown(**config)
        flown.tick(8 * 900_000)
        assert [event.id for event in flown.ticks(10)] == events


def test_a_batch_under_way_is_struck_by_a_flip_in_its_activations_and_the_next_one_is_not():
    flown = Flown()
    activations = 8 * len(flown.memory.weights("small"))
    worst = 8 * 4 * 100 + 30  # of a float of the input, its exponent's highest bit
    flown.memory.strike((activations + worst,), 1.0)
    dim = TILES * np.float32(0.5)
    struck = flown.engine.network("small").infer(dim)
    assert flown.engine.run(dim).output_sha256 != output_hash(struck)
    assert flown.engine.run(dim).output_sha256 == output_hash(struck)


@given(period_s=st.sampled_from([2.0, 7.0, 60.0, 61.5]), dt_s=st.sampled_from([0.25, 1.0, 2.0]))
def test_a_check_is_due_once_a_period_whatever_the_tick_and_not_at_the_start(period_s, dt_s):
    ticks = 600
    dt_ns = round(dt_s * 1e9)
    dues = [due(tick * dt_ns, dt_s, period_s) for tick in range(ticks)]
    assert sum(dues) == -(-(ticks * dt_ns) // round(period_s * 1e9)) - 1
    assert not due(0, dt_s, 60.0)
    assert not any(due(tick * dt_ns, dt_s, None) for tick in range(ticks))


@given(st.binary(min_size=1, max_size=40), st.integers(0, 2), st.data())
def test_the_vote_of_three_is_right_where_one_is_wrong(clean, wrong, data):
    noise = data.draw(st.binary(min_size=len(clean), max_size=len(clean)))
    copies = [clean, clean, clean]
    copies[wrong] = bytes(a ^ b for a, b in zip(clean, noise, strict=True))
    assert majority(copies) == clean
    assert differing_bits(copies[wrong], clean) == sum(byte.bit_count() for byte in noise)


@pytest.mark.parametrize("variant", [one.name for one in load_card("wildfire").variants])
def test_any_flip_in_any_variant_leaves_an_engine_that_answers_or_repairs_itself(variant):
    card = load_card(f"wildfire:{variant}")
    memory = DeviceMemory({variant: verified_model_path(card).read_bytes()}, MemoryConfig())
    engine = GuardedEngine(card, 5, memory)
    clean = engine.run(TILES[:1])
    bits = np.random.default_rng(7).integers(0, 8 * len(memory.weights(variant)), 12)
    altered = 0
    for bit in bits.tolist():
        memory.strike((bit,), 0.0)
        altered += engine.run(TILES[:1]) != clean
        memory.reload(variant)
    assert altered > 0
    assert engine.run(TILES[:1]) == clean
