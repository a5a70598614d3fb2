"""Elements of a network at steady state and against closed forms, and what of them a scenario may not say."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.errors import ConfigError
from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4
from flightsw.plant.thermal import ZERO_C_K, ThermalNetwork, ThermalNetworkConfig
from flightsw.plant.thermal_assembly import check_step
from flightsw.plant.thermal_config import FinConfig, FlowConfig, LoopConfig, SurfaceConfig
from flightsw.plant.thermal_elements import effective_m2, fin_efficiency, flow_outlet_k, loop_w_k, optical

PLATE = {"name": "plate", "capacity_j_k": 900.0, "initial_c": 20.0}
BOX = {"name": "box", "capacity_j_k": 5000.0, "initial_c": 10.0}
WALL = {"name": "wall", "held_c": 20.0}
CHIP = {"name": "chip", "initial_c": 20.0}
PIPE = {"evaporator": "plate", "condenser": "wall", "closed_w_k": 0.1, "w_k": 5.0, "set_c": 25.0, "range_k": 10.0}
LOOP = {"a": "plate", "b": "wall", "flow_kg_s": 0.002, "cp_j_kg_k": 4180.0, "ua_w_k": 10.0, "pump_load": "pump"}
LINK = {"a": "plate", "b": "box", "w_k": 0.5}
LOUVER = {"closed_emissivity": 0.1, "open_emissivity": 0.7, "closed_c": 10.0, "open_c": 28.0}
FOSTER = [[0.3, 0.02], [0.5, 0.4], [0.8, 5.0]]
CHAIN = {"from": "chip", "to": "wall", "foster": FOSTER}
BIMETAL = {"node": "plate", "on_below_c": 5.0, "off_above_c": 10.0, "load": "heater"}


def config(nodes: list[object], **parts: list[object]) -> ThermalNetworkConfig:
    return msgspec.convert({"nodes": nodes, **parts}, ThermalNetworkConfig)


def surface(**given: object) -> SurfaceConfig:
    return msgspec.convert({"area_m2": 0.2, **given}, SurfaceConfig)


def settled_k(network: ThermalNetwork, heat_w: list[float], openings: tuple[float, ...] | None = None):
    nodes_k = network.initial_k()
    for _ in range(40_000):
        nodes_k, _ = network.step(nodes_k, heat_w, openings)
    return nodes_k


@pytest.mark.parametrize("load_w", [0.3, 20.0, 120.0])
def test_a_heat_pipe_holds_its_evaporator_near_its_set_point(load_w) -> None:
    """Closed, on the ramp, open: Q = G(T) (T - Tc), solved for T."""
    network = ThermalNetwork(config([PLATE, WALL], heat_pipes=[PIPE]), 10.0)
    rise_k = settled_k(network, [load_w, 0.0])[0] - ZERO_C_K - 20.0
    slope = 4.9 / 10.0  # on the ramp (0.1 + slope (x - 5)) x = Q
    linear = 0.1 - 5.0 * slope
    on_ramp_k = (-linear + math.sqrt(linear**2 + 4.0 * slope * load_w)) / (2.0 * slope)
    expected_k = {0.3: 3.0, 20.0: on_ramp_k, 120.0: 24.0}[load_w]
    assert rise_k == pytest.approx(expected_k, abs=1e-6)
    assert (5.0 < rise_k < 15.0) is (load_w == 20.0)


def test_a_step_longer_than_an_evaporator_takes_to_answer_is_refused() -> None:
    host = {"a": "box", "b": "wall", "w_k": 0.1}
    die = PLATE | {"capacity_j_k": 6.0}
    network = config([die, BOX, WALL], heat_pipes=[PIPE | {"condenser": "box"}], couplings=[host])
    check_step(network, 1.2)
    with pytest.raises(ConfigError, match=r"dt_s = 1.3: must be above 0 and at most 1.2, .* an evaporator"):
        check_step(network, 1.3)


@pytest.mark.parametrize(("load_w", "node_c"), [(4.0, None), (40.0, 19.0), (120.0, None)])
def test_a_louver_opens_with_its_node(load_w, node_c) -> None:
    network = ThermalNetwork(config([PLATE | {"surfaces": [{"area_m2": 0.25, "louver": LOUVER}]}]), 10.0)
    (node_k,) = settled_k(network, [load_w])
    share = min(max((node_k - ZERO_C_K - 10.0) / 18.0, 0.0), 1.0)
    emitted_w = STEFAN_BOLTZMANN_W_M2_K4 * 0.25 * (0.1 + 0.6 * share) * node_k**4
    assert emitted_w == pytest.approx(load_w, rel=1e-9)
    assert (0.0 < share < 1.0) is (node_c is not None)
    if node_c is not None:
        assert node_k - ZERO_C_K == pytest.approx(node_c, abs=1.5)


def test_a_louver_takes_infrared_as_far_as_it_is_open() -> None:
    face = {"area_m2": 0.25, "louver": LOUVER, "earth_view": 0.4}
    network = ThermalNetwork(config([PLATE | {"surfaces": [face]}]), 1.0)
    assert network.environment_w(0.0, 100.0, 0.0, nodes_k=(260.0,)) == pytest.approx([0.25 * 0.1 * 40.0])
    assert network.environment_w(0.0, 100.0, 0.0, nodes_k=(ZERO_C_K + 19.0,)) == pytest.approx([0.25 * 0.4 * 40.0])
    assert network.environment_w(0.0, 100.0, 0.0) == pytest.approx([0.25 * 0.7 * 40.0])


@pytest.mark.parametrize("opening", [0.0, 0.5, 1.0])
def test_a_pumped_loop_carries_its_stream_times_its_effectiveness(opening) -> None:
    network = ThermalNetwork(
        config([PLATE, WALL], loops=[LOOP], couplings=[{"a": "plate", "b": "wall", "w_k": 0.5}]), 1.0
    )
    assert network.pumps == ("pump",)
    stream_w_k = 0.002 * 4180.0
    pumped_w_k = stream_w_k * (1.0 - math.exp(-10.0 / stream_w_k))
    rise_k = settled_k(network, [40.0, 0.0], (opening,))[0] - ZERO_C_K - 20.0
    assert rise_k == pytest.approx(40.0 / (0.5 + opening * pumped_w_k), rel=1e-9)


def test_a_loop_whose_pump_nobody_commands_stands_still() -> None:
    network = ThermalNetwork(
        config([PLATE, WALL], loops=[LOOP], couplings=[{"a": "plate", "b": "wall", "w_k": 0.5}]), 1.0
    )
    heat_w = [40.0, 0.0]
    assert network.step(network.initial_k(), heat_w) == network.step(network.initial_k(), heat_w, (0.0,))
    assert network.step(network.initial_k(), heat_w) != network.step(network.initial_k(), heat_w, (1.0,))


@given(st.floats(1e-4, 10.0), st.floats(0.01, 1e3))
def test_a_loop_carries_less_than_its_stream_and_less_than_its_exchanger(flow_kg_s, ua_w_k) -> None:
    loop = LoopConfig(a="a", b="b", flow_kg_s=flow_kg_s, cp_j_kg_k=2000.0, ua_w_k=ua_w_k, pump_load="pump")
    assert 0.0 < loop_w_k(loop) <= min(flow_kg_s * 2000.0, ua_w_k) * (1.0 + 1e-12)


def test_a_fin_is_as_good_as_the_conduction_equation_says() -> None:
    """theta'' = m^2 theta, theta(0) = 1, theta'(L) = 0 by finite differences; the mean of theta is the efficiency."""
    fin = FinConfig(length_m=0.2, thickness_m=0.001, conductivity_w_m_k=167.0, sides=2, reference_c=40.0)
    slope = 4.0 * 0.85 * STEFAN_BOLTZMANN_W_M2_K4 * (40.0 + ZERO_C_K) ** 3
    n, m2 = 1000, 2.0 * slope / (167.0 * 0.001)
    across = 0.2 / n
    matrix = np.diag([2.0 + m2 * across**2] * n) - np.diag([1.0] * (n - 1), 1) - np.diag([1.0] * (n - 1), -1)
    matrix[-1, -1] -= 1.0  # no flow through the edge; cell centres
    matrix[0, 0] += 1.0  # the root is half a cell away
    theta = np.linalg.solve(matrix, [2.0, *[0.0] * (n - 1)])
    assert fin_efficiency(fin, 0.85) == pytest.approx(theta.mean(), rel=1e-5)
    assert 0.3 < theta.mean() < 0.8


def test_a_short_fin_is_all_at_its_root() -> None:
    assert fin_efficiency(FinConfig(length_m=1e-4, thickness_m=0.01, conductivity_w_m_k=200.0), 0.9) > 0.999999
    assert fin_efficiency(FinConfig(length_m=0.1, thickness_m=0.01, conductivity_w_m_k=200.0), 0.0) == 1.0


@pytest.mark.parametrize("flow_kg_s", [1e-4, 0.01, 2.0])
def test_a_radiator_in_a_flow_gives_off_what_its_fluid_loses(flow_kg_s) -> None:
    """mdot cp dT/dA = -eps sigma T^4, by a fine march along the panel; a slow flow is cold long before its end."""
    flow = FlowConfig(flow_kg_s=flow_kg_s, cp_j_kg_k=3500.0, reference_c=45.0)
    steps, fluid_k = 200_000, 318.15
    for _ in range(steps):
        middle_k = fluid_k - 0.5 * STEFAN_BOLTZMANN_W_M2_K4 * 1.8 / steps * fluid_k**4 / (flow_kg_s * 3500.0)
        fluid_k -= STEFAN_BOLTZMANN_W_M2_K4 * 1.8 / steps * middle_k**4 / (flow_kg_s * 3500.0)
    assert flow_outlet_k(flow, 1.8, 318.15) == pytest.approx(fluid_k, rel=1e-7)
    panel = surface(area_m2=2.0, emissivity=0.9, flow=msgspec.to_builtins(flow))
    network = ThermalNetwork(config([PLATE | {"surfaces": [msgspec.to_builtins(panel)]}, BOX], couplings=[LINK]), 1.0)
    given_w = network.kernel_network.emitting_m2[0] * STEFAN_BOLTZMANN_W_M2_K4 * 318.15**4
    assert given_w == pytest.approx(flow_kg_s * 3500.0 * (318.15 - fluid_k), rel=1e-6)


def test_a_fin_takes_and_gives_by_its_efficiency() -> None:
    fin = {"length_m": 0.2, "thickness_m": 0.001, "conductivity_w_m_k": 167.0}
    panel = surface(emissivity=0.85, absorptance=0.3, sun_cos=1.0, fin=fin)
    assert 0.04 < effective_m2(panel) < 0.18
    network = ThermalNetwork(config([PLATE | {"surfaces": [msgspec.to_builtins(panel)]}]), 1.0)
    assert network.environment_w(1000.0, 0.0, 0.0) == pytest.approx([effective_m2(panel) * 300.0])
    assert network.kernel_network.emitting_m2 == pytest.approx([effective_m2(panel) * 0.85])


def test_a_finish_stands_for_its_figures_at_its_age() -> None:
    assert optical(surface(finish="white-paint")) == (0.20, 0.88)
    assert optical(surface(finish="white-paint", age=0.5)) == pytest.approx((0.30, 0.88))
    assert optical(surface(finish="mli", age=1.0))[1] == pytest.approx(0.05)


def test_surfaces_with_a_face_follow_the_attitude_and_the_others_do_not() -> None:
    fixed = {"area_m2": 0.1, "emissivity": 0.5, "absorptance": 0.4, "sun_cos": 0.3, "earth_view": 0.2}
    turned = fixed | {"face": "top", "area_m2": 0.2}
    below = fixed | {"face": "bottom", "area_m2": 0.3}
    network = ThermalNetwork(
        config(
            [PLATE | {"surfaces": [fixed, turned]}, BOX | {"surfaces": [below, turned]}],
            couplings=[{"a": "plate", "b": "box", "w_k": 1.0}],
        ),
        1.0,
    )
    assert network.faces == ("top", "bottom")
    cos, view = (0.9, 0.05), (0.1, 0.8)

    def expected_w(sun_cos, earth_view):
        parts = [
            (0, 0.1, 0.3, 0.2),
            (0, 0.2, sun_cos[0], earth_view[0]),
            (1, 0.3, sun_cos[1], earth_view[1]),
            (1, 0.2, sun_cos[0], earth_view[0]),
        ]
        heat_w = [0.0, 0.0]
        for node, area_m2, c, v in parts:
            heat_w[node] += area_m2 * (0.4 * c * 1361.0 + 0.5 * v * 230.0 + 0.4 * v * 400.0)
        return heat_w

    fluxes = (1361.0, 230.0, 400.0)
    assert network.environment_w(*fluxes, cos, view) == pytest.approx(expected_w(cos, view))
    assert network.environment_w(*fluxes) == pytest.approx(expected_w((0.3, 0.3), (0.2, 0.2)))
    assert network.environment_w(*fluxes, cos, None) == pytest.approx(expected_w(cos, (0.2, 0.2)))
    assert network.environment_w(*fluxes, None, view) == pytest.approx(expected_w((0.3, 0.3), view))


def test_a_junction_chain_answers_a_step_as_its_foster_fit_says() -> None:
    network = ThermalNetwork(config([CHIP, WALL], chains=[CHAIN]), 0.002)
    assert network.names == ("chip", "wall", "chip_j1", "chip_j2")
    nodes_k, heat_w = network.initial_k(), [20.0, 0.0, 0.0, 0.0]
    assert nodes_k == (ZERO_C_K + 20.0,) * 4
    checked = {10, 100, 1000, 5000}
    for count in range(1, 5001):
        nodes_k, _ = network.step(nodes_k, heat_w)
        if count in checked:
            expected_k = 20.0 * sum(r * -math.expm1(-count * 0.002 / tau) for r, tau in FOSTER)
            assert nodes_k[0] - ZERO_C_K - 20.0 == pytest.approx(expected_k, rel=2e-3)
            checked.discard(count)
    assert not checked


def test_a_chain_of_one_stage_needs_no_further_node() -> None:
    network = ThermalNetwork(config([CHIP, WALL], chains=[CHAIN | {"foster": [[2.0, 3.0]]}]), 0.1)
    assert network.names == ("chip", "wall")
    assert network.capacities_j_k == pytest.approx((1.5, 0.0))


@pytest.mark.parametrize(
    ("nodes", "parts", "complaint"),
    [
        ([PLATE, WALL], {"heat_pipes": [PIPE | {"condenser": "mast"}]}, r"heat_pipes.0: 'mast' is no node"),
        ([PLATE, WALL], {"heat_pipes": [PIPE | {"condenser": "plate"}]}, r"heat_pipes.0: joins 'plate' with itself"),
        ([PLATE, WALL], {"heat_pipes": [PIPE | {"closed_w_k": 6.0}]}, r"closed_w_k = 6.0: must be at most w_k = 5.0"),
        ([PLATE, WALL], {"heat_pipes": [PIPE | {"range_k": 0.0}]}, r"range_k"),
        ([PLATE, WALL], {"loops": [LOOP | {"b": "mast"}]}, r"loops.0: 'mast' is no node"),
        ([PLATE, WALL], {"loops": [LOOP | {"b": "plate"}]}, r"loops.0: joins 'plate' with itself"),
        ([PLATE, WALL], {"loops": [LOOP | {"flow_kg_s": -1.0}]}, r"flow_kg_s"),
        ([CHIP, WALL], {"chains": [CHAIN | {"to": "mast"}]}, r"chains.0: 'mast' is no node"),
        ([CHIP, WALL], {"chains": [CHAIN | {"to": "chip"}]}, r"chains.0: joins 'chip' with itself"),
        ([PLATE, WALL], {"chains": [CHAIN | {"from": "plate"}]}, r"chains.0: 'plate' has capacity_j_k"),
        ([PLATE, WALL], {"chains": [CHAIN | {"from": "wall", "to": "plate"}]}, r"chains.0: 'wall' has held_c"),
        ([CHIP, PLATE, WALL], {"chains": [CHAIN, CHAIN | {"to": "plate"}]}, r"'chip' is the start of two chains"),
        ([CHIP, WALL, PLATE | {"name": "chip_j1"}], {"chains": [CHAIN]}, r"needs the name 'chip_j1'"),
        ([CHIP, WALL], {}, r"'chip' has neither of capacity_j_k and held_c"),
        ([PLATE], {"thermostats": [BIMETAL | {"node": "mast"}]}, r"thermostats.0: 'mast' is no node"),
        ([PLATE], {"thermostats": [BIMETAL | {"off_above_c": 5.0}]}, r"off_above_c = 5.0: must be above on_below_c"),
        (
            [PLATE, WALL],
            {"heat_pipes": [PIPE], "thermostats": [BIMETAL | {"node": "wall"}]},
            r"thermostats.0: 'wall' has held_c",
        ),
        ([PLATE, BOX, WALL], {"loops": [LOOP]}, r"box not connected with plate"),
    ],
)
def test_an_element_that_does_not_fit_is_refused(nodes, parts, complaint) -> None:
    with pytest.raises((ConfigError, msgspec.ValidationError), match=complaint):
        config(nodes, **parts)


def test_stages_that_make_no_ladder_are_refused_by_their_chain() -> None:
    stages = config([CHIP, WALL], chains=[CHAIN | {"foster": [[0.3, 1.0], [0.4, 1.0]]}])
    with pytest.raises(ConfigError, match=r"thermal.chains.0: .*same time constant"):
        check_step(stages, 1.0)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "one of emissivity, finish and louver, got none"),
        ({"emissivity": 0.5, "finish": "osr"}, "got emissivity and finish"),
        ({"finish": "osr", "absorptance": 0.3}, "absorptance = 0.3: must be left out"),
        ({"emissivity": 0.5, "age": 0.3}, "age = 0.3: must be left out without a finish"),
        ({"finish": "gold-leaf"}, "gold-leaf"),
        ({"louver": LOUVER | {"open_c": 10.0}}, "open_c = 10.0: must be above closed_c = 10.0"),
        ({"louver": LOUVER | {"open_emissivity": 0.05}}, "open_emissivity = 0.05: must be at least"),
        (
            {"louver": LOUVER, "fin": {"length_m": 0.2, "thickness_m": 0.001, "conductivity_w_m_k": 167.0}},
            "left out under a louver",
        ),
    ],
)
def test_a_surface_radiates_by_exactly_one_description(given, complaint) -> None:
    with pytest.raises((ConfigError, msgspec.ValidationError), match=complaint):
        surface(**given)
