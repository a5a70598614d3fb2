"""A run's log as columns: one value a tick of each signal that is asked for, read in one streaming pass.

Everything is taken from the log's own header, so that topics of a user's own applications read as the shipped ones do.
Of a topic that isn't asked for, no payload is decoded. Read by `regress` (requirements, baselines, comparison).

    columns = read_columns(run_dir, ["power.soc", "health.mode"])
    columns.time_s, columns["power.soc"], columns.counts["power.status"], columns.events["health", "mode.changed"]

What stands at tick n is what was said in tick n; a topic that says nothing in a tick keeps its last value; of several
messages in one tick the last one counts. Before the first message, and for None, a value is NaN. A flag is 0 or 1, an
enumeration its number.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from flightsw.bus.logreader import LogReader, sound
from flightsw.bus.records import MESSAGE, TickRecord
from flightsw.errors import ConfigError, LogError
from flightsw.messages.schema import ENUM_TYPE, EVENT_FIELDS, FieldSchema, TopicSchema, is_event_topic, members_of
from flightsw.messages.signals import Signal, find_logged_signal
from flightsw.messages.topics import BUS

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

BLOCK_TICKS = 1 << 16
NAN = float("nan")
_MAP = re.compile(r"map\[[^\]]*\]")
_Place = tuple[int, int | None]
"""(place of the field in the payload, element of it)"""
_NUMBERS = frozenset({"bool", "int", "float", "null"})


@dataclass(frozen=True)
class Columns:
    """Columns of a run, `len(time_s)` values each."""

    dt_s: float
    time_s: FloatArray
    """start of each logged tick"""
    values: dict[str, FloatArray]
    """by the signal's full name"""
    members: dict[str, dict[str, int]]
    """of the signals that are enumerations: number by name"""
    units: dict[str, str]
    counts: dict[str, FloatArray]
    """messages in each tick, by topic, of every topic that a signal or a count was asked of"""
    events: dict[tuple[str, str], IntArray]
    """ticks of each event, by (source, id); of the bus: ("bus", "APP_LOST"), ("bus", "REJOIN")"""
    topics: tuple[TopicSchema, ...]
    """as the log declares them"""
    cycle_ticks: int = 1
    """in a cycle of flight software"""

    def __getitem__(self, name: str) -> FloatArray:
        """The column of a signal, by any name that finds it. Raises ConfigError: unknown, or not read."""
        full = find_logged_signal(name, self.topics).name
        if full not in self.values:
            raise ConfigError(f"signal {full}: not read: must be one of {', '.join(self.values)}")
        return self.values[full]

    def __len__(self) -> int:
        return len(self.time_s)


def field_of(signal: Signal, topics: Iterable[TopicSchema]) -> FieldSchema:
    """The declaration of a signal's field. Raises ConfigError: not a number, or a list without an element picked."""
    (found,) = (
        one for topic in topics if topic.name == signal.topic for one in topic.fields if one.name == signal.field
    )
    kinds = {kind.strip() for kind in _MAP.sub("map", ENUM_TYPE.sub("int", found.type)).split("|")}
    lists = {kind for kind in kinds if kind.endswith("]")}
    if lists and signal.index is None:
        raise ConfigError(f"signal {signal.name}: is a list ({found.type}): must pick an element, {signal.name}[0]")
    if signal.index is not None and not lists:
        raise ConfigError(f"signal {signal.name}: {signal.topic}.{signal.field} is {found.type}: has no elements")
    if not {kind.partition("[")[0] for kind in kinds} <= _NUMBERS:
        raise ConfigError(f"signal {signal.name}: is {found.type}: must be a number, a flag or an enumeration")
    return found


class ColumnReader:
    """The columns of these signals, the message counts of their topics and of `topics`, and all events, in blocks.

    What a block holds is its size and nothing behind it, so that a week-long run is read in little memory. Raises
    ConfigError: a signal or a topic that the log doesn't know or that isn't a number; LogError: no log.
    """

    def __init__(self, run_dir: Path, signals: Sequence[str], topics: Sequence[str] = ()) -> None:
        self.log = LogReader(run_dir)
        declared = self.topics = self.log.header.topics
        """as the log declares them"""
        found = [find_logged_signal(name, declared) for name in signals]
        fields = {signal.name: field_of(signal, declared) for signal in found}
        self._names = [topic.name for topic in declared]
        for topic in topics:
            if topic not in self._names:
                raise ConfigError(f"topic {topic!r}: unknown: must be one of {', '.join(self._names)}")
        self._wanted: dict[str, dict[str, _Place]] = {
            name: {} for name in [*(signal.topic for signal in found), *topics]
        }
        """by topic, then by the signal's name"""
        for signal in found:
            position = [one.name for one in declared[self._names.index(signal.topic)].fields].index(signal.field)
            self._wanted[signal.topic][signal.name] = (position, signal.index)
        self.dt_s = self.log.header.dt_ns / 1e9
        self.units = {name: one.unit for name, one in fields.items()}
        members = {name: members_of(one) for name, one in fields.items()}
        self.members = {name: numbers for name, numbers in members.items() if numbers}

    def blocks(self, block_ticks: int, most_ticks: int | None = None) -> Iterator[Columns]:
        """Block by block, up to the last whole tick; one without a tick where there is none."""
        tracks = {name: _Track(places) for name, places in self._wanted.items()}
        events: dict[tuple[str, str], list[int]] = {}
        hearers = _hearers(self.topics, tracks, events)
        first, due = 0, 0
        with sound(self.log.run_dir):
            for due, record in enumerate(islice(self.log.ticks(), most_ticks), 1):
                try:
                    _let_hear(record, hearers)
                except TypeError as error:  # a figure where a list is due, or the other way round
                    raise LogError(f"{self.log.run_dir}: the log was altered: {error} (tick {record.tick})") from None
                if due - first == block_ticks:
                    yield self._block(first, due, tracks, events)
                    events.clear()
                    first = due
        if due > first or due == 0:
            yield self._block(first, due, tracks, events)

    def _block(
        self, first: int, end: int, tracks: Mapping[str, _Track], events: Mapping[tuple[str, str], list[int]]
    ) -> Columns:
        values: dict[str, FloatArray] = {}
        counts: dict[str, FloatArray] = {}
        for name, track in tracks.items():
            counts[name] = track.counts(first, end)
            values |= track.columns(first, end)
            track.forget()
        return Columns(
            dt_s=self.dt_s,
            time_s=np.arange(first, end, dtype=np.float64) * np.float64(self.dt_s),
            values=values,
            members=self.members,
            units=self.units,
            counts=counts,
            events={key: np.array(at, dtype=np.int64) for key, at in sorted(events.items())},
            topics=self.topics,
            cycle_ticks=self.log.header.cycle_ticks,
        )


def read_columns(
    run_dir: Path, signals: Sequence[str], topics: Sequence[str] = (), most_ticks: int | None = None
) -> Columns:
    """The same as whole columns, up to the last whole tick, or the first `most_ticks`. Raises as `ColumnReader`."""
    return joined(ColumnReader(run_dir, signals, topics).blocks(BLOCK_TICKS, most_ticks))


def joined(blocks: Iterable[Columns]) -> Columns:
    """One after the other as one."""
    pieces = list(blocks)
    first = pieces[0]
    if len(pieces) == 1:
        return first
    keys = sorted({key for piece in pieces for key in piece.events})
    none = np.array([], dtype=np.int64)
    # A column at a time, each let go of when it is done: of a long run there is hardly room for all of it twice.
    return replace(
        first,
        time_s=np.concatenate([piece.time_s for piece in pieces]),
        values={name: np.concatenate([piece.values.pop(name) for piece in pieces]) for name in list(first.values)},
        counts={name: np.concatenate([piece.counts.pop(name) for piece in pieces]) for name in list(first.counts)},
        events={key: np.concatenate([piece.events.get(key, none) for piece in pieces]) for key in keys},
    )


_Hearer = Callable[[int, msgspec.Raw], None]


class _Track:
    """What one topic said since it was last told to forget: the ticks of its messages, and per signal the values."""

    def __init__(self, wanted: Mapping[str, _Place]) -> None:
        self._wanted = dict(sorted(wanted.items(), key=lambda one: one[1][1] is not None))  # whole fields first
        whole = [position for position, index in self._wanted.values() if index is None]
        self._elements = [(position, index) for position, index in self._wanted.values() if index is not None]
        # One position alone would be given bare, so it is asked for twice.
        self._fields = itemgetter(*whole, *whole[:1]) if whole else None
        self._whole = len(whole)
        self._ticks = array("q")
        self._rows = array("d")
        """the wanted values of each message, one message behind the other"""
        self._held = array("d", [NAN] * len(wanted))
        """the row that still stands from before"""

    def hear(self, tick: int, payload: msgspec.Raw) -> None:
        self._ticks.append(tick)
        if self._wanted:
            self._rows.extend(self._row(msgspec.msgpack.decode(payload)))

    def _row(self, values: list[Any]) -> Sequence[float]:
        """Fast where the payload is whole and all of it is known, which is nearly always."""
        try:
            row = [] if self._fields is None else list(self._fields(values)[: self._whole])
            row += [values[position][index] for position, index in self._elements]
        except (IndexError, TypeError):
            return [_element(values, *place) for place in self._wanted.values()]
        return [NAN if value is None else value for value in row] if None in row else row

    def counts(self, first: int, end: int) -> FloatArray:
        return np.bincount(np.array(self._ticks, dtype=np.int64) - first, minlength=end - first).astype(np.float64)

    def columns(self, first: int, end: int) -> dict[str, FloatArray]:
        if not self._wanted:
            return {}
        # Row 0 is what stood before; of several messages in a tick the last one's row stays.
        rows = np.array(self._held + self._rows).reshape(len(self._ticks) + 1, len(self._wanted))
        newest = np.zeros(end - first, dtype=np.int64)
        np.maximum.at(newest, np.array(self._ticks, dtype=np.int64) - first, np.arange(1, len(self._ticks) + 1))
        held = np.maximum.accumulate(newest)
        return {name: rows[held, place] for place, name in enumerate(self._wanted)}

    def forget(self) -> None:
        if self._wanted and self._ticks:
            self._held = self._rows[-len(self._wanted) :]
        self._ticks, self._rows = array("q"), array("d")


def _element(values: list[Any], position: int, index: int | None) -> float:
    """NaN for None, and for an element that isn't there. A payload may be shorter than its declaration: defaults."""
    value = values[position] if position < len(values) else None
    if index is not None and value is not None:
        value = value[index] if index < len(value) else None
    return NAN if value is None else value


def _hearers(
    declared: Sequence[TopicSchema], tracks: Mapping[str, _Track], events: dict[tuple[str, str], list[int]]
) -> dict[int, list[_Hearer]]:
    """Who hears which topic, by its number."""
    hearers: dict[int, list[_Hearer]] = {}
    for number, topic in enumerate(declared):
        mine: list[_Hearer] = [tracks[topic.name].hear] if topic.name in tracks else []
        if is_event_topic(topic):
            mine.append(_event_hearer(topic.producer, events))
        elif topic.producer == BUS and topic.name == "bus.event":
            mine.append(_bus_hearer(topic, events))
        if mine:
            hearers[number] = mine
    return hearers


def _event_hearer(source: str, events: dict[tuple[str, str], list[int]]) -> _Hearer:
    position = EVENT_FIELDS.index("id")

    def hear(tick: int, payload: msgspec.Raw) -> None:
        events.setdefault((source, msgspec.msgpack.decode(payload)[position]), []).append(tick)

    return hear


def _bus_hearer(topic: TopicSchema, events: dict[tuple[str, str], list[int]]) -> _Hearer:
    kinds = {number: name for name, number in members_of(topic.fields[0]).items()}

    def hear(tick: int, payload: msgspec.Raw) -> None:
        events.setdefault((BUS, kinds[msgspec.msgpack.decode(payload)[0]]), []).append(tick)

    return hear


def _let_hear(record: TickRecord, hearers: Mapping[int, list[_Hearer]]) -> None:
    """Those from outside first, as they were delivered."""
    for item in record.inputs:
        if item[0] == MESSAGE:
            for hear in hearers.get(item[1][0], ()):
                hear(record.tick, item[1][1])
    for number, payload in record.entries:
        if number in hearers:
            for hear in hearers[number]:
                hear(record.tick, payload)
