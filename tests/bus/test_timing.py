"""What a run with a board writes down of its ticks' times, and what is read of it."""

from __future__ import annotations

import math
from pathlib import Path

from flightsw.bus.timing import TIMING, TimingLog, read_timing


def two_ticks(folder: Path) -> None:
    """The first one granted, answered and logged, the second one neither granted nor answered."""
    log = TimingLog(folder)
    log.begins()
    log.sent()
    log.answered()
    log.ended(0, 5.0, 0.25)
    log.logged()
    log.begins()
    log.ended(1, 6.0, 0.0)
    log.close()


def test_a_row_has_the_instants_of_its_own_tick_alone(tmp_path: Path) -> None:
    two_ticks(tmp_path)
    first, second = read_timing(tmp_path)
    assert (first.tick, first.began_s, first.late_s) == (0.0, 5.0, 0.25)
    assert first.sent_s <= first.answered_s <= first.ended_s <= second.logged_before_s <= second.ended_s
    assert math.isnan(first.logged_before_s)
    assert math.isnan(second.sent_s)
    assert math.isnan(second.answered_s)


def test_a_row_that_was_cut_is_left_out_and_no_file_has_no_rows(tmp_path: Path) -> None:
    assert read_timing(tmp_path) == []
    two_ticks(tmp_path)
    file = tmp_path / TIMING
    file.write_bytes(file.read_bytes()[:-1])
    assert [row.tick for row in read_timing(tmp_path)] == [0.0]
