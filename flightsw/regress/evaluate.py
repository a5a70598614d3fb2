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

A window that reaches beyond the run says nothing: a formula's arrays end where its windows can't be filled. `always`
and `eventually` without a window begin where the formula in them is first known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flightsw.record.columns import Columns
from flightsw.regress import windows
from flightsw.regress.expressions import Expressions, NothingToJudge
from flightsw.regress.nodes import (
    After,
    Always,
    And,
    Changed,
    Compare,
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

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LEAST = float(np.finfo(np.float64).tiny)
"""The margin of what holds with nothing to spare: the least that isn't nought."""


@dataclass(frozen=True)
class Band:
    """Margins by tick: at least `low`, at most `high`; the same array where all is known."""

    low: FloatArray
    high: FloatArray

    def __len__(self) -> int:
        return len(self.low)

    def __neg__(self) -> Band:
        low = -self.high
        return Band(low, low if self.low is self.high else -self.low)

    def side(self, *, high: bool) -> FloatArray:
        """One of both."""
        return self.high if high else self.low

    @property
    def unknown(self) -> BoolArray:
        """Ticks of which nothing can be said."""
        return np.isneginf(self.low) & np.isposinf(self.high)

    @property
    def first_known(self) -> int:
        """The first tick of which something can be said; the length where there is none."""
        if self.low is self.high:
            return 0
        known = ~self.unknown
        return int(np.argmax(known)) if known.any() else len(self)


def combine(of: Callable[..., FloatArray], *bands: Band) -> Band:
    """What a rising function makes of bands: its ends are those of the ends."""
    low = of(*(band.low for band in bands))
    sure = all(band.low is band.high for band in bands)
    return Band(low, low if sure else of(*(band.high for band in bands)))


class Evaluator:
    """Margins of formulas on one run; what occurs twice is worked out once."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.numbers = Expressions(columns, self.rising)
        self.vacuous: list[str] = []
        """why what was worked out so far says nothing, although it has a margin"""
        self._done: dict[Formula, Band] = {}

    def band(self, formula: Formula) -> Band:
        """Margins of a bound formula. Raises NothingToJudge."""
        if formula not in self._done:
            self._done[formula] = self._worked_out(formula)
        return self._done[formula]

    def rising(self, formula: Formula) -> BoolArray:
        """Ticks at which it occurs: an event or a change, or else where it comes true (never the first tick)."""
        band = self.band(formula)
        edges: BoolArray = band.low > 0.0
        if not isinstance(formula, Event | Changed):
            edges[1:] &= band.high[:-1] < 0.0
            edges[:1] = False
        return edges

    def _worked_out(self, formula: Formula) -> Band:
        match formula:
            case Compare() | Truth() | Known() | Changed() | Event():
                return self._leaf(formula)
            case Not(of):
                return -self.band(of)
            case Holds(of):
                return combine(lambda margins: np.copysign(np.inf, margins), self.band(of))
            case And(left, right):
                return combine(np.minimum, *self._even(left, right))
            case Or(left, right):
                return combine(np.maximum, *self._even(left, right))
            case Implies(left, right):
                return self._implies(left, right)
            case Always(of, window):
                return self._ahead(self.band(of), window)
            case Eventually(of, window):
                return -self._ahead(-self.band(of), window)
            case Historically(of, window):
                return self._behind(self.band(of), window)
            case Once(of, window):
                return -self._behind(-self.band(of), window)
            case Until(left, right, window):
                return self._until(*self._even(left, right), window)
            case After(anchor, of):
                return self._after(anchor, of)
        raise TypeError(f"{type(formula).__name__}: no formula")

    def _even(self, left: Formula, right: Formula) -> tuple[Band, Band]:
        """Both, as far as both are told."""
        bands = self.band(left), self.band(right)
        size = min(len(band) for band in bands)
        return _cut(bands[0], size), _cut(bands[1], size)

    def _leaf(self, formula: Formula) -> Band:
        match formula:
            case Compare(relation, left, right, crisp):
                return _compared(relation, self.numbers.of(left) - self.numbers.of(right), crisp=crisp)
            case Truth(of):
                return _compared("!=", self.numbers.of(of), crisp=True)
            case Known(of):
                return _crisp(~np.isnan(self.numbers.of(of)))
            case Changed(of):
                return _crisp(self.numbers.changes(of))
        assert isinstance(formula, Event)
        return _crisp(self.numbers.occurrences(formula) > 0.0)

    def _implies(self, left: Formula, right: Formula) -> Band:
        if_this, then = self._even(left, right)
        if not (if_this.low > 0.0).any():
            self.vacuous.append("what stands before `implies` never holds")
        return combine(np.maximum, -if_this, then)

    def _ahead(self, band: Band, window: Window | None) -> Band:
        """The least in a window ahead."""
        if window is None:
            return combine(windows.suffix_min, _from_known(band))
        first, last = window.first.ticks, window.last.ticks
        size = self._left(band, last)
        return combine(lambda margins: windows.sliding_min(margins[first:], last - first + 1)[:size], band)

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
        if window is None:
            return combine(windows.until_end, left, right)
        first, last = window.first.ticks, window.last.ticks
        self._left(right, last)
        return combine(lambda holds, comes: windows.until_within(holds, comes, first, last), left, right)

    def _after(self, anchor: Formula, of: Formula) -> Band:
        band = self.band(of)
        at = self.anchored(anchor, len(band))
        if not at.any():
            late = self.rising(anchor)[len(band) :].any()
            self.vacuous.append("the anchor occurs too late for what follows it" if late else "the anchor never occurs")
        return combine(lambda margins: windows.suffix_min(np.where(at, margins, np.inf)), band)

    def anchored(self, anchor: Formula, size: int) -> BoolArray:
        """Occurrences of an anchor, of which `size` ticks can be judged."""
        at = np.zeros(size, dtype=np.bool_)
        edges = self.rising(anchor)[:size]
        at[: len(edges)] = edges
        return at

    def _left(self, band: Band, reach: int) -> int:
        """Ticks for which a window of this reach can be filled. Raises NothingToJudge: none."""
        size = len(band) - reach
        if size < 1:
            reach_s, have_s = reach * self.columns.dt_s, len(band) * self.columns.dt_s
            raise NothingToJudge(f"a window reaches over {reach_s:g} s: the run has {have_s:g} s for it")
        return size


def _cut(band: Band, size: int) -> Band:
    low = band.low[:size]
    return Band(low, low if band.low is band.high else band.high[:size])


def _from_known(band: Band) -> Band:
    """Without what isn't known yet, unless that is half of it."""
    start = band.first_known
    if start == 0 or 2 * start > len(band):
        return band
    low, high = band.low.copy(), band.high.copy()
    low[:start] = high[:start] = np.inf
    return Band(low, high)


def _compared(relation: str, excess: FloatArray, *, crisp: bool) -> Band:
    """Margins of a comparison, by left side less right side."""
    with np.errstate(invalid="ignore"):
        margins = {
            ">=": excess,
            ">": excess,
            "<=": -excess,
            "<": -excess,
            "==": -np.abs(excess),
            "!=": np.abs(excess),
        }[relation]
        edge = LEAST if relation in (">=", "<=", "==") else -LEAST
        margins = np.where(margins == 0.0, edge, margins)
        if crisp:
            margins = np.copysign(np.inf, margins)
    lost = ~np.isfinite(excess)
    if not lost.any():
        return Band(margins, margins)
    return Band(np.where(lost, -np.inf, margins), np.where(lost, np.inf, margins))


def _crisp(holds: BoolArray) -> Band:
    margins = np.where(holds, np.inf, -np.inf)
    return Band(margins, margins)
