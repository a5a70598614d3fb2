"""Which tick, and which comparison in a formula, its margin comes from: where it was tightest, or broke first.

Walks down a formula that `evaluate` has worked out, at each step to the part whose margin decided. Called by
`requirement` for verdicts and their excerpts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flightsw.regress.evaluate import Evaluator
from flightsw.regress.nodes import (
    After,
    Always,
    And,
    Compare,
    Count,
    Eventually,
    Formula,
    Historically,
    Holds,
    Implies,
    Not,
    Once,
    Or,
    Until,
    Window,
)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A condition at a tick."""

    tick: int
    condition: Formula


class Blame:
    """`high`: of the greatest margin it may have (why it failed), else of the least (what it passed by).

    `first`: the first tick that breaks it, where several do, instead of the worst.
    """

    def __init__(self, evaluator: Evaluator, *, first: bool) -> None:
        self._evaluator = evaluator
        self._first = first

    def place(self, formula: Formula, tick: int, *, high: bool) -> Place:
        """Where the formula's margin at this tick comes from."""
        match formula:
            case Not(of):
                return self.place(of, tick, high=not high)
            case Holds(of):
                return self.place(of, tick, high=high)
            case And(left, right):
                return self.place(self._chosen(left, right, tick, high=high, least=True), tick, high=high)
            case Or(left, right):
                return self.place(self._chosen(left, right, tick, high=high, least=False), tick, high=high)
            case Implies(left, right):
                return self.place(self._chosen(Not(left), right, tick, high=high, least=False), tick, high=high)
            case Always(of, window) | Historically(of, window):
                ahead = isinstance(formula, Always)
                return self.place(of, self._extreme(of, tick, window, high=high, least=True, ahead=ahead), high=high)
            case Eventually(of, window) | Once(of, window):
                ahead = isinstance(formula, Eventually)
                return self.place(of, self._extreme(of, tick, window, high=high, least=False, ahead=ahead), high=high)
            case Until():
                return self._until(formula, tick, high=high)
            case After(anchor, of):
                margins = self._side(of, high=high)
                at = self._evaluator.anchored(anchor, len(margins))
                at[:tick] = False
                return self.place(of, self._pick(np.where(at, margins, np.inf), least=True), high=high)
        return Place(self._counted_last(formula, tick), formula)

    def _side(self, formula: Formula, *, high: bool) -> FloatArray:
        return self._evaluator.band(formula).side(high=high)

    def _chosen(self, left: Formula, right: Formula, tick: int, *, high: bool, least: bool) -> Formula:
        one, other = (self._side(formula, high=high)[tick] for formula in (left, right))
        return left if bool(one <= other) is least else right

    def _extreme(self, of: Formula, tick: int, window: Window | None, *, high: bool, least: bool, ahead: bool) -> int:
        """The tick in the window whose margin is the one that counts."""
        margins = self._side(of, high=high)
        if window is None:
            start = max(tick, self._known_from(of)) if ahead else 0
            return start + self._pick(margins[start:] if ahead else margins[: tick + 1], least=least)
        first, last = window.first.ticks, window.last.ticks
        start, end = (tick + first, tick + last) if ahead else (max(0, tick - last), max(0, tick - first))
        return start + self._pick(margins[start : end + 1], least=least)

    def _known_from(self, of: Formula) -> int:
        """Where `always` and `eventually` begin, as in `evaluate`."""
        band = self._evaluator.band(of)
        return band.first_known if 2 * band.first_known <= len(band) else 0

    def _pick(self, margins: FloatArray, *, least: bool) -> int:
        if not least:
            return int(np.argmax(margins))
        broken = margins < 0.0
        return int(np.argmax(broken)) if self._first and broken.any() else int(np.argmin(margins))

    def _until(self, formula: Until, tick: int, *, high: bool) -> Place:
        holds, comes = (self._side(one, high=high) for one in (formula.left, formula.right))
        size = min(len(holds), len(comes))
        first, last = (0, size - 1 - tick)
        if formula.window is not None:
            first, last = formula.window.first.ticks, formula.window.last.ticks
        held = np.minimum.accumulate(np.concatenate([[np.inf], holds[tick : tick + last]]))[first : last + 1]
        margins = np.minimum(comes[tick + first : tick + last + 1], held)
        best = int(np.argmax(margins))
        turn = tick + first + best
        if comes[turn] <= held[best]:
            return self.place(formula.right, turn, high=high)
        return self.place(formula.left, tick + self._pick(holds[tick:turn], least=True), high=high)

    def _counted_last(self, condition: Formula, tick: int) -> int:
        """A count over the whole run stands at its last occurrence."""
        counts = [node for node in condition.walk() if isinstance(node, Count) and node.over is None]
        if not isinstance(condition, Compare) or not counts:
            return tick
        times = self._evaluator.numbers.counted(counts[0].what)
        return int(np.flatnonzero(times)[-1]) if times.any() else tick
