"""Readings as they are to be believed: what health has voted out is taken away, or stood in for. Pure.

Called by the users of sensors while a `health.validity` names some, and only then.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from flightsw.messages.health import SensorValidity
from flightsw.messages.plant import PowerSensors, ThermalSensors

S = TypeVar("S", PowerSensors, ThermalSensors)
_BATTERY = "sensor.thermal.battery_c"


def believed_power(sensors: PowerSensors, validity: SensorValidity) -> PowerSensors:
    """EPS readings without those that are out."""
    return _without(sensors, "sensor.power.", validity)


def believed_thermal(sensors: ThermalSensors, validity: SensorValidity) -> ThermalSensors:
    """Thermistors without those that are out; the battery's other one stands in for its own."""
    left = _without(sensors, "sensor.thermal.", validity)
    return replace(left, battery_c=validity.battery_c) if _BATTERY in validity.invalid else left


def _without(sensors: S, topic: str, validity: SensorValidity) -> S:
    out = [name.removeprefix(topic) for name in validity.invalid if name.startswith(topic)]
    return replace(sensors, **dict.fromkeys(out)) if out else sensors
