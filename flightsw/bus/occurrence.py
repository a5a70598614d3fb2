"""When a scripted fault acts: from a tick, on a condition, or by chance; and for how long. Pure, in ticks.

A condition looks at `truth.plant` of the tick before, and is met once. Chance is drawn by tick from the fault's own
stream, so that a rebuild or a replay finds the same ticks. Plant and bus each step the triggers of their own faults;
texts have become numbers in `node.faults`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from flightsw.messages.plant import IN_ECLIPSE, Truth
from flightsw.streams import Stream

Relation = Literal["<", "<=", ">", ">="]
_COMPARE: Mapping[Relation, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Condition(msgspec.Struct, frozen=True):
    """What must be true of the plant: an eclipse's entry by number, or a figure beyond a limit."""

    eclipse: int | None = None
    """its number from the start, 1 the first; then the rest is not looked at"""
    field: str = ""
    """of Truth"""
    place: int | None = None
    """within a field of several figures"""
    relation: Relation = ">"
    limit: float = 0.0

    def holds(self, truth: Truth, eclipses: int) -> bool:
        """Whether it does; `eclipses`: entered so far."""
        if self.eclipse is not None:
            return eclipses >= self.eclipse
        value = getattr(truth, self.field)
        if self.place is not None:
            value = value[self.place]
        return value is not None and _COMPARE[self.relation](value, self.limit)


class Occurrence(msgspec.Struct, frozen=True):
    """When a fault begins, and how long each time lasts. One of the first three is set."""

    first_tick: int | None = None
    condition: Condition | None = None
    chance: float | None = None
    """that it begins in a tick in which it does not act"""
    lasts_ticks: int | None = None
    """None: for good"""
    stream: str = "fault"
    """its random stream"""


class Trigger:
    """One occurrence as time goes on."""

    def __init__(self, occurrence: Occurrence, seed: int) -> None:
        self.occurrence = occurrence
        self.active = False
        """in the tick last stepped"""
        self.began = False
        """it became so in that tick"""
        self._until: int | None = None
        """the first tick after; None: no end"""
        self._done = False
        """it won't begin again"""
        self._eclipses = 0
        self._shaded = False
        self._draws = None if occurrence.chance is None else Stream(seed, occurrence.stream, 1)

    @property
    def reads_truth(self) -> bool:
        """Whether it can't do without."""
        return self.occurrence.condition is not None

    def step(self, tick: int, truth: Truth | None) -> bool:
        """Whether the fault acts in this tick; to be called for every tick, `truth` being that of the tick before."""
        if truth is not None and self.reads_truth:
            shaded = truth.sunlit_fraction < IN_ECLIPSE
            self._eclipses += shaded and not self._shaded
            self._shaded = shaded
        if self.active and self._until is not None and tick >= self._until:
            self.active = False
        self.began = not self.active and not self._done and self._begins(tick, truth)
        if self.began:
            lasts = self.occurrence.lasts_ticks
            self.active = True
            self._until = None if lasts is None else tick + lasts
            self._done = self._draws is None
        return self.active

    def end(self) -> None:
        """Somebody has put it right."""
        self.active = False

    def _begins(self, tick: int, truth: Truth | None) -> bool:
        occurrence = self.occurrence
        if occurrence.first_tick is not None:
            return tick >= occurrence.first_tick
        if occurrence.condition is not None:
            return truth is not None and occurrence.condition.holds(truth, self._eclipses)
        assert self._draws is not None
        assert occurrence.chance is not None
        return self._draws.uniforms(tick)[0] < occurrence.chance
