"""Modes and events: what the node was in, what it told, and what went wrong and was put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flightsw.messages.faults import FaultInjection
from flightsw.node.durations import parse_duration_s
from flightsw.report.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SKY,
    Html,
    Mark,
    Marks,
    Part,
    Row,
    Section,
    Span,
    Strip,
)
from flightsw.report.rundata import EventLine, RunData
from flightsw.report.sections.link import passes_row
from flightsw.report.sections.markup import badge, flow, note, number, plain, table
from flightsw.report.sections.strips import flag_row, levels_row, states_row

SIGNALS = (
    "health.mode.mode",
    "health.mode.eclipse",
    "health.attitude.attitude",
    "health.anomaly.alarm",
    "hw.device.sel",
    "hw.device.sefi",
)
MOST_ROWS = 150
MOST_FAULTS = 24
MOST_SPOTS = 1700
"""Two a pixel."""
_ONCE = frozenset({"crash", "device_sel", "device_sefi", "clock_jump", "lcl_trip"})
"""Kinds of faults that happen once where nothing is said of how long they last (docs/faults.md)."""
SEVERITIES = ("DIAGNOSTIC", "ACTIVITY_LO", "ACTIVITY_HI", "COMMAND", "WARNING_LO", "WARNING_HI", "FATAL")
COLORS = dict(zip(SEVERITIES, ("#c9ccd1", SKY, BLUE, GREEN, ORANGE, RED, "#7a1f00"), strict=True))
_WARNING = SEVERITIES.index("WARNING_LO")
_ABOUT_FAULTS = (
    "app.",
    "recovery.",
    "sensor.",
    "anomaly.",
    "lcl.",
    "rail.",
    "limit.",
    "heartbeat.",
    "caps.",
    "clock.",
    "APP_",
    "REJOIN",
    "LOCKED_OUT",
)


def section(data: RunData) -> Section:
    """Modes and events."""
    rows = [
        states_row(data, "health.mode.mode", "mode"),
        states_row(data, "health.attitude.attitude", "attitude"),
        flag_row(data, "health.mode.eclipse", "eclipse", "#5b6b8c"),
        passes_row(data),
        levels_row(data, "power.status.load_shed_level", "shed tier", "nothing shed"),
    ]
    parts: list[Part] = [Strip("modes", "Mode and conditions", tuple(row for row in rows if row is not None))]
    if not data.events:
        return Section("events", "Modes and events", (*parts, note("No event was told.")))
    parts += [_marks(data, "event-marks", "Events by who told them", data.events), _counts(data)]
    told = [one for one in data.events if one.id == "mode.changed"]
    parts.append(_table(told, "Changes of mode", "events-table"))
    return Section("events", "Modes and events", tuple(parts))


def faults(data: RunData) -> Section:
    """Faults and recoveries."""
    asked = [*data.setting("faults", []), *(_injected(tick, one, data) for tick, one in data.injected)]
    found = [one for one in data.events if _rank(one) >= _WARNING or one.id.startswith(_ABOUT_FAULTS)]
    parts: list[Part] = []
    if asked:
        parts.append(_asked(asked, len(asked) - len(data.injected)))
    rows = [*_timed(asked, data), *(_device(data, name) for name in ("sel", "sefi"))]
    kept = tuple(row for row in rows if row is not None and row.spans)
    if kept:
        parts.append(Strip("fault-times", "Faults that begin at a time, and the device's own", kept))
    if found:
        parts.append(_marks(data, "fault-marks", "What was noticed, and what was done", found))
        parts.append(_table(found, "What was noticed, and what was done", "faults-table"))
    lost = data.summary.lost
    if lost:
        parts.append(note(f"Processes lost, in order: {', '.join(lost)}.", "warn"))
    if not parts:
        parts.append(note("No fault was scripted or injected, and none was noticed."))
    return Section("faults", "Faults and recoveries", tuple(parts))


def _device(data: RunData, name: str) -> Row | None:
    return flag_row(data, f"hw.device.{name}", f"device {name.upper()}", RED)


def _rank(one: EventLine) -> int:
    return SEVERITIES.index(one.severity) if one.severity in SEVERITIES else 0


def _marks(data: RunData, key: str, title: str, events: Sequence[EventLine]) -> Marks:
    """Of events of one source and severity that fall on the same spot, the first, with the number of the others."""
    spots: dict[tuple[str, str, int], list[EventLine]] = {}
    for one in events:
        spot = round(MOST_SPOTS * one.t_s / data.end_s) if data.end_s > 0.0 else 0
        spots.setdefault((one.source, one.severity, spot), []).append(one)
    rows: dict[str, list[Mark]] = {}
    for (source, severity, _), found in spots.items():
        first = found[0]
        words = f"{first.t_s:.10g} s {source}: {first.id} {plain(first.args) if first.args else ''}".strip()
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        rows.setdefault(source, []).append(Mark(first.t_s, COLORS.get(severity, GREY), f"{words}{more}"))
    seen = [name for name in SEVERITIES if name in data.summary.events_by_severity]
    legend = tuple((name, COLORS[name]) for name in seen)
    return Marks(key, title, {source: tuple(marks) for source, marks in rows.items()}, legend)


def _counts(data: RunData) -> Html:
    counts: dict[tuple[int, str, str], int] = {}
    for one in data.events:
        key = (-_rank(one), one.source, one.id)
        counts[key] = counts.get(key, 0) + 1
    rows = [
        (f"{source}: {name}", Html(f"{_severity(SEVERITIES[-rank]).text} {count:,}"))
        for (rank, source, name), count in sorted(counts.items())
    ]
    return flow("How often", rows, "event-counts", "wide")


def _severity(name: str) -> Html:
    kind = "bad" if name in ("WARNING_HI", "FATAL") else "warn" if name == "WARNING_LO" else "plain"
    return badge(name.lower().replace("_", " "), kind)


def _table(events: list[EventLine], title: str, key: str) -> Html:
    shown = events[:MOST_ROWS]
    rows = [
        (number(one.t_s, 0), _severity(one.severity), one.source, one.id, plain(one.args) if one.args else "")
        for one in shown
    ]
    made = table(("at [s]", "severity", "source", "event", "with"), rows, numeric=(0,), key=key, wide=(4,))
    more = f"; the first {MOST_ROWS} of {len(events):,}, all are in events.jsonl" if len(events) > MOST_ROWS else ""
    return Html(f"<h3>{title}{more}</h3>{made.text}")


def _injected(tick: int, one: FaultInjection, data: RunData) -> dict[str, Any]:
    """As a scenario would have said it."""
    dt_s = data.columns.dt_s
    lasts = None if one.lasts_ticks is None else f"{one.lasts_ticks * dt_s:.10g}s"
    return {**one.args, "kind": one.kind, "at": f"{tick * dt_s:.10g}s", "lasts": lasts}


def _asked(faults_: list[Mapping[str, Any]], scripted: int) -> Html:
    """Faults by the scenario, so many, and behind them those that were injected."""
    rows: list[tuple[object, ...]] = []
    for one in faults_:
        begins = next((f"{key} {one[key]}" for key in ("at", "when", "per_day") if one.get(key) is not None), "")
        rest = {
            key: value
            for key, value in one.items()
            if key not in ("kind", "at", "when", "per_day", "lasts") and value is not None
        }
        whose = "scripted" if len(rows) < scripted else "injected"
        rows.append((len(rows) + 1, one.get("kind", ""), whose, begins, plain(one.get("lasts")), plain(rest)))
    return table(("", "fault", "", "begins", "lasts", "with"), rows, key="faults-asked", wide=(5,))


def _timed(faults_: list[Mapping[str, Any]], data: RunData) -> list[Row]:
    """A row for each fault that begins at a time: as long as it lasts, a tick, or to the end."""
    rows = []
    for number_, one in enumerate(faults_[:MOST_FAULTS], 1):
        if not isinstance(one.get("at"), str):
            continue
        kind, lasts = str(one.get("kind", "")), one.get("lasts")
        begin_s = parse_duration_s(one["at"], float("inf"))
        if isinstance(lasts, str):
            end_s = begin_s + parse_duration_s(lasts, float("inf"))
        else:
            end_s = begin_s + data.columns.dt_s if kind in _ONCE else data.end_s
        if begin_s < data.end_s:
            span = Span(begin_s, min(end_s, data.end_s), kind, ORANGE)
            rows.append(Row(f"{number_} {kind}", (span,)))
    return rows
