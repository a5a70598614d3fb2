"""The log: reads back what was written, to the last whole tick, and can't be altered unseen."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
from pathlib import Path

import msgpack
import msgspec
import pytest

from flightsw.bus.log import SEGMENT_BYTES, HashChain, LogHeader, LogWriter, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.records import TickRecord
from flightsw.bus.segments import TAIL_NAME
from flightsw.errors import LogError, RunError
from flightsw.messages.schema import PROTOCOL, topic_schemas
from tests.bus.test_exchange import Bench, sent
from tests.bus.toys import toy_table


def header(seed: int = 1) -> LogHeader:
    return LogHeader(PROTOCOL, {"name": "toy"}, seed, 10**9, topic_schemas(toy_table().topics), ())


def write_run(run_dir: Path, ticks: int = 30, seed: int = 1, segment_bytes: int = 1 << 20) -> list[TickRecord]:
    bench = Bench(toy_table())
    writer = LogWriter(run_dir, header(seed), segment_bytes=segment_bytes)
    encode = RecordEncoder()
    records = [bench.tick(pokes=(3,) if tick == 4 else (), lose="echo" if tick == 9 else None) for tick in range(ticks)]
    for record in records:
        writer.append(encode(record))
    writer.close()
    return records


def recomputed(run_dir: Path) -> str:
    """The hash without any of our code: what docs/log-format.md prints."""
    link = b""
    files = [*sorted(run_dir.glob("bus.*.log.gz")), run_dir / "bus.log"]
    for path in files:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        unpacker.feed(data)
        start = 0
        while start < len(data):
            try:
                item = unpacker.unpack()
            except msgpack.OutOfData:
                break
            raw, start = data[start : unpacker.tell()], unpacker.tell()
            if not link:
                link = hashlib.sha256(raw).digest()
            elif isinstance(item, list):
                link = hashlib.sha256(link + raw).digest()
    return link.hex()


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    records = write_run(tmp_path)
    reader = LogReader(tmp_path)
    back = list(reader.ticks())
    assert [sent(record) for record in back] == [sent(record) for record in records]
    assert [record.inputs[:1] for record in back if record.inputs][1:] == [
        (("lost", "echo", 0),),
        (("rejoin", "echo", 1),),
    ]
    assert reader.complete
    assert reader.tick_count == 30
    assert reader.log_hash == recomputed(tmp_path)


def test_segments_read_as_one_stream_with_the_same_hash(tmp_path: Path) -> None:
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    whole.mkdir()
    parted.mkdir()
    write_run(whole)
    write_run(parted, segment_bytes=500)
    assert len(list(parted.glob("bus.*.log.gz"))) >= 3
    reader = LogReader(parted)
    assert len(list(reader.ticks())) == 30
    assert reader.log_hash == recomputed(parted) == recomputed(whole)


def test_another_seed_gives_another_hash(tmp_path: Path) -> None:
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        write_run(tmp_path / str(seed), seed=seed)
    assert recomputed(tmp_path / "1") != recomputed(tmp_path / "2")


def test_a_log_cut_anywhere_reads_to_its_last_whole_tick(tmp_path: Path) -> None:
    write_run(tmp_path)
    data = (tmp_path / TAIL_NAME).read_bytes()
    reader = LogReader(tmp_path)
    records = list(reader.ticks())
    lengths = [len(bytes(raw)) for raw in LogReader(tmp_path).raw_ticks()]
    head = len(reader.header.encode())
    for cut in range(head, len(data), 97):
        (tmp_path / TAIL_NAME).write_bytes(data[:cut])
        cut_reader = LogReader(tmp_path)
        expected = sum(1 for tick in range(len(lengths)) if head + sum(lengths[: tick + 1]) <= cut)
        assert [r.tick for r in cut_reader.ticks()] == [r.tick for r in records[:expected]]
        assert not cut_reader.complete


def test_one_flipped_bit_in_any_record_changes_the_hash_or_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, ticks=8)
    good = (tmp_path / TAIL_NAME).read_bytes()
    reader = LogReader(tmp_path)
    ends = [len(reader.header.encode())]
    for raw in reader.raw_ticks():
        ends.append(ends[-1] + len(raw))
    honest = reader.log_hash
    flipped = 0
    for position in range(ends[0], ends[-1]):
        data = bytearray(good)
        data[position] ^= 1 << (position % 8)
        (tmp_path / TAIL_NAME).write_bytes(bytes(data))
        try:
            altered = LogReader(tmp_path)
            list(altered.ticks())
            assert altered.log_hash != honest
        except LogError:
            pass
        flipped += 1
    assert flipped > 200


def test_writing_goes_on_behind_the_last_whole_tick(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    records = write_run(whole)
    encode = RecordEncoder()
    writer = LogWriter(broken, header())
    for record in records[:12]:
        writer.append(encode(record))
    writer.abandon()
    with (broken / TAIL_NAME).open("ab") as tail:
        tail.write(encode(records[12])[:-5])
    reader = LogReader(broken)
    assert len(list(reader.ticks())) == 12
    again = LogWriter(broken, header(), behind=reader.place)
    for record in records[12:]:
        again.append(encode(record))
    again.close()
    assert recomputed(broken) == recomputed(whole)
    assert (broken / TAIL_NAME).read_bytes() == (whole / TAIL_NAME).read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "before its header is whole"),
        (b"\x00\x01hello", "not a flightsw log"),
        (msgspec.msgpack.encode({"a": 1}), "not a flightsw log"),
        (b"\xc1\xc1\xc1", "corrupt at byte 0: no MessagePack object"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / TAIL_NAME).write_bytes(content)
    with pytest.raises(LogError, match=message):
        LogReader(tmp_path)


def test_an_altered_log_is_told_from_a_cut_one(tmp_path: Path) -> None:
    write_run(tmp_path)
    data = bytearray((tmp_path / TAIL_NAME).read_bytes())
    head = len(LogReader(tmp_path).header.encode())
    data[head + 8] ^= 1
    (tmp_path / TAIL_NAME).write_bytes(bytes(data))
    with pytest.raises(LogError):
        list(LogReader(tmp_path).ticks())


def test_the_chain_starts_at_the_header() -> None:
    assert HashChain(b"a").hexdigest() == hashlib.sha256(b"a").hexdigest()
    assert SEGMENT_BYTES > 1 << 20


class FullDisk:
    """Takes so many bytes, then no more; then there is room again."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.full = False
        self._write = os.write

    def write(self, file: int, data: bytes) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if len(data) > self.room:
            self.full = True
            return self._write(file, data[: self.room]) if self.room else self.write(file, data)
        self.room -= len(data)
        return self._write(file, data)


@pytest.mark.parametrize("buffer_bytes", [0, 2000])
@pytest.mark.parametrize("segment_bytes", [1 << 20, 3000])
def test_on_a_full_disk_the_log_ends_behind_a_whole_tick_and_stays_so_when_there_is_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buffer_bytes: int, segment_bytes: int
) -> None:
    bench, encode = Bench(toy_table()), RecordEncoder()
    disk = FullDisk(room=len(header().encode()) + 5000)
    monkeypatch.setattr(os, "write", disk.write)
    writer = LogWriter(tmp_path, header(), segment_bytes=segment_bytes, buffer_bytes=buffer_bytes)
    records = [encode(bench.tick()) for _ in range(600)]
    assert sum(map(len, records)) > 2 * 5000
    with pytest.raises(LogError, match="can't be written: No space left on device"):
        list(map(writer.append, records))
    disk.full, disk.room = False, 1 << 20
    log_hash = writer.close()
    assert 10 < writer.ticks < 500
    reader = LogReader(tmp_path)
    assert len(list(reader.ticks())) == writer.ticks
    assert not reader.complete
    assert reader.log_hash == log_hash == recomputed(tmp_path)


def test_a_log_that_can_t_be_begun_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", FullDisk(room=100).write)
    with pytest.raises(RunError, match=r"bus.log: can't be written: No space left"):
        LogWriter(tmp_path, header())
    with pytest.raises(RunError, match=r"bus.log: can't be written: No such file"):
        LogWriter(tmp_path / "nowhere", header())
