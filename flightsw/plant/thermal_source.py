"""What generated thermal code is written from: a network by numbers, the order of elimination, sums known in part.

`thermal_kernel` writes the step from these and `thermal_environment` the heat inputs; `thermal_twin` reads the same
network. Every number is finite and checked
where the scenario is read; the order and the text are the same for the same network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4

Value = float | str
"""A number that is known beforehand, or text: a local or a product of locals."""
_PIECE = 80
"""Terms in one expression: a compiler's recursion has its limits."""


@dataclass(frozen=True)
class Ramp:
    """A value that follows a temperature, clipped: `low` at and below `from_k`, `high` at and above `to_k`."""

    low: float
    high: float
    from_k: float
    to_k: float

    def at(self, node_k: float) -> float:
        """The value at a temperature."""
        if node_k <= self.from_k:
            return self.low
        return self.high if node_k >= self.to_k else self.low + self.slope * (node_k - self.from_k)

    def slope_at(self, node_k: float) -> float:
        """Per kelvin, as the step takes it: 0 above the ramp alone. Below it the whole slope is counted, so that a node
        that comes onto the ramp within a step doesn't overshoot; the order of the method doesn't depend on that."""
        return self.slope if node_k < self.to_k else 0.0

    @property
    def slope(self) -> float:
        """Per kelvin between its ends."""
        return (self.high - self.low) / (self.to_k - self.from_k)

    def times(self, factor: float) -> Ramp:
        """The same ramp of a value that many times as large."""
        return replace(self, low=factor * self.low, high=factor * self.high)


def ramp_text(ramp: Ramp, at: str) -> str:
    """The ramp's value as an expression."""
    inside = f"{ramp.low!r} + {ramp.slope!r} * ({at} - {ramp.from_k!r})"
    return f"({ramp.low!r} if {at} <= {ramp.from_k!r} else {ramp.high!r} if {at} >= {ramp.to_k!r} else {inside})"


def ramp_slope_text(ramp: Ramp, at: str) -> str:
    """Its slope, as `Ramp.slope_at`, as an expression."""
    return f"({ramp.slope!r} if {at} < {ramp.to_k!r} else 0.0)"


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
    pipes: tuple[tuple[int, int, Ramp], ...] = ()
    """variable-conductance heat pipes: (evaporator, condenser, W/K by the evaporator's temperature)"""
    loops: tuple[tuple[int, int, float], ...] = ()
    """pumped: (node, node, W/K when fully open), one opening each"""
    louvers: tuple[tuple[int, Ramp], ...] = ()
    """(node, what it emits to space in m2 by its temperature)"""

    def free(self) -> list[int]:
        """Nodes that are not held."""
        return [i for i in range(len(self.capacities_j_k)) if i not in self.held]


@dataclass(frozen=True)
class Path:
    """All that joins one pair of nodes."""

    conductance: float = 0.0
    exchange: float = 0.0
    """sigma x area"""
    loops: tuple[tuple[int, float], ...] = ()
    """(number of its opening, W/K)"""
    pipes: tuple[tuple[int, int, Ramp], ...] = ()

    @property
    def varies(self) -> bool:
        """Whether its conductance depends on temperature."""
        return self.exchange > 0.0 or bool(self.pipes)

    @property
    def flows(self) -> bool:
        """Whether there is anything at all."""
        return self.varies or self.conductance > 0.0 or bool(self.loops)

    def without_exchange(self) -> Path:
        """The path but for its radiation."""
        return replace(self, exchange=0.0)


def paths_of(network: KernelNetwork) -> dict[tuple[int, int], Path]:
    """What joins each pair, the smaller number first, parallel paths added; pairs of two held nodes left out."""
    paths: dict[tuple[int, int], Path] = {}

    def at(a: int, b: int) -> tuple[tuple[int, int], Path]:
        key = (min(a, b), max(a, b))
        return key, paths.get(key, Path())

    for a, b, value in network.conductances:
        key, path = at(a, b)
        paths[key] = replace(path, conductance=path.conductance + value)
    for a, b, value in network.exchanges:
        key, path = at(a, b)
        paths[key] = replace(path, exchange=path.exchange + STEFAN_BOLTZMANN_W_M2_K4 * value)
    for number, (a, b, value) in enumerate(network.loops):
        key, path = at(a, b)
        paths[key] = replace(path, loops=(*path.loops, (number, value)))
    for pipe in network.pipes:
        key, path = at(pipe[0], pipe[1])
        paths[key] = replace(path, pipes=(*path.pipes, pipe))
    held = set(network.held)
    return {ends: path for ends, path in paths.items() if not held.issuperset(ends)}


def elimination_order(network: KernelNetwork, paths: dict[tuple[int, int], Path] | None = None) -> list[int]:
    """Free nodes by minimum degree: few fill-ins, the same for the same network. Among equals a node whose part of
    the matrix is known beforehand goes first: that much of the factors is a number then."""
    paths = paths_of(network) if paths is None else paths
    neighbours: dict[int, set[int]] = {i: set() for i in network.free()}
    varying = {i for i, area_m2 in enumerate(network.emitting_m2) if area_m2 > 0.0} | {i for i, _ in network.louvers}
    for (a, b), path in paths.items():
        if path.varies or path.loops:
            varying |= {a, b}
        if a in neighbours and b in neighbours:
            neighbours[a].add(b)
            neighbours[b].add(a)
    order = []
    while neighbours:
        node = min(neighbours, key=lambda i: (len(neighbours[i]), i in varying, i))
        around = neighbours.pop(node)
        for other in around:
            neighbours[other] |= around - {other}
            neighbours[other].discard(node)
        if node in varying:
            varying |= around
        order.append(node)
    return order


def factor_pattern(order: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[tuple[int, list[int]]]:
    """(pivot, later nodes coupled to it, fill-ins included) in elimination order."""
    place = {node: index for index, node in enumerate(order)}
    later: dict[int, set[int]] = {node: set() for node in order}
    for ends in pairs:
        first, second = sorted(ends, key=place.__getitem__)
        later[first].add(second)
    pattern = []
    for node in order:
        reach = sorted(later[node], key=place.__getitem__)
        for index, other in enumerate(reach):
            later[other].update(reach[index + 1 :])
        pattern.append((node, reach))
    return pattern


def product(one: Value, other: Value) -> Value:
    """Of two values: a number if both are."""
    if not isinstance(one, str) and not isinstance(other, str):
        return one * other
    return " * ".join(value if isinstance(value, str) else repr(value) for value in (one, other) if value != 1.0)


@dataclass
class Sum:
    """A sum as it is put together: what is known beforehand as one number, the rest as text."""

    known: float = 0.0
    terms: list[str] = field(default_factory=list)
    """each with its sign in front"""

    def add(self, value: Value) -> Sum:
        """One more; returns the sum."""
        if isinstance(value, str):
            self.terms.append(f"+ {value}")
        else:
            self.known += value
        return self

    def take(self, value: Value) -> Sum:
        """One less; returns the sum."""
        if isinstance(value, str):
            self.terms.append(f"- {value}")
        else:
            self.known -= value
        return self

    def value(self) -> Value:
        """A number if all is known, the term's text if it is but one, else the text of all."""
        return " ".join(self._signed()).removeprefix("+ ") if self.terms else self.known

    def pieces(self, name: str) -> Iterator[str]:
        """The sum as expressions to assign to `name` one after the other."""
        signed = self._signed()
        for start in range(0, len(signed), _PIECE):
            text = " ".join(signed[start : start + _PIECE])
            yield f"{name} {text}" if start else text.removeprefix("+ ")

    def _signed(self) -> list[str]:
        return [f"+ {self.known!r}", *self.terms] if self.known != 0.0 or not self.terms else self.terms


def compile_function(source: str, name: str) -> Any:
    """The function of that name in generated source."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102  the source is built from checked numbers alone
    return namespace[name]
