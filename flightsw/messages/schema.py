"""The declarations as data: what a log's header carries, so that a log explains itself to any MessagePack reader.

Built from the topic table alone. A field's unit is the suffix of its name (`cap_w`: W); names without one are
counts, labels, flags and enumerations. Payloads are arrays in field order.
"""

from __future__ import annotations

import enum
import hashlib
import re
from functools import cache
from typing import Any, get_args, get_origin

import msgspec

from flightsw.messages.base import Message
from flightsw.messages.topics import TopicTable

PROTOCOL = 1
"""Version of the frames and of the log. Raised when a reader of the last one would misread."""

ENUM_TYPE = re.compile(r"enum\((?P<members>[^)]*)\)")
"""in the type of a field"""
EVENT_FIELDS = ("severity", "id", "args")
"""of a topic that carries events"""
_UNITS = {
    "w": "W",
    "v": "V",
    "a": "A",
    "c": "degC",
    "j": "J",
    "s": "s",
    "ns": "ns",
    "mhz": "MHz",
    "ppb": "1e-9",
    "km": "km",
    "ah": "Ah",
    "km_s": "km/s",
    "deg": "deg",
    "bps": "bit/s",
    "w_m2": "W/m2",
    "bytes": "B",
    "fraction": "1",
    "soc": "1",
    "ticks": "tick",
}
_NAMING = frozenset({"soc", "bytes", "fraction", "ticks"})
"""Suffixes that say what the field is, too."""


class FieldSchema(msgspec.Struct, frozen=True):
    """One field of a payload."""

    name: str
    type: str
    unit: str
    """empty: none"""


class TopicSchema(msgspec.Struct, frozen=True):
    """One topic: its number is its place in the list."""

    name: str
    producer: str
    message: str
    depth: int | None
    fields: tuple[FieldSchema, ...]


def unit_of(field_name: str) -> str:
    """The unit that a field's name states; empty when it states none."""
    return split_unit(field_name)[1]


def split_unit(field_name: str) -> tuple[str, str]:
    """(name without the suffix that stands for its unit, unit). A share of charge is called by its unit alone."""
    parts = field_name.split("_")
    for length in (2, 1):
        suffix = "_".join(parts[-length:])
        if suffix in _UNITS and (len(parts) > length or suffix == "soc"):
            stem = field_name if suffix in _NAMING else "_".join(parts[:-length])
            return stem, _UNITS[suffix]
    return field_name, ""


def unfit(kind: type[Message]) -> str | None:
    """Why a message can't stand in a log whose header tells its fields; None: it can."""
    shape = kind.__struct_config__
    if not (shape.frozen and shape.array_like) or shape.tag is not None:
        return "must be frozen, an array and without a tag, as Message is"
    for field in msgspec.structs.fields(kind):
        if _holds(field.type, (list, set, frozenset)):
            return f"{field.name}: must be a tuple"
    return None


def _holds(kind: object, unwanted: tuple[object, ...]) -> bool:
    return kind in unwanted or get_origin(kind) in unwanted or any(_holds(arg, unwanted) for arg in get_args(kind))


def type_name(kind: object) -> str:
    """A type in the words of the schema: `float | null`, `float[]`, `enum(OFF=0, ON=1)`, ..."""
    if kind is type(None):
        return "null"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return f"enum({', '.join(f'{member.name}={member.value}' for member in kind)})"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind.__name__
    origin, args = get_origin(kind), get_args(kind)
    if hasattr(kind, "__metadata__"):
        return type_name(args[0])
    if origin is tuple:
        return f"{type_name(args[0])}[{'' if args[-1] is Ellipsis else len(args)}]"
    if origin is dict:
        return f"map[{type_name(args[1])}]"
    if args:
        return " | ".join(type_name(arg) for arg in args)
    return getattr(kind, "__name__", str(kind))


def enum_words(field: FieldSchema) -> dict[int, str] | None:
    """Names of an enumeration's values, by value; None: it is none, or its values are words already."""
    if ENUM_TYPE.search(field.type) is None:
        return None
    return {number: name for name, number in members_of(field).items()}


def members_of(field: FieldSchema) -> dict[str, int]:
    """The numbers of an enumeration's members by name; empty for all else."""
    match = ENUM_TYPE.search(field.type)
    if match is None:
        return {}
    pairs = [member.split("=", 1) for member in match["members"].split(", ")]
    return {name: int(value) for name, value in pairs if value.lstrip("-").isdigit()}


def is_event_topic(topic: TopicSchema) -> bool:
    """It carries events with an id."""
    return tuple(one.name for one in topic.fields) == EVENT_FIELDS


def worded(value: Any, words: dict[int, str] | None) -> Any:
    """A decoded value with an enumeration's names for its numbers."""
    if words is None:
        return value
    if isinstance(value, list):
        return [worded(inner, words) for inner in value]
    return words.get(value, value) if isinstance(value, int) else value


def topic_schemas(table: TopicTable) -> tuple[TopicSchema, ...]:
    """The whole table as data."""
    return tuple(
        TopicSchema(
            name=topic.name,
            producer=topic.producer,
            message=topic.kind.__name__,
            depth=topic.depth,
            fields=field_schemas(topic.kind),
        )
        for topic in table.topics
    )


@cache
def field_schemas(kind: type[Message]) -> tuple[FieldSchema, ...]:
    """A message's fields as data."""
    return tuple(
        FieldSchema(name=field.name, type=type_name(field.type), unit=unit_of(field.name))
        for field in msgspec.structs.fields(kind)
    )


def schema_hash(*parts: object) -> str:
    """sha256 over the given parts as MessagePack: processes built from different declarations never join."""
    return hashlib.sha256(msgspec.msgpack.encode((PROTOCOL, parts))).hexdigest()
