"""A second spacecraft over three orbits, against an integration that shares nothing with the plant.

The references are LSODA's (scipy, tolerances 1e-8): the equations of the plant's modules written anew in continuous
time, shadow contacts, schedule edges and thermostats as located events. The node has what case P25 has not: see its
file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import flightsw
from flightsw.node.satellite import Satellite, Series

ORBIT_TICKS = 5926
NODES_K = {
    "soc_die": (263.6676991, 302.4492843),
    "module": (261.540635, 282.6986454),
    "deck": (276.1915022, 279.8336556),
    "cells": (282.4648266, 284.9261461),
    "panel_a": (250.7612322, 271.7595146),
    "panel_b": (260.4974297, 270.1603785),
    "wing": (212.0339586, 334.4452986),
    "skin": (182.6621595, 263.0785453),
    "host": (285.15, 285.15),
}
"""(least, most) of the last orbit"""


@pytest.fixture(scope="module")
def flown() -> tuple[Satellite, Series]:
    satellite = flightsw.satellite(Path(__file__).parent / "second_node.toml")
    return satellite, satellite.run()


def test_charge_follows_the_reference(flown: tuple[Satellite, Series]) -> None:
    soc = flown[1]["soc"]
    assert soc[-1] == pytest.approx(0.9133050386, abs=1e-5)
    assert soc[-ORBIT_TICKS:].min() == pytest.approx(0.8568803656, abs=2e-5)
    assert soc[-ORBIT_TICKS:].max() == pytest.approx(0.9497953079, abs=1e-5)


@pytest.mark.parametrize("node", list(NODES_K))
def test_every_node_s_extremes_do(node: str, flown: tuple[Satellite, Series]) -> None:
    course_k = flown[1][f"node_c.{node}"][-ORBIT_TICKS:] + 273.15
    assert (course_k.min(), course_k.max()) == pytest.approx(NODES_K[node], abs=0.01)


def test_energies_shadow_and_thermostats_do(flown: tuple[Satellite, Series]) -> None:
    satellite, series = flown
    totals = satellite.totals
    assert totals["array_j"] + totals["curtailed_j"] == pytest.approx(1312698.082, rel=1e-4)
    assert totals["array_j"] == pytest.approx(760056.1246, rel=1e-5)
    assert totals["load_j"] == pytest.approx(573396.4361, rel=1e-5)
    assert totals["conversion_loss_j"] == pytest.approx(82153.3412, rel=1e-5)
    assert totals["battery_heat_j"] == pytest.approx(10324.86328, rel=2e-4)
    assert totals["environment_j"] == pytest.approx(6620033.946, rel=1e-6)
    assert (1.0 - series["sunlit"]).sum() == pytest.approx(4900.350361, abs=0.01)
    assert series["load_w.bheat"].sum() / 6.0 == pytest.approx(267.605954, abs=0.2)
    assert series["load_w.pheat"].sum() / 3.0 == pytest.approx(7820.557295, abs=2.0)
    assert abs(totals["electrical_residual_j"]) < 1e-6
    assert abs(totals["thermal_residual_j"]) < 1e-5
