"""The payload computer's hardware: boot, throttle with hysteresis, a shutdown that latches, power by state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.devices.profiles import load_profile
from flightsw.plant.compute import ComputeState, clock_mhz, power_w, step

SILICON = load_profile("orin-nano").silicon()
COOL_C = 40.0
UP = ComputeState(powered=True, mode=1)


def after(state: ComputeState, **given: Any) -> ComputeState:
    wanted = {"rail_on": True, "power_on": True, "mode": 1, "chip_c": COOL_C, "dt_s": 1.0} | given
    return step(SILICON, state, **wanted)


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 7.0])
def test_booting_takes_its_time_before_work_is_accepted(dt_s: float) -> None:
    state, spent_s = after(ComputeState(), dt_s=dt_s), 0.0
    assert state.powered
    while not state.ready:
        assert power_w(SILICON, state, rail_on=True, busy_s=0.0, chip_c=COOL_C, dt_s=dt_s) > SILICON.boot_w
        state = after(state, dt_s=dt_s)
        spent_s += dt_s
    assert spent_s - dt_s < SILICON.boot_s - 1e-9 <= spent_s


@pytest.mark.parametrize("lost", [{"rail_on": False}, {"power_on": False}])
def test_without_power_it_forgets_that_it_was_up(lost) -> None:
    state = after(UP, **lost)
    assert not state.powered
    assert clock_mhz(SILICON, state) == 0.0
    again = after(state)
    assert again.boot_left_s == SILICON.boot_s
    assert not again.ready


def test_shutdown_latches_until_it_is_commanded_off() -> None:
    tripped = after(UP, chip_c=SILICON.shutdown_c)
    assert tripped.tripped
    assert not tripped.powered
    for _ in range(5):
        tripped = after(tripped)
        assert tripped.tripped
    cleared = after(tripped, power_on=False)
    assert not cleared.tripped
    assert after(cleared).powered


def test_its_rail_clears_a_shutdown_too() -> None:
    assert not after(after(UP, chip_c=200.0), rail_on=False).tripped


def test_throttle_holds_until_the_chip_is_cooler_by_the_hysteresis() -> None:
    edge_c, release_c = SILICON.throttle_c, SILICON.throttle_c - SILICON.throttle_hysteresis_k
    assert not after(UP, chip_c=edge_c - 0.01).throttled
    hot = after(UP, chip_c=edge_c)
    assert hot.throttled
    assert clock_mhz(SILICON, hot) == SILICON.throttle_clock_mhz
    assert after(hot, chip_c=release_c + 0.01).throttled
    cooled = after(hot, chip_c=release_c)
    assert not cooled.throttled
    assert clock_mhz(SILICON, cooled) == SILICON.modes[1].clock_mhz
    assert not after(cooled, chip_c=release_c + 0.01).throttled


def test_throttling_never_raises_the_clock() -> None:
    slowest = min(range(len(SILICON.modes)), key=lambda mode: SILICON.modes[mode].clock_mhz)
    throttled = ComputeState(powered=True, mode=slowest, throttled=True)
    assert clock_mhz(SILICON, throttled) <= SILICON.modes[slowest].clock_mhz


def test_power_is_none_gated_booting_or_by_the_silicon_law() -> None:
    given = {"chip_c": COOL_C, "dt_s": 2.0}
    assert power_w(SILICON, UP, rail_on=False, busy_s=1.0, **given) == 0.0
    assert power_w(SILICON, ComputeState(), rail_on=True, busy_s=0.0, **given) == SILICON.gated_w
    booting = ComputeState(powered=True, boot_left_s=3.0)
    assert power_w(SILICON, booting, rail_on=True, busy_s=0.0, **given) == SILICON.boot_w + SILICON.leak_w(COOL_C)
    clock = SILICON.modes[1].clock_mhz
    half_w = SILICON.power_w(1, clock, COOL_C, 0.5)
    assert power_w(SILICON, UP, rail_on=True, busy_s=1.0, **given) == half_w
    assert power_w(SILICON, UP, rail_on=True, busy_s=9.0, **given) == SILICON.full_load_w(1, COOL_C)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 1), st.floats(-20.0, 130.0)), max_size=40))
def test_whatever_happens_a_tripped_board_is_down_and_a_hot_one_trips(course) -> None:
    state = ComputeState()
    for rail_on, power_on, mode, chip_c in course:
        was = state
        state = after(was, rail_on=rail_on, power_on=power_on, mode=mode, chip_c=chip_c)
        assert not (state.tripped and state.powered)
        assert 0.0 <= state.boot_left_s <= SILICON.boot_s
        if not (rail_on and power_on):
            assert not state.powered
            assert not state.tripped
        elif chip_c >= SILICON.shutdown_c or was.tripped:
            assert state.tripped


def test_over_a_band_the_clock_follows_the_heat_and_power_follows_the_clock() -> None:
    board = load_profile("raspberry-pi-4").silicon()
    top = len(board.modes) - 1
    state = ComputeState(powered=True, mode=top)
    seen = []
    for chip_c in (79.0, 80.5, 82.5, 84.0, 86.0, 82.5, 79.5, 77.0):
        state = step(board, state, rail_on=True, power_on=True, mode=top, chip_c=chip_c, dt_s=1.0)
        drawn_w = power_w(board, state, rail_on=True, busy_s=1.0, chip_c=chip_c, dt_s=1.0)
        seen.append((state.throttled, clock_mhz(board, state)))
        assert drawn_w == board.power_w(top, clock_mhz(board, state), chip_c, 1.0)
    assert [throttled for throttled, _ in seen] == [False, True, True, True, True, True, True, False]
    assert [clock for _, clock in seen] == [1800.0, 1680.0, 1200.0, 840.0, 600.0, 1200.0, 1800.0, 1800.0]


def test_a_mode_below_the_ceiling_keeps_its_clock() -> None:
    board = load_profile("raspberry-pi-4").silicon()
    state = step(board, ComputeState(powered=True), rail_on=True, power_on=True, mode=0, chip_c=84.0, dt_s=1.0)
    assert state.throttled
    assert clock_mhz(board, state) == 600.0
