"""What a watchpoint may watch: every number that flight software sees on a sampled topic, by name; never truth.

Names are those of `messages.signals`: `power.soc`, `thermal.chip_c`, `sensor.load_power_w[2]`. `sensor.battery_c` is
the thermistor of `sensor.thermal`; the battery's own is `sensor.power.battery_c`. Used by the scenario's checks, by
the process table (health hears the topics that are watched) and by `plan`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec

from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.signals import Signal, find_signal
from flightsw.messages.topics import Topic, TopicTable, shipped_topics

_ALIASES = {"sensor.battery_c": "sensor.thermal.battery_c"}
_UNSEEN = ("truth.", "cds.", "hw.device", "health.")
"""truth, others' memory, what the payload's own driver alone reads, and health's own words"""


class Watched(NamedTuple):
    """How a watchpoint gets its value."""

    topic: str
    kind: type[Message]
    value_of: Callable[[Message], float | None]


@cache
def _visible() -> TopicTable:
    return TopicTable(topic for topic in shipped_topics() if topic.depth is None and not topic.name.startswith(_UNSEEN))


def signal_of(name: str) -> Signal:
    """The signal that a watchpoint names. Raises ConfigError: unknown, ambiguous."""
    return find_signal(_ALIASES.get(name, name), _visible())


def watched(name: str) -> Watched:
    """Where the signal is found. Raises ConfigError: unknown, ambiguous, not a number."""
    signal = signal_of(name)
    topic = _visible()[signal.topic]
    _check_number(name, signal, topic)
    return Watched(signal.topic, topic.kind, _getter(signal))


def _check_number(name: str, signal: Signal, topic: Topic) -> None:
    (kind,) = [field.type for field in msgspec.structs.fields(topic.kind) if field.name == signal.field]
    plain = _plain(kind)
    if get_origin(plain) is tuple:
        if signal.index is None:
            raise ConfigError(f"signal {name!r}: is a tuple: must name an element, as in {name}[0]")
        plain = _plain(get_args(plain)[0])
    elif signal.index is not None:
        raise ConfigError(f"signal {name!r}: is no tuple: must be named without [{signal.index}]")
    parts = [_plain(part) for part in get_args(plain)] if get_origin(plain) in (Union, UnionType) else [plain]
    if [part for part in parts if part is not NoneType and not _is_number(part)]:
        raise ConfigError(f"signal {name!r}: must be a number")


def _is_number(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, int | float)


def _plain(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _getter(signal: Signal) -> Callable[[Message], float | None]:
    field: Callable[[Message], Any] = attrgetter(signal.field)
    index = signal.index
    if index is None:
        return field

    def element(message: Message) -> float | None:
        values = field(message)
        return values[index] if index < len(values) else None

    return element
