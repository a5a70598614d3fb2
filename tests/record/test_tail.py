"""Following a log: every tick once and in order, whatever the writer does meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.bus.log import LogWriter, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.records import TickRecord
from flightsw.bus.segments import TAIL_NAME
from flightsw.errors import LogError
from flightsw.record.follow import follow
from flightsw.record.tail import LogTail
from tests.record.logs import header, record, truth

RECORDS = [record(tick, [("truth.plant", truth(soc=tick / 100))]) for tick in range(40)]


def encoded() -> list[bytes]:
    encode = RecordEncoder()
    return [encode(item) for item in RECORDS]


def ticks(records: list[TickRecord]) -> list[int]:
    return [item.tick for item in records]


def test_gives_each_tick_once_as_it_is_written_and_sees_the_end(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, header())
    tail = LogTail(tmp_path)
    seen = []
    for data in encoded()[:5]:
        writer.append(data)
        seen.append(ticks(list(tail.poll())))
    assert seen == [[0], [1], [2], [3], [4]]
    assert tail.header == header()
    assert list(tail.poll()) == []
    assert not tail.ended
    writer.close()
    assert list(tail.poll()) == []
    assert tail.ended


@pytest.mark.parametrize("polls_every", [1, 3, 7, 40])
def test_misses_nothing_through_closed_and_compressed_segments(tmp_path: Path, polls_every: int) -> None:
    writer = LogWriter(tmp_path, header(), segment_bytes=600)
    tail = LogTail(tmp_path)
    seen: list[int] = []
    for tick, data in enumerate(encoded()):
        writer.append(data)
        if tick % polls_every == polls_every - 1:
            seen += ticks(list(tail.poll()))
    writer.close()
    seen += ticks(list(tail.poll()))
    assert len(list(tmp_path.glob("bus.*.log.gz"))) >= 5
    assert seen == list(range(40))
    assert tail.ended


def test_a_torn_tail_that_is_cut_off_and_written_anew_is_followed(tmp_path: Path) -> None:
    data = encoded()
    writer = LogWriter(tmp_path, header())
    for item in data[:3]:
        writer.append(item)
    good_bytes = (tmp_path / TAIL_NAME).stat().st_size
    with (tmp_path / TAIL_NAME).open("ab") as torn:
        torn.write(data[4][:50])
    tail = LogTail(tmp_path)
    assert ticks(list(tail.poll())) == [0, 1, 2]
    reader = LogReader(tmp_path)
    assert len(list(reader.ticks())) == 3
    assert reader.place.tail_bytes == good_bytes
    again = LogWriter(tmp_path, header(), behind=reader.place)
    again.append(data[3])
    again.append(data[4])
    again.close()
    assert ticks(list(tail.poll())) == [3, 4]
    assert tail.ended
    writer.abandon()


def test_a_log_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    tail = LogTail(tmp_path)
    assert list(tail.poll()) == []
    LogWriter(tmp_path, header()).abandon()
    assert list(tail.poll()) == []
    assert tail.header == header()


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / TAIL_NAME).write_bytes(b"\xc1\xc1\xc1")
    with pytest.raises(LogError, match="corrupt at byte 0"):
        list(LogTail(tmp_path).poll())
    (tmp_path / TAIL_NAME).write_bytes(b"\x05")
    with pytest.raises(LogError, match="neither a tick nor a mark"):
        list(LogTail(tmp_path).poll())


def test_following_ends_with_the_end_mark_and_waits_before_it(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, header())
    left = encoded()[:4]
    waits = 0

    def write_on() -> None:
        nonlocal waits
        waits += 1
        if left:
            writer.append(left.pop(0))
        else:
            writer.close()

    seen = [item.tick for _, item in follow(tmp_path, write_on)]
    assert seen == [0, 1, 2, 3]
    assert waits == 5


def test_following_ends_with_a_run_whose_socket_is_gone(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, header())
    writer.append(encoded()[0])
    (tmp_path / "control").write_text(str(tmp_path / "gone" / "socket"))
    seen = [item.tick for _, item in follow(tmp_path, lambda: pytest.fail("waited for a run that is over"))]
    assert seen == [0]
    writer.abandon()


def test_following_no_run_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no-run"):
        list(follow(tmp_path / "no-run", lambda: pytest.fail("waited for nothing")))
