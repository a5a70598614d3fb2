"""The bus's door to the network: a ROUTER over TCP with CURVE, open to listed keys, each bound to a process's name.

libzmq asks a handler within this process about every handshake (ZAP, RFC 27); it is answered here, in the loop that
serves the ROUTER, without a thread. What comes in carries the name that its key is bound to, so that nobody speaks for
another; frames of others, too long or unreadable ones are dropped and counted. CURVE encrypts with a key of each
connection's own, so that recorded traffic opens nothing. Used by `bus.remote`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog
import zmq
import zmq.utils.z85

from flightsw.bus.pacing import monotonic_s
from flightsw.errors import ConfigError

ZAP_ENDPOINT = "inproc://zeromq.zap.01"
DOMAIN = b"flightsw"
MOST_BYTES = 1 << 20
"""of a frame from outside: an answer of a busy tick has some ten thousand"""
HANDSHAKE_MS = 2000
HEARTBEAT_MS, HEARTBEAT_LOST_MS = 1000, 3000
"""a pulled cable closes no connection: this does"""
MOST_IN_A_ROW = 64
"""of handshakes, or frames to be dropped, before the caller gets its turn: a flood delays it by so many at most"""


@dataclass(frozen=True)
class Keys:
    """The bus's own secret key, and who may come in."""

    secret: bytes
    """Z85, 40 characters"""
    names: Mapping[bytes, str]
    """process's name by public key, Z85"""


class Knock(NamedTuple):
    """A frame of somebody who may send it."""

    name: str
    """that its key is bound to"""
    identity: bytes
    """of its connection"""
    data: bytes


def speaks_ipv6(endpoint: str) -> bool:
    """Whether the address is one of IPv6, which stands in brackets: tcp://[::1]:5760."""
    return "[" in endpoint


@dataclass
class Door:
    """Open from `open` to `close`."""

    endpoint: str
    keys: Keys
    refused: Counter[str] = field(default_factory=Counter)
    """frames dropped and handshakes denied, by reason"""

    def open(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        """Bind. Raises ConfigError: the endpoint is taken, or none."""
        self._log = structlog.get_logger()
        self._zap: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        self._zap.setsockopt(zmq.LINGER, 0)
        self._zap.bind(ZAP_ENDPOINT)
        self._router: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        router = self._router
        for option, value in (
            (zmq.ROUTER_MANDATORY, 1),
            (zmq.IPV6, speaks_ipv6(self.endpoint)),
            (zmq.LINGER, 500),
            (zmq.MAXMSGSIZE, MOST_BYTES),
            (zmq.HANDSHAKE_IVL, HANDSHAKE_MS),
            (zmq.HEARTBEAT_IVL, HEARTBEAT_MS),
            (zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_LOST_MS),
            (zmq.CURVE_SERVER, 1),
        ):
            router.setsockopt(option, value)
        router.setsockopt(zmq.CURVE_SECRETKEY, self.keys.secret)
        router.setsockopt(zmq.ZAP_DOMAIN, DOMAIN)
        try:
            router.bind(self.endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(f"endpoint = {self.endpoint!r}: can't be bound: {error.strerror}") from None
        self.bound = router.getsockopt_string(zmq.LAST_ENDPOINT)
        self._poller = zmq.Poller()
        self._poller.register(self._zap, zmq.POLLIN)
        self._poller.register(router, zmq.POLLIN)

    def close(self) -> None:
        """Let nobody in any more."""
        self._router.close()
        self._zap.close()

    def receive(self, until_s: float) -> Knock | None:
        """The next frame, waited for up to that instant of the monotonic clock; None: there was none."""
        while True:
            wait_ms = max(0, round((until_s - monotonic_s()) * 1000))
            ready = dict(self._poller.poll(wait_ms))
            if self._zap in ready:
                self._answer_handshakes()
            if self._router in ready:
                for _ in range(MOST_IN_A_ROW):
                    try:
                        knock = self._take()
                    except zmq.Again:
                        break
                    if knock is not None:
                        return knock
            if monotonic_s() >= until_s:
                return None

    def send(self, identity: bytes, data: bytes) -> bool:
        """Send without waiting. False: nobody is there, or it doesn't read."""
        try:
            self._router.send_multipart((identity, data), zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            return False
        return True

    def drop(self, name: str, reason: str) -> None:
        """Count something that was not let through; the first of each kind is told."""
        self.refused[reason] += 1
        if self.refused[reason] == 1:
            self._log.warning("door.refused", process=name, reason=reason)

    def _take(self) -> Knock | None:
        frames = self._router.recv_multipart(zmq.NOBLOCK, copy=False)
        name = str(frames[-1].get("User-Id"))
        if len(frames) != 2:
            self.drop(name, "frames: not one")
            return None
        identity = frames[0].bytes
        if identity.partition(b".")[0] != name.encode():
            self.drop(name, "name: not the one that the key is bound to")
            return None
        return Knock(name, identity, frames[1].bytes)

    def _answer_handshakes(self) -> None:
        for _ in range(MOST_IN_A_ROW):
            try:
                frames = self._zap.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(frames) < 8:
                continue
            peer, empty, version, request, _domain, address, _identity, mechanism, *credentials = frames
            name = None
            if mechanism == b"CURVE" and len(credentials) == 1 and len(credentials[0]) == 32:
                name = self.keys.names.get(zmq.utils.z85.encode(credentials[0]))
            verdict = (b"400", b"no such key", b"") if name is None else (b"200", b"OK", name.encode())
            if name is None:
                self.drop(address.decode(errors="replace"), "key: not on the list")
            self._zap.send_multipart((peer, empty, version, request, *verdict, b""))
