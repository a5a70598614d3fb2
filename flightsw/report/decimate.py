"""Fewer points for the same picture: each bucket of time keeps its smallest and its largest value.

Gaps (NaN) stay where they are, and so do the smallest and the largest value of all. Pure.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

BUCKETS = 2400
"""twice as many as a panel is wide in pixels: zoomed in twice, nothing is coarser than the screen"""


def width(size: int, buckets: int = BUCKETS) -> int:
    """Ticks of a bucket, where so many values are too many; else 1."""
    return max(1, -(-size // buckets))


def kept(values: FloatArray, buckets: int = BUCKETS) -> IntArray:
    """Places of the values to draw, ascending."""
    size = len(values)
    if size <= 2 * buckets:
        return np.arange(size, dtype=np.int64)
    ticks = width(size, buckets)
    padded = np.full(ticks * (-(-size // ticks)), np.nan)
    padded[:size] = values
    table = padded.reshape(-1, ticks)
    starts = np.arange(len(table)) * ticks
    unknown = np.isnan(table)
    lows = starts + np.argmin(np.where(unknown, np.inf, table), axis=1)
    highs = starts + np.argmax(np.where(unknown, -np.inf, table), axis=1)
    edges = np.flatnonzero(np.diff(np.isnan(values).astype(np.int8)))
    places: IntArray = np.unique(np.concatenate([[0, size - 1], lows, highs, edges, edges + 1])).astype(np.int64)
    return places[places < size]


def envelope(values: FloatArray, buckets: int = BUCKETS) -> tuple[FloatArray, FloatArray, FloatArray, int]:
    """(lowest, highest and mean of each bucket, ticks of a bucket); NaN where nothing in it is known."""
    ticks = width(len(values), buckets)
    padded = np.full(ticks * (-(-len(values) // ticks)), np.nan)
    padded[: len(values)] = values
    table = padded.reshape(-1, ticks)
    known = ~np.isnan(table)
    some = known.any(axis=1)
    low = np.where(some, np.min(np.where(known, table, np.inf), axis=1, initial=np.inf), np.nan)
    high = np.where(some, np.max(np.where(known, table, -np.inf), axis=1, initial=-np.inf), np.nan)
    sums = np.where(known, table, 0.0).sum(axis=1)
    mean = np.where(some, sums / np.maximum(known.sum(axis=1), 1), np.nan)
    return low, high, mean, ticks


def changes(values: FloatArray) -> IntArray:
    """Places at which a new value begins, the first among them."""
    before, after = values[:-1], values[1:]
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    starts: IntArray = np.concatenate([[0], np.flatnonzero(~same) + 1]).astype(np.int64)
    return starts[: len(values)]


def straightened(x: FloatArray, y: FloatArray, slack: float) -> npt.NDArray[np.bool_]:
    """Which points of a polygon are needed: those that a straight line between their neighbours would miss.

    Every other point is looked at in turn, so that no two neighbours leave together; gaps and extremes stay.
    """
    keep = np.ones(len(x), dtype=np.bool_)
    if not np.isfinite(y).any():
        return keep
    extremes = {int(np.nanargmin(y)), int(np.nanargmax(y))}
    for offset in (1, 2) * 5:
        places = np.flatnonzero(keep)
        inner = places[offset:-1:2]
        if not inner.size:
            break
        left, right = places[offset - 1 : -2 : 2][: inner.size], places[offset + 1 :: 2][: inner.size]
        share = (x[inner] - x[left]) / np.maximum(x[right] - x[left], 1e-12)
        missed = np.abs(y[inner] - (y[left] + share * (y[right] - y[left])))
        needless = inner[missed <= slack]  # never true beside a gap
        keep[[place for place in needless.tolist() if place not in extremes]] = False
    return keep


def means(values: FloatArray, buckets: int) -> tuple[FloatArray, int]:
    """(mean of each bucket, ticks of a bucket); what is unknown counts for nothing."""
    ticks = width(len(values), buckets)
    padded = np.zeros(ticks * (-(-len(values) // ticks)))
    padded[: len(values)] = np.nan_to_num(values)
    sums = padded.reshape(-1, ticks).sum(axis=1)
    sizes = np.full(len(sums), float(ticks))
    sizes[-1] = len(values) - ticks * (len(sums) - 1)
    return sums / sizes, ticks
