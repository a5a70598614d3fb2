"""What a bench's figures come to: a row each, its goal, its verdict; and the ratios of rows. Pure, beside `sampled`.

A figure is the median of its rounds. A row by the wall clock is void where the machine was busy. A missed goal is set
against a floor where there is one, a raw row that nothing of ours could beat: its gap is explained where the floor has
nine tenths of it. Called by the command with the measures of `benchmarks.measures`.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

USUAL_BARRIER = 3900.0
"""ticks/s of a bare barrier with five workers on an idle two-core machine of the kind that the goals were set on"""
USUAL_CODEC_US = 1.41
"""a message of fifteen fields there and back on such a machine: how fast it runs Python when nobody is in its way"""
VOID_SHARE = 0.30
EXPLAINED_SHARE = 0.90
"""of a gap"""

Samples = Mapping[str, Sequence[float]]
"""a figure a round, by row"""


@dataclass(frozen=True)
class Measure:
    """What a row measures, and what it should be."""

    measured: Callable[[], float]
    unit: str
    goal: float | None = None
    """the least, where more is better; the most, where less is"""
    more_is_better: bool = False
    by_wall_clock: bool = False
    """so that a busy machine makes it void"""
    by_processor: bool = False
    """in microseconds of Python, so that a machine that runs it slowly makes it void"""
    beside: str | None = None
    """the row of its raw limit"""
    floor: str | None = None
    """the row that says how far a missed goal is out of reach"""

    def is_met(self, value: float) -> bool:
        """Whether the goal is."""
        assert self.goal is not None
        return value >= self.goal if self.more_is_better else value <= self.goal


@dataclass(frozen=True)
class Ratio:
    """Of two rows, round by round; more is better."""

    of: str
    over: str
    goal: float
    floor: str | None = None
    """what `of` is held against where the goal is missed"""


@dataclass(frozen=True)
class Row:
    """A figure and what it is held against."""

    name: str
    median: float
    lowest: float
    highest: float
    unit: str
    goal: float | None
    ratio: float | None
    """of the median to the goal"""
    verdict: str


def sampled(measures: Mapping[str, Measure], rounds: int) -> dict[str, list[float]]:
    """All figures, interleaved over the rounds."""
    samples: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds):
        for name in side_by_side(measures):
            samples[name].append(measures[name].measured())
            print(f"round {number + 1} of {rounds}: {name}: {samples[name][-1]:.4g}", file=sys.stderr)
    return samples


def side_by_side(measures: Mapping[str, Measure]) -> list[str]:
    """The rows in the order in which a round measures them: each right behind its floor."""
    order = []
    for name, measure in measures.items():
        if measure.floor is None:
            order += [name, *[other for other, one in measures.items() if one.floor == name]]
    return order


class Off(NamedTuple):
    """By which share the machine is off the one that the goals were set beside."""

    barrier: float
    """its bare barrier of five"""
    codec: float
    """what it takes to encode and decode a message: more is slower"""


def off_usual(barriers: Sequence[float], codecs_us: Sequence[float]) -> Off:
    """Of all rounds."""
    return Off(statistics.median(barriers) / USUAL_BARRIER - 1.0, statistics.median(codecs_us) / USUAL_CODEC_US - 1.0)


def row_of(name: str, measure: Measure, samples: Samples, *, off: Off) -> Row:
    """A measure's row."""
    values = samples[name]
    median = statistics.median(values)
    verdict = ""
    if measure.goal is not None:
        verdict = "met" if measure.is_met(median) else _missed(measure, off)
        if verdict == "missed" and measure.floor is not None:
            verdict = _explained(verdict, measure.goal, values, measure.floor, samples[measure.floor])
    if measure.beside is not None:
        verdict += f" ({median / statistics.median(samples[measure.beside]):.2f} of {measure.beside})"
    ratio = None if measure.goal is None else median / measure.goal
    return Row(name, median, min(values), max(values), measure.unit, measure.goal, ratio, verdict.strip())


def _missed(measure: Measure, off: Off) -> str:
    if measure.by_wall_clock and off.barrier < -VOID_SHARE:
        return "void: the machine is busy"
    if measure.by_processor and off.codec > VOID_SHARE:
        return f"void, Python {off.codec:+.0%} off the usual"
    return "missed"


def ratio_row(name: str, ratio: Ratio, samples: Samples, *, off: Off) -> Row:
    """A ratio's row."""
    over = samples[ratio.over]
    each = [value / one for value, one in zip(samples[ratio.of], over, strict=True)]
    value = statistics.median(each)
    verdict = "met"
    if value < ratio.goal:
        verdict = "missed" if abs(off.barrier) <= VOID_SHARE else f"void, barrier {off.barrier:+.0%} off the usual"
        if ratio.floor is not None:
            floors = [value / one for value, one in zip(samples[ratio.floor], over, strict=True)]
            verdict = _explained(verdict, ratio.goal, each, ratio.floor, floors)
    return Row(name, value, min(each), max(each), "", ratio.goal, value / ratio.goal, verdict)


def _explained(verdict: str, goal: float, values: Sequence[float], floor_name: str, floors: Sequence[float]) -> str:
    share = share_of_gap(goal, values, floors)
    word = "explained" if verdict == "missed" and share >= EXPLAINED_SHARE else verdict
    return f"{word}: {share:.0%} of the gap is {floor_name}, {statistics.median(floors):.4g}"


def share_of_gap(goal: float, values: Sequence[float], floors: Sequence[float]) -> float:
    """How much of what is missing to a goal is missing from the floor too. What is left of a floor is the median over
    rounds, in which both were measured one behind the other, so that a machine whose speed drifts adds little."""
    floor = statistics.median(floors)
    value = floor * statistics.median([value / floor for value, floor in zip(values, floors, strict=True)])
    if value >= goal:
        return 1.0
    return min(1.0, max(0.0, (goal - floor) / (goal - value)))
