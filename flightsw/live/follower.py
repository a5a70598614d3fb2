"""Follows one run for a live view: its log into a `LiveState`, its pace and speed beside it.

Called as often as the view likes; never waits. An observer of the log: what it shows is what the log says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from flightsw.bus.log import LogHeader
from flightsw.bus.pacing import monotonic_s
from flightsw.bus.umbilical import UmbilicalRequest
from flightsw.live.facts import Facts, facts_of
from flightsw.live.remote import Remote
from flightsw.live.state import LiveState
from flightsw.record.tail import LogTail

FACTOR_WINDOW_S = 2.0
STATUS_S = 0.5


class Follower:
    """A run as it goes on. Raises LogError from `poll` when there is no log, or not one."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.remote = Remote(run_dir)
        self.state: LiveState | None = None
        self.facts: Facts | None = None
        """both None until the log has its header"""
        self._tail = LogTail(run_dir)
        self._marks: deque[tuple[float, float]] = deque()
        """(wall time, simulated time) of the last polls"""
        self._next_status_s = 0.0

    @property
    def ended(self) -> bool:
        """The log was ended in order."""
        return self._tail.ended

    @property
    def factor(self) -> float | None:
        """Simulated seconds a wall second, over the last two; None: too early to say."""
        if len(self._marks) < 2:
            return None
        (first_s, from_s), (last_s, to_s) = self._marks[0], self._marks[-1]
        return (to_s - from_s) / (last_s - first_s) if last_s > first_s else None

    def poll(self, most_ticks: int | None = None) -> int:
        """Take in what is new, at most so much of it; ticks that came."""
        count = self.take_in(islice(self._tail.poll_raw(), most_ticks))
        now_s = monotonic_s()
        if self.state is not None:
            self._marks.append((now_s, self.state.time_s))
            while self._marks[0][0] < now_s - FACTOR_WINDOW_S:
                self._marks.popleft()
        self._ask_pace(now_s)
        return count

    def begin(self, header: LogHeader) -> None:
        """The log has its header."""
        self.state = LiveState(header)
        self.facts = facts_of(header, self.run_dir)

    def take_in(self, records: Iterator[bytes]) -> int:
        """Of these ticks, in order, all that a picture of the last one needs; how many there were."""
        data = list(records)
        if data:
            self.begun().skim(data)
        return len(data)

    def begun(self) -> LiveState:
        """The state, which there is from the log's header on."""
        if self.state is None:
            assert self._tail.header is not None  # the first object of every log
            self.begin(self._tail.header)
            assert self.state is not None
        return self.state

    def _ask_pace(self, now_s: float) -> None:
        self.remote.poll()
        if now_s >= self._next_status_s and not self.ended and not self.remote.is_waiting():
            self._next_status_s = now_s + STATUS_S
            self.remote.ask(UmbilicalRequest("status"))

    def close(self) -> None:
        """Let go of log and umbilical."""
        self._tail.close()
        self.remote.close()
