"""Whom the bus talks to: one that lives on behind a lost bus is waited for until it is reached, and nobody else."""

from __future__ import annotations

import zmq

from flightsw.bus.log import LogHeader
from flightsw.bus.peers import RECONNECT_GUARD_S, RETRY_S, Peers

HEADER: LogHeader = None  # type: ignore[assignment]  # nobody is welcomed here


class Router:
    """A socket to whose peers no connection is up before so many waits have passed."""

    def __init__(self, up_after: dict[bytes, int]) -> None:
        self.up_after = up_after
        self.waits = 0
        self.got: list[tuple[bytes, bytes]] = []
        self._to = b""

    def send(self, data: bytes, flags: int = 0) -> None:
        if not flags:
            self.got.append((self._to, data))
        elif self.waits < self.up_after.get(data, 0):
            raise zmq.ZMQError(zmq.EHOSTUNREACH)
        else:
            self._to = data

    def wait(self, seconds: float) -> None:
        assert 0.0 < seconds < RECONNECT_GUARD_S
        self.waits += 1


def peers_of(router: Router, *names: str) -> Peers:
    peers = Peers(HEADER, {name: f"{name}.0".encode() for name in names}, router.wait)
    peers.open(router)  # type: ignore[arg-type]
    return peers


def test_each_that_lives_on_is_waited_for_also_after_another_was_reached() -> None:
    router = Router({b"plant.0": 1, b"power.0": 3})
    peers = peers_of(router, "plant", "power")
    for tick in range(3):
        peers.send("plant", b"%d" % tick)
    peers.send("power", b"3")
    assert router.got == [(b"plant.0", b"0"), (b"plant.0", b"1"), (b"plant.0", b"2"), (b"power.0", b"3")]
    assert router.waits == 3
    assert RETRY_S > 0.0


def test_one_that_was_reached_and_is_gone_is_not_waited_for() -> None:
    router = Router({})
    peers = peers_of(router, "plant", "power")
    peers.send("power", b"0")
    router.up_after[b"power.0"] = 10**9
    peers.send("power", b"1")
    assert (router.got, router.waits) == ([(b"power.0", b"0")], 0)


def test_a_successor_and_those_who_are_sent_home_are_not_waited_for() -> None:
    router = Router({b"power.1": 10**9, b"plant.0": 10**9})
    peers = peers_of(router, "plant", "power")
    assert peers.meet("power", b"power.1")
    peers.send("power", b"0")
    peers.dismiss()
    assert (router.got, router.waits) == ([], 0)
