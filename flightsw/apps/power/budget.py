"""The compute power budget: what the payload may draw so that the coming eclipse ends above the reserve.

In sunlight the battery should reach the eclipse with the charge it will take: reserve + (base + wanted compute power)
over its length. What the array makes above base load, plus what the battery has beyond that (or less what it lacks),
spread over the time that is left, is the budget; but never less than what can be held evenly from now to the end of
the eclipse. In eclipse it is the charge above the reserve, spread over what is left of it. Where no eclipse comes, an
orbit's length stands for the time.

Monotone in state of charge; 0 at the reserve without Sun.
"""

from __future__ import annotations

from typing import NamedTuple

from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import EclipseForecast

SHORTEST_HORIZON_S = 300.0
"""Charge in hand is never spread over less: the budget would leap at the edge of a shadow."""
LONGEST_HORIZON_S = 5400.0
STEP_W = 0.1


class Supply(NamedTuple):
    """Slow estimates of what comes in and what must go out, watts at the battery bus."""

    array_w: float
    """behind the MPPT, in full sun"""
    base_w: float
    """all loads but the payload, before conversion"""


def learn(before: Supply, array_w: float | None, base_w: float, soc: float | None, dt_s: float) -> Supply:
    """Estimates after one tick. An array that is not fully used (the battery being full) says nothing of its best."""
    best_w = before.array_w
    if array_w is not None:
        if array_w > best_w:
            best_w = array_w
        elif soc is not None and soc < 0.9 and array_w > 0.5 * best_w:
            best_w += (array_w - best_w) * min(1.0, dt_s / 60.0)
    base_w = before.base_w + (base_w - before.base_w) * min(1.0, dt_s / 300.0)
    return Supply(best_w, base_w)


def compute_budget_w(
    soc: float, ahead: EclipseForecast, supply: Supply, reserve_soc: float, config: PowerConfig
) -> float:
    """Power the payload may draw now, before slew and rounding."""
    energy_j = config.capacity_ah * 3600.0 * 0.5 * (config.ocv_full_v + config.ocv_empty_v)
    base_bus_w = supply.base_w / config.load_efficiency
    if ahead.inside:
        spread_s = max(SHORTEST_HORIZON_S, ahead.lasts_s)
        bus_w = (soc - reserve_soc) * energy_j / spread_s - base_bus_w
    else:
        eclipse_bus_w = base_bus_w + config.eclipse_compute_w / config.load_efficiency
        needed_soc = reserve_soc + eclipse_bus_w * ahead.lasts_s / energy_j
        starts_in_s = LONGEST_HORIZON_S if ahead.starts_in_s is None else ahead.starts_in_s
        spread_s = min(LONGEST_HORIZON_S, max(SHORTEST_HORIZON_S, starts_in_s))
        bus_w = supply.array_w + (soc - min(needed_soc, 0.98)) * energy_j / spread_s - base_bus_w
        if ahead.starts_in_s is not None:
            whole_j = (soc - reserve_soc) * energy_j + supply.array_w * starts_in_s
            bus_w = max(bus_w, whole_j / max(SHORTEST_HORIZON_S, starts_in_s + ahead.lasts_s) - base_bus_w)
    return min(config.compute_max_w, max(0.0, bus_w * config.load_efficiency))


def slewed_w(before_w: float, wanted_w: float, config: PowerConfig, dt_s: float) -> float:
    """The cap that is published: it falls at once, rises slowly, and moves in steps of 0.1 W."""
    cap_w = min(wanted_w, before_w + config.cap_slew_w_s * dt_s)
    return int(cap_w / STEP_W + 1e-9) * STEP_W
