"""The thermal network: nodes, boundaries, conductances, radiation, heat inputs; what a scenario declares of it.

    C_i dT_i/dt = Q_i + sum_j G_ij (T_j - T_i) + sum_j sigma R_ij (T_j^4 - T_i^4) - sigma R_i0 T_i^4

Temperatures in kelvins inside, Celsius at the edges. Space is at 0 K (2.7 K changes nothing at any precision in
use); Earth's infrared is a heat input of the surfaces that see it. A boundary is a node held at its temperature.
Source: Gilmore, Spacecraft Thermal Control Handbook, ch. 15.

The step itself is generated code, see `thermal_kernel`. `ThermalConfig` comes from the scenario; the plant calls
`ThermalNetwork.step` every tick and `environment_w` for what the sky puts into each node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import mul
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError, PhysicsError
from flightsw.plant.thermal_kernel import compile_step
from flightsw.plant.thermal_source import KernelNetwork

ZERO_C_K = 273.15
LOWEST_K, HIGHEST_K = 3.0, 1200.0
"""Outside of these something is wrong with the network, not with the satellite."""

NodeName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
AreaM2 = Annotated[float, Meta(ge=0.0, le=1e5)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class SurfaceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outer surface of a node. It radiates to space over all of its area."""

    area_m2: AreaM2
    emissivity: Share
    absorptance: Share = 0.0
    """for sunlight"""
    sun_cos: Share = 0.0
    """orbit-mean cosine between its normal and the Sun while that is seen; 0: it never is"""
    earth_view: Share = 0.0
    """its view of the Earth, as a share of a nadir-facing plate's"""


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node: an isothermal lump, or a boundary held at one temperature whatever flows into it."""

    name: NodeName
    capacity_j_k: Annotated[float, Meta(gt=0.0, le=1e9)] | None = None
    """of a lump"""
    held_c: Annotated[float, Meta(ge=-270.0, le=500.0)] | None = None
    """of a boundary: the host spacecraft, a chamber's wall, a sink that stands for all that a surface sees"""
    initial_c: Annotated[float, Meta(ge=-200.0, le=150.0)] = 15.0
    """of a lump"""
    surfaces: tuple[SurfaceConfig, ...] = ()
    """of a lump"""

    def __post_init__(self) -> None:
        if (self.capacity_j_k is None) is (self.held_c is None):
            given = "neither" if self.held_c is None else "both"
            raise ConfigError(f"thermal.nodes: {self.name!r} has {given} of capacity_j_k and held_c: must have one")
        if self.held_c is not None and self.surfaces:
            raise ConfigError(f"thermal.nodes: {self.name!r} has held_c and surfaces: a boundary has no surfaces")


class CouplingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A conductance, or a radiative exchange (area x interchange factor), between two nodes."""

    a: NodeName
    b: NodeName
    w_k: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    radiative_m2: AreaM2 = 0.0


class ThermalNetworkConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The network. Every node must hang together with the others."""

    nodes: tuple[NodeConfig, ...]
    couplings: tuple[CouplingConfig, ...]

    def __post_init__(self) -> None:
        names = [node.name for node in self.nodes]
        if not names:
            raise ConfigError("thermal.nodes: is empty: a network has at least one node")
        if all(node.held_c is not None for node in self.nodes):
            raise ConfigError(f"thermal.nodes: {', '.join(names)} all have held_c: one must have capacity_j_k")
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"thermal.nodes: {name!r} is given twice")
        for index, coupling in enumerate(self.couplings):
            for end in (coupling.a, coupling.b):
                if end not in names:
                    raise ConfigError(
                        f"thermal.couplings.{index}: {end!r} is no node: must be one of {', '.join(names)}"
                    )
            if coupling.a == coupling.b:
                raise ConfigError(f"thermal.couplings.{index}: couples {coupling.a!r} with itself")
        alone = set(names) - self._reached_from(names[0])
        if alone:
            raise ConfigError(f"thermal.couplings: {', '.join(sorted(alone))} not connected with {names[0]}")

    def _reached_from(self, first: str) -> set[str]:
        reached, frontier = {first}, [first]
        while frontier:
            at = frontier.pop()
            for coupling in self.couplings:
                if coupling.w_k <= 0.0 and coupling.radiative_m2 <= 0.0:
                    continue
                for here, there in ((coupling.a, coupling.b), (coupling.b, coupling.a)):
                    if here == at and there not in reached:
                        reached.add(there)
                        frontier.append(there)
        return reached


class ThermalNetwork:
    """The network's law for one configuration and step length."""

    def __init__(self, config: ThermalNetworkConfig, dt_s: float) -> None:
        self.config = config
        self.names = tuple(node.name for node in config.nodes)
        self.index = {name: place for place, name in enumerate(self.names)}
        self.capacities_j_k = tuple(node.capacity_j_k or 0.0 for node in config.nodes)
        self.kernel_network = KernelNetwork(
            capacities_j_k=self.capacities_j_k,
            conductances=tuple((self.index[c.a], self.index[c.b], c.w_k) for c in config.couplings if c.w_k > 0.0),
            exchanges=tuple(
                (self.index[c.a], self.index[c.b], c.radiative_m2) for c in config.couplings if c.radiative_m2 > 0.0
            ),
            emitting_m2=tuple(sum(s.area_m2 * s.emissivity for s in node.surfaces) for node in config.nodes),
            held=tuple(place for place, node in enumerate(config.nodes) if node.held_c is not None),
        )
        self._step = compile_step(self.kernel_network, dt_s)
        self._sunlit = self._factors(lambda s: s.area_m2 * s.absorptance * s.sun_cos)
        self._infrared = self._factors(lambda s: s.area_m2 * s.emissivity * s.earth_view)
        self._albedo = self._factors(lambda s: s.area_m2 * s.absorptance * s.earth_view)

    def initial_k(self) -> tuple[float, ...]:
        """Temperatures at the start of a run, in the order of `names`."""
        return tuple((node.initial_c if node.held_c is None else node.held_c) + ZERO_C_K for node in self.config.nodes)

    def environment_w(self, sun_w_m2: float, infrared_w_m2: float, albedo_w_m2: float) -> list[float]:
        """Heat that sunlight, and a nadir plate's infrared and albedo, put into each node."""
        heat_w = [0.0] * len(self.names)
        for place, factor in self._sunlit:
            heat_w[place] += factor * sun_w_m2
        for place, factor in self._infrared:
            heat_w[place] += factor * infrared_w_m2
        for place, factor in self._albedo:
            heat_w[place] += factor * albedo_w_m2
        return heat_w

    def step(self, temperatures_k: tuple[float, ...], heat_w: list[float]) -> tuple[tuple[float, ...], float]:
        """(temperatures after one step, joules that left the nodes in it: to space and into boundaries). Heat put into
        a boundary has left too. Raises PhysicsError outside 3 to 1200 K."""
        after_k, out_j = self._step(temperatures_k, heat_w)
        if not (min(after_k) > LOWEST_K and max(after_k) < HIGHEST_K):
            place = next(place for place, node_k in enumerate(after_k) if not LOWEST_K < node_k < HIGHEST_K)
            raise PhysicsError(f"thermal node {self.names[place]!r} at {after_k[place]:.1f} K: out of all range")
        return after_k, out_j

    def stored_j(self, temperatures_k: tuple[float, ...]) -> float:
        """Heat held above 0 K, boundaries apart."""
        held_j: float = sum(map(mul, self.capacities_j_k, temperatures_k))
        return held_j

    def _factors(self, of: Callable[[SurfaceConfig], float]) -> list[tuple[int, float]]:
        return [
            (place, factor)
            for place, node in enumerate(self.config.nodes)
            if (factor := sum(of(surface) for surface in node.surfaces)) > 0.0
        ]


def foster_to_cauer(stages: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A data sheet's thermal impedance as a ladder of nodes: [(K/W, s)] -> [(J/K, K/W)] from the junction outwards.

    The stages of a Foster fit stand for no place and can't be coupled to anything; a Cauer ladder's can. The impedance
    sum R / (1 + s tau) = N(s) / D(s) is expanded as a continued fraction in C and R (Guillemin, Synthesis of Passive
    Networks, 1957). Raises ConfigError: a figure not above 0, or two equal time constants.
    """
    if not stages or any(r_k_w <= 0.0 or tau_s <= 0.0 for r_k_w, tau_s in stages):
        raise ConfigError(f"foster stages = {list(stages)}: need at least one, resistances and times above 0")
    if len({tau_s for _, tau_s in stages}) < len(stages):
        raise ConfigError(f"foster stages = {list(stages)}: two have the same time constant: add their resistances")
    above, below = [0.0], [1.0]  # coefficients, lowest power first
    for r_k_w, tau_s in stages:
        above = [old + r_k_w * new for old, new in zip(_times(above, tau_s), [*below, 0.0], strict=True)]
        below = _times(below, tau_s)
    ladder = []
    above.pop()
    for _ in stages:
        c_j_k = below[-1] / above[-1]
        below = [here - c_j_k * lower for here, lower in zip(below, [0.0, *above], strict=True)][:-1]
        r_k_w = above[-1] / below[-1]
        above = [here - r_k_w * other for here, other in zip(above, below, strict=True)][:-1]
        ladder.append((c_j_k, r_k_w))
    return ladder


def _times(polynomial: list[float], tau_s: float) -> list[float]:
    """The polynomial times (1 + s tau)."""
    return [here + tau_s * lower for here, lower in zip([*polynomial, 0.0], [0.0, *polynomial], strict=True)]
