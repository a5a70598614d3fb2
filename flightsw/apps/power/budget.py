"""The compute power budget: what the payload may draw so that the coming eclipse ends above the reserve. Pure.

In sunlight the battery should reach the eclipse with the charge it will take: reserve + (base + wanted compute power)
over its length. What the array makes above base load, plus what the battery has beyond that (or less what it lacks),
spread over the time that is left, is the budget; but never less than what can be held evenly from now to the end of
the eclipse. In eclipse it is the charge above the reserve, spread over what is left of it. Where no eclipse comes, an
orbit's length stands for the time. The battery is never asked for more than its discharge limit.

The energy behind it, to the end of the coming eclipse, is published beside the cap.

Monotone in state of charge; 0 at the reserve without Sun. Called by `law`, every tick.
"""

from __future__ import annotations

from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import EclipseForecast
from flightsw.apps.power.supply import Supply

SHORTEST_HORIZON_S = 300.0
"""Charge in hand is never spread over less: the budget would leap at the edge of a shadow."""
LONGEST_HORIZON_S = 5400.0
FULL_SOC = 0.98
"""more can't be asked of a battery that tapers"""
STEPS_PER_W = 10.0
"""the cap is published in steps of 0.1 W"""


def compute_budget_w(
    soc: float, ahead: EclipseForecast, supply: Supply, reserve_soc: float, config: PowerConfig
) -> float:
    """Power the payload may draw now, before slew and rounding."""
    energy_j = config.capacity_ah * 3600.0 * (sum(config.ocv_v) / len(config.ocv_v))
    base_bus_w = supply.base_w / config.load_efficiency if supply.base_w else 0.0
    array_w = supply.array_w
    spare_j = (soc - reserve_soc) * energy_j
    if ahead.inside:
        array_w = 0.0
        bus_w = spare_j / _at_least(SHORTEST_HORIZON_S, ahead.lasts_s)
    else:
        starts_in_s = ahead.starts_in_s
        eclipse_bus_w = base_bus_w + config.eclipse_compute_w / config.load_efficiency
        kept_j = min(eclipse_bus_w * ahead.lasts_s, (FULL_SOC - reserve_soc) * energy_j)
        spread_s = LONGEST_HORIZON_S
        if starts_in_s is not None:
            spread_s = min(spread_s, _at_least(SHORTEST_HORIZON_S, starts_in_s))
        bus_w = array_w + (spare_j - kept_j) / spread_s
        if starts_in_s is not None:
            even_w = (spare_j + array_w * starts_in_s) / _at_least(SHORTEST_HORIZON_S, starts_in_s + ahead.lasts_s)
            bus_w = _at_least(bus_w, even_w)
    if config.discharge_limit_a is not None:
        bus_w = min(bus_w, array_w + config.discharge_limit_a * config.ocv_v[0])
    compute_w = (bus_w - base_bus_w) * config.load_efficiency
    return _at_least(0.0, min(config.compute_max_w, compute_w))


def compute_energy_j(
    soc: float, ahead: EclipseForecast, supply: Supply, reserve_soc: float, config: PowerConfig
) -> float:
    """What the payload may draw from now to the end of the coming eclipse, or of this one, to end it at the reserve:
    charge in hand and what the array will make, less what all others take. Where no eclipse comes, over
    LONGEST_HORIZON_S. Of charge that a full battery couldn't take nothing is deducted."""
    energy_j = (soc - reserve_soc) * config.capacity_ah * 3600.0 * (sum(config.ocv_v) / len(config.ocv_v))
    base_bus_w = supply.base_w / config.load_efficiency if supply.base_w else 0.0
    sunlit_s = LONGEST_HORIZON_S if ahead.starts_in_s is None else ahead.starts_in_s
    bus_j = energy_j + supply.array_w * sunlit_s - base_bus_w * (sunlit_s + ahead.lasts_s)
    return max(0.0, round(bus_j * config.load_efficiency, 0))


def _at_least(least: float, value: float) -> float:
    return max(least, value)


def limited_w(before_w: float, wanted_w: float, config: PowerConfig, dt_s: float) -> float:
    """The cap that follows a budget: down at once; up slowly, and only for more than noise."""
    if wanted_w < before_w + config.cap_deadband_w and wanted_w < config.compute_max_w:
        return min(before_w, wanted_w)
    return min(wanted_w, before_w + config.cap_slew_w_s * dt_s)


def quantised_w(cap_w: float) -> float:
    """The cap as it is published, rounded down."""
    return int(cap_w * STEPS_PER_W + 1e-9) / STEPS_PER_W
