"""What a run's log says so far, as live views need it: the newest message of each topic, and what has happened.

Folded from tick records; names, units and words are those of the log's own header, so that logs of users' own
messages and of other versions read as well. A payload is decoded when it is asked for, not when it is heard: a view
that draws ten times a second costs the same at any number of ticks a second. Read by the terminal's view and by the
browser's console.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import decode_record
from flightsw.bus.records import MESSAGE, TickRecord
from flightsw.live.skimming import Skimmer
from flightsw.messages.health import Severity
from flightsw.messages.schema import TopicSchema, enum_words, is_event_topic, worded
from flightsw.messages.topics import BUS, OUTSIDE

EVENTS_KEPT = 500
VERIFICATION = "tc.verification"
_BUS_EVENT = "bus.event"
_LOUD = {"APP_LOST": Severity.WARNING_HI, "LOCKED_OUT": Severity.FATAL}
"""of the bus's own words; the others are activity"""
_VERDICTS = {"REJECTED": Severity.WARNING_LO, "FAILED": Severity.WARNING_LO}


class Happening(msgspec.Struct, frozen=True):
    """An event of the log, or what came from outside."""

    tick: int
    source: str
    """who tells it; `outside` for a telecommand or a fault that came in"""
    severity: Severity
    id: str
    args: dict[str, Any]

    @property
    def text(self) -> str:
        """`mode.changed  to=PAYLOAD reason=plan`."""
        return " ".join([self.id, *(f"{key}={_short(value)}" for key, value in self.args.items())])


class LiveState:
    """A run up to its newest tick."""

    def __init__(self, header: LogHeader) -> None:
        self.header = header
        self.dt_s = header.dt_ns / 1e9
        self.tick: int | None = None
        """the newest one; None: none yet"""
        self.happenings: deque[Happening] = deque(maxlen=EVENTS_KEPT)
        """the oldest first"""
        self.happened = 0
        """so many in all, those that are no longer kept among them"""
        self.last_input = 0
        """the highest number of what came from outside"""
        self._number = {topic.name: number for number, topic in enumerate(header.topics)}
        self._fields = [[(one.name, enum_words(one)) for one in topic.fields] for topic in header.topics]
        self._newest: dict[int, msgspec.Raw] = {}
        self._decoded: dict[int, tuple[msgspec.Raw, dict[str, Any]]] = {}
        self._hearers = {
            number: hear for number, topic in enumerate(header.topics) if (hear := self._hearer(topic)) is not None
        }
        self._skimmer = Skimmer(len(header.topics), self._hearers)

    @property
    def time_s(self) -> float:
        """Simulated time at the end of the newest tick."""
        return 0.0 if self.tick is None else (self.tick + 1) * self.dt_s

    def feed(self, record: TickRecord) -> None:
        """Take in one tick."""
        self.tick = record.tick
        said: dict[int, msgspec.Raw] = dict(record.entries)
        self._newest.update(said)
        if record.inputs:
            self._from_outside(record)
        hearers = self._hearers
        if hearers.keys().isdisjoint(said):  # as nearly always
            return
        for number, payload in record.entries:
            if number in hearers:
                self._happened(hearers[number](record.tick, payload))

    def feed_all(self, records: Iterable[TickRecord]) -> int:
        """Take in what there is; how many ticks that was."""
        count = 0
        for record in records:
            self.feed(record)
            count += 1
        return count

    def skim(self, records: list[bytes]) -> None:
        """Take in ticks of which only the last will be looked at. Raises LogError."""
        seldom, last = self._skimmer.split(records)
        self.feed_all(decode_record(data) for data in seldom)
        self.feed_all(last)

    def message(self, topic: str) -> dict[str, Any]:
        """The newest message of a topic by field, enumerations by name; empty: none yet, or no such topic."""
        number = self._number.get(topic)
        payload = None if number is None else self._newest.get(number)
        if number is None or payload is None:
            return {}
        kept = self._decoded.get(number)
        if kept is None or kept[0] is not payload:
            kept = self._decoded[number] = (payload, self._by_field(number, payload))
        return kept[1]

    def value(self, topic: str, field: str) -> Any:
        """One field of the newest message; None: unknown."""
        return self.message(topic).get(field)

    def snapshot(self) -> dict[int, msgspec.Raw]:
        """The newest messages, encoded, by topic number: what `as_of` takes."""
        return dict(self._newest)

    def as_of(self, tick: int, newest: Mapping[int, msgspec.Raw]) -> LiveState:
        """This run as it was: the messages of a snapshot, and what had happened by then."""
        then = LiveState(self.header)
        then.tick = tick
        then._newest = dict(newest)
        then.happenings.extend(one for one in self.happenings if one.tick <= tick)
        then.happened = len(then.happenings)
        return then

    def _by_field(self, number: int, payload: msgspec.Raw) -> dict[str, Any]:
        values = msgspec.msgpack.decode(payload)
        return {name: worded(value, words) for (name, words), value in zip(self._fields[number], values, strict=False)}

    def _happened(self, happening: Happening | None) -> None:
        if happening is not None:
            self.happenings.append(happening)
            self.happened += 1

    def _hearer(self, topic: TopicSchema) -> Callable[[int, msgspec.Raw], Happening | None] | None:
        if is_event_topic(topic):
            return lambda tick, payload: self._event(tick, topic, payload)
        if topic.producer == BUS and topic.name == _BUS_EVENT:
            return lambda tick, payload: self._bus_event(tick, topic, payload)
        if topic.name == VERIFICATION:
            return lambda tick, payload: self._verdict(tick, topic, payload)
        return None

    def _event(self, tick: int, topic: TopicSchema, payload: msgspec.Raw) -> Happening:
        severity, name, args = msgspec.msgpack.decode(payload)
        return Happening(tick, topic.producer, Severity(severity), name, args)

    def _bus_event(self, tick: int, topic: TopicSchema, payload: msgspec.Raw) -> Happening:
        args = self._by_field(self._number[topic.name], payload)
        kind = str(args.pop("kind"))
        return Happening(tick, BUS, _LOUD.get(kind, Severity.ACTIVITY_HI), kind, args)

    def _verdict(self, tick: int, topic: TopicSchema, payload: msgspec.Raw) -> Happening | None:
        """The last word on a telecommand; that it was accepted is no news."""
        said = self._by_field(self._number[topic.name], payload)
        stage = str(said["stage"])
        if stage == "ACCEPTED":
            return None
        args = {key: said[key] for key in ("request", "reason") if said[key] is not None}
        severity = _VERDICTS.get(stage, Severity.COMMAND)
        return Happening(tick, topic.producer, severity, f"{said['name']} {stage.lower()}", args)

    def _from_outside(self, record: TickRecord) -> None:
        """Telecommands and faults; losses are told by the bus itself."""
        for item in record.inputs:
            if item[0] == MESSAGE:
                number, payload = item[1]
                self._newest[number] = payload
                said = self._by_field(number, payload)
                self.last_input = max(self.last_input, said.get("request", said.get("number", 0)))
                name = str(said.pop("name", said.pop("kind", self.header.topics[number].name)))
                args = {**said.pop("args", {}), **{key: value for key, value in said.items() if value is not None}}
                self._happened(Happening(record.tick, OUTSIDE, Severity.COMMAND, name, args))


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if text.isprintable() else text.encode("unicode_escape").decode()
