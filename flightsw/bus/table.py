"""The process table: who exists, in which order, how often each runs, and what each hears.

Static for a run and part of the schema hash. Read by the Exchange, by every host and by the launcher; built by
`node.processes`. Ranks order the messages of one tick: environment before flight software, sensors before laws.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from flightsw.errors import TableError
from flightsw.messages.topics import BUS, OUTSIDE, TopicTable


class Role(enum.Enum):
    """What losing the process means."""

    INFRASTRUCTURE = "infrastructure"
    """plant: rebuilt exactly from the log; losing it never shows in a result"""
    FLIGHT = "flight"
    """a flight application: losing it is a flight event, it restarts cold"""


@dataclass(frozen=True)
class ProcessRow:
    """One process. `rank` orders its messages within a tick; it runs when tick % period == phase, or when woken.

    With `cycle_ticks` above 1 it lives on a slower clock than the bus: it runs, wakes and comes back only in ticks that
    these divide, and is told of them as of ticks of its own (`application.Clock`). Period and phase are in the bus's.
    """

    name: str
    rank: int
    role: Role
    subscribes: tuple[str, ...]
    period_ticks: int = 1
    phase_ticks: int = 0
    restart_ticks: int = 10
    """ticks from a first loss to REJOIN"""
    essential: bool = False
    """the node is lost without it: it is tried again even when it was lost too often"""
    watchdog_ticks: int | None = None
    """silent for so long, it is restarted by the bus itself, as by a hardware watchdog: for who watches all others"""
    cycle_ticks: int = 1


class ProcessTable:
    """The rows, checked against the topics and against each other."""

    def __init__(self, rows: Iterable[ProcessRow], topics: TopicTable) -> None:
        self.rows = tuple(sorted(rows, key=lambda row: row.rank))
        self.topics = topics
        self.by_name = {row.name: row for row in self.rows}
        if len(self.by_name) != len(self.rows):
            raise TableError("process table: two rows share a name")
        if len({row.rank for row in self.rows}) != len(self.rows):
            raise TableError("process table: two rows share a rank")
        for row in self.rows:
            self._check_row(row)
        for topic in topics.topics:
            if topic.producer not in self.by_name and topic.producer not in (BUS, OUTSIDE):
                raise TableError(f"topic {topic.name!r}: producer {topic.producer!r} is not in the process table")

    def _check_row(self, row: ProcessRow) -> None:
        if row.name in (BUS, OUTSIDE):
            raise TableError(f"process {row.name!r}: the name is reserved")
        if row.period_ticks < 1 or not 0 <= row.phase_ticks < row.period_ticks:
            raise TableError(
                f"process {row.name!r}: period {row.period_ticks}, phase {row.phase_ticks}: "
                "the period must be at least 1 and the phase below it"
            )
        if row.cycle_ticks < 1 or row.period_ticks % row.cycle_ticks or row.phase_ticks % row.cycle_ticks:
            raise TableError(
                f"process {row.name!r}: cycle_ticks = {row.cycle_ticks}: must be at least 1, and divide its period of "
                f"{row.period_ticks} and its phase of {row.phase_ticks}"
            )
        if row.restart_ticks < 1:
            raise TableError(f"process {row.name!r}: restart_ticks = {row.restart_ticks}: must be at least 1")
        for name in row.subscribes:
            topic = self.topics[name]
            if row.role is Role.FLIGHT and topic.is_truth:
                raise TableError(f"process {row.name!r}: subscribes to {name!r}: flight software never sees truth")
            if topic.is_critical_data:
                raise TableError(f"process {row.name!r}: subscribes to {name!r}: critical data goes to its owner alone")
