"""A bound formula on the columns of a run: its margin at every tick, all ticks at once.

Quantitative semantics of signal temporal logic: a comparison's margin is its distance to where it would turn, `and` and
`always` take the least margin, `or` and `eventually` the greatest, `not` turns it round. (A. Donze, O. Maler, Robust
satisfaction of temporal logic over real-valued signals, FORMATS 2010.) Made exact at three edges:

- A margin is never nought: where a comparison holds with nothing to spare it is `LEAST`, where it just fails it is
  `-LEAST`, so that the sign alone says whether a formula holds.
- What holds or doesn't (names, flags, events) has an infinite margin, so that the margins of what stands beside it
  show through.
- What isn't known has the margin anything: two arrays are kept, what it is at least and what it is at most. They are
  one and the same array where all is known.

A window that reaches beyond the run says nothing: a formula's arrays end where its windows can't be filled. What stands
beside it by `and`, `or` or `implies` is still told there, so there are two bands, alike but behind `Band.whole`: the
`best` and the worst that the ticks beyond the run may make of it. `always` and `after` take the best and `eventually`
the worst, so that an open tick neither breaks nor keeps anything, and one that is broken or kept whatever follows does.
`always` and `eventually` without a window begin where the formula in them is first known.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flightsw.record.columns import Columns
from flightsw.regress import windows
from flightsw.regress.bands import (
    Band,
    BoolArray,
    Edges,
    FloatArray,
    begun,
    combine,
    compared,
    crisp,
    crisp_edges,
    edges_of,
)
from flightsw.regress.expressions import Expressions, NothingToJudge
from flightsw.regress.nodes import (
    After,
    Always,
    And,
    Changed,
    Compare,
    Count,
    Event,
    Eventually,
    Formula,
    Historically,
    Holds,
    Implies,
    Known,
    Not,
    Once,
    Or,
    Truth,
    Until,
    Window,
)


class Evaluator:
    """Margins of formulas on one run; what occurs twice is worked out once."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.numbers = Expressions(columns, self.edges)
        self._done: dict[tuple[Formula, bool], Band] = {}

    def band(self, formula: Formula, *, best: bool = True) -> Band:
        """Margins of a bound formula, by the best or the worst that may follow the run. Raises NothingToJudge."""
        if not best:
            band = self.band(formula)
            if len(band) == band.whole:
                return band
        if (formula, best) not in self._done:
            self._done[formula, best] = self._worked_out(formula, best)
        return self._done[formula, best]

    def edges(self, formula: Formula) -> Edges:
        """Ticks at which it occurs: an event or a change, or else where it comes true."""
        band = self.band(formula)
        return crisp_edges(band.low > 0.0) if isinstance(formula, Event | Changed) else edges_of(band)

    def _worked_out(self, formula: Formula, best: bool) -> Band:
        match formula:
            case Compare() | Truth() | Known() | Changed() | Event():
                return self._leaf(formula)
            case Not(of):
                return -self.band(of, best=not best)
            case Holds(of):
                return combine(lambda margins: np.copysign(np.inf, margins), self.band(of, best=best))
            case And(left, right):
                return self._joined(np.minimum, self.band(left, best=best), self.band(right, best=best), best)
            case Or(left, right):
                return self._joined(np.maximum, self.band(left, best=best), self.band(right, best=best), best)
            case Implies(left, right):
                if_this, then = self.band(left, best=not best), self.band(right, best=best)
                return self._joined(np.maximum, -if_this, then, best)
            case Always(of, window):
                return self._ahead(lambda best: self.band(of, best=best), window, best)
            case Eventually(of, window):
                return -self._ahead(lambda best: -self.band(of, best=not best), window, not best)
            case Historically(of, window):
                return self._behind(self.band(of, best=best), window)
            case Once(of, window):
                return -self._behind(-self.band(of, best=best), window)
            case Until(left, right, window):
                return self._until(self.band(left), self.band(right), window)
            case After(anchor, of):
                return self._after(anchor, of, best)
        raise TypeError(f"{type(formula).__name__}: no formula")

    def _joined(self, of: Callable[..., FloatArray], left: Band, right: Band, best: bool) -> Band:
        """Both, as far as one is told."""
        size, beyond = max(len(left), len(right)), np.inf if best else -np.inf
        return combine(of, left.padded(size, beyond), right.padded(size, beyond))

    def _leaf(self, formula: Formula) -> Band:
        match formula:
            case Compare():
                return self._compared(formula)
            case Truth(of):
                return compared("!=", self.numbers.of(of), names=True)
            case Known(of):
                return crisp(~np.isnan(self.numbers.of(of)))
            case Changed(of):
                return crisp(self.numbers.changes(of))
        assert isinstance(formula, Event)
        return crisp(self.numbers.occurrences(formula) > 0.0)

    def _compared(self, node: Compare) -> Band:
        if isinstance(node.right, Count) and not isinstance(node.left, Count):
            mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(node.relation, node.relation)
            node = Compare(mirrored, node.right, node.left, node.crisp)
        right = self.numbers.of(node.right)
        band = compared(node.relation, self.numbers.of(node.left) - right, names=node.crisp)
        if band.sure or not isinstance(node.left, Count) or node.relation in ("==", "!="):
            return band
        least = compared(node.relation, self.numbers.at_least(node.left) - right, names=node.crisp)
        low, high = (least.low, band.high) if node.relation in (">", ">=") else (band.low, least.high)
        return Band(low, high, whole=band.whole)

    def _ahead(self, side: Callable[[bool], Band], window: Window | None, best: bool) -> Band:
        """The least in a window ahead; `side` gives the best and the worst of what is in it."""
        if window is None:
            judged = combine(windows.suffix_min, begun(side(True)))
            return judged if best else judged.followed(combine(windows.suffix_min, side(False)))
        band, first, last = side(best), window.first.ticks, window.last.ticks
        size, whole = len(band) - last, self._left(band, last)
        return combine(lambda margins: windows.sliding_min(margins[first:], last - first + 1)[:size], band, whole=whole)

    def _behind(self, band: Band, window: Window | None) -> Band:
        """The least in a window behind."""
        if window is None:
            return combine(windows.prefix_min, band)
        first, last = window.first.ticks, window.last.ticks
        size = len(band)
        self._left(band, last)

        def least(margins: FloatArray) -> FloatArray:
            shifted = np.concatenate([np.full(first, np.inf), margins])[:size]
            return windows.trailing_min(shifted, last - first + 1)

        return combine(least, band)

    def _until(self, left: Band, right: Band, window: Window | None) -> Band:
        """Told where both are whole, and nowhere else."""
        size = min(left.whole, right.whole)
        left, right = left.cut(size), right.cut(size)
        if window is None:
            return combine(windows.until_end, left, right)
        first, last = window.first.ticks, window.last.ticks
        whole = self._left(right, last)
        return combine(lambda holds, comes: windows.until_within(holds, comes, first, last), left, right, whole=whole)

    def _after(self, anchor: Formula, of: Formula, best: bool) -> Band:
        """What isn't known to be an anchor can't break it, but leaves it open."""
        band = self.band(of, best=best)
        ends = [
            windows.suffix_min(np.where(self.anchored(anchor, len(band), high=high), band.side(high=high), np.inf))
            for high in (False, True)
        ]
        edges = self.edges(anchor)
        sure = band.sure and edges.sure is edges.perhaps
        judged = Band(ends[0], ends[0] if sure else ends[1], whole=band.whole)
        return judged if best else self.band(After(anchor, of)).followed(judged)

    def anchored(self, anchor: Formula, size: int, *, high: bool) -> BoolArray:
        """Occurrences of an anchor among the first ticks: those that are sure, or (of the least margin) may be."""
        at = np.zeros(size, dtype=np.bool_)
        edges = self.edges(anchor)
        found = (edges.sure if high else edges.perhaps)[:size]
        at[: len(found)] = found
        return at

    def _left(self, band: Band, reach: int) -> int:
        """Ticks for which a window of this reach can be filled. Raises NothingToJudge: none."""
        size = band.whole - reach
        if size < 1:
            reach_s, have_s = reach * self.columns.dt_s, band.whole * self.columns.dt_s
            raise NothingToJudge(f"a window reaches over {reach_s:g} s: the run has {have_s:g} s for it")
        return size
