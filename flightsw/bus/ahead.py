"""Ticks that one process runs alone, granted it all at once, in parts: while it runs one, the one before is closed and
logged (ADR 0026). A forecast of the Exchange's, which is checked as each tick is closed. Asked by the broker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from flightsw.bus.exchange import Exchange
from flightsw.bus.frames import Done, Step
from flightsw.bus.peers import Peers
from flightsw.bus.records import TickRecord
from flightsw.bus.seats import Entry
from flightsw.errors import BusError

PART_TICKS = 5
"""granted at most in one STEP to who runs alone: fewer cost more frames, with more the bus is idle meanwhile"""


def part_ticks(ticks: int) -> int:
    """Of these, how many are granted in the next STEP: the last ones are few, since all wait until they are closed."""
    return min(PART_TICKS, (2 * ticks + 2) // 3)


class Ahead:
    """What one process was granted and has not answered yet."""

    def __init__(self, exchange: Exchange, run_id: str, peers: Peers) -> None:
        self._exchange = exchange
        self._run_id = run_id
        self._peers = peers
        self._encode = msgspec.msgpack.Encoder().encode
        self._parts: deque[tuple[str, int, int, bytes]] = deque()
        """(name, first tick, last tick, STEP), in order"""

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def names(self) -> set[str]:
        """Who owes an answer."""
        return {name for name, *_ in self._parts}

    def grant(self, end_tick: int) -> str | None:
        """Who runs the coming ticks before `end_tick` alone: its STEPs are ready to be sent. None: nobody does."""
        alone = self._exchange.alone(end_tick)
        if alone is None:
            return None
        tick, inbox = self._exchange.tick, alone.inbox
        while tick < alone.end_tick:
            last_tick = tick + part_ticks(alone.end_tick - tick) - 1
            frame = self._encode(Step(self._run_id, tick, last_tick, [inbox, *[()] * (last_tick - tick)]))
            self._parts.append((alone.name, tick, last_tick, frame))
            tick, inbox = last_tick + 1, ()
        return alone.name

    def send(self, name: str) -> None:
        """Send it all that it was granted; again, where it comes back for it."""
        for _, _, _, frame in self._parts:
            self._peers.send(name, frame)

    def is_answered_by(self, name: str, done: Done) -> bool:
        """Whether this is the next answer that is due."""
        return (name, done.first_tick, done.last_tick) == self._parts[0][:3]

    def closed(self, outboxes: Sequence[Sequence[Entry]]) -> Iterator[TickRecord]:
        """The ticks of that answer, closed one by one as all others. Raises BusError: one was somebody else's, too."""
        exchange, (name, *_) = self._exchange, self._parts.popleft()
        for outbox in outboxes:
            grants = exchange.begin()
            if [granted for granted, _ in grants] != [name]:
                raise BusError(f"tick {exchange.tick} was granted to {name} alone, and is {grants}'s")
            exchange.accept(name, outbox)
            yield exchange.finish()
