"""Messages of the TCS manager.

Producer: thermal, every tick. Readers: `thermal.status` by inference (the chip cap), comms, health;
`thermal.heaters` by the plant (its only writer is thermal; it goes out on change
and every tenth tick), `thermal.pumps` likewise where there are pumps to control;
`cds.thermal` by thermal itself when it restarts.
"""

from __future__ import annotations

from flightsw.messages.base import Celsius, Fraction, Message, SignedWatts, Watts


class ThermalStatus(Message, frozen=True):
    """The TCS as flight software sees it."""

    chip_cap_w: Watts
    """power the payload computer may draw for its temperature's sake"""
    chip_c: Celsius | None
    """measured; None: no reading, and the cap is that of a hot chip"""
    chip_limit_c: Celsius
    """temperature that the cap holds the chip to"""
    throttle_level: Fraction
    """0: the cap is at the device's maximum; 1: at its minimum"""
    integral_w: SignedWatts
    """the controller's integral term, for wind-up to be seen"""
    battery_heater_on: bool


class HeaterCommand(Message, frozen=True):
    """Wanted state of the heaters."""

    battery_heater_on: bool


class PumpCommand(Message, frozen=True):
    """Wanted speed of the coolant loops' pumps."""

    speed: Fraction
    """of full speed; where a pump's rail is open it stands whatever is commanded"""


class ThermalCriticalData(Message, frozen=True):
    """What thermal must not forget through a restart."""

    chip_limit_c: Celsius
    integral_w: SignedWatts
    battery_heater_on: bool
