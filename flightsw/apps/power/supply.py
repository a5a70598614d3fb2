"""What comes in and what must go out, learned from telemetry: the array's power in full sun, the base load. Pure.

An array that is not fully used says nothing of its best: what it gives is trusted downwards only in sunlight well
off the shadow's edges and while the battery takes or gives current far from the charger's limits. Called by `law`.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.power.charge import Charge, full_charge_a
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import EclipseForecast

RISE_S = 10.0
"""averages the sensor's noise, follows the array as it turns to the Sun"""
FALL_S = 60.0
BASE_S = 300.0
"""a heater's cycle or a pass must not shake the budget"""
EDGE_S = 30.0
"""penumbra, and the forecast's own error"""
LEAST_FLOW_A = 0.2
"""a battery that takes less may be refusing: full, or too cold to charge"""
CURTAIL_SHARE = 0.01
"""of the full battery's voltage, below it: constant-voltage charging begins here, and its sensor's noise lies within"""


class Supply(msgspec.Struct, frozen=True, gc=False):
    """Slow estimates, watts at the battery bus."""

    array_w: float
    """behind the MPPT, in full sun"""
    base_w: float | None
    """all loads but the payload, before conversion; None: not yet measured"""


def learn(
    before: Supply,
    array_w: float | None,
    base_w: float | None,
    ahead: EclipseForecast,
    *,
    fully_used: bool,
    dt_s: float,
) -> Supply:
    """Estimates after one tick of readings (None: no reading)."""
    best_w, mean_w = before.array_w, before.base_w
    if array_w is not None:
        if array_w > best_w:
            best_w += (array_w - best_w) * min(1.0, dt_s / RISE_S)
        elif fully_used and not ahead.inside and not _near_entry(ahead) and array_w > 0.5 * best_w:
            best_w += (array_w - best_w) * min(1.0, dt_s / FALL_S)
    if base_w is not None:
        mean_w = base_w if mean_w is None else mean_w + (base_w - mean_w) * min(1.0, dt_s / BASE_S)
    return Supply(best_w, mean_w)


def is_fully_used(
    voltage_v: float | None, current_a: float | None, config: PowerConfig, charge: Charge | None = None
) -> bool:
    """Whether the array surely gives all it can: the battery helps out, or charges far from the charger's limits
    (None: it has its own)."""
    if voltage_v is None or current_a is None:
        return False
    if current_a > LEAST_FLOW_A:
        return True
    limit_a, limit_v = (full_charge_a(config), config.ocv_v[-1]) if charge is None else (charge.limit_a, charge.limit_v)
    return LEAST_FLOW_A < -current_a < 0.9 * limit_a and voltage_v < (1.0 - CURTAIL_SHARE) * limit_v


def _near_entry(ahead: EclipseForecast) -> bool:
    return ahead.starts_in_s is not None and ahead.starts_in_s < EDGE_S
