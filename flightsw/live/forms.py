"""Forms for what may be asked of a run: telecommands and kinds of fault, with type and range of each field.

Read off the declarations themselves (`messages.commands`, `node.faults`), so that a new command has its form. Pure;
used by the browser's console.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT

from flightsw.errors import ConfigError
from flightsw.messages.base import Scalar
from flightsw.messages.commands import COMMANDS
from flightsw.messages.schema import unit_of
from flightsw.node.faults import KINDS, MOMENTARY
from flightsw.node.injection import BEGINNINGS
from flightsw.node.tomlfile import parse_value
from flightsw.plant.fault_config import LclTrip

_FAR = 1e6
"""an end that is so far off limits nobody"""


class Kind(enum.Enum):
    """How a value is asked for."""

    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    CHOICE = "choice"
    TEXT = "text"
    ANY = "any"
    """read as TOML: a number, a flag, a text"""


class FormField(msgspec.Struct, frozen=True):
    """One value."""

    name: str
    kind: Kind
    required: bool
    default: Scalar | None = None
    low: float | None = None
    """the least it may be, or what it must be above"""
    high: float | None = None
    choices: tuple[str, ...] = ()
    """of a choice: all there are; of a text: those that suggest themselves"""
    unit: str = ""

    @property
    def hint(self) -> str:
        """`0.05 to 0.95`, with the unit; empty: anything goes."""
        low, high = ["" if end is None or abs(end) >= _FAR else f"{end:g}" for end in (self.low, self.high)]
        words = f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}" if high else ""
        return f"{words} {self.unit}".strip() if self.unit != "1" else words

    def parse(self, given: Any) -> Scalar | None:
        """What stands in the form as a value; None: nothing. Raises ConfigError for what is of another type."""
        if given is None or (isinstance(given, str) and not given.strip()):
            return None
        if self.kind is Kind.NUMBER:
            return self._number(given)
        if self.kind is Kind.WHOLE:
            number = self._number(given)
            if number != int(number):
                raise ConfigError(f"{self.name} = {given}: must be a whole number")
            return int(number)
        if self.kind is Kind.FLAG:
            return bool(given)
        text = str(given).strip()
        if self.kind is Kind.ANY:
            value = parse_value(text)
            return value if isinstance(value, bool | int | float) else text
        return text

    def _number(self, given: Any) -> float:
        try:
            return float(given)
        except (TypeError, ValueError):
            raise ConfigError(f"{self.name} = {given!r}: must be a number") from None


class Form(msgspec.Struct, frozen=True):
    """One command, or one kind of fault."""

    name: str
    text: str
    """what it does"""
    fields: tuple[FormField, ...]

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Scalar]:
        """What the form says, left out what was left empty. Raises ConfigError: of another type, or missing."""
        values = {field.name: field.parse(given.get(field.name)) for field in self.fields}
        for field in self.fields:
            if field.required and values[field.name] is None:
                raise ConfigError(f"{self.name}: {field.name} is missing")
        return {name: value for name, value in values.items() if value is not None}


Names = Mapping[str, Sequence[str]]
"""What the node's own things are called, by the field that names one: `load`, `process`, `topic` ..."""


def command_forms(names: Names) -> dict[str, Form]:
    """By the command's name."""
    return {name: _form(name, kind, names) for name, kind in COMMANDS.items()}


def fault_forms(names: Names) -> dict[str, Form]:
    """By the kind's name; when it begins is not asked: at once."""
    at_once = {name for name, kind in KINDS.items() if issubclass(kind, MOMENTARY) and kind is not LclTrip}
    return {
        name: _form(name, kind, names, left_out=(*BEGINNINGS, "lasts") if name in at_once else BEGINNINGS)
        for name, kind in KINDS.items()
    }


def _form(name: str, kind: type[msgspec.Struct], names: Names, left_out: Sequence[str] = ()) -> Form:
    text = " ".join((kind.__doc__ or "").split())
    fields = [_field(one, names) for one in msgspec.structs.fields(kind) if one.name not in left_out]
    return Form(name, text, tuple(sorted(fields, key=lambda field: field.name == "lasts")))


def _field(declared: msgspec.structs.FieldInfo, names: Names) -> FormField:
    plain, low, high, choices = _described(declared.type)
    required = declared.default is NODEFAULT and declared.default_factory is NODEFAULT
    default = None if required else declared.default
    return FormField(
        name=declared.name,
        kind=plain,
        required=required,
        default=default if isinstance(default, bool | int | float | str) else None,
        low=low,
        high=high,
        choices=choices or tuple(names.get(declared.name, ())),
        unit=unit_of(declared.name),
    )


def _described(kind: Any) -> tuple[Kind, float | None, float | None, tuple[str, ...]]:
    """What a type asks for: how, from, to, one of."""
    low = high = None
    if get_origin(kind) in (Union, UnionType):
        parts = [part for part in get_args(kind) if part is not NoneType]
        return _described(parts[0]) if len(parts) == 1 else (Kind.ANY, None, None, ())
    if get_origin(kind) is Annotated:
        plain, *metas = get_args(kind)
        for meta in metas:
            low = next((value for value in (meta.ge, meta.gt) if value is not None), low)
            high = next((value for value in (meta.le, meta.lt) if value is not None), high)
        found, inner_low, inner_high, choices = _described(plain)
        return found, inner_low if low is None else low, inner_high if high is None else high, choices
    if get_origin(kind) is Literal:
        return Kind.CHOICE, None, None, tuple(get_args(kind))
    plain_kinds = {bool: Kind.FLAG, int: Kind.WHOLE, float: Kind.NUMBER}
    return plain_kinds.get(kind, Kind.TEXT), None, None, ()
