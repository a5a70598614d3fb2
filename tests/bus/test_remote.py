"""A process behind the door joins, is granted ticks, is late, comes back; what it can't do even with its own key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import zmq

from flightsw.bus.frames import Brief, Done, Enlist, Fault, FromBench, Hello, Refused, Step, Stop, Welcome
from flightsw.bus.pacing import monotonic_s
from flightsw.bus.rebuild import replay, wire_exchange
from flightsw.bus.records import LATE, LOST, OVERDUE, SKIPPED, TickRecord
from flightsw.bus.remote import RemoteEnd, RemotePlan
from flightsw.bus.timing import read_timing
from flightsw.messages.schema import PROTOCOL
from tests.bus.doors import House
from tests.bus.test_log import header
from tests.bus.toys import Echo, Number, toy_table

HASH = "toy"
SCENARIO = b"a scenario"


NUMBER = "7"
"""of the bench's briefs"""


class Bench:
    """A bus whose echo runs elsewhere; the others say nothing."""

    def __init__(self, folder: Path) -> None:
        self.house = House()
        self.table = toy_table()
        self.exchange = wire_exchange(self.table)
        plan = RemotePlan(self.house.door.bound, self.house.door.keys, frozenset({"echo"}), 0.8, SCENARIO)
        self.header = header()
        self.end = RemoteEnd(plan, self.header, HASH, self.table, self.house.door, folder, number=NUMBER)

    def tick(
        self, wait_s: float = 0.0, answer: bytes | None = None, agent: Agent | None = None, *more: bytes
    ) -> TickRecord:
        """One tick; the agent, if there is one, sends `answer` and more once it has its STEP."""
        exchange, end = self.exchange, self.end
        grants = exchange.begin(late=end.late(exchange))
        for name, inbox in grants:
            if name == "echo":
                step = msgspec.msgpack.encode(Step(self.header.run_id, exchange.tick, exchange.tick, [inbox]))
                end.grant(name, step, exchange.tick)
            else:
                exchange.accept(name, [])
        if agent is not None and answer is not None:
            assert isinstance(agent.frame(Step), Step)
            for frame in (answer, *more):
                agent.socket.send(frame)
        end.listen(exchange)
        end.collect(exchange, monotonic_s() + wait_s)
        end.timing.ended(exchange.tick, 0.0, 0.0)
        return exchange.finish()

    def attend_until(self, there: Callable[[], object]) -> None:
        """Serve the door before the first tick until something has come of it."""
        guard_s = monotonic_s() + 10.0
        while not there():
            self.end.attend(self.exchange, monotonic_s() + 0.02)
            assert monotonic_s() < guard_s

    def joined(self, agent: Agent) -> None:
        agent.say(Hello("echo", PROTOCOL, HASH, 0, self.end.number))
        self.end.attend(self.exchange, monotonic_s() + 10.0)
        assert self.end.present()

    def done(self, tick: int, *messages: tuple[int, object], run: str | None = None) -> bytes:
        outbox = [(number, msgspec.Raw(msgspec.msgpack.encode(message))) for number, message in messages]
        return msgspec.msgpack.encode(Done(run or self.header.run_id, tick, tick, 0, [outbox]))

    @property
    def echo(self) -> int:
        return self.table.topics.number["echo"]


class Agent:
    def __init__(self, bench: Bench, identity: str = "echo.1") -> None:
        self.socket: zmq.Socket[bytes] = bench.house.peer(bench.house.echo, identity)

    def say(self, frame: object) -> None:
        self.socket.send(msgspec.msgpack.encode(frame))

    def frame(self, kind: type) -> object:
        """The next frame of this kind."""
        while True:
            found = msgspec.msgpack.decode(self.socket.recv(), type=FromBench)
            if isinstance(found, kind):
                return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path)
    yield one
    one.end.close()
    one.house.close()


def test_an_agent_is_briefed_joins_and_its_answer_counts_in_its_tick(bench: Bench) -> None:
    agent = Agent(bench)
    agent.say(Enlist("echo", PROTOCOL))
    bench.attend_until(lambda: agent.socket.poll(0))
    assert agent.frame(Brief) == Brief(bench.header.run_id, SCENARIO, {}, bench.end.number)
    bench.joined(agent)
    record = bench.tick(10.0, bench.done(0, (bench.echo, Echo(7, 1))), agent)
    assert record.inputs == ()
    assert [entry[0] for entry in record.entries] == [bench.echo]


@pytest.mark.parametrize(
    ("hello", "reason"),
    [
        (Hello("counter", PROTOCOL, HASH, 0), "bound to 'echo', not to 'counter'"),
        (Hello("echo", PROTOCOL + 1, HASH, 0), "this bench speaks"),
        (Hello("echo", PROTOCOL, "other", 0, NUMBER), "differ from the bench's"),
    ],
)
def test_a_join_that_does_not_fit_is_refused_with_a_reason(bench: Bench, hello: Hello, reason: str) -> None:
    agent = Agent(bench)
    agent.say(hello)
    bench.attend_until(lambda: agent.socket.poll(0))
    refused = agent.frame(Refused)
    assert isinstance(refused, Refused)
    assert reason in refused.reason
    assert not bench.end.present()


def test_an_answer_that_is_late_enters_at_the_next_boundary(bench: Bench) -> None:
    agent = Agent(bench)
    bench.joined(agent)
    assert bench.tick().inputs == ((OVERDUE, "echo"),)
    agent.frame(Step)
    agent.socket.send(bench.done(0, (bench.echo, Echo(7, 1))))
    guard_s = monotonic_s() + 10.0
    while not (late := bench.end.late(bench.exchange)):
        assert monotonic_s() < guard_s
    assert dict(bench.exchange.begin(late=late)).keys() == {"counter", "echo", "listener"}
    for name in sorted(bench.exchange.waiting):
        bench.exchange.accept(name, [])
    record = bench.exchange.finish()
    assert record.inputs == ((LATE, "echo", 0, 1),)
    assert [entry[0] for entry in record.entries] == [bench.echo]


def test_frames_of_old_ticks_and_of_other_runs_are_dropped(bench: Bench) -> None:
    agent = Agent(bench)
    bench.joined(agent)
    old = bench.done(0, (bench.echo, Echo(7, 1)))
    assert bench.tick(10.0, old, agent).entries
    agent.socket.send(old)
    agent.socket.send(bench.done(1, (bench.echo, Echo(8, 1)), run="another"))
    record = bench.tick(10.0, bench.done(1, (bench.echo, Echo(9, 1))), agent)
    (entry,) = record.entries
    assert msgspec.msgpack.decode(entry[1], type=Echo).value == 9
    assert bench.house.door.refused["answer: to a tick that is not owed"] == 2


def test_what_breaks_its_declaration_or_is_anothers_is_dropped_whole_and_the_tick_goes_unanswered(bench: Bench) -> None:
    agent = Agent(bench)
    bench.joined(agent)
    number = bench.table.topics.number["number"]
    stolen, *others = (
        bench.done(0, (bench.echo, Echo(7, 1)), (number, Number(1))),
        bench.done(0, (bench.echo, ["seven", 1])),
        bench.done(0, (bench.echo, [-7, 1])),
        bench.done(0, (99, Echo(7, 1))),
    )
    record = bench.tick(0.5, stolen, agent, *others)
    assert record.entries == []
    assert bench.exchange.owed("echo") == 0
    assert bench.house.door.refused["message: of another's topic"] == 2
    assert bench.house.door.refused["message: breaks its declaration"] == 2


def test_garbage_of_an_enrolled_agent_is_counted_and_nothing_else(bench: Bench) -> None:
    agent = Agent(bench)
    bench.joined(agent)
    for garbage in (b"", b"\xc1", b"\xff" * 1000, msgspec.msgpack.encode({"a": 1}), b"\x91" * 3000):
        agent.socket.send(garbage)
    record = bench.tick(10.0, bench.done(0, (bench.echo, Echo(7, 1))), agent)
    assert record.entries
    assert bench.house.door.refused["frame: unreadable"] == 5


def test_a_process_that_runs_here_can_t_be_taken_over_through_the_door(bench: Bench) -> None:
    stranger: zmq.Socket[bytes] = bench.house.peer(bench.house.listener, "listener.1")
    stranger.send(msgspec.msgpack.encode(Hello("listener", PROTOCOL, HASH, 0)))
    bench.attend_until(lambda: bench.house.door.refused["name: runs elsewhere in no part of this node"])
    assert not bench.end.present()


def test_an_answer_of_a_connection_that_has_not_joined_is_dropped(bench: Bench) -> None:
    agent = Agent(bench)
    bench.joined(agent)
    other = Agent(bench, "echo.2")
    other.socket.send(bench.done(0, (bench.echo, Echo(7, 1))))
    assert bench.tick().inputs == ((OVERDUE, "echo"),)
    guard_s = monotonic_s() + 10.0
    while not bench.house.door.refused["frame: of a connection that has not joined"]:
        assert bench.tick().inputs == ((SKIPPED, "echo"),)
        assert monotonic_s() < guard_s


def test_a_hello_by_another_bench_s_brief_is_briefed_anew_and_has_not_joined(bench: Bench) -> None:
    agent = Agent(bench)
    agent.say(Hello("echo", PROTOCOL, "of another scenario", 0, "another"))
    bench.attend_until(lambda: agent.socket.poll(0))
    assert agent.frame(Brief) == Brief(bench.header.run_id, SCENARIO, {}, NUMBER)
    assert not bench.end.present()
    assert bench.house.door.refused["hello: by the brief of another run"] == 1


def test_who_connects_anew_is_lost_and_comes_back_cold_with_its_new_connection(bench: Bench) -> None:
    agent = Agent(bench)
    bench.joined(agent)
    bench.tick(10.0, bench.done(0), agent)
    again = Agent(bench, "echo.2")
    again.say(Hello("echo", PROTOCOL, HASH, 0, NUMBER))
    record = bench.tick(10.0)
    assert (LOST, "echo", 0) in record.inputs
    refused = agent.frame(Refused)  # it may live: two of one name would take turns for ever
    assert refused == Refused("another agent has joined as echo")
    while bench.exchange.absent():
        bench.tick()
    tick = bench.exchange.tick - 1
    assert again.frame(Welcome) == Welcome(bench.header.run_id, tick, bench.header.dt_ns, bench.header.seed)
    assert bench.exchange.incarnation("echo") == 1


def test_an_agent_that_joins_a_node_under_way_is_lost_first_for_it_knows_nothing(bench: Bench) -> None:
    for _ in range(3):
        bench.tick()
    agent = Agent(bench)
    bench.joined(agent)
    record = bench.tick()
    assert (LOST, "echo", 0) in record.inputs
    records = [record]
    while bench.exchange.absent():
        records.append(bench.tick())
    assert isinstance(agent.frame(Welcome), Welcome)
    again = wire_exchange(bench.table)
    for _ in range(3):
        again.begin()
        for name in sorted(again.waiting):
            again.owe(name) if name == "echo" else again.accept(name, [])
        again.finish()
    for one in records:
        replay(again, one)
    assert again.tick == bench.exchange.tick


def test_a_fault_is_told_and_stalls_nothing(bench: Bench) -> None:
    agent = Agent(bench)
    bench.joined(agent)
    agent.say(Fault(0, "out of memory"))
    assert bench.tick(0.1).inputs == ((OVERDUE, "echo"),)


def test_at_the_end_everybody_is_sent_home_and_the_times_are_on_disk(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    agent = Agent(bench)
    bench.joined(agent)
    bench.tick(10.0, bench.done(0), agent)
    bench.end.close()
    assert agent.frame(Stop) == Stop()
    (row,) = read_timing(tmp_path)
    assert row.tick == 0
    assert row.sent_s < row.answered_s < row.ended_s
    bench.house.close()
