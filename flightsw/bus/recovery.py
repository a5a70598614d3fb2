"""A lost infrastructure process comes back: its successor is run through its logged inboxes, and must say what it said.

Called by the broker, which hands in how frames are received and what is done with those of others.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from flightsw.bus.exchange import Exchange
from flightsw.bus.frames import Done, Hello, Step, ToBus, WireEntry
from flightsw.bus.logreader import LogReader
from flightsw.bus.pacing import monotonic_s
from flightsw.bus.peers import Peers
from flightsw.bus.rebuild import LoggedStep, in_chunks, logged_steps
from flightsw.bus.table import ProcessTable
from flightsw.errors import RunError

CHUNK_TICKS = 256
Received = tuple[bytes, ToBus]
"""(routing id, frame)"""


class Recovery:
    """Of one run. `received` waits for a frame, None: not now; `take` is for what others say meanwhile."""

    def __init__(
        self,
        run_dir: Path,
        run_id: str,
        table: ProcessTable,
        peers: Peers,
        received: Callable[[], Received | None],
        take: Callable[[bytes, ToBus], None],
        guard_s: float,
    ) -> None:
        self._run_dir = run_dir
        self._run_id = run_id
        self._table = table
        self._peers = peers
        self._received = received
        self._take = take
        self._guard_s = guard_s
        self._encode = msgspec.msgpack.Encoder().encode

    def rebuild(self, name: str, end_tick: int, exchange: Exchange) -> None:
        """Up to this tick, its inboxes from a new `exchange`. Raises RunError, LogError."""
        steps = logged_steps(LogReader(self._run_dir), self._table, name, end_tick, exchange)
        for chunk in in_chunks(steps, CHUNK_TICKS):
            self._rebuild_chunk(name, chunk)

    def _rebuild_chunk(self, name: str, chunk: list[LoggedStep]) -> None:
        first, last = chunk[0].tick, chunk[-1].tick
        self._peers.send(name, self._encode(Step(self._run_id, first, last, [step.inbox for step in chunk])))
        answer = self._answer(name, first)
        for step, again in zip(chunk, answer, strict=True):
            if [(n, bytes(p)) for n, p in again] != [(n, bytes(p)) for n, p in step.said]:
                raise RunError(f"{name}: rebuilt from the log, it says something else at tick {step.tick} than it did")

    def _answer(self, name: str, first_tick: int) -> list[list[WireEntry]]:
        deadline_s = monotonic_s() + self._guard_s
        while monotonic_s() < deadline_s:
            received = self._received()
            if received is None:
                continue
            identity, frame = received
            if identity == self._peers.identities[name] and isinstance(frame, Done) and frame.first_tick == first_tick:
                return frame.outboxes
            if isinstance(frame, Hello) and identity.startswith(name.encode() + b"."):
                raise RunError(f"{name}: lost again while it was rebuilt from the log")
            self._take(identity, frame)
        raise RunError(f"{name}: silent for {self._guard_s:.0f} s while it was rebuilt from the log")
