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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from flightsw.bus.exchange import MESSAGE
from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError
from flightsw.messages.schema import FieldSchema, TopicSchema
from flightsw.messages.signals import Signal, find_logged_signal
from flightsw.messages.topics import BUS

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

EVENT_FIELDS = ("severity", "id", "args")
"""of a topic that carries events"""
_ENUM = re.compile(r"enum\((?P<members>[^)]*)\)")
_MAP = re.compile(r"map\[[^\]]*\]")
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
    kinds = {kind.strip() for kind in _MAP.sub("map", _ENUM.sub("int", found.type)).split("|")}
    lists = {kind for kind in kinds if kind.endswith("]")}
    if lists and signal.index is None:
        raise ConfigError(f"signal {signal.name}: is a list ({found.type}): must pick an element, {signal.name}[0]")
    if signal.index is not None and not lists:
        raise ConfigError(f"signal {signal.name}: {signal.topic}.{signal.field} is {found.type}: has no elements")
    if not {kind.partition("[")[0] for kind in kinds} <= _NUMBERS:
        raise ConfigError(f"signal {signal.name}: is {found.type}: must be a number, a flag or an enumeration")
    return found


def members_of(declared: FieldSchema) -> dict[str, int]:
    """The numbers of an enumeration's members by name; empty for all else."""
    match = _ENUM.search(declared.type)
    if match is None:
        return {}
    pairs = [member.split("=", 1) for member in match["members"].split(", ")]
    return {name: int(value) for name, value in pairs if value.lstrip("-").isdigit()}


def is_event_topic(topic: TopicSchema) -> bool:
    """It carries events with an id."""
    return tuple(one.name for one in topic.fields) == EVENT_FIELDS


def read_columns(
    run_dir: Path, signals: Sequence[str], topics: Sequence[str] = (), most_ticks: int | None = None
) -> Columns:
    """The columns of these signals, the message counts of their topics and of `topics`, and all events.

    Reads up to the last whole tick, or the first `most_ticks`. Raises ConfigError: a signal or a topic that the log
    doesn't know or that isn't a number; LogError: no log, or one that was altered.
    """
    reader = LogReader(run_dir)
    declared = reader.header.topics
    found = [find_logged_signal(name, declared) for name in signals]
    fields = {signal.name: field_of(signal, declared) for signal in found}
    names = [topic.name for topic in declared]
    for topic in topics:
        if topic not in names:
            raise ConfigError(f"topic {topic!r}: unknown: must be one of {', '.join(names)}")
    tracks = {name: _Track() for name in dict.fromkeys([*(signal.topic for signal in found), *topics])}
    for signal in dict.fromkeys(found):
        position = [one.name for one in declared[names.index(signal.topic)].fields].index(signal.field)
        tracks[signal.topic].wanted[signal.name] = (position, signal.index)
    events: dict[tuple[str, str], list[int]] = {}
    hearers = _hearers(declared, tracks, events)
    ticks = _pass(reader, hearers, most_ticks)
    dt_s = reader.header.dt_ns / 1e9
    members = {name: members_of(one) for name, one in fields.items()}
    return Columns(
        dt_s=dt_s,
        time_s=np.arange(ticks, dtype=np.float64) * np.float64(dt_s),
        values={name: column for track in tracks.values() for name, column in track.columns(ticks).items()},
        members={name: numbers for name, numbers in members.items() if numbers},
        units={name: one.unit for name, one in fields.items()},
        counts={name: track.counts(ticks) for name, track in tracks.items()},
        events={key: np.array(at, dtype=np.int64) for key, at in sorted(events.items())},
        topics=declared,
    )


_Hearer = Callable[[int, msgspec.Raw], None]


@dataclass
class _Track:
    """What one topic said: the ticks of its messages, and per signal the values in them."""

    wanted: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    """signal's name -> (place of the field in the payload, element of it)"""
    ticks: list[int] = field(default_factory=list)
    payloads: list[Any] = field(default_factory=list)

    def hear(self, tick: int, payload: msgspec.Raw) -> None:
        self.ticks.append(tick)
        if self.wanted:
            values = msgspec.msgpack.decode(payload)
            self.payloads.append([_element(values, *place) for place in self.wanted.values()])

    def counts(self, ticks: int) -> FloatArray:
        return np.bincount(np.array(self.ticks, dtype=np.int64), minlength=ticks).astype(np.float64)

    def columns(self, ticks: int) -> dict[str, FloatArray]:
        if not self.wanted:
            return {}
        # Row 0 stands for "nothing said yet"; of several messages in a tick the last one's row stays.
        rows = np.full((len(self.payloads) + 1, len(self.wanted)), np.nan)
        rows[1:] = np.array(self.payloads, dtype=np.float64).reshape(len(self.payloads), len(self.wanted))
        newest = np.zeros(ticks, dtype=np.int64)
        np.maximum.at(newest, np.array(self.ticks, dtype=np.int64), np.arange(1, len(self.ticks) + 1))
        held = rows[np.maximum.accumulate(newest)]
        return {name: np.ascontiguousarray(held[:, place]) for place, name in enumerate(self.wanted)}


def _element(values: list[Any], position: int, index: int | None) -> Any:
    """A number, or None, which numpy turns into NaN. A payload may be shorter than its declaration: defaults."""
    value = values[position] if position < len(values) else None
    if index is None or value is None:
        return value
    return value[index] if index < len(value) else None


def _hearers(
    declared: Sequence[TopicSchema], tracks: dict[str, _Track], events: dict[tuple[str, str], list[int]]
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


def _pass(reader: LogReader, hearers: dict[int, list[_Hearer]], most_ticks: int | None) -> int:
    """Let every message be heard; ticks that were read."""
    for record in islice(reader.ticks(), most_ticks):
        for item in record.inputs:
            if item[0] == MESSAGE:
                for hear in hearers.get(item[1][0], ()):
                    hear(record.tick, item[1][1])
        for number, payload in record.entries:
            if number in hearers:
                for hear in hearers[number]:
                    hear(record.tick, payload)
    return reader.tick_count
