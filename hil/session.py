"""One run's part of the agent: the application over this board's hands, joined to the bench's bus, one tick at a time.

Ends with the run, with a bench that is silent for too long, or with an application that raises. Made by `hil.agent`,
which has been briefed.
"""

from __future__ import annotations

import gc
import sys
import threading

import msgspec
import structlog
import zmq

from flightsw.apps.inference.engine import OnnxEngine
from flightsw.bus.application import Application, Now
from flightsw.bus.frames import Brief, Done, Fault, FromBench, Hello, Refused, Step, Stop, Welcome
from flightsw.bus.pacing import monotonic_s
from flightsw.bus.port import Codec, Port
from flightsw.devices.board import Board, BoardConfig
from flightsw.devices.board_device import BoardDevice
from flightsw.devices.models import load_card
from flightsw.devices.profiles import load_profile
from flightsw.errors import ConfigError, FlightswError, JoinRefused
from flightsw.messages.schema import PROTOCOL
from flightsw.node.build import inference_with
from flightsw.node.onboard import OnBoard
from flightsw.node.processes import process_table, table_hash
from flightsw.node.scenario import ON_BOARD, Scenario
from hil.hands import BoardHands
from hil.interlock import Watch
from hil.worker import WorkedEngine, Worker

POLL_S = 0.1
ENLIST_S = 1.0
SWITCH_S = 2e-4
"""after which the interpreter is asked of the worker; Python's own 5 ms are half a tick at 100 Hz"""


class BenchLost(FlightswError):
    """The bench has been silent for too long."""


class ApplicationFailed(FlightswError):
    """The application raised; it is built anew."""


class Session:
    """One run's part of the agent."""

    def __init__(
        self,
        board: Board,
        watch: Watch,
        socket: zmq.Socket[bytes],
        scenario: Scenario,
        stop: threading.Event,
        stretched: bool,
        provider: str,
    ) -> None:
        self._board = board
        self._watch = watch
        self._socket = socket
        self._stop = stop
        self._stretched = stretched
        self._log = structlog.get_logger()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(FromBench).decode
        self._scenario = scenario
        table = process_table(self._scenario)
        self._hash = table_hash(table)
        self._codec = Codec(table.topics)
        self._port = Port(ON_BOARD, self._codec)
        if not isinstance(self._scenario.board, BoardConfig):
            raise ConfigError("the bench's scenario has no [board]: it is none of a bench")
        self._config = self._scenario.board
        card = load_card(self._scenario.apps.inference.model)
        self._card = card
        board.sample()  # rates need two readings
        engine = OnnxEngine(card, self._scenario.seed, provider=provider)
        for variant in card.variants:
            engine.look(0, 1, 1.0, 0.0, variant.name)  # a first batch takes long, and none of its time is the board's
        self._log.info("engine.made", model=card.name, provider=provider)
        self._worker = Worker(engine, [one.name for one in card.variants])
        self._application: Application | None = None

    def run(self, brief: str) -> None:
        """Join, answer, leave; `brief`: the number of the one that it goes by. Raises BenchLost, JoinRefused."""
        hello = self._encode(Hello(ON_BOARD, PROTOCOL, self._hash, 0, brief))
        heard_s, hello_s = monotonic_s(), 0.0
        welcome: Welcome | None = None
        switch_s = sys.getswitchinterval()
        try:
            sys.setswitchinterval(SWITCH_S)
            gc.collect()
            gc.freeze()
            gc.disable()  # as on the bench: a tick makes no reference cycles
            while not self._stop.is_set():
                if welcome is None and monotonic_s() >= hello_s:  # again: the bench may be another one by now
                    hello_s = monotonic_s() + ENLIST_S
                    offer(self._socket, hello)
                if not self._socket.poll(round(POLL_S * 1000)):
                    if welcome is not None and monotonic_s() - heard_s > self._config.lost_after_s:
                        raise BenchLost(f"silent for {self._config.lost_after_s} s")
                    continue
                frame = self._decode(self._socket.recv())
                heard_s = monotonic_s()
                if isinstance(frame, Welcome):
                    welcome = frame
                    self._application = self._build(frame)
                    self._log.info("run.joined", run=frame.run_id, tick=frame.tick)
                elif isinstance(frame, Step) and welcome is not None:
                    self._answer(frame, welcome)
                elif isinstance(frame, Refused):
                    raise JoinRefused(f"{ON_BOARD}: {frame.reason}")
                elif isinstance(frame, Brief) and frame.number != brief:  # ours may come twice
                    raise BenchLost("it flies another run by now")
                elif isinstance(frame, Stop):
                    self._log.info("run.ended")
                    return
        finally:
            sys.setswitchinterval(switch_s)
            gc.enable()
            gc.unfreeze()
            self._worker.close()

    def _answer(self, step: Step, welcome: Welcome) -> None:
        assert self._application is not None
        dt_ns, tick = welcome.dt_ns, step.first_tick
        try:
            sent = self._port.outbox(
                self._application.step(Now(tick, tick * dt_ns, dt_ns / 1e9), self._codec.inbox(step.inboxes[0]))
            )
        except Exception as error:  # the one broad except of the agent: told to the bench, and the run goes on cold
            self._log.exception("application.failed", tick=tick)
            self._socket.send(self._encode(Fault(0, f"{type(error).__name__}: {error}")))
            raise ApplicationFailed(f"{type(error).__name__}: {error}") from error
        outbox = [(entry[0], entry[1]) for entry in sent]
        self._socket.send(self._encode(Done(step.run_id, tick, tick, 0, [outbox])))

    def _build(self, welcome: Welcome) -> Application:
        """The application, cold, over hands of this board."""
        scenario = self._scenario
        silicon = load_profile(scenario.plant.profile).silicon()
        names = {
            place: self._config.modes[mode.name]
            for place, mode in enumerate(silicon.modes)
            if mode.name in self._config.modes
        }
        engine = WorkedEngine()
        hands = BoardHands(
            self._board,
            self._worker,
            engine,
            self._config,
            names,
            welcome.dt_ns,
            stretched=self._stretched,
            watch=self._watch,
        )
        device = BoardDevice(silicon, hands)
        return OnBoard(inference_with(scenario, silicon, self._card, device, engine), device)


def offer(socket: zmq.Socket[bytes], data: bytes) -> None:
    """Send if there is somebody; what isn't sent is asked again."""
    try:
        socket.send(data, zmq.NOBLOCK)
    except zmq.Again:
        return
