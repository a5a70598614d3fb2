"""The agent's end of the line to a bench: a CURVE socket, and what became of its handshakes.

A bench that doesn't know the agent's key refuses it, and the library doesn't knock twice: whoever was enrolled since
needs a new line. One that isn't the bench that the agent knows breaks off, and is knocked at again and again. Neither
ever says a word that the agent could read, so the line listens to the library. Called by the agent.
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import zmq
from zmq.utils.monitor import recv_monitor_message

from flightsw.bus.door import speaks_ipv6
from flightsw.errors import ConfigError
from flightsw.node.scenario import ON_BOARD
from hil.keys import public_of

HEARTBEAT_MS, HEARTBEAT_LOST_MS = 1000, 3000
FAILURES = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL


class Handshake(enum.Enum):
    """How one failed."""

    REFUSED = "the bench doesn't know this agent's key: enroll it there, flightsw hil enroll, and start the bench anew"
    BROKEN_OFF = "whoever answers there is not the bench whose key was given, or no bench at all"


@dataclass(frozen=True)
class Line:
    """How to reach the bench."""

    endpoint: str
    secret: bytes
    """the agent's own key"""
    bench: bytes
    """the bench's public key"""


class Wire:
    """A line that is open."""

    def __init__(self, socket: zmq.Socket[bytes], events: zmq.Socket[bytes]) -> None:
        self.socket = socket
        self._events = events

    def failed(self) -> Handshake | None:
        """How a handshake has failed since this was asked last; None: none has."""
        found = None
        while self._events.poll(0):
            event = recv_monitor_message(self._events)["event"]
            found = Handshake.REFUSED if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH else Handshake.BROKEN_OFF
        return found


@contextmanager
def opened(context: zmq.Context[zmq.Socket[bytes]], line: Line) -> Iterator[Wire]:
    """A line of its own to the bench, closed with the block. Raises ConfigError: that is no endpoint."""
    socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
    for option, value in (
        (zmq.LINGER, 200),
        (zmq.IPV6, speaks_ipv6(line.endpoint)),
        (zmq.HEARTBEAT_IVL, HEARTBEAT_MS),
        (zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_LOST_MS),
    ):
        socket.setsockopt(option, value)
    socket.setsockopt(zmq.IDENTITY, f"{ON_BOARD}.{secrets.token_hex(8)}".encode())
    socket.setsockopt(zmq.CURVE_SERVERKEY, line.bench)
    socket.setsockopt(zmq.CURVE_PUBLICKEY, public_of(line.secret))
    socket.setsockopt(zmq.CURVE_SECRETKEY, line.secret)
    events = socket.get_monitor_socket(FAILURES)
    try:
        socket.connect(line.endpoint)
        yield Wire(socket, events)
    except zmq.ZMQError as error:
        raise ConfigError(f"endpoint = {line.endpoint!r}: {error.strerror}") from None
    finally:
        socket.disable_monitor()
        events.close()
        socket.close()
