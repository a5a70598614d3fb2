"""A scenario in a design case: the spacecraft as `plant.cases` has it, and what its EPS manager has been told of it.

A pack's capacity and resistance are measured in flight, and loaded to the node as they change (by the parameter table
of `power`): at the end of life the on-board model is that of an aged pack, with the ageing that the plant is given.
Called where scenarios are loaded.
"""

from __future__ import annotations

from msgspec.structs import replace

from flightsw.apps.power.config import PowerConfig
from flightsw.errors import ConfigError
from flightsw.plant.cases import CAPACITY_EOL, CASE_NAMES, RESISTANCE_EOL, CaseName, in_case
from flightsw.plant.config import PlantConfig


def plant_in_case(plant: PlantConfig, case: str) -> PlantConfig:
    """The spacecraft in a design case. Raises ConfigError: no such case."""
    return in_case(plant, _named(case))


def power_in_case(power: PowerConfig, case: str) -> PowerConfig:
    """What the EPS manager is told in a design case. Raises ConfigError: no such case."""
    if _named(case).endswith("bol"):
        return power
    return replace(power, capacity_ah=power.capacity_ah * CAPACITY_EOL, r0_ohm=power.r0_ohm * RESISTANCE_EOL)


def _named(case: str) -> CaseName:
    for name in CASE_NAMES:
        if name == case:
            return name
    raise ConfigError(f"case = {case!r}: must be one of {', '.join(CASE_NAMES)}")
