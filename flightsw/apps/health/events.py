"""What health tells when something changes: one event an edge, never one a tick. Pure."""

from __future__ import annotations

from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.limits import Zone
from flightsw.apps.health.state import Inputs, State
from flightsw.messages.base import Message, Scalar
from flightsw.messages.health import BusEvent, BusEventKind, Event, Mode, Severity

_ZONE_SEVERITY = {
    Zone.GREEN: Severity.ACTIVITY_HI,
    Zone.YELLOW: Severity.WARNING_LO,
    Zone.RED: Severity.WARNING_HI,
    Zone.STALE: Severity.WARNING_HI,
}
_BUS = {
    BusEventKind.APP_LOST: ("app.lost", Severity.WARNING_HI),
    BusEventKind.REJOIN: ("app.rejoined", Severity.ACTIVITY_HI),
    BusEventKind.LOCKED_OUT: ("app.locked_out", Severity.WARNING_HI),
}


def changes(before: State, now: State, inputs: Inputs, config: HealthConfig) -> list[Message]:
    """Events of one tick."""
    events: list[Message] = []
    if now.mode is not before.mode:
        down = now.mode <= Mode.SAFE and now.mode < before.mode
        severity = Severity.WARNING_HI if down or now.mode is Mode.SAFE else Severity.ACTIVITY_HI
        args: dict[str, Scalar] = {"before": before.mode.name, "after": now.mode.name, "reason": now.reason}
        events.append(Event(severity, "mode.changed", args))
    if now.watches is not before.watches:
        events += _limits(before, now, inputs, config)
    if now.pulse.overdue != before.pulse.overdue:
        events += _heartbeats(before.pulse.overdue, now.pulse.overdue)
    return events


def of_bus(event: BusEvent) -> Message:
    """The bus's word on a process, as health's event."""
    name, severity = _BUS[event.kind]
    args: dict[str, Scalar] = {"app": event.process, "incarnation": event.incarnation}
    return Event(severity, name, args)


def _limits(before: State, now: State, inputs: Inputs, config: HealthConfig) -> list[Message]:
    events: list[Message] = []
    for limits, was, watch, value in zip(config.watchpoints, before.watches, now.watches, inputs.values, strict=True):
        if watch.told is not was.told:
            args: dict[str, Scalar] = {"signal": limits.signal, "zone": watch.told.name}
            if value is not None:
                args["value"] = round(value, 4)
            events.append(Event(_ZONE_SEVERITY[watch.told], "limit.crossed", args))
    return events


def _heartbeats(before: tuple[str, ...], now: tuple[str, ...]) -> list[Message]:
    return [
        *(Event(Severity.WARNING_HI, "heartbeat.overdue", {"app": app}) for app in now if app not in before),
        *(Event(Severity.ACTIVITY_HI, "heartbeat.back", {"app": app}) for app in before if app not in now),
    ]
