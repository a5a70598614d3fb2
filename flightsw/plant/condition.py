"""What failures, wear, faults and orders to the charger have left of array and pack. `wear` and `damage` are the laws.

Called by the spacecraft: every step where cells age, and when something fails, wears by an hour or is damaged.
"""

from __future__ import annotations

import math

from flightsw.plant import wear
from flightsw.plant.array import SolarArray
from flightsw.plant.battery import Battery
from flightsw.plant.battery_config import AgeingConfig
from flightsw.plant.config import FailureConfig, PlantConfig
from flightsw.plant.damage import WHOLE, Damage, array_of, pack_of


class Condition:
    """Of one spacecraft since the start of its run."""

    def __init__(self, config: PlantConfig, dt_s: float) -> None:
        self.damage: Damage = WHOLE
        self.charger: tuple[float, float] | None = None
        """set points that have been ordered, in A and V"""
        self.ages = config.battery.ageing != AgeingConfig()
        self._config = config
        self._dt_s = dt_s
        self._wear = wear.initial(config.battery)
        self._failures = sorted(config.failures, key=lambda failure: failure.at_s)
        """still to come"""
        self.fails_at_s = self._failures[0].at_s if self._failures else math.inf
        """when the next of them does"""
        self._array_strings_failed = self._battery_strings_failed = 0

    def fail(self) -> FailureConfig:
        """The next failure happens; which one it is."""
        failure = self._failures.pop(0)
        self.fails_at_s = self._failures[0].at_s if self._failures else math.inf
        if failure.what == "array.string":
            self._array_strings_failed += failure.count
        else:
            self._battery_strings_failed += failure.count
        return failure

    def age(self, battery_c: float, current_a: float) -> None:
        """A step's wear; `current_a` positive discharging."""
        taken_c = max(0.0, current_a) * self._dt_s
        self._wear = wear.added(self._wear, self._config.battery.ageing, battery_c, taken_c, self._dt_s)

    def array(self) -> SolarArray:
        """The array as it is."""
        return array_of(self._config, self.damage, self._array_strings_failed)

    def pack(self) -> Battery:
        """The pack as it is."""
        health = wear.health(self._config.battery, self._wear, self._battery_strings_failed)
        return pack_of(self._config.battery, self.damage, health, self._dt_s, self.charger)
