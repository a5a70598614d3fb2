"""Limit checks: watchpoints in the manner of the cFS Limit Checker. N samples in a row outside, one event, latched.

A zone that was told stays until N samples in a row lie in another; on the way back they must lie inside by the
hysteresis too. Pure; called by `law`.
"""

from __future__ import annotations

import enum

import msgspec

from flightsw.apps.health.config import HealthConfig, WatchpointConfig


class Zone(enum.IntEnum):
    """Where a value lies."""

    GREEN = 0
    YELLOW = 1
    RED = 2
    STALE = 3
    """no sample for its stale age: nobody knows"""


class Watch(msgspec.Struct, frozen=True, gc=False):
    """State of one watchpoint: the zone that was told, and how long another has been seen."""

    told: Zone = Zone.GREEN
    seen: int = 0
    towards: Zone = Zone.GREEN
    """of the zones seen since, the nearest to the one told"""
    missing: int = 0
    """ticks without a sample"""


STALE = Watch(Zone.STALE)
QUIET = Watch()
"""green, and nothing else seen"""


def zone_of(value: float, limits: WatchpointConfig, inwards: float = 0.0) -> Zone:
    """The zone of a value, with all limits moved inwards by so much."""
    low, high = limits.red_low, limits.red_high
    if (low is not None and value < low + inwards) or (high is not None and value > high - inwards):
        return Zone.RED
    low, high = limits.yellow_low, limits.yellow_high
    if (low is not None and value < low + inwards) or (high is not None and value > high - inwards):
        return Zone.YELLOW
    return Zone.GREEN


def watch_step(watch: Watch, value: float | None, limits: WatchpointConfig) -> Watch:
    """The watchpoint after one tick; without a sample only its age grows. One that comes back is green until told
    otherwise, so that a red sensor that died holds nothing for ever."""
    told = watch.told
    if value is None:
        if told is Zone.STALE:
            return watch
        missing = watch.missing + 1
        return STALE if missing >= limits.stale_ticks else Watch(told, watch.seen, watch.towards, missing)
    if told is Zone.STALE:
        told, watch = Zone.GREEN, QUIET
    zone = zone_of(value, limits)
    if zone < told:
        zone = min(told, zone_of(value, limits, limits.hysteresis))
    if zone is told:
        if watch.seen == watch.missing == 0:
            return watch
        return QUIET if told is Zone.GREEN else Watch(told)
    if watch.seen == 0 or (watch.towards > told) is not (zone > told):
        towards, seen = zone, 1
    else:
        towards = min(watch.towards, zone) if zone > told else max(watch.towards, zone)
        seen = watch.seen + 1
    if seen < limits.persistence:
        return Watch(told, seen, towards)
    return QUIET if towards is Zone.GREEN else Watch(towards)


def watched(watches: tuple[Watch, ...], values: tuple[float | None, ...], config: HealthConfig) -> tuple[Watch, ...]:
    """All watchpoints after one tick; the same object when none has changed."""
    for watch, value, limits in zip(watches, values, config.watchpoints, strict=True):
        if watch is not QUIET or value is None or zone_of(value, limits) is not Zone.GREEN:
            break
    else:
        return watches
    after = [
        watch_step(watch, value, limits)
        for watch, value, limits in zip(watches, values, config.watchpoints, strict=True)
    ]
    for was, watch in zip(watches, after, strict=True):
        if watch is not was:
            return tuple(after)
    return watches


def first_red(watches: tuple[Watch, ...], config: HealthConfig) -> str | None:
    """The first signal that is in red."""
    for limits, watch in zip(config.watchpoints, watches, strict=True):
        if watch.told is Zone.RED:
            return limits.signal
    return None
