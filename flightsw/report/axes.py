"""Axes: round ticks, and the unit in which a stretch of time reads best. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

_STEPS = (1.0, 2.0, 5.0, 10.0)


class TimeUnit(NamedTuple):
    """A unit of time: its sign, and the seconds in it."""

    sign: str
    seconds: float


def time_unit(span_s: float) -> TimeUnit:
    """For a stretch of this length."""
    if span_s <= 300.0:
        return TimeUnit("s", 1.0)
    if span_s <= 4 * 3600.0:
        return TimeUnit("min", 60.0)
    return TimeUnit("h", 3600.0) if span_s <= 100 * 3600.0 else TimeUnit("d", 86400.0)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from low to high, at most so many."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, most)
    base = 10.0 ** math.floor(math.log10(rough))
    step = next(base * factor for factor in _STEPS if base * factor >= rough * (1.0 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    if last - first < 1 and most < 12:  # an axis with one tick has no scale
        return ticks(low, high, 2 * most)
    return [number * step for number in range(first, last + 1)]


def label(value: float, step: float) -> str:
    """A tick's number, as short as the step allows."""
    digits = 0 if step >= 1.0 else min(9, math.ceil(-math.log10(step) - 1e-9))
    if abs(value) >= 1e9 or (value != 0.0 and abs(value) < 1e-4):
        return f"{value:.3g}"
    if abs(value) < 0.5 * 10.0**-digits:
        return "0"
    return f"{value:,.{digits}f}" if abs(value) >= 1e4 else f"{value:.{digits}f}"


def labels(values: list[float]) -> list[str]:
    """Numbers of an axis, alike."""
    step = values[1] - values[0] if len(values) > 1 else abs(values[0]) or 1.0
    return [label(value, step) for value in values]


def padded(low: float, high: float, floor: float | None = None) -> tuple[float, float]:
    """A range with room above and below; a flat one is widened."""
    if floor is not None:
        low, high = min(low, floor), max(high, floor)
    span = high - low
    if span <= 1e-9 * max(1.0, abs(low), abs(high)):
        span = abs(high) * 0.1 or 1.0
        return (low if floor is not None and low >= floor else low - 0.5 * span), high + 0.5 * span
    below = 0.0 if floor is not None and low >= floor else 0.06 * span
    return low - below, high + 0.06 * span
