"""The bench report: what a run with a board came to, and how far each figure is to be believed.

From the run's log (the board's readings, what the plant counted with, who was late) and from the bench's own clock
(`timing.bin`), which is on no bus. Its text is `hil.reporttext`'s. Called by `flightsw hil bench`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LATE, LOST, OVERDUE, REJOIN, SKIPPED
from flightsw.bus.remote import REMOTE
from flightsw.bus.timing import Timing, read_timing
from flightsw.devices.board import BoardConfig
from flightsw.errors import LogError
from flightsw.messages.base import Message
from flightsw.messages.board import BoardReading, BoardUse, Quality
from flightsw.node.again import scenario_of, table_of

LATE_S = 1e-3
"""a tick that began so much behind its deadline is an overrun (as pacing's slips)"""


class Spread(msgspec.Struct, frozen=True):
    """Of a number of values; all None where there are none."""

    count: int
    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    worst: float | None = None


class Gap(msgspec.Struct, frozen=True):
    """A stretch of ticks without the board."""

    first_tick: int
    ticks: int
    ended_by: str
    """late: its answer came in after all; rejoin: it came back cold; end: it never did"""


class CapLevel(msgspec.Struct, frozen=True):
    """All working ticks at one cap."""

    asked: float
    applied: float
    """by the board's clock, mean"""
    duty: float
    power_w: float | None
    """mean, as measured or modelled"""
    chip_c: float | None
    """of the board's silicon, mean"""
    batches_per_s: float
    latency_ms: float | None
    ticks: int


class BenchReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a bench run."""

    run_dir: str
    dt_s: float
    ticks: int
    answered: int
    """in their own tick"""
    overdue: int
    skipped: int
    late: int
    lost: int
    rejoined: int
    gaps: tuple[Gap, ...]
    jitter_ms: Spread
    """how far behind its deadline each tick began"""
    overruns: int
    overruns_by: dict[str, int]
    """why, as `_overruns` finds it"""
    late_by: dict[str, int]
    """why answers came after their tick had closed, as `_late_by` finds it"""
    queued_ms: Spread
    """of every tick: how long the bus was ready with no processor for it"""
    board_queued_ms: Spread
    """the same of the board's answering thread"""
    priority: str
    """that the bus was given"""
    refused: dict[str, int]
    """handshakes denied and frames dropped at the door, by reason"""
    round_trip_ms: Spread
    """from the grant to the board's answer, its work included"""
    clock_offset_ms: Spread
    """board's clock less the bench's, less the median of that; each way is taken as half of the round trip"""
    power_w: Spread
    power_quality: dict[str, int]
    """ticks by what the plant counted with"""
    power_age_ms: Spread
    """from the middle of what was measured to the reading"""
    power_age_ticks: Spread
    """from the reading to its use in the plant"""
    meter_less_sensor_w: Spread
    chip_c: Spread
    clock_mhz: Spread
    latency_ms: Spread
    latency_quality: str
    batches: int
    caps: tuple[CapLevel, ...]
    limited_ticks: int
    flags: dict[str, int]
    """ticks by complaint"""

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def spread(values: Sequence[float]) -> Spread:
    """Nearest-rank percentiles."""
    if not values:
        return Spread(0)
    ordered = sorted(values)

    def rank(share: float) -> float:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return Spread(len(values), sum(values) / len(values), rank(0.50), rank(0.95), rank(0.99), ordered[-1])


def report_run(run_dir: Path) -> BenchReport:
    """The report of a run folder. Raises LogError: it is none of a bench."""
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    table = table_of(scenario)
    reader.read_as(table.topics)
    numbers = table.topics.number
    if not isinstance(scenario.board, BoardConfig):
        raise LogError(f"{run_dir}: no board was in this run")
    decode: dict[int, Callable[[bytes], Message]] = {
        numbers["hw.board"]: msgspec.msgpack.Decoder(BoardReading).decode,
        numbers["truth.board"]: msgspec.msgpack.Decoder(BoardUse).decode,
    }
    readings: list[BoardReading] = []
    uses: list[BoardUse] = []
    kinds: Counter[str] = Counter()
    gaps = _Gaps()
    for record in reader.ticks():
        for item in record.inputs:
            kinds[item[0]] += 1
        gaps.take(record.tick, [item[0] for item in record.inputs])
        for number, payload in record.entries:
            if number in decode:
                message = decode[number](payload)
                if isinstance(message, BoardReading):
                    readings.append(message)
                elif isinstance(message, BoardUse):
                    uses.append(message)
    timing = read_timing(run_dir)
    powers = [reading for reading in readings if reading.power_w is not None]
    board = scenario.board
    told = _remote(run_dir)
    return BenchReport(
        run_dir=str(run_dir),
        dt_s=scenario.dt_s,
        ticks=reader.tick_count,
        answered=len(readings) - kinds[LATE],
        overdue=kinds[OVERDUE],
        skipped=kinds[SKIPPED],
        late=kinds[LATE],
        lost=kinds[LOST],
        rejoined=kinds[REJOIN],
        gaps=gaps.closed(reader.tick_count),
        jitter_ms=spread([max(0.0, row.late_s) * 1e3 for row in timing]),
        overruns=sum(1 for row in timing if row.late_s > LATE_S),
        overruns_by=_overruns(timing, board.answer_share * scenario.dt_s),
        late_by=_late_by(readings, timing, board.answer_share * scenario.dt_s, board.work_share * scenario.dt_s),
        queued_ms=spread([1e3 * (t.queued_before_s + t.queued_s) for t in timing if not math.isnan(t.queued_s)]),
        board_queued_ms=spread([1e3 * one.queued_s for one in readings if one.queued_s is not None]),
        priority=str(told.get("priority", "not known")),
        refused=dict(told.get("refused", {})),
        round_trip_ms=spread([1e3 * (t.answered_s - t.sent_s) for t in timing if not math.isnan(t.answered_s)]),
        clock_offset_ms=spread(_offsets_ms(readings, timing)),
        power_w=spread([reading.power_w for reading in powers if reading.power_w is not None]),
        power_quality=dict(sorted(Counter(use.quality.name.lower() for use in uses).items())),
        power_age_ms=spread([1e3 * reading.power_age_s for reading in powers]),
        power_age_ticks=spread([float(use.age_ticks) for use in uses]),
        meter_less_sensor_w=spread([r.power_w - r.sensor_w for r in powers if r.power_w and r.sensor_w is not None]),
        chip_c=spread([reading.chip_c for reading in readings if reading.chip_c is not None]),
        clock_mhz=spread([reading.clock_mhz for reading in readings if reading.clock_mhz is not None]),
        latency_ms=spread([1e3 * latency for reading in readings for latency in reading.latencies_s]),
        latency_quality=readings[0].latency_quality.name.lower() if readings else Quality.MISSING.name.lower(),
        batches=sum(len(reading.latencies_s) for reading in readings),
        caps=_caps(readings, scenario.dt_s),
        limited_ticks=sum(reading.limited for reading in readings),
        flags=dict(sorted(Counter(flag for reading in readings for flag in reading.flags).items())),
    )


class _Gaps:
    """Stretches without the board, as the outside inputs tell them."""

    def __init__(self) -> None:
        self._found: list[Gap] = []
        self._since: int | None = None

    def take(self, tick: int, kinds: Sequence[str]) -> None:
        for kind, word in ((LATE, "late"), (REJOIN, "rejoin")):
            if kind in kinds and self._since is not None:
                self._found.append(Gap(self._since, tick - self._since, word))
                self._since = None
        if self._since is None and (OVERDUE in kinds or LOST in kinds):
            self._since = tick

    def closed(self, ticks: int) -> tuple[Gap, ...]:
        if self._since is not None:
            self._found.append(Gap(self._since, ticks - self._since, "end"))
        return tuple(self._found)


def _remote(run_dir: Path) -> dict[str, Any]:
    """What the bus wrote down of its end; nothing if it was killed."""
    path = run_dir / REMOTE
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


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


def _offsets_ms(readings: Sequence[BoardReading], timing: Sequence[Timing]) -> list[float]:
    """About their median."""
    found = _offsets_s(readings, timing)
    middle_s = _middle(found)
    return [1e3 * (offset_s - middle_s) for offset_s in found]


def _overruns(timing: Sequence[Timing], share_s: float) -> dict[str, int]:
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


def _late_by(
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


def _caps(readings: Sequence[BoardReading], dt_s: float) -> tuple[CapLevel, ...]:
    """By cap asked for, rounded to a hundredth; ticks in which nothing was to do are left out."""
    levels: dict[float, list[BoardReading]] = {}
    for reading in readings:
        if reading.latencies_s:
            levels.setdefault(round(reading.cap_asked, 2), []).append(reading)
    return tuple(_level(asked, levels[asked], dt_s) for asked in sorted(levels))


def _level(asked: float, readings: Sequence[BoardReading], dt_s: float) -> CapLevel:
    count = len(readings)
    powers = [reading.power_w for reading in readings if reading.power_w is not None]
    chips = [reading.chip_c for reading in readings if reading.chip_c is not None]
    latencies = [latency for reading in readings for latency in reading.latencies_s]
    return CapLevel(
        asked=asked,
        applied=sum(reading.cap_applied for reading in readings) / count,
        duty=sum(reading.duty for reading in readings) / count,
        power_w=sum(powers) / len(powers) if powers else None,
        chip_c=sum(chips) / len(chips) if chips else None,
        batches_per_s=len(latencies) / (count * dt_s),
        latency_ms=1e3 * sum(latencies) / len(latencies) if latencies else None,
        ticks=count,
    )
