"""What follows from a scenario before it is run: the figures that tell a reader whether it is the one they meant.

Called by `flightsw validate`. Rough where it says so; the run itself uses none of them.
"""

from __future__ import annotations

import msgspec

from flightsw.devices.profiles import load_profile
from flightsw.node.imports import Identity
from flightsw.node.scenario import Scenario, identities, orbit_period_s, run_ticks
from flightsw.plant.array import SolarArray
from flightsw.plant.config import sky_of
from flightsw.plant.constants import SOLAR_CONSTANT_W_M2

_OPERATING_C = 60.0
"""Array temperature for the figure: a wing in low orbit runs 50 to 80 C in sunlight."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Derived from one scenario."""

    name: str
    seed: int
    dt_s: float
    ticks: int
    simulated_s: float
    orbit_s: float
    eclipse_s: float
    """in the first orbit, penumbra included"""
    array_w: float
    """facing the Sun at 1 au, at 60 C"""
    panels_w: dict[str, float]
    """the same of each set of cells beside it"""
    battery_wh: float
    """full, at the mean of its empty and full open-circuit voltages"""
    payload_w: float
    """working in its highest mode, without leakage"""
    commands: int
    own_code: tuple[Identity, ...]
    """of the user's that flies"""


def derived_figures(scenario: Scenario) -> Figures:
    """The figures of a scenario that was loaded and so is good."""
    plant = scenario.plant
    array = plant.array_or_none
    ticks, orbit_s = run_ticks(scenario), orbit_period_s(scenario)
    sky = sky_of(plant, scenario.dt_s)
    volts = (plant.battery.ocv[0].volts + plant.battery.ocv[-1].volts) / 2.0
    return Figures(
        name=scenario.name,
        seed=scenario.seed,
        dt_s=scenario.dt_s,
        ticks=ticks,
        simulated_s=ticks * scenario.dt_s,
        orbit_s=orbit_s,
        eclipse_s=sum(exit_s - entry_s for entry_s, exit_s in sky.eclipses(0, round(orbit_s / scenario.dt_s))),
        array_w=SolarArray(array, pointing_cos=array.pointing_cos).available_w(SOLAR_CONSTANT_W_M2, _OPERATING_C),
        panels_w={
            panel.name: SolarArray(panel).available_w(SOLAR_CONSTANT_W_M2, _OPERATING_C) for panel in plant.panels
        },
        battery_wh=plant.battery.capacity_ah * volts,
        payload_w=load_profile(plant.profile).silicon().working_w[-1],
        commands=len(scenario.commands),
        own_code=identities(scenario),
    )
