"""Calibration: step loads on a board, and what they say of its power, heat and latency.

The board idles and works by turns, at every clock that it takes, long enough for heat to follow; batches of two sizes
are timed. The procedure asks a `Rig`, which is a board with its worker or, in tests, a hidden truth. Called by
`flightsw hil calibrate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

from flightsw.bus.pacing import monotonic_s, sleep_s
from flightsw.devices.accelerator import Batch
from flightsw.devices.board import Board
from flightsw.messages.board import Quality
from hil.fit import HeatFit, LatencyFit, PowerFit, Unfit, fit_heat, fit_latency, fit_power
from hil.worker import Worker

LOADS = (0.0, 1.0, 0.5, 0.0, 1.0)
"""shares of the time at work, in turn: up, down and up again, so that drift is not taken for load"""
SHARES = (1.0, 0.75, 0.5)
"""of the top clock, where it can be limited"""
SIZES = (1, 8)
TIMED = 30
"""batches of each size at each clock"""
RELATIVE_MHZ = 1000.0
"""stands for the nominal clock of a board that doesn't tell it"""
NEAR = 0.02


class Observation(NamedTuple):
    """A sample during a step."""

    t_s: float
    busy: float
    """share of the time at work since the last one"""
    power_w: float | None
    chip_c: float | None


class Rig(Protocol):
    """What is calibrated."""

    top_mhz: float

    def limit(self, share: float) -> float:
        """Hold the clock to this share of the top; the share that it took up."""

    def observe(self, busy: float, seconds: float) -> list[Observation]:
        """Work for this share of the time, for so long."""

    def latencies(self, size: int, count: int) -> list[float]:
        """Time so many batches of a size, in s."""


@dataclass(frozen=True)
class ClockLevel:
    """What was found at one clock."""

    share: float
    clock_mhz: float
    power: PowerFit | None
    power_unfit: str
    latency_s: dict[int, float]
    """median, by size of the batch"""


@dataclass(frozen=True)
class Calibration:
    """What was found."""

    levels: tuple[ClockLevel, ...]
    """by clock, ascending"""
    heat: HeatFit | None
    heat_unfit: str
    latency: LatencyFit
    observations: tuple[Observation, ...]
    seconds: float


def calibrate(rig: Rig, step_s: float, tell: Callable[[str], None]) -> Calibration:
    """The whole procedure. `step_s`: of each load; five of them at each clock. Raises Unfit: nothing was timed."""
    levels: list[ClockLevel] = []
    seen: list[Observation] = []
    timed: list[tuple[int, float, float]] = []
    for asked in SHARES:
        share = rig.limit(asked)
        if any(abs(share - level.share) < NEAR for level in levels):
            continue
        clock_mhz = share * rig.top_mhz
        steps: list[Observation] = []
        for busy in LOADS:
            tell(f"clock {share:.2f}: load {busy:.2f} for {step_s:g} s")
            steps += rig.observe(busy, step_s)
        latency_s = {}
        for size in SIZES:
            took = rig.latencies(size, TIMED)
            timed += [(size, clock_mhz, one) for one in took]
            latency_s[size] = sorted(took)[len(took) // 2]
        levels.append(_level(share, clock_mhz, steps, latency_s))
        seen += steps
    latency = fit_latency(*zip(*timed, strict=True)) if timed else None
    if latency is None:
        raise Unfit("nothing was timed")
    heat, unfit = _heat(seen)
    ascending = tuple(sorted(levels, key=lambda level: level.clock_mhz))
    return Calibration(ascending, heat, unfit, latency, tuple(seen), seen[-1].t_s - seen[0].t_s)


def _level(share: float, clock_mhz: float, steps: Sequence[Observation], latency_s: dict[int, float]) -> ClockLevel:
    known = [one for one in steps if one.power_w is not None]
    powers = [one.power_w for one in known if one.power_w is not None]
    try:
        fit = fit_power([one.busy for one in known], powers, quantum_of(powers))
    except Unfit as error:
        return ClockLevel(share, clock_mhz, None, str(error), latency_s)
    return ClockLevel(share, clock_mhz, fit, "", latency_s)


def _heat(seen: Sequence[Observation]) -> tuple[HeatFit | None, str]:
    known = [(one.t_s, one.power_w, one.chip_c) for one in seen if one.power_w is not None and one.chip_c is not None]
    if not known:
        return None, "no temperature and power together"
    t_s, power_w, chip_c = zip(*known, strict=True)
    try:
        return fit_heat(t_s, power_w, chip_c), ""
    except Unfit as error:
        return None, str(error)


def quantum_of(values: Sequence[float]) -> float:
    """The step that a sensor's values come in: the least difference of two that differ."""
    distinct = sorted(set(values))
    return min((high - low for low, high in pairwise(distinct)), default=0.0)


class BoardRig:
    """A real board and a worker on it."""

    def __init__(self, board: Board, worker: Worker, interval_s: float = 0.25) -> None:
        self._board = board
        self._worker = worker
        self._interval_s = max(interval_s, board.sample_s)
        self.top_mhz = board.top_mhz or RELATIVE_MHZ
        self.quality = Quality.MISSING
        """of the last power"""
        self._number = 0

    def limit(self, share: float) -> float:
        return self._board.limit(share).applied

    def observe(self, busy: float, seconds: float) -> list[Observation]:
        """Batches and pauses by turns; a sample every interval, with the time at work since the last one."""
        found: list[Observation] = []
        began_s = last_s = monotonic_s()
        worked_s = 0.0
        while (now_s := monotonic_s()) < began_s + seconds:
            if busy > 0.0:
                took_s = self._batch(SIZES[-1])
                worked_s += took_s
                if busy < 1.0:
                    sleep_s(took_s * (1.0 / busy - 1.0))
            else:
                sleep_s(self._interval_s)
            now_s = monotonic_s()
            if now_s - last_s >= self._interval_s:
                sample = self._board.sample()
                self.quality = sample.power.quality
                share = min(1.0, worked_s / (now_s - last_s))
                found.append(Observation(now_s, share, sample.power.value, sample.chip.value))
                last_s, worked_s = now_s, 0.0
        return found

    def latencies(self, size: int, count: int) -> list[float]:
        return [self._batch(size) for _ in range(count)]

    def _batch(self, size: int) -> float:
        self._number += 1
        job = self._worker.submit(Batch(self._number, 8 * self._number, size, 0, 0, 0.8, 20.0, 0, 0, 0.0), 0.0)
        job.done.wait()
        if job.error is not None:
            raise job.error
        return job.took_s
