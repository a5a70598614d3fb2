"""Actionpoints in the manner of the cFS Limit Checker: watchpoints in a zone, N times in a row, one step, then passive.

One that re-arms by recovery is ready again as soon as its condition is no longer true; otherwise ground arms it. A
ceiling (`standby`, `safe`, `survival`) holds as long as the condition does. Pure; called by `recovery`.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.health.fdirconfig import ActionpointConfig
from flightsw.apps.health.limits import Watch, Zone


class Point(msgspec.Struct, frozen=True, gc=False):
    """State of one actionpoint."""

    fails: int = 0
    """ticks in a row that its condition has been true"""
    passive: bool = False
    """has fired"""


READY = Point()


def is_true(config: ActionpointConfig, watches: tuple[Watch, ...], places: tuple[int, ...]) -> bool:
    """Whether the condition holds. RED counts as beyond YELLOW; STALE is a state of its own."""
    zone = Zone[config.zone]
    seen = [
        watches[place].told is zone or (zone is Zone.YELLOW and watches[place].told is Zone.RED) for place in places
    ]
    return all(seen) if config.every else any(seen)


def point_step(point: Point, config: ActionpointConfig, *, true: bool) -> Point:
    """After one tick. It fires in the tick in which it becomes passive."""
    if not true:
        if point.fails == 0 and not point.passive:
            return point
        return Point(0, passive=True) if point.passive and config.rearm == "command" else READY
    fails = min(config.fails, point.fails + 1)
    passive = point.passive or fails >= config.fails
    return point if fails == point.fails and passive is point.passive else Point(fails, passive)


def holds(point: Point, config: ActionpointConfig) -> bool:
    """Whether its ceiling is in force."""
    return point.passive and point.fails >= config.fails
