"""Reads a run's log: header, ticks, typed messages, and the hash recomputed on the way.

Works on a finished run, on one that is being written and on one that was killed: reading ends at the last whole
tick, and `complete` says whether the writer ended it. Used by replay and rebuild, by `record`, by observers.

The hash can be recomputed without any of this; docs/log-format.md has it in 20 lines.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import msgspec

from flightsw.bus.exchange import MESSAGE, RECONFIGURE, TickRecord
from flightsw.bus.log import HashChain, LogHeader, LogPlace, segment_files
from flightsw.errors import LogError
from flightsw.messages.base import Message
from flightsw.messages.schema import PROTOCOL, topic_schemas
from flightsw.messages.topics import TopicTable, shipped_topics


class _Record(msgspec.Struct, frozen=True, array_like=True):
    tick: int
    inputs: list[msgspec.Raw]
    entries: list[tuple[int, msgspec.Raw]]


_HEADER = msgspec.msgpack.Decoder(LogHeader)
_RECORD = msgspec.msgpack.Decoder(_Record)
_INPUT = msgspec.msgpack.Decoder(list[msgspec.Raw])
_MESSAGE_INPUT = msgspec.msgpack.Decoder(tuple[str, int, msgspec.Raw])
_MARK = msgspec.msgpack.Decoder(dict[str, Any])


class LogReader:
    """One pass over a log a call of `ticks`. Raises LogError: missing, foreign, newer, corrupt."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self._files = segment_files(run_dir)
        first = next(self._objects(), None)
        if first is None:
            raise LogError(f"{run_dir}: the log ends before its header is whole")
        self._head = first[1]
        try:
            self.header = _HEADER.decode(self._head)
        except msgspec.DecodeError as error:
            raise LogError(f"{self._files[0]}: not a flightsw log: {error}") from None
        if self.header.flightsw_log != PROTOCOL:
            raise LogError(f"{self._files[0]}: log format {self.header.flightsw_log}: this version reads {PROTOCOL}")
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
            record = decode_record(data)
            if record.tick != due:
                raise LogError(f"{self.run_dir}: tick {record.tick} stands where tick {due} is due")
            yield record

    def messages(self, topics: Iterable[str]) -> Iterator[tuple[int, str, Message]]:
        """(tick, topic, message) of the named topics, in order. Raises LogError for a topic the log hasn't."""
        names = [topic.name for topic in self.header.topics]
        table = TopicTable(shipped_topics())
        wanted: dict[int, tuple[str, msgspec.msgpack.Decoder[Message]]] = {}
        for name in topics:
            if name not in names:
                raise LogError(f"{self.run_dir}: no topic {name!r} in the log: must be one of {', '.join(names)}")
            wanted[names.index(name)] = (name, msgspec.msgpack.Decoder(table[name].kind))
        for record in self.ticks():
            for item in record.inputs:
                if item[0] == MESSAGE and item[1][0] in wanted:
                    name, decoder = wanted[item[1][0]]
                    yield record.tick, name, decoder.decode(item[1][1])
            for number, payload in record.entries:
                if number in wanted:
                    name, decoder = wanted[number]
                    yield record.tick, name, decoder.decode(payload)

    def check_schema(self, table: TopicTable) -> None:
        """Raise LogError when the log was made with other declarations than these."""
        if self.header.topics != topic_schemas(table):
            theirs = {topic.name: topic for topic in self.header.topics}
            ours = {topic.name: topic for topic in topic_schemas(table)}
            changed = sorted(name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))
            raise LogError(f"{self.run_dir}: made with other message declarations: {', '.join(changed) or 'order'}")

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
                    raise LogError(f"{path}: corrupt at byte {start}: {error}") from None
                end = unpacker.tell()
                yield index, data[start:end], end
                start = end


def decode_record(data: bytes) -> TickRecord:
    """A tick record from its bytes. Raises LogError."""
    try:
        record = _RECORD.decode(data)
        inputs = tuple(_decode_input(raw) for raw in record.inputs)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogError(f"corrupt tick record: {error}") from None
    return TickRecord(record.tick, inputs, list(record.entries))


def _decode_input(raw: msgspec.Raw) -> tuple[Any, ...]:
    kind = msgspec.msgpack.decode(_INPUT.decode(raw)[0], type=str)
    if kind == MESSAGE:
        _, number, payload = _MESSAGE_INPUT.decode(raw)
        return MESSAGE, (number, payload)
    if kind == RECONFIGURE:
        return msgspec.msgpack.decode(raw, type=tuple[str, dict[str, Any]])
    return msgspec.msgpack.decode(raw, type=tuple[str, str, int])


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
