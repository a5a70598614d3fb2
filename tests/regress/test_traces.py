"""Reference traces: within their slack at every tick, small, and exact about what moved first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.regress.traces import MOST_CORNERS, TRACE_SIGNALS, Trace, first_moved, restored, trace_all
from tests.regress.columns import columns


def traces(**given: object) -> dict[str, Trace]:
    return {trace.signal: trace for trace in trace_all(columns(**given))}


@given(st.lists(st.floats(-20.0, 90.0), min_size=2, max_size=120))
def test_a_line_is_restored_within_its_slack_at_every_tick(corners: list[float]) -> None:
    chip_c = np.interp(np.arange(400), np.linspace(0, 399, len(corners)), corners)
    trace = traces(hw__device__chip_c=chip_c)["hw.device.chip_c"]
    assert trace.tolerance == 0.5
    assert np.max(np.abs(restored(trace, 400) - chip_c)) <= trace.slack * 1.02


def test_a_step_is_restored_exactly_and_so_is_what_is_not_known() -> None:
    mode = np.where(np.arange(400) < 7, np.nan, np.where(np.arange(400) < 100, 3.0, 5.0))
    trace = traces(health__mode__mode=mode)["health.mode.mode"]
    assert trace.ticks == (0, 7, 100)
    np.testing.assert_array_equal(restored(trace, 400), mode)


def test_a_wild_signal_is_kept_more_roughly_rather_than_at_length() -> None:
    wild = np.random.default_rng(1).uniform(0.0, 90.0, 4000)
    trace = traces(ticks=4000, hw__device__chip_c=wild)["hw.device.chip_c"]
    assert 10 < len(trace.ticks) <= MOST_CORNERS
    assert trace.slack > trace.tolerance
    assert first_moved((trace,), columns(4000, hw__device__chip_c=wild)) is None


def test_nothing_has_moved_in_the_run_itself() -> None:
    run = columns(hw__device__chip_c=np.linspace(20.0, 80.0, 400) + np.sin(np.arange(400)))
    kept = trace_all(run)
    assert [trace.signal for trace in kept] == list(TRACE_SIGNALS)
    assert first_moved(kept, run) is None


def test_the_signal_that_moves_first_is_named_with_its_tick_and_both_values() -> None:
    ramp = np.linspace(20.0, 60.0, 400)
    kept = trace_all(columns(hw__device__chip_c=ramp, thermal__status__chip_cap_w=30.0))
    cap_w = np.where(np.arange(400) < 150, 30.0, 20.0)
    chip_c = np.where(np.arange(400) < 190, ramp, ramp - 3.0)
    moved = first_moved(kept, columns(hw__device__chip_c=chip_c, thermal__status__chip_cap_w=cap_w))
    assert moved is not None
    assert (moved.signal, moved.tick, moved.reference, moved.value) == ("thermal.status.chip_cap_w", 150, 30.0, 20.0)
    assert moved.tolerance == pytest.approx(0.6)


def test_a_spike_shorter_than_the_hold_time_has_not_moved_anything() -> None:
    kept = trace_all(columns())
    spike = np.where((np.arange(400) >= 50) & (np.arange(400) < 54), 60.0, 40.0)
    assert first_moved(kept, columns(hw__device__chip_c=spike)) is None
    longer = np.where((np.arange(400) >= 50) & (np.arange(400) < 55), 60.0, 40.0)
    moved = first_moved(kept, columns(hw__device__chip_c=longer))
    assert moved is not None
    assert moved.tick == 50


def test_a_value_that_is_gone_has_moved() -> None:
    kept = trace_all(columns(power__status__soc=0.5))
    moved = first_moved(kept, columns(power__status__soc=np.where(np.arange(400) < 300, 0.5, np.nan)))
    assert moved is not None
    assert (moved.signal, moved.tick, moved.value) == ("power.status.soc", 300, None)
