"""The oracle: a certified upper bound on what any policy could have delivered in a flight, by foresight. Pure.

The most value of a linear program that every flight satisfies: so many scenes came of each source; each is served by
one mode and variant or not at all; what serving takes of energy does not exceed what the battery held above the lowest
charge that any policy took it to, and what the array could give beyond what the others drew; what it takes of time does
not exceed the flight. All that costs a real policy is left out, in its favour: deadlines, the order of arrival, caps,
heat, the battery's and the charger's losses, idling, boots, launches of batches that aren't full, leakage above the
least. So it is a bound and no flown policy, and what a policy reaches of it understates what it reaches of the best.

It is computed on the dual side: for any prices of energy and time, price x supply + sum over scenes of the most value
less price x cost is above the program's best (weak duality: Bertsimas & Tsitsiklis, Introduction to Linear
Optimization, 1997, sec. 4.3). A search makes the prices good; whatever it finds is a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

GOLDEN = 0.6180339887498949
STEPS = 60
"""of each search: 0.618^60 of the range"""


class Way(msgspec.Struct, frozen=True, gc=False):
    """One way to serve a scene."""

    quality: float
    energy_j: float
    time_s: float


class Supply(msgspec.Struct, frozen=True, gc=False):
    """What there was."""

    energy_j: float
    time_s: float


def dual(
    energy_price: float, time_price: float, demands: Sequence[tuple[int, float]], ways: Sequence[Way], supply: Supply
) -> float:
    """The bound at these prices (at least 0). `demands`: (scenes, weight) by source."""
    total = energy_price * supply.energy_j + time_price * supply.time_s
    for scenes, weight in demands:
        best = max(weight * way.quality - energy_price * way.energy_j - time_price * way.time_s for way in ways)
        total += scenes * max(0.0, best)
    return total


def upper_bound(demands: Sequence[tuple[int, float]], ways: Sequence[Way], supply: Supply) -> float:
    """The least bound that the search finds."""
    most = max((weight for _, weight in demands), default=0.0) * max(way.quality for way in ways)
    dearest_j = most / min(way.energy_j for way in ways)
    dearest_s = most / min(way.time_s for way in ways)

    def at(energy_price: float) -> float:
        return lowest(lambda time_price: dual(energy_price, time_price, demands, ways, supply), dearest_s)

    return lowest(at, dearest_j)


def lowest(of: Callable[[float], float], high: float) -> float:
    """The least value of a convex function from 0 to `high` that a golden-section search meets."""
    low = 0.0
    inner, outer = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_inner, at_outer = of(inner), of(outer)
    best = min(of(0.0), at_inner, at_outer)
    for _ in range(STEPS):
        if at_inner <= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - GOLDEN * (high - low)
            at_inner = of(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + GOLDEN * (high - low)
            at_outer = of(outer)
        best = min(best, at_inner, at_outer)
    return best
