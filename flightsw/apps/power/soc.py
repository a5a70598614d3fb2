"""State-of-charge estimate: coulomb counting, corrected by voltage as far as the voltage can be trusted. Pure.

A Kalman filter of two states, the charge and the bias of the current sensor, which counting would integrate without
end. Predict: s -= (I - b) dt / Q (times eta_c charging); b stays. Correct: s_v is the state of charge whose
open-circuit voltage is V + (I - b) R0; its sigma is that of the voltage at rest plus what the model loses per ampere,
over the curve's slope. So at rest the voltage is believed, under load the count, and where the two steadily part
company it is the bias that is learned. Charge is counted every tick, all else is done every tenth. A missing voltage
just skips the correction; a missing current holds s while its sigma drifts as fast as a load unseen could carry it off.
Source: Plett, Battery Management Systems II (2015), ch. 3 (bias as a state: sec. 3.7). Called by `law`, every tick.
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
CORRECT_TICKS = 10
"""between two corrections: what correlates over minutes tells nothing new a tick later"""
BIAS_DRIFT_S = 3.0 * 86400.0
"""in so long a bias may change by its own sigma: shunts drift with temperature and age, not from orbit to orbit"""
UNBIASED_SHARE = 0.2
"""of the current's sigma that is no bias: noise, gain and quantisation"""
BIAS_SIGMAS = 3.0
"""a bias beyond is a broken sensor, and no business of an estimate's"""


class SocState(msgspec.Struct, frozen=True, gc=False):
    """Estimate; soc None before the first voltage. Its variance alone is told; the bias starts unknown."""

    soc: float | None
    variance: float
    bias_a: float = 0.0
    covariance: float = 0.0
    """of charge and bias, A"""
    bias_variance: float | None = None
    """A2; None: that of a sensor never held against a voltage"""
    wait_ticks: int = 0
    """until the next correction"""


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
    soc, bias_a = state.soc, state.bias_a
    if state.wait_ticks > 0 and soc is not None and current_a is not None:
        soc = after_charge(soc, current_a - bias_a, config, dt_s)
        return SocState(soc, state.variance, bias_a, state.covariance, state.bias_variance, state.wait_ticks - 1)
    variance, covariance = state.variance, state.covariance
    sigma_a = config.current_sigma_a
    widest = sigma_a * sigma_a
    bias_variance = widest if state.bias_variance is None else state.bias_variance
    amps, span_s = 0.0 if current_a is None else current_a - bias_a, correction_s(current_a, dt_s)
    per_a = span_s / (3600.0 * config.capacity_ah)
    if soc is not None:
        if current_a is None:
            variance = (math.sqrt(variance) + UNKNOWN_CURRENT_A * per_a) ** 2
        else:
            soc = after_charge(soc, amps, config, dt_s)
            white = widest * (UNBIASED_SHARE * UNBIASED_SHARE * max(1.0, CORRELATION_S / span_s))
            variance += per_a * (2.0 * covariance + per_a * (bias_variance + white))
            covariance += per_a * bias_variance
            bias_variance = min(widest, bias_variance + widest * span_s / BIAS_DRIFT_S)
    if voltage_v is not None:
        measured, slope_v = at_rest(voltage_v + amps * config.r0_ohm, config.ocv_v)
        unsure_a = UNKNOWN_CURRENT_A if current_a is None else abs(amps)
        noise = ((config.ocv_sigma_v + config.ocv_sigma_ohm * unsure_a) / slope_v) ** 2
        if soc is None:
            soc, variance = measured, noise
        else:
            total = variance + noise * max(1.0, CORRELATION_S / span_s)
            gain, error = variance / total, measured - soc
            soc = min(1.0, max(0.0, soc + gain * error))
            if current_a is not None:
                gain_a = covariance / total
                bias_a = min(BIAS_SIGMAS * sigma_a, max(-BIAS_SIGMAS * sigma_a, bias_a + gain_a * error))
                bias_variance = max(0.0, bias_variance - gain_a * covariance)
            variance *= 1.0 - gain
            covariance *= 1.0 - gain
    return SocState(soc, min(HIGHEST_VARIANCE, variance), bias_a, covariance, bias_variance, CORRECT_TICKS - 1)


def correction_s(current_a: float | None, dt_s: float) -> float:
    """From one correction to the next: without a current every tick is one."""
    return dt_s if current_a is None else dt_s * CORRECT_TICKS


def after_charge(soc: float, amps: float, config: PowerConfig, dt_s: float) -> float:
    """The state of charge after a tick of this current (positive discharges)."""
    soc -= amps * dt_s / (3600.0 * config.capacity_ah) * (config.coulombic_efficiency if amps < 0.0 else 1.0)
    return min(1.0, max(0.0, soc))
