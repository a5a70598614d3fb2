"""Fits of a board's power, heat and latency to what was observed on it, each figure with its uncertainty. Pure.

    power        P = idle + busy * dynamic                     by least squares, for each clock
    temperature  T = T0 + sum_i R_i LP(tau_i)[P] + decays      two time constants, found on a grid
    latency      t = launch + n * per_item(clock)

Residuals of such a fit hang together in time: their spread is widened by how long they do (effective number of
samples). And a board has more time constants than a fit: a third one is taken to change the answer by as much as the
second one did, times what the second one left of the residual (model uncertainty). Uncertainties are for a coverage
factor of 2. Called by `hil.calibration`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

COVERAGE = 2.0
TAUS = 24
"""points of the grid of time constants, in equal ratios"""
LEAST_SAMPLES = 12


class Unfit(ValueError):
    """There is too little in the observations."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its uncertainty, both in the figure's unit."""

    value: float
    uncertainty: float

    def holds(self, truth: float) -> bool:
        """Whether a truth lies within."""
        return abs(truth - self.value) <= self.uncertainty


@dataclass(frozen=True)
class PowerFit:
    """Of one clock."""

    idle_w: Estimate
    dynamic_w: Estimate
    """working all the time, over idle"""
    residual_w: float

    def at(self, busy: float) -> float:
        """W at a share of time at work."""
        return self.idle_w.value + busy * self.dynamic_w.value


@dataclass(frozen=True)
class HeatFit:
    """Chip over ambient."""

    ambient_c: Estimate
    resistance_k_w: Estimate
    """in the steady state"""
    taus_s: tuple[float, ...]
    shares: tuple[float, ...]
    """of the resistance, by time constant"""
    residual_k: float
    covariance: Array
    """of ambient and resistance, widened"""
    model_k_w: float
    """what one time constant more may change in the resistance"""
    model_c: float
    """and in the ambient"""
    fitted_c: Array

    def steady_c(self, power_w: float) -> Estimate:
        """What the chip settles at."""
        row = np.array([1.0, power_w])
        spread_k = float(np.sqrt(max(0.0, row @ self.covariance @ row)))
        model_k = abs(self.model_c + self.model_k_w * power_w)
        value = self.ambient_c.value + self.resistance_k_w.value * power_w
        return Estimate(value, COVERAGE * spread_k + model_k)


@dataclass(frozen=True)
class LatencyFit:
    """Of a batch of n at a clock."""

    launch_s: Estimate
    per_item_s_mhz: Estimate
    """times n over the clock in MHz"""


def fit_power(busy: Sequence[float], power_w: Sequence[float], quantum_w: float = 0.0) -> PowerFit:
    """Raises Unfit: too few samples, or all at one load. `quantum_w`: the sensor's step."""
    x, y = np.asarray(busy, float), np.asarray(power_w, float)
    if len(x) < LEAST_SAMPLES or np.ptp(x) < 0.05:
        raise Unfit(f"{len(x)} samples of power over {np.ptp(x) if len(x) else 0.0:.2f} of load: too little")
    columns = np.column_stack([np.ones_like(x), x])
    values, residual = _least_squares(columns, y)
    floor = quantum_w / float(np.sqrt(12.0))
    errors = COVERAGE * np.sqrt(np.diag(_covariance(columns, residual))) + floor
    return PowerFit(
        Estimate(float(values[0]), float(errors[0])),
        Estimate(float(values[1]), float(errors[1] + floor)),
        float(np.std(residual)),
    )


def fit_heat(t_s: Sequence[float], power_w: Sequence[float], chip_c: Sequence[float]) -> HeatFit:
    """Raises Unfit. Times ascend; powers hold until the next sample."""
    t, p, c = (np.asarray(one, float) for one in (t_s, power_w, chip_c))
    if len(t) < 3 * LEAST_SAMPLES or np.ptp(p) <= 0.0:
        raise Unfit(f"{len(t)} samples of temperature over {np.ptp(p) if len(t) else 0.0:.2f} W: too little")
    span_s, step_s = float(t[-1] - t[0]), float(np.median(np.diff(t)))
    grid = np.geomspace(max(2.0 * step_s, span_s / 500.0), span_s, TAUS)
    low = {tau: _low_pass(t, p, tau) for tau in grid.tolist()}
    one = min(((_heat(t, c, low, (tau,))) for tau in grid.tolist()), key=lambda fit: fit.cost)
    pairs = ((fast, slow) for fast in grid.tolist() for slow in grid.tolist() if slow > 2.0 * fast)
    fits = [fit for pair in pairs if (fit := _heat(t, c, low, pair)).is_physical]
    best = min(fits, key=lambda fit: fit.cost, default=one)
    left = min(1.0, float(np.sqrt(best.cost / one.cost))) if one.cost > 0.0 else 0.0
    model_k_w = left * (best.resistance - one.resistance)
    model_c = left * (best.ambient - one.ambient)
    covariance = best.covariance
    errors = COVERAGE * np.sqrt(np.maximum(0.0, np.diag(covariance)))
    return HeatFit(
        Estimate(best.ambient, float(errors[0]) + abs(model_c)),
        Estimate(best.resistance, float(errors[1]) + abs(model_k_w)),
        best.taus,
        tuple(float(r / best.resistance) for r in best.resistances),
        float(np.std(best.residual)),
        covariance,
        model_k_w,
        model_c,
        c - best.residual,
    )


def fit_latency(items: Sequence[int], clock_mhz: Sequence[float], seconds: Sequence[float]) -> LatencyFit:
    """Raises Unfit: all batches of one size. By the median of each (size, clock), against strays of a busy machine."""
    cells: dict[tuple[int, float], list[float]] = {}
    for count, clock, took_s in zip(items, clock_mhz, seconds, strict=True):
        cells.setdefault((count, clock), []).append(took_s)
    if len({count for count, _ in cells}) < 2:
        raise Unfit("batches of one size alone: the launch can't be told from the work")
    keys = sorted(cells)
    medians = np.array([float(np.median(cells[key])) for key in keys])
    spreads = np.array([float(np.std(cells[key]) / np.sqrt(len(cells[key]))) for key in keys])
    columns = np.array([[1.0, count / clock] for count, clock in keys])
    values, *_ = np.linalg.lstsq(columns, medians, rcond=None)
    residual = medians - columns @ values
    inverse = np.linalg.pinv(columns)
    spread = np.sqrt((inverse**2) @ (spreads**2 + float(np.mean(residual**2))))
    launch = max(0.0, float(values[0]))
    return LatencyFit(
        Estimate(launch, COVERAGE * float(spread[0])),
        Estimate(float(values[1]), COVERAGE * float(spread[1])),
    )


@dataclass(frozen=True)
class _Heat:
    """A fit with given time constants."""

    taus: tuple[float, ...]
    values: Array
    columns: Array
    residual: Array

    @property
    def cost(self) -> float:
        return float(self.residual @ self.residual)

    @property
    def ambient(self) -> float:
        return float(self.values[0])

    @property
    def resistances(self) -> Array:
        return self.values[1 : 1 + len(self.taus)]

    @property
    def covariance(self) -> Array:
        """Of ambient and resistance, widened."""
        total = np.zeros((2, len(self.values)))
        total[0, 0] = 1.0
        total[1, 1 : 1 + len(self.taus)] = 1.0
        return total @ _covariance(self.columns, self.residual) @ total.T

    @property
    def resistance(self) -> float:
        return float(np.sum(self.resistances))

    @property
    def is_physical(self) -> bool:
        return bool((self.resistances > 0.0).all())


def _heat(t: Array, c: Array, low: dict[float, Array], taus: tuple[float, ...]) -> _Heat:
    """With these time constants all else is linear."""
    decays = [np.exp(-(t - t[0]) / tau) for tau in taus]
    columns = np.column_stack([np.ones_like(t), *(low[tau] for tau in taus), *decays])
    values, residual = _least_squares(columns, c)
    return _Heat(taus, values, columns, residual)


def _least_squares(columns: Array, y: Array) -> tuple[Array, Array]:
    """(values, residuals)."""
    values = np.asarray(np.linalg.lstsq(columns, y, rcond=None)[0], np.float64)
    residual: Array = y - columns @ values
    return values, residual


def _covariance(columns: Array, residual: Array) -> Array:
    """Of the values, widened for residuals that hang together."""
    freedom = max(1, len(residual) - columns.shape[1])
    variance = float(residual @ residual) / freedom * _widening(residual)
    covariance: Array = np.linalg.pinv(columns.T @ columns) * variance
    return covariance


def _widening(residual: Array) -> float:
    """Samples in one independent one: 1 + 2 sum of the autocorrelation, up to where it is lost (Sokal's window)."""
    centred = residual - residual.mean()
    power = float(centred @ centred)
    if power <= 0.0:
        return 1.0
    total, length = 1.0, len(centred)
    for lag in range(1, length // 3):
        total += 2.0 * float(centred[:-lag] @ centred[lag:]) / power
        if lag >= 5.0 * total:
            break
    return max(1.0, total)


def _low_pass(t: Array, p: Array, tau_s: float) -> Array:
    """P through a first-order lag that starts at P's first value; P holds from a sample to the next."""
    out = np.empty_like(p)
    out[0] = p[0]
    gain = 1.0 - np.exp(-np.diff(t) / tau_s)
    for place in range(1, len(p)):
        out[place] = out[place - 1] + gain[place - 1] * (p[place - 1] - out[place - 1])
    return out
