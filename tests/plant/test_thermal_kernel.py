"""The generated step: equal to its slow twin, closing the first law, of second order, never cooled by more heat."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flightsw.plant.thermal_kernel import compile_step, compile_variable_step, step_source
from flightsw.plant.thermal_source import KernelNetwork, Ramp, elimination_order
from flightsw.plant.thermal_twin import slow_step

temperature_k = st.floats(120.0, 420.0)
heat_w = st.floats(-5.0, 60.0)
steps_s = st.sampled_from([0.1, 1.0, 10.0])


@st.composite
def ramps(draw: st.DrawFn, high: float) -> Ramp:
    low, from_k = high * draw(st.sampled_from([0.0, 0.2])), draw(temperature_k)
    return Ramp(low, high, from_k, from_k + draw(st.floats(2.0, 60.0)))


@dataclass(frozen=True)
class Case:
    network: KernelNetwork
    temperatures_k: list[float]
    heat_w: list[float]
    openings: list[float]

    def step(self, dt_s: float) -> tuple[tuple[float, ...], float]:
        return compile_step(self.network, dt_s)(self.temperatures_k, self.heat_w, self.openings)

    def step_by_argument(self, dt_s: float) -> tuple[tuple[float, ...], float]:
        return compile_variable_step(self.network)(self.temperatures_k, self.heat_w, self.openings, dt_s)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A random network of up to 9 nodes, its temperatures and heat inputs; parallel and mixed paths, boundaries, heat
    pipes, pumped loops and louvers too."""
    n = draw(st.integers(1, 9))
    nodes = st.integers(0, n - 1)
    path = st.tuples(nodes, nodes, st.floats(0.01, 5.0)).filter(lambda ends: ends[0] != ends[1])
    paths = st.lists(path, max_size=2 * n) if n > 1 else st.just([])
    few = st.lists(path, max_size=3) if n > 1 else st.just([])
    held = draw(st.lists(nodes, unique=True, max_size=n - 1))
    loops = draw(few)
    network = KernelNetwork(
        capacities_j_k=tuple(0.0 if i in held else draw(st.floats(2.0, 5000.0)) for i in range(n)),
        conductances=tuple(draw(paths)),
        exchanges=tuple((a, b, 0.02 * value) for a, b, value in draw(paths)),
        emitting_m2=tuple(draw(st.lists(st.sampled_from([0.0, 0.0, 0.05, 0.3]), min_size=n, max_size=n))),
        held=tuple(held),
        pipes=tuple((a, b, draw(ramps(value))) for a, b, value in draw(few)),
        loops=tuple(loops),
        louvers=tuple((i, draw(ramps(0.2))) for i in draw(st.lists(nodes, max_size=2)) if i not in held),
    )
    temperatures_k = draw(st.lists(temperature_k, min_size=n, max_size=n))
    openings = [draw(st.sampled_from([0.0, 0.4, 1.0])) for _ in loops]
    return Case(network, temperatures_k, draw(st.lists(heat_w, min_size=n, max_size=n)), openings)


@settings(max_examples=200)
@given(cases(), steps_s)
def test_the_generated_steps_are_their_slow_twin(case, dt_s) -> None:
    slow_k, slow_j = slow_step(case.network, dt_s, case.temperatures_k, case.heat_w, case.openings)
    # What cancels in the sum of joules out rounds with the largest flow.
    rounding_j = 1e-12 * dt_s * (sum(map(abs, case.heat_w)) + 500.0 * size_w_k(case.network))
    for fast_k, fast_j in (case.step(dt_s), case.step_by_argument(dt_s)):
        assert fast_k == pytest.approx(slow_k, rel=1e-9)
        assert fast_j == pytest.approx(slow_j, rel=1e-9, abs=rounding_j)


@settings(max_examples=200)
@given(cases(), steps_s)
def test_the_first_law_closes_in_every_step(case, dt_s) -> None:
    capacities_j_k = case.network.capacities_j_k
    for after_k, radiated_j in (case.step(dt_s), case.step_by_argument(dt_s)):
        stored_j = sum(
            c * (after - before) for c, after, before in zip(capacities_j_k, after_k, case.temperatures_k, strict=True)
        )
        # Rounding goes with what is held and with what flows back and forth.
        moved_j = sum(c * k for c, k in zip(capacities_j_k, case.temperatures_k, strict=True))
        moved_j += dt_s * 500.0 * len(case.heat_w) + dt_s * 500.0 * size_w_k(case.network)
        assert stored_j == pytest.approx(
            sum(case.heat_w) * dt_s - radiated_j, abs=1e-14 * moved_j * len(capacities_j_k)
        )


def size_w_k(network: KernelNetwork) -> float:
    """A bound on all that couples, per kelvin."""
    ramped_w_k = [ramp.high + 300.0 * ramp.slope for _, _, ramp in network.pipes]
    return sum(g for _, _, g in (*network.conductances, *network.loops)) + sum(ramped_w_k) + 10.0


@settings(max_examples=100)
@given(cases(), st.data())
def test_more_heat_never_cools_a_node(case, data) -> None:
    """At a step short against the nodes' time constants: no scheme of second order keeps signs at every step (Bolley
    and Crouzeix, RAIRO Anal. Numer. 12, 1978)."""
    case = forward(case)
    network = case.network
    assume(fastest_rate_1_s(network) * 0.02 < 1.0)
    node = data.draw(st.sampled_from(network.free()))
    warmer = replace(case, heat_w=[q + (10.0 if i == node else 0.0) for i, q in enumerate(case.heat_w)])
    before_k, after_k = case.step(0.02)[0], warmer.step(0.02)[0]
    assert after_k[node] > before_k[node]
    assert all(after >= before - 1e-9 for before, after in zip(before_k, after_k, strict=True))


@settings(max_examples=100)
@given(cases(), st.data())
def test_more_radiator_never_heats_a_node(case, data) -> None:
    case = forward(case)
    network = case.network
    assume(fastest_rate_1_s(network) * 0.02 < 1.0)
    node = data.draw(st.sampled_from(network.free()))
    larger_m2 = tuple(area + (0.1 if i == node else 0.0) for i, area in enumerate(network.emitting_m2))
    larger = replace(case, network=replace(network, emitting_m2=larger_m2))
    before_k, after_k = case.step(0.02)[0], larger.step(0.02)[0]
    assert after_k[node] < before_k[node]
    assert all(after <= before + 1e-9 for before, after in zip(before_k, after_k, strict=True))


@settings(max_examples=100)
@given(st.floats(260.0, 380.0), st.floats(260.0, 380.0), st.sampled_from(["path", "exchange", "pipe", "loop"]))
def test_heat_flows_downhill_and_what_one_node_loses_the_other_gets(a_k, b_k, kind) -> None:
    assume(abs(a_k - b_k) > 1e-3)
    joined = {
        "path": {"conductances": ((0, 1, 2.0),)},
        "exchange": {"exchanges": ((1, 0, 0.1),)},
        "pipe": {"pipes": ((0, 1, Ramp(0.1, 4.0, 290.0, 320.0)),)},
        "loop": {"loops": ((1, 0, 3.0),)},
    }[kind]
    network = KernelNetwork(**({"conductances": (), "exchanges": (), "emitting_m2": (0.0, 0.0)} | joined), **TWO_LUMPS)
    (after_a_k, after_b_k), out_j = compile_step(network, 1.0)((a_k, b_k), (0.0, 0.0), (1.0,) * len(network.loops))
    gained_j = 500.0 * (after_a_k - a_k)
    assert gained_j * (b_k - a_k) > 0.0
    assert 800.0 * (after_b_k - b_k) == pytest.approx(-gained_j, abs=1e-9)
    assert out_j == 0.0


def forward(case: Case) -> Case:
    """The case without the heat pipes that carry heat backwards: such a one opens, and cools its condenser, as its
    evaporator warms."""
    t = case.temperatures_k
    ahead = tuple(pipe for pipe in case.network.pipes if t[pipe[0]] > t[pipe[1]] + 1.0)
    return replace(case, network=replace(case.network, pipes=ahead))


TWO_LUMPS = {"capacities_j_k": (500.0, 800.0)}


def fastest_rate_1_s(network: KernelNetwork) -> float:
    """A bound: what leaves a node per kelvin, over its capacity, at the hottest that the tests start with."""
    slope = 4.0 * 5.67e-8 * 420.0**3
    leaving_w_k = [slope * area for area in network.emitting_m2]
    for i, ramp in network.louvers:
        leaving_w_k[i] += slope * ramp.high + 5.67e-8 * 420.0**4 * ramp.slope
    pipes = [(a, b, ramp.high + 300.0 * ramp.slope) for a, b, ramp in network.pipes]
    for share, paths in ((1.0, (*network.conductances, *network.loops, *pipes)), (slope, network.exchanges)):
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


ON_RAMPS = KernelNetwork(
    capacities_j_k=(300.0, 700.0),
    conductances=((0, 1, 0.3),),
    exchanges=((0, 1, 0.02),),
    emitting_m2=(0.0, 0.05),
    pipes=((0, 1, Ramp(0.1, 6.0, 280.0, 340.0)),),
    louvers=((1, Ramp(0.02, 0.2, 250.0, 320.0)),),
)


def test_halving_the_step_quarters_the_error_on_ramps_too() -> None:
    """J has the ramps' slopes in part only: the method's order doesn't depend on J."""

    def after_k(dt_s: float) -> float:
        step, nodes_k = compile_step(ON_RAMPS, dt_s), (310.0, 290.0)
        for _ in range(round(160.0 / dt_s)):
            nodes_k, _ = step(nodes_k, (60.0, 0.0))
            assert 280.0 < nodes_k[0] < 340.0
            assert 250.0 < nodes_k[1] < 320.0
        return nodes_k[0]

    exact_k = after_k(0.02)
    errors_k = [abs(after_k(dt_s) - exact_k) for dt_s in (4.0, 2.0, 1.0)]
    assert errors_k[0] > 1e-6
    assert [coarse / fine for coarse, fine in itertools.pairwise(errors_k)] == pytest.approx([4.0, 4.0], rel=0.3)


@pytest.mark.parametrize("dt_s", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("range_k", [0.1, 2.0, 10.0])
def test_a_small_evaporator_settles_on_a_steep_ramp_without_ringing(range_k, dt_s) -> None:
    """6 J/K on a pipe that opens to 5 W/K, at 30 K across it; it starts below the ramp."""
    ramp = Ramp(0.0, 5.0, 310.0, 310.0 + range_k)
    network = KernelNetwork((6.0, 0.0), (), (), (0.0, 0.0), held=(1,), pipes=((0, 1, ramp),))
    step, nodes_k, course_k = compile_step(network, dt_s), (305.0, 280.0), []
    for _ in range(2000):
        nodes_k, _ = step(nodes_k, (60.0, 0.0))
        course_k.append(nodes_k[0])
    settled_k = course_k[-1]
    assert 310.0 < settled_k < 310.0 + range_k
    assert ramp.at(settled_k) * (settled_k - 280.0) == pytest.approx(60.0, rel=1e-9)
    assert max(course_k) < settled_k + 0.5
    assert max(abs(value - settled_k) for value in course_k[1000:]) < 1e-6


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
@given(cases(), steps_s)
def test_a_held_node_stays_where_it_is(case, dt_s) -> None:
    after_k, _ = case.step(dt_s)
    for node, (before, after) in enumerate(zip(case.temperatures_k, after_k, strict=True)):
        assert (after == before) is (node in case.network.held) or node not in case.network.held


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
@given(cases())
def test_the_order_of_elimination_is_complete_and_the_source_repeatable(case) -> None:
    network = case.network
    assert sorted([*elimination_order(network), *network.held]) == list(range(len(network.capacities_j_k)))
    assert step_source(network, 1.0) == step_source(network, 1.0)


@settings(max_examples=60)
@given(cases())
def test_the_sign_of_a_path_does_not_depend_on_how_it_is_written(case) -> None:
    network = case.network
    assume(network.conductances)
    turned = replace(
        network,
        conductances=tuple((b, a, value) for a, b, value in network.conductances),
        exchanges=tuple((b, a, value) for a, b, value in network.exchanges),
        loops=tuple((b, a, value) for a, b, value in network.loops),
    )
    assert replace(case, network=turned).step(1.0)[0] == pytest.approx(case.step(1.0)[0], rel=1e-12)


def grid(across: int) -> KernelNetwork:
    """A panel of across x across nodes, each joined to its neighbours; one in three radiates, and all see a bus."""
    n = across * across
    beside = [(i, i + 1, 0.5) for i in range(n) if (i + 1) % across]
    below = [(i, i + across, 0.4) for i in range(n - across)]
    return KernelNetwork(
        capacities_j_k=(*[50.0 + i for i in range(n)], 8000.0),
        conductances=(*beside, *below, *[(i, n, 0.02) for i in range(0, n, 5)]),
        exchanges=tuple((i, n, 0.001) for i in range(0, n, 7)),
        emitting_m2=(*[0.01 * (i % 3 == 0) for i in range(n)], 0.0),
    )


def test_two_hundred_nodes_compile_within_a_second_and_step_as_the_twin() -> None:
    network = grid(14)
    began_s = time.process_time()
    step, step_any = compile_step(network, 5.0), compile_variable_step(network)
    took_s = time.process_time() - began_s
    temperatures_k, heat = [290.0 + (7 * i) % 31 for i in range(197)], [0.1 * (i % 4) for i in range(197)]
    slow_k, slow_j = slow_step(network, 5.0, temperatures_k, heat)
    for after_k, out_j in (step(temperatures_k, heat), step_any(temperatures_k, heat, (), 5.0)):
        assert after_k == pytest.approx(slow_k, rel=1e-9)
        assert out_j == pytest.approx(slow_j, rel=1e-9)
    assert took_s < 2.0  # both together


def test_one_node_may_have_hundreds_of_neighbours() -> None:
    n = 400
    network = KernelNetwork((9e3, *[30.0] * n), tuple((0, i, 0.2) for i in range(1, n + 1)), (), (0.1, *[0.01] * n))
    temperatures_k, heat = (300.0,) * (n + 1), (500.0, *[0.0] * n)
    after_k, out_j = compile_step(network, 1.0)(temperatures_k, heat)
    stored_j = sum(c * (b - a) for c, a, b in zip(network.capacities_j_k, temperatures_k, after_k, strict=True))
    assert out_j > 100.0
    assert stored_j == pytest.approx(500.0 - out_j, abs=1e-6)


def test_many_short_steps_come_to_where_one_long_one_does() -> None:
    step, step_any = compile_step(CHAIN, 1.0), compile_variable_step(CHAIN)
    there_k = here_k = (300.0, 290.0, 250.0)
    for count in range(64):
        here_k, _ = step(here_k, (40.0, 0.0, 5.0))
        for part in (0.3, 0.7) if count % 2 else (0.125, 0.5, 0.375):
            there_k, _ = step_any(there_k, (40.0, 0.0, 5.0), (), part)
    assert here_k[1] < 282.0
    assert there_k == pytest.approx(here_k, abs=2e-4)
