"""Elements of a thermal network by their laws: surfaces, fins, radiators in a flow, pumped loops, heat pipes, chains.

Takes what a scenario declares of one element (`thermal_config`), gives its figures. Called by `thermal_assembly` and
`thermal_environment`, once at the start of a run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from flightsw.errors import ConfigError
from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4
from flightsw.plant.finishes import FINISHES
from flightsw.plant.thermal_config import FinConfig, FlowConfig, HeatPipeConfig, LoopConfig, SurfaceConfig
from flightsw.plant.thermal_source import Ramp

ZERO_C_K = 273.15


def optical(surface: SurfaceConfig) -> tuple[float, float]:
    """(absorptance, emissivity) of a surface; under a louver the emissivity of its open blades."""
    if surface.finish is not None:
        return FINISHES[surface.finish].at(surface.age)
    emissivity = surface.emissivity if surface.louver is None else surface.louver.open_emissivity
    return surface.absorptance, emissivity or 0.0


def effective_m2(surface: SurfaceConfig) -> float:
    """The surface's area as if all of it were at its node's temperature. What a fin or a flow absorbs reaches the node
    by the same efficiency: both are the same linear conduction."""
    area_m2, emissivity = surface.area_m2, optical(surface)[1]
    if surface.fin is not None:
        area_m2 *= fin_efficiency(surface.fin, emissivity)
    if surface.flow is not None:
        area_m2 *= flow_efficiency(surface.flow, emissivity * area_m2)
    return area_m2


def flow_outlet_k(flow: FlowConfig, emitting_m2: float, inlet_k: float) -> float:
    """Temperature at which a fluid leaves a radiator that is as warm as it is along its way, nothing absorbed:
    To^-3 = Ti^-3 + 3 eps sigma A / (mdot cp), from mdot cp dT = -eps sigma T^4 dA."""
    stream_w_k = flow.flow_kg_s * flow.cp_j_kg_k
    loss = 3.0 * STEFAN_BOLTZMANN_W_M2_K4 * emitting_m2 / stream_w_k
    return float((inlet_k**-3 + loss) ** (-1.0 / 3.0))


def flow_efficiency(flow: FlowConfig, emitting_m2: float) -> float:
    """Heat that such a radiator gives off, over what it would if all of it were as warm as its inlet, at the reference
    temperature."""
    inlet_k = flow.reference_c + ZERO_C_K
    uniform_w = STEFAN_BOLTZMANN_W_M2_K4 * emitting_m2 * inlet_k**4
    given_w = flow.flow_kg_s * flow.cp_j_kg_k * (inlet_k - flow_outlet_k(flow, emitting_m2, inlet_k))
    return given_w / uniform_w if uniform_w > 0.0 else 1.0


def fin_efficiency(fin: FinConfig, emissivity: float) -> float:
    """Heat that a fin radiates, over what it would at its root's temperature throughout: tanh(mL) / (mL) with
    m^2 = sides 4 eps sigma T^3 / (k thickness), linear about the reference temperature (Gilmore, ch. 6). A few per
    cent above the non-linear fin's where that is cold at its edge (0.64 for 0.62 at mL = 1.4)."""
    slope_w_m2_k = 4.0 * emissivity * STEFAN_BOLTZMANN_W_M2_K4 * (fin.reference_c + ZERO_C_K) ** 3
    m_l = fin.length_m * math.sqrt(fin.sides * slope_w_m2_k / (fin.conductivity_w_m_k * fin.thickness_m))
    return math.tanh(m_l) / m_l if m_l > 0.0 else 1.0


def louver_ramp(surface: SurfaceConfig) -> Ramp:
    """What a louvered surface emits, in m2, by its node's temperature."""
    louver = surface.louver
    assert louver is not None  # the caller has looked
    ramp = Ramp(louver.closed_emissivity, louver.open_emissivity, louver.closed_c + ZERO_C_K, louver.open_c + ZERO_C_K)
    return ramp.times(surface.area_m2)


def heat_pipe_ramp(pipe: HeatPipeConfig) -> Ramp:
    """A heat pipe's conductance in W/K by its evaporator's temperature."""
    set_k = pipe.set_c + ZERO_C_K
    return Ramp(pipe.closed_w_k, pipe.w_k, set_k, set_k + pipe.range_k)


def loop_w_k(loop: LoopConfig) -> float:
    """A pumped loop's conductance while its pump runs."""
    stream_w_k = loop.flow_kg_s * loop.cp_j_kg_k
    return -stream_w_k * math.expm1(-loop.ua_w_k / stream_w_k)


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
