"""Faults put into the plant process, to measure what the telemetry network finds. Health hears their consequences only.

Sensor faults change what the plant publishes; hardware faults change the hardware. Each begins at a time and lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message
from flightsw.messages.plant import PowerSensors, ThermalSensors
from flightsw.messages.thermal import HeaterCommand
from flightsw.plant.damage import WHOLE, Damage, Surface
from flightsw.plant.process import PlantProcess


class Fault(NamedTuple):
    """What goes wrong, from when on, by how much."""

    name: str
    kind: str
    """stuck, bias, drift (a second), heater, radiator or string"""
    target: str
    """field of a sensor message; for hardware on or off, or the node, or what loses strings"""
    size: float
    at_s: float


class FaultyPlant:
    """The plant process with one fault in it."""

    def __init__(self, plant: PlantProcess, fault: Fault) -> None:
        self._plant, self._fault = plant, fault
        self._held: float | None = None
        self._begun = False

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        fault, time_s = self._fault, now.tick * now.dt_s
        if time_s < fault.at_s:
            return self._plant.step(now, inbox)
        if not self._begun:
            self._plant.craft.suffer(_damage(fault))
            self._begun = True
        if fault.kind == "heater":
            inbox = _heater_forced(inbox, on=fault.target == "on")
        return [self._seen(message, time_s) for message in self._plant.step(now, inbox)]

    def _seen(self, message: Message, time_s: float) -> Message:
        fault = self._fault
        if not isinstance(message, PowerSensors | ThermalSensors) or fault.kind not in ("stuck", "bias", "drift"):
            return message
        topic, _, field = fault.target.rpartition(".")
        if topic != ("sensor.power" if isinstance(message, PowerSensors) else "sensor.thermal"):
            return message
        value = getattr(message, field)
        if self._held is None:
            self._held = value
        if fault.kind == "stuck":
            value = self._held + fault.size
        else:
            value += fault.size * (1.0 if fault.kind == "bias" else time_s - fault.at_s)
        return replace(message, **{field: value})


def _heater_forced(inbox: Inbox, *, on: bool) -> Inbox:
    """The switch itself: whatever is ordered, it conducts or it doesn't."""
    others = [item for item in inbox if not isinstance(item[1], HeaterCommand)]
    return Inbox([*others, ("thermal", HeaterCommand(on))])


def _damage(fault: Fault) -> Damage:
    """What the hardware has lost: emissivity of a node's surfaces, as under a contaminant, or strings of the array; a
    fault of a sensor or a switch leaves it whole."""
    match fault.kind:
        case "radiator":
            return Damage(surfaces={fault.target: Surface(emissivity_share=1.0 - fault.size)})
        case "string":
            return Damage(array_strings=round(fault.size))
        case _:
            return WHOLE
