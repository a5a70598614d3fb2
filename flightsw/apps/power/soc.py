"""State-of-charge estimate: coulomb counting, corrected by voltage as far as the voltage can be trusted. Pure.

A scalar Kalman filter. Predict: s -= I dt / Q (times eta_c charging), variance grows with the current sensor's sigma.
Correct: s_v is the state of charge whose open-circuit voltage is V + I R0; its sigma is that of the voltage at rest
plus what the model loses per ampere, over the curve's slope. A missing voltage just skips the correction; a missing
current holds s while its sigma drifts as fast as a load unseen could carry it off.
Source: Plett, Battery Management Systems II (2015), ch. 3. Called by `law`, every tick.
"""

from __future__ import annotations

import math

import msgspec

from flightsw.apps.power.config import PowerConfig

UNKNOWN_CURRENT_A = 2.0
"""what may flow while no current is measured: the order of a CubeSat's load"""
HIGHEST_VARIANCE = 0.25
CORRELATION_S = 600.0
"""Errors of the model last about as long, the order of a cell's diffusion: a second apart they are not independent."""


class SocState(msgspec.Struct, frozen=True, gc=False):
    """Estimate; soc None before the first voltage."""

    soc: float | None
    variance: float


def at_rest(ocv_v: float, table_v: tuple[float, ...]) -> tuple[float, float]:
    """(soc, volts per unit of soc) of an open-circuit voltage; clipped to the table's ends."""
    steps = len(table_v) - 1
    place = 0
    while place < steps - 1 and ocv_v > table_v[place + 1]:
        place += 1
    slope_v = (table_v[place + 1] - table_v[place]) * steps
    soc = place / steps + (ocv_v - table_v[place]) / slope_v
    return min(1.0, max(0.0, soc)), slope_v


def estimate(
    state: SocState, voltage_v: float | None, current_a: float | None, config: PowerConfig, dt_s: float
) -> SocState:
    """The estimate after one tick of readings (positive current discharges)."""
    soc, variance = state.soc, state.variance
    amps = 0.0 if current_a is None else current_a
    per_a = dt_s / (3600.0 * config.capacity_ah)
    if soc is not None:
        if current_a is None:
            variance = (math.sqrt(variance) + UNKNOWN_CURRENT_A * per_a) ** 2
        else:
            soc -= amps * per_a * (config.coulombic_efficiency if amps < 0.0 else 1.0)
            variance += (config.current_sigma_a * per_a) ** 2 * (CORRELATION_S / dt_s)
    if voltage_v is not None:
        measured, slope_v = at_rest(voltage_v + amps * config.r0_ohm, config.ocv_v)
        unsure_a = UNKNOWN_CURRENT_A if current_a is None else abs(amps)
        noise = ((config.ocv_sigma_v + config.ocv_sigma_ohm * unsure_a) / slope_v) ** 2
        if soc is None:
            soc, variance = measured, noise
        else:
            gain = variance / (variance + noise * max(1.0, CORRELATION_S / dt_s))
            soc += gain * (measured - soc)
            variance *= 1.0 - gain
    if soc is not None:
        soc = min(1.0, max(0.0, soc))
    return SocState(soc, min(HIGHEST_VARIANCE, variance))
