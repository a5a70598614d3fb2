"""The run's log on disk: a MessagePack stream that explains itself and can't be altered unseen.

    {flightsw_log, scenario, seed, dt_ns, topics, processes}      header, once
    [tick, inputs, [[topic, payload], ...]]                       one array a tick
    {flightsw_segment, first_tick, chain}                         where a new file begins (not hashed)
    {flightsw_end, log_hash}                                      after the last tick of an orderly end (not hashed)

Hash chain: chain = sha256(header's bytes); with each tick chain = sha256(chain + record's bytes); the last one is the
`log_hash`. A tick is written with one write before anything of it is delivered, so that after kill -9 the log reads
to the last whole tick. `bus.log` is the file being written; closed ones become `bus.NNNNN.log.gz`.

Written by the two hosts of the Exchange; read by replay, by `record` and by every observer (see `logreader`).
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from flightsw.bus.records import MESSAGE, TickRecord
from flightsw.bus.segments import TAIL_NAME, closed_name, compress
from flightsw.errors import LogError, RunError
from flightsw.messages.schema import TopicSchema

SEGMENT_BYTES = 8 * 1024 * 1024
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


class ProcessSchema(msgspec.Struct, frozen=True):
    """A row of the process table, as the log tells it."""

    name: str
    rank: int
    role: str
    period_ticks: int
    phase_ticks: int
    restart_ticks: int
    subscribes: tuple[str, ...]
    essential: bool = False
    watchdog_ticks: int | None = None
    cycle_ticks: int | UnsetType = UNSET
    """ticks of the bus in one of its own, where these are more than one"""


class LogHeader(msgspec.Struct, frozen=True):
    """First object of a log: everything that the tick records mean."""

    flightsw_log: int
    """version of the protocol"""
    scenario: dict[str, Any]
    seed: int
    dt_ns: int
    topics: tuple[TopicSchema, ...]
    processes: tuple[ProcessSchema, ...]

    @property
    def cycle_ticks(self) -> int:
        """Ticks in a cycle of flight software."""
        return max((row.cycle_ticks for row in self.processes if row.cycle_ticks is not UNSET), default=1)

    def encode(self) -> bytes:
        """The header's bytes, the same for equal headers."""
        return msgspec.msgpack.encode(self)

    @property
    def run_id(self) -> str:
        """Names the run by its content: equal scenario, seed and declarations give equal ids."""
        return hashlib.sha256(self.encode()).hexdigest()[:16]


class _SegmentMark(msgspec.Struct, frozen=True):
    flightsw_segment: int
    first_tick: int
    chain: str


class _EndMark(msgspec.Struct, frozen=True):
    flightsw_end: int
    """ticks in the log"""
    log_hash: str


class RecordEncoder:
    """Encodes tick records; entries may carry more than (topic, payload) behind, which is left out."""

    def __init__(self) -> None:
        self._encode = msgspec.msgpack.Encoder().encode

    def __call__(self, record: TickRecord) -> bytes:
        """The record's bytes, as they are hashed and written."""
        inputs = [(MESSAGE, item[1][0], item[1][1]) if item[0] == MESSAGE else item for item in record.inputs]
        return self._encode((record.tick, inputs, [entry[:2] for entry in record.entries]))


class HashChain:
    """The running hash over header and ticks."""

    _link: bytes

    def __init__(self, header: bytes) -> None:
        self._link = hashlib.sha256(header).digest()

    def add(self, record: bytes) -> None:
        """Extend by one tick."""
        self._link = hashlib.sha256(self._link + record).digest()

    def hexdigest(self) -> str:
        """The hash of everything so far."""
        return self._link.hex()

    def copy(self) -> HashChain:
        """Another one that goes on from here."""
        other = HashChain(b"")
        other._link = self._link
        return other


class LogPlace(NamedTuple):
    """Where the last whole tick of a log ends."""

    segment: int
    tail_bytes: int
    ticks: int
    chain: HashChain


class LogWriter:
    """Appends ticks to a run's log. One writer a run.

    What can't be written raises LogError, and the log then ends behind the last tick that could: it says that it was
    cut, and count and hash are those of what is there. The run ends with it (docs/log-format.md).
    """

    def __init__(
        self,
        run_dir: Path,
        header: LogHeader,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        buffer_bytes: int = 0,
        behind: LogPlace | None = None,
        spare_cores: Collection[int] = (),
    ) -> None:
        """A new log; or, with `behind`, the log of a lost writer, cut off behind its last whole tick. Raises RunError
        where it can't be begun.

        `buffer_bytes`: whole ticks held back until so many bytes have come together. Only for a host whose processes
        die with the writer: for all others a tick must be written before anything of it is delivered. `spare_cores`:
        where closed segments are compressed; none: where the writer is.
        """
        self._buffer_bytes = buffer_bytes
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._failed = self._closed = False
        self._run_dir = run_dir
        self._segment_bytes = segment_bytes
        self._spare_cores = frozenset(spare_cores)
        self._compressing: list[threading.Thread] = []
        self._file: int | None = None
        try:
            self._begin(header.encode(), behind)
        except OSError as error:
            raise RunError(f"{run_dir / TAIL_NAME}: can't be written: {error.strerror}") from None

    def _begin(self, head: bytes, behind: LogPlace | None) -> None:
        tail = self._run_dir / TAIL_NAME
        if behind is None:
            self._segment = self._written = self._ticks = 0
            self._chain = HashChain(head)
            self._file = os.open(tail, _NEW_FILE, 0o644)
            self._put(head)
        else:
            self._segment, self._written = behind.segment, behind.tail_bytes
            self._ticks, self._chain = behind.ticks, behind.chain
            self._file = os.open(tail, os.O_WRONLY | os.O_APPEND)
            os.ftruncate(self._file, behind.tail_bytes)

    @property
    def log_hash(self) -> str:
        """Hash over everything written so far."""
        return self._chain.hexdigest()

    @property
    def ticks(self) -> int:
        """Ticks written so far."""
        return self._ticks

    def append(self, record: bytes) -> None:
        """Write one tick. Unbuffered, it is in the kernel's hands when this returns."""
        if self._written >= self._segment_bytes:
            self._rotate()
        if self._buffer_bytes:
            if not self._held:
                self._before_held = self._ticks, self._chain.copy()
            self._held.append(record)
            self._held_bytes += len(record)
            if self._held_bytes >= self._buffer_bytes:
                self.flush()
        else:
            self._write(record)
        self._chain.add(record)
        self._ticks += 1

    def flush(self) -> None:
        """Write what is held back."""
        if self._held and not self._failed:
            held, self._held, self._held_bytes = b"".join(self._held), [], 0
            try:
                self._write(held)
            except LogError:
                self._ticks, self._chain = self._before_held
                raise

    def close(self) -> str:
        """Write the end mark, finish compressing, and give the log's hash. Where it can't be written, it stays cut.

        Once it is closed, or was abandoned, there is nothing to do.
        """
        if self._closed:
            return self.log_hash
        try:
            self.flush()
            if not self._failed:
                self._write(msgspec.msgpack.encode(_EndMark(self._ticks, self.log_hash)))
        finally:
            self.abandon()
        return self.log_hash

    def abandon(self) -> None:
        """Close the file without an end mark: the log then says that it was cut."""
        try:
            self.flush()
        finally:
            self._closed = True
            if self._file is not None:
                os.close(self._file)
                self._file = None
            for thread in self._compressing:
                thread.join()

    def _write(self, data: bytes) -> None:
        try:
            self._put(data)
        except OSError as error:
            with suppress(OSError):  # else the torn tail stays, which readers pass over
                os.truncate(self._run_dir / TAIL_NAME, self._written)
            raise self._failure(error) from None

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        done = os.write(self._file, data)
        while done < len(data):
            done += os.write(self._file, data[done:])
        self._written += done

    def _failure(self, error: OSError) -> LogError:
        """From now on nothing is written, not even an end mark, should there be room again."""
        self._failed = True
        return LogError(f"{self._run_dir / TAIL_NAME}: can't be written: {error.strerror}")

    def _rotate(self) -> None:
        self.flush()
        try:
            self._next_segment()
        except OSError as error:
            raise self._failure(error) from None
        self._write(msgspec.msgpack.encode(_SegmentMark(self._segment, self._ticks, self.log_hash)))

    def _next_segment(self) -> None:
        assert self._file is not None
        os.close(self._file)
        self._file = None
        closed = self._run_dir / closed_name(self._segment)
        (self._run_dir / TAIL_NAME).rename(closed)
        thread = threading.Thread(target=compress, args=(closed, self._spare_cores), name="log-compress")
        thread.start()
        self._compressing = [*(t for t in self._compressing if t.is_alive()), thread]
        self._segment += 1
        self._written = 0
        self._file = os.open(self._run_dir / TAIL_NAME, _NEW_FILE, 0o644)
