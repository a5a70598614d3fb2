"""Zero crossings of a smooth function of time: when a shadow edge is met, when a satellite rises over a mask.

`crossings` scans a grid, adds the vertex of every near-miss so that a grazing event shorter than the grid
step is not lost, and closes each bracket by the Illinois form of regula falsi (Dowell and Jarratt, BIT 11,
1971).

Called by `shadow` and `passes`, on arrays and ahead of the ticks.

Assumption: between grid points the function is close to a parabola (steps up to some 30 s of a low orbit).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flightsw.plant.arrays import FloatArray

TimeFunction = Callable[[FloatArray], FloatArray]

TOLERANCE_S = 1e-7
_MAX_ITERATIONS = 80


def crossings(of: TimeFunction, grid_s: FloatArray, values: FloatArray | None = None) -> FloatArray:
    """Times (ascending) in the span of the ascending `grid_s` at which `of` changes sign."""
    level = of(grid_s) if values is None else values
    grid_s, level = _with_vertices(of, grid_s, level)
    before = np.flatnonzero((level[:-1] > 0.0) != (level[1:] > 0.0))
    if before.size == 0:
        return np.empty(0)
    return _close_brackets(of, grid_s[before], grid_s[before + 1], level[before], level[before + 1])


def _with_vertices(of: TimeFunction, t_s: FloatArray, level: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The grid with one more point wherever three points of one sign bend towards zero."""
    left, mid, right = level[:-2], level[1:-1], level[2:]
    near = np.flatnonzero(
        ((left < mid) & (right <= mid) & (mid <= 0.0)) | ((left > mid) & (right >= mid) & (mid > 0.0))
    )
    if near.size == 0:
        return t_s, level
    t0, t1, t2 = t_s[near], t_s[near + 1], t_s[near + 2]
    slope01 = (mid[near] - left[near]) / (t1 - t0)
    slope12 = (right[near] - mid[near]) / (t2 - t1)
    curvature = (slope12 - slope01) / (t2 - t0)
    # The extremum of the parabola through the three points, from Newton's form of it.
    vertex = np.clip(0.5 * (t0 + t1) - 0.5 * slope01 / curvature, t0, t2)
    vertex = np.setdiff1d(vertex, t_s)
    t_all = np.concatenate((t_s, vertex))
    level_all = np.concatenate((level, of(vertex)))
    order = np.argsort(t_all, kind="stable")
    return t_all[order], level_all[order]


def _close_brackets(
    of: TimeFunction, low: FloatArray, high: FloatArray, f_low: FloatArray, f_high: FloatArray
) -> FloatArray:
    """Illinois regula falsi on all brackets at once; the signs at `low` and `high` differ."""
    low, high, f_low, f_high = low.copy(), high.copy(), f_low.copy(), f_high.copy()
    root = high
    kept_low = np.zeros(low.shape, dtype=np.int64)
    for _ in range(_MAX_ITERATIONS):
        previous = root
        root = np.where(f_high == f_low, 0.5 * (low + high), high - f_high * (high - low) / (f_high - f_low))
        root = np.clip(root, low, high)
        f_root = of(root)
        to_low = (f_root > 0.0) == (f_low > 0.0)
        # Halve the value at an end that was kept twice running, or that end would never move.
        f_high = np.where(to_low, np.where(kept_low == -1, 0.5 * f_high, f_high), f_root)
        f_low = np.where(to_low, f_root, np.where(kept_low == 1, 0.5 * f_low, f_low))
        low, high = np.where(to_low, root, low), np.where(to_low, high, root)
        kept_low = np.where(to_low, -1, 1)
        if bool(np.all((np.abs(root - previous) < TOLERANCE_S) | (high - low < TOLERANCE_S))):
            break
    return root
