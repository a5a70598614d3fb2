"""Which signals of a run are wanted, and each of them as columns of numbers: lists by element, text left out.

A wish is a signal's name, short or full, or a pattern (`power.*`, `*.chip_c`). Called by the tables and the Python API.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence

import msgspec

from flightsw.bus.log import LogHeader
from flightsw.errors import ConfigError
from flightsw.messages.signals import find_logged_signal
from flightsw.record.catalogue import SignalEntry, catalogue
from flightsw.record.columns import field_of

PRIVATE = "cds."
"""Critical data: what applications keep for their own restart. Of no table, unless it is asked for."""
_PATTERN = frozenset("*?")


class TableColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of numbers."""

    name: str
    """the signal's full name, with the element behind it: `truth.plant.node_c[0]`"""
    unit: str
    type: str
    description: str
    element: str = ""
    """what the element is called; empty: it is no list"""


def select(header: LogHeader, wishes: Sequence[str] = ()) -> list[TableColumn]:
    """Columns of what is wished for, in the log's order; without wishes, of all numbers but critical data.

    Raises ConfigError: unknown, no number, or a list whose length varies without an element picked.
    """
    entries = catalogue(header.topics, header.scenario)
    if not wishes:
        return [
            one for entry in entries if not entry.name.startswith(PRIVATE) and _is_number(entry) for one in _of(entry)
        ]
    chosen: dict[str, TableColumn] = {}
    for wish in wishes:
        for one in _wished(wish, entries, header):
            chosen.setdefault(one.name, one)
    order = {entry.name: place for place, entry in enumerate(entries)}
    return sorted(chosen.values(), key=lambda one: order[one.name.partition("[")[0]])


def _wished(wish: str, entries: Sequence[SignalEntry], header: LogHeader) -> Iterator[TableColumn]:
    if _PATTERN & set(wish):
        found = [one for one in entries if _matches(one.name, wish) and _is_number(one)]
        if not found:
            raise ConfigError(
                f"signal {wish!r}: no number of the log is called like that (`flightsw signals` lists them)"
            )
        for entry in found:
            yield from _of(entry)
        return
    signal = find_logged_signal(wish, header.topics)
    (entry,) = (one for one in entries if one.name == f"{signal.topic}.{signal.field}")
    if signal.index is None and entry.elements:
        yield from _of(entry)
        return
    field_of(signal, header.topics)
    names = entry.elements or ()
    named = "" if signal.index is None or signal.index >= len(names) else names[signal.index]
    yield _column(entry, signal.name, named)


def _matches(name: str, pattern: str) -> bool:
    """By the full name, or by the short one without the topic's second part."""
    topic, _, field = name.rpartition(".")
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(f"{topic.split('.')[0]}.{field}", pattern)


def _is_number(entry: SignalEntry) -> bool:
    if entry.elements is None:
        return False
    words = entry.type.split("(")[0].replace("[", " ").replace("|", " ").split()
    return bool(words) and words[0] in {"bool", "int", "float", "enum"} and "str" not in words


def _of(entry: SignalEntry) -> Iterator[TableColumn]:
    if not entry.elements:
        yield _column(entry, entry.name, "")
    for place, element in enumerate(entry.elements or ()):
        yield _column(entry, f"{entry.name}[{place}]", element)


def _column(entry: SignalEntry, name: str, element: str) -> TableColumn:
    return TableColumn(name=name, unit=entry.unit, type=entry.type, description=entry.description, element=element)
