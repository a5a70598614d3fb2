"""Paired comparison: what one law delivers over another on the same seeds, with a bootstrap confidence interval.

The percentile bootstrap of the mean of pairs (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13),
from a named stream: the same figures give the same interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from flightsw.streams import Stream

RESAMPLES = 10_000
CONFIDENCE = 0.95


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """Mean of the pairs' relative differences, and its interval."""

    mean: float
    low: float
    high: float
    pairs: int

    @property
    def ahead(self) -> bool:
        """Whether the whole interval lies above nought."""
        return self.low > 0.0


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A mean and its bootstrap interval."""

    mean: float
    low: float
    high: float


def mean_of(values: Sequence[float], name: str) -> Interval:
    """Mean of the values, and its interval; `name` names the stream."""
    low, high = _interval(np.array(values, dtype=np.float64), name)
    return Interval(mean=float(np.mean(values)), low=low, high=high)


def compared(ours: Sequence[float], theirs: Sequence[float], name: str) -> Paired:
    """How far ours are ahead of theirs, as a share of theirs; `name` names the stream."""
    differences = np.array(ours, dtype=np.float64) / np.array(theirs, dtype=np.float64) - 1.0
    low, high = _interval(differences, name)
    return Paired(mean=float(differences.mean()), low=low, high=high, pairs=len(differences))


def _interval(values: npt.NDArray[np.float64], name: str) -> tuple[float, float]:
    generator = Stream(1, f"bench.paired.{name}", 1).generator(0)
    picks = generator.integers(0, len(values), size=(RESAMPLES, len(values)))
    means = np.sort(values[picks].mean(axis=1))
    tail = 0.5 * (1.0 - CONFIDENCE)
    return float(means[int(tail * RESAMPLES)]), float(means[int((1.0 - tail) * RESAMPLES) - 1])
