"""One step of a thermal network as straight-line generated Python, at a fixed step length or at any.

Scheme: ROS2, a linearly implicit two-stage method of second order, L-stable with gamma = 1 - 1/sqrt(2) (Verwer et
al., "A second-order Rosenbrock method applied to photochemical dispersion problems", SIAM J. Sci. Comput. 20, 1999):

    (C - g h J) k1 = f(T);  (C - g h J) k2 = f(T + h k1) - 2 C k1;  T' = T + 3/2 h k1 + 1/2 h k2

The source is written for p = g h k1 and A = C/(g h) - J, in which conduction needs no second look:

    A p = f(T)
    A w = (1 + sqrt 2) C/(g h) p - rest/(2 g),     rest: what J misses of the outflow between T and T + p/g
    T' = T + p + w

J is symmetric and taken at the step's start: conductances, 4 sigma R T^3 to space, between nodes the mean slope (the
method is of second order for any J), and where a conductance or an emittance isn't above its ramp, the ramp's slope. A
is positive definite with no entry above 0 off its diagonal; it is factored as L D L' on its own sparsity, the order of
elimination chosen once (minimum degree), and what of it is known beforehand is worked out beforehand. Summed over the
nodes the stages give what was radiated, so the first law closes to rounding:  sum C (T' - T) = h (sum Q) - out. A held
node is a boundary: it is no unknown, it sends nothing to space, and what flows into it is out.

Called by `thermal`; `thermal_twin` computes the same step slowly and obviously, for the tests (ADR 0004).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4
from flightsw.plant.thermal_source import (
    KernelNetwork,
    Path,
    Sum,
    Value,
    compile_function,
    elimination_order,
    factor_pattern,
    paths_of,
    product,
    ramp_slope_text,
    ramp_text,
)

GAMMA = 1.0 - 1.0 / math.sqrt(2.0)
_PER_GAMMA = 2.0 + math.sqrt(2.0)  # 1 / gamma

After = tuple[tuple[float, ...], float]
"""(temperatures after the step K, joules out: to space and into held nodes)"""


class StepFunction(Protocol):
    """A step of fixed length; an opening, 0 to 1, for every loop of the network."""

    def __call__(
        self, temperatures: Sequence[float], heat: Sequence[float], openings: Sequence[float] = (), /
    ) -> After: ...


VariableStep = Callable[[Sequence[float], Sequence[float], Sequence[float], float], After]
"""(temperatures K, heat W, openings, step length s > 0) -> as a step of that length"""


def compile_step(network: KernelNetwork, dt_s: float) -> StepFunction:
    """The step function of this network and step length."""
    step: StepFunction = compile_function(step_source(network, dt_s), "step")
    return step


def compile_variable_step(network: KernelNetwork) -> VariableStep:
    """The step function of this network that takes its length as an argument."""
    step: VariableStep = compile_function(step_source(network, None), "step")
    return step


def step_source(network: KernelNetwork, dt_s: float | None) -> str:
    """The generated function, as text; without `dt_s` the step's length is its last argument, `h`."""
    return _StepWriter(network, dt_s).source()


class _StepWriter:
    """Writes one step: a local per temperature, rate and matrix entry that isn't known beforehand.

    Locals by node: t start, q heat, c storage C/(g h), b = t t, e slope and s flux to space, v what emits it under a
    louver, y heat radiated by held nodes, f right side, r inverse pivot, p and w stages, u = t + p/g, z what J misses.
    By pair: n the conductance that varies with temperature, g all of it, i what a ramp adds to the slope, k the slope
    then, a and l matrix entries and multipliers, x flow, m what J misses. By loop: o opening.
    """

    def __init__(self, network: KernelNetwork, dt_s: float | None) -> None:
        self.network, self.n = network, len(network.capacities_j_k)
        self.dt_s = dt_s
        self.free = network.free()
        self.paths = paths_of(network)
        self.order = elimination_order(network, self.paths)
        self.lines: list[str] = []
        self.emit = {i: STEFAN_BOLTZMANN_W_M2_K4 * network.emitting_m2[i] for i in self.free}
        self.from_held: dict[int, Sum] = {}
        self.louvers = {i: [ramp for node, ramp in network.louvers if node == i] for i in self.free}
        self.slopes: dict[tuple[int, int], Value] = {}
        self.storage: dict[int, Value] = {}
        self.multipliers: dict[tuple[int, int], Value] = {}
        self.inverse: dict[int, Value] = {}
        self._split_held_exchange()
        self.pattern = factor_pattern(self.order, [ends for ends in self.paths if self._inner(ends)])

    def source(self) -> str:
        arguments = "temperatures, heat, openings, h" if self.dt_s is None else "temperatures, heat, openings=()"
        self._inputs()
        self._to_space()
        for ends, path in self.paths.items():
            self._conductance(ends, path)
        self._factor()
        self._solve(self._first_right_side(), "p")
        right_side = self._second_right_side()
        self._solve(right_side, "w")
        self._result()
        return f"def step({arguments}):\n" + "".join(f"    {line}\n" for line in self.lines)

    def _inner(self, ends: tuple[int, int]) -> bool:
        return not set(ends) & set(self.network.held)

    def _split_held_exchange(self) -> None:
        """Radiation exchanged with a held node is radiation to space, and heat from what the held node sends."""
        for (a, b), path in self.paths.items():
            if path.exchange > 0.0 and not self._inner((a, b)):
                node, boundary = (a, b) if b in self.network.held else (b, a)
                self.emit[node] += path.exchange
                self.from_held.setdefault(node, Sum()).add(f"{path.exchange!r} * b{boundary} * b{boundary}")
                self.paths[a, b] = path.without_exchange()

    def _inputs(self) -> None:
        everyone = range(self.n)
        self.lines.append(f"({', '.join(f't{i}' for i in everyone)},) = temperatures")
        self.lines.append(f"({', '.join(f'q{i}' for i in everyone)},) = heat")
        if self.network.loops:
            self.lines.append(f"({', '.join(f'o{i}' for i in range(len(self.network.loops)))},) = openings")
        if self.dt_s is None:
            self.lines.append(f"rate = {_PER_GAMMA!r} / h")
        for i in self.free:
            capacity_j_k = self.network.capacities_j_k[i]
            if self.dt_s is None:
                self.lines.append(f"c{i} = {capacity_j_k!r} * rate")
                self.storage[i] = f"c{i}"
            else:
                self.storage[i] = capacity_j_k * _PER_GAMMA / self.dt_s
        squared = {i for i in self.free if self._emits(i)}
        for (a, b), path in self.paths.items():
            squared |= {a, b} if path.exchange > 0.0 else set()
        squared |= {i for i in self.network.held if any(i in ends[:2] for ends in self.network.exchanges)}
        self.lines += [f"b{i} = t{i} * t{i}" for i in sorted(squared)]

    def _emits(self, i: int) -> bool:
        return self.emit[i] > 0.0 or bool(self.louvers[i])

    def _to_space(self) -> None:
        for i in self.free:
            fixed, ramps = self.emit[i], self.louvers[i]
            if ramps:
                sigma = STEFAN_BOLTZMANN_W_M2_K4
                varying = " + ".join(ramp_text(ramp.times(sigma), f"t{i}") for ramp in ramps)
                slope = " + ".join(ramp_slope_text(ramp.times(sigma), f"t{i}") for ramp in ramps)
                self.lines += [
                    f"v{i} = {fixed!r} + {varying}",
                    f"e{i} = 4.0 * v{i} * b{i} * t{i} + ({slope}) * b{i} * b{i}",
                    f"s{i} = v{i} * b{i} * b{i}",
                ]
            elif fixed > 0.0:
                self.lines += [f"e{i} = {4.0 * fixed!r} * b{i} * t{i}", f"s{i} = {fixed!r} * b{i} * b{i}"]
            if i in self.from_held:
                self._assign(f"y{i}", self.from_held[i])

    def _conductance(self, ends: tuple[int, int], path: Path) -> None:
        """The flow between two nodes, and its slope: a number, or a local where it isn't known beforehand."""
        a, b = ends
        total = Sum(path.conductance)
        for loop, full_w_k in path.loops:
            total.add(product(f"o{loop}", full_w_k))
        if path.varies:
            self.lines.append(f"n{a}_{b} = {self._varying(ends, path, 't', f'(b{a} + b{b})')}")
            total.add(f"n{a}_{b}")
        conductance = total.value()
        if not isinstance(conductance, float) and not conductance.isidentifier():
            self._assign(f"g{a}_{b}", total)
            conductance = f"g{a}_{b}"
        self.slopes[ends] = conductance
        if path.pipes:
            steeper = [f"{ramp_slope_text(ramp, f't{e}')} * max(t{e} - t{c}, 0.0)" for e, c, ramp in path.pipes]
            self.lines += [f"i{a}_{b} = {' + '.join(steeper)}", f"k{a}_{b} = {conductance} + i{a}_{b}"]
            self.slopes[ends] = f"k{a}_{b}"
        if path.flows:
            self.lines.append(f"x{a}_{b} = {product(conductance, f'(t{a} - t{b})')}")

    def _varying(self, ends: tuple[int, int], path: Path, at: str, squares: str) -> str:
        """The part of a conductance that varies with temperature, at the temperatures `at`."""
        a, b = ends
        terms = [ramp_text(ramp, f"{at}{evaporator}") for evaporator, _, ramp in path.pipes]
        if path.exchange > 0.0:
            terms.append(f"{path.exchange!r} * ({at}{a} + {at}{b}) * {squares}")
        return " + ".join(terms)

    def _factor(self) -> None:
        """L D L': inverse pivots and multipliers, each a number or a local; entries off the diagonal by their size."""
        diagonal = {i: Sum().add(self.storage[i]) for i in self.free}
        entries: dict[tuple[int, int], Sum] = {}
        place = {node: index for index, node in enumerate(self.order)}
        for i in self.free:
            if self._emits(i):
                diagonal[i].add(f"e{i}")
        for ends, slope in self.slopes.items():
            for end in ends:
                if end in diagonal:
                    diagonal[end].add(slope)
            if self._inner(ends):
                first, second = sorted(ends, key=place.__getitem__)
                entries[first, second] = Sum().add(slope)
        for pivot, reach in self.pattern:
            self.inverse[pivot] = self._local(f"r{pivot}", diagonal[pivot], inverse=True)
            values = {row: self._local(f"a{pivot}_{row}", entries[pivot, row]) for row in reach}
            for index, row in enumerate(reach):
                multiplier = Sum().add(product(values[row], self.inverse[pivot]))
                self.multipliers[pivot, row] = self._local(f"l{pivot}_{row}", multiplier)
                diagonal[row].take(product(self.multipliers[pivot, row], values[row]))
                for column in reach[:index]:
                    fill = product(self.multipliers[pivot, row], values[column])
                    entries.setdefault((column, row), Sum()).add(fill)

    def _first_right_side(self) -> dict[int, Sum]:
        """Net heat into each free node at the start."""
        right = {i: Sum().add(f"q{i}") for i in self.free}
        for i in self.free:
            if i in self.from_held:
                right[i].add(f"y{i}")
            if self._emits(i):
                right[i].take(f"s{i}")
        for (a, b), path in self.paths.items():
            if path.flows and a in right:
                right[a].take(f"x{a}_{b}")
            if path.flows and b in right:
                right[b].add(f"x{a}_{b}")
        return right

    def _second_right_side(self) -> dict[int, Sum]:
        right = {i: Sum().add(product(product(1.0 + math.sqrt(2.0), self.storage[i]), f"p{i}")) for i in self.free}
        moving = {end for ends, path in self.paths.items() if path.varies for end in ends}
        moving |= {i for i in self.free if self.louvers[i]}
        for i in sorted(moving):
            self.lines.append(f"u{i} = t{i} + {_PER_GAMMA!r} * p{i}" if i in right else f"u{i} = t{i}")
        for i in self.free:
            if self.louvers[i]:
                sigma = STEFAN_BOLTZMANN_W_M2_K4
                varying = " + ".join(ramp_text(ramp.times(sigma), f"u{i}") for ramp in self.louvers[i])
                emitted = f"({self.emit[i]!r} + {varying}) * u{i} * u{i} * u{i} * u{i}"
                self.lines.append(f"z{i} = {0.5 * _PER_GAMMA!r} * ({emitted} - s{i} - e{i} * (u{i} - t{i}))")
                right[i].take(f"z{i}")
            elif self.emit[i] > 0.0:  # u^4 - t^4 - 4 t^3 d = d^2 (2 t^2 + (2 t + d)^2), d = p/g
                self.lines.append(f"x = t{i} + t{i} + {_PER_GAMMA!r} * p{i}")
                factor = 0.5 * self.emit[i] * _PER_GAMMA**3
                self.lines.append(f"z{i} = {factor!r} * p{i} * p{i} * (b{i} + b{i} + x * x)")
                right[i].take(f"z{i}")
        for (a, b), path in self.paths.items():
            if path.varies:
                now = self._varying((a, b), path, "u", f"(u{a} * u{a} + u{b} * u{b})")
                ramps = f" - i{a}_{b} * (x - t{a} + t{b})" if path.pipes else ""
                self.lines.append(f"x = u{a} - u{b}")
                self.lines.append(f"m{a}_{b} = {0.5 * _PER_GAMMA!r} * (({now} - n{a}_{b}) * x{ramps})")
                if a in right:
                    right[a].take(f"m{a}_{b}")
                if b in right:
                    right[b].add(f"m{a}_{b}")
        return right

    def _solve(self, right: dict[int, Sum], out: str) -> None:
        """Forward and back substitution."""
        for pivot, reach in self.pattern:
            self._assign(f"f{pivot}", right[pivot])
            for row in reach:
                right[row].add(product(self.multipliers[pivot, row], f"f{pivot}"))
        for pivot, reach in reversed(self.pattern):
            value = Sum().add(product(f"f{pivot}", self.inverse[pivot]))
            for row in reach:
                value.add(product(self.multipliers[pivot, row], f"{out}{row}"))
            self._assign(f"{out}{pivot}", value)

    def _result(self) -> None:
        """Joules to space and into held nodes, linearised as the stages have it; then all that is returned."""
        first, second = Sum(), Sum()
        for i in self.free:
            if self._emits(i):
                first.add(f"s{i}").add(f"e{i} * p{i}")
                second.add(f"e{i} * w{i}").add(f"z{i}")
            if i in self.from_held:
                first.take(f"y{i}")
        for (a, b), path in self.paths.items():
            if path.flows and not self._inner((a, b)):
                node, move = (a, Sum.add) if a in self.storage else (b, Sum.take)
                move(first, f"x{a}_{b}").add(product(self.slopes[a, b], f"p{node}"))
                second.add(product(self.slopes[a, b], f"w{node}"))
                if path.varies:
                    move(second, f"m{a}_{b}")
        for i in self.network.held:
            first.add(f"q{i}")
        if second.terms:
            self._assign("x", second)
            first.add(f"{GAMMA!r} * x")
        self._assign("out", first)
        length: Value = "h" if self.dt_s is None else self.dt_s
        after = ", ".join(f"t{i} + p{i} + w{i}" if i in self.storage else f"t{i}" for i in range(self.n))
        self.lines.append(f"return ({after},), {product(length, 'out')}")

    def _local(self, name: str, total: Sum, *, inverse: bool = False) -> Value:
        """A sum's, or its inverse's, value: a number or a name, with the line that computes it."""
        value = total.value()
        if isinstance(value, float):
            return 1.0 / value if inverse else value
        if value.isidentifier() and not inverse:
            return value
        pieces = list(total.pieces(name))
        if inverse:
            pieces[-1] = f"1.0 / ({pieces[-1]})"
        self.lines += [f"{name} = {text}" for text in pieces]
        return name

    def _assign(self, name: str, total: Sum) -> None:
        """In pieces, so that no expression nests deeper than the compiler goes."""
        self.lines += [f"{name} = {text}" for text in total.pieces(name)]
