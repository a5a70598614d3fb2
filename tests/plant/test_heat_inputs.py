"""What goes into each node: the generated function against loops that say the same, and against the sum of all heat."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.plant.battery import BatteryStep
from flightsw.plant.distribution import Flows
from flightsw.plant.heat_inputs import UNSEEN, CellsHeat, HeatPlaces, Seen, compile_heat_inputs
from flightsw.plant.thermal import ThermalNetwork, ThermalNetworkConfig

watts = st.floats(0.0, 500.0)
shares = st.floats(0.0, 1.0)


@dataclass(frozen=True)
class Case:
    network: ThermalNetwork
    places: HeatPlaces
    fluxes: tuple[float, float, float]
    cells: CellsHeat
    prescribed_w: list[float]
    flows: Flows
    antenna_w: float
    seconds: float
    seen: Seen
    nodes_k: tuple[float, ...]

    def generated(self) -> tuple[list[float], float]:
        network = self.network
        heat = compile_heat_inputs(network.nodes, network.faces, self.places, by_attitude=self.seen is not UNSEEN)
        return heat(
            *self.fluxes,
            self.cells,
            self.prescribed_w,
            self.flows,
            self.antenna_w,
            self.seconds,
            self.seen,
            self.nodes_k,
        )

    def slow(self) -> tuple[list[float], float]:
        """The twin: in loops, in the same order."""
        places, flows = self.places, self.flows
        cos, view = (None, None) if self.seen is UNSEEN else self.seen
        heat_w = self.network.environment_w(*self.fluxes, cos, view, self.nodes_k)
        array_w, panels_w, given_w = self.cells
        heat_w[places.array] += array_w
        for node, power_w in zip(places.panels, panels_w, strict=True):
            heat_w[node] += power_w
        for node, power_w in zip(places.prescribed, self.prescribed_w, strict=True):
            heat_w[node] += power_w
        outside_w = sum(heat_w)
        for node, power_w in zip(places.loads, flows.load_w, strict=True):
            heat_w[node] += power_w
        if places.antenna is not None:
            heat_w[places.antenna] -= self.antenna_w
        heat_w[places.loss] += flows.conversion_loss_w
        heat_w[places.battery] += flows.battery.heat_j / self.seconds
        heat_w[places.array] -= flows.array_used_w
        for node, power_w in zip(places.panels, given_w, strict=True):
            heat_w[places.array] += power_w
            heat_w[node] -= power_w
        return heat_w, outside_w


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Two to six nodes, some with surfaces, on faces or not, some with louvers; any number of loads and heats."""
    count = draw(st.integers(2, 6))
    nodes = st.integers(0, count - 1)
    names = [f"n{number}" for number in range(count)]
    louver = {"closed_emissivity": 0.1, "open_emissivity": 0.7, "closed_c": 10.0, "open_c": 28.0}
    optics = st.sampled_from([{"emissivity": 0.85}, {"louver": louver}])
    surface = st.builds(
        lambda by, fixed, face: {**by, **fixed, **({} if face is None else {"face": face})},
        optics,
        st.fixed_dictionaries({"area_m2": st.floats(0.01, 0.5), "absorptance": shares, "sun_cos": shares}),
        st.sampled_from([None, "plus_x", "minus_z"]),
    )
    rows = [
        {"name": name, "capacity_j_k": 900.0, "initial_c": 20.0, "surfaces": draw(st.lists(surface, max_size=2))}
        for name in names
    ]
    chain = [{"a": a, "b": b, "w_k": 1.0} for a, b in itertools.pairwise(names)]
    network = ThermalNetwork(msgspec.convert({"nodes": rows, "couplings": chain}, ThermalNetworkConfig), 1.0)
    loads, prescribed = draw(st.lists(nodes, max_size=5)), draw(st.lists(nodes, max_size=3))
    panels = draw(st.lists(nodes, max_size=3))
    places = HeatPlaces(
        array=draw(nodes),
        panels=tuple(panels),
        battery=draw(nodes),
        loss=draw(nodes),
        loads=tuple(loads),
        prescribed=tuple(prescribed),
        antenna=draw(st.none() | nodes),
    )
    load_w = tuple([draw(watts) for _ in loads])
    step = BatteryStep(1.0, 12.0, 12.0, draw(st.floats(-5.0, 50.0)), -12.0)
    faces = network.faces
    by_face = (tuple([draw(shares) for _ in faces]), tuple([draw(shares) for _ in faces]))
    return Case(
        network,
        places,
        (draw(watts), draw(watts), draw(watts)),
        (draw(watts), [draw(watts) for _ in panels], [draw(watts) for _ in panels]),
        [draw(watts) for _ in prescribed],
        Flows(draw(watts), load_w, sum(load_w), draw(watts), step, brownout=False),
        draw(watts),
        draw(st.sampled_from([0.25, 1.0, 10.0])),
        UNSEEN if draw(st.booleans()) else by_face,
        tuple([draw(st.floats(260.0, 320.0)) for _ in names]),
    )


@settings(max_examples=150)
@given(cases())
def test_the_generated_heat_is_its_slow_twin_to_the_bit(case) -> None:
    assert case.generated() == case.slow()


@settings(max_examples=50)
@given(cases())
def test_all_that_comes_in_is_in_some_node(case) -> None:
    heat_w, outside_w = case.generated()
    flows = case.flows
    own_w = sum(flows.load_w) + flows.conversion_loss_w + flows.battery.heat_j / case.seconds - flows.array_used_w
    if case.places.antenna is not None:
        own_w -= case.antenna_w
    assert sum(heat_w) == pytest.approx(outside_w + own_w, abs=1e-9)
