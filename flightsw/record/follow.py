"""Follows a run to its end: the end mark, or the end of the run that should have written one.

Called by `flightsw log --tail` and `flightsw cmd`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from flightsw.bus.log import LogHeader
from flightsw.bus.records import TickRecord
from flightsw.bus.segments import segment_files
from flightsw.errors import LogError
from flightsw.node.rundir import CONTROL_FILE
from flightsw.record.folder import RUNNING, read_manifest
from flightsw.record.tail import LogTail


def follow(run_dir: Path, wait: Callable[[], None]) -> Iterator[tuple[LogHeader, TickRecord]]:
    """Every tick so far and to come, with the log's header. `wait` is called whenever there is nothing new.

    Raises LogError when there is no log and no run to write one.
    """
    tail = LogTail(run_dir)
    over = False
    try:
        while True:
            for record in tail.poll():
                assert tail.header is not None  # the first object of every log
                yield tail.header, record
            if tail.ended or over:
                return
            over = is_over(run_dir)
            if over:
                segment_files(run_dir)
            else:
                wait()
    finally:
        tail.close()


def is_over(run_dir: Path) -> bool:
    """Nobody writes this run's log any more, as far as its folder tells."""
    try:
        outcome = read_manifest(run_dir).outcome
    except LogError:
        outcome = RUNNING
    if outcome != RUNNING:
        return True
    try:
        return not Path((run_dir / CONTROL_FILE).read_text()).parent.is_dir()  # the socket itself may be yet to come
    except OSError:
        return not run_dir.is_dir()
