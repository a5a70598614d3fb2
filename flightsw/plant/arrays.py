"""The array types of the plant's block computations, and the two vector operations that they share."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


def dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Row-wise scalar product of (n, 3) with (n, 3) or (3,); shape (n,)."""
    total: FloatArray = (a * b) @ np.ones(3)
    return total


def norm(a: FloatArray) -> FloatArray:
    """Length of each row of (n, 3); shape (n,)."""
    length: FloatArray = np.sqrt(dot(a, a))
    return length
