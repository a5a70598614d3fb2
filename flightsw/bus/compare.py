"""Compares what two logs say, or a log and its replay: message by message, field by field.

Within a tick the k-th message of a topic on one side meets the k-th on the other, whatever else was said between
them; one without a partner is missing or extra, and that is a difference. Fields meet by name, so that logs of two
versions can be compared in what they share. Called by `node.replay`, `node.appreplay` and `record.diff`.

Without a rule a value must be the same to the last bit. Deviations are those from the first side, the log's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec

from flightsw.bus.seats import Entry
from flightsw.messages.schema import TopicSchema, enum_words, worded

NOTHING = "nothing"
WHOLE_TOPIC = "*"
"""instead of a field: all of them"""
ORDER = "order"


class Tolerance(msgspec.Struct, frozen=True):
    """How far a number may be off: either is enough."""

    absolute: float = 0.0
    """in the field's own unit"""
    relative: float = 0.0
    """as a share of the first side's value"""


class Rules(msgspec.Struct, frozen=True):
    """What is declared not to count. Keys are (topic, field)."""

    ignored: frozenset[tuple[str, str]] = frozenset()
    tolerances: Mapping[tuple[str, str], Tolerance] = {}

    def ignores(self, topic: str, field: str) -> bool:
        """Nothing in this field counts."""
        return (topic, field) in self.ignored or (topic, WHOLE_TOPIC) in self.ignored


EXACT = Rules()


class Difference(msgspec.Struct, frozen=True):
    """One place where the two sides say different things."""

    tick: int
    topic: str
    field: str
    """with its index in a list: `node_c[2]`; empty: the message as a whole"""
    logged: str
    """what the first side says; `nothing`: the message is missing there"""
    replayed: str
    """what the second says"""

    @property
    def place(self) -> str:
        """Topic and field in one."""
        return f"{self.topic}.{self.field}" if self.field else self.topic


class FieldTally(msgspec.Struct):
    """What became of one field."""

    field: str
    ignored: bool
    tolerance: Tolerance | None
    differing: int = 0
    """messages in which it was off by more than its tolerance"""
    worst_absolute: float | None = None
    """largest deviation of a number, within its tolerance or not; None: none was off"""
    worst_relative: float | None = None


class TopicTally(msgspec.Struct):
    """What became of one topic."""

    topic: str
    fields: list[FieldTally]
    compared: int = 0
    """messages that both sides have"""
    differing: int = 0
    """of these"""
    missing: int = 0
    """the first side has them alone"""
    extra: int = 0
    """the second side has them alone"""
    first_tick: int | None = None
    """of a difference"""

    @property
    def same(self) -> bool:
        """Nothing of it differs."""
        return self.first_tick is None

    @property
    def counted_fields(self) -> int:
        """Fields that aren't ignored."""
        return sum(1 for field in self.fields if not field.ignored)


class _Pair(NamedTuple):
    """A field that both sides have, and its place on each."""

    tally: FieldTally
    left: int
    right: int
    left_words: dict[int, str] | None
    """names of an enumeration's values"""
    right_words: dict[int, str] | None


class _Lane(NamedTuple):
    """A topic that both sides have: its tally, and per common field the places on both sides."""

    tally: TopicTally
    fields: tuple[_Pair, ...]


_Said = tuple[str, bytes]
"""(topic, payload)"""


class Comparison:
    """Takes both sides' messages tick by tick. `wanted`: which topics count at all."""

    def __init__(
        self,
        left: Sequence[TopicSchema],
        right: Sequence[TopicSchema],
        rules: Rules = EXACT,
        wanted: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._left = [topic.name for topic in left]
        self._right = [topic.name for topic in right]
        others = {topic.name: topic for topic in right}
        self._lanes = {
            topic.name: _lane(topic, others[topic.name], rules)
            for topic in left
            if topic.name in others and wanted(topic.name)
        }
        self._alike = {topic.name: topic.fields for topic in left} == {topic.name: topic.fields for topic in right}
        self.first: Difference | None = None
        self.reordered = 0
        """ticks in which nothing but the order of topics differs"""

    @property
    def topics(self) -> list[TopicTally]:
        """The tallies of the topics that both sides declare, in the first side's order."""
        return [lane.tally for lane in self._lanes.values()]

    @property
    def compared(self) -> int:
        """Messages compared in at least one field, and those that one side has alone."""
        return sum(
            (tally.compared if tally.counted_fields else 0) + tally.missing + tally.extra for tally in self.topics
        )

    @property
    def same(self) -> bool:
        """No difference so far."""
        return self.first is None

    def add(self, tick: int, left: Iterable[Entry], right: Iterable[Entry]) -> None:
        """Compare one tick. Each side's entries: (topic number on its own side, payload, ...)."""
        ours = [(self._left[entry[0]], bytes(entry[1])) for entry in left]
        theirs = [(self._right[entry[0]], bytes(entry[1])) for entry in right]
        if self._alike and ours == theirs:
            for name, _ in ours:
                if name in self._lanes:
                    self._lanes[name].tally.compared += 1
        elif not self._pair(tick, ours, theirs):
            self._check_order(tick, ours, theirs)

    def _pair(self, tick: int, ours: list[_Said], theirs: list[_Said]) -> bool:
        """Compare what has a partner, count what hasn't; whether there was a difference."""
        waiting: dict[str, list[tuple[int, bytes]]] = {}
        for place, (name, payload) in reversed(list(enumerate(theirs))):
            waiting.setdefault(name, []).append((place, payload))
        placed: list[tuple[int, Difference]] = []
        for place, (name, payload) in enumerate(ours):
            lane = self._lanes.get(name)
            if lane is None:
                continue
            if partners := waiting.get(name):
                placed += [(place, one) for one in self._compare(tick, lane, payload, partners.pop()[1])]
            else:
                lane.tally.missing += 1
                placed.append((place, Difference(tick, name, "", _message(lane, payload, 1), NOTHING)))
        for name, lane in self._lanes.items():
            for place, payload in waiting.get(name, ()):
                lane.tally.extra += 1
                placed.append((place, Difference(tick, name, "", NOTHING, _message(lane, payload, 2))))
        found = [difference for _, difference in sorted(placed, key=lambda one: one[0])]
        for difference in found:
            tally = self._lanes[difference.topic].tally
            if tally.first_tick is None:
                tally.first_tick = tick
        self.first = self.first or (found[0] if found else None)
        return bool(found)

    def _check_order(self, tick: int, ours: list[_Said], theirs: list[_Said]) -> None:
        first = [name for name, _ in ours if name in self._lanes]
        second = [name for name, _ in theirs if name in self._lanes]
        for one, other in zip_longest(first, second):
            if one != other:
                self.reordered += 1
                self.first = self.first or Difference(tick, one, ORDER, f"{one} here", f"{other} here")
                return

    def _compare(self, tick: int, lane: _Lane, ours: bytes, theirs: bytes) -> list[Difference]:
        tally = lane.tally
        tally.compared += 1
        if self._alike and ours == theirs:
            return []
        left, right = msgspec.msgpack.decode(ours), msgspec.msgpack.decode(theirs)
        differences = []
        for field, place, other, words, others in lane.fields:
            if field.ignored:
                continue
            found = _Deviation()
            found.look(worded(_at(left, place), words), worded(_at(right, other), others), "", field.tolerance)
            field.worst_absolute = _larger(field.worst_absolute, found.absolute)
            field.worst_relative = _larger(field.worst_relative, found.relative)
            if found.first is not None:
                where, one, two = found.first
                field.differing += 1
                differences.append(Difference(tick, tally.topic, field.field + where, _text(one), _text(two)))
        tally.differing += bool(differences)
        return differences


class _Deviation:
    """How far two values are apart, lists and maps item by item."""

    def __init__(self) -> None:
        self.first: tuple[str, Any, Any] | None = None
        """(index within the field, one value, the other) of the first that counts"""
        self.absolute: float | None = None
        self.relative: float | None = None

    def look(self, one: Any, two: Any, where: str, tolerance: Tolerance | None) -> None:
        """Compare two values."""
        if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
            for index, pair in enumerate(zip(one, two, strict=True)):
                self.look(*pair, f"{where}[{index}]", tolerance)
        elif isinstance(one, dict) and isinstance(two, dict) and one.keys() == two.keys():
            for key in one:
                self.look(one[key], two[key], f"{where}.{key}", tolerance)
        elif repr(one) != repr(two) and not (_is_number(one) and _is_number(two) and self._within(one, two, tolerance)):
            self.first = self.first or (where, one, two)

    def _within(self, one: float, two: float, tolerance: Tolerance | None) -> bool:
        absolute = abs(two - one)
        relative = absolute / abs(one) if one else math.inf if absolute else 0.0
        self.absolute = _larger(self.absolute, absolute)
        if math.isfinite(relative):
            self.relative = _larger(self.relative, relative)
        return tolerance is not None and (absolute <= tolerance.absolute or relative <= tolerance.relative)


def _lane(topic: TopicSchema, other: TopicSchema, rules: Rules) -> _Lane:
    others = {field.name: (place, field) for place, field in enumerate(other.fields)}
    pairs = []
    for place, field in enumerate(topic.fields):
        if field.name in others:
            tolerance = rules.tolerances.get((topic.name, field.name))
            tally = FieldTally(field.name, rules.ignores(topic.name, field.name), tolerance)
            other_place, other_field = others[field.name]
            pairs.append(_Pair(tally, place, other_place, enum_words(field), enum_words(other_field)))
    return _Lane(TopicTally(topic.name, [pair.tally for pair in pairs]), tuple(pairs))


def _message(lane: _Lane, payload: bytes, side: int) -> str:
    """A whole message in words, by the fields that both sides know."""
    values = msgspec.msgpack.decode(payload)
    places = [(pair.tally.field, pair.left if side == 1 else pair.right) for pair in lane.fields]
    return ", ".join(f"{name}={_text(_at(values, place))}" for name, place in places) or "a message"


def _at(values: list[Any], place: int) -> Any:
    return values[place] if place < len(values) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _larger(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else max(one, other)


def _text(value: Any) -> str:
    return "-" if value is None else repr(value)
