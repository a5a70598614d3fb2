"""Hung or slow? Of an application that the bus holds for alive: its heartbeats tell. Pure; called by `recovery`.

Silent for `hang_ticks` it is hung. One that misses heartbeats again and again without ever being silent for so long is
slow: each miss counts, and heartbeats in order take it back at a tenth of the rate.
"""

from __future__ import annotations

from flightsw.apps.health.heartbeats import Pulse

MISS = 10
"""weight of a missed heartbeat; one that comes takes 1 away"""


def misses_step(misses: tuple[int, ...], heard: tuple[bool, ...], away: tuple[bool, ...], most: int) -> tuple[int, ...]:
    """The count of each application after one tick, up to `most` misses. `away`: lost, as the bus says."""
    return tuple(
        [
            max(0, count - 1) if here or gone else min(most * MISS, count + MISS)
            for count, here, gone in zip(misses, heard, away, strict=True)
        ]
    )


def trouble(place: int, pulse: Pulse, misses: tuple[int, ...], *, hang_ticks: int, slow_misses: int) -> str | None:
    """What is wrong with this application; None: nothing."""
    if pulse.silent_ticks[place] > hang_ticks:
        return "hung"
    return "slow" if misses[place] >= slow_misses * MISS else None
