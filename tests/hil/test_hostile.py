"""A bench under way with strangers at its door: none joins, none injects, and the loop goes on with its own agent."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import zmq

from flightsw.bus.frames import Done, Enlist, Hello
from flightsw.messages.schema import PROTOCOL
from flightsw.node.appreplay import replay_application
from flightsw.node.replay import replay_run
from hil.keys import BENCH, public_of, read_key, read_secret
from tests.bus.doors import Pair, new_pair
from tests.bus.test_door import NOT_ITS_NAME, NOT_LISTED
from tests.hil.benches import Site, site

TICKS = 60
BEGIN_TICK, AGAIN_TICK = 5, 25
ENROLLED = "inference"


class Relay:
    """Between an agent and its bench, keeping what the agent says on the wire."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self.said = bytearray()
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def _serve(self) -> None:
        inner = self._server.accept()[0]
        outer = socket.create_connection(("127.0.0.1", self._port))
        back = threading.Thread(target=self._carry, args=(outer, inner, None), daemon=True)
        back.start()
        self._carry(inner, outer, self.said)
        back.join()
        inner.close()
        outer.close()

    def _carry(self, source: socket.socket, sink: socket.socket, record: bytearray | None) -> None:
        try:
            while data := source.recv(65536):
                if record is not None:
                    record += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return  # one end is gone, and soon the other

    def close(self) -> None:
        self._server.close()
        self._threads[0].join(20.0)


class Strangers:
    """Whoever knows where the bench listens, and what its public key is."""

    def __init__(self, one: Site, endpoint: str) -> None:
        self._context = zmq.Context()
        self._endpoint = endpoint
        self._bench = read_key(one.keys / f"{BENCH}.public")
        secret = read_secret(one.keys / f"{ENROLLED}.secret")
        self.enrolled = Pair(public_of(secret), secret)
        self._open: list[Any] = []

    def knock(self, pair: Pair, identity: str, frames: list[bytes], server: bytes | None = None) -> None:
        peer: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        for option, value in (
            (zmq.IDENTITY, identity.encode()),
            (zmq.LINGER, 0),
            (zmq.CURVE_SERVERKEY, server or self._bench),
            (zmq.CURVE_PUBLICKEY, pair.public),
            (zmq.CURVE_SECRETKEY, pair.secret),
        ):
            peer.setsockopt(option, value)
        peer.connect(self._endpoint)
        self._open.append(peer)
        for frame in frames:
            peer.send(frame)

    def shout(self, data: bytes) -> None:
        """On the bare wire."""
        plain = socket.create_connection(("127.0.0.1", int(self._endpoint.rpartition(":")[2])))
        plain.sendall(data)
        self._open.append(plain)

    def close(self) -> None:
        for one in self._open:
            one.close()
        self._context.term()


@pytest.fixture(scope="module")
def beset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str, dict[str, Any]]]:
    """A run, what its agent said, and its report."""
    encode = msgspec.msgpack.encode
    frames = [
        encode(Hello(ENROLLED, PROTOCOL, "0" * 64, 0)),
        encode(Enlist(ENROLLED, PROTOCOL)),
        *[encode(Done("run", tick, tick, 0, [[]])) for tick in range(TICKS)],
    ]
    with site(tmp_path_factory.mktemp("beset")) as one:
        bench = one.bench("linux-host", f"duration={TICKS // 10}s", "board.lost_after_s=30.0")
        told = one.run_dir / "endpoint"
        one.wait(lambda: told.is_file() and told.read_text() != "")
        endpoint = told.read_text()
        relay = Relay(int(endpoint.rpartition(":")[2]))
        agent = one.start("hil", "agent", relay.endpoint, "--keys", str(one.keys), "--once")
        strangers = Strangers(one, endpoint)
        try:
            one.until_tick(BEGIN_TICK)
            for number in range(5):
                strangers.knock(new_pair(), f"{ENROLLED}.a{number}", frames)
                strangers.knock(strangers.enrolled, f"{ENROLLED}.b{number}", frames, server=new_pair().public)
                strangers.knock(strangers.enrolled, f"plant.{number}", frames)
                strangers.shout(bytes([number]) * 65536)
            strangers.knock(strangers.enrolled, f"{ENROLLED}.insider", [b"\xc1garbage", *frames[2:], b"\x00" * 100_000])
            one.until_tick(AGAIN_TICK)
            strangers.shout(bytes(relay.said))
            assert one.finished(bench) == 0, one.said(bench)
            assert one.finished(agent) == 0, one.said(agent)
        finally:
            strangers.close()
            relay.close()
        yield one, one.said(agent), json.loads(one.said(bench).splitlines()[-1])


def test_the_run_goes_on_to_its_end_with_its_own_agent(beset: tuple[Site, str, dict[str, Any]]) -> None:
    _, said, report = beset
    assert report["ticks"] == TICKS
    assert (report["lost"], report["rejoined"]) == (0, 0)
    assert report["answered"] > TICKS // 2
    assert said.count("run.joined") == 1
    assert "session.cut" not in said


def test_each_stranger_is_refused_and_the_report_counts_them(beset: tuple[Site, str, dict[str, Any]]) -> None:
    one, _, report = beset
    refused = report["refused"]
    assert refused[NOT_LISTED] >= 5
    assert refused[NOT_ITS_NAME] >= 5 * TICKS
    assert refused["frame: unreadable"] == 2
    assert refused["frame: of a connection that has not joined"] == TICKS
    assert "refused: " in (one.run_dir / "bench.txt").read_text()


def test_nothing_that_they_said_is_in_the_log(beset: tuple[Site, str, dict[str, Any]]) -> None:
    one, _, _ = beset
    assert replay_run(one.run_dir).same
    alone = replay_application(one.run_dir, ENROLLED)
    assert alone.messages > TICKS
    assert alone.same, alone.divergence
