"""The generated step: equal to its slow twin, closing the first law, of second order, never cooled by more heat."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flightsw.plant.thermal_kernel import KernelNetwork, compile_step, elimination_order, slow_step, step_source

temperature_k = st.floats(120.0, 420.0)
heat_w = st.floats(-5.0, 60.0)
steps_s = st.sampled_from([0.1, 1.0, 10.0])


@st.composite
def networks(draw: st.DrawFn) -> tuple[KernelNetwork, list[float], list[float]]:
    """A random network of up to 9 nodes, its temperatures and heat inputs; parallel and mixed paths, boundaries too."""
    n = draw(st.integers(1, 9))
    nodes = st.integers(0, n - 1)
    path = st.tuples(nodes, nodes, st.floats(0.01, 5.0)).filter(lambda ends: ends[0] != ends[1])
    paths = st.lists(path, max_size=2 * n) if n > 1 else st.just([])
    exchange = [(a, b, 0.02 * value) for a, b, value in draw(paths)]
    held = draw(st.lists(nodes, unique=True, max_size=n - 1))
    network = KernelNetwork(
        capacities_j_k=tuple(0.0 if i in held else draw(st.floats(2.0, 5000.0)) for i in range(n)),
        conductances=tuple(draw(paths)),
        exchanges=tuple(exchange),
        emitting_m2=tuple(draw(st.lists(st.sampled_from([0.0, 0.0, 0.05, 0.3]), min_size=n, max_size=n))),
        held=tuple(held),
    )
    temperatures_k = draw(st.lists(temperature_k, min_size=n, max_size=n))
    return network, temperatures_k, draw(st.lists(heat_w, min_size=n, max_size=n))


@settings(max_examples=150)
@given(networks(), steps_s)
def test_the_generated_step_is_its_slow_twin(case, dt_s) -> None:
    network, temperatures_k, heat = case
    fast_k, fast_j = compile_step(network, dt_s)(temperatures_k, heat)
    slow_k, slow_j = slow_step(network, dt_s, temperatures_k, heat)
    assert fast_k == pytest.approx(slow_k, rel=1e-9)
    assert fast_j == pytest.approx(slow_j, rel=1e-9, abs=1e-9)


@settings(max_examples=150)
@given(networks(), steps_s)
def test_the_first_law_closes_in_every_step(case, dt_s) -> None:
    network, temperatures_k, heat = case
    after_k, radiated_j = compile_step(network, dt_s)(temperatures_k, heat)
    stored_j = sum(
        c * (after - before) for c, after, before in zip(network.capacities_j_k, after_k, temperatures_k, strict=True)
    )
    # Rounding goes with what is held and with what flows back and forth.
    moved_j = sum(c * k for c, k in zip(network.capacities_j_k, temperatures_k, strict=True))
    moved_j += dt_s * 500.0 * len(heat) + dt_s * 500.0 * sum(g for _, _, g in network.conductances)
    assert stored_j == pytest.approx(sum(heat) * dt_s - radiated_j, abs=1e-11 * moved_j)


@settings(max_examples=100)
@given(networks(), st.data())
def test_more_heat_never_cools_a_node(case, data) -> None:
    """At a step short against the nodes' time constants: no scheme of second order keeps signs at every step (Bolley
    and Crouzeix, RAIRO Anal. Numer. 12, 1978)."""
    network, temperatures_k, heat = case
    assume(fastest_rate_1_s(network) * 0.02 < 1.0)
    node = data.draw(st.sampled_from([i for i in range(len(heat)) if i not in network.held]))
    warmer = [q + (10.0 if i == node else 0.0) for i, q in enumerate(heat)]
    step = compile_step(network, 0.02)
    before_k, after_k = step(temperatures_k, heat)[0], step(temperatures_k, warmer)[0]
    assert after_k[node] > before_k[node]
    assert all(after >= before - 1e-9 for before, after in zip(before_k, after_k, strict=True))


def fastest_rate_1_s(network: KernelNetwork) -> float:
    """A bound: what leaves a node per kelvin, over its capacity, at the hottest that the tests start with."""
    slope = 4.0 * 5.67e-8 * 420.0**3
    leaving_w_k = [slope * area for area in network.emitting_m2]
    for share, paths in ((1.0, network.conductances), (slope, network.exchanges)):
        for a, b, value in paths:
            leaving_w_k[a] += share * value
            leaving_w_k[b] += share * value
    return max(out / c for out, c in zip(leaving_w_k, network.capacities_j_k, strict=True) if c > 0.0)


SIX_UNIT = KernelNetwork(  # the default scenario's: chip, board, bus, battery, radiator, array
    capacities_j_k=(6.0, 180.0, 5500.0, 420.0, 700.0, 900.0),
    conductances=((0, 1, 1.2), (1, 4, 1.0), (1, 2, 0.4), (2, 4, 0.5), (2, 3, 0.1), (4, 3, 0.05), (2, 5, 0.05)),
    exchanges=(),
    emitting_m2=(0.0, 0.0, 0.006, 0.0, 0.0387, 0.272),
)


@settings(max_examples=100)
@given(st.lists(temperature_k, min_size=6, max_size=6), st.integers(0, 5), st.sampled_from([0.1, 0.5, 1.0, 2.0]))
def test_more_heat_never_cools_the_default_spacecraft_at_its_steps(temperatures_k, node, dt_s) -> None:
    step = compile_step(SIX_UNIT, dt_s)
    before_k = step(temperatures_k, [5.0] * 6)[0]
    after_k = step(temperatures_k, [15.0 if i == node else 5.0 for i in range(6)])[0]
    assert after_k[node] > before_k[node]
    assert all(after >= before - 1e-9 for before, after in zip(before_k, after_k, strict=True))


CHAIN = KernelNetwork(
    capacities_j_k=(60.0, 180.0, 900.0),
    conductances=((0, 1, 2.5), (1, 2, 2.0)),
    exchanges=((0, 2, 0.05),),
    emitting_m2=(0.0, 0.0, 0.25),
)


def chain_after(dt_s: float, until_s: float = 320.0) -> float:
    step, nodes_k = compile_step(CHAIN, dt_s), (300.0, 290.0, 250.0)
    for _ in range(round(until_s / dt_s)):
        nodes_k, _ = step(nodes_k, (40.0, 0.0, 5.0))
    return nodes_k[0]


def test_halving_the_step_quarters_the_error() -> None:
    exact_k = chain_after(0.05)
    errors_k = [abs(chain_after(dt_s) - exact_k) for dt_s in (8.0, 4.0, 2.0, 1.0)]
    assert errors_k[0] > 1e-4
    orders = [coarse / fine for coarse, fine in itertools.pairwise(errors_k)]
    assert orders == pytest.approx([4.0, 4.0, 4.0], rel=0.25)


def test_a_die_far_too_small_for_the_step_settles_without_ringing() -> None:
    network = KernelNetwork((0.001, 1000.0), ((0, 1, 5.0),), (), (0.0, 0.0))
    step, nodes_k, course_k = compile_step(network, 10.0), (300.0, 300.0), []
    for _ in range(20):
        nodes_k, _ = step(nodes_k, (20.0, -20.0))
        course_k.append(nodes_k[0] - nodes_k[1])
    assert course_k[-1] == pytest.approx(4.0, abs=1e-3)
    assert max(course_k) < 6.0


def test_a_network_left_alone_comes_to_one_temperature() -> None:
    network = KernelNetwork((10.0, 30.0), ((0, 1, 1.0),), ((0, 1, 0.01),), (0.0, 0.0))
    step, nodes_k = compile_step(network, 1.0), (400.0, 200.0)
    for _ in range(500):
        nodes_k, radiated_j = step(nodes_k, (0.0, 0.0))
        assert radiated_j == 0.0
    assert nodes_k == pytest.approx((250.0, 250.0), abs=1e-9)


@settings(max_examples=100)
@given(networks(), steps_s)
def test_a_held_node_stays_where_it_is(case, dt_s) -> None:
    network, temperatures_k, heat = case
    after_k, _ = compile_step(network, dt_s)(temperatures_k, heat)
    for node, (before, after) in enumerate(zip(temperatures_k, after_k, strict=True)):
        assert (after == before) or node not in network.held


def test_a_held_node_is_a_lump_of_unlimited_capacity() -> None:
    paths = ((0, 1, 2.5), (1, 2, 0.3), (2, 0, 0.1)), ((1, 2, 0.04),)
    boundary = KernelNetwork((60.0, 180.0, 0.0), *paths, (0.0, 0.1, 0.0), held=(2,))
    lump = KernelNetwork((60.0, 180.0, 1e18), *paths, (0.0, 0.1, 0.0))
    there_k = here_k = (310.0, 290.0, 260.0)
    for _ in range(500):
        here_k, _ = compile_step(boundary, 1.0)(here_k, (20.0, 0.0, 5.0))
        there_k, _ = compile_step(lump, 1.0)(there_k, (20.0, 0.0, 5.0))
    # The exchange with it is linearised at the free node alone: another scheme of the same order.
    assert here_k == pytest.approx(there_k, abs=1e-4)
    assert here_k[2] == 260.0
    assert here_k[0] > 310.0 - 100.0


@settings(max_examples=50)
@given(networks())
def test_the_order_of_elimination_is_complete_and_the_source_repeatable(case) -> None:
    network = case[0]
    assert sorted([*elimination_order(network), *network.held]) == list(range(len(network.capacities_j_k)))
    assert step_source(network, 1.0) == step_source(network, 1.0)


@settings(max_examples=60)
@given(networks())
def test_the_sign_of_a_path_does_not_depend_on_how_it_is_written(case) -> None:
    network, temperatures_k, heat = case
    assume(network.conductances)
    turned = KernelNetwork(
        network.capacities_j_k,
        tuple((b, a, value) for a, b, value in network.conductances),
        tuple((b, a, value) for a, b, value in network.exchanges),
        network.emitting_m2,
        network.held,
    )
    there = compile_step(network, 1.0)(temperatures_k, heat)[0]
    assert compile_step(turned, 1.0)(temperatures_k, heat)[0] == pytest.approx(there, rel=1e-12)
