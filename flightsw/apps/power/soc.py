"""State-of-charge estimate: coulomb counting, corrected by voltage as far as the voltage can be trusted.

A scalar Kalman filter. Predict: s -= I dt / Q (times eta_c charging), variance grows with the current sensor's sigma.
Correct: s_v = (V + I R0 - V_empty) / (V_full - V_empty), whose sigma is that of the rest voltage plus what the model
loses per ampere. A missing current holds s and lets the variance grow at the worst rate; a missing voltage just
skips the correction. Source: Plett, Battery Management Systems II (2015), ch. 3.
"""

from __future__ import annotations

from typing import NamedTuple

from flightsw.apps.power.config import PowerConfig

UNKNOWN_CURRENT_A = 2.0
"""sigma of a current that is not measured: the order of a CubeSat's load"""
HIGHEST_VARIANCE = 0.25
CORRELATION_S = 600.0
"""Voltage errors of the model last about as long: corrections a second apart are not independent."""


class SocState(NamedTuple):
    """Estimate; soc None before the first voltage."""

    soc: float | None
    variance: float


def estimate(
    state: SocState, voltage_v: float | None, current_a: float | None, config: PowerConfig, dt_s: float
) -> SocState:
    """The estimate after one tick of readings (positive current discharges)."""
    span_v = config.ocv_full_v - config.ocv_empty_v
    sigma_v = config.ocv_sigma_v + config.ocv_sigma_ohm * abs(current_a or 0.0)
    measured = None
    if voltage_v is not None:
        measured = (voltage_v + (current_a or 0.0) * config.r0_ohm - config.ocv_empty_v) / span_v
        measured = min(1.0, max(0.0, measured))
    soc, variance = state
    if soc is None:
        return state if measured is None else SocState(measured, min(HIGHEST_VARIANCE, (sigma_v / span_v) ** 2))
    per_a = dt_s / (3600.0 * config.capacity_ah)
    if current_a is None:
        variance += (UNKNOWN_CURRENT_A * per_a) ** 2 * (CORRELATION_S / dt_s)
    else:
        soc -= current_a * per_a * (config.coulombic_efficiency if current_a < 0.0 else 1.0)
        variance += (config.current_sigma_a * per_a) ** 2 * (CORRELATION_S / dt_s)
    if measured is not None:
        noise = (sigma_v / span_v) ** 2 * max(1.0, CORRELATION_S / dt_s)
        gain = variance / (variance + noise)
        soc += gain * (measured - soc)
        variance *= 1.0 - gain
    return SocState(min(1.0, max(0.0, soc)), min(HIGHEST_VARIANCE, variance))
