"""The agent: runs on the board, hosts the inference application over the board's own driver, and joins a bench's bus.

It knows nothing of a run until the bench briefs it: it enlists, is given the scenario, and takes part in the run
(`hil.session`). Whoever it talks to holds the bench's secret key: CURVE sees to that both ways.
Silent for longer than the scenario allows, the bench is lost: the board goes to its safe mode, and the agent enlists
anew. At its end it restores what it changed. Called by `flightsw hil agent`.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import msgspec
import structlog
import zmq

from flightsw.bus.frames import Brief, Enlist, FromBench, Refused
from flightsw.bus.pacing import monotonic_s
from flightsw.devices.board import Board
from flightsw.devices.onnxsessions import CPU
from flightsw.errors import JoinRefused
from flightsw.messages.schema import PROTOCOL
from flightsw.node.scenario import ON_BOARD, Scenario
from hil.interlock import Watch
from hil.line import Handshake, Line, Wire, opened
from hil.parcel import unpacked
from hil.session import ENLIST_S, POLL_S, ApplicationFailed, BenchLost, Session, offer

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Agent:
    """One board for one bench after another. `stretched`: the board is a stand-in, whose latency is modelled."""

    def __init__(
        self, board: Board, line: Line, *, stretched: bool = False, once: bool = False, provider: str = CPU
    ) -> None:
        self._provider = provider
        self._board = board
        self._watch = Watch()
        self._is_safe = False
        """nobody led it, and it has been made safe"""
        self._line = line
        self._stretched = stretched
        self._once = once
        self._stop = threading.Event()
        self._failure: Handshake | None = None
        """of the last handshakes, if that was told"""
        self._log = structlog.get_logger()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(FromBench).decode
        self.sessions = 0
        """runs that it took part in to their end"""

    def stop(self) -> None:
        """Come to an end within POLL_S."""
        self._stop.set()

    def run(self) -> None:
        """Serve until told to stop; with `once`, until the first run has ended in order. Raises JoinRefused."""
        context = zmq.Context()
        try:
            while not self._stop.is_set():
                try:
                    self._session(context)
                except (BenchLost, ApplicationFailed) as error:
                    self._log.warning("session.cut", reason=str(error))
                    self._board.safe()
                    self._is_safe = True
                if self._once and self.sessions:
                    return
        finally:
            context.term()
            self._board.restore()
            self._board.close()
            self._log.info("board.restored")

    def _session(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        """From one connection to its end."""
        with opened(context, self._line) as wire:
            brief = self._enlist(wire)
            if brief is None:
                return
            with TemporaryDirectory(prefix="flightsw-agent-") as folder:
                scenario = _scenario_of(brief, Path(folder))
                session = Session(
                    self._board, self._watch, wire.socket, scenario, self._stop, self._stretched, self._provider
                )
                if self._is_safe:  # a mode of the run's may have no name on this board: then nothing would end it
                    self._board.restore()
                    self._is_safe = False
                session.run(brief.number)
            self.sessions += 1
            self._board.restore()

    def _enlist(self, wire: Wire) -> Brief | None:
        """Ask until somebody answers. None: told to stop, or the line is of no more use. Raises JoinRefused."""
        if self._failure is None:
            self._log.info("bench.sought", endpoint=self._line.endpoint)
        next_s = 0.0
        while not self._stop.is_set():
            if monotonic_s() >= next_s:
                next_s = monotonic_s() + ENLIST_S
                offer(wire.socket, self._encode(Enlist(ON_BOARD, PROTOCOL)))
            if wire.socket.poll(round(POLL_S * 1000)):
                frame = self._decode(wire.socket.recv())
                if isinstance(frame, Refused):
                    raise JoinRefused(f"{ON_BOARD}: {frame.reason}")
                if isinstance(frame, Brief):
                    self._failure = None
                    return frame
            if self._is_refused(wire):
                self._stop.wait(ENLIST_S)
                return None
        return None

    def _is_refused(self, wire: Wire) -> bool:
        """Tell how a handshake failed, once until the bench answers; whether it takes a new line to try again."""
        failure = wire.failed()
        if failure is None:
            return False
        if failure is not self._failure:
            self._failure = failure
            self._log.warning("bench.handshake", failed=failure.value)
        return failure is Handshake.REFUSED


def _scenario_of(brief: Brief, folder: Path) -> Scenario:
    """What the bench flies, its files laid in a folder. Raises JoinRefused, ConfigError."""
    try:
        scenario = msgspec.msgpack.decode(brief.scenario, type=Scenario)
    except msgspec.ValidationError as error:
        raise JoinRefused(f"{ON_BOARD}: the bench's scenario doesn't fit this version: {error}") from None
    return unpacked(scenario, brief.files, folder)


@contextmanager
def stopped_by_signals(agent: Agent) -> Iterator[None]:
    """SIGINT, SIGTERM and the end of its terminal end the agent in order: the board is then as it was."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        agent.stop()

    heard = [number for number in ENDINGS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup stays nohup
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
