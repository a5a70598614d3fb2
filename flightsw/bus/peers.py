"""The processes of this machine that the bus talks to: who is whom by the latest HELLO, and who may be sent ticks.

A routing id names a process and its incarnation, so that a predecessor's frames are told from a successor's. Called by
the broker, which decides who joins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import zmq

from flightsw.bus.frames import Refused, Stop, Welcome
from flightsw.bus.log import LogHeader
from flightsw.bus.pacing import monotonic_s

RECONNECT_GUARD_S = 5.0
RETRY_S = 0.005
_MORE = int(zmq.SNDMORE)
"""as a plain int: combining pyzmq's flag enums costs 3 us a message"""


class Peers:
    """By name. `connected`: routing ids of those who live on behind a bus that was lost, and are to reconnect; `wait`
    lets so many seconds pass."""

    def __init__(self, header: LogHeader, connected: Mapping[str, bytes], wait: Callable[[float], None]) -> None:
        self.identities = dict(connected)
        self.answering = {identity: name for name, identity in connected.items()}
        """who may answer, by routing id"""
        self.welcomed = set(connected)
        """processes that may be sent a STEP"""
        self._returning = set(connected)
        """who lives on and hasn't been reached since: may be on the way back"""
        self._header = header
        self._wait = wait
        self._encode = msgspec.msgpack.Encoder().encode
        self._router: zmq.Socket[bytes]

    def open(self, router: zmq.Socket[bytes]) -> None:
        """They are at the other end of this socket."""
        self._router = router

    def meet(self, name: str, identity: bytes) -> bool:
        """The process has come, and is not welcomed yet; whether one of its name was known before."""
        known = name in self.identities
        self.answering.pop(self.identities.get(name, b""), None)
        self.answering[identity] = name
        self.identities[name] = identity
        self.welcomed.discard(name)
        self._returning.discard(name)
        return known

    def refuse(self, identity: bytes, reason: str) -> None:
        """Whoever that is does not join."""
        self._router.send_multipart((identity, self._encode(Refused(reason))))

    def welcome(self, name: str, tick: int) -> None:
        """It joins in this tick."""
        header = self._header
        self.send(name, self._encode(Welcome(header.run_id, tick, header.dt_ns, header.seed)))
        self.welcomed.add(name)

    def send(self, name: str, frame: bytes) -> None:
        """Send. Nobody there: it died and its successor will say HELLO, or the bus was lost and it is reconnecting."""
        deadline_s = None
        while True:
            try:
                self._router.send(self.identities[name], _MORE)
                self._router.send(frame)
            except zmq.ZMQError as error:
                if error.errno != zmq.EHOSTUNREACH:
                    raise
            else:
                self._returning.discard(name)
                return
            if name not in self._returning:
                return
            deadline_s = deadline_s or monotonic_s() + RECONNECT_GUARD_S
            if monotonic_s() > deadline_s:
                self._returning.discard(name)
                return
            self._wait(RETRY_S)

    def dismiss(self) -> None:
        """Send everybody home."""
        self._returning.clear()
        for name in self.identities:
            self.send(name, self._encode(Stop()))
