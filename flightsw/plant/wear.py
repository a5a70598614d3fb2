"""How the battery wears: calendar ageing by the root of time, cycling by throughput, resistance with both.

    lost = calendar * sqrt(years at 25 C, Arrhenius-weighted) + cycling * equivalent full cycles
    R / R_new = 1 + growth * lost

(Form after Schmalstieg et al., "A holistic aging model for Li(NiMnCo)O2 based 18650 lithium-ion batteries", J. Power
Sources 257, 2014; the coefficients are the scenario's.) Lost capacity takes the charge in it along: at a moment of
renewal the state of charge stays what it is, and the ledger says how much energy went. Valid until half of the capacity
is gone, where the loss is held.

The plant keeps one `WearState`, adds to it every tick and asks for the pack's `Health` every RENEWAL_S.
"""

from __future__ import annotations

import math

import msgspec

from flightsw.plant.battery import ZERO_C_K, Health
from flightsw.plant.battery_config import AgeingConfig, BatteryConfig

YEAR_S = 365.25 * 86400.0
RENEWAL_S = 3600.0
"""Wear in an hour is some 1e-6 of the capacity: no step notices that it is booked hourly."""
MOST_LOST = 0.5
REFERENCE_K = 298.15


class WearState(msgspec.Struct, frozen=True, gc=False):
    """What has worn the pack since it was built."""

    time_at_25c_s: float
    """calendar time, each second weighted by Arrhenius' law"""
    discharged_c: float
    """coulombs taken out of the whole pack"""


def initial(config: BatteryConfig) -> WearState:
    """Wear before the run."""
    ageing = config.ageing
    return WearState(ageing.start_years * YEAR_S, ageing.start_cycles * config.capacity_ah * 3600.0)


def added(state: WearState, ageing: AgeingConfig, battery_c: float, discharged_c: float, dt_s: float) -> WearState:
    """Wear after a time at one temperature."""
    weight = math.exp(ageing.calendar_activation_k * (1.0 / REFERENCE_K - 1.0 / (battery_c + ZERO_C_K)))
    return WearState(state.time_at_25c_s + weight * dt_s, state.discharged_c + discharged_c)


def health(config: BatteryConfig, state: WearState, strings_failed: int = 0) -> Health:
    """What wear and failures have left of the pack."""
    ageing = config.ageing
    cycles = state.discharged_c / (config.capacity_ah * 3600.0)
    lost = (
        ageing.calendar_per_year * math.sqrt(state.time_at_25c_s / YEAR_S) + ageing.cycling_per_1000 * cycles / 1000.0
    )
    lost = min(MOST_LOST, lost)
    return Health(1.0 - lost, 1.0 + ageing.resistance_growth * lost, strings_failed)
