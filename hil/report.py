"""The bench report: what a run with a board came to, and how far each figure is to be believed.

From the run's log (the board's readings, what the plant counted with, who was late) and from the bench's own clock
(`timing.bin`), which is on no bus. Its text is `hil.reporttext`'s. Called by `flightsw hil bench`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LATE, LOST, OVERDUE, REJOIN, SKIPPED
from flightsw.bus.remote import REMOTE
from flightsw.bus.timing import read_timing
from flightsw.devices.board import BoardConfig
from flightsw.errors import LogError
from flightsw.messages.board import BoardReading, BoardUse, Quality
from flightsw.node.again import scenario_of, table_of
from hil.causes import LATE_S, late_answer_causes, offsets_ms, overrun_causes


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
    """why, as `overrun_causes` finds it"""
    late_by: dict[str, int]
    """why answers came after their tick had closed, as `late_answer_causes` finds it"""
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


@dataclass
class _Heard:
    """What a log tells of its board."""

    readings: list[BoardReading] = field(default_factory=list)
    uses: list[BoardUse] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    """of outside inputs"""
    gaps: _Gaps = field(default_factory=_Gaps)


def _hear(reader: LogReader, reading: int, use: int) -> _Heard:
    """Read all of it; by the numbers of the two topics."""
    heard = _Heard()
    decode_reading = msgspec.msgpack.Decoder(BoardReading).decode
    decode_use = msgspec.msgpack.Decoder(BoardUse).decode
    for record in reader.ticks():
        kinds = [item[0] for item in record.inputs]
        heard.kinds.update(kinds)
        heard.gaps.take(record.tick, kinds)
        for number, payload in record.entries:
            if number == reading:
                heard.readings.append(decode_reading(payload))
            elif number == use:
                heard.uses.append(decode_use(payload))
    return heard


def report_run(run_dir: Path) -> BenchReport:
    """The report of a run folder. Raises LogError: it is none of a bench."""
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    table = table_of(scenario)
    reader.read_as(table.topics)
    if not isinstance(scenario.board, BoardConfig):
        raise LogError(f"{run_dir}: no board was in this run")
    numbers = table.topics.number
    heard = _hear(reader, numbers["hw.board"], numbers["truth.board"])
    readings, uses, kinds = heard.readings, heard.uses, heard.kinds
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
        gaps=heard.gaps.closed(reader.tick_count),
        jitter_ms=spread([max(0.0, row.late_s) * 1e3 for row in timing]),
        overruns=sum(1 for row in timing if row.late_s > LATE_S),
        overruns_by=overrun_causes(timing, board.answer_share * scenario.dt_s),
        late_by=late_answer_causes(
            readings, timing, board.answer_share * scenario.dt_s, board.work_share * scenario.dt_s
        ),
        queued_ms=spread([1e3 * (t.queued_before_s + t.queued_s) for t in timing if not math.isnan(t.queued_s)]),
        board_queued_ms=spread([1e3 * one.queued_s for one in readings if one.queued_s is not None]),
        priority=str(told.get("priority", "not known")),
        refused=dict(told.get("refused", {})),
        round_trip_ms=spread([1e3 * (t.answered_s - t.sent_s) for t in timing if not math.isnan(t.answered_s)]),
        clock_offset_ms=spread(offsets_ms(readings, timing)),
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


def _remote(run_dir: Path) -> dict[str, Any]:
    """What the bus wrote down of its end; nothing if it was killed."""
    path = run_dir / REMOTE
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


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
