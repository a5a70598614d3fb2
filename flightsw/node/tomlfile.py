"""TOML in and out: a file to a table, `path=value` overrides onto it, the table to a typed Struct, and back to text.

Knows nothing of scenarios; `node.scenario` and everything else that has a TOML file stands on it. Whatever is wrong
with what a user gave becomes one ConfigError that names the file, the field, what was given and what is allowed.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from flightsw.backports import tomllib
from flightsw.errors import ConfigError
from flightsw.node.tomlerrors import explain, place

T = TypeVar("T")
Table = dict[str, Any]

MAX_BYTES = 1 << 20
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DATES = (dt.datetime, dt.date, dt.time)


def load_toml(path: Path) -> Table:
    """The file's table. Raises ConfigError: missing, a directory, too long, not text, not TOML."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ConfigError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: longer than {MAX_BYTES} bytes: must be a TOML file")
    try:
        return _parse(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start}): must be a TOML file") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def apply_overrides(table: Mapping[str, Any], overrides: Sequence[str]) -> Table:
    """A copy of the table with each `path=value` put in. Raises ConfigError.

    A path's steps are parted by dots; into an array of tables a step is an index or the `name` or `id` of an entry. The
    value is read as TOML, and kept as text where that fails (so that quotes may be left out).
    """
    return apply_changes(table, parse_overrides(overrides))


def parse_overrides(overrides: Sequence[str]) -> list[tuple[str, Any]]:
    """(path, value) of each `path=value`. Raises ConfigError."""
    parsed = []
    for override in overrides:
        path, equals, text = override.partition("=")
        steps = path.strip().replace("[", ".").replace("]", "").split(".")
        if not equals or not all(steps):
            raise ConfigError(f"--set {override}: must be like path.to.field=value")
        parsed.append((".".join(steps), parse_value(text.strip())))
    return parsed


def apply_changes(table: Mapping[str, Any], changes: Iterable[tuple[str, Any]]) -> Table:
    """A copy of the table with each value put in at its path. Raises ConfigError."""
    result: Table = _copy(table)
    for path, value in changes:
        _put(result, path.split("."), _copy(value), f"{path}={value}")
    return result


def parse_value(text: str) -> Any:
    """A value from the command line: TOML, or text where it isn't TOML."""
    try:
        table = _parse(f"value = {text}")
    except ValueError:
        return text
    if list(table) != ["value"] or isinstance(table["value"], _DATES):
        return text  # a date is text in every declaration here
    return table["value"]


def convert(table: Mapping[str, Any], kind: type[T], where: str) -> T:
    """The table as a `kind`, types and ranges checked. Raises ConfigError; `where` names the file."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {explain(error, table, kind)}") from None
    except ConfigError as error:  # from a __post_init__, which doesn't know where it lies
        raise ConfigError(f"{where}: {place(error, table, kind)}") from None
    except RecursionError:
        raise ConfigError(f"{where}: nested too deeply") from None


def to_toml(value: Mapping[str, Any]) -> str:
    """TOML text that reads back equal; None is left out. Raises ConfigError for what TOML can't say."""
    return "\n".join(_lines(value, ())).lstrip("\n") + "\n"


def _parse(text: str) -> Table:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list | tuple) else value


def _put(table: Table, steps: Sequence[str], value: Any, override: str) -> None:
    holder: Any = table
    for depth, step in enumerate(steps):
        done = ".".join(steps[:depth])
        last = depth == len(steps) - 1
        if isinstance(holder, list):
            index = _index(holder, step, done, override)
            if last:
                holder[index] = value
            holder = holder[index]
        elif isinstance(holder, dict):
            if last:
                holder[step] = value
            holder = holder.setdefault(step, {})
        else:
            raise ConfigError(f"--set {override}: {done} = {holder!r}: must be a table to have a {step!r} in it")


def _index(array: list[Any], step: str, done: str, override: str) -> int:
    if step.isdecimal() and int(step) < len(array):
        return int(step)
    names = [entry.get("name", entry.get("id")) if isinstance(entry, dict) else None for entry in array]
    if step in names:
        return names.index(step)
    allowed = ", ".join(str(name) for name in names if name is not None)
    raise ConfigError(
        f"--set {override}: {done} has no entry {step!r}: must be "
        + (f"an index below {len(array)}" if array else "given in the file first: it is empty")
        + (f" or one of {allowed}" if allowed else "")
    )


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Plain values first: what follows a [header] belongs to it."""
    inner: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, Mapping) or _is_tables(value):
            inner.append((key, value))
        elif value is not None:
            yield f"{_key(key)} = {_inline(value, (*path, key))}"
    for key, value in inner:
        below = (*path, key)
        name = ".".join(_key(step) for step in below)
        if isinstance(value, Mapping):
            yield f"\n[{name}]"
            yield from _lines(value, below)
        else:
            for entry in value:
                yield f"\n[[{name}]]"
                yield from _lines(entry, below)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _inline(value: Any, path: tuple[str, ...]) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _text(value)
        case int() | float():
            return repr(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(_inline(entry, path) for entry in value)}]"
        case Mapping():
            pairs = [f"{_key(key)} = {_inline(inner, path)}" for key, inner in value.items() if inner is not None]
            return f"{{{', '.join(pairs)}}}"
    raise ConfigError(f"{'.'.join(path)} = {value!r}: can't be written as TOML")
