"""A door on loopback, and who knocks at it: for tests of the door and of what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass

import zmq

from flightsw.bus.door import Door, Keys, Knock
from flightsw.bus.pacing import monotonic_s

GUARD_S = 10.0


@dataclass(frozen=True)
class Pair:
    public: bytes
    secret: bytes


def new_pair() -> Pair:
    return Pair(*zmq.curve_keypair())


class House:
    """A door that `echo` and `listener` have keys to."""

    def __init__(self, endpoint: str = "tcp://127.0.0.1:*") -> None:
        self.context = zmq.Context()
        self.bench, self.echo, self.listener = new_pair(), new_pair(), new_pair()
        self.door = Door(
            endpoint,
            Keys(self.bench.secret, {self.echo.public: "echo", self.listener.public: "listener"}),
        )
        self.door.open(self.context)
        self._peers: list[zmq.Socket[bytes]] = []

    def peer(self, pair: Pair, identity: str, server: bytes | None = None) -> zmq.Socket[bytes]:
        """Somebody who connects with this key, under this name."""
        socket: zmq.Socket[bytes] = self.context.socket(zmq.DEALER)
        socket.setsockopt(zmq.IDENTITY, identity.encode())
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, round(GUARD_S * 1000))
        socket.setsockopt(zmq.CURVE_SERVERKEY, server or self.bench.public)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, pair.public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, pair.secret)
        socket.connect(self.door.bound)
        self._peers.append(socket)
        return socket

    def heard(self, count: int = 1) -> list[Knock]:
        """The next so many frames that the door lets through."""
        deadline_s = monotonic_s() + GUARD_S
        found: list[Knock] = []
        while len(found) < count:
            knock = self.door.receive(deadline_s)
            assert knock is not None, f"heard {found} only; refused {self.door.refused}"
            found.append(knock)
        return found

    def until_refused(self, reason: str) -> None:
        """Serve the door until it has refused somebody so."""
        deadline_s = monotonic_s() + GUARD_S
        while not self.door.refused[reason]:
            assert self.door.receive(monotonic_s() + 0.01) is None
            assert monotonic_s() < deadline_s, self.door.refused

    def close(self) -> None:
        for socket in self._peers:
            socket.close()
        self.door.close()
        self.context.term()
