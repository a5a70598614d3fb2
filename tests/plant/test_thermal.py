"""Thermal network: what its configuration refuses, what sunlight and Earth put where, ladders from data sheets."""

from __future__ import annotations

import itertools
import math

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flightsw.errors import ConfigError, PhysicsError
from flightsw.node.scenario import check, load_scenario
from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4
from flightsw.plant.thermal import ZERO_C_K, ThermalNetwork, ThermalNetworkConfig, foster_to_cauer
from flightsw.plant.thermal_assembly import assemble, initial_k, longest_step_s
from flightsw.plant.thermal_kernel import compile_step
from flightsw.plant.thermal_source import KernelNetwork

PLATE = {"name": "plate", "capacity_j_k": 900.0, "initial_c": 20.0}
BOX = {"name": "box", "capacity_j_k": 5000.0, "initial_c": 10.0}
WALL = {"name": "wall", "held_c": 20.0}
LINK = {"a": "plate", "b": "box", "w_k": 0.5}
FRONT = {"area_m2": 0.2, "emissivity": 0.8, "absorptance": 0.3, "sun_cos": 0.5, "earth_view": 0.4}


def config(nodes: list[object], couplings: list[object]) -> ThermalNetworkConfig:
    return msgspec.convert({"nodes": nodes, "couplings": couplings}, ThermalNetworkConfig)


def test_each_surface_takes_its_share_of_sun_infrared_and_albedo() -> None:
    back = {"area_m2": 0.1, "emissivity": 0.5, "earth_view": 1.0}
    network = ThermalNetwork(config([PLATE | {"surfaces": [FRONT, back]}, BOX], [LINK]), 1.0)
    assert network.environment_w(1000.0, 0.0, 0.0) == pytest.approx([0.2 * 0.3 * 0.5 * 1000.0, 0.0])
    assert network.environment_w(0.0, 200.0, 0.0) == pytest.approx([(0.2 * 0.8 * 0.4 + 0.1 * 0.5) * 200.0, 0.0])
    assert network.environment_w(0.0, 0.0, 300.0) == pytest.approx([0.2 * 0.3 * 0.4 * 300.0, 0.0])
    assert network.kernel_network.emitting_m2 == pytest.approx((0.2 * 0.8 + 0.1 * 0.5, 0.0))


def test_a_run_starts_at_the_configured_temperatures() -> None:
    network = ThermalNetwork(config([PLATE, BOX], [LINK]), 1.0)
    assert network.initial_k() == pytest.approx((293.15, 283.15))
    assert network.stored_j(network.initial_k()) == pytest.approx(900.0 * 293.15 + 5000.0 * 283.15)


def test_heat_held_is_heat_taken_in_less_heat_radiated() -> None:
    network = ThermalNetwork(config([PLATE | {"surfaces": [FRONT]}, BOX], [LINK]), 1.0)
    nodes_k = network.initial_k()
    start_j, out_j = network.stored_j(nodes_k), 0.0
    for _ in range(3600):
        nodes_k, radiated_j = network.step(nodes_k, [30.0, 5.0])
        out_j += radiated_j
    assert out_j > 10_000.0
    assert network.stored_j(nodes_k) - start_j == pytest.approx(35.0 * 3600 - out_j, abs=1e-5)


def test_heat_that_flows_into_a_boundary_has_left() -> None:
    network = ThermalNetwork(config([PLATE, WALL], [LINK | {"b": "wall"}]), 1.0)
    nodes_k = network.initial_k()
    start_j, left_j = network.stored_j(nodes_k), 0.0
    for _ in range(36000):
        nodes_k, out_j = network.step(nodes_k, [30.0, 5.0])
        left_j += out_j
    assert nodes_k == pytest.approx((293.15 + 30.0 / 0.5, 293.15), abs=1e-6)
    assert network.stored_j(nodes_k) - start_j == pytest.approx(35.0 * 36000 - left_j, abs=1e-5)


@pytest.mark.parametrize("sink_c", [-270.0, -73.15, 20.0])
def test_a_radiator_settles_where_its_exchange_with_a_sink_carries_its_load(sink_c: float) -> None:
    sink = {"name": "sink", "held_c": sink_c}
    view = {"a": "plate", "b": "sink", "radiative_m2": 0.12 * 0.86}
    network = ThermalNetwork(config([PLATE, sink], [view]), 100.0)
    nodes_k = network.initial_k()
    for _ in range(5000):
        nodes_k, out_j = network.step(nodes_k, [30.0, 0.0])
    settled_k = (30.0 / (STEFAN_BOLTZMANN_W_M2_K4 * 0.12 * 0.86) + (sink_c + ZERO_C_K) ** 4) ** 0.25
    assert nodes_k[0] == pytest.approx(settled_k, abs=1e-6)
    assert out_j == pytest.approx(3000.0)


def test_a_temperature_out_of_all_range_names_its_node() -> None:
    network = ThermalNetwork(config([PLATE, BOX], [LINK]), 1.0)
    with pytest.raises(PhysicsError, match=r"thermal node 'box' at .* out of all range"):
        network.step(network.initial_k(), [0.0, 1e7])


def test_a_node_too_cold_is_named_too() -> None:
    network = ThermalNetwork(config([PLATE, BOX], [LINK]), 1.0)
    with pytest.raises(PhysicsError, match=r"thermal node 'plate' at .* out of all range"):
        network.step(network.initial_k(), [-1e6, 0.0])


@pytest.mark.parametrize(
    ("nodes", "couplings", "complaint"),
    [
        ([], [], "is empty"),
        ([PLATE, PLATE], [], "'plate' is given twice"),
        ([PLATE, BOX], [LINK | {"b": "mast"}], "'mast' is no node"),
        ([PLATE, BOX], [LINK, LINK | {"b": "plate"}], "couples 'plate' with itself"),
        ([PLATE, BOX], [], "box not connected with plate"),
        ([{"name": "plate"}], [], "'plate' has neither of capacity_j_k and held_c"),
        ([PLATE | {"held_c": 5.0}], [], "'plate' has both of capacity_j_k and held_c"),
        ([WALL | {"surfaces": [FRONT]}], [], "a boundary has no surfaces"),
        ([WALL], [], "wall all have held_c"),
        ([PLATE, BOX], [LINK | {"w_k": 0.0}], "box not connected with plate"),
    ],
)
def test_a_network_that_does_not_hang_together_is_refused(nodes, couplings, complaint) -> None:
    with pytest.raises((ConfigError, msgspec.ValidationError), match=complaint):
        config(nodes, couplings)


def test_parts_that_share_nothing_but_space_each_settle_by_themselves() -> None:
    bodies = [
        {"name": name, "capacity_j_k": 400.0, "initial_c": 20.0, "surfaces": [{"area_m2": area, "emissivity": 0.8}]}
        for name, area in (("array", 0.5), ("plate", 0.1))
    ]
    pair = [{"name": "chamber", "held_c": -50.0}, {"name": "box", "capacity_j_k": 300.0}]
    link = {"a": "box", "b": "chamber", "w_k": 0.5}
    network = ThermalNetwork(config([*bodies, *pair], [link]), 10.0)
    nodes_k = network.initial_k()
    for _ in range(20000):
        nodes_k, _ = network.step(nodes_k, [100.0, 30.0, 0.0, 5.0])
    radiated_w = STEFAN_BOLTZMANN_W_M2_K4 * 0.8
    settled_k = ((100.0 / (0.5 * radiated_w)) ** 0.25, (30.0 / (0.1 * radiated_w)) ** 0.25, 223.15, 233.15)
    assert nodes_k == pytest.approx(settled_k, abs=1e-6)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["plate", "wall"], "wall not connected with plate: a part of its own must have a lump"),
        (["box", "radiator"], "box not connected with radiator"),
    ],
)
def test_a_part_that_no_heat_leaves_or_enters_is_refused(names: list[str], complaint: str) -> None:
    face = {"area_m2": 0.1, "emissivity": 0.8}
    nodes = {
        "plate": {"name": "plate", "capacity_j_k": 100.0, "surfaces": [face]},
        "wall": {"name": "wall", "held_c": 5.0},
        "box": {"name": "box", "capacity_j_k": 100.0},
        "radiator": {"name": "radiator", "capacity_j_k": 100.0, "surfaces": [face]},
    }
    with pytest.raises(ConfigError, match=complaint):
        config([nodes[name] for name in names], [])


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 10.0])
def test_a_step_that_resolves_what_holds_the_heat_is_allowed(dt_s) -> None:
    default = load_scenario("cubesat-6u-orin-nano").plant.thermal
    assert ThermalNetwork(default, dt_s).dt_s == dt_s


@pytest.mark.parametrize("dt_s", [1000.0, 0.0, -1.0, math.nan])
def test_a_step_that_resolves_nothing_is_refused(dt_s) -> None:
    default = load_scenario("cubesat-6u-orin-nano").plant.thermal
    with pytest.raises(ConfigError, match=rf"dt_s = {dt_s}: must be above 0 and at most 434.9"):
        ThermalNetwork(default, dt_s)


def test_a_quick_node_is_followed_in_parts_and_refused_beyond_them() -> None:
    """0.02 J/K on 2 W/K: 10 ms, so that parts of 24 ms keep more heat from cooling anything, and 64 of them are 1.5 s.
    The answer is the closed form's: it stands above its neighbour by Q/G."""
    quick = config(
        [BOX, {"name": "die", "capacity_j_k": 0.02, "initial_c": 10.0}], [{"a": "die", "b": "box", "w_k": 2.0}]
    )
    network = ThermalNetwork(quick, 1.0)
    (box_k, die_k), _ = network.step(network.initial_k(), [0.0, 30.0])
    assert die_k - box_k == pytest.approx(15.0, rel=1e-3)
    with pytest.raises(ConfigError, match=r"dt_s = 2.0: must be at most 1.545, for thermal node 'die'"):
        ThermalNetwork(quick, 2.0)


def test_the_longest_step_is_a_tenth_of_the_time_constant_of_where_the_heat_is() -> None:
    wall = {"a": "plate", "b": "wall", "w_k": 2.0}
    link = {"a": "plate", "b": "box", "w_k": 0.5}
    nodes, network = assemble(config([PLATE, BOX, WALL], [wall, link]))
    assert longest_step_s(network, initial_k(nodes)) == pytest.approx(0.1 * 5000.0 / 0.5)
    nodes, network = assemble(config([PLATE, WALL], [wall]))
    assert longest_step_s(network, initial_k(nodes)) == pytest.approx(0.1 * 900.0 / 2.0)
    nodes, network = assemble(config([PLATE], []))
    assert longest_step_s(network, initial_k(nodes)) == math.inf


def test_a_scenario_of_too_long_a_step_is_refused_before_a_run() -> None:
    scenario = load_scenario("cubesat-6u-orin-nano", ["dt_s=10.0"])
    thermal = scenario.plant.thermal
    light = [replace(node, capacity_j_k=0.01 * node.capacity_j_k) for node in thermal.nodes]
    plant = replace(scenario.plant, thermal=replace(thermal, nodes=tuple(light)))
    check(scenario)
    with pytest.raises(ConfigError, match=r"dt_s = 10.0: must be above 0 and at most 4.349"):
        check(replace(scenario, plant=plant))


def test_two_parts_of_a_step_make_a_step() -> None:
    network = ThermalNetwork(config([PLATE | {"surfaces": [FRONT]}, BOX], [LINK]), 1.0)
    whole_k, whole_j = network.step(network.initial_k(), [30.0, 5.0])
    half_k, first_j = network.step_for(network.initial_k(), [30.0, 5.0], 0.4)
    parts_k, second_j = network.step_for(half_k, [30.0, 5.0], 0.6)
    assert network.step_for(network.initial_k(), [30.0, 5.0], 1.0)[0] == pytest.approx(whole_k, rel=1e-13)
    assert parts_k == pytest.approx(whole_k, abs=1e-8)
    assert first_j + second_j == pytest.approx(whole_j, rel=1e-6)
    with pytest.raises(PhysicsError, match="out of all range"):
        network.step_for(network.initial_k(), [0.0, 1e8], 0.5)


stages = st.lists(st.tuples(st.floats(0.05, 2.0), st.floats(0.1, 100.0)), min_size=1, max_size=4)


@settings(max_examples=60)
@given(stages)
def test_a_ladder_answers_a_step_as_the_data_sheet_says(foster) -> None:
    times = sorted(tau_s for _, tau_s in foster)
    assume(all(second > 1.5 * first for first, second in itertools.pairwise(times)))
    ladder = foster_to_cauer(foster)
    assert sum(r for _, r in ladder) == pytest.approx(sum(r for r, _ in foster))
    n = len(ladder)
    network = KernelNetwork(
        (*[c for c, _ in ladder], 1e18),
        tuple((i, i + 1, 1.0 / r) for i, (_, r) in enumerate(ladder)),
        (),
        (0.0,) * (n + 1),
    )
    dt_s = times[0] / 50
    step, nodes_k = compile_step(network, dt_s), (300.0,) * (n + 1)
    for count in range(1, 201):
        nodes_k, _ = step(nodes_k, (10.0, *[0.0] * n))
        if count in (10, 50, 200):
            expected_k = 10.0 * sum(r * -np.expm1(-count * dt_s / tau) for r, tau in foster)
            assert nodes_k[0] - 300.0 == pytest.approx(expected_k, rel=2e-3)


@pytest.mark.parametrize("foster", [[], [(0.0, 1.0)], [(1.0, -2.0)]])
def test_stages_without_resistance_or_time_are_refused(foster) -> None:
    with pytest.raises(ConfigError, match="above 0"):
        foster_to_cauer(foster)


def test_two_stages_of_one_time_constant_are_refused() -> None:
    with pytest.raises(ConfigError, match="same time constant"):
        foster_to_cauer([(0.3, 5.0), (0.4, 5.0)])


def test_a_foil_that_cools_by_half_of_its_temperature_in_a_step_is_followed_all_the_same() -> None:
    """2 J/K behind 1 m2 of black: from 273 K to some 130 K in 5 s; a step of 5 s would carry it below nought."""
    table = {
        "nodes": [
            {"name": "foil", "capacity_j_k": 2.0, "initial_c": 0.0, "surfaces": [{"area_m2": 1.0, "emissivity": 1.0}]},
            {"name": "mass", "capacity_j_k": 1e6, "initial_c": 0.0},
        ],
        "couplings": [{"a": "foil", "b": "mass", "w_k": 1e-6}],
    }
    network = ThermalNetwork(msgspec.convert(table, ThermalNetworkConfig), 5.0)
    start_k = network.initial_k()
    after_k, out_j = network.step(start_k, [0.0, 0.0])
    exact_k = (273.15**-3 + 3.0 * 5.670374419e-8 * 5.0 / 2.0) ** (-1.0 / 3.0)
    assert after_k[0] == pytest.approx(exact_k, rel=0.01)
    assert out_j == pytest.approx(network.stored_j(start_k) - network.stored_j(after_k), rel=1e-9)
