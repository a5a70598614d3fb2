"""The battery heater: hysteresis, and what to do without a thermometer. Pure; called by `law`.

Without a reading the heater stays as it was for `blind_ticks`, then it is off: a battery that is too cold merely
refuses charge, one that is heated without end burns, and the heater's energy is the battery's own.
While loads are shed the thresholds are those of survival: enough for the battery to take charge again, no more.
"""

from __future__ import annotations

from flightsw.apps.thermal.config import ThermalConfig


def heater_on(
    on: bool, battery_c: float | None, missing_ticks: int, config: ThermalConfig, *, survival: bool = False
) -> bool:
    """Wanted state. `missing_ticks`: how long there has been no reading, this tick included."""
    if battery_c is None:
        return on and missing_ticks <= config.blind_ticks
    if survival:
        return battery_c < config.survival_on_c or (on and battery_c <= config.survival_off_c)
    if battery_c < config.heater_on_c:
        return True
    return on and battery_c <= config.heater_off_c
