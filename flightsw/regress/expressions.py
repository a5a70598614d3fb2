"""The numbers in a formula, one a tick: signals, arithmetic on them, rates, delays and counts. NaN: not known.

Called by `evaluate`, which says where a counted condition comes true.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import numpy.typing as npt

from flightsw.record.columns import Columns
from flightsw.regress.bands import Edges
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
    Span,
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

    def __init__(self, columns: Columns, edges: Callable[[Formula], Edges]) -> None:
        self._columns = columns
        self._edges = edges
        self._done: dict[Expr, FloatArray] = {}

    def of(self, node: Expr) -> FloatArray:
        """Its value at every tick of the run."""
        if node not in self._done:
            values = self._worked_out(node)
            self._done[node] = values
        return self._done[node]

    def changes(self, node: Expr) -> BoolArray:
        """Ticks at which it isn't what it was when last known; what was never known before hasn't changed."""
        values = self.of(node)
        known = ~np.isnan(values)
        last_known = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))[:-1]
        changed = np.zeros(len(values), dtype=np.bool_)
        changed[1:] = (values[1:] != values[last_known]) & known[1:] & (last_known >= 0)
        return changed

    def occurrences(self, event: Event) -> FloatArray:
        """How often the event occurred in each tick."""
        ticks = self._columns.events.get((event.source, event.name), np.empty(0, dtype=np.int64))
        return np.bincount(ticks, minlength=len(self._columns)).astype(np.float64)

    def counted(self, what: Node) -> FloatArray:
        """How often what is counted occurred in each tick, at least."""
        match what:
            case Messages(topic):
                return self._columns.counts[topic]
            case Event():
                return self.occurrences(what)
            case Changed(of):
                return self.changes(of).astype(np.float64)
        assert isinstance(what, Formula)
        return self._as_long(self._edges(what).known)

    def hidden(self, what: Node) -> FloatArray:
        """1 in each tick in which a counted condition may have come true once more: it isn't known there."""
        if not isinstance(what, Formula) or isinstance(what, Event | Changed):
            return np.zeros(len(self._columns))
        return self._as_long(self._edges(what).hidden)

    def at_least(self, count: Count) -> FloatArray:
        """A count of what is known alone."""
        return self._summed(self.counted(count.what), count.over)

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
                hidden = self._summed(self.hidden(what), over)
                return np.where(hidden > 0.0, np.nan, self.at_least(node))
        raise TypeError(f"{type(node).__name__}: no expression")

    def _as_long(self, flags: BoolArray) -> FloatArray:
        longer = np.zeros(len(self._columns))
        longer[: len(flags)] = flags
        return longer

    def _summed(self, times: FloatArray, over: Span | None) -> FloatArray:
        """Over the whole run, or over the span that ends with each tick."""
        total = np.cumsum(times)
        if over is None:
            return np.full(len(total), total[-1])
        if over.ticks > len(total):
            dt_s = self._columns.dt_s
            raise NothingToJudge(f"counts over {over.ticks * dt_s:g} s: the run has {len(total) * dt_s:g} s")
        before = np.zeros(len(total))
        before[over.ticks :] = total[: len(total) - over.ticks]
        counts: FloatArray = total - before
        return counts

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
