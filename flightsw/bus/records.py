"""What a tick leaves in the log: all that crossed it, in its order, and how to read what came from outside.

Written by the Exchange; read by hosts, replays and everybody who reads logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from flightsw.bus.seats import Entry

MESSAGE, LOST, REJOIN, RECONFIGURE = "message", "lost", "rejoin", "reconfigure"
OVERDUE, SKIPPED, LATE = "overdue", "skipped", "late"
"""Kinds of outside input, as they stand in the log. The last three are of a board that can't be paused: it had not
answered when the tick closed; it is not granted ticks meanwhile; its answer came in."""


class TickRecord(NamedTuple):
    """All that crossed a tick: what came from outside, and every message in its order."""

    tick: int
    inputs: tuple[tuple[Any, ...], ...]
    """(MESSAGE, entry), (LOST, process, incarnation), (REJOIN, process, incarnation), (RECONFIGURE, changes),
    (LATE, process, tick that it answers, its messages in this record), (SKIPPED, process) or (OVERDUE, process)"""
    entries: list[Entry]


def changes_of(record: TickRecord) -> Mapping[str, Any] | None:
    """The new configuration that a tick brought, value by path; None: it brought none."""
    return next((item[1] for item in record.inputs if item[0] == RECONFIGURE), None)


def named(record: TickRecord, kind: str) -> list[str]:
    """The processes of a tick's outside inputs of this kind (LOST, OVERDUE), in order."""
    return [item[1] for item in record.inputs if item[0] == kind]


def late_of(record: TickRecord) -> list[tuple[str, int, int]]:
    """(process, tick that it answers, its first so many messages of the record) of each answer that came in late."""
    return [item[1:] for item in record.inputs if item[0] == LATE]
