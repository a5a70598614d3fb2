"""Rates of counters that only grow, over a window that is long enough for what they count in.

A counter read twice gives a mean; read too soon, only its steps. So the mean of the last whole window stands until the
next one is full, and says how old it is. Used for energy counters and processor time.
"""

from __future__ import annotations

from collections.abc import Callable

from flightsw.bus.pacing import monotonic_s

Clock = Callable[[], float]


class Window:
    """The rate of several counters that are read together."""

    def __init__(self, least_s: float, now_s: Clock = monotonic_s) -> None:
        self._least_s = least_s
        self._now_s = now_s
        self._last: tuple[float, tuple[int, ...]] | None = None
        self._rates: tuple[float, ...] | None = None
        self._middle_s = 0.0

    def rates(self, counters: tuple[int, ...], wraps_at: int | None = None) -> tuple[float, ...] | None:
        """Counts a second; None: there is no whole window yet. `wraps_at`: the largest value before nought."""
        now_s = self._now_s()
        if self._last is None or len(self._last[1]) != len(counters):
            self._last = now_s, counters
            return None
        since_s, before = self._last
        span_s = now_s - since_s
        if span_s >= self._least_s and span_s > 0.0:
            steps = [new - old for old, new in zip(before, counters, strict=True)]
            if wraps_at is not None:
                steps = [step + wraps_at + 1 if step < 0 else step for step in steps]
            self._last = now_s, counters
            # Without a known end a counter that falls was reset: there is no rate over that window.
            self._rates = None if min(steps) < 0 else tuple([step / span_s for step in steps])
            self._middle_s = since_s + 0.5 * span_s
        return self._rates

    @property
    def age_s(self) -> float:
        """Since the middle of the window that the rates are of."""
        return self._now_s() - self._middle_s
