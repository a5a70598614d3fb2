"""What the late ticks and the late answers of a bench run were late for, by the bench's clock and by the board's.

Two clocks that know nothing of each other: how far apart they are is taken from the round trips. Called by
`hil.report`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from flightsw.bus.timing import Timing
from flightsw.messages.board import BoardReading

LATE_S = 1e-3
"""a tick that began so much behind its deadline is an overrun (as pacing's slips)"""


def _offsets_s(readings: Sequence[BoardReading], timing: Sequence[Timing]) -> list[float]:
    """Half the difference of the two ways, by tick (as NTP, RFC 5905)."""
    rows = {int(row.tick): row for row in timing if not math.isnan(row.answered_s) and not math.isnan(row.sent_s)}
    return [
        0.5 * ((reading.received_s - row.sent_s) + (reading.answered_s - row.answered_s))
        for reading in readings
        if (row := rows.get(reading.tick)) is not None
    ]


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def offsets_ms(readings: Sequence[BoardReading], timing: Sequence[Timing]) -> list[float]:
    """About their median."""
    found = _offsets_s(readings, timing)
    middle_s = _middle(found)
    return [1e3 * (offset_s - middle_s) for offset_s in found]


def overrun_causes(timing: Sequence[Timing], share_s: float) -> dict[str, int]:
    """What each tick that began late was late for. `share_s`: what the board is waited for.

    `queued`: for half of it or more the bus was ready and no processor was free; `stolen`: for half of it or more the
    hypervisor held processors back; `board`, `node`: the tick before ran over its end, waiting for one or the other;
    `log`: writing it down did; `unexplained`: the bus was woken late, and the system doesn't say why.
    """
    causes: Counter[str] = Counter()
    first = timing[:1]
    for before, row in pairwise([*first, *timing]):
        if row.late_s > LATE_S:
            causes[_overrun(before, row, share_s)] += 1
    return dict(sorted(causes.items()))


def _overrun(before: Timing, row: Timing, share_s: float) -> str:
    due_s = row.began_s - row.late_s
    over = before.tick < row.tick and before.ended_s > due_s
    queued_s = row.queued_before_s + (before.queued_s if over else 0.0)
    if queued_s >= 0.5 * row.late_s:  # false for NaN
        return "queued"
    if over:
        board = math.isnan(before.answered_s) or before.answered_s - before.began_s > share_s
        return "board" if board else "node"
    if row.logged_before_s > due_s:
        return "log"
    return "stolen" if row.stolen_s >= 0.5 * row.late_s else "unexplained"


def late_answer_causes(
    readings: Sequence[BoardReading], timing: Sequence[Timing], share_s: float, work_share_s: float
) -> dict[str, int]:
    """What each answer that missed its tick was late for. `work_share_s`: after which the board ends its work.

    `queued`: for half of it or more the board's answering thread was ready and no processor was free; `taken up late`:
    the grant was long on its way, or the board stood still; `work`: it worked for longer than its share; `way back`: it
    was written in time.
    """
    offset_s = _middle(_offsets_s(readings, timing))
    rows = {int(row.tick): row for row in timing if math.isnan(row.answered_s) and not math.isnan(row.sent_s)}
    causes: Counter[str] = Counter()
    for reading in readings:
        row = rows.get(reading.tick)
        if row is None:
            continue
        there_s = reading.received_s - offset_s - row.sent_s
        over_s = max(0.0, reading.answered_s - reading.received_s - work_share_s)
        if reading.answered_s - offset_s <= row.began_s + share_s:
            causes["way back"] += 1
        elif reading.queued_s is not None and reading.queued_s >= 0.5 * (there_s + over_s):
            causes["queued"] += 1
        else:
            causes["taken up late" if there_s > over_s else "work"] += 1
    return dict(sorted(causes.items()))
