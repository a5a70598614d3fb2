"""The payload's memory: an upset flips the one bit that its address names, and nothing else."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.devices.memory import ADDRESSES, DeviceMemory
from flightsw.devices.memory_config import MemoryConfig
from flightsw.devices.models import load_card, verified_model_path
from flightsw.devices.onnxweights import weight_spans
from flightsw.devices.profiles import load_profile
from flightsw.devices.virtual import VirtualDevice
from flightsw.errors import ConfigError
from tests.apps.payload import board_dark, board_up

CARD = load_card("wildfire")
FILES = {name: verified_model_path(CARD, CARD.variant(name)).read_bytes() for name in ("small-int8", "small")}
SIZES = {name: sum(span.length for span in weight_spans(data)) for name, data in FILES.items()}


def memory(**config) -> DeviceMemory:
    return DeviceMemory(FILES, MemoryConfig(footprint_bytes=1_000_000, activation_bytes=1000, **config))


def bits_apart(one: bytes, other: bytes) -> int:
    return int(np.bitwise_count(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).sum())


@given(bit=st.integers(0, 8 * sum(SIZES.values()) - 1))
@settings(max_examples=40, deadline=None)
def test_an_address_within_the_weights_flips_one_bit_of_one_variant_s_file(bit):
    struck = memory()
    struck.strike((bit,), 0.0)
    apart = {name: bits_apart(struck.image(name), data) for name, data in FILES.items()}
    hit = "small-int8" if bit < 8 * SIZES["small-int8"] else "small"
    assert apart == {name: int(name == hit) for name in FILES}
    assert {name: struck.generation(name) for name in FILES} == apart
    struck.strike((bit,), 0.0)
    assert struck.image(hit) == FILES[hit]


def test_every_weight_s_bit_has_an_address_of_its_own():
    size = 8 * SIZES["small-int8"]
    struck = memory()
    struck.strike(tuple(range(size)), 0.0)
    clean = memory()
    assert bits_apart(struck.weights("small-int8"), clean.weights("small-int8")) == size
    assert struck.image("small") == FILES["small"]


def test_addresses_wrap_around_the_footprint():
    struck = memory()
    struck.strike((8 * 1_000_000 + 5,), 0.0)
    assert bits_apart(struck.image("small-int8"), FILES["small-int8"]) == 1


def test_copies_take_flips_of_their_own_and_the_live_one_is_what_runs():
    struck = memory(copies=3)
    struck.strike((8 * SIZES["small-int8"] + 3,), 0.0)
    assert struck.image("small-int8") == FILES["small-int8"]
    assert struck.generation("small-int8") == 0
    live, second, third = (struck.weights("small-int8", copy) for copy in range(3))
    assert bits_apart(live, second) == 1
    assert live == third
    struck.write("small-int8", live)
    assert struck.weights("small-int8", 1) == live


def test_a_flip_in_the_activations_hits_one_batch_and_only_while_the_device_works():
    first = 8 * sum(SIZES.values())
    struck = memory()
    struck.strike((first + 70,), 0.0)
    assert struck.take_activation_flips() == (), "nothing was under way"
    struck.strike((first + 70, first + 7), 1.0)
    assert struck.take_activation_flips() == (70, 7)
    assert struck.take_activation_flips() == ()
    struck.strike((first + 70,), 1.0)
    struck.strike((), 1.0)
    assert struck.take_activation_flips() == (), "the buffer was written over"
    late = (ADDRESSES // 8_000_000 - 1) * 8_000_000 + first + 70
    struck.strike((late,), 0.5)
    assert struck.take_activation_flips() == (), "it fell late in its tick"


def test_flips_in_the_rest_are_found_by_its_sums_and_harm_no_network():
    struck = memory()
    struck.strike((8 * 999_999, 8 * 999_998), 1.0)
    assert struck.rest_damage() == 2
    assert {name: struck.image(name) for name in FILES} == FILES
    struck.strike((8 * 999_999,), 1.0)
    assert struck.rest_damage() == 1
    struck.reload_rest()
    assert struck.rest_damage() == 0


def test_what_does_not_fit_its_footprint_is_refused_and_two_copies_are_none():
    with pytest.raises(ConfigError, match="footprint_bytes = 5000: must be at least the"):
        DeviceMemory(FILES, MemoryConfig(footprint_bytes=5000, activation_bytes=0))
    with pytest.raises(msgspec.ValidationError, match="must be 1 or 3"):
        msgspec.convert({"copies": 2}, MemoryConfig)


def test_upsets_reach_the_memory_through_the_device_and_a_boot_loads_it_anew():
    struck = memory()
    device = VirtualDevice(load_profile("orin-nano").silicon(), struck)
    device.observe(msgspec.structs.replace(board_up(), upsets=(11,)))
    assert bits_apart(struck.image("small-int8"), FILES["small-int8"]) == 1
    device.observe(board_up())
    assert bits_apart(struck.image("small-int8"), FILES["small-int8"]) == 1
    device.observe(board_dark())
    device.observe(board_up())
    assert struck.image("small-int8") == FILES["small-int8"]
    assert not hasattr(device.telemetry(), "upsets")
