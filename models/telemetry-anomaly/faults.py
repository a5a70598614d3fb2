"""Faults put into the plant process, to measure what the telemetry network finds. Health hears their consequences only.

Sensor faults change what the plant publishes; hardware faults change the hardware. Each begins at a time and lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message
from flightsw.messages.plant import PowerSensors, ThermalSensors
from flightsw.plant.config import FailureConfig
from flightsw.plant.process import PlantProcess
from flightsw.plant.thermal import ThermalNetwork


class Fault(NamedTuple):
    """What goes wrong, from when on, by how much."""

    name: str
    kind: str
    """stuck, bias, drift (a second), heater, radiator or string"""
    target: str
    """field of a sensor message; for hardware on or off, or the node, or what loses a string"""
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
        if fault.kind == "heater":
            self._force_heater(on=fault.target == "on")
        elif not self._begun:
            HARDWARE.get(fault.kind, _nothing)(self._plant, fault)
        self._begun = True
        return [self._seen(message, time_s) for message in self._plant.step(now, inbox)]

    def _force_heater(self, *, on: bool) -> None:
        """The switch itself: whatever is ordered, it conducts or it doesn't."""
        craft = self._plant.craft
        craft.config = replace(craft.config, heater_w=self._plant.config.heater_w if on else 0.0)
        if on:
            self._plant._orders.heater_on = True  # noqa: SLF001  overwritten by the next order, and again here

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
        return msgspec.structs.replace(message, **{field: value})


def _degrade_radiator(plant: PlantProcess, fault: Fault) -> None:
    """Its surfaces lose a share of their emissivity, as under a contaminant."""
    craft, thermal = plant.craft, plant.config.thermal
    nodes = tuple(
        replace(node, surfaces=tuple(replace(s, emissivity=(s.emissivity or 0.0) * (1.0 - fault.size)) for s in node.surfaces))
        if node.name == fault.target
        else node
        for node in thermal.nodes
    )
    craft.network = ThermalNetwork(replace(thermal, nodes=nodes), craft.dt_s)


def _lose_strings(plant: PlantProcess, fault: Fault) -> None:
    plant.craft._failures.append(  # noqa: SLF001  as the scenario's `[[plant.failures]]` would have it
        FailureConfig(at_s=fault.at_s, what=fault.target, count=round(fault.size))  # type: ignore[arg-type]
    )


def _nothing(_plant: PlantProcess, _fault: Fault) -> None:
    """A sensor's fault leaves the hardware alone."""


HARDWARE: dict[str, Callable[[PlantProcess, Fault], None]] = {"radiator": _degrade_radiator, "string": _lose_strings}
