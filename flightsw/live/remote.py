"""A view's line to its run: asks over the umbilical, and goes on drawing while the answer is on its way.

The socket is that of `flightsw cmd`; here nobody waits. Called by the terminal's view and the browser's console.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import zmq

from flightsw.bus.umbilical import UmbilicalRequest
from flightsw.node.rundir import CONTROL_FILE


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
        self._pending = 0

    @property
    def is_connected(self) -> bool:
        """There is somebody to ask."""
        return self._socket is not None

    def ask(self, request: UmbilicalRequest) -> bool:
        """Send a request; False: there is nobody to send it to."""
        if self._socket is None and not self._connect():
            return False
        assert self._socket is not None
        try:
            self._socket.send(msgspec.msgpack.encode(request), zmq.NOBLOCK)
        except zmq.Again:
            return False
        self._pending += 1
        return True

    def is_waiting(self) -> bool:
        """Something was asked and not answered yet."""
        return self._pending > 0

    def poll(self) -> list[dict[str, Any]]:
        """The answers that have come."""
        answers: list[dict[str, Any]] = []
        while self._socket is not None:
            try:
                answer: dict[str, Any] = msgspec.msgpack.decode(self._socket.recv(zmq.NOBLOCK))
            except zmq.Again:
                break
            self._pending -= 1
            answers.append(answer)
            self.error = None if answer.get("ok") else str(answer.get("error", "refused"))
            if "paused" in answer:
                self.pace = Pace(answer["tick"], answer["paused"], answer["speed"], answer["slips"])
        return answers

    def close(self) -> None:
        """Let go of the socket."""
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
