"""What a scenario says of the thermal network: nodes and their surfaces, couplings, elements, junctions, thermostats.

Structure is checked here: names, ends, connectedness; numbers by their ranges. `thermal.ThermalNetwork` takes a
checked configuration, `thermal_elements.expand` turns junction chains into nodes and couplings.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.plant.finishes import Finish

NodeName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
AreaM2 = Annotated[float, Meta(ge=0.0, le=1e5)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
NodeC = Annotated[float, Meta(ge=-270.0, le=500.0)]
ConductanceWK = Annotated[float, Meta(ge=0.0, le=1e6)]


class FinConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A radiator fed along one edge: how much of it is as warm as its root, see `thermal_elements.fin_efficiency`."""

    length_m: Annotated[float, Meta(gt=0.0, le=100.0)]
    """from the root, or the heat pipe, to the free edge; half the distance between two of them"""
    thickness_m: Annotated[float, Meta(gt=0.0, le=1.0)]
    conductivity_w_m_k: Annotated[float, Meta(gt=0.0, le=5000.0)]
    sides: Annotated[int, Meta(ge=1, le=2)] = 1
    """faces of the sheet that radiate; `area_m2` counts all of them"""
    reference_c: NodeC = 20.0
    """temperature about which radiation is taken as linear"""


class FlowConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A radiator that a fluid runs along, cooling on its way: how much of it is as warm as its inlet, which is the
    node's temperature, see `thermal_elements.flow_efficiency`."""

    flow_kg_s: Annotated[float, Meta(gt=0.0, le=1000.0)]
    cp_j_kg_k: Annotated[float, Meta(gt=0.0, le=2e4)]
    reference_c: NodeC = 20.0
    """inlet temperature at which the efficiency is taken"""


class LouverConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Blades turned by bimetal springs that feel the node: what they let out is linear in its temperature between
    closed and open (Gilmore, ch. 9: some 0.14 to 0.74 over 18 K)."""

    closed_emissivity: Share = 0.14
    open_emissivity: Share = 0.74
    closed_c: NodeC
    open_c: NodeC

    def __post_init__(self) -> None:
        if self.open_c <= self.closed_c:
            raise ConfigError(f"open_c = {self.open_c}: must be above closed_c = {self.closed_c}")
        if self.open_emissivity < self.closed_emissivity:
            raise ConfigError(
                f"open_emissivity = {self.open_emissivity}: must be at least "
                f"closed_emissivity = {self.closed_emissivity}"
            )


class SurfaceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outer surface of a node. It radiates to space over all of its area, by a plain emissivity, a finish or a
    louver."""

    area_m2: AreaM2
    emissivity: Share | None = None
    """for multilayer insulation the effective emittance e*"""
    absorptance: Share = 0.0
    """for sunlight; a finish brings its own"""
    finish: Finish | None = None
    age: Share = 0.0
    """of the finish: 0 beginning of life, 1 end of life"""
    louver: LouverConfig | None = None
    fin: FinConfig | None = None
    flow: FlowConfig | None = None
    face: NodeName | None = None
    """of the body: its Sun cosine and Earth view come from the attitude where that is known"""
    sun_cos: Share = 0.0
    """orbit-mean cosine between its normal and the Sun while that is seen; 0: it never is"""
    earth_view: Share = 0.0
    """its view of the Earth, as a share of a nadir-facing plate's"""

    def __post_init__(self) -> None:
        given = [name for name in ("emissivity", "finish", "louver") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ConfigError(
                f"emissivity = {self.emissivity}: a surface must have one of emissivity, finish and louver, "
                f"got {' and '.join(given) or 'none'}"
            )
        if self.finish is not None and self.absorptance != 0.0:
            raise ConfigError(f"absorptance = {self.absorptance}: must be left out, finish gives it")
        if self.finish is None and self.age != 0.0:
            raise ConfigError(f"age = {self.age}: must be left out without a finish")
        for name in ("fin", "flow"):
            if getattr(self, name) is not None and self.louver is not None:
                raise ConfigError(f"{name}: must be left out under a louver, whose emissivity has no one reference")


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node: an isothermal lump, or a boundary held at one temperature whatever flows into it."""

    name: NodeName
    capacity_j_k: Annotated[float, Meta(gt=0.0, le=1e9)] | None = None
    """of a lump; left out where a junction chain gives it"""
    held_c: Annotated[float, Meta(ge=-273.15, le=500.0)] | None = None
    """of a boundary: the host spacecraft, a chamber's wall, a sink that stands for all that a surface sees"""
    initial_c: NodeC = 15.0
    """of a lump"""
    surfaces: tuple[SurfaceConfig, ...] = ()
    """of a lump"""

    def __post_init__(self) -> None:
        if self.capacity_j_k is not None and self.held_c is not None:
            raise ConfigError(f"thermal.nodes: {self.name!r} has both of capacity_j_k and held_c: must have one")
        if self.held_c is not None and self.surfaces:
            raise ConfigError(f"thermal.nodes: {self.name!r} has held_c and surfaces: a boundary has no surfaces")


class CouplingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A conductance, or a radiative exchange (area x interchange factor), between two nodes."""

    a: NodeName
    b: NodeName
    w_k: ConductanceWK = 0.0
    radiative_m2: AreaM2 = 0.0


class HeatPipeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variable-conductance heat pipe: gas blocks its condenser until the evaporator is warm enough. A clipped ramp:
    `closed_w_k` at and below `set_c` of the evaporator, `w_k` from `set_c` + `range_k` on (Gilmore, ch. 14)."""

    evaporator: NodeName
    condenser: NodeName
    w_k: Annotated[float, Meta(gt=0.0, le=1e6)]
    closed_w_k: ConductanceWK = 0.0
    set_c: NodeC
    range_k: Annotated[float, Meta(ge=0.1, le=200.0)]

    def __post_init__(self) -> None:
        if self.closed_w_k > self.w_k:
            raise ConfigError(f"closed_w_k = {self.closed_w_k}: must be at most w_k = {self.w_k}")


class LoopConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pumped single-phase loop between two nodes, of conductance mdot cp (1 - exp(-UA / (mdot cp))) while it runs:
    the effectiveness of an exchanger with one isothermal side (Incropera, Fundamentals of Heat and Mass Transfer,
    ch. 11)."""

    a: NodeName
    b: NodeName
    flow_kg_s: Annotated[float, Meta(gt=0.0, le=100.0)]
    cp_j_kg_k: Annotated[float, Meta(gt=0.0, le=2e4)]
    ua_w_k: Annotated[float, Meta(gt=0.0, le=1e6)]
    pump_load: str
    """the electrical load that drives it; what it draws is heat of that load's node"""


class ChainConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_node": "from", "to_node": "to"}
):
    """A junction's thermal impedance to a node, from a data sheet's Foster fit: heat goes into `from`, which is the
    first capacity of the ladder; the others become nodes named after it: chip_j1, chip_j2 ..."""

    from_node: NodeName
    to_node: NodeName
    foster: tuple[tuple[float, float], ...]
    """[K/W, s] each"""


class ThermostatConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bimetal switch on a node that feeds a heater without asking flight software: closes below one temperature,
    opens above another."""

    node: NodeName
    on_below_c: NodeC
    off_above_c: NodeC
    load: str
    """the electrical load that it switches, which draws its `power_w` while the switch is closed"""

    def __post_init__(self) -> None:
        if self.off_above_c <= self.on_below_c:
            raise ConfigError(f"off_above_c = {self.off_above_c}: must be above on_below_c = {self.on_below_c}")


class ThermalNetworkConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The network: nodes that hang together, or parts of them that each have a surface or a boundary of their own."""

    nodes: tuple[NodeConfig, ...]
    couplings: tuple[CouplingConfig, ...] = ()
    heat_pipes: tuple[HeatPipeConfig, ...] = ()
    loops: tuple[LoopConfig, ...] = ()
    chains: tuple[ChainConfig, ...] = ()
    thermostats: tuple[ThermostatConfig, ...] = ()

    def __post_init__(self) -> None:
        names = [node.name for node in self.nodes]
        if not names:
            raise ConfigError("thermal.nodes: is empty: a network has at least one node")
        if all(node.held_c is not None for node in self.nodes):
            raise ConfigError(f"thermal.nodes: {', '.join(names)} all have held_c: one must have capacity_j_k")
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"thermal.nodes: {name!r} is given twice")
        joins = self._joins()
        for place, verb, a, b, _ in joins:
            for end in (a, b):
                _known(place, end, names)
            if a == b:
                raise ConfigError(f"thermal.{place}: {verb} {a!r} with itself")
        self._check_capacities(names)
        self._check_thermostats(names)
        self._check_parts([(a, b) for *_, a, b, carries in joins if carries], names)

    def _check_parts(self, joins: list[tuple[str, str]], names: list[str]) -> None:
        """Raises ConfigError: a part that hangs with no other, and that no heat leaves or that nothing warms."""
        first = _reached(joins, names[0])
        alone: set[str] = set()
        rest = [] if len(first) == len(names) else list(self.nodes)
        while rest:
            part = _reached(joins, rest[0].name)
            nodes = [node for node in self.nodes if node.name in part]
            leaves = any(node.surfaces or node.held_c is not None for node in nodes)
            if not leaves or all(node.held_c is not None for node in nodes):
                alone |= part
            rest = [node for node in rest if node.name not in part]
        if not alone:
            return
        others, than = (alone - first, names[0]) if alone - first else (alone, min(set(names) - first))
        raise ConfigError(
            f"thermal.couplings: {', '.join(sorted(others))} not connected with {than}: a part of its own must have a "
            "lump, and a surface or a boundary"
        )

    def _joins(self) -> list[tuple[str, str, str, str, bool]]:
        """(where it is declared, its verb, both ends, whether heat can pass) of all that joins two nodes."""
        return [
            *[
                (f"couplings.{n}", "couples", c.a, c.b, c.w_k > 0.0 or c.radiative_m2 > 0.0)
                for n, c in enumerate(self.couplings)
            ],
            *[(f"heat_pipes.{n}", "joins", p.evaporator, p.condenser, True) for n, p in enumerate(self.heat_pipes)],
            *[(f"loops.{n}", "joins", p.a, p.b, True) for n, p in enumerate(self.loops)],
            *[(f"chains.{n}", "joins", c.from_node, c.to_node, True) for n, c in enumerate(self.chains)],
        ]

    def _check_capacities(self, names: list[str]) -> None:
        starts = [chain.from_node for chain in self.chains]
        for node in self.nodes:
            if node.name in starts:
                place = starts.index(node.name)
                if node.capacity_j_k is not None or node.held_c is not None:
                    which = "held_c" if node.capacity_j_k is None else "capacity_j_k"
                    raise ConfigError(
                        f"thermal.chains.{place}: {node.name!r} has {which}: must be left out, the chain gives it"
                    )
                if starts.count(node.name) > 1:
                    raise ConfigError(f"thermal.chains.{place}: {node.name!r} is the start of two chains: must be one")
                stages = len(self.chains[place].foster)
                if taken := {f"{node.name}_j{stage}" for stage in range(1, stages)} & set(names):
                    raise ConfigError(
                        f"thermal.chains.{place}: needs the name {min(taken)!r}, which thermal.nodes has already"
                    )
            elif node.capacity_j_k is None and node.held_c is None:
                raise ConfigError(f"thermal.nodes: {node.name!r} has neither of capacity_j_k and held_c: must have one")

    def _check_thermostats(self, names: list[str]) -> None:
        held = [node.name for node in self.nodes if node.held_c is not None]
        for index, thermostat in enumerate(self.thermostats):
            _known(f"thermostats.{index}", thermostat.node, names)
            if thermostat.node in held:
                raise ConfigError(
                    f"thermal.thermostats.{index}: {thermostat.node!r} has held_c: a boundary needs no thermostat"
                )


def _known(place: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise ConfigError(f"thermal.{place}: {name!r} is no node: must be one of {', '.join(names)}")


def _reached(joins: list[tuple[str, str]], first: str) -> set[str]:
    neighbours: dict[str, set[str]] = {}
    for a, b in joins:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    reached, frontier = {first}, [first]
    while frontier:
        new = neighbours.get(frontier.pop(), set()) - reached
        reached |= new
        frontier += sorted(new)
    return reached
