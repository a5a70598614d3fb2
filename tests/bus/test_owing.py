"""A process that can't be paused owes an answer, is granted nothing meanwhile, and its late answer counts."""

from __future__ import annotations

import pytest

from flightsw.bus.exchange import Exchange
from flightsw.bus.port import Codec, Port
from flightsw.bus.rebuild import replay, wire_exchange
from flightsw.bus.records import LATE, LOST, OVERDUE, SKIPPED, TickRecord
from flightsw.bus.seats import Entry
from flightsw.errors import BusError, MessageError
from tests.bus.toys import Echo, Memory, Number, toy_table


class Node:
    """A toy exchange whose echo answers when it is told to."""

    def __init__(self) -> None:
        self.table = toy_table()
        self.exchange: Exchange = wire_exchange(self.table)
        codec = Codec(self.table.topics)
        self.ports = {name: Port(name, codec) for name in ("counter", "echo", "listener")}
        self.records: list[TickRecord] = []
        self.inboxes: dict[int, int] = {}
        """messages that echo was granted, by tick"""

    def said(self, name: str, *messages: object) -> list[Entry]:
        return [entry[:2] for entry in self.ports[name].outbox(messages)]

    def tick(self, *, answers: bool, late: int | None = None) -> TickRecord:
        """One tick; `late`: what echo says to the tick that it owes."""
        exchange = self.exchange
        old = [] if late is None else [("echo", self.said("echo", Echo(late, 0), Memory(late)))]
        for name, inbox in exchange.begin(late=old):
            if name == "counter":
                exchange.accept(name, self.said(name, Number(exchange.tick)))
            elif name == "listener":
                exchange.accept(name, [])
            else:
                self.inboxes[exchange.tick] = len(inbox)
                if answers:
                    exchange.accept(name, self.said(name, Echo(exchange.tick, 1)))
        for name in sorted(exchange.waiting):
            exchange.owe(name)
        self.records.append(exchange.finish())
        return self.records[-1]

    def values(self, tick: int) -> list[int]:
        """What echo says in a record."""
        number = self.table.topics.number["echo"]
        codec = Codec(self.table.topics)
        return [codec.of_entry(entry).value for entry in self.records[tick].entries if entry[0] == number]


def flown() -> Node:
    """Echo answers tick 0, owes tick 1 until tick 4 begins, and answers that one in time."""
    node = Node()
    node.tick(answers=True)
    node.tick(answers=False)
    node.tick(answers=True)
    node.tick(answers=True)
    node.tick(answers=True, late=101)
    return node


def test_a_late_answer_counts_once_in_the_tick_that_it_comes_in_with_the_tick_that_it_answers() -> None:
    node = flown()
    assert [node.values(tick) for tick in range(5)] == [[0], [], [], [], [101, 4]]
    assert [record.inputs for record in node.records[1:]] == [
        ((OVERDUE, "echo"),),
        ((SKIPPED, "echo"),),
        ((SKIPPED, "echo"),),
        ((LATE, "echo", 1, 2),),
    ]


def test_whoever_owes_is_granted_nothing_and_finds_the_newest_when_it_is_back() -> None:
    node = flown()
    assert sorted(node.inboxes) == [0, 1, 4]
    assert node.inboxes[4] == 1  # sampled: the last number alone


def test_the_ticks_replay_to_the_same_records() -> None:
    node = flown()
    again = wire_exchange(node.table)
    for record in node.records:
        replay(again, record)
    assert again.tick == 5
    assert again.owed("echo") is None


def test_a_loss_forgets_what_was_owed() -> None:
    node = Node()
    node.tick(answers=False)
    assert node.exchange.owed("echo") == 0
    node.exchange.begin()
    node.exchange.lose("echo")
    for name in sorted(node.exchange.waiting):
        node.exchange.accept(name, [])
    record = node.exchange.finish()
    assert [item[0] for item in record.inputs] == [SKIPPED, LOST]
    assert node.exchange.owed("echo") is None
    with pytest.raises(BusError, match="owes no answer"):
        node.exchange.begin(late=[("echo", [])])


def test_a_late_answer_on_anothers_topic_is_refused() -> None:
    node = Node()
    node.tick(answers=False)
    with pytest.raises(MessageError, match="only writer is 'counter'"):
        node.exchange.begin(late=[("echo", node.said("counter", Number(1)))])
