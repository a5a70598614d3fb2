"""What the log tells of the payload's results beyond columns: batches by what they were made with, and last words.

Whatever labels a result carries (`model`, `variant`, ...) part it into kinds; the last status of the payload and of
comms is kept whole, by name. So what those messages come to hold is reported without a word here. Fed by `rundata`.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import msgspec

from flightsw.messages.descriptions import spelt_out
from flightsw.messages.schema import FieldSchema, TopicSchema, enum_words, worded
from flightsw.report.sections.markup import plain

RESULT, STATUS, ACCOUNT = "infer.result", "infer.status", "infer.account"
LAST = (STATUS, ACCOUNT, "comms.status")
"""Topics whose last message is kept whole."""
HEARD = (RESULT, *LAST)
PLACES = ("mode", "variant")
"""Fields of a result that say by place what kind it is, beside all labels and enumerations."""


class Kind:
    """Results of one kind."""

    def __init__(self) -> None:
        self.batches = self.scenes = 0
        self.busy_s = 0.0
        self.amounts: dict[str, float] = {}
        self.latency_s = array("d")
        """from the oldest scene's arrival to the result, of each batch"""


class Results:
    """Hears payloads."""

    def __init__(self, topics: Sequence[TopicSchema]) -> None:
        self._declared = {topic.name: topic.fields for topic in topics}
        self._fields = {name: [one.name for one in fields] for name, fields in self._declared.items()}
        declared = self._declared.get(RESULT, ())
        self._labels = {one.name: enum_words(one) for one in declared if _is_label(one)}
        self._amounts = [one.name for one in declared if _is_amount(one)]
        self.kinds: dict[tuple[tuple[str, str], ...], Kind] = {}
        self.finished_s = array("d")
        self.latency_s = array("d")
        self._last: dict[str, msgspec.Raw] = {}

    def hear(self, topic: str, _tick: int, payload: msgspec.Raw, _tally: object = None) -> None:
        """One message of a topic of `HEARD`."""
        if topic == RESULT:
            self._result(self._named(topic, payload))
        else:
            self._last[topic] = payload

    def last(self, topic: str) -> dict[str, Any]:
        """The last message of a topic by fields; empty: there was none."""
        return self._named(topic, self._last[topic]) if topic in self._last else {}

    def worded(self, topic: str) -> list[tuple[str, str]]:
        """The last message for people: names spelt out, enumerations by their words, units behind."""
        said = self.last(topic)
        found = []
        for one in self._declared.get(topic, ()):
            if one.name in said:
                value = plain(worded(said[one.name], enum_words(one)))
                unit = "" if one.unit in ("", "1") or value == plain(None) else f" {one.unit}"
                found.append((spelt_out(one.name), f"{value}{unit}"))
        return found

    def _named(self, topic: str, payload: msgspec.Raw) -> dict[str, Any]:
        return dict(zip(self._fields[topic], msgspec.msgpack.decode(payload), strict=False))

    def _result(self, said: dict[str, Any]) -> None:
        key = tuple(
            (name, str(worded(said[name], words))) for name, words in self._labels.items() if said.get(name) is not None
        )
        kind = self.kinds.setdefault(key, Kind())
        worked_s = (said["finished_ns"] - said["started_ns"]) / 1e9
        latency_s = said["queued_s"] + worked_s
        kind.batches += 1
        kind.scenes += said["scenes"]
        kind.busy_s += worked_s
        kind.latency_s.append(latency_s)
        self.finished_s.append(said["finished_ns"] / 1e9)
        self.latency_s.append(latency_s)
        for name in self._amounts:
            if said.get(name) is not None:
                kind.amounts[name] = kind.amounts.get(name, 0.0) + said[name]


def _is_label(field: FieldSchema) -> bool:
    kind = field.type.removesuffix(" | null")
    return field.name in PLACES or ((kind == "str" or kind.startswith("enum")) and "sha" not in field.name)


def _is_amount(field: FieldSchema) -> bool:
    return field.type.removesuffix(" | null") in ("int", "float") and (field.unit == "J" or "value" in field.name)
