"""The numbers in a formula, one a tick: signals, arithmetic on them, rates, delays and counts. NaN: not known.

Called by `evaluate`, which says where a counted condition comes true.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import numpy.typing as npt

from flightsw.record.columns import Columns
from flightsw.regress.nodes import (
    Apply,
    Changed,
    Count,
    Delay,
    Event,
    Expr,
    Formula,
    Logged,
    Messages,
    Node,
    Number,
    Rate,
)

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_ARITHMETIC: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "min": np.minimum,
    "max": np.maximum,
}


class NothingToJudge(Exception):
    """The run doesn't reach as far as a formula looks. Says what."""


class Expressions:
    """Values of expressions on one run."""

    def __init__(self, columns: Columns, rising: Callable[[Formula], BoolArray]) -> None:
        self._columns = columns
        self._rising = rising
        self._done: dict[Expr, FloatArray] = {}

    def of(self, node: Expr) -> FloatArray:
        """Its value at every tick of the run."""
        if node not in self._done:
            values = self._worked_out(node)
            self._done[node] = values
        return self._done[node]

    def changes(self, node: Expr) -> BoolArray:
        """Ticks at which it isn't what it was in the tick before; what wasn't known before hasn't changed."""
        values = self.of(node)
        changed = np.zeros(len(values), dtype=np.bool_)
        changed[1:] = (values[1:] != values[:-1]) & ~np.isnan(values[1:]) & ~np.isnan(values[:-1])
        return changed

    def occurrences(self, event: Event) -> FloatArray:
        """How often the event occurred in each tick."""
        ticks = self._columns.events.get((event.source, event.name), np.empty(0, dtype=np.int64))
        return np.bincount(ticks, minlength=len(self._columns)).astype(np.float64)

    def counted(self, what: Node) -> FloatArray:
        """How often what is counted occurred in each tick."""
        match what:
            case Messages(topic):
                return self._columns.counts[topic]
            case Event():
                return self.occurrences(what)
            case Changed(of):
                return self.changes(of).astype(np.float64)
        assert isinstance(what, Formula)
        times = np.zeros(len(self._columns))
        edges = self._rising(what)
        times[: len(edges)] = edges
        return times

    def _worked_out(self, node: Expr) -> FloatArray:
        match node:
            case Number(value):
                return np.full(len(self._columns), value)
            case Logged(name):
                return self._columns.values[name]
            case Messages(topic):
                return self._columns.counts[topic]
            case Apply(function, args):
                return self._applied(function, [self.of(one) for one in args])
            case Rate(of, over):
                values = self.of(of)
                return (values - _earlier(values, over.ticks)) / (over.ticks * self._columns.dt_s)
            case Delay(of, by):
                return _earlier(self.of(of), by.ticks)
            case Count(what, over):
                total = np.cumsum(self.counted(what))
                if over is None:
                    return np.full(len(total), total[-1])
                if over.ticks > len(total):
                    dt_s = self._columns.dt_s
                    raise NothingToJudge(f"counts over {over.ticks * dt_s:g} s: the run has {len(total) * dt_s:g} s")
                before = np.zeros(len(total))
                before[over.ticks :] = total[: len(total) - over.ticks]
                counts: FloatArray = total - before
                return counts
        raise TypeError(f"{type(node).__name__}: no expression")

    def _applied(self, function: str, args: list[FloatArray]) -> FloatArray:
        if function == "neg":
            return -args[0]
        if function == "abs":
            return np.abs(args[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            return reduce(_ARITHMETIC[function], args)


def _earlier(values: FloatArray, ticks: int) -> FloatArray:
    earlier = np.full(len(values), np.nan)
    earlier[ticks:] = values[: max(0, len(values) - ticks)]
    return earlier
