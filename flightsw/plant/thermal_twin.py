"""The step of a thermal network as its equations say it, with a dense solver: the slow, obvious twin of the generated
step that tests hold it to. Nothing else calls it.

    (C - g h J) k1 = f(T);  (C - g h J) k2 = f(T + h k1) - 2 C k1;  T' = T + 3/2 h k1 + 1/2 h k2
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4
from flightsw.plant.thermal_kernel import GAMMA, After
from flightsw.plant.thermal_source import KernelNetwork, Path, paths_of

Pair = tuple[int, int]
Temperatures = Sequence[float]


def slow_step(
    network: KernelNetwork,
    dt_s: float,
    temperatures_k: Temperatures,
    heat_w: Sequence[float],
    openings: Sequence[float] = (),
) -> After:
    """As the generated step: (temperatures after it, joules out)."""
    n, held, gh = len(temperatures_k), network.held, GAMMA * dt_s
    start, capacities_j_k = list(temperatures_k), network.capacities_j_k
    paths = paths_of(network)
    slopes = {ends: _slopes(path, ends, start, openings, held) for ends, path in paths.items()}
    to_space = [0.0 if i in held else _emission_slope(network, i, start[i]) for i in range(n)]
    matrix = [[0.0] * n for _ in range(n)]
    for i in range(n):
        matrix[i][i] = capacities_j_k[i] + gh * to_space[i]
    for (a, b), (at_a, at_b) in slopes.items():
        for i, j, slope in ((a, b, at_a), (b, a, at_b)):
            matrix[i][i] += gh * slope
            matrix[i][j] -= gh * slope
    for i in held:  # "its rate is 0" in place of its balance
        matrix[i] = [float(i == j) for j in range(n)]
    first, space = _fluxes(network, paths, start, heat_w, openings)
    k = _gauss(matrix, [0.0 if i in held else first[i] for i in range(n)])
    middle = [start[i] + dt_s * k[i] for i in range(n)]
    second, space_later = _fluxes(network, paths, middle, heat_w, openings)
    m = _gauss(matrix, [0.0 if i in held else second[i] - 2.0 * capacities_j_k[i] * k[i] for i in range(n)])
    both = [k[i] + m[i] for i in range(n)]
    out_w = space + space_later + gh * sum(to_space[i] * both[i] for i in range(n))
    out_w += sum(first[i] + second[i] for i in held)
    for (a, b), (at_a, at_b) in slopes.items():
        for i, j, slope in ((a, b, at_a), (b, a, at_b)):
            if j in held:
                out_w += gh * slope * both[i]
    return tuple(start[i] + dt_s * (1.5 * k[i] + 0.5 * m[i]) for i in range(n)), 0.5 * dt_s * out_w


def _fluxes(
    network: KernelNetwork,
    paths: dict[Pair, Path],
    at_k: Temperatures,
    heat_w: Sequence[float],
    openings: Sequence[float],
) -> tuple[list[float], float]:
    """(net heat into each node, what all of them send to space)."""
    net, space = list(heat_w), 0.0
    for i in network.free():
        sent = STEFAN_BOLTZMANN_W_M2_K4 * _emitting_m2(network, i, at_k[i]) * at_k[i] ** 4
        net[i] -= sent
        space += sent
    for (a, b), path in paths.items():
        flow = path.exchange * (at_k[a] ** 4 - at_k[b] ** 4)
        flow += _conductance(path, at_k, openings) * (at_k[a] - at_k[b])
        net[a] -= flow
        net[b] += flow
    return net, space


def _conductance(path: Path, at_k: Temperatures, openings: Sequence[float]) -> float:
    pumped: float = sum(openings[number] * value for number, value in path.loops)
    return path.conductance + pumped + sum(ramp.at(at_k[evaporator]) for evaporator, _, ramp in path.pipes)


def _slopes(
    path: Path, ends: Pair, at_k: Temperatures, openings: Sequence[float], held: Sequence[int]
) -> tuple[float, float]:
    """Of the flow, by either end's temperature: the same for both, but to a held node radiation's is exact."""
    a, b = ends
    slope = _conductance(path, at_k, openings)
    slope += sum(ramp.slope_at(at_k[e]) * max(at_k[e] - at_k[c], 0.0) for e, c, ramp in path.pipes)
    mean = (at_k[a] + at_k[b]) * (at_k[a] ** 2 + at_k[b] ** 2)
    by_a, by_b = (4.0 * at_k[i] ** 3 if other in held else mean for i, other in ((a, b), (b, a)))
    return slope + path.exchange * by_a, slope + path.exchange * by_b


def _emitting_m2(network: KernelNetwork, node: int, node_k: float) -> float:
    return network.emitting_m2[node] + sum(ramp.at(node_k) for i, ramp in network.louvers if i == node)


def _emission_slope(network: KernelNetwork, node: int, node_k: float) -> float:
    turning = sum(ramp.slope_at(node_k) for i, ramp in network.louvers if i == node)
    slope = 4.0 * _emitting_m2(network, node, node_k) * node_k**3 + turning * node_k**4
    return STEFAN_BOLTZMANN_W_M2_K4 * slope


def _gauss(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a dense system by elimination without pivoting (it is positive definite)."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    n = len(rows)
    for pivot in range(n):
        for row in range(pivot + 1, n):
            factor = rows[row][pivot] / rows[pivot][pivot]
            for column in range(pivot, n + 1):
                rows[row][column] -= factor * rows[pivot][column]
    solution = [0.0] * n
    for row in reversed(range(n)):
        known = sum(rows[row][column] * solution[column] for column in range(row + 1, n))
        solution[row] = (rows[row][n] - known) / rows[row][row]
    return solution
