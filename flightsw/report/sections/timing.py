"""Timing by the wall clock: how long it took, processor time by process, late ticks, and what the hosts had to say."""

from __future__ import annotations

from flightsw.report.drawing import BLUE, Bars, Html, Part, Section
from flightsw.report.rundata import RunData
from flightsw.report.sections.markup import note, number, pairs, plain, table

SIGNALS: tuple[str, ...] = ()
MOST_LINES = 60


def section(data: RunData) -> Section:
    """Timing."""
    parts: list[Part] = []
    manifest = data.manifest
    if manifest is None:
        parts.append(note("The folder has no manifest: nothing is known of its timing."))
    else:
        rate = manifest.ticks / manifest.wall_s if manifest.ticks and manifest.wall_s else None
        pace = "free" if manifest.speed is None else f"{manifest.speed:g} simulated seconds a second"
        rows: list[tuple[str, object]] = [
            ("hosted", "in one process" if manifest.in_process else "in separate processes"),
            ("pace", pace),
            ("took", number(manifest.wall_s, 2, "s")),
            ("speed", number(rate, 0, "ticks/s")),
            ("late ticks", plain(manifest.slips)),
        ]
        parts.append(pairs(rows, "timing-figures"))
        if manifest.cpu_s:
            amounts = tuple(sorted(manifest.cpu_s.items(), key=lambda one: -one[1]))
            parts.append(Bars("cpu", "Processor time by process", "s", amounts, BLUE))
    parts.append(_host(data))
    return Section("timing", "Timing and hosts", tuple(parts))


def _host(data: RunData) -> Html:
    """Lines of host.jsonl; tracebacks stay in the file."""
    if not data.host:
        return note("host.jsonl: the hosts had nothing to say.")
    rows = []
    for line in data.host[:MOST_LINES]:
        known = ("timestamp", "level", "process", "event", "exception")
        rest = {key: value for key, value in line.items() if key not in known}
        rows.append([plain(line.get(name)) for name in known[:4]] + [plain(rest) if rest else ""])
    made = table(("host.jsonl", "level", "process", "event", "with"), rows, key="host", wide=(4,))
    more = f"<p>The first {MOST_LINES} of {len(data.host):,} lines.</p>" if len(data.host) > MOST_LINES else ""
    return Html(made.text + more)
