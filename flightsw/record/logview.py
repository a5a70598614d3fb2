"""A run's log as lines, for people and for programs: ticks, topics and fields by name.

Everything is taken from the log's own header, so that a log of another version reads as well. Called by
`flightsw log`. The caller follows a growing log with `record.tail` and puts its records through the same `LogView`.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LATE, MESSAGE, RECONFIGURE, TickRecord
from flightsw.errors import ConfigError
from flightsw.messages.schema import enum_words, worded

LOSS_PARTS, LATE_PARTS = ("process", "incarnation"), ("process", "answers_tick", "messages")
"""Of outside inputs, behind their kind."""


class Line(msgspec.Struct, frozen=True):
    """One message, or one outside input, of a tick."""

    tick: int
    t_s: float
    topic: str
    """for a process that was lost or came back: `bus.lost`, `bus.rejoin`; for a branch: `bus.reconfigure`; for a board
    that was late: `bus.overdue`, `bus.skipped`, `bus.late`"""
    message: dict[str, Any]


class LogView:
    """Turns records into lines. `topics`: names or patterns (`event.*`); none: all. Raises ConfigError: none fits."""

    def __init__(self, header: LogHeader, topics: Sequence[str] = ()) -> None:
        names = [topic.name for topic in header.topics]
        for pattern in topics:
            if not fnmatch.filter(names, pattern):
                raise ConfigError(f"topic {pattern!r}: not in the log: must be one of {', '.join(names)}")
        self._dt_ns = header.dt_ns
        self._all = not topics
        self._fields = [
            [(field.name, enum_words(field)) for field in topic.fields]
            if self._all or any(fnmatch.fnmatchcase(topic.name, pattern) for pattern in topics)
            else None
            for topic in header.topics
        ]
        self._names = names

    def lines(self, record: TickRecord) -> Iterator[Line]:
        """The wanted lines of one tick: outside inputs first."""
        t_s = record.tick * self._dt_ns / 1e9
        for item in record.inputs:
            if item[0] == MESSAGE:
                yield from self._message(record.tick, t_s, *item[1])
            elif self._all and item[0] == RECONFIGURE:
                yield Line(record.tick, t_s, "bus.reconfigure", dict(item[1]))
            elif self._all:
                parts = LATE_PARTS if item[0] == LATE else LOSS_PARTS
                yield Line(record.tick, t_s, f"bus.{item[0]}", dict(zip(parts, item[1:], strict=False)))
        for number, payload in record.entries:
            yield from self._message(record.tick, t_s, number, payload)

    def _message(self, tick: int, t_s: float, number: int, payload: msgspec.Raw) -> Iterator[Line]:
        fields = self._fields[number]
        if fields is None:
            return
        values = msgspec.msgpack.decode(payload)
        message = {name: worded(value, words) for (name, words), value in zip(fields, values, strict=False)}
        yield Line(tick, t_s, self._names[number], message)


def read_lines(
    run_dir: Path, topics: Sequence[str] = (), first_tick: int = 0, last_tick: int | None = None
) -> Iterator[Line]:
    """Lines of a log between two ticks, both included. Raises LogError, ConfigError."""
    reader = LogReader(run_dir)
    view = LogView(reader.header, topics)
    for record in reader.ticks():
        if last_tick is not None and record.tick > last_tick:
            return
        if record.tick >= first_tick:
            yield from view.lines(record)


def as_text(line: Line) -> str:
    """For people: `   1200    1200.0 s  power.status        soc=0.5123 ...`."""
    body = " ".join(f"{name}={_short(value)}" for name, value in line.message.items())
    return f"{line.tick:>8} {line.t_s:>10.1f} s  {line.topic:<17} {body}"


def as_json(line: Line) -> str:
    """For programs: one JSON object."""
    return msgspec.json.encode(line).decode()


def _short(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case list():
            return f"[{', '.join(_short(inner) for inner in value)}]"
        case dict():
            return f"{{{', '.join(f'{key}={_short(inner)}' for key, inner in value.items())}}}"
        case str():
            return value.encode("unicode_escape").decode() if not value.isprintable() else value
    return str(value)
