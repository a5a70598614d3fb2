"""Small thermal networks and their courses, for the cases of heat. A boundary is a node of 1e18 J/K."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from flightsw.plant.thermal_kernel import StepFunction, compile_step
from flightsw.plant.thermal_source import KernelNetwork

FIXED_J_K = 1e18


def lumps(
    capacities_j_k: Sequence[float],
    conductances: Sequence[tuple[int, int, float]] = (),
    emitting_m2: Sequence[float] | None = None,
    exchanges: Sequence[tuple[int, int, float]] = (),
) -> KernelNetwork:
    """Nodes with conductances and radiative exchanges (m2) between them, and areas that radiate to space."""
    return KernelNetwork(
        tuple(capacities_j_k), tuple(conductances), tuple(exchanges), tuple(emitting_m2 or [0.0] * len(capacities_j_k))
    )


def history(
    step: StepFunction, start_k: Sequence[float], heat_w: Sequence[float], steps: int
) -> list[tuple[float, ...]]:
    """Temperatures at the start and after every step."""
    rows = [tuple(start_k)]
    for _ in range(steps):
        rows.append(step(rows[-1], heat_w)[0])
    return rows


def state_at(
    network: KernelNetwork, start_k: Sequence[float], heat_w: Sequence[float], at_s: float, dt_s: float
) -> tuple[float, ...]:
    """Temperatures after a time, in equal steps of at most `dt_s`."""
    steps = math.ceil(at_s / dt_s)
    return history(compile_step(network, at_s / steps), start_k, heat_w, steps)[-1] if steps else tuple(start_k)


def crossing(times: Sequence[float], values: Sequence[float], level: float) -> float:
    """When a monotone course reaches a level, linear between its points."""
    rising = values[-1] > values[0]
    ordered = (values, times) if rising else (values[::-1], times[::-1])
    return float(np.interp(level, *ordered))


def rates_1_s(network: KernelNetwork, dt_s: float) -> list[float]:
    """The decay rates of a linear network, slowest first, from the eigenvalues of the step itself."""
    step, n = compile_step(network, dt_s), len(network.capacities_j_k)
    columns = [step([float(i == j) for i in range(n)], [0.0] * n)[0] for j in range(n)]
    eigenvalues = np.linalg.eigvals(np.array(columns).T).real
    return sorted(-math.log(value) / dt_s for value in eigenvalues)
