"""The ZeroMQ broker with toy processes: who may join, what is refused, live commands, and a STEP answered twice."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import zmq

from flightsw.bus.broker import Broker
from flightsw.bus.brokerplan import BrokerPlan
from flightsw.bus.frames import Done, Fault, FromBus, Hello, Refused, Step, Stop, Welcome
from flightsw.bus.logreader import LogReader
from flightsw.bus.pacing import Pacer
from flightsw.bus.table import ProcessTable
from flightsw.bus.umbilical import LauncherLink, Umbilical, UmbilicalRequest
from flightsw.bus.worker import Worker, WorkerSeat
from flightsw.errors import JoinRefused, RunError
from flightsw.messages.schema import PROTOCOL
from tests.bus.test_log import header
from tests.bus.toys import APPLICATIONS, toy_table

HASH = "toy"


class Bus:
    """A broker in a thread of its own."""

    def __init__(self, folder: Path, ticks: int, speed: float | None = None, table: ProcessTable | None = None) -> None:
        self.endpoint = f"ipc://{folder}/bus"
        self.umbilical = f"ipc://{folder}/cmd"
        self.run_dir = folder / "run"
        self.run_dir.mkdir()
        self.context = zmq.Context()
        self.outcome: list[object] = []
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link, self._theirs = ours, theirs
        self.console = self.context.socket(zmq.ROUTER)
        self.console.bind(self.umbilical)
        self.broker = Broker(
            BrokerPlan(self.run_dir, self.endpoint, header(), HASH, ticks, {}),
            table or toy_table(),
            Pacer(1.0, speed),
            LauncherLink(theirs),
            Umbilical(self.console, 1.0, ticks, 1),
        )
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        router = self.context.socket(zmq.ROUTER)
        router.setsockopt(zmq.LINGER, 200)
        try:
            self.outcome.append(self.broker.run(router))
        except RunError as error:
            self.outcome.append(error)
        finally:
            router.close()

    def peer(self, identity: str) -> zmq.Socket[bytes]:
        dealer = self.context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.IDENTITY, identity.encode())
        dealer.setsockopt(zmq.RCVTIMEO, 20_000)
        dealer.setsockopt(zmq.LINGER, 0)
        dealer.connect(self.endpoint)
        return dealer

    def tell(self, word: str, text: str = "") -> None:
        self.link.send(msgspec.msgpack.encode((word, text)))

    def close(self) -> None:
        self.tell("stop")
        self.thread.join(30.0)
        self.console.close()
        self.context.term()
        self.link.close()
        self._theirs.close()


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Bus]]:
    buses: list[Bus] = []

    def make(ticks: int, speed: float | None = None) -> Bus:
        buses.append(Bus(tmp_path_factory.mktemp("b"), ticks, speed))
        return buses[-1]

    yield make
    for bus in buses:
        bus.close()


def serve(bus: Bus, name: str, incarnation: int = 0, cycle_ticks: int = 1) -> threading.Thread:
    seat = WorkerSeat(bus.endpoint, name, incarnation, HASH, cycle_ticks)
    worker = Worker(seat, toy_table().topics, lambda _: APPLICATIONS[name]())
    thread = threading.Thread(target=worker.run)
    thread.start()
    return thread


def receive(dealer: zmq.Socket[bytes]) -> Welcome | Refused | Step | Stop:
    return msgspec.msgpack.decode(dealer.recv(), type=FromBus)


def test_three_processes_run_to_the_end_and_the_log_is_whole(start: Callable[..., Bus]) -> None:
    bus = start(200)
    threads = [serve(bus, name) for name in ("listener", "echo", "counter")]
    bus.thread.join(30.0)
    assert bus.outcome == ["completed"]
    for thread in threads:
        thread.join(30.0)
        assert not thread.is_alive(), "STOP sends everybody home"
    reader = LogReader(bus.run_dir)
    assert len(list(reader.ticks())) == 200
    assert reader.complete


@pytest.mark.parametrize(
    ("identity", "hello", "reason"),
    [
        ("stranger.0", Hello("stranger", PROTOCOL, HASH, 0), "not in the process table"),
        ("echo.0", Hello("counter", PROTOCOL, HASH, 0), "not in the process table"),
        ("echo.0", Hello("echo", PROTOCOL + 1, HASH, 0), "this bus speaks"),
        ("echo.0", Hello("echo", PROTOCOL, "other", 0), "declarations or process table differ"),
    ],
)
def test_who_does_not_belong_is_refused_with_a_reason(
    start: Callable[..., Bus], identity: str, hello: Hello, reason: str
) -> None:
    bus = start(10)
    dealer = bus.peer(identity)
    dealer.send(msgspec.msgpack.encode(hello))
    answer = receive(dealer)
    dealer.close()
    assert isinstance(answer, Refused)
    assert reason in answer.reason


def test_a_worker_of_other_declarations_raises_what_it_was_told(start: Callable[..., Bus]) -> None:
    bus = start(10)
    seat = WorkerSeat(bus.endpoint, "echo", 0, "other")
    with pytest.raises(JoinRefused, match="declarations or process table differ"):
        Worker(seat, toy_table().topics, lambda _: APPLICATIONS["echo"]()).run()


def test_a_step_that_was_answered_is_answered_with_the_same_bytes(start: Callable[..., Bus]) -> None:
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    seat = WorkerSeat(f"tcp://127.0.0.1:{port}", "counter", 0, HASH)
    thread = threading.Thread(target=Worker(seat, toy_table().topics, lambda _: APPLICATIONS["counter"]()).run)
    thread.start()
    encode = msgspec.msgpack.encode
    identity, _ = router.recv_multipart()
    router.send_multipart((identity, encode(Welcome("run", 0, 10**9, 1))))
    answers = []
    for tick in (0, 0, 1):
        router.send_multipart((identity, encode(Step("run", tick, tick, [[]]))))
        answers.append(router.recv_multipart()[1])
    router.send_multipart((identity, encode(Stop())))
    thread.join(30.0)
    router.close()
    context.term()
    assert answers[0] == answers[1] != answers[2]
    assert isinstance(msgspec.msgpack.decode(answers[2], type=Done | Fault), Done)


def test_a_live_command_enters_at_a_tick_not_yet_granted_and_bad_requests_are_refused(
    start: Callable[..., Bus],
) -> None:
    bus = start(10_000, speed=200.0)
    threads = [serve(bus, name) for name in ("listener", "echo", "counter")]
    client = bus.context.socket(zmq.REQ)
    client.setsockopt(zmq.RCVTIMEO, 20_000)
    client.setsockopt(zmq.LINGER, 0)
    client.connect(bus.umbilical)
    replies = []
    for request in (
        b"garbage",
        msgspec.msgpack.encode(UmbilicalRequest("fly")),
        msgspec.msgpack.encode(UmbilicalRequest("speed", speed=-1.0)),
        msgspec.msgpack.encode(UmbilicalRequest("command", name="x.y", at_s=-5.0)),
        msgspec.msgpack.encode(UmbilicalRequest("command", name="x.y", at_s=1e6)),
        msgspec.msgpack.encode(UmbilicalRequest("step", ticks=0)),
        msgspec.msgpack.encode(UmbilicalRequest("pause")),
        msgspec.msgpack.encode(UmbilicalRequest("status")),
        msgspec.msgpack.encode(UmbilicalRequest("step", ticks=3)),
        msgspec.msgpack.encode(UmbilicalRequest("stop")),
    ):
        client.send(request)
        replies.append(msgspec.msgpack.decode(client.recv()))
    client.close()
    bus.thread.join(30.0)
    for thread in threads:
        thread.join(30.0)
    assert [reply["ok"] for reply in replies] == [False] * 6 + [True] * 4
    words = (
        "not a request",
        "must be one of command, inject, pause",
        "must be above 0",
        "is past",
        "the run ends",
        "ticks = 0",
    )
    assert all(word in reply["error"] for word, reply in zip(words, replies, strict=False))
    assert [reply["paused"] for reply in replies[6:]] == [True] * 4
    assert bus.outcome == ["interrupted"]


def test_the_launchers_failure_ends_the_run(start: Callable[..., Bus]) -> None:
    bus = start(10)
    bus.tell("fail", "echo was lost 6 times")
    bus.thread.join(30.0)
    assert isinstance(bus.outcome[0], RunError)
