"""The link to ground: passes with what came down in each, rate, store, and telecommands."""

from __future__ import annotations

import numpy as np

from flightsw.report.drawing import BLUE, GREEN, ORANGE, Html, Line, Panel, Part, Row, Section, Span, Strip
from flightsw.report.rundata import RunData, stretches
from flightsw.report.sections.markup import flow, note, number, table
from flightsw.report.sections.strips import flag_row

SIGNALS = (
    "comms.status.in_pass",
    "comms.status.station",
    "comms.status.rate_bps",
    "comms.status.queue_bytes",
    "comms.status.sent_bytes",
    "comms.radio.transmitter_on",
    "sensor.link.elevation_deg",
    "sensor.link.station",
)


def section(data: RunData) -> Section:
    """Link."""
    if data.get("comms.status.in_pass") is None:
        return Section("link", "Link", (note("The log has no word of comms."),))
    parts: list[Part | None] = [_strip(data), *_panels(data), _passes(data), _counters(data)]
    return Section("link", "Link", tuple(part for part in parts if part is not None))


def station_names(data: RunData) -> tuple[str, ...]:
    """In the scenario's order."""
    return () if data.plant is None else tuple(one.name for one in data.plant.plant.stations)


def passes_row(data: RunData) -> Row | None:
    """Passes, by the station's name."""
    found = _found(data)
    return None if found is None else Row("pass", tuple(Span(a, b, name, GREEN) for a, b, name in found))


def _found(data: RunData) -> list[tuple[float, float, str]] | None:
    in_pass, station = data.get("comms.status.in_pass"), data.get("comms.status.station")
    if in_pass is None:
        return None
    names, dt_s = station_names(data), data.columns.dt_s
    found = []
    for begin_s, end_s in stretches(in_pass > 0.0, dt_s):
        number_ = np.nan if station is None else station[round(begin_s / dt_s)]
        known = not np.isnan(number_) and int(number_) < len(names)
        found.append((begin_s, end_s, names[int(number_)] if known else ""))
    return found


def _strip(data: RunData) -> Strip | None:
    rows = [passes_row(data), flag_row(data, "comms.radio.transmitter_on", "transmitter", ORANGE)]
    kept = tuple(row for row in rows if row is not None)
    return Strip("passes", "Ground passes, and the transmitter", kept) if kept else None


def _panels(data: RunData) -> list[Panel | None]:
    panels: list[Panel | None] = []
    for key, title, unit, name, scale, color in (
        ("rate", "Rate of the link", "Mbit/s", "comms.status.rate_bps", 1e-6, GREEN),
        ("store", "Waiting in the store", "MB", "comms.status.queue_bytes", 1e-6, BLUE),
        ("sent", "Sent so far", "MB", "comms.status.sent_bytes", 1e-6, BLUE),
    ):
        values = data.get(name)
        if values is not None:
            line = Line(title, values * scale, color, step=key == "rate")
            panels.append(Panel(key, title, unit, (line,), floor=0.0, height=90))
    return panels


def _passes(data: RunData) -> Html | None:
    found = _found(data)
    if not found:
        return note("There was no ground pass.")
    elevation, sent, dt_s = (
        data.get("sensor.link.elevation_deg"),
        data.get("comms.status.sent_bytes"),
        data.columns.dt_s,
    )
    rows = []
    for place, (begin_s, end_s, name) in enumerate(found, 1):
        first, last = round(begin_s / dt_s), round(end_s / dt_s)
        seen = np.array([]) if elevation is None else elevation[first:last]
        highest = float(np.nanmax(seen)) if seen.size and not np.isnan(seen).all() else None
        down = None if sent is None else float(sent[last - 1] - sent[max(0, first - 1)]) / 1e6
        duration = number(end_s - begin_s, 0, "s")
        rows.append((place, name, number(begin_s, 0, "s"), duration, number(highest, 1, "°"), number(down, 2, "MB")))
    heads = ("", "station", "from", "for", "highest", "came down")
    return table(heads, rows, numeric=(0, 2, 3, 4, 5), key="passes-table")


def _counters(data: RunData) -> Html:
    return flow("Comms' last status", data.results.worded("comms.status"), "link-status")
