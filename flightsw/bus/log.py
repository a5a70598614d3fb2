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

import gzip
import hashlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from flightsw.bus.exchange import MESSAGE, TickRecord
from flightsw.errors import LogError
from flightsw.messages.schema import TopicSchema

TAIL_NAME = "bus.log"
SEGMENT_BYTES = 8 * 1024 * 1024
_COMPRESSION_LEVEL = 1  # zlib 1 takes about 12 ms a MB here and still shrinks a tick to a third


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


class LogHeader(msgspec.Struct, frozen=True):
    """First object of a log: everything that the tick records mean."""

    flightsw_log: int
    """version of the protocol"""
    scenario: dict[str, Any]
    seed: int
    dt_ns: int
    topics: tuple[TopicSchema, ...]
    processes: tuple[ProcessSchema, ...]

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

    def __init__(self, header: bytes) -> None:
        self._link = hashlib.sha256(header).digest()

    def add(self, record: bytes) -> None:
        """Extend by one tick."""
        self._link = hashlib.sha256(self._link + record).digest()

    def hexdigest(self) -> str:
        """The hash of everything so far."""
        return self._link.hex()


class LogPlace(NamedTuple):
    """Where the last whole tick of a log ends."""

    segment: int
    tail_bytes: int
    ticks: int
    chain: HashChain


class LogWriter:
    """Appends ticks to a run's log. One writer a run; a full disk raises LogError and leaves whole ticks behind."""

    def __init__(
        self,
        run_dir: Path,
        header: LogHeader,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        buffer_bytes: int = 0,
        behind: LogPlace | None = None,
    ) -> None:
        """A new log; or, with `behind`, the log of a lost writer, cut off behind its last whole tick.

        `buffer_bytes`: whole ticks held back until so many bytes have come together. Only for a host whose processes
        die with the writer: for all others a tick must be written before anything of it is delivered.
        """
        self._buffer_bytes = buffer_bytes
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._run_dir = run_dir
        self._segment_bytes = segment_bytes
        self._compressing: list[threading.Thread] = []
        tail = run_dir / TAIL_NAME
        if behind is None:
            head = header.encode()
            self._segment = self._written = self._ticks = 0
            self._chain = HashChain(head)
            self._file = os.open(tail, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            self._write(head)
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
        if self._held:
            held, self._held, self._held_bytes = b"".join(self._held), [], 0
            self._write(held)

    def close(self) -> str:
        """Write the end mark, finish compressing, and give the log's hash. Where it can't be written, it stays cut."""
        log_hash = self.log_hash
        try:
            self.flush()
            self._write(msgspec.msgpack.encode(_EndMark(self._ticks, log_hash)))
        finally:
            self.abandon()
        return log_hash

    def abandon(self) -> None:
        """Close the file without an end mark: the log then says that it was cut."""
        self.flush()
        os.close(self._file)
        for thread in self._compressing:
            thread.join()

    def _write(self, data: bytes) -> None:
        try:
            done = os.write(self._file, data)
            while done < len(data):
                done += os.write(self._file, data[done:])
        except OSError as error:
            self._held = []
            raise LogError(f"{self._run_dir / TAIL_NAME}: can't be written: {error.strerror}") from None
        self._written += done

    def _rotate(self) -> None:
        self.flush()
        os.close(self._file)
        closed = self._run_dir / f"bus.{self._segment:05d}.log"
        (self._run_dir / TAIL_NAME).rename(closed)
        thread = threading.Thread(target=_compress, args=(closed,), name="log-compress")
        thread.start()
        self._compressing = [*(t for t in self._compressing if t.is_alive()), thread]
        self._segment += 1
        self._written = 0
        self._file = os.open(self._run_dir / TAIL_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self._write(msgspec.msgpack.encode(_SegmentMark(self._segment, self._ticks, self.log_hash)))


def _compress(closed: Path) -> None:
    """Replace a closed segment by its compressed form; at every moment one whole copy exists."""
    temporary = closed.with_suffix(".log.gz.tmp")
    with closed.open("rb") as source, temporary.open("wb") as sink:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_COMPRESSION_LEVEL, fileobj=sink, mtime=0) as packed:
            while block := source.read(1 << 20):
                packed.write(block)
        sink.flush()
        os.fsync(sink.fileno())
    temporary.rename(closed.with_suffix(".log.gz"))
    closed.unlink()


def segment_files(run_dir: Path) -> list[Path]:
    """The log's files in order, each segment once. Raises LogError when there are none."""
    closed: dict[int, Path] = {}
    for path in sorted(run_dir.glob("bus.*.log")) + sorted(run_dir.glob("bus.*.log.gz")):
        number = path.name.split(".")[1]
        if number.isdigit():
            closed[int(number)] = path
    if sorted(closed) != list(range(len(closed))):
        raise LogError(f"{run_dir}: segments {_missing(closed)} of the log are missing")
    tail = run_dir / TAIL_NAME
    files = [closed[number] for number in sorted(closed)] + ([tail] if tail.is_file() else [])
    if not files:
        raise LogError(f"{run_dir}: no {TAIL_NAME} in it: not a run folder")
    return files


def _missing(present: Iterable[int]) -> str:
    have = set(present)
    return ", ".join(str(number) for number in range(max(have)) if number not in have)
