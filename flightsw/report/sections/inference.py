"""The payload's work: queue, rates, latency, variants, energy, value, and what was missed and why.

Counters are found by their names in the payload's last status (`dropped_late`, `items_done`, whatever else it comes to
hold), and results are parted by the labels that they carry.
"""

from __future__ import annotations

import numpy as np

from flightsw.messages.descriptions import spelt_out
from flightsw.report.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALETTE,
    RED,
    FloatArray,
    Histogram,
    Html,
    Line,
    Panel,
    Part,
    Section,
    Strip,
)
from flightsw.report.results import STATUS
from flightsw.report.rundata import RunData
from flightsw.report.sections import outcomes
from flightsw.report.sections.markup import flow, note, number, pairs, side_by_side
from flightsw.report.sections.strips import named_row, states_row

SIGNALS = (
    "infer.status.queue_items",
    "infer.status.items_in_flight",
    "infer.status.items_arrived",
    "infer.status.items_done",
    "infer.status.items_dropped",
    "infer.status.busy_fraction",
    "infer.status.binding",
    "infer.status.mode",
    "infer.status.power_on",
    "hw.device.power_w",
    "hw.device.mode",
    *(f"{STATUS}.{start}*" for start in outcomes.MISSED),
    f"{STATUS}.*value*",
)
PERCENTS = (50, 90, 95, 99)
RATE_BUCKETS = 400
LONGEST_HELD_S = 60.0
"""A result's latency is drawn on to the next one, but no further than this."""


def section(data: RunData) -> Section:
    """Inference."""
    if data.get("infer.status.items_arrived") is None:
        return Section("inference", "Inference", (note("The log has no word of the payload manager."),))
    parts: list[Part | None] = [
        _queue(data),
        _rates(data),
        _strip(data),
        _missing(data),
        _value(data),
        _latency(data),
        _histogram(data),
        side_by_side(_percentiles(data), _energy(data)),
        outcomes.kinds(data),
        outcomes.misses(data),
        outcomes.sources(data),
        _counters(data),
    ]
    return Section("inference", "Inference", tuple(part for part in parts if part is not None))


def _queue(data: RunData) -> Panel | None:
    wanted = (("waiting", "infer.status.queue_items", BLUE), ("in flight", "infer.status.items_in_flight", ORANGE))
    lines = [Line(label, values, color) for label, name, color in wanted if (values := data.get(name)) is not None]
    return Panel("queue", "Queue", "scenes", tuple(lines), floor=0.0, height=120) if lines else None


def _rates(data: RunData) -> Panel | None:
    lines = []
    for label, name, color in (
        ("arrived", "infer.status.items_arrived", GREY),
        ("done", "infer.status.items_done", GREEN),
        ("dropped", "infer.status.items_dropped", RED),
    ):
        values = data.get(name)
        if values is not None:
            lines.append(Line(label, _rate(values, data.columns.dt_s), color, step=True))
    if not lines:
        return None
    width_s = _bucket(len(data.columns)) * data.columns.dt_s
    return Panel("rates", f"Scenes a second, means of {width_s:g} s", "1/s", tuple(lines), floor=0.0, height=130)


def _bucket(ticks: int) -> int:
    return max(1, -(-ticks // RATE_BUCKETS))


def _rate(counter: FloatArray, dt_s: float) -> FloatArray:
    """Of a counter, by buckets; a value a tick all the same."""
    width = _bucket(len(counter))
    known = np.nan_to_num(counter)
    starts = np.arange(0, len(known), width)
    ends = np.minimum(starts + width, len(known)) - 1
    before = np.where(starts > 0, known[np.maximum(starts - 1, 0)], 0.0)
    rates = (known[ends] - before) / ((ends - starts + 1) * dt_s)
    return np.repeat(rates, ends - starts + 1)


def _strip(data: RunData) -> Strip | None:
    rows = [
        states_row(data, "infer.status.binding", "held back by"),
        named_row(data, "infer.status.mode", "power mode", outcomes.mode_names(data)),
    ]
    kept = tuple(row for row in rows if row is not None)
    return Strip("binding", "What held the payload back, and its power mode", kept) if kept else None


def _missing(data: RunData) -> Panel | None:
    """Counters of what was missed, as they grew; one that stayed at nought is left out."""
    names = [name for name in data.columns.values if name.startswith(f"{STATUS}.") and outcomes.is_missing(name)]
    lines = [
        Line(outcomes.reason(name), values, PALETTE[place % len(PALETTE)], step=True)
        for place, name in enumerate(names)
        if (values := data.get(name)) is not None and np.nanmax(values) > 0.0
    ]
    return Panel("missed", "Missed so far, by reason", "scenes", tuple(lines), floor=0.0, height=110) if lines else None


def _value(data: RunData) -> Panel | None:
    """What the results were worth, where the payload says it."""
    names = [name for name in data.columns.values if name.startswith(f"{STATUS}.") and "value" in name]
    lines = [
        Line(spelt_out(name.rpartition(".")[2]), values, PALETTE[place % len(PALETTE)])
        for place, name in enumerate(names)
        if (values := data.get(name)) is not None
    ]
    return Panel("value", "Value", data.columns.units.get(names[0], ""), tuple(lines), height=110) if lines else None


def _latency(data: RunData) -> Panel | None:
    """Of each result, where it was finished; a gap where there was none."""
    results = data.results
    if not len(results.latency_s):
        return None
    values = np.full(len(data.columns), np.nan)
    ticks = np.minimum((np.array(results.finished_s) / data.columns.dt_s).astype(np.int64), len(values) - 1)
    np.fmax.at(values, ticks, np.array(results.latency_s))
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return None
    places = np.arange(len(values))
    held = np.maximum.accumulate(np.where(np.isnan(values), 0, places))
    too_old = (places - held) * data.columns.dt_s > LONGEST_HELD_S
    shown = np.where((places < known[0]) | too_old, np.nan, values[held])
    line = Line("from a batch's oldest scene to its result", shown, BLUE)
    return Panel("latency", "Latency of results", "s", (line,), floor=0.0, height=120)


def _histogram(data: RunData) -> Histogram | None:
    latency_s = np.array(data.results.latency_s)
    if latency_s.size < 2:
        return None
    counts, edges = np.histogram(latency_s, bins=60)
    marks = tuple((f"p{percent}", float(np.percentile(latency_s, percent))) for percent in (50, 95, 99))
    return Histogram("latencies", "How long results took", "s", edges, counts.astype(np.float64), marks)


def _percentiles(data: RunData) -> Html:
    latency_s = np.array(data.results.latency_s)
    rows = [
        (f"latency p{percent}", number(float(np.percentile(latency_s, percent)) if latency_s.size else None, 2, "s"))
        for percent in PERCENTS
    ]
    largest = float(latency_s.max()) if latency_s.size else None
    return pairs([*rows, ("latency, largest", number(largest, 2, "s"))], "latency-figures")


def _energy(data: RunData) -> Html:
    one = data.summary
    total_j = None if one.energy_wh is None else one.energy_wh * 3600.0
    power, busy = data.get("hw.device.power_w"), data.get("infer.status.busy_fraction")
    busy_s = None if busy is None else float(np.nansum(busy)) * data.columns.dt_s
    mean_w = None if power is None else float(np.nanmean(power))
    rows = [
        ("payload energy", number(one.energy_wh, 3, "Wh")),
        (
            "energy an inference",
            number(None if total_j is None or not one.inferences else total_j / one.inferences, 3, "J"),
        ),
        ("mean power", number(mean_w, 2, "W")),
        ("device at work", number(None if not busy_s or not data.end_s else 100.0 * busy_s / data.end_s, 1, "%")),
        ("dropped", f"{one.inferences_dropped:,} of {one.inferences + one.inferences_dropped:,} scenes"),
    ]
    return pairs(rows, "energy-figures")


def _counters(data: RunData) -> Html:
    """The last status whole, so that whatever it comes to hold is shown."""
    return flow("The payload's last status", data.results.worded(STATUS), "last-status")
