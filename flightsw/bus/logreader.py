"""Reads a run's log: header, ticks, typed messages, and the hash recomputed on the way.

Works on a finished run, on one that is being written and on one that was killed: reading ends at the last whole
tick, and `complete` says whether the writer ended it. Used by replay and rebuild, by `record`, by observers.

The hash can be recomputed without any of this; docs/log-format.md has it in 20 lines.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import msgspec

from flightsw.bus.log import HashChain, LogHeader, LogPlace
from flightsw.bus.migrations import CHANGES, FORMATS, Format, Upgrade
from flightsw.bus.records import LATE, MESSAGE, OVERDUE, RECONFIGURE, SKIPPED, TickRecord
from flightsw.bus.segments import segment_files
from flightsw.errors import LogError
from flightsw.messages.base import Message
from flightsw.messages.declared import declared_topics
from flightsw.messages.schema import PROTOCOL, TopicSchema, topic_schemas
from flightsw.messages.topics import TopicTable, shipped_topics


class _Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    tick: int
    inputs: list[msgspec.Raw]
    entries: list[tuple[int, msgspec.Raw]]


class _Manifest(msgspec.Struct, frozen=True):
    flightsw_version: str


_MANIFEST = msgspec.json.Decoder(_Manifest)
NO_OBJECT = "no MessagePack object begins there"
"""where the unpacker says nothing"""
_HEADER = msgspec.msgpack.Decoder(LogHeader)
_RECORD = msgspec.msgpack.Decoder(_Record)
_INPUT = msgspec.msgpack.Decoder(list[msgspec.Raw])
_MESSAGE_INPUT = msgspec.msgpack.Decoder(tuple[str, int, msgspec.Raw])
_MARK = msgspec.msgpack.Decoder(dict[str, Any])


@contextmanager
def sound(run_dir: Path) -> Iterator[None]:
    """For whoever decodes payloads while a log is read: what is no message of its topic raises LogError."""
    try:
        yield
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogError(f"{run_dir}: the log was altered: {error}") from None


class LogReader:
    """One pass over a log a call of `ticks`. Raises LogError: missing, foreign, newer, corrupt."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self._files = segment_files(run_dir)
        first = next(self._objects(), None)
        if first is None:
            raise LogError(f"{run_dir}: the log ends before its header is whole")
        self._head = first[1]
        self._formats: list[Format] = []
        """steps from the log's format to today's"""
        self.header = self._read_header()
        self.upgrade: Upgrade | None = None
        """what `read_as` found to be done"""
        self.complete = False
        """after a whole pass: the writer ended the log in order"""
        self.tick_count = 0
        """after a whole pass: ticks read"""
        self.tail_bytes = 0
        """after a whole pass: length of the last file up to its last whole tick"""
        self._chain = HashChain(self._head)

    @property
    def log_hash(self) -> str:
        """After a whole pass: the recomputed hash."""
        return self._chain.hexdigest()

    @property
    def place(self) -> LogPlace:
        """After a whole pass: where a writer would go on."""
        return LogPlace(len(self._files) - 1, self.tail_bytes, self.tick_count, self._chain)

    @property
    def topics(self) -> TopicTable:
        """The log's topics, users' own among them, from its header alone; of an older log, as it is read."""
        return declared_topics(self.schemas)

    @property
    def schemas(self) -> tuple[TopicSchema, ...]:
        """What the entries of `ticks` mean: the log's own declarations, or those that it is read as."""
        return self.header.topics if self.upgrade is None else self.upgrade.topics

    def _read_header(self) -> LogHeader:
        """Today's header, whichever format the log has."""
        try:
            header = _MARK.decode(self._head)
            version = header["flightsw_log"]
            while version in FORMATS and version < PROTOCOL:
                self._formats.append(FORMATS[version])
                header = self._formats[-1].header(header)
                version += 1
            if version != PROTOCOL:
                raise LogError(
                    f"{self._files[0]}: log format {version}, {written_by(self.run_dir)}: this version reads "
                    f"{', '.join(str(known) for known in (*FORMATS, PROTOCOL))}"
                )
            header["flightsw_log"] = PROTOCOL
            return msgspec.convert(header, LogHeader) if self._formats else _HEADER.decode(self._head)
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError) as error:
            raise LogError(f"{self._files[0]}: not a flightsw log: {error}") from None

    def raw_ticks(self) -> Iterator[bytes]:
        """The encoded records, hashed as they pass."""
        self._chain = HashChain(self._head)
        self.tick_count = 0
        self.complete = False
        stated: str | None = None
        for index, data, end in self._objects():
            if index == 0 and data == self._head and self.tick_count == 0:
                self.tail_bytes = end
                continue
            if data[0] & 0xF0 == 0x90:
                self._chain.add(data)
                self.tick_count += 1
                self.tail_bytes = end
                yield data
                continue
            mark = self._mark(data)
            if "flightsw_end" in mark:
                stated = str(mark["log_hash"])
            else:
                self.tail_bytes = end
        if stated is not None:
            if stated != self.log_hash:
                raise LogError(f"{self.run_dir}: the log was altered: its hash is {self.log_hash}, it states {stated}")
            self.complete = True

    def ticks(self) -> Iterator[TickRecord]:
        """The records in order. Entries and message inputs are (topic number, payload)."""
        for due, data in enumerate(self.raw_ticks()):
            for step in self._formats:
                data = msgspec.msgpack.encode(step.record(msgspec.msgpack.decode(data)))  # noqa: PLW2901
            record = decode_record(data)
            if record.tick != due:
                raise LogError(f"{self.run_dir}: tick {record.tick} stands where tick {due} is due")
            yield record if self.upgrade is None else self.upgrade.record(record)

    def messages(self, topics: Iterable[str]) -> Iterator[tuple[int, str, Message]]:
        """(tick, topic, message) of the named topics, in order. Raises LogError for a topic the log hasn't."""
        self.read_as_shipped()
        names = [topic.name for topic in self.schemas]
        table = self.topics
        wanted: dict[int, tuple[str, msgspec.msgpack.Decoder[Message]]] = {}
        for name in topics:
            if name not in names:
                raise LogError(f"{self.run_dir}: no topic {name!r} in the log: must be one of {', '.join(names)}")
            wanted[names.index(name)] = (name, msgspec.msgpack.Decoder(table[name].kind))
        with sound(self.run_dir):
            for record in self.ticks():
                for item in record.inputs:
                    if item[0] == MESSAGE and item[1][0] in wanted:
                        name, decoder = wanted[item[1][0]]
                        yield record.tick, name, decoder.decode(item[1][1])
                for number, payload in record.entries:
                    if number in wanted:
                        name, decoder = wanted[number]
                        yield record.tick, name, decoder.decode(payload)

    def read_as_shipped(self) -> None:
        """`read_as` today's declarations; users' own messages and critical data stay what they are."""
        shipped = TopicTable(shipped_topics())
        names = {*shipped.number, *(topic.name for topic in self.header.topics)}
        self.read_as(shipped, {name for name in names if name not in shipped.number or name.startswith("cds.")})

    def read_as(self, table: TopicTable, ignored: Collection[str] = ()) -> None:
        """Let `ticks` give what today's version would have written: an older log is upgraded by declared steps.

        `ignored` topics may be anything, and stay what they are in the log; the numbers are then the log's as far as
        they go. Raises LogError, naming the topics, when there is a difference that no step explains.
        """
        ours = topic_schemas(table)
        if ignored:
            known = {schema.name: schema for schema in ours if schema.name not in ignored}
            kept = [
                known.pop(schema.name, schema) for schema in self.header.topics if schema.name in {*known, *ignored}
            ]
            ours = (*kept, *known.values())
        if self.header.topics == ours:
            return
        try:
            self.upgrade = Upgrade(self.header.topics, ours, CHANGES)
        except LogError as strange:
            raise LogError(
                f"{self.run_dir}: {written_by(self.run_dir)} with other declarations of {strange}, "
                "and no migration is declared for them"
            ) from None

    def check_schema(self, table: TopicTable) -> None:
        """Raise LogError when the log was made with other declarations than these, upgradable or not."""
        self.read_as(table)
        if self.upgrade is not None:
            changed = ", ".join(self.upgrade.changed) or "the order of topics"
            raise LogError(f"{self.run_dir}: {written_by(self.run_dir)} with other declarations of {changed}")

    def _mark(self, data: bytes) -> dict[str, Any]:
        try:
            return _MARK.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LogError(f"{self.run_dir}: neither a tick nor a mark in the log: {error}") from None

    def _objects(self) -> Iterator[tuple[int, bytes, int]]:
        """(file index, object's bytes, offset of its end in that file), up to the last whole object."""
        for index, path in enumerate(self._files):
            data = _read(path)
            unpacker = msgpack.Unpacker(max_buffer_size=max(len(data), 1))
            unpacker.feed(data)
            start = 0
            while start < len(data):
                try:
                    unpacker.skip()
                except msgpack.OutOfData:
                    break
                except (ValueError, msgpack.UnpackException) as error:
                    raise LogError(f"{path}: corrupt at byte {start}: {str(error) or NO_OBJECT}") from None
                end = unpacker.tell()
                yield index, data[start:end], end
                start = end


def written_by(run_dir: Path) -> str:
    """Who wrote a log, for messages: its own folder says it, where it says anything."""
    try:
        version = _MANIFEST.decode((run_dir / "manifest.json").read_bytes()).flightsw_version
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return "written by an unknown version"
    return f"written by flightsw {version}"


def decode_record(data: bytes) -> TickRecord:
    """A tick record from its bytes. Raises LogError."""
    try:
        record = _RECORD.decode(data)
        inputs = tuple([_decode_input(raw) for raw in record.inputs]) if record.inputs else ()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogError(f"corrupt tick record: {error}") from None
    return TickRecord(record.tick, inputs, record.entries)


_FORMS = {LATE: tuple[str, str, int, int], OVERDUE: tuple[str, str], SKIPPED: tuple[str, str]}
"""Kinds of outside input that have other parts than (process, incarnation)."""


def _decode_input(raw: msgspec.Raw) -> tuple[Any, ...]:
    kind = msgspec.msgpack.decode(_INPUT.decode(raw)[0], type=str)
    if kind == MESSAGE:
        _, number, payload = _MESSAGE_INPUT.decode(raw)
        return MESSAGE, (number, payload)
    if kind == RECONFIGURE:
        return msgspec.msgpack.decode(raw, type=tuple[str, dict[str, Any]])
    form: Any = _FORMS.get(kind, tuple[str, str, int])
    parts: tuple[Any, ...] = msgspec.msgpack.decode(raw, type=form)
    return parts


def _read(path: Path) -> bytes:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rb") as packed:
                return packed.read()
        return path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, FileNotFoundError) and path.suffix == ".log":
            return _read(path.with_suffix(".log.gz"))  # it was compressed between the listing and now
        raise LogError(f"{path}: can't be read: {error}") from None
