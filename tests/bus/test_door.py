"""Who gets through the door: a key on the list, under the name that it is bound to. Nobody else does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from itertools import count

import pytest
import zmq

from flightsw.bus.door import Keys, Knock
from flightsw.bus.pacing import monotonic_s
from flightsw.errors import ConfigError
from tests.bus.doors import GUARD_S, House, new_pair

NOT_LISTED = "key: not on the list"
NOT_ITS_NAME = "name: not the one that the key is bound to"


@pytest.fixture
def house() -> Iterator[House]:
    one = House()
    yield one
    one.close()


def test_an_enrolled_key_gets_through_under_its_name_and_is_answered(house: House) -> None:
    peer = house.peer(house.echo, "echo.1")
    peer.send(b"hello")
    assert house.heard() == [Knock("echo", b"echo.1", b"hello")]
    assert house.door.send(b"echo.1", b"well")
    assert peer.recv() == b"well"


def test_a_key_that_is_not_enrolled_never_gets_through(house: House) -> None:
    house.peer(new_pair(), "echo.1").send(b"let me in")
    house.until_refused(NOT_LISTED)
    house.peer(house.echo, "echo.2").send(b"hello")
    assert house.heard()[0].data == b"hello"


def test_a_client_with_a_wrong_server_key_says_nothing_and_hears_nothing(house: House) -> None:
    fooled = house.peer(house.echo, "echo.1", server=new_pair().public)
    fooled.send(b"anybody there?")
    house.peer(house.echo, "echo.2").send(b"hello")
    assert house.heard()[0].identity == b"echo.2"
    assert not house.door.send(b"echo.1", b"secret")
    assert fooled.poll(50) == 0


def test_a_client_without_encryption_never_gets_through(house: House) -> None:
    plain = house.context.socket(zmq.DEALER)
    plain.setsockopt(zmq.IDENTITY, b"echo.1")
    plain.setsockopt(zmq.LINGER, 0)
    plain.connect(house.door.bound)
    plain.send(b"let me in")
    house.peer(house.echo, "echo.2").send(b"hello")
    assert house.heard()[0].identity == b"echo.2"
    plain.close()


def test_a_key_speaks_for_the_process_that_it_is_bound_to_and_for_no_other(house: House) -> None:
    peer = house.peer(house.listener, "echo.1")
    peer.send(b"I am echo")
    house.until_refused(NOT_ITS_NAME)
    house.peer(house.listener, "listener.1").send(b"hello")
    assert house.heard() == [Knock("listener", b"listener.1", b"hello")]


def test_frames_in_parts_are_dropped(house: House) -> None:
    peer = house.peer(house.echo, "echo.1")
    peer.send_multipart([b"one", b"two"])
    peer.send(b"hello")
    assert house.heard()[0].data == b"hello"
    assert house.door.refused["frames: not one"] == 1


def test_recorded_traffic_opens_nothing_when_it_is_sent_again(house: House) -> None:
    port = int(house.door.bound.rpartition(":")[2])
    recorded = _recorded_session(house, port)
    assert len(recorded) > 500  # greeting, handshake and message were all in it
    replayed = socket.create_connection(("127.0.0.1", port), timeout=GUARD_S)
    replayed.sendall(recorded)
    while replayed.recv(65536):  # the bench cuts it off: the handshake is another one
        pass
    replayed.close()
    house.peer(house.echo, "echo.2").send(b"hello")
    assert house.heard() == [Knock("echo", b"echo.2", b"hello")]


def _recorded_session(house: House, port: int) -> bytes:
    """What a client sends on the wire to say one thing, by way of a relay."""
    relay = socket.create_server(("127.0.0.1", 0))
    recorded = bytearray()

    def carry(source: socket.socket, sink: socket.socket, record: bytearray | None) -> None:
        while data := source.recv(65536):
            if record is not None:
                record += data
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        inner = relay.accept()[0]
        outer = socket.create_connection(("127.0.0.1", port))
        back = threading.Thread(target=carry, args=(outer, inner, None))
        back.start()
        carry(inner, outer, recorded)
        back.join()
        inner.close()
        outer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client = house.context.socket(zmq.DEALER)
    client.setsockopt(zmq.IDENTITY, b"echo.1")
    client.setsockopt(zmq.CURVE_SERVERKEY, house.bench.public)
    client.setsockopt(zmq.CURVE_PUBLICKEY, house.echo.public)
    client.setsockopt(zmq.CURVE_SECRETKEY, house.echo.secret)
    client.setsockopt(zmq.LINGER, 0)
    client.connect(f"tcp://127.0.0.1:{relay.getsockname()[1]}")
    client.send(b"say this")
    assert house.heard()[0].data == b"say this"
    client.close()
    thread.join(GUARD_S)
    relay.close()
    return bytes(recorded)


def test_garbage_on_the_wire_neither_gets_through_nor_stalls_the_loop(house: House) -> None:
    port = int(house.door.bound.rpartition(":")[2])
    vandals = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    peer = house.peer(house.echo, "echo.1")
    for number, vandal in zip(count(), vandals, strict=False):
        vandal.sendall(bytes([number]) * 4096)
        peer.send(b"hello")
        assert house.heard()[0].data == b"hello"
    began_s = monotonic_s()
    assert house.door.receive(began_s + 0.02) is None
    assert monotonic_s() - began_s < 1.0
    for vandal in vandals:
        vandal.close()


def test_a_flood_of_bad_frames_delays_the_caller_no_longer_than_it_is_willing_to_wait(house: House) -> None:
    flood = house.peer(house.listener, "echo.9")
    for _ in range(500):
        flood.send(b"x" * 1000)
    house.until_refused(NOT_ITS_NAME)
    began_s = monotonic_s()
    while house.door.receive(monotonic_s()) is not None:
        pass
    assert monotonic_s() - began_s < 1.0
    assert house.door.refused[NOT_ITS_NAME] > 1


def test_a_taken_endpoint_is_refused(house: House) -> None:
    from flightsw.bus.door import Door

    context = zmq.Context()
    with pytest.raises(ConfigError, match="can't be bound: Address already in use"):
        Door(house.door.bound, Keys(house.bench.secret, {})).open(context)
    context.term()
