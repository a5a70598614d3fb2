"""The bus's two lines to the outside: the bench umbilical, and the link to the launcher that started it.

The umbilical is a local ROUTER socket in the run's private directory (mode 0700): whoever may write there may command
the node. It is not the radio: what it sends still has to pass comms' telecommand ingest. The launcher link is a
socket pair; the bus tells progress over it and is told to stop.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import zmq

from flightsw.bus.pacing import Pacer
from flightsw.bus.seats import Entry
from flightsw.errors import ConfigError, RunError
from flightsw.messages.base import Scalar
from flightsw.messages.comms import TcRequest
from flightsw.messages.faults import FaultInjection

MAX_REQUEST_BYTES = 65536
MAX_STEP_TICKS = 1_000_000
OPS = ("command", "inject", "pause", "resume", "step", "speed", "stop", "status")
"""What may be asked. A command and a fault get into the log; the rest is pace, which can't change a result."""
Injector = Callable[[int, str, Mapping[str, Scalar]], FaultInjection]
"""(number, kind, fields) -> the checked fault. Raises ConfigError."""


class UmbilicalRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client asks: `op` is one of OPS."""

    op: str
    name: str = ""
    args: dict[str, Scalar] = {}
    at_s: float | None = None
    speed: float | None = None
    ticks: int = 1
    """of a step"""


class Umbilical:
    """Takes requests between ticks. What gets into the log enters at the first tick not yet granted, or at `at_s`."""

    def __init__(
        self,
        router: zmq.Socket[bytes],
        dt_s: float,
        ticks: int,
        next_request: int,
        injector: Injector | None = None,
    ) -> None:
        """Without an `injector` no faults are taken."""
        self._router = router
        self._dt_s = dt_s
        self._ticks = ticks
        self.next_request = next_request
        self._injector = injector
        self._due: dict[int, list[TcRequest | FaultInjection]] = {}
        self._decode = msgspec.msgpack.Decoder(UmbilicalRequest).decode
        self.stop_wanted = False
        self.not_before = 0
        """ticks before this one may have been granted already, by a bus that was lost: nothing enters there"""
        self.inputs_taken = 0
        """live commands and faults: the run is then no longer the scenario's alone"""

    @property
    def next_due(self) -> int | None:
        """The first tick at which something enters, of what has come; None: nothing has."""
        return min(self._due) if self._due else None

    def due(self, tick: int) -> list[TcRequest | FaultInjection]:
        """What enters at this tick."""
        return self._due.pop(tick, []) if self._due else []

    def serve(self, tick: int, pacer: Pacer, wait_s: float) -> None:
        """Answer what has come, after waiting up to `wait_s` for something to come."""
        if not self._router.poll(int(wait_s * 1000)):
            return
        while True:
            try:
                frames = self._router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            reply = self._answer(frames[-1], tick, pacer)
            self._router.send_multipart([*frames[:-1], msgspec.msgpack.encode(reply)])

    def _answer(self, data: bytes, tick: int, pacer: Pacer) -> dict[str, Any]:
        if len(data) > MAX_REQUEST_BYTES:
            return {"ok": False, "error": f"request of {len(data)} bytes: at most {MAX_REQUEST_BYTES}"}
        try:
            request = self._decode(data)
        except msgspec.DecodeError as error:
            return {"ok": False, "error": f"not a request: {error}"}
        match request.op:
            case "command" | "inject":
                return self._input(request, tick)
            case "pause":
                pacer.pause()
            case "resume":
                pacer.resume()
            case "step":
                if not 1 <= request.ticks <= MAX_STEP_TICKS:
                    return {"ok": False, "error": f"ticks = {request.ticks}: must be from 1 to {MAX_STEP_TICKS}"}
                pacer.step(tick, request.ticks)
            case "speed":
                if request.speed is not None and not request.speed > 0.0:
                    return {"ok": False, "error": f"speed = {request.speed}: must be above 0"}
                pacer.set_speed(request.speed)
            case "stop":
                self.stop_wanted = True
            case "status":
                pass
            case _:
                return {"ok": False, "error": f"op = {request.op!r}: must be one of {', '.join(OPS)}"}
        return {"ok": True, "tick": tick, "paused": pacer.paused, "speed": pacer.speed, "slips": pacer.slips}

    def _input(self, request: UmbilicalRequest, tick: int) -> dict[str, Any]:
        tick = max(tick, self.not_before)
        at_tick = tick if request.at_s is None else round(request.at_s / self._dt_s)
        if at_tick < tick:
            return {
                "ok": False,
                "error": f"at = {request.at_s} s: that tick is past, the node is at {tick * self._dt_s} s",
            }
        if at_tick >= self._ticks:
            return {"ok": False, "error": f"at = {request.at_s} s: the run ends at {self._ticks * self._dt_s} s"}
        number = self.next_request
        try:
            entering = self._entering(number, request)
        except ConfigError as error:
            return {"ok": False, "error": str(error)}
        self.next_request += 1
        self.inputs_taken += 1
        self._due.setdefault(at_tick, []).append(entering)
        return {"ok": True, "tick": at_tick, "request": number}

    def _entering(self, number: int, request: UmbilicalRequest) -> TcRequest | FaultInjection:
        """A command is checked on board; a fault has to be checked here."""
        if request.op == "command":
            return TcRequest(number, request.name, request.args)
        if self._injector is None:
            raise ConfigError(f"fault {request.name}: this run takes none")
        return self._injector(number, request.name, request.args)


class LauncherLink:
    """The bus's end of the socket pair. Told to stop, it wants to stop; told to fail, `poll` raises RunError."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        link.setblocking(False)
        self.stop_wanted = False
        self._encode = msgspec.msgpack.Encoder().encode

    def poll(self) -> None:
        """Read what the launcher has said."""
        while True:
            try:
                data = self._link.recv(65536)
            except BlockingIOError:
                return
            if not data:
                self.stop_wanted = True
                return
            word, text = msgspec.msgpack.decode(data, type=tuple[str, str])
            if word == "stop":
                self.stop_wanted = True
            elif word == "fail":
                raise RunError(text)

    def wait(self, wait_s: float) -> None:
        """Wait for the launcher to say something, at most so long."""
        select.select([self._link], [], [], wait_s)

    def tell_progress(self, tick: int, entries: Sequence[Entry], slips: int) -> None:
        """How far the run is, and the messages of its last tick. Dropped when the launcher is behind."""
        self._tell("progress", (tick, slips, [entry[:2] for entry in entries]))

    def tell_ending(self) -> None:
        """From now on processes leave because they are told to."""
        self._link.setblocking(True)
        self._tell("ending", None)

    def tell_end(self, verdict: dict[str, Any]) -> None:
        """The last word: what came of the run."""
        self._tell("end", verdict)

    def ask_kill(self, name: str) -> None:
        """Ask for the end of a process that doesn't answer; its successor's HELLO tells of it."""
        self._tell("kill", name)

    def _tell(self, word: str, body: object) -> None:
        try:
            self._link.send(self._encode((word, body)))
        except BlockingIOError:
            return
