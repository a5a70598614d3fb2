"""Paired comparison: what one law delivers over another on the same seeds, with a bootstrap confidence interval.

The percentile bootstrap of the mean of pairs (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13),
from a named stream: the same figures give the same interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

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


def compared(ours: Sequence[float], theirs: Sequence[float], name: str) -> Paired:
    """How far ours are ahead of theirs, as a share of theirs; `name` names the stream."""
    differences = np.array(ours, dtype=np.float64) / np.array(theirs, dtype=np.float64) - 1.0
    generator = Stream(1, f"bench.paired.{name}", 1).generator(0)
    picks = generator.integers(0, len(differences), size=(RESAMPLES, len(differences)))
    means = np.sort(differences[picks].mean(axis=1))
    tail = 0.5 * (1.0 - CONFIDENCE)
    return Paired(
        mean=float(differences.mean()),
        low=float(means[int(tail * RESAMPLES)]),
        high=float(means[int((1.0 - tail) * RESAMPLES) - 1]),
        pairs=len(differences),
    )
