"""Processes in slower cycles: when they run, wake and come back, and ticks that one process is granted at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.bus.application import Clock, Inbox, Now
from flightsw.bus.exchange import Alone
from flightsw.bus.frames import Done, Fault, Hello, Refused, Step, Stop, Welcome
from flightsw.bus.logreader import LogReader
from flightsw.bus.rebuild import replay
from flightsw.bus.records import LOST, REJOIN, TickRecord
from flightsw.bus.table import ProcessRow, ProcessTable, Role
from flightsw.bus.worker import Worker, WorkerSeat
from flightsw.errors import TableError
from flightsw.messages.health import RestartRequest
from flightsw.messages.schema import PROTOCOL
from flightsw.messages.topics import TopicTable
from tests.bus.test_broker import HASH, Bus, receive, serve
from tests.bus.test_exchange import Bench, sent
from tests.bus.toys import APPLICATIONS, TOPICS, toy_table

CYCLE = 4


def in_cycles(ticks: int = CYCLE) -> ProcessTable:
    """The toy node, with everybody but the counter in cycles of so many ticks."""
    rows = [
        row if row.role is Role.INFRASTRUCTURE else replace(row, period_ticks=ticks, cycle_ticks=ticks)
        for row in toy_table().rows
    ]
    return ProcessTable(rows, TopicTable(TOPICS))


class Ahead(Bench):
    """Runs the ticks that somebody runs alone before they are opened, as the broker does."""

    def __init__(self, table: ProcessTable) -> None:
        super().__init__(table)
        self.stretches: list[Alone] = []

    def stretch(self, end_tick: int, lose_at: int | None = None) -> list[TickRecord]:
        """The coming ticks that one process runs alone; none: there are none. `lose_at`: echo is lost in that one."""
        alone = self.exchange.alone(end_tick)
        if alone is None:
            return []
        self.stretches.append(alone)
        first = self.exchange.tick
        app, port, inbox = self.apps[alone.name], self.ports[alone.name], alone.inbox
        outboxes = []
        for tick in range(first, alone.end_tick):
            outboxes.append(port.outbox(app.step(Now(tick, tick * 10**9, 1.0), Inbox(inbox))))
            inbox = ()
        records = []
        for tick, outbox in enumerate(outboxes, first):
            if tick == lose_at and "echo" not in self.exchange.absent():
                self.exchange.lose("echo")
                self.apps["echo"] = APPLICATIONS["echo"]()
            assert [name for name, _ in self.exchange.begin()] == [alone.name]
            for name in self.exchange.restarted:
                self.apps[name] = APPLICATIONS[name]()
            self.exchange.accept(alone.name, outbox)
            records.append(self.exchange.finish())
        return records


def told(records: list[TickRecord]) -> list[tuple[object, ...]]:
    return [(record.tick, [item for item in record.inputs if item[0] != "message"], sent(record)) for record in records]


@settings(max_examples=60, deadline=None)
@given(
    cycle=st.integers(2, 7),
    pokes=st.sets(st.integers(0, 59), max_size=8),
    lost=st.sets(st.integers(0, 59), max_size=3),
    ordered=st.sets(st.integers(0, 59), max_size=3),
)
def test_ticks_granted_ahead_are_what_they_would_have_been_one_by_one(
    cycle: int, pokes: set[int], lost: set[int], ordered: set[int]
) -> None:
    plain, ahead = Bench(in_cycles(cycle)), Ahead(in_cycles(cycle))

    def one(bench: Bench, tick: int) -> TickRecord:
        order = RestartRequest("echo", "asked", fresh=False) if tick in ordered else None
        absent = "echo" in bench.exchange.absent() and bench.exchange.absent()["echo"] != tick
        lose = "echo" if tick in lost and not absent else None
        return bench.tick((7,) if tick in pokes else (), lose, order)

    expected = [one(plain, tick) for tick in range(60)]
    found: list[TickRecord] = []
    while ahead.exchange.tick < 60:
        tick = ahead.exchange.tick
        quiet_until = min([60, *(at for at in pokes if at >= tick)])
        meanwhile = min([at for at in lost if at >= tick], default=None)
        if meanwhile is not None and "echo" in ahead.exchange.absent():
            quiet_until = min(quiet_until, meanwhile)  # what is lost already isn't lost again
        found += ahead.stretch(quiet_until, meanwhile) or [one(ahead, tick)]
    assert told(found) == told(expected)
    assert ahead.stretches or cycle == 2 or len(pokes) + len(lost) + len(ordered) > 3
    again = Bench(in_cycles(cycle)).exchange
    for record in found:
        replay(again, record)


def test_a_process_in_cycles_runs_and_wakes_in_ticks_of_its_own_alone() -> None:
    bench = Bench(in_cycles())
    ran = []
    for tick in range(13):
        pokes = (1,) if tick == 5 else ()  # it wakes echo, which is not due before tick 8
        record = bench.tick(pokes)
        ran.append([name for name in ("echo",) if any(entry[2] == name for entry in record.entries)])
    assert [tick for tick, names in enumerate(ran) if names] == [0, 4, 8, 12]


def test_a_process_in_cycles_that_was_lost_comes_back_in_a_tick_of_its_own() -> None:
    bench = Bench(in_cycles())
    kinds = {}
    for tick in range(14):
        for item in bench.tick(lose="echo" if tick == 4 else None).inputs:
            kinds[item[0]] = tick
    assert kinds == {LOST: 4, REJOIN: 8}, "restart_ticks is 3: tick 7 isn't its own"


def test_nobody_runs_alone_where_another_is_due_or_something_may_come() -> None:
    bench = Bench(in_cycles())
    assert bench.exchange.alone(100) is None, "tick 0 is everybody's"
    bench.tick()
    alone = bench.exchange.alone(100)
    assert alone is not None
    assert (alone.name, alone.end_tick) == ("counter", CYCLE)
    assert bench.exchange.alone(3) is not None
    assert bench.exchange.alone(2) is None, "one tick is no stretch"
    assert Bench(toy_table()).exchange.alone(100) is None
    assert Bench(toy_table(echo=4, listener=4)).exchange.alone(100) is None, "these may be woken in any tick"


def test_a_clock_counts_the_cycles_of_its_process() -> None:
    assert Clock(10**9).at(12) == Now(12, 12 * 10**9, 1.0)
    assert Clock(5 * 10**8, 4).at(12) == Now(3, 6 * 10**9, 2.0)


@pytest.mark.parametrize(("period", "phase", "cycle"), [(6, 0, 4), (8, 2, 4), (4, 0, 0)])
def test_a_cycle_that_does_not_divide_period_and_phase_is_refused(period: int, phase: int, cycle: int) -> None:
    row = ProcessRow("echo", 2, Role.FLIGHT, (), period_ticks=period, phase_ticks=phase, cycle_ticks=cycle)
    with pytest.raises(TableError, match=f"process 'echo': cycle_ticks = {cycle}: must be at least 1, and divide"):
        ProcessTable([row, *[one for one in toy_table().rows if one.name != "echo"]], TopicTable(TOPICS))


# -- over sockets -----------------------------------------------------------------------------------------------------


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Bus]]:
    buses: list[Bus] = []

    def make(ticks: int) -> Bus:
        buses.append(Bus(tmp_path_factory.mktemp("b"), ticks, table=in_cycles(12)))
        return buses[-1]

    yield make
    for bus in buses:
        bus.close()


class RawCounter:
    """The counter's end of the bus in the test's own hands: it answers when it is told to."""

    def __init__(self, bus: Bus, incarnation: int, value: int = 0) -> None:
        self.dealer = bus.peer(f"counter.{incarnation}")
        self.incarnation, self.value = incarnation, value
        self.dealer.send(msgspec.msgpack.encode(Hello("counter", PROTOCOL, HASH, incarnation)))
        assert isinstance(receive(self.dealer), Welcome)

    def step(self) -> Step:
        frame = receive(self.dealer)
        assert isinstance(frame, Step), frame
        return frame

    def answer(self, step: Step) -> None:
        outboxes = []
        for _ in step.inboxes:
            self.value += 1
            number = TopicTable(TOPICS).number["number"]
            outboxes.append([(number, msgspec.Raw(msgspec.msgpack.encode([self.value])))])
        done = Done(step.run_id, step.first_tick, step.last_tick, self.incarnation, outboxes)
        self.dealer.send(msgspec.msgpack.encode(done))


def serve_on(dealer: zmq.Socket[bytes]) -> threading.Thread:
    """Say nothing to every further STEP."""

    def run() -> None:
        while isinstance(step := receive(dealer), Step):
            done = Done(step.run_id, step.first_tick, step.last_tick, 1, [[] for _ in step.inboxes])
            dealer.send(msgspec.msgpack.encode(done))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def spans(steps: list[Step]) -> list[tuple[int, int]]:
    return [(step.first_tick, step.last_tick) for step in steps]


def test_ticks_are_granted_in_parts_and_whoever_is_lost_meanwhile_is_rebuilt_and_given_the_rest(
    start: Callable[[int], Bus],
) -> None:
    bus = start(24)
    threads = [serve(bus, name, cycle_ticks=12) for name in ("listener", "echo")]
    counter = RawCounter(bus, 0)
    counter.answer(counter.step())
    steps = [counter.step() for _ in range(3)]
    assert spans(steps) == [(1, 5), (6, 9), (10, 11)]
    counter.answer(steps[0])
    counter.dealer.close()  # it dies between two answers
    successor = RawCounter(bus, 1)
    history = [successor.step()]
    assert spans(history) == [(0, 5)], "rebuilt from the log"
    successor.answer(history[0])
    rest = [successor.step() for _ in range(2)]
    assert spans(rest) == [(6, 9), (10, 11)]
    for step in rest:
        successor.answer(step)
    while isinstance(frame := receive(successor.dealer), Step):
        successor.answer(frame)
    assert isinstance(frame, Stop)
    successor.dealer.close()
    bus.thread.join(30.0)
    assert bus.outcome == ["completed"]
    for thread in threads:
        thread.join(30.0)
    number = TopicTable(TOPICS).number["number"]
    said = [entry[1] for record in LogReader(bus.run_dir).ticks() for entry in record.entries if entry[0] == number]
    assert [msgspec.msgpack.decode(payload) for payload in said] == [[value] for value in range(1, 25)]


def test_infrastructure_that_is_lost_in_a_tick_that_it_has_answered_runs_it_again(start: Callable[[int], Bus]) -> None:
    """Another one of that tick is still at work, so that the log hasn't it."""
    bus = start(3)
    listener = serve(bus, "listener", cycle_ticks=12)
    echo = bus.peer("echo.0")
    echo.send(msgspec.msgpack.encode(Hello("echo", PROTOCOL, HASH, 0)))
    assert isinstance(receive(echo), Welcome)
    counter = RawCounter(bus, 0)
    step = receive(echo)
    counter.answer(counter.step())
    counter.dealer.close()
    successor = RawCounter(bus, 1)
    again = successor.step()
    assert spans([again]) == [(0, 0)]
    successor.answer(again)
    assert isinstance(step, Step)
    echo.send(msgspec.msgpack.encode(Done(step.run_id, 0, 0, 0, [[]])))
    while isinstance(frame := receive(successor.dealer), Step):
        successor.answer(frame)
    for dealer in (echo, successor.dealer):
        dealer.close()
    bus.thread.join(30.0)
    listener.join(30.0)
    assert bus.outcome == ["completed"]
    number = TopicTable(TOPICS).number["number"]
    said = [entry[1] for record in LogReader(bus.run_dir).ticks() for entry in record.entries if entry[0] == number]
    assert [msgspec.msgpack.decode(payload) for payload in said] == [[1], [2], [3]]


def test_an_application_lost_while_another_runs_alone_is_lost_in_a_tick_of_that_stretch(
    start: Callable[[int], Bus],
) -> None:
    bus = start(48)
    listener = serve(bus, "listener", cycle_ticks=12)
    echo = bus.peer("echo.0")
    echo.send(msgspec.msgpack.encode(Hello("echo", PROTOCOL, HASH, 0)))
    assert isinstance(receive(echo), Welcome)
    counter = RawCounter(bus, 0)
    counter.answer(counter.step())
    step = receive(echo)
    assert isinstance(step, Step)
    echo.send(msgspec.msgpack.encode(Done(step.run_id, 0, 0, 0, [[]])))
    steps = [counter.step() for _ in range(3)]
    counter.answer(steps[0])
    echo.close()
    successor = bus.peer("echo.1")
    for hello in (Hello("echo", PROTOCOL, HASH, 1), Hello("echo", PROTOCOL, "other", 1)):
        successor.send(msgspec.msgpack.encode(hello))
    assert isinstance(receive(successor), Refused), "the HELLO before it was heard"
    for one in steps[1:]:
        counter.answer(one)
    welcome = receive(successor)
    assert isinstance(welcome, Welcome)
    assert welcome.tick == 12
    again = serve_on(successor)
    while isinstance(frame := receive(counter.dealer), Step):
        counter.answer(frame)
    counter.dealer.close()
    bus.thread.join(30.0)
    assert bus.outcome == ["completed"]
    for thread in (listener, again):
        thread.join(30.0)
    successor.close()
    kinds = {item[0]: record.tick for record in LogReader(bus.run_dir).ticks() for item in record.inputs}
    assert kinds[REJOIN] == 12
    assert kinds[LOST] in (1, 6), "of the stretch from 1 to 11, in the first tick that isn't closed"


def test_a_worker_answers_what_it_answered_before_and_runs_the_rest() -> None:
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    ran: list[int] = []

    class Spy:
        def __init__(self) -> None:
            self.inner = APPLICATIONS["counter"]()

        def step(self, now: Now, inbox: Inbox) -> object:
            ran.append(now.tick)
            return self.inner.step(now, inbox)

    seat = WorkerSeat(f"tcp://127.0.0.1:{port}", "counter", 0, HASH)
    worker = Worker(seat, toy_table().topics, lambda _: Spy())  # type: ignore[arg-type,return-value]
    thread = threading.Thread(target=worker.run)
    thread.start()
    encode = msgspec.msgpack.encode
    identity, _ = router.recv_multipart()
    router.send_multipart((identity, encode(Welcome("run", 0, 10**9, 1))))
    said: list[dict[int, bytes]] = []
    for first, last in ((0, 0), (1, 5), (6, 9), (3, 7), (8, 11)):
        router.send_multipart((identity, encode(Step("run", first, last, [[]] * (last - first + 1)))))
        done = msgspec.msgpack.decode(router.recv_multipart()[1], type=Done | Fault)
        assert isinstance(done, Done)
        assert (done.first_tick, done.last_tick) == (first, last)
        said.append({tick: bytes(box[0][1]) for tick, box in enumerate(done.outboxes, first)})
    router.send_multipart((identity, encode(Stop())))
    thread.join(30.0)
    router.close()
    context.term()
    assert ran == list(range(12))
    before = said[0] | said[1] | said[2]
    assert said[3] == {tick: before[tick] for tick in range(3, 8)}
    assert said[4][8] == before[8]
