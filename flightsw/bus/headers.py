"""Where two logs' headers differ: scenario field by field, seed, time step, topics, processes.

Called by `record.diff`, and by `node.resume` to say why a log can't be gone on with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from flightsw.bus.log import LogHeader


class HeaderDifference(msgspec.Struct, frozen=True):
    """One field that is not the same. None: not there."""

    field: str
    one: Any
    other: Any


def header_differences(one: LogHeader, other: LogHeader) -> list[HeaderDifference]:
    """All of them, by path: `scenario.apps.thermal.gain_w_k`, `topics.hw.device.fields`."""
    return list(_walk(_named(msgspec.to_builtins(one)), _named(msgspec.to_builtins(other)), ""))


def _walk(one: Any, other: Any, path: str) -> Iterator[HeaderDifference]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            yield from _walk(one.get(key), other.get(key), f"{path}.{key}".lstrip("."))
    elif one != other:
        yield HeaderDifference(path, one, other)


def _named(value: Any) -> Any:
    """Lists of named things by name, other lists of tables by index, so that an inserted one shows as just that."""
    if isinstance(value, Mapping):
        return {key: _named(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        if value and all(isinstance(entry, Mapping) for entry in value):
            names = [str(entry.get("name", index)) for index, entry in enumerate(value)]
            keys = names if len(set(names)) == len(names) else [str(index) for index in range(len(value))]
            return {key: _named(entry) for key, entry in zip(keys, value, strict=True)}
        return [_named(entry) for entry in value]  # a tuple here, a list as it was read
    return value
