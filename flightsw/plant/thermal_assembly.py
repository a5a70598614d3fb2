"""From a declared thermal network to one by numbers, and whether a step length resolves it.

Takes `thermal_config`, gives the nodes with junction chains written out and the kernel's network. Called by `thermal`,
and by the scenario's checks before anything is started.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import msgspec

from flightsw.errors import ConfigError
from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4
from flightsw.plant.thermal_config import CouplingConfig, NodeConfig, ThermalNetworkConfig
from flightsw.plant.thermal_elements import (
    ZERO_C_K,
    effective_m2,
    foster_to_cauer,
    heat_pipe_ramp,
    loop_w_k,
    louver_ramp,
    optical,
)
from flightsw.plant.thermal_kernel import GAMMA
from flightsw.plant.thermal_source import KernelNetwork

PARTS = 64
"""Of a step at most, that `thermal` takes it in."""
HOT_K = 400.0
"""Radiation is taken to be as quick as at this temperature: hotter than what flies, array panels apart."""
STEPS_A_TIME_CONSTANT = 10.0
"""ROS2 errs by 0.04 (dt / tau)^3 in a step of a decay: by 4e-4 of it over a time constant of ten steps."""


def assemble(config: ThermalNetworkConfig) -> tuple[list[NodeConfig], KernelNetwork]:
    """The nodes in the kernel's order, and the kernel's network. Raises ConfigError: stages that make no ladder."""
    nodes, couplings = expand(config)
    at = {node.name: place for place, node in enumerate(nodes)}
    surfaces = [(place, surface) for place, node in enumerate(nodes) for surface in node.surfaces]
    emitting_m2 = [0.0] * len(nodes)
    for place, surface in surfaces:
        if surface.louver is None:
            emitting_m2[place] += effective_m2(surface) * optical(surface)[1]
    return nodes, KernelNetwork(
        capacities_j_k=tuple(node.capacity_j_k or 0.0 for node in nodes),
        conductances=tuple((at[c.a], at[c.b], c.w_k) for c in couplings if c.w_k > 0.0),
        exchanges=tuple((at[c.a], at[c.b], c.radiative_m2) for c in couplings if c.radiative_m2 > 0.0),
        emitting_m2=tuple(emitting_m2),
        held=tuple(place for place, node in enumerate(nodes) if node.held_c is not None),
        pipes=tuple((at[p.evaporator], at[p.condenser], heat_pipe_ramp(p)) for p in config.heat_pipes),
        loops=tuple((at[loop.a], at[loop.b], loop_w_k(loop)) for loop in config.loops),
        louvers=tuple((place, louver_ramp(surface)) for place, surface in surfaces if surface.louver is not None),
    )


def expand(config: ThermalNetworkConfig) -> tuple[list[NodeConfig], list[CouplingConfig]]:
    """Nodes and couplings with every junction chain written out: the declared nodes first and in their order."""
    nodes, couplings = list(config.nodes), list(config.couplings)
    for index, chain in enumerate(config.chains):
        try:
            ladder = foster_to_cauer(chain.foster)
        except ConfigError as error:
            raise ConfigError(f"thermal.chains.{index}: {error}") from None
        names = [chain.from_node, *[f"{chain.from_node}_j{stage}" for stage in range(1, len(ladder))]]
        place = next(place for place, node in enumerate(nodes) if node.name == chain.from_node)
        start = nodes[place]
        for name, inward, (c_j_k, r_k_w) in zip(names, [*names[1:], chain.to_node], ladder, strict=True):
            if name == start.name:
                nodes[place] = msgspec.structs.replace(start, capacity_j_k=c_j_k)
            else:
                nodes.append(NodeConfig(name=name, capacity_j_k=c_j_k, initial_c=start.initial_c))
            couplings.append(CouplingConfig(a=name, b=inward, w_k=1.0 / r_k_w))
    return nodes, couplings


def initial_k(nodes: Sequence[NodeConfig]) -> tuple[float, ...]:
    """Temperatures at the start of a run."""
    return tuple((node.initial_c if node.held_c is None else node.held_c) + ZERO_C_K for node in nodes)


def check_step(config: ThermalNetworkConfig, dt_s: float) -> None:
    """Raises ConfigError where the step is too long for the network."""
    nodes, network = assemble(config)
    longest_s = longest_step_s(network, initial_k(nodes))
    if not 0.0 < dt_s <= longest_s:
        raise ConfigError(
            f"dt_s = {dt_s}: must be above 0 and at most {longest_s:.6g}, for the thermal network: a tenth of the time "
            "constant of the nodes that hold half of the heat, and that of an evaporator or a louver's node"
        )
    part_s, quickest = monotone_step_s(network, initial_k(nodes))
    if dt_s > PARTS * part_s:
        raise ConfigError(
            f"dt_s = {dt_s}: must be at most {PARTS * part_s:.4g}, for thermal node {nodes[quickest].name!r}: "
            f"{PARTS} parts of {part_s:.4g} s each, which follow its time constant"
        )


def monotone_step_s(network: KernelNetwork, nodes_k: Sequence[float]) -> tuple[float, int]:
    """(the longest step of the scheme after which more heat has cooled no node, the node that sets it).

    The step is (1 - g z)^-2 (1 + (1 - 2 g) z) with z = h J / C, off-diagonals at least 0: no entry of it is negative
    while (1 - 2 g) h sum G <= C at every node; (1 - g z)^-1 has none at any step (Bolley and Crouzeix, RAIRO Anal.
    Numer. 12, 1978). What heat does in its own step is at least 0 always: g (1 - g z)^-1 + (1 - g) (1 - g z)^-2."""
    leaving_w_k = _leaving_w_k(network, [max(node_k, HOT_K) for node_k in nodes_k])
    quickest = min(network.free(), key=lambda i: network.capacities_j_k[i] / (leaving_w_k[i] or 1e-300))
    if leaving_w_k[quickest] == 0.0:
        return math.inf, quickest
    return network.capacities_j_k[quickest] / leaving_w_k[quickest] / (1.0 - 2.0 * GAMMA), quickest


def longest_step_s(network: KernelNetwork, nodes_k: Sequence[float]) -> float:
    """The longest step that resolves the network, by each node's own time constant, C / (sum G + 4 sigma R T^3), all
    else at rest, at these temperatures and with every element open: a tenth of the one that nodes with half of the
    heat capacity reach or exceed; and no more than that of a node that an element follows.

    The scheme is stable at any step. A node faster than the step settles within it, which is taken in parts for it
    (`monotone_step_s`), to the steady course that its neighbours set; but where most of the heat is held must be
    followed, or nothing is. An evaporator or a louver's node that goes over its whole ramp within a step may ring about
    it."""
    leaving_w_k = _leaving_w_k(network, nodes_k)
    taus_s = [c / g if g > 0.0 else math.inf for c, g in zip(network.capacities_j_k, leaving_w_k, strict=True)]
    followed = {evaporator for evaporator, _, _ in network.pipes} | {node for node, _ in network.louvers}
    lumps = sorted(zip(taus_s, network.capacities_j_k, strict=True), reverse=True)
    reached_j_k = itertools.accumulate(capacity_j_k for _, capacity_j_k in lumps)
    half_j_k = 0.5 * sum(network.capacities_j_k)
    place = next(place for place, held_j_k in enumerate(reached_j_k) if held_j_k >= half_j_k)
    return min([lumps[place][0] / STEPS_A_TIME_CONSTANT, *[taus_s[i] for i in followed - set(network.held)]])


def _leaving_w_k(network: KernelNetwork, nodes_k: Sequence[float]) -> list[float]:
    """What leaves each node per kelvin of its own."""
    slopes_w_m2_k = [4.0 * STEFAN_BOLTZMANN_W_M2_K4 * node_k**3 for node_k in nodes_k]
    leaving_w_k = [slope * area_m2 for slope, area_m2 in zip(slopes_w_m2_k, network.emitting_m2, strict=True)]
    for place, ramp in network.louvers:
        leaving_w_k[place] += slopes_w_m2_k[place] * ramp.high
    pipes = [(a, b, ramp.high) for a, b, ramp in network.pipes]
    for a, b, w_k in (*network.conductances, *network.loops, *pipes):
        leaving_w_k[a] += w_k
        leaving_w_k[b] += w_k
    for a, b, area_m2 in network.exchanges:
        for end in (a, b):
            leaving_w_k[end] += slopes_w_m2_k[end] * area_m2
    return leaving_w_k
