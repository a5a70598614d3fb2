"""Prescribed courses: what a load draws, or what the surroundings put into a node, by the clock.

A course is a staircase: `steps` of (second, value), each holding until the next, the first from 0; with `period_s` it
begins anew every so often. A tick gets the mean over its span, so that the energy is exact whatever the tick. A
boundary's temperature runs in lines between its points instead: measured ones, or a chamber's.

Decoded from the scenario's `[[plant.schedules]]`, `[[plant.heat]]` and `[[plant.boundaries]]`; asked by the spacecraft
every tick.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError

TimeS = Annotated[float, Meta(ge=0.0, le=1e10)]
PeriodS = Annotated[float, Meta(gt=0.0, le=1e9)]
HeldC = Annotated[float, Meta(ge=-273.15, le=500.0)]
HeatW = Annotated[float, Meta(ge=-1e6, le=1e6)]


class LoadScheduleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a load demands by the clock, in place of its `power_w`."""

    load: str
    steps: tuple[tuple[TimeS, Annotated[float, Meta(ge=0.0, le=1e7)]], ...]
    """(second, watts)"""
    period_s: PeriodS | None = None

    def __post_init__(self) -> None:
        _check(f"schedules.{self.load}", self.steps, self.period_s)


class NodeHeatConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Heat that the surroundings put into a thermal node, beside what its surfaces take in by themselves."""

    node: str
    always_w: HeatW = 0.0
    sunlit_w: HeatW = 0.0
    """times the sunlit share"""
    steps: tuple[tuple[TimeS, HeatW], ...] = ()
    """(second, watts), beside the two"""
    period_s: PeriodS | None = None

    def __post_init__(self) -> None:
        if self.steps:
            _check(f"heat.{self.node}", self.steps, self.period_s)
        elif self.period_s is not None:
            raise ConfigError(f"heat.{self.node}.period_s is given without steps")


class BoundaryCourseConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The temperature of a boundary by the clock, in place of its `held_c`: what was measured there, say."""

    node: str
    points: tuple[tuple[TimeS, HeldC], ...]
    """(second, Celsius), joined by lines; the last holds on, or with `period_s` is joined to the first"""
    period_s: PeriodS | None = None

    def __post_init__(self) -> None:
        _check(f"boundaries.{self.node}", self.points, self.period_s, "points")


def _check(where: str, steps: tuple[tuple[float, float], ...], period_s: float | None, what: str = "steps") -> None:
    times_s = [at_s for at_s, _ in steps]
    if not times_s or times_s[0] != 0.0 or times_s != sorted(set(times_s)):
        raise ConfigError(f"{where}.{what}: times = {times_s}: must ascend from 0.0")
    if period_s is not None and times_s[-1] >= period_s:
        raise ConfigError(f"{where}.{what}: last time = {times_s[-1]}: must be below period_s = {period_s}")


class Course:
    """A staircase over time."""

    def __init__(self, steps: tuple[tuple[float, float], ...], period_s: float | None = None) -> None:
        self._times_s = [at_s for at_s, _ in steps]
        self._values = [value for _, value in steps]
        self._period_s = period_s

    def mean(self, start_s: float, span_s: float) -> float:
        """Mean value over [start, start + span]."""
        period_s = self._period_s
        at_s = start_s if period_s is None else start_s % period_s
        place = bisect_right(self._times_s, at_s) - 1
        end_s = self._end_s(place)
        if at_s + span_s <= end_s:
            return self._values[place]
        total, left_s = 0.0, span_s
        while left_s > 0.0:
            part_s = min(left_s, end_s - at_s)
            total += self._values[place] * part_s
            left_s -= part_s
            place, at_s = (place + 1, end_s) if place + 1 < len(self._values) else (0, 0.0)
            end_s = self._end_s(place)
        return total / span_s

    def _end_s(self, place: int) -> float:
        if place + 1 < len(self._times_s):
            return self._times_s[place + 1]
        return float("inf") if self._period_s is None else self._period_s


class Line:
    """Lines between points over time."""

    def __init__(self, points: tuple[tuple[float, float], ...], period_s: float | None = None) -> None:
        if period_s is not None:
            points = (*points, (period_s, points[0][1]))
        self._times_s = [at_s for at_s, _ in points]
        self._values = [value for _, value in points]
        self._period_s = period_s

    def at(self, time_s: float) -> float:
        """Value at a time."""
        at_s = time_s if self._period_s is None else time_s % self._period_s
        place = bisect_right(self._times_s, at_s)
        if place == len(self._times_s):
            return self._values[-1]
        before_s, before = self._times_s[place - 1], self._values[place - 1]
        return before + (self._values[place] - before) * (at_s - before_s) / (self._times_s[place] - before_s)
