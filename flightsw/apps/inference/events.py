"""What the payload manager tells of itself when something changes: one event an edge, never one a tick. Pure."""

from __future__ import annotations

import msgspec

from flightsw.messages.base import Message, Scalar
from flightsw.messages.health import Event, Severity


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What is looked at for edges."""

    mode: int = 0
    power_on: bool = False
    ready: bool = False
    throttled: bool = False
    full: bool = False
    """scenes were refused; holds until half of the queue is free"""
    stale: bool = False


def full_latch(before: Seen, refused: int, waiting: int, limit: int) -> bool:
    """Whether the queue counts as full: from the first refusal of a tick until it is half empty."""
    return refused > 0 or (before.full and 2 * waiting > limit)


def changes(before: Seen, now: Seen, mode_name: str, granted_w: float, waiting: int) -> list[Message]:
    """Events of one tick."""
    events: list[Message] = []
    if now == before:
        return events
    if now.mode != before.mode:
        args: dict[str, Scalar] = {"mode": mode_name, "granted_w": round(granted_w, 2)}
        events.append(Event(Severity.ACTIVITY_LO, "power_mode.changed", args))
    if now.power_on != before.power_on:
        events.append(Event(Severity.ACTIVITY_LO, "device.on" if now.power_on else "device.off", {}))
    if now.ready and not before.ready:
        events.append(Event(Severity.ACTIVITY_LO, "device.ready", {}))
    if before.ready and not now.ready and before.power_on and now.power_on:
        events.append(Event(Severity.WARNING_HI, "device.lost", {}))
    if now.throttled and not before.throttled:
        events.append(Event(Severity.WARNING_LO, "device.throttled", {}))
    if now.full and not before.full:
        events.append(Event(Severity.WARNING_LO, "queue.full", {"scenes": waiting}))
    if now.stale != before.stale:
        severity = Severity.WARNING_HI if now.stale else Severity.ACTIVITY_HI
        events.append(Event(severity, "caps.stale" if now.stale else "caps.back", {}))
    return events
