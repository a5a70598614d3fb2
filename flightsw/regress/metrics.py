"""The figures of a run that a baseline holds: control, energy, throughput, latency, switching. Pure.

Reads the columns of `SIGNALS` and of the loads' switches; called by `baseline`. Each metric comes with a unit and a
tolerance by its kind, which a reviewer may tighten in the file. None: there was no such time in the run.

Definitions. Settling: from the exit of an eclipse to when the chip comes within `BAND_K` of its limit and stays there
for `HOLD_S`; the longest of all exits that settle. Cap excess: what the payload drew over the grant in force, where it
worked (`record.excess`). Latency: from a scene's arrival to its result, of the newest result of each tick. Warnings:
ticks in which an application's newest event was a warning or worse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from flightsw.messages.health import Severity
from flightsw.messages.inference import Binding
from flightsw.messages.plant import IN_ECLIPSE
from flightsw.record.columns import Columns, FloatArray
from flightsw.record.excess import Excess

BAND_K = 1.0
HOLD_S = 120.0
ENERGIES = ("array", "load", "payload", "curtailed")
BoolArray = npt.NDArray[np.bool_]

SIGNALS = (
    "truth.plant.sunlit_fraction",
    "truth.plant.soc",
    "truth.plant.array_energy_j",
    "truth.plant.load_energy_j",
    "truth.plant.payload_energy_j",
    "truth.plant.curtailed_energy_j",
    "hw.device.chip_c",
    "truth.plant.chip_power_w",
    "hw.device.throttled",
    "thermal.status.chip_limit_c",
    "thermal.status.battery_heater_on",
    "power.status.load_shed_level",
    "infer.status.demand_w",
    "infer.status.granted_w",
    "infer.status.binding",
    "infer.status.busy_fraction",
    "infer.status.mode",
    "infer.status.items_done",
    "infer.status.items_dropped",
    "infer.status.batches_done",
    "infer.result.started_ns",
    "infer.result.finished_ns",
    "infer.result.queued_s",
    "comms.status.sent_bytes",
    "health.mode.mode",
)


class Kind(NamedTuple):
    """The tolerance that metrics of a kind begin with: the larger of the two."""

    absolute: float
    relative: float = 0.0


KELVIN = Kind(0.5)
SECONDS = Kind(30.0, 0.05)
MODE_SECONDS = Kind(30.0)
CHARGE = Kind(0.005)
ENERGY = Kind(0.01, 0.01)
WATTS = Kind(0.05, 0.05)
MANY = Kind(2.0, 0.02)
LATENCY = Kind(1.0, 0.1)
SWITCHES = Kind(2.0, 0.2)
EXACT = Kind(0.0)


class Metric(msgspec.Struct, frozen=True):
    """One figure of a run."""

    name: str
    value: float | None
    unit: str
    kind: Kind


def switch_signals(loads: int) -> tuple[str, ...]:
    """The signals of the loads' switches."""
    return tuple(f"power.switches.load_on[{place}]" for place in range(loads))


def measure(columns: Columns) -> tuple[Metric, ...]:
    """Every metric of a run. Raises ConfigError: a column that it needs was not read."""
    return (*_control(columns), *_modes(columns), *_energy(columns), *_throughput(columns), *_switching(columns))


def _control(columns: Columns) -> Iterable[Metric]:
    chip_c, limit_c = columns["hw.device.chip_c"], columns["thermal.status.chip_limit_c"]
    soc, binding = columns["truth.plant.soc"], columns["infer.status.binding"]
    wanted = columns["infer.status.demand_w"] > 0.0
    yield Metric("chip_overshoot", _largest(chip_c - limit_c), "K", KELVIN)
    yield Metric("chip_max", _largest(chip_c), "degC", KELVIN)
    yield Metric("settling_after_eclipse", _settling_s(columns), "s", SECONDS)
    yield Metric("time_at_heat_limit", _time_s(columns, wanted & (binding == Binding.THERMAL)), "s", SECONDS)
    yield Metric("time_at_power_limit", _time_s(columns, wanted & (binding == Binding.POWER)), "s", SECONDS)
    yield Metric("time_throttled", _time_s(columns, columns["hw.device.throttled"] > 0.0), "s", SECONDS)
    yield Metric("cap_excess", _cap_excess_w(columns), "W", _scaled(columns["truth.plant.chip_power_w"]))
    yield Metric("soc_min", _least(soc), "1", CHARGE)
    yield Metric("soc_end", _last(soc), "1", CHARGE)


def _modes(columns: Columns) -> Iterable[Metric]:
    mode = columns["health.mode.mode"]
    for name, number in columns.members["health.mode.mode"].items():
        if np.any(mode == number):
            yield Metric(f"time_in_{name.lower()}", _time_s(columns, mode == number), "s", MODE_SECONDS)


def _energy(columns: Columns) -> Iterable[Metric]:
    total_wh = {name: _last(columns[f"truth.plant.{name}_energy_j"] / 3600.0) for name in ENERGIES}
    # what is left over is a small difference of large numbers
    left_over = Kind(max(ENERGY.absolute, ENERGY.relative * (total_wh["array"] or 0.0)), ENERGY.relative)
    for name, value in total_wh.items():
        yield Metric(f"{name}_energy", value, "Wh", left_over if name == "curtailed" else ENERGY)


def _throughput(columns: Columns) -> Iterable[Metric]:
    yield Metric("inferences", _last(columns["infer.status.items_done"]), "", MANY)
    yield Metric("results", _last(columns["infer.status.batches_done"]), "", MANY)
    yield Metric("dropped", _last(columns["infer.status.items_dropped"]), "", MANY)
    yield Metric("downlinked", _last(columns["comms.status.sent_bytes"]), "B", MANY)
    latency_s = _latencies_s(columns)
    for percent in (50, 99):
        value = float(np.percentile(latency_s, percent)) if latency_s.size else None
        yield Metric(f"latency_p{percent}", value, "s", LATENCY)


def _switching(columns: Columns) -> Iterable[Metric]:
    loads = [name for name in columns.values if name.startswith("power.switches.load_on[")]
    yield Metric("heater_switches", _changes(columns["thermal.status.battery_heater_on"]), "", SWITCHES)
    yield Metric("load_switches", sum(_changes(columns[name]) for name in loads), "", SWITCHES)
    yield Metric("device_mode_changes", _changes(columns["infer.status.mode"]), "", SWITCHES)
    yield Metric("shed_changes", _changes(columns["power.status.load_shed_level"]), "", EXACT)
    yield Metric("mode_changes", _changes(columns["health.mode.mode"]), "", EXACT)
    yield Metric("events", float(sum(ticks.size for ticks in columns.events.values())), "", SWITCHES)
    yield Metric("warnings", _warnings(columns), "", EXACT)


def _warnings(columns: Columns) -> float:
    total = 0
    for name, severity in columns.values.items():
        topic, _, field = name.rpartition(".")
        if topic.startswith("event.") and field == "severity":
            total += int(np.sum((columns.counts[topic] > 0) & (severity >= Severity.WARNING_LO)))
    return float(total)


def _settling_s(columns: Columns) -> float | None:
    sunlit = columns["truth.plant.sunlit_fraction"] >= IN_ECLIPSE
    inside = np.abs(columns["hw.device.chip_c"] - columns["thermal.status.chip_limit_c"]) <= BAND_K
    hold = max(1, round(HOLD_S / columns.dt_s))
    exits = np.flatnonzero(sunlit[1:] & ~sunlit[:-1]) + 1
    entries = np.append(np.flatnonzero(~sunlit[1:] & sunlit[:-1]) + 1, len(columns))
    spans_s = []
    for start in exits:
        end = entries[np.searchsorted(entries, start)]
        settled = first_stretch(inside[start:end], hold)
        if settled is not None:
            spans_s.append(settled * columns.dt_s)
    return max(spans_s, default=None)


def first_stretch(flags: BoolArray, ticks: int) -> int | None:
    """Where the first unbroken stretch of at least so many true ticks begins."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin >= ticks:
            return int(begin)
    return None


def _cap_excess_w(columns: Columns) -> float | None:
    excess = Excess(columns.cycle_ticks)
    for heard, granted_w, busy, drawn_w in zip(
        (columns.counts["infer.status"] > 0).tolist(),
        columns["infer.status.granted_w"].tolist(),
        columns["infer.status.busy_fraction"].tolist(),
        columns["truth.plant.chip_power_w"].tolist(),
        strict=True,
    ):
        if heard:
            excess.grant(granted_w, working=busy > 0.0)
        excess.drawn_w = None if math.isnan(drawn_w) else drawn_w
        excess.end_tick()
    return excess.worst_working_w


def _latencies_s(columns: Columns) -> FloatArray:
    fresh = columns.counts["infer.result"] > 0
    worked_s = (columns["infer.result.finished_ns"] - columns["infer.result.started_ns"]) / 1e9
    latency_s: FloatArray = (worked_s + columns["infer.result.queued_s"])[fresh]
    return latency_s


def _scaled(power_w: FloatArray) -> Kind:
    """Watts of a device of this size: half a percent of the most it draws."""
    return Kind(max(WATTS.absolute, 0.005 * (_largest(power_w) or 0.0)), WATTS.relative)


def _time_s(columns: Columns, flags: BoolArray) -> float:
    return float(np.sum(flags)) * columns.dt_s


def _changes(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.sum(known[1:] != known[:-1]))


def _known(reduce: Callable[[FloatArray], FloatArray]) -> Callable[[FloatArray], float | None]:
    """The reduction over what is known; None where nothing is."""

    def reduced(values: FloatArray) -> float | None:
        known = values[~np.isnan(values)]
        return float(reduce(known)) if known.size else None

    return reduced


_largest = _known(np.max)
_least = _known(np.min)
_last = _known(lambda values: values[-1])
