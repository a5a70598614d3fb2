"""Reference traces: how a run's key signals went, small enough to keep, exact enough to say what moved first. Pure.

A line (temperature, charge, power) is kept as the corners of a polygon that never leaves the signal by more than a
quarter of its tolerance (greedy: each side reaches as far as it can); a step (mode, switch, level) as its changes. A
fresh run has moved where it stays outside a signal's tolerance, about the reference, for the signal's hold time.
Called by `baseline`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec
import numpy as np

from flightsw.record.columns import Columns, FloatArray
from flightsw.regress.metrics import first_stretch

SLACK = 0.25
"""share of the tolerance that the reference itself may be off by"""
MOST_CORNERS = 400
"""of one signal; a signal that needs more is kept with twice the slack, and so on"""


class Watched(NamedTuple):
    """A key signal: how it is kept, and when it counts as moved."""

    signal: str
    shape: Literal["line", "step"]
    absolute: float
    relative: float
    """of the reference's largest value"""
    hold_s: float


WATCHED = (
    Watched("health.mode.mode", "step", 0.0, 0.0, 5.0),
    Watched("power.status.load_shed_level", "step", 0.0, 0.0, 5.0),
    Watched("thermal.status.chip_cap_w", "line", 0.2, 0.02, 5.0),
    Watched("thermal.status.integral_w", "line", 0.2, 0.02, 5.0),
    Watched("thermal.status.battery_heater_on", "step", 0.0, 0.0, 60.0),
    Watched("power.status.compute_cap_w", "line", 0.2, 0.03, 10.0),
    Watched("power.status.soc", "line", 0.005, 0.0, 10.0),
    Watched("infer.status.power_on", "step", 0.0, 0.0, 10.0),
    Watched("infer.status.mode", "step", 0.0, 0.0, 30.0),
    Watched("infer.status.queue_items", "line", 8.0, 0.02, 10.0),
    Watched("infer.status.items_done", "line", 8.0, 0.01, 10.0),
    Watched("comms.status.in_pass", "step", 0.0, 0.0, 5.0),
    Watched("comms.status.sent_bytes", "line", 2000.0, 0.01, 10.0),
    Watched("hw.device.chip_c", "line", 0.5, 0.0, 5.0),
    Watched("truth.plant.soc", "line", 0.003, 0.0, 10.0),
    Watched("truth.plant.payload_energy_j", "line", 50.0, 0.005, 10.0),
    Watched("truth.plant.array_used_w", "line", 0.2, 0.02, 10.0),
)
"""Decisions before what follows from them: of two that move in one tick the first is named."""

TRACE_SIGNALS = tuple(watched.signal for watched in WATCHED)


class Trace(msgspec.Struct, frozen=True):
    """The reference of one signal."""

    signal: str
    shape: Literal["line", "step"]
    unit: str
    tolerance: float
    """how far a fresh run may be from the signal"""
    slack: float
    """how far the corners may be from the signal"""
    hold_ticks: int
    ticks: tuple[int, ...]
    values: tuple[float | None, ...]


class Moved(msgspec.Struct, frozen=True):
    """A signal that left its reference: where, and by how much."""

    signal: str
    unit: str
    tick: int
    reference: float | None
    value: float | None
    tolerance: float


def trace_all(columns: Columns) -> tuple[Trace, ...]:
    """References of the key signals of a run."""
    return tuple(_trace(watched, columns) for watched in WATCHED)


def _trace(watched: Watched, columns: Columns) -> Trace:
    values = columns[watched.signal]
    known = values[~np.isnan(values)]
    largest = float(np.max(np.abs(known))) if known.size else 0.0
    tolerance = float(f"{max(watched.absolute, watched.relative * largest):.3g}")
    slack = SLACK * tolerance
    corners = _steps(values) if watched.shape == "step" else _corners(values, slack)
    while watched.shape == "line" and len(corners) > MOST_CORNERS:
        slack *= 2.0
        corners = _corners(values, slack)
    digits = 0 if tolerance == 0.0 else max(0, 2 - int(np.floor(np.log10(slack))))
    kept = tuple(None if np.isnan(values[tick]) else round(float(values[tick]), digits) for tick in corners)
    hold_ticks = max(1, round(watched.hold_s / columns.dt_s))
    unit = columns.units[watched.signal]
    return Trace(watched.signal, watched.shape, unit, tolerance, slack, hold_ticks, tuple(corners), kept)


def _steps(values: FloatArray) -> list[int]:
    """Ticks at which a value begins."""
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    return [0, *(int(tick) + 1 for tick in np.flatnonzero(~same))]


def _corners(values: FloatArray, slack: float) -> list[int]:
    """Ticks of a polygon through the signal that is never further from it than the slack."""
    corners = [0]
    begin = 0
    while begin < len(values) - 1:
        begin = _reach(values, begin, slack)
        corners.append(begin)
    return corners


def _reach(values: FloatArray, begin: int, slack: float) -> int:
    """The furthest tick to which a straight side from here stays within the slack, by doubling and halving."""
    last = len(values) - 1
    good, step = begin + 1, 2
    while good < last and _straight(values, begin, min(last, begin + step), slack):
        good = min(last, begin + step)
        step *= 2
    bad = min(last, begin + step)
    while bad - good > 1:
        middle = (good + bad) // 2
        if _straight(values, begin, middle, slack):
            good = middle
        else:
            bad = middle
    return good


def _straight(values: FloatArray, begin: int, end: int, slack: float) -> bool:
    span = values[begin : end + 1]
    unknown = np.isnan(span)
    if unknown.any():
        return bool(unknown.all())
    side = np.linspace(span[0], span[-1], len(span))
    return bool(np.max(np.abs(span - side)) <= slack)


def restored(trace: Trace, ticks: int) -> FloatArray:
    """The reference at every tick."""
    at = np.array(trace.ticks)
    kept = np.array([np.nan if value is None else value for value in trace.values])
    every = np.arange(ticks)
    if trace.shape == "step":
        held: FloatArray = kept[np.searchsorted(at, every, side="right") - 1]
        return held
    line: FloatArray = np.interp(every, at, kept)
    return line


def first_moved(traces: tuple[Trace, ...], columns: Columns) -> Moved | None:
    """The signal that left its reference first, for its hold time at least; None: all stay."""
    first: Moved | None = None
    for trace in traces:
        fresh = columns[trace.signal]
        reference = restored(trace, len(fresh))
        near = np.abs(fresh - reference) <= trace.tolerance + trace.slack
        outside = ~near & ~(np.isnan(fresh) & np.isnan(reference))
        tick = first_stretch(outside, min(trace.hold_ticks, len(fresh)))
        if tick is not None and (first is None or tick < first.tick):
            first = Moved(
                trace.signal, trace.unit, tick, _or_none(reference[tick]), _or_none(fresh[tick]), trace.tolerance
            )
    return first


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
