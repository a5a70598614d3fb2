"""Whether what a formula hinges on ever comes about where the formula looks: an implication's condition, an anchor.

Walks down a formula that `evaluate` has worked out, with the ticks at which each part is judged. Of alternatives (`or`,
`eventually`) only those count by which it holds. Called by `verdict`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flightsw.regress.evaluate import Evaluator
from flightsw.regress.nodes import (
    After,
    Always,
    And,
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

BoolArray = npt.NDArray[np.bool_]
_ELSEWHERE = " where it is judged"


class Vacuity:
    """Reasons for which a formula says nothing, although it has a margin."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._ticks = len(evaluator.columns)
        self._reasons: list[str] = []

    def reasons(self, formula: Formula) -> list[str]:
        """Of a formula that is judged at the first tick."""
        at = np.zeros(self._ticks, dtype=np.bool_)
        at[0] = True
        self._look(formula, at, good=True)
        return self._reasons

    def _look(self, formula: Formula, at: BoolArray, *, good: bool | None) -> None:
        """`good`: it is to hold, or not to hold; None: where it does is counted, or hung on."""
        if not at.any():
            return
        match formula:
            case Not(of):
                self._look(of, at, good=None if good is None else not good)
            case Holds(of):
                self._look(of, at, good=good)
            case And(left, right) | Or(left, right):
                for part in (left, right):
                    self._look(part, self._bearing(part, at, good, choice=isinstance(formula, Or)), good=good)
            case Implies():
                self._implication(formula, at, good)
            case Always(of, window) | Eventually(of, window) | Historically(of, window) | Once(of, window):
                within = _spread(at, window, ahead=isinstance(formula, Always | Eventually))
                choice = isinstance(formula, Eventually | Once)
                self._look(of, self._bearing(of, within, good, choice=choice), good=good)
            case Until(left, right, window):
                within = _spread(at, window, ahead=True)
                self._look(left, within, good=good)
                self._look(right, self._bearing(right, within, good, choice=True), good=good)
            case After():
                self._anchored(formula, at, good)
            case _:
                self._counts(formula)

    def _bearing(self, part: Formula, at: BoolArray, good: bool | None, *, choice: bool) -> BoolArray:
        """Where the part is judged, and by which the whole stands: all of it, where nothing is chosen from."""
        if good is None or choice is not good:
            return at
        band = self._evaluator.band(part, best=not good)
        bears = band.low > 0.0 if good else band.high < 0.0
        return at & _as_long(bears, self._ticks)

    def _implication(self, formula: Implies, at: BoolArray, good: bool | None) -> None:
        left = self._evaluator.band(formula.left, best=False)
        whole = self._evaluator.band(formula).whole
        holds = _as_long(left.low[:whole] > 0.0, self._ticks)
        if not (holds & at).any():
            where = _ELSEWHERE if holds.any() else ""
            self._reasons.append(f"what stands before `implies` never holds{where}")
        self._look(formula.left, at, good=None if good is None else not good)
        self._look(formula.right, at & holds, good=good)

    def _anchored(self, formula: After, at: BoolArray, good: bool | None) -> None:
        whole = self._evaluator.band(formula.of).whole
        edges = self._evaluator.edges(formula.anchor)
        ahead = _as_long(edges.known, self._ticks) & _spread(at, None, ahead=True)
        if not ahead[:whole].any():
            never = "isn't known to occur" if edges.hidden.any() else "never occurs"
            elsewhere = f"the anchor {never}{_ELSEWHERE if edges.known.any() else ''}"
            self._reasons.append("the anchor occurs too late for what follows it" if ahead.any() else elsewhere)
        self._look(formula.anchor, np.ones(self._ticks, dtype=np.bool_), good=None)
        perhaps = _as_long(edges.perhaps, self._ticks) & _spread(at, None, ahead=True)
        self._look(formula.of, perhaps, good=good)

    def _counts(self, leaf: Formula) -> None:
        for node in leaf.walk():
            if isinstance(node, Count) and isinstance(node.what, Formula):
                self._look(node.what, np.ones(self._ticks, dtype=np.bool_), good=None)


def _as_long(flags: BoolArray, size: int) -> BoolArray:
    longer = np.zeros(size, dtype=np.bool_)
    longer[: len(flags)] = flags
    return longer


def _spread(at: BoolArray, window: Window | None, *, ahead: bool) -> BoolArray:
    """The ticks in the windows of these."""
    size = len(at)
    first, last = (0, size) if window is None else (window.first.ticks, window.last.ticks)
    ticks = np.arange(size)
    begin, end = (ticks - last, ticks - first) if ahead else (ticks + first, ticks + last)
    before = np.concatenate([[0], np.cumsum(at)])
    spread: BoolArray = before[np.clip(end + 1, 0, size)] > before[np.clip(begin, 0, size)]
    return spread
