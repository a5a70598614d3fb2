"""The topics of a log from its own header: shipped messages as declared here, all others made from the header.

So that a log with users' messages reads anywhere, without their code, and reading one never runs any. What is made
holds what the log holds: enumerations stay numbers, and ranges aren't checked again. Used by `bus.logreader`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from flightsw.messages.base import Message
from flightsw.messages.schema import TopicSchema, field_schemas
from flightsw.messages.topics import Topic, TopicTable, shipped_topics


def declared_topics(schemas: Iterable[TopicSchema]) -> TopicTable:
    """The table that these were made from, as far as it can be known. For reading."""
    shipped = {topic.name: topic for topic in shipped_topics()}
    kinds = {topic.kind.__name__: topic.kind for topic in shipped.values()}
    table = []
    for schema in schemas:
        ours, kind = shipped.get(schema.name), kinds.get(schema.message)
        if ours is not None and ours.kind is kind:
            table.append(ours)
        elif kind is not None and field_schemas(kind) == schema.fields:
            table.append(Topic(schema.name, kind, schema.producer, schema.depth))
        else:
            table.append(Topic(schema.name, _made(schema), schema.producer, schema.depth))
    return TopicTable(table)


def _made(schema: TopicSchema) -> type[Message]:
    fields = [(field.name, tuple[Any, ...] | None if "[" in field.type else Any) for field in schema.fields]
    return msgspec.defstruct(schema.message, fields, bases=(Message,), frozen=True)  # type: ignore[return-value]
