"""The files of a log: which there must be, and how closed ones are compressed."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from flightsw.bus import segments
from flightsw.bus.log import LogWriter, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.errors import LogError
from tests.bus.test_exchange import Bench
from tests.bus.test_log import header, write_run
from tests.bus.toys import toy_table


def test_a_folder_without_a_log_and_a_missing_segment_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="not a run folder"):
        LogReader(tmp_path)
    write_run(tmp_path, segment_bytes=500)
    (tmp_path / "bus.00001.log.gz").unlink()
    with pytest.raises(LogError, match=r"segments 1 of the log are missing"):
        LogReader(tmp_path)


def test_closed_segments_are_compressed_on_spare_cores_and_the_writer_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = os.sched_getaffinity(0)
    asked: list[tuple[str, frozenset[int]]] = []

    def note(cores: frozenset[int]) -> None:
        asked.append((threading.current_thread().name, cores))

    monkeypatch.setattr(segments, "work_beside", note)
    bench, writer = Bench(toy_table()), LogWriter(tmp_path, header(), segment_bytes=500, spare_cores={max(allowed)})
    for _ in range(30):
        writer.append(RecordEncoder()(bench.tick()))
    log_hash = writer.close()
    packed = sorted(tmp_path.glob("bus.*.log.gz"))
    assert len(packed) > 1
    assert asked == [("log-compress", frozenset({max(allowed)}))] * len(packed)
    assert os.sched_getaffinity(0) == allowed
    reader = LogReader(tmp_path)
    assert len(list(reader.ticks())) == 30
    assert reader.log_hash == log_hash


def test_a_segment_that_can_t_be_compressed_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_source: object, sink: BinaryIO) -> None:
        sink.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(segments, "_pack", no_room)
    write_run(tmp_path, segment_bytes=500)
    assert len(list(tmp_path.glob("bus.*.log"))) >= 3
    assert list(tmp_path.glob("*.gz*")) == []
    reader = LogReader(tmp_path)
    assert len(list(reader.ticks())) == 30
    assert reader.complete
