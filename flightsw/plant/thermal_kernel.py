"""One step of a thermal network as straight-line generated Python, and the slow, obvious twin that tests hold it to.

Scheme: ROS2, a linearly implicit two-stage method of second order, L-stable with gamma = 1 - 1/sqrt(2) (Verwer et
al., "A second-order Rosenbrock method applied to photochemical dispersion problems", SIAM J. Sci. Comput. 20, 1999):

    (C - g h J) k1 = f(T)
    (C - g h J) k2 = f(T + h k1) - 2 C k1
    T' = T + 3/2 h k1 + 1/2 h k2

J is the Jacobian at the step's start (conduction, 4 sigma R T^3 to space; between nodes the mean slope, which keeps it
symmetric: the method is of second order for any J), so that no die is too small for any step. The
matrix is symmetric and positive definite; it is factored as L D L' on its own sparsity, the order of elimination
chosen once (minimum degree). Summed over the nodes the stages give what was radiated, so the first law closes to
rounding:  sum C (T' - T) = h (sum Q) - out. A held node is a boundary: it is no unknown, it sends nothing to space,
and what flows into it is out.

Why generated: six nodes take 4 us so, 30 us in numpy (ADR 0004). Called by `thermal`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4

GAMMA = 1.0 - 1.0 / math.sqrt(2.0)

StepFunction = Callable[[Sequence[float], Sequence[float]], tuple[tuple[float, ...], float]]
"""(temperatures K, heat W) -> (temperatures after the step K, joules out: to space and into held nodes)."""


@dataclass(frozen=True)
class KernelNetwork:
    """A network by numbers: (node, node, value) for what couples, per node what it holds and emits."""

    capacities_j_k: tuple[float, ...]
    conductances: tuple[tuple[int, int, float], ...]
    exchanges: tuple[tuple[int, int, float], ...]
    """radiative, in m2"""
    emitting_m2: tuple[float, ...]
    """to space"""
    held: tuple[int, ...] = ()
    """nodes that stay at their temperature, whatever flows; their capacity is not used"""


def compile_step(network: KernelNetwork, dt_s: float) -> StepFunction:
    """The step function of this network and step length."""
    namespace: dict[str, StepFunction] = {}
    exec(step_source(network, dt_s), namespace)  # noqa: S102  the source is built from checked numbers alone
    return namespace["step"]


def step_source(network: KernelNetwork, dt_s: float) -> str:
    """The generated function, as text: one local per temperature, rate and matrix entry."""
    n, free = len(network.capacities_j_k), _free(network)
    after = [f"t{i} + {1.5 * dt_s!r} * k{i} + {0.5 * dt_s!r} * m{i}" if i in free else f"t{i}" for i in range(n)]
    lines = [
        f"({_names('t', n)}) = temperatures",
        f"({_names('q', n)}) = heat",
        *_fluxes(network, "t", "f", space="s"),
        *_matrix(network, dt_s),
        *_factor(network),
        *_solve(network, "f", "k"),
        *[f"u{i} = t{i} + {dt_s!r} * k{i}" if i in free else f"u{i} = t{i}" for i in range(n)],
        *_fluxes(network, "u", "g", space="w"),
        *[f"g{i} -= {2.0 * network.capacities_j_k[i]!r} * k{i}" for i in free],
        *_solve(network, "g", "m"),
        f"out = {_out(network, dt_s)}",
        f"return ({', '.join(after)},), out",
    ]
    return "def step(temperatures, heat):\n" + "".join(f"    {line}\n" for line in lines)


def _names(letter: str, n: int) -> str:
    return ", ".join(f"{letter}{i}" for i in range(n)) + ","


def _free(network: KernelNetwork) -> list[int]:
    return [i for i in range(len(network.capacities_j_k)) if i not in network.held]


def _emitters(network: KernelNetwork) -> list[tuple[int, float]]:
    areas_m2 = network.emitting_m2
    return [(i, STEFAN_BOLTZMANN_W_M2_K4 * areas_m2[i]) for i in _free(network) if areas_m2[i] > 0.0]


def _pairs(network: KernelNetwork) -> dict[tuple[int, int], tuple[float, float]]:
    """(conductance, sigma x exchange area) by node pair, the smaller number first, parallel paths added."""
    pairs: dict[tuple[int, int], tuple[float, float]] = {}
    for a, b, value in network.conductances:
        key = (min(a, b), max(a, b))
        pairs[key] = (pairs.get(key, (0.0, 0.0))[0] + value, pairs.get(key, (0.0, 0.0))[1])
    for a, b, value in network.exchanges:
        key = (min(a, b), max(a, b))
        old = pairs.get(key, (0.0, 0.0))
        pairs[key] = (old[0], old[1] + STEFAN_BOLTZMANN_W_M2_K4 * value)
    return pairs


def _inner(network: KernelNetwork) -> dict[tuple[int, int], tuple[float, float]]:
    """The pairs of which neither is held."""
    return {ends: path for ends, path in _pairs(network).items() if not set(ends) & set(network.held)}


def _to_held(network: KernelNetwork) -> list[tuple[int, int, float, float]]:
    """(free node, held node, conductance, sigma x exchange area) where one of a pair is held."""
    held = network.held
    return [
        (a, b, *path) if b in held else (b, a, *path)
        for (a, b), path in _pairs(network).items()
        if (a in held) is not (b in held)
    ]


def _fluxes(network: KernelNetwork, at: str, into: str, space: str) -> list[str]:
    """Net heat into each node at temperatures `at`, and what each emitter sends to space."""
    lines = [f"{into}{i} = q{i}" for i in range(len(network.capacities_j_k))]
    for (a, b), (conductance, exchange) in _pairs(network).items():
        terms = []
        if conductance > 0.0:
            terms.append(f"{conductance!r} * ({at}{a} - {at}{b})")
        if exchange > 0.0:
            terms.append(f"{exchange!r} * ({at}{a} ** 4 - {at}{b} ** 4)")
        lines += [f"x = {' + '.join(terms)}", f"{into}{a} -= x", f"{into}{b} += x"]
    for i, factor in _emitters(network):
        lines += [f"{space}{i} = {factor!r} * {at}{i} * {at}{i} * {at}{i} * {at}{i}", f"{into}{i} -= {space}{i}"]
    return lines


def _matrix(network: KernelNetwork, dt_s: float) -> list[str]:
    """Entries of C - g h J at the step's start: d{i} on the diagonal, a{i}_{j} (i before j) off it."""
    gh = GAMMA * dt_s
    lines = [f"d{i} = {network.capacities_j_k[i]!r}" for i in _free(network)]
    for i, factor in _emitters(network):
        lines += [f"e{i} = {4.0 * factor!r} * t{i} * t{i} * t{i}", f"d{i} += {gh!r} * e{i}"]
    for a, b, conductance, exchange in _to_held(network):
        lines += [
            f"h{a}_{b} = {conductance!r} + {4.0 * exchange!r} * t{a} * t{a} * t{a}",
            f"d{a} += {gh!r} * h{a}_{b}",
        ]
    for (a, b), (conductance, exchange) in _inner(network).items():
        i, j = _ordered(network, a, b)
        if exchange > 0.0:
            # the exact Jacobian is not symmetric here; the mean slope keeps it so, and the heat balanced
            lines.append(f"x = {conductance!r} + {exchange!r} * (t{a} + t{b}) * (t{a} * t{a} + t{b} * t{b})")
            lines += [f"a{i}_{j} = {-gh!r} * x", f"d{a} += {gh!r} * x", f"d{b} += {gh!r} * x"]
        else:
            value = gh * conductance
            lines += [f"a{i}_{j} = {-value!r}", f"d{a} += {value!r}", f"d{b} += {value!r}"]
    return lines


def elimination_order(network: KernelNetwork) -> list[int]:
    """Nodes by minimum degree: few fill-ins, the same for the same network."""
    neighbours: dict[int, set[int]] = {i: set() for i in _free(network)}
    for a, b in _inner(network):
        neighbours[a].add(b)
        neighbours[b].add(a)
    order = []
    while neighbours:
        node = min(neighbours, key=lambda i: (len(neighbours[i]), i))
        around = neighbours.pop(node)
        for other in around:
            neighbours[other] |= around - {other}
            neighbours[other].discard(node)
        order.append(node)
    return order


def _ordered(network: KernelNetwork, a: int, b: int) -> tuple[int, int]:
    order = elimination_order(network)
    return (a, b) if order.index(a) < order.index(b) else (b, a)


def _pattern(network: KernelNetwork) -> list[tuple[int, list[int]]]:
    """(pivot, later nodes coupled to it, fill-ins included) in elimination order."""
    order = elimination_order(network)
    place = {node: index for index, node in enumerate(order)}
    later: dict[int, set[int]] = {node: set() for node in order}
    for a, b in _inner(network):
        first, second = (a, b) if place[a] < place[b] else (b, a)
        later[first].add(second)
    pattern = []
    for node in order:
        reach = sorted(later[node], key=place.__getitem__)
        for index, other in enumerate(reach):
            later[other].update(reach[index + 1 :])
        pattern.append((node, reach))
    return pattern


def _factor(network: KernelNetwork) -> list[str]:
    """L D L' in place: l{i}_{j} multipliers, d{i} becoming its inverse pivot r{i}."""
    have = {_ordered(network, a, b) for a, b in _inner(network)}
    lines = []
    for pivot, reach in _pattern(network):
        lines.append(f"r{pivot} = 1.0 / d{pivot}")
        for index, row in enumerate(reach):
            lines += [f"l{pivot}_{row} = a{pivot}_{row} * r{pivot}", f"d{row} -= l{pivot}_{row} * a{pivot}_{row}"]
            for column in reach[:index]:
                change = f"l{pivot}_{row} * a{pivot}_{column}"
                if (column, row) in have:
                    lines.append(f"a{column}_{row} -= {change}")
                else:
                    lines.append(f"a{column}_{row} = -{change}")
                    have.add((column, row))
    return lines


def _solve(network: KernelNetwork, right: str, out: str) -> list[str]:
    """Forward and back substitution; `right` is used up."""
    pattern = _pattern(network)
    lines = [f"{right}{row} -= l{pivot}_{row} * {right}{pivot}" for pivot, reach in pattern for row in reach]
    for pivot, reach in reversed(pattern):
        known = "".join(f" - l{pivot}_{row} * {out}{row}" for row in reach)
        lines.append(f"{out}{pivot} = {right}{pivot} * r{pivot}{known}")
    return lines


def _out(network: KernelNetwork, dt_s: float) -> str:
    """Joules to space and into held nodes: what flows in both stages, linearised as the stages have it."""
    gh = GAMMA * dt_s
    terms = [f"s{i} + w{i} + {gh!r} * e{i} * (k{i} + m{i})" for i, _ in _emitters(network)]
    terms += [f"f{i} + g{i}" for i in network.held]
    terms += [f"{gh!r} * h{a}_{b} * (k{a} + m{a})" for a, b, _, _ in _to_held(network)]
    return f"{0.5 * dt_s!r} * ({' + '.join(terms)})" if terms else "0.0"


def slow_step(
    network: KernelNetwork, dt_s: float, temperatures_k: Sequence[float], heat_w: Sequence[float]
) -> tuple[tuple[float, ...], float]:
    """The same step written as the equations above say, with a dense solver: the twin that tests compare with."""
    n = len(temperatures_k)
    pairs = _pairs(network)
    held = network.held
    emit = [0.0 if i in held else STEFAN_BOLTZMANN_W_M2_K4 * area for i, area in enumerate(network.emitting_m2)]

    def flux(t: Sequence[float]) -> list[float]:
        net = [heat_w[i] - emit[i] * t[i] ** 4 for i in range(n)]
        for (a, b), (conductance, exchange) in pairs.items():
            flow = conductance * (t[a] - t[b]) + exchange * (t[a] ** 4 - t[b] ** 4)
            net[a] -= flow
            net[b] += flow
        return net

    start = list(temperatures_k)
    gh = GAMMA * dt_s
    matrix = [[0.0] * n for _ in range(n)]
    for i in range(n):
        matrix[i][i] = network.capacities_j_k[i] + gh * 4.0 * emit[i] * start[i] ** 3
    for (a, b), (conductance, exchange) in pairs.items():
        slope = conductance + exchange * (start[a] + start[b]) * (start[a] ** 2 + start[b] ** 2)
        for i, j in ((a, b), (b, a)):
            matrix[i][i] += gh * (conductance + 4.0 * exchange * start[i] ** 3 if j in held else slope)
            matrix[i][j] -= gh * slope
    for i in held:  # "its rate is 0" in place of its balance
        matrix[i] = [float(i == j) for j in range(n)]
    first = flux(start)
    k = _gauss(matrix, [0.0 if i in held else first[i] for i in range(n)])
    middle = [start[i] + dt_s * k[i] for i in range(n)]
    second = flux(middle)
    m = _gauss(matrix, [0.0 if i in held else second[i] - 2.0 * network.capacities_j_k[i] * k[i] for i in range(n)])
    both = [k[i] + m[i] for i in range(n)]
    out_w = sum(emit[i] * (start[i] ** 4 + middle[i] ** 4 + gh * 4.0 * start[i] ** 3 * both[i]) for i in range(n))
    out_w += sum(first[i] + second[i] for i in held)
    for (a, b), (conductance, exchange) in pairs.items():
        for i, j in ((a, b), (b, a)):
            if j in held and i not in held:
                out_w += gh * (conductance + 4.0 * exchange * start[i] ** 3) * both[i]
    return tuple(start[i] + dt_s * (1.5 * k[i] + 0.5 * m[i]) for i in range(n)), 0.5 * dt_s * out_w


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
