"""Puts msgspec's validation errors into the house's words: field, what was given, what is allowed.

Called by `tomlfile.convert`, with the table that was refused and the type that it had to fit.
"""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from flightsw.errors import ConfigError

_AT = re.compile(r"^(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+|\.\.\.)\]")
_WORDS = {
    "int": "an integer",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
    "null": "left out",
    "datetime": "a date and time",
}
_BOUNDS = {">=": "at least", ">": "above", "<=": "at most", "<": "below"}
_SHOWN = 60
ANY_KEY = "..."
"""What msgspec says in place of a key of a free table."""


def explain(error: msgspec.ValidationError, table: Mapping[str, Any], kind: Any) -> str:
    """One line for one error: `battery.capacity_ah = -1.0: must be at least 0.01`."""
    match = _AT.match(str(error))
    assert match is not None  # the pattern takes any text
    what = match["what"]
    steps: list[str | int] = [
        found["name"] or (int(found["index"]) if found["index"] != ANY_KEY else ANY_KEY)
        for found in _STEP.finditer(match["path"] or "")
    ]
    if unknown := re.match(r"Object contains unknown field `(.*)`$", what):
        return _unknown_key(steps, unknown[1], kind, _value_at(table, steps))
    if missing := re.match(r"Object missing required field `(.*)`$", what):
        return f"{_name([*steps, missing[1]])}: missing: must be given"
    if not re.match(r"Expected |Invalid |Number ", what):
        return what  # a check of our own, raised as ValueError: it names its field itself
    given = _shown(_value_at(table, steps))
    if match["key"]:
        return f"{_name(steps)}: a key in it is wrong: {_allowed(what, kind, steps)}"
    return f"{_name(steps) or 'the file'} = {given}: {_allowed(what, kind, steps)}"


def place(error: ConfigError, table: Mapping[str, Any], kind: Any) -> str:
    """The text of a section's own refusal (its `__post_init__`), under the path of that section.

    A section names its fields from itself, or from wherever it thinks it lies; where both overlap, they are joined:
    `thermal.couplings.0` said by the section at `plant.thermal` is `plant.thermal.couplings.0`.
    """
    text = str(error)
    steps = _refusing(table, kind, [], text)
    if not steps:
        return text
    head = re.match(r"[\w.]*\w|", text)
    said = head[0].split(".") if head is not None else []
    names = [step for step in steps if isinstance(step, str)]
    for start in range(len(names)):
        shared = names[start:]
        if said[: len(shared)] == shared:
            return _name(steps) + text[len(".".join(shared)) :]
    known = [
        field.encode_name for struct in _structs(_type_at(kind, steps)) for field in msgspec.structs.fields(struct)
    ]
    return f"{_name(steps)}{'.' if said[0] in known else ': '}{text}"


def unknown_key(table: Mapping[str, Any], kind: Any) -> str | None:
    """The refusal of a key that a Struct of `kind`, or one inside it, doesn't know, whether it forbids them or not."""
    return _unknown_below(table, kind, [], kind)


def _unknown_below(value: object, kind: Any, steps: list[str | int], root: Any) -> str | None:
    inner: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, Mapping):
        known = [field.encode_name for struct in _structs(kind) for field in msgspec.structs.fields(struct)]
        for key in value if known else ():
            if key not in known:
                return _unknown_key(steps, key, root, value)
        inner = iter(value.items())
    elif isinstance(value, list | tuple):
        inner = iter(enumerate(value))
    for step, below in inner:
        found = _unknown_below(below, _type_at(kind, [step]), [*steps, step], root)
        if found is not None:
            return found
    return None


def _refusing(value: object, kind: Any, steps: list[str | int], text: str) -> list[str | int] | None:
    """Path of the innermost section that says this; None: none does."""
    if isinstance(value, Mapping):
        inner: Iterator[tuple[str | int, object]] = iter(value.items())
    elif isinstance(value, list | tuple):
        inner = iter(enumerate(value))
    else:
        return None
    for step, below in inner:
        found = _refusing(below, _type_at(kind, [step]), [*steps, step], text)
        if found is not None:
            return found
    try:
        msgspec.convert(value, kind)
    except ConfigError as error:
        return steps if str(error) == text else None
    except (msgspec.ValidationError, TypeError):  # TypeError: no type that msgspec could convert to
        return None
    return None


def _unknown_key(steps: list[str | int], key: str, kind: Any, value: object) -> str:
    structs = [struct for struct in _structs(_type_at(kind, steps)) if _has_tag_of(struct, value)]
    known = [field.encode_name for struct in structs for field in msgspec.structs.fields(struct)]
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{_name([*steps, key])}: unknown key; {hint}must be one of {', '.join(known)}"


def _has_tag_of(struct: type[msgspec.Struct], value: object) -> bool:
    """Whether a table says that it is this one of a union, or says nothing of it."""
    field, tag = struct.__struct_config__.tag_field, struct.__struct_config__.tag
    return field is None or not isinstance(value, Mapping) or value.get(field, tag) == tag


def _allowed(what: str, kind: Any, steps: list[str | int]) -> str:
    if what.startswith("Invalid"):
        choices = [str(choice) for choice in _choices(_type_at(kind, steps))]
        return f"must be one of {', '.join(choices)}" if choices else what
    if what.startswith("Number"):
        return "must be a number that fits 64 bits"
    if got := re.match(r"Expected `(?P<types>[^`]*)`, got `", what):
        words = [_WORDS.get(word, word) for word in got["types"].split(" | ")]
        return "must be " + (" or ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} or {words[-1]}")
    if bound := re.match(r"Expected `(?:int|float)[^`]*` (?P<sign>[<>]=?) (?P<limit>\S+)$", what):
        return f"must be {_BOUNDS[bound['sign']]} {bound['limit']}"
    if length := re.match(r"Expected `(?P<type>\w+)` of length (?P<sign>[<>]=?)?\s*(?P<limit>\d+)", what):
        unit = "characters" if length["type"] == "str" else "entries"
        return f"must have {_BOUNDS.get(length['sign'] or '', 'exactly')} {length['limit']} {unit}"
    if pattern := re.match(r"Expected `str` matching regex '(?P<regex>.*)'$", what):
        return f"must be text that matches {pattern['regex']}"
    return "must be " + what.removeprefix("Expected ").replace("`", "")


def _name(steps: list[str | int]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) or step == ANY_KEY else ("." if text else "") + step
    return text


def _shown(value: object) -> str:
    if isinstance(value, str):
        text = '"' + value.encode("unicode_escape").decode().replace('"', '\\"') + '"'
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        try:
            text = str(value)
        except ValueError:  # an integer of more digits than Python will print
            text = "a huge integer"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _value_at(table: object, steps: list[str | int]) -> object:
    for step in steps:
        if isinstance(table, list | tuple):
            table = table[step] if isinstance(step, int) else table
        elif isinstance(table, Mapping) and step in table:
            table = table[step]
    return table


def _type_at(kind: Any, steps: list[str | int]) -> Any:
    """The declared type at a path; a union where several fit."""
    for step in steps:
        inner = [found for part in _parts(kind) for found in _inner(part, step)]
        if not inner:
            return NoneType
        kind = Union[tuple(inner)]  # noqa: UP007  # built at run time
    return kind


def _inner(part: Any, step: str | int) -> Iterator[Any]:
    """What lies one step inside one type."""
    origin, args = get_origin(part), get_args(part)
    if isinstance(part, type) and issubclass(part, msgspec.Struct):
        yield from (field.type for field in msgspec.structs.fields(part) if field.encode_name == step)
        if step == part.__struct_config__.tag_field:
            yield Literal[part.__struct_config__.tag]
    elif origin is dict:
        yield args[1]
    elif origin in (tuple, list) and isinstance(step, int):
        yield args[0] if origin is list or args[-1] is Ellipsis else args[step]


def _parts(kind: Any) -> Iterator[Any]:
    """The members of a union, annotations taken off."""
    if hasattr(kind, "__metadata__"):
        yield from _parts(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for member in get_args(kind):
            yield from _parts(member)
    elif kind is not NoneType:
        yield kind


def _structs(kind: Any) -> Iterator[type[msgspec.Struct]]:
    for part in _parts(kind):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            yield part


def _choices(kind: Any) -> Iterator[object]:
    for part in _parts(kind):
        if isinstance(part, type) and issubclass(part, enum.Enum):
            yield from (member.value for member in part)
        elif get_origin(part) is Literal:
            yield from get_args(part)
