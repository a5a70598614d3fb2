"""A process at the table, as the Exchange knows it: its mailbox, whether it is there, and what it must not forget.

An entry is a tuple whose first item is the topic's number; the rest belongs to the host and is never looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flightsw.bus.table import ProcessRow, ProcessTable
from flightsw.messages.topics import BUS

Entry = tuple[Any, ...]
"""(topic number, ...): one message in the host's own form."""


@dataclass(eq=False)
class Seat:
    """A process at the table, as the Exchange knows it."""

    row: ProcessRow
    mailbox: Sequence[Entry] = ()
    crowded: bool = False
    """the mailbox may hold more of a topic than its depth allows"""
    woken: bool = False
    incarnation: int = 0
    rejoin_tick: int | None = None
    """None: present; otherwise lost until this tick"""
    lost_now: bool = False
    """lost in the tick under way, to be told when it closes"""
    losses: tuple[int, ...] = ()
    """ticks of the losses that count for back-off"""
    owes_tick: int | None = None
    """granted and not answered by the time that tick closed; None: nothing is owed"""
    fed_tick: int = 0
    """when it last said something, where a watchdog looks"""

    def __post_init__(self) -> None:
        self.critical: dict[int, Entry] = {}
        """its last critical-data message of each topic"""
        row = self.row
        self.name, self.period_ticks, self.phase_ticks = row.name, row.period_ticks, row.phase_ticks
        self.cycle_ticks = row.cycle_ticks

    def next_own(self, tick: int) -> int:
        """The first tick from this one on that is one of the process's own."""
        return tick + -tick % self.cycle_ticks

    def rejoin(self, tick: int) -> None:
        """It is back, anew: what it gets first is its critical data."""
        self.rejoin_tick = None
        self.fed_tick = tick
        self.incarnation += 1
        self.woken = True
        self.mailbox = tuple([self.critical[number] for number in sorted(self.critical)])
        self.crowded = False

    def thin(self, depths: Sequence[int]) -> None:
        """Keep the newest of each topic, as many as its depth allows, in order."""
        self.crowded = False
        kept: list[Entry] = []
        count: dict[int, int] = {}
        for entry in reversed(self.mailbox):
            number = entry[0]
            count[number] = count.get(number, 0) + 1
            if count[number] <= depths[number]:
                kept.append(entry)
        kept.reverse()
        self.mailbox = kept


def leader_of(table: ProcessTable, seats: Sequence[Seat]) -> Seat | None:
    """The process that runs between the cycles of all others and hears nothing of itself or of the bus: what comes next
    to it is known before it has spoken. None: there is none."""
    eager = [seat for seat in seats if seat.cycle_ticks == 1]
    if len(eager) != 1 or eager[0].period_ticks != 1 or len(seats) < 2:
        return None
    heard = {table.topics[name].producer for name in eager[0].row.subscribes}
    return None if heard & {eager[0].name, BUS} else eager[0]
