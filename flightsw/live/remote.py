"""A view's line to its run: asks over the umbilical, and goes on drawing while the answer is on its way.

The socket is that of `flightsw cmd`; here nobody waits. Called by the terminal's view and the browser's console.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import zmq

from flightsw.bus.pacing import monotonic_s
from flightsw.bus.umbilical import UmbilicalRequest
from flightsw.node.rundir import CONTROL_FILE

SPEEDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
"""Simulated seconds a wall second that views offer; beyond the last: as fast as possible."""
ANSWER_GUARD_S = 10.0
"""as long as `flightsw cmd` waits"""
OnAnswer = Callable[[dict[str, Any]], None]


class Pace(msgspec.Struct, frozen=True):
    """What the run last said of its pace."""

    tick: int = 0
    paused: bool = False
    speed: float | None = None
    """simulated seconds a wall second; None: as fast as possible"""
    slips: int = 0


class Remote:
    """One run's umbilical, as soon as there is one."""

    def __init__(self, run_dir: Path) -> None:
        self.pace: Pace | None = None
        """None: it has not answered yet"""
        self.error: str | None = None
        """why the last request was refused"""
        self._run_dir = run_dir
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._socket: zmq.Socket[bytes] | None = None
        self._asked_s = 0.0
        """when the oldest of these was asked"""
        self._awaited: deque[OnAnswer | None] = deque()
        """who wants to know of each request under way, in order"""

    def ask(self, request: UmbilicalRequest, on_answer: OnAnswer | None = None) -> bool:
        """Send a request; False: there is nobody to send it to. `on_answer` is called from `poll`."""
        if self._socket is None and not self._connect():
            return False
        assert self._socket is not None
        try:
            self._socket.send(msgspec.msgpack.encode(request), zmq.NOBLOCK)
        except zmq.Again:
            return False
        if not self._awaited:
            self._asked_s = monotonic_s()
        self._awaited.append(on_answer)
        return True

    def is_waiting(self) -> bool:
        """Something was asked and not answered yet."""
        return bool(self._awaited)

    def poll(self) -> list[dict[str, Any]]:
        """The answers that have come."""
        answers: list[dict[str, Any]] = []
        while self._socket is not None:
            try:
                answer: dict[str, Any] = msgspec.msgpack.decode(self._socket.recv(zmq.NOBLOCK))
            except zmq.Again:
                break
            on_answer = self._awaited.popleft()
            self._asked_s = monotonic_s()
            answers.append(answer)
            self.error = None if answer.get("ok") else str(answer.get("error", "refused"))
            if "paused" in answer:
                self.pace = Pace(answer["tick"], answer["paused"], answer["speed"], answer["slips"])
            if on_answer is not None:
                on_answer(answer)
        if self._awaited and monotonic_s() > self._asked_s + ANSWER_GUARD_S:
            self._give_up()
        return answers

    def _give_up(self) -> None:
        """The bus was lost with our requests, or hangs: a new one is asked anew, on a line of its own."""
        unanswered = list(self._awaited)
        self.close()
        self.error = "the run's bus doesn't answer"
        for on_answer in unanswered:
            if on_answer is not None:
                on_answer({"ok": False, "error": self.error})

    def close(self) -> None:
        """Let go of the socket."""
        self._awaited.clear()
        if self._socket is not None:
            self._socket.close(linger=0)
            self._socket = None
        if self._context is not None:
            self._context.term()
            self._context = None

    def _connect(self) -> bool:
        try:
            address = Path((self._run_dir / CONTROL_FILE).read_text())
        except OSError:
            return False
        if not address.is_socket():
            return False
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.connect(f"ipc://{address}")
        return True
