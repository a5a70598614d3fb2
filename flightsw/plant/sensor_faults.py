"""Faults of sensors: what is put between a reading as it would have been and the message that leaves the plant.

A reading is one figure of a `sensor.*` message, named by topic, field and, where there are several, entry. What comes
out stays within the message's declared range, as a converter's codes do. Called by `faults` in ticks that have one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect
from msgspec.structs import replace

from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.topics import shipped_topics
from flightsw.plant.fault_config import (
    SensorBias,
    SensorDrift,
    SensorDropout,
    SensorFault,
    SensorNoise,
    SensorStuck,
)
from flightsw.streams import Stream

SENSORS: Mapping[str, type[Message]] = {
    topic.name: topic.kind for topic in shipped_topics() if topic.name.startswith("sensor.")
}
"""Messages by topic."""
BY_LOAD = ("load_power_w", "lcl_state")
"""Fields with an entry for each load, in their order."""


class Reading(msgspec.Struct, frozen=True):
    """One figure of one message."""

    message: type[Message]
    field: str = ""
    """empty: the message as a whole"""
    place: int | None = None
    """of a field with several entries"""
    lowest: float = 0.0
    highest: float = 0.0
    whole: type[int] | None = None
    """of a truth value, a number of things or a state: what it is made of; None: a measured figure"""
    may_be_none: bool = False


def reading_of(text: str, loads: Sequence[str]) -> Reading:
    """The reading that a scenario names. Raises ConfigError, which says what is allowed."""
    sensor, _, rest = text.replace("[", ".").replace("]", "").removeprefix("sensor.").partition(".")
    message = SENSORS.get(f"sensor.{sensor}") if text.startswith("sensor.") else None
    if message is None:
        raise ConfigError(f"{text!r}: must be a field of one of {', '.join(SENSORS)}")
    if not rest:
        return Reading(message)
    field, _, entry = rest.partition(".")
    info = inspect.type_info(message)
    assert isinstance(info, inspect.StructType)
    types = {one.name: one.type for one in info.fields}
    if field not in types:
        raise ConfigError(f"{text!r}: no such field: must be one of {', '.join(f'sensor.{sensor}.{n}' for n in types)}")
    kinds = _members(types[field])
    place = None
    for kind in kinds:
        if isinstance(kind, inspect.VarTupleType | inspect.TupleType):
            place = _place(text, entry, list(loads) if field in BY_LOAD else list(map(str, range(_length(kind)))))
            kinds = _members(kind.item_type if isinstance(kind, inspect.VarTupleType) else kind.item_types[place])
            break
    else:
        if entry:
            raise ConfigError(f"{text!r}: sensor.{sensor}.{field} is one figure: must be named without {entry!r}")
    return _reading(message, field, place, kinds)


def _reading(message: type[Message], field: str, place: int | None, kinds: Sequence[inspect.Type]) -> Reading:
    none = any(isinstance(kind, inspect.NoneType) for kind in kinds)
    kind = next(kind for kind in kinds if not isinstance(kind, inspect.NoneType))
    if isinstance(kind, inspect.BoolType):
        return Reading(message, field, place, 0.0, 1.0, bool, none)
    if isinstance(kind, inspect.EnumType):
        values = [member.value for member in kind.cls]
        return Reading(message, field, place, min(values), max(values), kind.cls, none)  # type: ignore[arg-type]  # an IntEnum
    assert isinstance(kind, inspect.FloatType | inspect.IntType)
    lowest, highest = (0.0 if bound is None else float(bound) for bound in (kind.ge, kind.le))
    return Reading(message, field, place, lowest, highest, int if isinstance(kind, inspect.IntType) else None, none)


def _members(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _length(kind: inspect.TupleType | inspect.VarTupleType) -> int:
    return len(kind.item_types) if isinstance(kind, inspect.TupleType) else 0


def _place(text: str, entry: str, names: list[str]) -> int:
    if entry.isdecimal() and int(entry) < len(names):
        return int(entry)
    if entry not in names:
        raise ConfigError(f"{text!r}: has several entries: must name one of {', '.join(names)} behind it")
    return names.index(entry)


def check_sensor_fault(fault: SensorFault, loads: Sequence[str]) -> None:
    """Raise ConfigError, naming the field, for what can't happen to the reading."""
    try:
        reading = reading_of(fault.field, loads)
    except ConfigError as error:
        raise ConfigError(f"field = {error}") from None
    if isinstance(fault, SensorDropout):
        if reading.field and not reading.may_be_none:
            topic = ".".join(fault.field.split(".")[:2])
            raise ConfigError(f"field = {fault.field!r}: always reads something: must be the whole of {topic!r}")
        return
    if not reading.field:
        raise ConfigError(f"field = {fault.field!r}: is a whole message: must name one of its fields")
    if isinstance(fault, SensorStuck):
        value = fault.value
        if value is not None and not reading.lowest <= value <= reading.highest:
            raise ConfigError(f"value = {value}: must be from {reading.lowest:g} to {reading.highest:g}")
        if value is not None and reading.whole is not None and value != int(value):
            raise ConfigError(f"value = {value}: must be a whole number")
    elif reading.whole is not None:
        raise ConfigError(f"field = {fault.field!r}: is no measured figure: it can only be stuck")
    else:
        _check_magnitude(fault, reading)


def _check_magnitude(fault: SensorBias | SensorDrift | SensorNoise, reading: Reading) -> None:
    name = "offset" if isinstance(fault, SensorBias) else "per_h" if isinstance(fault, SensorDrift) else "sigma"
    value = getattr(fault, name)
    span = (reading.highest - reading.lowest) * (3600.0 if isinstance(fault, SensorDrift) else 1.0)
    a_second = " in a second" if isinstance(fault, SensorDrift) else ""
    if value == 0.0 or abs(value) > span:
        raise ConfigError(f"{name} = {value}: must not be 0, and at most {span:g}, the reading's range{a_second}")


class SensorDistortion:
    """One fault of one reading, as it acts. `stream`: of its noise."""

    def __init__(self, fault: SensorFault, loads: Sequence[str], dt_s: float, stream: Stream) -> None:
        self._fault = fault
        self._reading = reading_of(fault.field, loads)
        self._dt_h = dt_s / 3600.0
        self._stream = stream
        self._begun_tick = 0
        self._held: Any = None
        """what a stuck reading stays at"""

    def begin(self, tick: int) -> None:
        """It acts from this tick on."""
        self._begun_tick = tick
        self._held = None

    def applied(self, tick: int, messages: list[Message]) -> list[Message]:
        """The messages of a tick in which it acts, with this reading gone wrong."""
        reading, out = self._reading, []
        for message in messages:
            if type(message) is not reading.message:
                out.append(message)
            elif reading.field:
                out.append(self._changed(tick, message))
        return out

    def _changed(self, tick: int, message: Message) -> Message:
        reading = self._reading
        before = getattr(message, reading.field)
        if reading.place is None:
            return replace(message, **{reading.field: self._read(tick, before)})
        entries = list(before)
        entries[reading.place] = self._read(tick, entries[reading.place])
        return replace(message, **{reading.field: tuple(entries)})

    def _read(self, tick: int, value: Any) -> Any:
        fault, reading = self._fault, self._reading
        match fault:
            case SensorDropout():
                return None
            case SensorStuck():
                if fault.value is not None:
                    return fault.value if reading.whole is None else reading.whole(int(fault.value))
                self._held = value if self._held is None else self._held
                return self._held
        if value is None:
            return None
        match fault:
            case SensorBias():
                value += fault.offset
            case SensorDrift():
                value += fault.per_h * self._dt_h * (tick - self._begun_tick)
            case SensorNoise():
                value += fault.sigma * self._stream.normals(tick)[0]
        return min(reading.highest, max(reading.lowest, value))
