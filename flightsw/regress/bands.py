"""Margins by tick, between what they are at least and at most: what `evaluate` works with.

Plain numpy; called by `evaluate`, and by who asks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LEAST = float(np.finfo(np.float64).tiny)
"""The margin of what holds with nothing to spare: the least that isn't nought."""


@dataclass(frozen=True)
class Band:
    """Margins by tick: at least `low`, at most `high`; the same array where all is known."""

    low: FloatArray
    high: FloatArray
    whole: int = field(kw_only=True)
    """ticks whose windows all lie within the run; what stands behind them is what the ticks beyond it leave of it"""

    def __len__(self) -> int:
        return len(self.low)

    def __neg__(self) -> Band:
        low = -self.high
        return Band(low, low if self.sure else -self.low, whole=self.whole)

    @property
    def sure(self) -> bool:
        """Nothing in it is unknown."""
        return self.low is self.high

    def side(self, *, high: bool) -> FloatArray:
        """One of both."""
        return self.high if high else self.low

    @property
    def first_known(self) -> int:
        """The first tick of which it is known whether the formula holds; `whole` where there is none."""
        if self.sure:
            return 0
        known = (self.low[: self.whole] > 0.0) | (self.high[: self.whole] < 0.0)
        return int(np.argmax(known)) if known.any() else self.whole

    @property
    def start(self) -> int:
        """Where judging begins: where it is first known, unless that is more than half of it."""
        return self.first_known if 2 * self.first_known <= self.whole else 0

    def cut(self, size: int | None = None) -> Band:
        """The first ticks alone: so many, or all that are whole."""
        size = self.whole if size is None else size
        return self if len(self) == size else combine(lambda margins: margins[:size], self, whole=size)

    def padded(self, size: int, beyond: float) -> Band:
        """As long as that, with this margin behind its end."""
        if len(self) == size:
            return self
        more = np.full(size - len(self), beyond)
        return combine(lambda margins: np.concatenate([margins, more]), self)

    def followed(self, other: Band) -> Band:
        """The whole ticks of this one, and what the other has behind them."""
        if len(self) == self.whole:
            return self
        return combine(lambda one, rest: np.concatenate([one[: self.whole], rest[self.whole :]]), self, other)


def combine(of: Callable[..., FloatArray], *bands: Band, whole: int | None = None) -> Band:
    """What a rising function makes of bands: its ends are those of the ends. Whole as the least of them is."""
    low = of(*(band.low for band in bands))
    sure = all(band.sure for band in bands)
    high = low if sure else of(*(band.high for band in bands))
    return Band(low, high, whole=min(band.whole for band in bands) if whole is None else whole)


@dataclass(frozen=True)
class Edges:
    """Ticks at which a condition comes true, never the first, nor the first at which anything is known of it."""

    sure: BoolArray
    """it surely does so in this tick"""
    perhaps: BoolArray
    """these, and those of which it can't be told"""
    known: BoolArray
    """it is true, and wasn't when last anything was known of it: it did so once at least since then"""
    hidden: BoolArray
    """an unknown tick hides that it did so once more"""


def edges_of(band: Band) -> Edges:
    """By the whole ticks of a band."""
    low, high = band.low[: band.whole], band.high[: band.whole]
    sure: BoolArray = low > 0.0
    sure[1:] &= high[:-1] < 0.0
    sure[:1] = False
    if band.sure:
        return crisp_edges(sure)
    perhaps: BoolArray = high > 0.0
    perhaps[1:] &= low[:-1] < 0.0
    perhaps[: band.start + 1] = False
    told = (low > 0.0) | (high < 0.0)
    last_told = np.maximum.accumulate(np.where(told, np.arange(band.whole), -1))[:-1]
    known: BoolArray = low > 0.0
    known[1:] &= (last_told >= 0) & (high[last_told] < 0.0)
    known[:1] = False
    hidden = perhaps & ~known
    hidden[1:-1] &= ~(known[2:] & told[:-2])  # a single tick was lost, in which or behind which it came true: once
    return Edges(sure, perhaps, known, hidden)


def crisp_edges(at: BoolArray) -> Edges:
    """Where all is known."""
    return Edges(at, at, at, np.zeros_like(at))


def begun(band: Band) -> Band:
    """Without what isn't known yet, unless that is half of it."""
    start = band.start
    if start == 0:
        return band
    low, high = band.low.copy(), band.high.copy()
    low[:start] = high[:start] = np.inf
    return Band(low, high, whole=band.whole)


def compared(relation: str, excess: FloatArray, *, names: bool) -> Band:
    """Margins of a comparison, by left side less right side. Between names it holds or it doesn't."""
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
        if names:
            margins = np.copysign(np.inf, margins)
    lost = ~np.isfinite(excess)
    if not lost.any():
        return Band(margins, margins, whole=len(excess))
    return Band(np.where(lost, -np.inf, margins), np.where(lost, np.inf, margins), whole=len(excess))


def crisp(holds: BoolArray) -> Band:
    """Of what holds or doesn't."""
    margins = np.where(holds, np.inf, -np.inf)
    return Band(margins, margins, whole=len(margins))
