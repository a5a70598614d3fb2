"""Formulas evaluated the obvious way: by the definition, tick by tick, recursively. Slow, and easy to believe."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from flightsw.record.columns import Columns
from flightsw.regress.bands import LEAST
from flightsw.regress.nodes import (
    TICKS,
    After,
    Always,
    And,
    Compare,
    Eventually,
    Formula,
    Historically,
    Holds,
    Implies,
    Logged,
    Not,
    Number,
    Once,
    Or,
    Span,
    Until,
    Window,
)


def a_signal(name: str) -> Logged:
    return Logged(name, "", "number")


def ticks(first: int, last: int) -> Window:
    return Window(Span(first, TICKS), Span(last, TICKS))


def columns_of(**signals: Sequence[float]) -> Columns:
    values = {name: np.array(column, dtype=np.float64) for name, column in signals.items()}
    size = len(next(iter(values.values())))
    return Columns(1.0, np.arange(size, dtype=np.float64), values, {}, {}, {}, {}, ())


def reach(formula: Formula) -> int:
    """How far ahead of a tick its bounded windows look."""
    window = getattr(formula, "window", None)
    ahead = window.last.ticks if window is not None and isinstance(formula, Always | Eventually | Until) else 0
    parts = [node for node in formula.below() if isinstance(node, Formula)]
    if isinstance(formula, After):
        parts = [formula.of]
    return ahead + max(map(reach, parts), default=0)


def extent(formula: Formula, size: int) -> int:
    """Ticks of which anything is told: of what is joined, as far as one of both is."""
    match formula:
        case And() | Or() | Implies():
            return max(extent(formula.left, size), extent(formula.right, size))
        case Until():
            return size - reach(formula)
        case After(_, of):
            return extent(of, size)
        case Always(of, window) | Eventually(of, window):
            return extent(of, size) - (0 if window is None else window.last.ticks)
    return min((extent(part, size) for part in formula.below() if isinstance(part, Formula)), default=size)


class Twin:
    """Margins of a formula over traces without unknowns, by the definition.

    `best`: where a window reaches beyond the run, what is there makes of it the best it may, else the worst.
    """

    def __init__(self, columns: Columns) -> None:
        self._values = columns.values
        self._size = len(columns)

    def margins(self, formula: Formula) -> list[float]:
        return [self.margin(formula, tick) for tick in range(self._size - reach(formula))]

    def _part(self, formula: Formula, t: int, best: bool) -> float:
        if t < extent(formula, self._size):
            return self.margin(formula, t, best)
        return math.inf if best else -math.inf

    def margin(self, formula: Formula, t: int, best: bool = True) -> float:
        match formula:
            case Compare(relation, Logged(name), Number(value)):
                excess = float(self._values[name][t]) - value
                margin = {">=": excess, ">": excess, "<=": -excess, "<": -excess, "==": -abs(excess)}.get(relation)
                margin = abs(excess) if margin is None else margin
                return margin or (LEAST if "=" in relation and relation != "!=" else -LEAST)
            case Not(of):
                return -self.margin(of, t, not best)
            case Holds(of):
                return math.copysign(math.inf, self.margin(of, t, best))
            case And(left, right):
                return min(self._part(left, t, best), self._part(right, t, best))
            case Or(left, right):
                return max(self._part(left, t, best), self._part(right, t, best))
            case Implies(left, right):
                return max(-self._part(left, t, not best), self._part(right, t, best))
            case Always(of, window):
                best = best or (window is None and t < self._size - reach(of))
                return min(self.margin(of, u, best) for u in self._ahead(t, window, of))
            case Eventually(of, window):
                best = best and not (window is None and t < self._size - reach(of))
                return max(self.margin(of, u, best) for u in self._ahead(t, window, of))
            case Historically(of, window):
                return min((self.margin(of, u, best) for u in self._behind(t, window)), default=math.inf)
            case Once(of, window):
                return max((self.margin(of, u, best) for u in self._behind(t, window)), default=-math.inf)
            case Until(left, right, window):
                return max(
                    min([self.margin(right, u), *(self.margin(left, v) for v in range(t, u))])
                    for u in self._until(t, window, reach(And(left, right)))
                )
            case After(anchor, of):
                best = best or t < self._size - reach(of)
                at = [u for u in range(t, extent(of, self._size)) if self.rises(anchor, u)]
                return min((self.margin(of, u, best) for u in at), default=math.inf)
        raise TypeError(formula)

    def rises(self, anchor: Formula, t: int) -> bool:
        known = self._size - reach(anchor)
        return 0 < t < known and self.holds(anchor, t) and not self.holds(anchor, t - 1)

    def _holds_part(self, formula: Formula, t: int, best: bool) -> bool:
        return self.holds(formula, t, best) if t < extent(formula, self._size) else best

    def holds(self, formula: Formula, t: int, best: bool = True) -> bool:
        """Boolean semantics, told apart from margins altogether."""
        match formula:
            case Compare(relation, Logged(name), Number(value)):
                found = float(self._values[name][t])
                return bool(
                    {
                        ">=": found >= value,
                        ">": found > value,
                        "<=": found <= value,
                        "<": found < value,
                        "==": found == value,
                        "!=": found != value,
                    }[relation]
                )
            case Not(of):
                return not self.holds(of, t, not best)
            case Holds(of):
                return self.holds(of, t, best)
            case And(left, right):
                return self._holds_part(left, t, best) and self._holds_part(right, t, best)
            case Or(left, right):
                return self._holds_part(left, t, best) or self._holds_part(right, t, best)
            case Implies(left, right):
                return not self._holds_part(left, t, not best) or self._holds_part(right, t, best)
            case Always(of, window):
                best = best or (window is None and t < self._size - reach(of))
                return all(self.holds(of, u, best) for u in self._ahead(t, window, of))
            case Eventually(of, window):
                best = best and not (window is None and t < self._size - reach(of))
                return any(self.holds(of, u, best) for u in self._ahead(t, window, of))
            case Historically(of, window):
                return all(self.holds(of, u, best) for u in self._behind(t, window))
            case Once(of, window):
                return any(self.holds(of, u, best) for u in self._behind(t, window))
            case Until(left, right, window):
                return any(
                    self.holds(right, u) and all(self.holds(left, v) for v in range(t, u))
                    for u in self._until(t, window, reach(And(left, right)))
                )
            case After(anchor, of):
                best = best or t < self._size - reach(of)
                at = [u for u in range(t, extent(of, self._size)) if self.rises(anchor, u)]
                return all(self.holds(of, u, best) for u in at)
        raise TypeError(formula)

    def _ahead(self, t: int, window: Window | None, of: Formula) -> range:
        if window is None:
            return range(t, extent(of, self._size))
        return range(t + window.first.ticks, t + window.last.ticks + 1)

    def _until(self, t: int, window: Window | None, parts_reach: int) -> range:
        if window is None:
            return range(t, self._size - parts_reach)
        return range(t + window.first.ticks, t + window.last.ticks + 1)

    def _behind(self, t: int, window: Window | None) -> range:
        if window is None:
            return range(t + 1)
        return range(max(0, t - window.last.ticks), t - window.first.ticks + 1)
