"""The catalogue of signals: every quantity that a log holds, with name, unit, type and description.

Made from the message declarations, which alone say these things: of a scenario from the messages themselves, of a log
from its own header, with the words of the shipped declarations where they are the same. Called by `flightsw signals`,
by the tables and by `docs/signals.md`, which a test keeps as it should be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from flightsw.messages.descriptions import field_descriptions, spelt_out
from flightsw.messages.schema import FieldSchema, TopicSchema, topic_schemas
from flightsw.messages.topics import TopicTable, shipped_topics
from flightsw.record.elements import Elements


class SignalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One signal: a field of a topic."""

    name: str
    """full: topic and field"""
    unit: str
    """empty: none"""
    type: str
    """as the log's header has it"""
    description: str
    producer: str
    elements: tuple[str, ...] | None = ()
    """of a list, by name; empty: it is no list, or its elements have no names. None: their number varies"""


def catalogue(
    topics: Iterable[TopicSchema], scenario: Mapping[str, Any], table: TopicTable | None = None
) -> list[SignalEntry]:
    """Every signal of declared topics. `table`: their messages, where they are known; else the shipped ones."""
    kinds = {topic.kind.__name__: topic.kind for topic in shipped_topics()}
    if table is not None:
        kinds |= {topic.kind.__name__: topic.kind for topic in table.topics}
    elements = Elements(scenario)
    return [
        SignalEntry(
            name=f"{topic.name}.{field.name}",
            unit=field.unit,
            type=field.type,
            description=described,
            producer=topic.producer,
            elements=elements.of(field),
        )
        for topic in topics
        for field, described in _described(topic, kinds.get(topic.message))
    ]


def _described(topic: TopicSchema, kind: type | None) -> Iterator[tuple[FieldSchema, str]]:
    said = {} if kind is None else field_descriptions(kind)
    for field in topic.fields:
        words = spelt_out(field.name)
        yield field, f"{words}: {said[field.name]}" if field.name in said else words


def catalogue_page() -> str:
    """The reference page of the shipped node's signals, as docs/signals.md has it."""
    table = TopicTable(shipped_topics())
    entries = catalogue(topic_schemas(table), {}, table)
    lines = [_HEAD]
    for topic in table.topics:
        summary = (topic.kind.__doc__ or "").split("\n")[0]
        lines += ["", f"## {topic.name}", "", f"`{topic.kind.__name__}`, from {topic.producer}. {summary}", ""]
        lines += ["| signal | unit | type | what it is |", "| --- | --- | --- | --- |"]
        lines += [_row(entry) for entry in entries if entry.name.rpartition(".")[0] == topic.name]
    return "\n".join(lines) + "\n"


_HEAD = """# Signals

Every quantity that the shipped node logs. Made by `flightsw signals --page` from the message declarations in
`flightsw/messages`; a test fails when it is stale. A signal is called by its full name, or shorter where that says
enough (`power.soc`), with `[n]` for an element of a list. `flightsw signals RUN` lists those of a run, your own
messages among them; [tables and the Python API](data.md) read them."""


def _row(entry: SignalEntry) -> str:
    kind = entry.type.replace("|", "\\|")
    return f"| `{entry.name}` | {entry.unit} | {kind} | {entry.description.replace('|', '/')} |"
