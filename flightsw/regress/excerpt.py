"""The least of a log that shows why a requirement failed: its signals around the tick that breaks it, and what was
said there. Called by `judging`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flightsw.bus.logreader import LogReader
from flightsw.messages.schema import is_event_topic
from flightsw.messages.topics import BUS, OUTSIDE
from flightsw.record.columns import Columns
from flightsw.record.logview import Line, LogView, as_text

BEFORE_TICKS, AFTER_TICKS = 3, 2
NEAR_TICKS = 60
"""How far events and telecommands around the tick are shown: they are few, and often the cause."""
MAX_LINES = 12
MAX_COLUMNS = 160
_SIGNALS = 6


@dataclass(frozen=True)
class Wanted:
    """Whose excerpt, around which tick, of which signals (full names)."""

    id: str
    tick: int
    signals: tuple[str, ...]


def excerpts(run_dir: Path, columns: Columns, wanted: Sequence[Wanted]) -> dict[str, tuple[str, ...]]:
    """Lines for each, by id; the log is read once."""
    rare = {
        topic.name
        for topic in columns.topics
        if is_event_topic(topic) or topic.producer in (BUS, OUTSIDE) or topic.name.startswith("tc.")
    }
    lines = _lines(run_dir, {tick for one in wanted for tick in _near(one.tick)})
    found: dict[str, tuple[str, ...]] = {}
    for one in wanted:
        own = {topic.name for topic in columns.topics if any(_is_of(name, topic.name) for name in one.signals)}
        told = [line for tick in _near(one.tick) for line in lines.get(tick, ()) if _shows(line, one.tick, rare, own)]
        found[one.id] = (*_values(columns, one), *(as_text(line)[:MAX_COLUMNS] for line in told[-MAX_LINES:]))
    return found


def _near(tick: int) -> range:
    return range(max(0, tick - NEAR_TICKS), tick + AFTER_TICKS + 1)


def _is_of(signal: str, topic: str) -> bool:
    return signal.rpartition(".")[0] == topic


def _shows(line: Line, tick: int, rare: set[str], own: set[str]) -> bool:
    return line.topic in rare or line.topic.startswith("bus.") or (line.topic in own and line.tick == tick)


def _lines(run_dir: Path, ticks: set[int]) -> dict[int, list[Line]]:
    reader = LogReader(run_dir)
    view = LogView(reader.header)
    last = max(ticks, default=-1)
    found: dict[int, list[Line]] = {}
    for record in reader.ticks():
        if record.tick > last:
            break
        if record.tick in ticks:
            found[record.tick] = list(view.lines(record))
    return found


def _values(columns: Columns, one: Wanted) -> Iterator[str]:
    """A table of the signals; the tick that breaks it is marked."""
    names = one.signals[:_SIGNALS]
    if not names:
        return
    widths = [max(len(name), 10) for name in names]
    header = "  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True))
    yield f"  {'tick':>8} {'t':>10}    {header}"
    for tick in range(max(0, one.tick - BEFORE_TICKS), min(len(columns), one.tick + AFTER_TICKS + 1)):
        values = [_shown(columns, name, tick).rjust(width) for name, width in zip(names, widths, strict=True)]
        mark = ">" if tick == one.tick else " "
        yield f"{mark} {tick:>8} {columns.time_s[tick]:>10.1f} s  {'  '.join(values)}"


def _shown(columns: Columns, name: str, tick: int) -> str:
    value = columns.values[name][tick]
    if np.isnan(value):
        return "-"
    words = {number: word for word, number in columns.members.get(name, {}).items()}
    return words.get(int(value), f"{value:.6g}")
