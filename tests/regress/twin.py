"""Formulas evaluated the obvious way: by the definition, tick by tick, recursively. Slow, and easy to believe."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from flightsw.record.columns import Columns
from flightsw.regress.evaluate import LEAST
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


class Twin:
    """Margins of a formula over traces without unknowns, by the definition."""

    def __init__(self, columns: Columns) -> None:
        self._values = columns.values
        self._size = len(columns)

    def margins(self, formula: Formula) -> list[float]:
        return [self.margin(formula, tick) for tick in range(self._size - reach(formula))]

    def margin(self, formula: Formula, t: int) -> float:
        match formula:
            case Compare(relation, Logged(name), Number(value)):
                excess = float(self._values[name][t]) - value
                margin = {">=": excess, ">": excess, "<=": -excess, "<": -excess, "==": -abs(excess)}.get(relation)
                margin = abs(excess) if margin is None else margin
                return margin or (LEAST if "=" in relation and relation != "!=" else -LEAST)
            case Not(of):
                return -self.margin(of, t)
            case Holds(of):
                return math.copysign(math.inf, self.margin(of, t))
            case And(left, right):
                return min(self.margin(left, t), self.margin(right, t))
            case Or(left, right):
                return max(self.margin(left, t), self.margin(right, t))
            case Implies(left, right):
                return max(-self.margin(left, t), self.margin(right, t))
            case Always(of, window):
                return min(self.margin(of, u) for u in self._ahead(t, window, of))
            case Eventually(of, window):
                return max(self.margin(of, u) for u in self._ahead(t, window, of))
            case Historically(of, window):
                return min((self.margin(of, u) for u in self._behind(t, window)), default=math.inf)
            case Once(of, window):
                return max((self.margin(of, u) for u in self._behind(t, window)), default=-math.inf)
            case Until(left, right, window):
                return max(
                    min([self.margin(right, u), *(self.margin(left, v) for v in range(t, u))])
                    for u in self._ahead(t, window, And(left, right))
                )
            case After(anchor, of):
                at = [u for u in range(t, self._size - reach(of)) if self.rises(anchor, u)]
                return min((self.margin(of, u) for u in at), default=math.inf)
        raise TypeError(formula)

    def rises(self, anchor: Formula, t: int) -> bool:
        known = self._size - reach(anchor)
        return 0 < t < known and self.holds(anchor, t) and not self.holds(anchor, t - 1)

    def holds(self, formula: Formula, t: int) -> bool:
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
                return not self.holds(of, t)
            case Holds(of):
                return self.holds(of, t)
            case And(left, right):
                return self.holds(left, t) and self.holds(right, t)
            case Or(left, right):
                return self.holds(left, t) or self.holds(right, t)
            case Implies(left, right):
                return not self.holds(left, t) or self.holds(right, t)
            case Always(of, window):
                return all(self.holds(of, u) for u in self._ahead(t, window, of))
            case Eventually(of, window):
                return any(self.holds(of, u) for u in self._ahead(t, window, of))
            case Historically(of, window):
                return all(self.holds(of, u) for u in self._behind(t, window))
            case Once(of, window):
                return any(self.holds(of, u) for u in self._behind(t, window))
            case Until(left, right, window):
                return any(
                    self.holds(right, u) and all(self.holds(left, v) for v in range(t, u))
                    for u in self._ahead(t, window, And(left, right))
                )
            case After(anchor, of):
                at = [u for u in range(t, self._size - reach(of)) if self.rises(anchor, u)]
                return all(self.holds(of, u) for u in at)
        raise TypeError(formula)

    def _ahead(self, t: int, window: Window | None, of: Formula) -> range:
        if window is None:
            return range(t, self._size - reach(of))
        return range(t + window.first.ticks, t + window.last.ticks + 1)

    def _behind(self, t: int, window: Window | None) -> range:
        if window is None:
            return range(t + 1)
        return range(max(0, t - window.last.ticks), t - window.first.ticks + 1)
