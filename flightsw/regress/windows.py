"""Sliding minima and `until`, over whole arrays. No loop over ticks.

Plain numpy on arrays of margins (infinities allowed, NaN not); called by `evaluate` alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def sliding_min(values: FloatArray, length: int) -> FloatArray:
    """min(values[t : t + length]) for every t at which that lies within the array; O(n) whatever the length.

    Van Herk and Gil-Werman: running minima of blocks, forwards and backwards; each window is the end of one block and
    the beginning of the next. (M. van Herk, Pattern Recognition Letters 13 (1992) 517.)
    """
    size = len(values)
    if length == 1:
        return values
    blocks = -(-size // length)
    padded = np.full(blocks * length, np.inf)
    padded[:size] = values
    grid = padded.reshape(blocks, length)
    forwards = np.minimum.accumulate(grid, axis=1).ravel()
    backwards = np.minimum.accumulate(grid[:, ::-1], axis=1)[:, ::-1].ravel()
    last = size - length + 1
    smallest: FloatArray = np.minimum(backwards[:last], forwards[length - 1 : length - 1 + last])
    return smallest


def trailing_min(values: FloatArray, length: int) -> FloatArray:
    """min(values[t - length + 1 : t + 1]) for every t; what lies before the array is left out."""
    return sliding_min(np.concatenate([np.full(length - 1, np.inf), values]), length)


def suffix_min(values: FloatArray) -> FloatArray:
    """min(values[t:]) for every t."""
    smallest: FloatArray = np.minimum.accumulate(values[::-1])[::-1]
    return smallest


def prefix_min(values: FloatArray) -> FloatArray:
    """min(values[: t + 1]) for every t."""
    smallest: FloatArray = np.minimum.accumulate(values)
    return smallest


def until_within(holds: FloatArray, comes: FloatArray, first: int, last: int) -> FloatArray:
    """max over d in [first, last] of min(comes[t + d], min of holds[t : t + d]), for every t with t + last inside.

    One step of it is x -> max(comes, min(holds, x)), and steps chain to steps of the same form; so a chain of any
    length is made of chains of lengths 1, 2, 4, ...
    """
    size = len(comes) - last
    result = np.full(len(comes) - (last - first), -np.inf)
    a, b = comes, holds
    remaining, done, block = last - first + 1, 0, 1
    pieces: list[tuple[int, FloatArray, FloatArray]] = []
    while remaining:
        if remaining & 1:
            pieces.append((done, a, b))
            done += block
        remaining >>= 1
        if remaining:
            a, b = _chained(a, b, block)
            block *= 2
    width = len(result)
    for start, piece_a, piece_b in reversed(pieces):
        result = np.maximum(piece_a[start : start + width], np.minimum(piece_b[start : start + width], result))
    if first:
        result = np.minimum(result[first : first + size], sliding_min(holds, first)[:size])
    return result[:size]


def until_end(holds: FloatArray, comes: FloatArray) -> FloatArray:
    """The same with a window that reaches to the end of the arrays."""
    a, b, block = comes.copy(), holds.copy(), 1
    while block < len(a):
        rest_a, rest_b = a[block:].copy(), b[block:].copy()
        a[:-block] = np.maximum(a[:-block], np.minimum(b[:-block], rest_a))
        b[:-block] = np.minimum(b[:-block], rest_b)
        block *= 2
    return a


def _chained(a: FloatArray, b: FloatArray, block: int) -> tuple[FloatArray, FloatArray]:
    """Chains of twice the length: max(a, min(b, x)) behind which the one `block` later stands."""
    return np.maximum(a[:-block], np.minimum(b[:-block], a[block:])), np.minimum(b[:-block], b[block:])
