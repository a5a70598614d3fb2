"""Pacing: deadlines are absolute, late ticks are counted, a pause stops the clock. No test here waits."""

from __future__ import annotations

import math

import pytest

from flightsw.bus.pacing import Pacer, SlipPolicy
from flightsw.errors import RunError


def test_free_running_never_waits() -> None:
    pacer = Pacer(1.0, None)
    assert [pacer.delay_s(tick, 100.0) for tick in range(3)] == [0.0, 0.0, 0.0]
    pacer.started(5, 1e9)
    assert pacer.slips == 0


def test_deadlines_do_not_drift_with_late_starts() -> None:
    pacer = Pacer(0.1, 1.0)
    assert pacer.delay_s(0, 50.0) == 0.0
    assert pacer.delay_s(1, 50.03) == pytest.approx(0.07)
    assert pacer.delay_s(2, 50.19) == pytest.approx(0.01)
    assert pacer.delay_s(10, 50.95) == pytest.approx(0.05)


def test_a_speed_scales_the_deadlines() -> None:
    pacer = Pacer(1.0, 50.0)
    pacer.delay_s(0, 10.0)
    assert pacer.delay_s(100, 10.0) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("policy", "wait_after_s"),
    [(SlipPolicy.SLIP, 0.0), (SlipPolicy.SKIP, 0.1)],
)
def test_a_late_tick_is_a_slip_and_the_policy_says_what_follows(policy: SlipPolicy, wait_after_s: float) -> None:
    pacer = Pacer(0.1, 1.0, policy)
    pacer.delay_s(0, 0.0)
    pacer.started(0, 0.0)
    pacer.started(1, 0.5)
    assert pacer.slips == 1
    assert pacer.delay_s(2, 0.5) == pytest.approx(wait_after_s)


def test_the_abort_policy_ends_the_run() -> None:
    pacer = Pacer(0.1, 1.0, SlipPolicy.ABORT)
    pacer.delay_s(0, 0.0)
    with pytest.raises(RunError, match="CYCLE_SLIP: tick 1"):
        pacer.started(1, 0.5)


def test_a_pause_holds_and_resuming_counts_from_then() -> None:
    pacer = Pacer(1.0, 1.0)
    pacer.delay_s(0, 0.0)
    pacer.pause()
    assert math.isinf(pacer.delay_s(1, 0.5))
    pacer.resume()
    assert pacer.delay_s(1, 100.0) == 0.0
    assert pacer.delay_s(2, 100.0) == 1.0
    pacer.set_speed(None)
    assert pacer.delay_s(3, 100.0) == 0.0


def test_steps_start_so_many_ticks_and_hold_then_and_none_is_late() -> None:
    pacer = Pacer(1.0, 10.0)
    pacer.delay_s(0, 0.0)
    pacer.started(0, 0.0)
    pacer.step(1, 2)
    assert pacer.paused
    for tick in (1, 2):
        assert pacer.delay_s(tick, 500.0) == 0.0
        pacer.started(tick, 500.0)
    assert math.isinf(pacer.delay_s(3, 500.0))
    pacer.step(3, 1)
    pacer.step(3, 1)
    assert [math.isinf(pacer.delay_s(tick, 600.0)) for tick in (3, 4, 5)] == [False, False, True]
    pacer.resume()
    assert pacer.delay_s(5, 700.0) == 0.0
    assert pacer.slips == 0
    pacer.pause()
    assert math.isinf(pacer.delay_s(6, 700.0))


def test_what_a_tick_took_to_begin_with_is_no_slip_once_deadlines_count_anew() -> None:
    pacer = Pacer(1.0, 10.0)
    pacer.delay_s(0, 5.0)
    pacer.started(0, 5.0)
    assert pacer.delay_s(1, 7.0) == 0.0
    pacer.started(1, 7.0)
    assert pacer.slips == 1
    pacer.restart()
    assert pacer.delay_s(2, 7.5) == 0.0
    pacer.started(2, 7.5)
    assert (pacer.slips, pacer.late_s) == (1, 0.0)
    assert pacer.delay_s(3, 7.5) == pytest.approx(0.1)
