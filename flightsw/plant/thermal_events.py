"""When, inside a step, a node reaches a temperature: where a thermostat switches, and the step is to be split.

The course inside a step is that of the variable-length step itself, T(f) after f of the step's length, so that a step
run to the crossing ends there. Called by `thermal.ThermalNetwork.first_crossing`.

Assumption: a node that goes over a level is beyond it at the step's end; over and back in one step isn't noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

Temperatures = tuple[float, ...]
Course = Callable[[float], Temperatures]
"""temperatures (K) after a fraction, above 0, of the step"""
_MOST_TRIES = 100


class Level(NamedTuple):
    """A temperature that a node is watched for."""

    node: int
    level_k: float
    rising: bool
    """met from below; else from above"""

    def excess_k(self, temperatures_k: Sequence[float]) -> float:
        """How far beyond the level the node is: at least 0 once it is met."""
        above_k = temperatures_k[self.node] - self.level_k
        return above_k if self.rising else -above_k


def first_crossing(
    course: Course, before_k: Temperatures, after_k: Temperatures, levels: Sequence[Level], tolerance: float
) -> tuple[float, int] | None:
    """(fraction of the step, place in `levels`) of the level that is met first; None: none is. A level that is met
    at the start gives 0. The fraction is late by at most `tolerance` and never early: run to there, the node has
    met its level."""
    found: tuple[float, int] | None = None
    for place, level in enumerate(levels):
        if level.excess_k(before_k) >= 0.0:
            return 0.0, place
        end = after_k[level.node] if found is None else course(found[0])[level.node]
        beyond_k = end - level.level_k if level.rising else level.level_k - end
        if beyond_k >= 0.0:
            until = 1.0 if found is None else found[0]
            found = _met(course, level, level.excess_k(before_k), until, beyond_k, tolerance), place
    return found


def _met(course: Course, level: Level, low_k: float, high: float, high_k: float, tolerance: float) -> float:
    """The late end of a bracket no wider than `tolerance`: the secant between its ends (Illinois: Dowell and Jarratt,
    BIT 11, 1971), kept half a tolerance off both so that either end moves."""
    low, kept = 0.0, 0
    for _ in range(_MOST_TRIES):
        if high - low <= tolerance:
            break
        guess = low - low_k * (high - low) / (high_k - low_k)
        guess = min(max(guess, low + 0.5 * tolerance), high - 0.5 * tolerance)
        guess_k = level.excess_k(course(guess))
        if guess_k >= 0.0:
            high, high_k = guess, guess_k
            low_k, kept = (0.5 * low_k if kept > 0 else low_k), 1
        else:
            low, low_k = guess, guess_k
            high_k, kept = (0.5 * high_k if kept < 0 else high_k), -1
    return high
