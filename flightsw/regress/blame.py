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

    def place(self, formula: Formula, tick: int, *, high: bool, best: bool = True) -> Place:
        """Where the formula's margin at this tick comes from; `best` as in `evaluate`."""
        match formula:
            case Not(of):
                return self.place(of, tick, high=not high, best=not best)
            case Holds(of):
                return self.place(of, tick, high=high, best=best)
            case And(left, right):
                chosen = self._chosen(left, right, tick, high=high, best=best, least=True)
                return self.place(chosen, tick, high=high, best=best)
            case Or(left, right):
                chosen = self._chosen(left, right, tick, high=high, best=best, least=False)
                return self.place(chosen, tick, high=high, best=best)
            case Implies(left, right):
                return self.place(Or(Not(left), right), tick, high=high, best=best)
            case Always() | Eventually():
                return self._ahead(formula, tick, high=high, best=best)
            case Historically(of, window) | Once(of, window):
                least = isinstance(formula, Historically)
                place = self._behind(of, tick, window, high=high, best=best, least=least)
                return self.place(of, place, high=high, best=best)
            case Until():
                return self._until(formula, tick, high=high)
            case After():
                return self._after(formula, tick, high=high, best=best)
        return Place(self._counted_last(formula, tick), formula)

    def _side(self, formula: Formula, *, high: bool, best: bool = True) -> FloatArray:
        return self._evaluator.band(formula, best=best).side(high=high)

    def _chosen(self, left: Formula, right: Formula, tick: int, *, high: bool, best: bool, least: bool) -> Formula:
        told = [self._side(formula, high=high, best=best) for formula in (left, right)]
        one, other = (margins[tick] if tick < len(margins) else np.inf if best else -np.inf for margins in told)
        return left if bool(one <= other) is least else right

    def _ahead(self, formula: Always | Eventually, tick: int, *, high: bool, best: bool) -> Place:
        """The tick in the window whose margin is the one that counts."""
        of, window, least = formula.of, formula.window, isinstance(formula, Always)
        if window is None:
            band = self._evaluator.band(of)
            best = least if tick < band.whole else best
            start, end = max(tick, band.start), len(band)
        else:
            start, end = tick + window.first.ticks, tick + window.last.ticks + 1
        margins = self._side(of, high=high, best=best)
        return self.place(of, start + self._pick(margins[start:end], least=least), high=high, best=best)

    def _behind(self, of: Formula, tick: int, window: Window | None, *, high: bool, best: bool, least: bool) -> int:
        first, last = (0, tick) if window is None else (window.first.ticks, window.last.ticks)
        start, end = max(0, tick - last), max(0, tick - first)
        return start + self._pick(self._side(of, high=high, best=best)[start : end + 1], least=least)

    def _after(self, formula: After, tick: int, *, high: bool, best: bool) -> Place:
        best = best or tick < self._evaluator.band(formula.of).whole
        margins = self._side(formula.of, high=high, best=best)
        at = self._evaluator.anchored(formula.anchor, len(margins), high=high)
        at[:tick] = False
        place = self._pick(np.where(at, margins, np.inf), least=True)
        if margins[place] < 0.0 and not self._evaluator.anchored(formula.anchor, len(margins), high=True)[place]:
            return Place(self._lost(formula.anchor, place), formula.anchor)  # broken, if the anchor occurs there
        return self.place(formula.of, place, high=high, best=best)

    def _lost(self, anchor: Formula, tick: int) -> int:
        """The tick of which it isn't known whether the anchor holds: this one or the one before."""
        band = self._evaluator.band(anchor)
        return tick if band.low[tick] < 0.0 < band.high[tick] else tick - 1

    def _pick(self, margins: FloatArray, *, least: bool) -> int:
        if not least:
            return int(np.argmax(margins))
        broken = margins < 0.0
        return int(np.argmax(broken)) if self._first and broken.any() else int(np.argmin(margins))

    def _until(self, formula: Until, tick: int, *, high: bool) -> Place:
        holds, comes = (self._side(one, high=high) for one in (formula.left, formula.right))
        size = min(self._evaluator.band(one).whole for one in (formula.left, formula.right))
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
        """A count over the whole run stands at its last occurrence, or where it isn't known whether there is one."""
        counts = [node for node in condition.walk() if isinstance(node, Count) and node.over is None]
        if not isinstance(condition, Compare) or not counts:
            return tick
        hidden = self._evaluator.numbers.hidden(counts[0].what)
        if hidden.any() and not self._evaluator.band(condition).high[tick] < 0.0:
            return int(np.argmax(hidden))
        times = self._evaluator.numbers.counted(counts[0].what)
        return int(np.flatnonzero(times)[-1]) if times.any() else tick
