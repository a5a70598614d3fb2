"""What the spacecraft's hardware has been told. Written by the plant process and prescribed runs, read every step."""

from __future__ import annotations

import msgspec

from flightsw.plant.pointing import Pointing


class Orders(msgspec.Struct, gc=False):
    """What hardware has been told; holds until it is told otherwise."""

    load_on: tuple[bool, ...]
    heater_on: bool = False
    """the battery heater, by flight software"""
    transmitter_on: bool = False
    power_on: bool = False
    """of the payload computer, behind its rail"""
    mode: int = 0
    busy_s: float = 0.0
    """worked in this step"""
    pump_speed: float = 1.0
    """of coolant loops, 0 to 1"""
    pointing: Pointing | None = None
    """None: as it is"""
    charge: tuple[float, float] | None = None
    """of the charger, A and V, beneath its own limits; None: these alone"""
    latched: bool = False
    """the payload computer has latched up, and draws more"""
    measured_w: float | None = None
    """what a real payload computer draws, in place of the silicon law's word on a booted one"""
