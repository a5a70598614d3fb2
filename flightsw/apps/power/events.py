"""What the EPS manager tells when something changes: one event an edge, never one a tick. Pure."""

from __future__ import annotations

from flightsw.apps.power.law import State
from flightsw.apps.power.limiters import HEALTHY
from flightsw.apps.power.shedding import LoadTable
from flightsw.messages.base import Message, Scalar
from flightsw.messages.health import Event, Severity


def changes(before: State, now: State, table: LoadTable, blind_ticks: int) -> list[Message]:
    """Events of one tick. `blind_ticks`: when missing readings are told."""
    events: list[Message] = []
    if now.shed.level != before.shed.level:
        events.append(_shed(before, now))
    if now.care is not before.care:
        events += _limiters(before, now, table)
    if now.array.losses > before.array.losses:
        share = 1.0 - (now.array.usual_w or 0.0) / now.array.expected_w
        events.append(Event(Severity.WARNING_HI, "array.weak", {"lost_share": round(share, 3)}))
    if now.pack.apart is not before.pack.apart:
        events.append(_pack(now))
    if now.spikes.told is not before.spikes.told:
        if now.spikes.told:
            events.append(Event(Severity.WARNING_HI, "power_readings.spiky", {}))
        else:
            events.append(Event(Severity.ACTIVITY_HI, "power_readings.smooth", {}))
    if now.blind_ticks != before.blind_ticks:
        if now.blind_ticks == blind_ticks:
            events.append(Event(Severity.WARNING_HI, "battery_readings.lost", {}))
        elif now.blind_ticks == 0 and before.blind_ticks >= blind_ticks:
            events.append(Event(Severity.ACTIVITY_HI, "battery_readings.back", {}))
    return events


def _pack(now: State) -> Message:
    if not now.pack.apart:
        return Event(Severity.ACTIVITY_HI, "battery_voltage.fits", {})
    return Event(Severity.WARNING_HI, "battery_voltage.apart", {"volts": round(now.pack.apart_v, 2)})


def _shed(before: State, now: State) -> Message:
    args: dict[str, Scalar] = {"level": now.shed.level}
    if now.soc.soc is not None:
        args["soc"] = round(now.soc.soc, 4)
    if now.shed.level > before.shed.level:
        return Event(Severity.WARNING_HI, "load.shed", args)
    return Event(Severity.ACTIVITY_HI, "load.restored", args)


def _limiters(before: State, now: State, table: LoadTable) -> list[Message]:
    events: list[Message] = []
    healthy = (HEALTHY,) * len(table.names)
    for load, was, care in zip(table.names, before.care or healthy, now.care or healthy, strict=True):
        if care.locked and not was.locked:
            events.append(Event(Severity.WARNING_HI, "lcl.locked_out", {"load": load, "retries": care.retries}))
        elif care.wait_ticks > was.wait_ticks:
            events.append(Event(Severity.WARNING_LO, "lcl.tripped", {"load": load, "attempt": care.retries}))
        elif was.wait_ticks > 0 and care.wait_ticks == 0:
            events.append(Event(Severity.ACTIVITY_LO, "lcl.closed", {"load": load, "attempt": care.retries}))
    return events
