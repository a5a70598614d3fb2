"""The agent: runs on the board, hosts the inference application over the board's own driver, and joins a bench's bus.

It knows nothing of a run until the bench briefs it: it enlists, is given the scenario, and takes part in the run
(`hil.session`). Whoever it talks to holds the bench's secret key: CURVE sees to that both ways.
Silent for longer than the scenario allows, the bench is lost: the board goes to its safe mode, and the agent enlists
anew. At its end it restores what it changed. Called by `flightsw hil agent`.
"""

from __future__ import annotations

import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from flightsw.errors import ConfigError, JoinRefused
from flightsw.messages.schema import PROTOCOL
from flightsw.node.scenario import ON_BOARD, Scenario
from hil.interlock import Watch
from hil.keys import public_of
from hil.parcel import unpacked
from hil.session import ENLIST_S, POLL_S, ApplicationFailed, BenchLost, Session, offer

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HEARTBEAT_MS, HEARTBEAT_LOST_MS = 1000, 3000


@dataclass(frozen=True)
class Line:
    """How to reach the bench."""

    endpoint: str
    secret: bytes
    """the agent's own key"""
    bench: bytes
    """the bench's public key"""


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
        line = self._line
        socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.IDENTITY, f"{ON_BOARD}.{secrets.token_hex(8)}".encode())
        socket.setsockopt(zmq.LINGER, 200)
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_LOST_MS)
        socket.setsockopt(zmq.CURVE_SERVERKEY, line.bench)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, public_of(line.secret))
        socket.setsockopt(zmq.CURVE_SECRETKEY, line.secret)
        try:
            socket.connect(line.endpoint)
            brief = self._enlist(socket)
            if brief is not None:
                with TemporaryDirectory(prefix="flightsw-agent-") as folder:
                    scenario = _scenario_of(brief, Path(folder))
                    session = Session(
                        self._board, self._watch, socket, scenario, self._stop, self._stretched, self._provider
                    )
                    if self._is_safe:  # a mode of the run's may have no name on this board: then nothing would end it
                        self._board.restore()
                        self._is_safe = False
                    session.run(brief.number)
                self.sessions += 1
                self._board.restore()
        except zmq.ZMQError as error:
            raise ConfigError(f"endpoint = {line.endpoint!r}: {error.strerror}") from None
        finally:
            socket.close()

    def _enlist(self, socket: zmq.Socket[bytes]) -> Brief | None:
        """Ask until somebody answers; None: told to stop. Raises JoinRefused."""
        self._log.info("bench.sought", endpoint=self._line.endpoint)
        next_s = 0.0
        while not self._stop.is_set():
            if monotonic_s() >= next_s:
                next_s = monotonic_s() + ENLIST_S
                offer(socket, self._encode(Enlist(ON_BOARD, PROTOCOL)))
            if socket.poll(round(POLL_S * 1000)):
                frame = self._decode(socket.recv())
                if isinstance(frame, Refused):
                    raise JoinRefused(f"{ON_BOARD}: {frame.reason}")
                if isinstance(frame, Brief):
                    return frame
        return None


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
