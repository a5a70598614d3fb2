"""Crossings inside a step, and a thermostat's cycle against its closed form."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flightsw.plant.thermal import ZERO_C_K, Level, ThermalNetwork, ThermalNetworkConfig
from flightsw.plant.thermal_events import first_crossing

C_J_K, G_W_K, SINK_C, HEATER_W = 900.0, 0.5, -20.0, 40.0
ON_C, OFF_C = 5.0, 10.0


def network() -> ThermalNetwork:
    table = {
        "nodes": [
            {"name": "tank", "capacity_j_k": C_J_K, "initial_c": 7.0},
            {"name": "host", "held_c": SINK_C},
            {"name": "box", "capacity_j_k": 300.0, "initial_c": 30.0},
        ],
        "couplings": [{"a": "tank", "b": "host", "w_k": G_W_K}, {"a": "box", "b": "host", "w_k": 1.0}],
        "thermostats": [
            {"node": "tank", "on_below_c": ON_C, "off_above_c": OFF_C, "load": "heater"},
            {"node": "box", "on_below_c": -150.0, "off_above_c": 100.0, "load": "spare"},
        ],
    }
    return ThermalNetwork(msgspec.convert(table, ThermalNetworkConfig), 1.0)


def switch_times_s(satellite: ThermalNetwork, ticks: int) -> list[tuple[float, bool]]:
    """(when, heater on) of every switching, each step split where its thermostat switches."""
    nodes_k, closed, found = satellite.initial_k(), [False, False], []
    for tick in range(ticks):
        left_s = 1.0
        while left_s > 0.0:
            heat_w = [HEATER_W * closed[0], 0.0, 0.0]
            met = satellite.first_crossing(nodes_k, heat_w, left_s, satellite.thermostat_levels(closed))
            part_s = left_s if met is None else met[0] * left_s
            if part_s > 0.0:
                nodes_k, _ = satellite.step_for(nodes_k, heat_w, part_s)
            left_s -= part_s
            if met is not None:
                closed[met[1]] = not closed[met[1]]
                found.append((tick + 1.0 - left_s, closed[met[1]]))
    return found


def test_a_thermostat_cycles_by_the_closed_form() -> None:
    """Between switchings T runs to its steady value by exp(-t G / C): times by logarithms."""
    tau_s = C_J_K / G_W_K
    cold_c, warm_c = SINK_C, SINK_C + HEATER_W / G_W_K
    first_s = tau_s * math.log((7.0 - cold_c) / (ON_C - cold_c))
    warming_s = tau_s * math.log((warm_c - ON_C) / (warm_c - OFF_C))
    cooling_s = tau_s * math.log((OFF_C - cold_c) / (ON_C - cold_c))
    found = switch_times_s(network(), 3000)
    assert len(found) >= 8
    expected_s = first_s
    for place, (when_s, on) in enumerate(found):
        assert on is (place % 2 == 0)
        assert when_s == pytest.approx(expected_s, abs=1e-4)
        expected_s += warming_s if on else cooling_s


def test_nothing_is_found_where_no_level_is_met() -> None:
    satellite = network()
    nodes_k = satellite.initial_k()
    assert satellite.first_crossing(nodes_k, [0.0] * 3, 1.0, satellite.thermostat_levels([False, False])) is None
    assert satellite.first_crossing(nodes_k, [0.0] * 3, 1.0, []) is None


def test_a_level_that_is_met_already_is_met_at_once() -> None:
    satellite = network()
    nodes_k = satellite.initial_k()
    levels = [Level(0, nodes_k[0] - 5.0, rising=False), Level(2, nodes_k[2] + 1.0, rising=False)]
    assert satellite.first_crossing(nodes_k, [0.0] * 3, 1.0, levels) == (0.0, 1)


def test_the_earlier_of_two_crossings_is_found_whatever_their_order() -> None:
    satellite = network()
    nodes_k, heat_w = satellite.initial_k(), [900.0, 0.0, 600.0]
    halfway_k = satellite.step_for(nodes_k, heat_w, 0.5)[0]
    later_k = satellite.step_for(nodes_k, heat_w, 0.8)[0]
    early, late = Level(2, halfway_k[2], rising=True), Level(0, later_k[0], rising=True)
    for levels, place in (([early, late], 0), ([late, early], 1)):
        met = satellite.first_crossing(nodes_k, heat_w, 1.0, levels)
        assert met == (pytest.approx(0.5, abs=2e-6), place)


@settings(max_examples=100)
@given(st.floats(0.0, 1.0), st.floats(-900.0, 900.0), st.sampled_from([0.01, 1.0, 60.0]))
def test_a_crossing_is_late_by_a_microsecond_at_most_and_never_early(share, heater_w, dt_s) -> None:
    satellite = network()
    nodes_k, heat_w = satellite.initial_k(), [heater_w, 0.0, 0.0]
    end_k = satellite.step_for(nodes_k, heat_w, dt_s)[0][0]
    assume(abs(end_k - nodes_k[0]) > 1e-6)
    level_k = nodes_k[0] + share * (end_k - nodes_k[0])
    level = Level(0, level_k, rising=end_k > nodes_k[0])
    assume(level.excess_k(nodes_k) < 0.0)
    met = satellite.first_crossing(nodes_k, heat_w, dt_s, [level])
    assert met is not None
    assert level.excess_k(satellite.step_for(nodes_k, heat_w, met[0] * dt_s)[0]) >= 0.0
    early_s = met[0] * dt_s - 1.1e-6
    assert early_s <= 0.0 or level.excess_k(satellite.step_for(nodes_k, heat_w, early_s)[0]) < 0.0


@pytest.mark.parametrize("power", [0.1, 1.0, 9.0])
def test_a_crossing_takes_few_looks_on_a_crooked_course(power) -> None:
    looks = []

    def course(fraction):
        looks.append(fraction)
        return (fraction**power,)

    met = first_crossing(course, (0.0,), (1.0,), [Level(0, 0.5, rising=True)], 1e-9)
    assert met == (pytest.approx(0.5 ** (1.0 / power), abs=2e-9), 0)
    assert len(looks) < 40


def test_levels_are_those_that_would_switch_next() -> None:
    satellite = network()
    below, above = satellite.thermostat_levels([False, True])
    assert below == Level(0, ON_C + ZERO_C_K, rising=False)
    assert above == Level(2, 100.0 + ZERO_C_K, rising=True)
