"""When the ticks of a run with a board happened, on the bench's clock, and what the system withheld: a row a tick.

Host-side: beside the log, never on the bus. Written by `bus.remote`, read by `hil.report`.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

from flightsw.bus.pacing import monotonic_s
from flightsw.bus.processor import grown, queued_s, stolen_s

TIMING = "timing.bin"
"""in a run's folder: records of `Timing`, little-endian doubles"""
_ROW = struct.Struct("<10d")
_NAN = float("nan")


class Timing(NamedTuple):
    """One tick on the bench's monotonic clock, in s."""

    tick: float
    began_s: float
    late_s: float
    """behind its deadline"""
    sent_s: float
    """its grant to the board; NaN: none was sent"""
    answered_s: float
    """NaN: not within the tick"""
    ended_s: float
    queued_before_s: float = _NAN
    """between the tick before and this one, the bus was ready for so long with no processor for it; NaN: not known"""
    queued_s: float = _NAN
    """the same within the tick"""
    stolen_s: float = _NAN
    """by the hypervisor of this machine's processors, all together, since the row before; NaN: not known"""
    logged_before_s: float = _NAN
    """the tick before was in the log and the bus free for this one; NaN: there was none"""


def read_timing(run_dir: Path) -> list[Timing]:
    """What a run has of them; up to the last whole one."""
    path = run_dir / TIMING
    data = path.read_bytes() if path.is_file() else b""
    return [Timing(*row) for row in _ROW.iter_unpack(data[: len(data) // _ROW.size * _ROW.size])]


class TimingLog:
    """Notes the instants of the tick under way, and writes them down when it has ended."""

    def __init__(self, run_dir: Path) -> None:
        self._sent_s = self._answered_s = self._queued_before_s = _NAN
        self._logged_s = _NAN
        self._seen_s = queued_s(), stolen_s()
        self._file = (run_dir / TIMING).open("ab")

    def begins(self) -> None:
        """The next tick is about to."""
        self._queued_before_s = self._queued()

    def sent(self) -> None:
        """Its grant goes to the board."""
        self._sent_s = monotonic_s()

    def answered(self) -> None:
        """The board has, within the tick."""
        self._answered_s = monotonic_s()

    def ended(self, tick: int, began_s: float, late_s: float) -> None:
        """It began then, so late; write its row."""
        ended_s, queued, stolen_before_s = monotonic_s(), self._queued(), self._seen_s[1]
        self._seen_s = self._seen_s[0], stolen_s()
        stolen = grown(stolen_before_s, self._seen_s[1])
        row = Timing(
            *(tick, began_s, late_s, self._sent_s, self._answered_s, ended_s),
            *(self._queued_before_s, queued, _NAN if stolen is None else stolen, self._logged_s),
        )
        self._file.write(_ROW.pack(*row))
        self._sent_s = self._answered_s = self._queued_before_s = _NAN

    def logged(self) -> None:
        """The tick is in the log, and nothing is left to do but to wait for the next."""
        self._logged_s = monotonic_s()

    def close(self) -> None:
        """No more rows."""
        self._file.close()

    def _queued(self) -> float:
        """Since it was asked last."""
        before_s, now_s = self._seen_s[0], queued_s()
        self._seen_s = now_s, self._seen_s[1]
        found = grown(before_s, now_s)
        return _NAN if found is None else found
