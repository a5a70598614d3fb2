"""Scripted faults on the bus: what is delivered in place of what was said, who is not asked, and when."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from flightsw.bus import faults as bus
from flightsw.bus.application import Inbox, Now
from flightsw.bus.exchange import Exchange
from flightsw.bus.faults import BusFault
from flightsw.bus.occurrence import Occurrence
from flightsw.bus.port import Codec, Port
from flightsw.bus.rebuild import bus_faults, replay, wire_exchange
from flightsw.bus.records import TickRecord
from flightsw.messages.topics import BUS, TopicTable
from tests.bus.toys import APPLICATIONS, TOPICS, Echo, EchoApp, Listener, Number, toy_table

NUMBER, ECHO = (TopicTable(TOPICS).number[name] for name in ("number", "echo"))


def at(tick: int, lasts: int | None = None) -> Occurrence:
    return Occurrence(first_tick=tick, lasts_ticks=lasts, stream=f"fault.{tick}")


class Node:
    """The toy node with faults: what the listener sees of which tick."""

    def __init__(self, *faults: BusFault, seed: int = 1) -> None:
        self.table = toy_table()
        codec = Codec(self.table.topics)
        self.ports = {row.name: Port(row.name, codec) for row in self.table.rows}
        script = bus_faults(faults, seed, codec)
        self.exchange = Exchange(self.table, Port(BUS, codec).entry, codec.of_entry, script)
        self.applications = {name: kind() for name, kind in APPLICATIONS.items()}
        self.granted: list[set[str]] = []

    def run(self, ticks: int) -> list[TickRecord]:
        records = []
        for tick in range(self.exchange.tick, self.exchange.tick + ticks):
            grants = self.exchange.begin()
            crashing = self.exchange.crashing
            self.granted.append({name for name, _ in grants})
            for name, inbox in grants:
                if name in crashing:
                    continue
                application = self.applications[name]
                said = application.step(Now(tick, tick, 1.0), Inbox(inbox))
                self.exchange.accept(name, self.ports[name].outbox(said))
            for name in crashing:
                self.exchange.lose(name)
                self.applications[name] = APPLICATIONS[name]()
            records.append(self.exchange.finish())
        return records

    @property
    def numbers(self) -> list[tuple[int, int]]:
        """(tick seen, value) of the counter's numbers, as the listener got them."""
        listener = self.applications["listener"]
        assert isinstance(listener, Listener)
        return [(tick, message.value) for tick, _, message in listener.seen if isinstance(message, Number)]


def said(records: Sequence[TickRecord]) -> list[list[tuple[int, bytes]]]:
    return [[(entry[0], bytes(entry[1])) for entry in record.entries] for record in records]


def test_without_faults_there_is_no_stage_at_all() -> None:
    assert bus_faults((), 1, Codec(toy_table().topics)).is_idle
    node = Node()
    assert node.exchange._faults is None
    node.run(4)
    assert node.numbers == [(1, 1), (2, 2), (3, 3)]


def test_a_dropped_message_is_in_the_log_and_in_no_mailbox() -> None:
    node = Node(BusFault(bus.DROP, at(2, lasts=2), topic=NUMBER))
    records = node.run(6)
    assert [[e[3].value for e in r.entries if e[0] == NUMBER] for r in records] == [[1], [2], [3], [4], [5], [6]]
    assert node.numbers == [(1, 1), (2, 2), (5, 5)]


def test_a_delayed_message_comes_so_much_later_and_before_what_is_new_then() -> None:
    node = Node(BusFault(bus.DELAY, at(1, lasts=1), topic=NUMBER, ticks=2))
    node.run(6)
    # 2 was said in tick 1 and would have been seen in 2; in tick 4 the sampled topic's newest wins, and that is 4
    assert node.numbers == [(1, 1), (3, 3), (4, 4), (5, 5)]


def test_a_message_out_of_order_hides_the_newer_one() -> None:
    node = Node(BusFault(bus.REORDER, at(1, lasts=1), topic=NUMBER))
    node.run(5)
    assert node.numbers == [(1, 1), (3, 2), (4, 4)]


def test_a_doubled_message_of_a_queued_topic_is_heard_twice() -> None:
    node = Node(BusFault(bus.DUPLICATE, at(1, lasts=1), topic=ECHO))
    node.run(4)
    listener = node.applications["listener"]
    assert isinstance(listener, Listener)
    ticks = [tick for tick, _, message in listener.seen if isinstance(message, Echo)]
    assert ticks == [1, 2, 2, 3]


def test_a_flipped_bit_arrives_changed_or_not_at_all_and_never_the_same() -> None:
    node = Node(BusFault(bus.CORRUPT, at(0), topic=NUMBER))
    node.run(60)
    assert 0 < len(node.numbers) < 59
    assert all(value != tick for tick, value in node.numbers)


def test_about_the_share_that_is_asked_for_is_taken() -> None:
    node = Node(BusFault(bus.DROP, at(0), topic=NUMBER, share=0.3))
    node.run(400)
    assert 0.6 < len(node.numbers) / 400 < 0.8


def test_a_process_that_hangs_is_asked_nothing_and_goes_on_as_it_was() -> None:
    node = Node(BusFault(bus.HANG, at(3, lasts=4), process="echo"))
    node.run(10)
    assert ["echo" in granted for granted in node.granted] == [True] * 3 + [False] * 4 + [True] * 3
    echo = node.applications["echo"]
    assert isinstance(echo, EchoApp)
    assert echo.heard == 5  # of nine numbers; of those that came while it hung the newest alone is left
    assert node.exchange.incarnation("echo") == 0


def test_an_inbox_that_waits_for_ever_doesn_t_grow() -> None:
    node = Node(BusFault(bus.HANG, at(0), process="listener"))
    node.run(300)
    node.exchange.begin()
    seat = node.exchange._by_name["listener"]
    assert len(seat.mailbox) <= 12


def test_a_restart_ends_a_hang() -> None:
    node = Node(BusFault(bus.HANG, at(2), process="echo"))
    node.run(5)
    assert "echo" not in node.granted[-1]
    node.exchange.begin()
    node.exchange.lose("echo")
    for name in sorted(node.exchange.waiting):
        node.exchange.accept(name, [])
    node.exchange.finish()
    node.run(6)
    assert "echo" in node.granted[-1]


def test_a_slow_process_is_heard_late_in_all_that_it_says() -> None:
    node = Node(BusFault(bus.SLOW, at(0), process="counter", ticks=3))
    node.run(8)
    assert node.numbers == [(4, 1), (5, 2), (6, 3), (7, 4)]


def test_a_crash_happens_only_to_who_is_there() -> None:
    node = Node(
        BusFault(bus.CRASH, at(2, lasts=1), process="echo"), BusFault(bus.CRASH, at(3, lasts=1), process="echo")
    )
    records = node.run(8)
    kinds = [(record.tick, item[0]) for record in records for item in record.inputs]
    assert kinds == [(2, "lost"), (5, "rejoin")]


@pytest.mark.parametrize("kind", [bus.DROP, bus.DELAY, bus.DUPLICATE, bus.CORRUPT, bus.REORDER])
def test_the_exchange_of_a_log_delivers_the_same_under_every_message_fault(kind: str) -> None:
    faults = (
        BusFault(kind, Occurrence(chance=0.2, lasts_ticks=3, stream="fault.0"), topic=NUMBER, ticks=2, share=0.7),
        BusFault(bus.HANG, at(40, lasts=7), process="listener"),
    )
    node = Node(*faults)
    granted = []
    records = []
    for _ in range(80):
        before = node.exchange.tick
        records += node.run(1)
        granted.append((before, node.granted[-1]))
    wire = wire_exchange(node.table, faults, seed=1)
    inboxes = [{name: [(e[0], bytes(e[1])) for e in inbox] for name, inbox in replay(wire, r)} for r in records]
    assert [set(one) for one in inboxes] == [one for _, one in granted]
    seen = [
        (tick, Codec(node.table.topics).decode(*e)) for tick, one in enumerate(inboxes) for e in one.get("listener", ())
    ]
    listener = node.applications["listener"]
    assert isinstance(listener, Listener)
    assert seen == [(tick, message) for tick, _, message in listener.seen]


def test_another_seed_takes_other_messages() -> None:
    fault = BusFault(bus.DROP, at(0), topic=NUMBER, share=0.5)
    one, again, other = Node(fault), Node(fault), Node(fault, seed=2)
    for node in (one, again, other):
        node.run(50)
    assert one.numbers == again.numbers
    assert one.numbers != other.numbers
