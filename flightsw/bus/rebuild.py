"""A process's life as the log has it: what it was given and what it said, tick by tick.

Serves the broker (a lost plant is run through it again), single-application replay and the rebuild of a lost bus.
Nothing is stored beside the log: the inboxes follow from it by running the Exchange over it once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from flightsw.bus.exchange import Exchange
from flightsw.bus.faults import BusFault, BusFaults
from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec, Port
from flightsw.bus.records import LOST, MESSAGE, OVERDUE, TickRecord, changes_of, late_of, named
from flightsw.bus.seats import Entry
from flightsw.bus.table import ProcessTable
from flightsw.errors import BusError
from flightsw.messages.base import Message
from flightsw.messages.topics import BUS


class LoggedStep(NamedTuple):
    """One granted tick of one process."""

    tick: int
    inbox: Sequence[Entry]
    said: list[Entry]
    """what it published in that tick, in order"""
    fresh: bool
    """its first tick after a start or restart: an application is built anew for it"""
    changes: tuple[Mapping[str, Any], ...]
    """new configurations since its last step, this tick's included"""


def wire_exchange(table: ProcessTable, faults: Sequence[BusFault] = (), seed: int = 0) -> Exchange:
    """An Exchange over (topic number, payload) entries, with scripted faults."""
    codec = Codec(table.topics)
    port = Port(BUS, codec)

    def to_entry(message: Message) -> Entry:
        return port.entry(message)[:2]

    return Exchange(table, to_entry, codec.of_entry, bus_faults(faults, seed, codec))


def bus_faults(faults: Sequence[BusFault], seed: int, codec: Codec) -> BusFaults:
    """What an Exchange of either host takes: those of the script, and room for those that come in."""
    return BusFaults(faults, seed, codec.topics, codec.flipped)


def replay(exchange: Exchange, record: TickRecord) -> list[tuple[str, Sequence[Entry]]]:
    """Run a whole logged tick again; the grants it had. Raises BusError when the bus's own part differs."""
    if record.tick != exchange.tick:
        raise BusError(f"the log has tick {record.tick} where tick {exchange.tick} is due")
    messages = [item[1] for item in record.inputs if item[0] == MESSAGE]
    outboxes: dict[str, list[Entry]] = {}
    topics = exchange.table.topics.topics
    for entry in record.entries:
        outboxes.setdefault(topics[entry[0]].producer, []).append(entry)
    late = []
    for name, _, said in late_of(record):
        late.append((name, outboxes.get(name, [])[:said]))
        outboxes[name] = outboxes.get(name, [])[said:]
    grants = exchange.begin(messages, changes_of(record), late)
    lost = named(record, LOST)
    overdue = named(record, OVERDUE)
    for name in lost:
        if name not in exchange.restarted:
            exchange.lose(name)
    for name, _ in grants:
        if name in overdue:
            exchange.owe(name)
        elif name not in lost:
            exchange.accept(name, outboxes.get(name, ()))
    again = exchange.finish()
    if len(again.entries) != len(record.entries) or len(again.inputs) != len(record.inputs):
        raise BusError(f"tick {record.tick} of the log doesn't follow from the ticks before it")
    return grants


def logged_steps(
    reader: LogReader,
    table: ProcessTable,
    name: str,
    end_tick: int | None = None,
    exchange: Exchange | None = None,
) -> Iterator[LoggedStep]:
    """Every tick that the process was granted and answered, before `end_tick`. Raises LogError, BusError.

    `exchange`: a new one of the caller's, who wants to see it afterwards, or whose run has scripted faults.
    """
    exchange = exchange or wire_exchange(table)
    mine = set(table.topics.published_by(name).values())
    incarnation = -1
    changes: tuple[Mapping[str, Any], ...] = ()
    owed: LoggedStep | None = None
    for record in reader.ticks():
        if end_tick is not None and record.tick >= end_tick:
            return
        if (found := changes_of(record)) is not None:
            changes = (*changes, found)
        grants = replay(exchange, record)
        said = [entry for entry in record.entries if entry[0] in mine]
        for late, _, count in late_of(record):
            if late == name and owed is not None:
                yield owed._replace(said=said[:count])
                owed, said = None, said[count:]
        if name in exchange.absent():
            owed = None
            continue
        for granted, inbox in grants:
            if granted == name:
                fresh = exchange.incarnation(name) != incarnation
                incarnation = exchange.incarnation(name)
                step = LoggedStep(record.tick, inbox, said, fresh, changes)
                changes = ()
                if name in named(record, OVERDUE):
                    owed = step
                else:
                    yield step


def in_chunks(steps: Iterable[LoggedStep], most: int) -> Iterator[list[LoggedStep]]:
    """Runs of consecutive ticks, so many at most: what can be granted at once."""
    chunk: list[LoggedStep] = []
    for step in steps:
        if chunk and (chunk[-1].tick != step.tick - 1 or len(chunk) >= most):
            yield chunk
            chunk = []
        chunk.append(step)
    if chunk:
        yield chunk
