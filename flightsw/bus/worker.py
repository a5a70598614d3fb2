"""A process of the node: joins the bus, runs its application one granted tick at a time, exits when told.

One DEALER to the bus. A tick that was answered already (the bus was lost and came back) is answered with the same
messages and not run again. Started by the launcher in a forked child.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import zmq

from flightsw.bus.application import Application, Clock
from flightsw.bus.frames import Done, Fault, FromBus, Hello, Refused, Step, Stop, Welcome, WireEntry
from flightsw.bus.port import Codec, Port
from flightsw.errors import BusError, JoinRefused
from flightsw.messages.schema import PROTOCOL
from flightsw.messages.topics import TopicTable

RECONNECT_MS = 10
MOST_AHEAD = 64
"""answered ticks that are kept: more than a bus may have under way when it is lost"""


@dataclass(frozen=True)
class WorkerSeat:
    """Where a worker joins, and as whom."""

    endpoint: str
    name: str
    incarnation: int
    schema_hash: str
    cycle_ticks: int = 1

    @property
    def identity(self) -> bytes:
        """Routing id at the bus: a process that comes back is another peer."""
        return f"{self.name}.{self.incarnation}".encode()


class Worker:
    """Serves one application until the bus says STOP."""

    def __init__(self, seat: WorkerSeat, topics: TopicTable, build: Callable[[Welcome], Application]) -> None:
        self._seat = seat
        self._build = build
        self._codec = Codec(topics)
        self._port = Port(seat.name, self._codec)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(FromBus).decode

    def run(self) -> None:
        """Join, serve, leave. Raises JoinRefused, or whatever the application raised (after telling the bus)."""
        context = zmq.Context()
        socket = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.IDENTITY, self._seat.identity)
        socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        socket.setsockopt(zmq.LINGER, 500)
        socket.connect(self._seat.endpoint)
        try:
            self._serve(socket)
        finally:
            socket.close()
            context.term()

    def _serve(self, socket: zmq.Socket[bytes]) -> None:
        seat = self._seat
        hello = self._encode(Hello(seat.name, PROTOCOL, seat.schema_hash, seat.incarnation))
        socket.send(hello)
        while isinstance(welcome := self._decode(socket.recv()), Step):
            socket.send(hello)  # the bus that took the first one was lost; this one must learn that we are new
        if isinstance(welcome, Refused):
            raise JoinRefused(f"{seat.name}: {welcome.reason}")
        if isinstance(welcome, Stop):
            return
        try:
            application = self._build(welcome)
            self._answer_steps(socket, welcome, application)
        except Exception as error:
            socket.send(self._encode(Fault(seat.incarnation, f"{type(error).__name__}: {error}")))
            raise

    def _answer_steps(self, socket: zmq.Socket[bytes], welcome: Welcome, application: Application) -> None:
        encode, decode, inbox_of, outbox_of = self._encode, self._decode, self._codec.inbox, self._port.outbox
        receive, send, step = socket.recv, socket.send, application.step
        incarnation, now_at = self._seat.incarnation, Clock(welcome.dt_ns, self._seat.cycle_ticks).at
        answered_tick = -1
        answers: deque[tuple[int, list[WireEntry]]] = deque(maxlen=MOST_AHEAD)
        while True:
            frame = decode(receive())
            if isinstance(frame, Step):
                first_tick, last_tick = frame.first_tick, frame.last_tick
                outboxes: list[list[WireEntry]] = []
                if first_tick <= answered_tick:
                    outboxes += [said for tick, said in answers if first_tick <= tick <= last_tick]
                for tick, entries in enumerate(frame.inboxes, first_tick):
                    if tick > answered_tick:
                        sent = outbox_of(step(now_at(tick), inbox_of(entries)))
                        said = [(entry[0], entry[1]) for entry in sent]
                        outboxes.append(said)
                        answers.append((tick, said))
                        answered_tick = tick
                send(encode(Done(frame.run_id, first_tick, last_tick, incarnation, outboxes)))
            elif isinstance(frame, Stop):
                return
            elif not isinstance(frame, Welcome):
                raise BusError(f"{self._seat.name}: unexpected {type(frame).__name__}")
