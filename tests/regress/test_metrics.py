"""Each metric of a baseline is what its name says, on runs made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flightsw.messages.health import Mode, Severity
from flightsw.messages.inference import Binding
from flightsw.record.columns import Columns
from flightsw.regress.metrics import Metric, first_stretch, measure
from tests.regress.columns import columns


def measured(run: Columns) -> dict[str, Metric]:
    return {metric.name: metric for metric in measure(run)}


def value(run: Columns, name: str) -> float | None:
    return measured(run)[name].value


def ramp(*corners: tuple[int, float], ticks: int = 400) -> np.ndarray:
    at, values = zip(*corners, strict=True)
    return np.interp(np.arange(ticks), at, values)


def test_every_metric_has_a_name_of_its_own_and_a_tolerance() -> None:
    found = measure(columns())
    assert len(found) >= 25
    assert len({metric.name for metric in found}) == len(found)
    assert all(metric.kind.absolute >= 0.0 and 0.0 <= metric.kind.relative < 0.3 for metric in found)


def test_overshoot_is_the_most_that_the_chip_is_above_its_limit_which_ground_may_move() -> None:
    run = columns(
        hw__device__chip_c=ramp((0, 20.0), (200, 74.0), (399, 50.0)),
        thermal__status__chip_limit_c=np.where(np.arange(400) < 100, 70.0, 71.5),
    )
    assert value(run, "chip_overshoot") == pytest.approx(2.5)
    assert value(run, "chip_max") == pytest.approx(74.0)


def test_settling_is_counted_from_the_exit_of_the_eclipse_to_a_stay_at_the_limit() -> None:
    sunlit = np.where((np.arange(400) >= 50) & (np.arange(400) < 100), 0.0, 1.0)
    rising = columns(truth__plant__sunlit_fraction=sunlit, hw__device__chip_c=ramp((100, 50.0), (200, 70.0)))
    # within 1 K of 70 from tick 195 on
    assert value(rising, "settling_after_eclipse") == pytest.approx(95.0)
    visiting = columns(
        truth__plant__sunlit_fraction=sunlit,
        hw__device__chip_c=ramp((150, 50.0), (170, 70.0), (250, 70.0), (260, 50.0)),
    )
    assert value(visiting, "settling_after_eclipse") is None, "it didn't stay for long enough"
    assert value(columns(hw__device__chip_c=70.0), "settling_after_eclipse") is None, "there was no eclipse"


def test_time_at_a_limit_counts_ticks_with_demand_only_in_seconds() -> None:
    binding = np.where(np.arange(400) < 300, Binding.THERMAL, Binding.POWER)
    run = columns(
        dt_s=2.0, infer__status__binding=binding, infer__status__demand_w=np.where(np.arange(400) < 100, 0.0, 9.0)
    )
    assert value(run, "time_at_heat_limit") == 400.0
    assert value(run, "time_at_power_limit") == 200.0


def test_cap_excess_compares_the_payloads_power_with_the_grant_a_cycle_and_a_tick_before_while_it_works() -> None:
    granted_w, power_w, busy = np.full(400, 10.0), np.full(400, 9.0), np.ones(400)
    granted_w[100:] = 5.0
    power_w[102:] = 4.0
    busy[300:] = 0.0
    power_w[302:] = 8.0
    given = {"infer__status__granted_w": granted_w, "infer__status__busy_fraction": busy}
    assert value(columns(truth__plant__chip_power_w=power_w, **given), "cap_excess") == 0.0
    late_w = np.where(np.arange(400) == 102, 9.0, power_w)
    assert value(columns(truth__plant__chip_power_w=late_w, **given), "cap_excess") == pytest.approx(4.0)
    assert value(columns(infer__status__busy_fraction=0.0), "cap_excess") is None
    slow_w = np.where(np.arange(400) < 111, 9.0, 4.0)
    given["infer__status__busy_fraction"] = np.ones(400)
    slower = columns(truth__plant__chip_power_w=slow_w, **given)
    assert value(slower, "cap_excess") == pytest.approx(4.0)
    assert value(replace(slower, cycle_ticks=10), "cap_excess") == 0.0, "in time for who decides every 10 ticks"


def test_no_cap_excess_is_counted_against_a_grant_that_has_lapsed() -> None:
    silent = columns(
        infer__status__granted_w=5.0,
        infer__status__busy_fraction=1.0,
        truth__plant__chip_power_w=np.where(np.arange(400) > 102, 9.0, 4.0),
    )
    assert value(silent, "cap_excess") == pytest.approx(4.0)
    silent.counts["infer.status"][101:] = 0.0
    assert value(silent, "cap_excess") == 0.0


def test_charge_energy_and_counters_are_read_off_their_ends() -> None:
    run = columns(
        truth__plant__soc=ramp((0, 0.8), (200, 0.5), (399, 0.6)),
        truth__plant__payload_energy_j=ramp((0, 0.0), (399, 7200.0)),
        infer__status__items_done=ramp((0, 0.0), (399, 40.0)),
    )
    found = measured(run)
    assert found["soc_min"].value == pytest.approx(0.5)
    assert found["soc_end"].value == pytest.approx(0.6)
    assert found["payload_energy"].value == pytest.approx(2.0)
    assert found["payload_energy"].unit == "Wh"
    assert found["inferences"].value == 40.0


def test_latency_runs_from_arrival_to_result_in_ticks_that_have_one() -> None:
    finished = np.full(400, np.nan)
    finished[[10, 20, 30]] = [2e9, 3e9, 14e9]
    run = columns(
        infer__result__finished_ns=finished,
        infer__result__started_ns=finished - 1e9,
        infer__result__queued_s=np.where(np.arange(400) == 30, 9.0, 1.0),
    )
    assert value(run, "latency_p50") == pytest.approx(2.0)
    assert value(run, "latency_p99") == pytest.approx(9.84)
    assert value(columns(), "latency_p50") is None


def test_switches_modes_events_and_warnings_are_counted() -> None:
    mode = np.where(np.arange(400) < 5, Mode.BOOT, np.where(np.arange(400) < 300, Mode.PAYLOAD, Mode.SAFE))
    run = columns(
        health__mode__mode=mode,
        thermal__status__battery_heater_on=np.arange(400) // 100 % 2,
        **{"power__switches__load_on[0]": np.arange(400) < 200, "power__switches__load_on[1]": np.arange(400) < 100},
        event__power__severity=np.where(np.arange(400) < 399, Severity.ACTIVITY_HI, Severity.WARNING_HI),
        events={("power", "load.shed"): [399], ("health", "mode.changed"): [5, 300]},
    )
    found = {name: metric.value for name, metric in measured(run).items()}
    assert (found["time_in_boot"], found["time_in_payload"], found["time_in_safe"]) == (5.0, 295.0, 100.0)
    assert "time_in_nominal" not in found
    assert found["mode_changes"] == 2.0
    assert found["heater_switches"] == 3.0
    assert found["load_switches"] == 2.0
    assert found["events"] == 3.0
    assert found["warnings"] == 1.0


@pytest.mark.parametrize(
    ("flags", "ticks", "begin"),
    [("0110111", 2, 1), ("0110111", 3, 4), ("0110111", 4, None), ("111", 3, 0), ("", 1, None)],
)
def test_a_stretch_begins_where_so_many_ticks_in_a_row_are_true(flags: str, ticks: int, begin: int | None) -> None:
    assert first_stretch(np.array([flag == "1" for flag in flags], dtype=bool), ticks) == begin
