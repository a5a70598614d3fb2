"""The emulated payload computer as a device sees it: what its hardware last told, and what it has been asked to be.

One piece for every device behind which the hardware is the plant's: virtual silicon, and a real board that is held to
the emulated clock. Readings under way while power is switched off are of before, and don't count as ready.
"""

from __future__ import annotations

from flightsw.devices.accelerator import Telemetry
from flightsw.messages.plant import DeviceReadings

DARK = Telemetry(False, False, 0, None, False, None)


class Monitors:
    """Of one payload computer."""

    def __init__(self) -> None:
        self.telemetry = DARK
        self.clock_mhz = 0.0
        self.power_on = False
        self.mode = 0
        self._outdated = False
        """the next readings were sampled before the hardware heard of the last switching off"""

    def observe(self, readings: DeviceReadings) -> None:
        """Take the hardware's own monitors."""
        outdated, self._outdated = self._outdated, False
        self.clock_mhz = readings.clock_mhz
        self.telemetry = Telemetry(
            readings.powered,
            readings.ready and readings.clock_mhz > 0.0 and not outdated,
            readings.mode,
            readings.chip_c if readings.powered else None,
            readings.throttled,
            readings.power_w,
        )

    def command(self, *, power_on: bool, mode: int) -> None:
        """Ask for power and mode."""
        if self.power_on and not power_on:
            self._outdated = True
            self.telemetry = DARK
        self.power_on, self.mode = power_on, mode
