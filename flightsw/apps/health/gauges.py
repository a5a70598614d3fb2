"""One reading, looked at alone: missing, out of any sensible range, stuck. Pure; called by `plausibility`.

A living sensor's noise makes it turn back and forth. Once that has been seen, `stuck_samples` equal ones in a row are
no measurement. A reading that has never shown noise (a coarse converter hides it) is not judged by this.
"""

from __future__ import annotations

import msgspec

TURNS_SEEN = 0.3
"""share of samples that turn back; pure noise turns at two of three, a smooth course hardly ever"""
MEMORY = 1.0 / 16.0
"""of the share, a sample"""


class Gauge(msgspec.Struct, frozen=True, gc=False):
    """State of one reading."""

    last: float | None = None
    rising: bool = False
    equal: int = 0
    """samples in a row that have been the same"""
    turns: float = 0.0
    """share of samples that turned back, lately"""
    noisy: bool = False
    """has turned often enough once"""
    odd: int = 0
    """samples in a row that were missing or impossible"""


def gauge_step(gauge: Gauge, value: float | None, low: float, high: float) -> Gauge:
    """After one sample."""
    if value is None or not low <= value <= high:
        return Gauge(gauge.last, gauge.rising, gauge.equal, gauge.turns, gauge.noisy, gauge.odd + 1)
    last = gauge.last
    if last is None:
        return Gauge(value)
    if value == last:
        return Gauge(value, gauge.rising, gauge.equal + 1, gauge.turns, gauge.noisy)
    rising = value > last
    turns = gauge.turns + MEMORY * ((rising is not gauge.rising) - gauge.turns)
    return Gauge(value, rising, 0, turns, gauge.noisy or turns > TURNS_SEEN)


def is_bad(gauge: Gauge, persistence: int, stuck_samples: int) -> bool:
    """Whether the reading is not to be believed."""
    return gauge.odd >= persistence or is_still(gauge, stuck_samples)


def is_still(gauge: Gauge, samples: int) -> bool:
    """Whether a reading that has noise when alive has shown none for so long."""
    return gauge.noisy and gauge.equal >= samples
