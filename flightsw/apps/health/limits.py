"""Limit checks: watchpoints in the manner of the cFS Limit Checker. N samples in a row outside, one event, latched."""

from __future__ import annotations

import enum
from typing import NamedTuple

from flightsw.apps.health.config import WatchpointConfig


class Zone(enum.IntEnum):
    """Where a value lies."""

    GREEN = 0
    YELLOW = 1
    RED = 2


class Watch(NamedTuple):
    """State of one watchpoint: the zone that was told, and how long another has been seen."""

    told: Zone = Zone.GREEN
    seen: int = 0


def zone_of(value: float, limits: WatchpointConfig) -> Zone:
    """The zone of a value."""
    if (limits.red_low is not None and value < limits.red_low) or (
        limits.red_high is not None and value > limits.red_high
    ):
        return Zone.RED
    if (limits.yellow_low is not None and value < limits.yellow_low) or (
        limits.yellow_high is not None and value > limits.yellow_high
    ):
        return Zone.YELLOW
    return Zone.GREEN


def watch_step(watch: Watch, value: float | None, limits: WatchpointConfig) -> Watch:
    """The watchpoint after one sample; no sample changes nothing."""
    if value is None:
        return watch
    zone = zone_of(value, limits)
    if zone is watch.told:
        return watch if watch.seen == 0 else Watch(watch.told, 0)
    seen = watch.seen + 1
    return Watch(zone, 0) if seen >= limits.persistence else Watch(watch.told, seen)
