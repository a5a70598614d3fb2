"""Brings logs of earlier versions to today's declarations, by steps that are declared here and nowhere else.

Two kinds. A *format* step takes the objects of a log from format n to n + 1 (`FORMATS`). A *schema* step says what
was done to a topic's declaration (`CHANGES`, oldest first): it applies to a log that shows the state before it. What
no step explains is not guessed at: the log is refused, naming the topics that differ and who wrote it.

A field that a step fills in was never said. `Upgrade.filled` names those, so that nothing compares or checks them.

Whoever changes a message's declaration adds a step here if an honest one exists: a default that the old version
would have said, never a made-up figure. Called by `bus.logreader`; records are upgraded as they are read, and the
hash stays that of the log as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from flightsw.bus.records import MESSAGE, TickRecord
from flightsw.errors import LogError
from flightsw.messages.schema import TopicSchema


class Format(NamedTuple):
    """From one log format to the next: the header's map, and a tick's `[tick, inputs, entries]`, decoded."""

    header: Callable[[dict[str, Any]], dict[str, Any]]
    record: Callable[[list[Any]], list[Any]]


FORMATS: Mapping[int, Format] = {}
"""By the format that a step starts from. Format 1 is the first that was ever written."""


class TopicAdded(NamedTuple):
    """Old logs say nothing on it."""

    topic: str


class TopicRemoved(NamedTuple):
    """What old logs say on it is dropped."""

    topic: str


class TopicRenamed(NamedTuple):
    """Said under another name."""

    topic: str
    to: str


class FieldAdded(NamedTuple):
    """Filled in with what the old version would have said."""

    topic: str
    field: str
    value: Any


class FieldRemoved(NamedTuple):
    """Dropped."""

    topic: str
    field: str


class FieldRenamed(NamedTuple):
    """The same value under another name."""

    topic: str
    field: str
    to: str


class FieldWidened(NamedTuple):
    """Every value of the old type is one of the new: an enum with more members, a float that may be None."""

    topic: str
    field: str
    was: str
    """the old type in the words of `messages.schema`"""


Change = TopicAdded | TopicRemoved | TopicRenamed | FieldAdded | FieldRemoved | FieldRenamed | FieldWidened

CHANGES: tuple[Change, ...] = (
    # Radiation came: until then there was no upset, latch-up or interrupt.
    FieldAdded("hw.device", "sel", value=False),
    FieldAdded("hw.device", "sefi", value=False),
    FieldAdded("hw.device", "upsets", value=[]),
    # Charge control came: until then the charger had its own limits alone.
    TopicAdded("power.charge"),
    FieldAdded("cds.power", "charge_most_a", value=None),
    # Pumps had one speed.
    TopicAdded("thermal.pumps"),
    # Faults came to be injected into a run under way: until then nobody did.
    TopicAdded("truth.injection"),
    # A board's agent came to tell how long it waited for a processor: until then it didn't say.
    FieldAdded("hw.board", "queued_s", value=None),
)


class _Old:
    """An old topic on its way to today's names: per field name, where its value comes from."""

    def __init__(self, schema: TopicSchema) -> None:
        self.producer = schema.producer
        self.types: dict[str, str | None] = dict(_types(schema))
        """None: whatever it is today, by a step's word"""
        self.place: dict[str, int | None] = {field.name: place for place, field in enumerate(schema.fields)}
        self.values: dict[str, Any] = {}

    def drop(self, field: str) -> None:
        """Forget a field."""
        del self.types[field], self.place[field]
        self.values.pop(field, None)

    def rename(self, field: str, to: str) -> None:
        """Give a field another name."""
        self.types[to], self.place[to] = self.types.pop(field), self.place.pop(field)
        if field in self.values:
            self.values[to] = self.values.pop(field)


class Upgrade:
    """From a log's topics to today's. Empty `changed`: nothing is to be done."""

    def __init__(self, theirs: Sequence[TopicSchema], ours: Sequence[TopicSchema], changes: Sequence[Change]) -> None:
        """Raises LogError when no declared step explains a difference; its text names the topics."""
        old = {schema.name: (number, _Old(schema)) for number, schema in enumerate(theirs)}
        today = {schema.name: schema for schema in ours}
        self.topics = tuple(ours)
        self.added: set[str] = set()
        """topics that the log's version hadn't"""
        for change in changes:
            _apply(change, old, today, self.added)
        strange = sorted(
            name
            for name in old.keys() | today.keys()
            if not (name in self.added and name not in old) and not _explained(old.get(name), today.get(name))
        )
        if strange:
            raise LogError(", ".join(strange))
        self.filled = frozenset((name, field) for name, (_, topic) in old.items() for field in topic.values)
        self._numbers: dict[int, int] = {}
        self._plans: dict[int, list[tuple[int | None, Any]] | None] = {}
        self.changed: list[str] = sorted(self.added)
        """topics that aren't what they were, by today's name; those dropped by their old one"""
        for place, (name, schema) in enumerate(today.items()):
            if name in old:
                number, topic = old[name]
                self._numbers[number] = place
                plan = [(topic.place[field.name], topic.values.get(field.name)) for field in schema.fields]
                alike = [source for source, _ in plan] == list(range(len(theirs[number].fields)))
                self._plans[number] = None if alike else plan
                if theirs[number].name != name or _types(theirs[number]) != _types(schema):
                    self.changed.append(name)
        self.changed += [schema.name for number, schema in enumerate(theirs) if number not in self._numbers]

    def record(self, record: TickRecord) -> TickRecord:
        """The tick as today's version would have written it."""
        numbers = self._numbers
        inputs = tuple(
            (MESSAGE, self._entry(*item[1])) if item[0] == MESSAGE else item
            for item in record.inputs
            if item[0] != MESSAGE or item[1][0] in numbers
        )
        return TickRecord(record.tick, inputs, [self._entry(*entry) for entry in record.entries if entry[0] in numbers])

    def _entry(self, number: int, payload: msgspec.Raw) -> tuple[int, msgspec.Raw]:
        plan = self._plans[number]
        if plan is None:
            return self._numbers[number], payload
        values = msgspec.msgpack.decode(payload)
        told = [value if place is None else values[place] for place, value in plan]
        return self._numbers[number], msgspec.Raw(msgspec.msgpack.encode(told))


_OldTopics = dict[str, tuple[int, _Old]]


def _apply(change: Change, old: _OldTopics, today: Mapping[str, TopicSchema], added: set[str]) -> None:
    """Take one step, where the log shows the state before it."""
    name = change.topic
    topic = old[name][1] if name in old else None
    match change:
        case TopicAdded() if topic is None:
            added.add(name)
        case TopicRemoved() if topic is not None and name not in today:
            del old[name]
        case TopicRenamed(to=to) if topic is not None and to not in old:
            old[to] = old.pop(name)
        case FieldAdded(field=field, value=value) if topic is not None and field not in topic.types:
            topic.types[field], topic.place[field], topic.values[field] = None, None, value
        case FieldRemoved(field=field) if topic is not None and field in topic.types:
            topic.drop(field)
        case FieldRenamed(field=field, to=to) if topic is not None and field in topic.types and to not in topic.types:
            topic.rename(field, to)
        case FieldWidened(field=field, was=was) if topic is not None and topic.types.get(field) == was:
            topic.types[field] = None


def _types(schema: TopicSchema) -> list[tuple[str, str]]:
    """What decides how a payload reads; a unit follows from the field's name."""
    return [(field.name, field.type) for field in schema.fields]


def _explained(old: tuple[int, _Old] | None, schema: TopicSchema | None) -> bool:
    """The topic, after all steps, is today's."""
    if old is None or schema is None:
        return False
    _, topic = old
    kinds = dict(_types(schema))
    return (
        topic.producer == schema.producer
        and topic.types.keys() == kinds.keys()
        and all(kind in (None, kinds[field]) for field, kind in topic.types.items())
    )
