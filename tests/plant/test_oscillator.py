"""The on-board oscillator: drift by temperature, a random walk by seed, readings on time and at once after a jump."""

from __future__ import annotations

import pytest

from flightsw.messages.time import ClockSensors
from flightsw.plant.oscillator import READ_TICKS, ClockConfig, Oscillator

S = 10**9
EPOCH_NS = 1_767_434_400 * S


def readings(oscillator: Oscillator, ticks: range, node_c: float = 25.0) -> dict[int, ClockSensors]:
    every = {tick: oscillator.read(tick, node_c) for tick in ticks}
    return {tick: reading for tick, reading in every.items() if reading is not None}


def test_it_is_read_every_tenth_tick_and_counts_what_has_passed_by_the_end_of_it():
    oscillator = Oscillator(ClockConfig(drift_ppm=0.0, walk_ppb=0.0), 1, 1.0, EPOCH_NS)
    found = readings(oscillator, range(101))
    assert list(found) == list(range(0, 101, READ_TICKS))
    assert [reading.counter_ns for reading in found.values()] == [(tick + 1) * S for tick in found]
    for tick, reading in found.items():
        assert reading.gnss_utc_ns == pytest.approx(EPOCH_NS + (tick + 1) * S, abs=500)


@pytest.mark.parametrize(("drift_ppm", "node_c", "ppm"), [(2.0, 25.0, 2.0), (0.0, 35.0, 1.0), (-1.0, -5.0, -4.0)])
def test_it_drifts_by_its_figure_and_its_temperature(drift_ppm: float, node_c: float, ppm: float):
    config = ClockConfig(drift_ppm=drift_ppm, coefficient_ppm_k=0.1, walk_ppb=0.0)
    last = readings(Oscillator(config, 1, 1.0, None), range(10_001), node_c)[10_000]
    assert last.counter_ns - 10_001 * S == pytest.approx(10_001 * ppm * 1e3, rel=1e-3)
    assert last.gnss_utc_ns is None


def test_the_walk_is_that_of_its_seed():
    def last(seed: int) -> int:
        return readings(Oscillator(ClockConfig(walk_ppb=5.0), seed, 1.0, None), range(5001))[5000].counter_ns

    assert last(1) == last(1)
    assert last(1) != last(2)


def test_a_jump_is_read_in_the_tick_that_comes_and_later_readings_go_on_from_it():
    plain, jumping = (Oscillator(ClockConfig(walk_ppb=0.0), 1, 1.0, None) for _ in range(2))
    one, other = readings(plain, range(25)), readings(jumping, range(25))
    assert one == other
    jumping.jump(-5 * S)
    one, other = readings(plain, range(25, 61)), readings(jumping, range(25, 61))
    assert list(other) == [25, *one]
    assert all(other[tick].counter_ns == pytest.approx(one[tick].counter_ns - 5 * S, abs=5) for tick in one)
