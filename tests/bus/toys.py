"""A tiny node for testing the bus alone: a counter, an echo of it, and a listener, with their own messages."""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.bus.application import Inbox, Now
from flightsw.bus.table import ProcessRow, ProcessTable, Role
from flightsw.messages.base import Count, Fraction, Message
from flightsw.messages.health import BusEvent, RestartRequest
from flightsw.messages.topics import BUS, OUTSIDE, RESTART, Topic, TopicTable


class Number(Message):
    value: Count


class Echo(Message):
    value: Count
    heard: Count


class Poke(Message):
    value: Count


class Memory(Message):
    value: Count


class Share(Message):
    share: Fraction


TOPICS = (
    Topic("bus.event", BusEvent, BUS, depth=8, wakes=True),
    Topic("poke", Poke, OUTSIDE, depth=2, wakes=True),
    Topic("number", Number, "counter"),
    Topic("echo", Echo, "echo", depth=3),
    Topic("cds.echo", Memory, "echo"),
    Topic("share", Share, "listener"),
    Topic(RESTART, RestartRequest, "listener", depth=4),
)


def toy_table(**periods: int) -> ProcessTable:
    """counter (infrastructure) -> echo -> listener; `periods` by process name."""
    rows = (
        ProcessRow("counter", 1, Role.INFRASTRUCTURE, (), period_ticks=periods.get("counter", 1)),
        ProcessRow("echo", 2, Role.FLIGHT, ("number", "poke"), period_ticks=periods.get("echo", 1), restart_ticks=3),
        ProcessRow(
            "listener", 3, Role.FLIGHT, ("echo", "number", "bus.event"), period_ticks=periods.get("listener", 1)
        ),
    )
    return ProcessTable(rows, TopicTable(TOPICS))


class Counter:
    def __init__(self) -> None:
        self.value = 0

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        self.value += 1
        return [Number(self.value)]


class EchoApp:
    """Counts what it hears; remembers the count through a restart."""

    def __init__(self) -> None:
        self.heard = 0

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        if memory := inbox.last(Memory):
            self.heard = memory.value
        number = inbox.last(Number)
        self.heard += len(inbox.all(Number))
        return [Echo(number.value if number else 0, self.heard), Memory(self.heard)]


class Listener:
    def __init__(self) -> None:
        self.seen: list[tuple[int, str, Message]] = []

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        self.seen += [(now.tick, source, message) for source, message in inbox]
        return [Share(1.0)]


APPLICATIONS = {"counter": Counter, "echo": EchoApp, "listener": Listener}
