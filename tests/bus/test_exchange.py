"""The Exchange: who runs when, on what, in which order; loss and rejoin; replay from its own records."""

from __future__ import annotations

import random

import pytest

from flightsw.bus.application import Application, Inbox, Now
from flightsw.bus.exchange import Exchange
from flightsw.bus.port import Codec, Port
from flightsw.bus.rebuild import replay
from flightsw.bus.records import LOST, MESSAGE, REJOIN, TickRecord
from flightsw.bus.table import ProcessRow, ProcessTable, Role
from flightsw.errors import BusError, MessageError, TableError
from flightsw.messages.base import Message
from flightsw.messages.health import BusEvent, BusEventKind, RestartRequest
from flightsw.messages.topics import BUS, OUTSIDE, Topic, TopicTable
from tests.bus.toys import APPLICATIONS, TOPICS, Echo, Listener, Number, Poke, Share, toy_table


class Bench:
    """Hosts toy applications on an Exchange, answering in the order that `shuffle` gives."""

    def __init__(self, table: ProcessTable, shuffle: random.Random | None = None) -> None:
        codec = Codec(table.topics)
        self.table = table
        self.ports = {row.name: Port(row.name, codec) for row in table.rows}
        self.outside = Port(OUTSIDE, codec)
        self.exchange = Exchange(table, Port(BUS, codec).entry, codec.of_entry)
        self.apps: dict[str, Application] = {name: kind() for name, kind in APPLICATIONS.items()}
        self.shuffle = shuffle

    def tick(
        self,
        pokes: tuple[int, ...] = (),
        lose: str | None = None,
        restart: RestartRequest | None = None,
        mute: str | None = None,
        *,
        topics_told: bool = False,
    ) -> TickRecord:
        """`restart`: what the listener asks of the bus; `mute`: who runs and says nothing; `topics_told`: the host says
        which topics an outbox has."""
        exchange = self.exchange
        grants = exchange.begin([self.outside.entry(Poke(value)) for value in pokes])
        for name in exchange.restarted:
            self.apps[name] = APPLICATIONS[name]()
        if self.shuffle:
            self.shuffle.shuffle(grants)
        for name, inbox in grants:
            if name == lose:
                self.apps[name] = APPLICATIONS[name]()
                continue
            now = Now(exchange.tick, exchange.tick * 10**9, 1.0)
            out = self.apps[name].step(now, Inbox(inbox))
            if name == "listener" and restart is not None:
                out = [*out, restart]
            sequence, outbox = self.ports[name].sequence_and_outbox(() if name == mute else out)
            exchange.accept(name, outbox, sequence if topics_told else None)
        if lose:
            exchange.lose(lose)
        return exchange.finish()

    @property
    def seen(self) -> list[tuple[int, str, Message]]:
        listener = self.apps["listener"]
        assert isinstance(listener, Listener)
        return listener.seen


def sent(record: TickRecord) -> list[tuple[int, bytes]]:
    return [(entry[0], bytes(entry[1])) for entry in record.entries]


def test_a_host_that_tells_the_topics_of_an_outbox_changes_nothing() -> None:
    plain, told = Bench(toy_table()), Bench(toy_table())
    for tick in range(12):
        mute = "counter" if tick == 7 else None
        records = [
            bench.tick(pokes=(tick,) if tick % 3 == 0 else (), mute=mute, topics_told=bench is told)
            for bench in (plain, told)
        ]
        assert records[0] == records[1]
        assert told.exchange.sequence == tuple([entry[0] for entry in records[1].entries])
    assert len(plain.seen) > 10
    assert told.seen == plain.seen


def test_topics_that_a_host_tells_are_checked_too() -> None:
    bench = Bench(toy_table())
    bench.exchange.begin()
    entry = bench.ports["echo"].entry(Echo(1, 1))
    with pytest.raises(MessageError, match="only writer is 'echo'"):
        bench.exchange.accept("counter", [entry], (entry[0],))


def test_a_message_arrives_one_tick_after_it_was_sent() -> None:
    bench = Bench(toy_table())
    for _ in range(3):
        bench.tick()
    assert [(tick, message) for tick, _, message in bench.seen if isinstance(message, Number)] == [
        (1, Number(1)),
        (2, Number(2)),
    ]


def test_the_order_of_answers_changes_nothing() -> None:
    plain = Bench(toy_table())
    shuffled = Bench(toy_table(), random.Random(7))
    for tick in range(20):
        pokes = (tick,) if tick % 3 == 0 else ()
        assert sent(plain.tick(pokes)) == sent(shuffled.tick(pokes))
    assert plain.seen == shuffled.seen


def test_messages_of_a_tick_are_ordered_by_rank_then_by_sequence() -> None:
    record = Bench(toy_table(), random.Random(1)).tick()
    names = [TOPICS[entry[0]].name for entry in record.entries]
    assert names == ["number", "echo", "cds.echo", "share"]


def test_a_slow_reader_gets_the_newest_sample_and_the_queue_up_to_its_depth() -> None:
    bench = Bench(toy_table(listener=6))
    for _ in range(7):
        bench.tick()
    at_six = [message for tick, _, message in bench.seen if tick == 6]
    assert [m for m in at_six if isinstance(m, Number)] == [Number(6)]
    assert [m.value for m in at_six if isinstance(m, Echo)] == [3, 4, 5]


def test_a_waking_message_runs_a_process_that_is_not_due() -> None:
    bench = Bench(toy_table(echo=100))
    granted = []
    for tick in range(5):
        exchange = bench.exchange
        grants = exchange.begin([bench.outside.entry(Poke(1))] if tick == 3 else [])
        granted.append([name for name, _ in grants])
        for name, _ in grants:
            exchange.accept(name, [])
        exchange.finish()
    assert "echo" in granted[0]
    assert ["echo" in names for names in granted[1:]] == [False, False, True, False]


def test_a_lost_application_is_silent_until_its_restart_ticks_and_gets_its_critical_data_back() -> None:
    bench = Bench(toy_table())
    for _ in range(4):
        bench.tick()
    lost = bench.tick(lose="echo")
    assert lost.inputs == ((LOST, "echo", 0),)
    records = [bench.tick() for _ in range(4)]
    echoes = [[entry[3] for entry in record.entries if TOPICS[entry[0]].name == "echo"] for record in records]
    assert echoes[:2] == [[], []]
    assert records[2].inputs == ((REJOIN, "echo", 1),)
    assert echoes[2] == [Echo(0, 3)], "it starts from its last critical data, without what it missed"
    told = [message for _, _, message in bench.seen if isinstance(message, BusEvent)]
    assert told == [BusEvent(BusEventKind.APP_LOST, "echo", 0), BusEvent(BusEventKind.REJOIN, "echo", 1)]


def test_replaying_its_records_gives_the_same_grants() -> None:
    bench = Bench(toy_table(listener=2))
    twin = Bench(toy_table(listener=2)).exchange
    for tick in range(12):
        record = bench.tick(pokes=(1,) if tick == 2 else (), lose="echo" if tick == 5 else None)
        grants = replay(twin, record)
        if tick == 3:
            assert [name for name, _ in grants] == ["counter", "echo"]
    assert twin.absent() == bench.exchange.absent()
    assert twin.incarnation("echo") == 1


def test_a_record_that_does_not_follow_is_refused() -> None:
    bench = Bench(toy_table())
    bench.tick()
    second = bench.tick()
    with pytest.raises(BusError, match="tick 1 where tick 0 is due"):
        replay(Bench(toy_table()).exchange, second)


def test_outside_messages_are_in_the_record_and_reach_the_same_tick() -> None:
    bench = Bench(toy_table())
    record = bench.tick(pokes=(4, 5))
    assert [(item[0], item[1][3]) for item in record.inputs] == [(MESSAGE, Poke(4)), (MESSAGE, Poke(5))]


def test_publishing_on_a_foreign_topic_is_refused() -> None:
    bench = Bench(toy_table())
    bench.exchange.begin()
    with pytest.raises(MessageError, match="its only writer is 'counter'"):
        bench.exchange.accept("echo", [bench.ports["counter"].entry(Number(1))])


def test_a_port_refuses_a_type_it_has_no_topic_for_and_values_out_of_range() -> None:
    bench = Bench(toy_table())
    with pytest.raises(MessageError, match="may not publish Number"):
        bench.ports["echo"].entry(Number(1))
    for share in (1.5, float("nan"), -0.1):
        with pytest.raises(MessageError, match="Share"):
            bench.ports["listener"].entry(Share(share))


def test_a_tick_can_not_close_while_somebody_runs_it() -> None:
    exchange = Bench(toy_table()).exchange
    exchange.begin()
    with pytest.raises(BusError, match="counter"):
        exchange.finish()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ProcessRow("app", 1, Role.FLIGHT, ("truth.x",))], "never sees truth"),
        ([ProcessRow("app", 1, Role.FLIGHT, ("cds.app",))], "goes to its owner alone"),
        ([ProcessRow("app", 1, Role.FLIGHT, ("nothing",))], "unknown topic 'nothing'"),
        ([ProcessRow("app", 1, Role.FLIGHT, (), period_ticks=2, phase_ticks=2)], "phase below it"),
        ([ProcessRow("app", 1, Role.FLIGHT, ()), ProcessRow("b", 1, Role.FLIGHT, ())], "share a rank"),
        ([ProcessRow(BUS, 1, Role.FLIGHT, ())], "reserved"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(rows: list[ProcessRow], message: str) -> None:
    topics = TopicTable([Topic("truth.x", Number, "app"), Topic("cds.app", Share, "app")])
    with pytest.raises(TableError, match=message):
        ProcessTable(rows, topics)


def test_two_writers_of_one_actuator_are_refused() -> None:
    with pytest.raises(TableError, match="declared twice"):
        TopicTable([Topic("a", Number, "x", actuator=True), Topic("a", Number, "y", actuator=True)])
