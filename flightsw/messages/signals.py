"""Signals: one field of one topic, by name.

The full name is `<topic>.<field>` (`power.status.soc`); the part of the topic behind its first dot may be left out
where that is unambiguous (`power.soc`), and `[n]` picks an element of a tuple. Used by the Python API and by record.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.schema import TopicSchema, unit_of
from flightsw.messages.topics import TopicTable

_NAME = re.compile(r"^(?P<path>[a-z0-9_.]+?)(?:\[(?P<index>\d+)\])?$")


@dataclass(frozen=True)
class Signal:
    """Where a value is found."""

    topic: str
    field: str
    index: int | None = None

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.topic}.{self.field}" + ("" if self.index is None else f"[{self.index}]")

    @property
    def unit(self) -> str:
        """The unit, as the field's name states it."""
        return unit_of(self.field)

    def of(self, message: Message) -> object:
        """The signal's value in a message of its topic. Raises ConfigError for an index that isn't there."""
        value = getattr(message, self.field)
        if self.index is None:
            return value
        if not isinstance(value, tuple) or self.index >= len(value):
            raise ConfigError(f"signal {self.name}: no such element: the field is {value!r}")
        return value[self.index]


def find_signal(name: str, table: TopicTable) -> Signal:
    """The signal of this name. Raises ConfigError: unknown or ambiguous, with what may have been meant."""
    return _find(name, ((topic.name, field) for topic in table.topics for field in topic.kind.__struct_fields__))


def find_logged_signal(name: str, topics: Iterable[TopicSchema]) -> Signal:
    """The signal of this name among declared topics, as a log's header tells them. Raises ConfigError, as above."""
    return _find(name, ((topic.name, field.name) for topic in topics for field in topic.fields))


def _find(name: str, declared: Iterable[tuple[str, str]]) -> Signal:
    match = _NAME.match(name)
    path = match["path"] if match else name
    index = int(match["index"]) if match and match["index"] else None
    known = dict.fromkeys(declared)
    topic, _, field = path.rpartition(".")
    if (topic, field) in known:
        return Signal(topic, field, index)
    short = [
        Signal(its_topic, its_field, index)
        for its_topic, its_field in known
        if (its_topic.split(".")[0], its_field) == (topic, field)
    ]
    if len(short) == 1:
        return short[0]
    if short:
        raise ConfigError(f"signal {name!r}: ambiguous: {', '.join(signal.name for signal in short)}")
    near = difflib.get_close_matches(path, [f"{a}.{b}" for a, b in known], n=3, cutoff=0.5)
    raise ConfigError(f"signal {name!r}: unknown" + (f"; did you mean {', '.join(near)}?" if near else ""))
