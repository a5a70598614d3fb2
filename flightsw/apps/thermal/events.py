"""What the TCS manager tells when something changes: one event an edge, never one a tick. Pure."""

from __future__ import annotations

from flightsw.apps.thermal.law import State
from flightsw.messages.base import Message
from flightsw.messages.health import Event, Severity


def changes(before: State, now: State, lost_ticks: int) -> list[Message]:
    """Events of one tick. `lost_ticks`: when a missing reading is told."""
    events: list[Message] = []
    if now.heater_on is not before.heater_on and now.duty is before.duty:  # a duty's edges come by the clock: no news
        events.append(Event(Severity.ACTIVITY_LO, "heater.on" if now.heater_on else "heater.off", {}))
    if now.chip_missing_ticks != before.chip_missing_ticks:
        events += _reading("chip_temperature", before.chip_missing_ticks, now.chip_missing_ticks, lost_ticks)
    if now.battery_missing_ticks != before.battery_missing_ticks:
        events += _reading("battery_temperature", before.battery_missing_ticks, now.battery_missing_ticks, lost_ticks)
    return events


def _reading(name: str, before_ticks: int, now_ticks: int, lost_ticks: int) -> list[Message]:
    if now_ticks == lost_ticks:
        return [Event(Severity.WARNING_HI, f"{name}.lost", {})]
    if now_ticks == 0 and before_ticks >= lost_ticks:
        return [Event(Severity.ACTIVITY_HI, f"{name}.back", {})]
    return []
