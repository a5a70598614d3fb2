"""Each shipped preset flies two orbits and keeps its promises: it works, stays charged and cool, closes its ledgers.

The default scenario has tests of its own, and more of them.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.devices.profiles import load_profile
from flightsw.messages.health import Mode, ModeStatus
from flightsw.messages.plant import Truth
from flightsw.node.scenario import Scenario, load_scenario, shipped_scenarios
from flightsw.plant.cases import CASE_NAMES
from flightsw.plant.config import BATTERY
from flightsw.record.ledger import Residuals, residuals_of
from flightsw.record.summary import Summary
from flightsw.regress.pytest_plugin import Fly
from tests.console import Cli


class Promise(NamedTuple):
    """What a preset is there to show, in its first two orbits."""

    evidence: str
    eclipses: int
    least_payload_wh: float
    most_payload_wh: float


PROMISES = {
    "bupt1-like-pi4": Promise("measured", 2, 2.0, 3.2),
    "cubesat-3u-pi4": Promise("estimate", 3, 4.0, 16.0),
    "cubesat-12u-orin-nx": Promise("estimate", 3, 40.0, 80.0),
    "starcloud-like-h100": Promise("press-derived", 2, 600.0, 1400.0),
    "suncatcher-like-1kw": Promise("press-derived", 0, 600.0, 1200.0),
    "datacentre-class": Promise("press-derived", 2, 220e3, 324e3),
}
DISASTERS = {"brownout.begin", "device.shutdown", "device.throttled", "lcl.tripped", "load.shed", "APP_LOST"}
LEAST_BATTERY_C, MOST_BATTERY_C = 0.0, 45.0
"""within which lithium-ion may be charged"""


class Flight(NamedTuple):
    scenario: Scenario
    summary: Summary
    events: list[str]
    last: Truth
    mode: Mode
    battery_c: tuple[float, ...]
    residuals: Residuals


@pytest.fixture(scope="module", params=sorted(PROMISES))
def flight(request: pytest.FixtureRequest, fly: Fly) -> Flight:
    """The flight that its baseline is held to."""
    run = fly(request.param, duration="2orbits")
    run_dir, scenario, summary = run.run_dir, run.scenario, run.summary
    events = [json.loads(line)["id"] for line in (run_dir / "events.jsonl").read_text().splitlines()]
    battery = [node.name for node in scenario.plant.thermal.nodes].index(BATTERY)
    last, mode, battery_c = None, Mode.OFF, []
    for _, _, message in LogReader(run_dir).messages(["truth.plant", "health.mode"]):
        if isinstance(message, Truth):
            last = message
            battery_c.append(message.node_c[battery])
        elif isinstance(message, ModeStatus):
            mode = message.mode
    assert last is not None
    return Flight(scenario, summary, events, last, mode, tuple(battery_c), residuals_of(run_dir))


def test_every_preset_but_the_default_is_flown_here() -> None:
    stated = {name for name in shipped_scenarios() if load_scenario(name).evidence is not None}
    assert stated == {*PROMISES, "cubesat-6u-orin-nano"}


def test_it_says_what_its_figures_rest_on(flight: Flight) -> None:
    assert flight.summary.evidence == PROMISES[flight.scenario.name].evidence
    pressed = flight.summary.evidence == "press-derived"
    assert ("press-derived" in flight.scenario.description) is pressed


def test_the_payload_works_and_draws_what_it_is_known_for(flight: Flight) -> None:
    promise, summary = PROMISES[flight.scenario.name], flight.summary
    assert flight.mode is Mode.PAYLOAD
    assert summary.inferences > 50
    assert summary.inferences_dropped == 0
    assert summary.energy_wh is not None
    assert promise.least_payload_wh < summary.energy_wh < promise.most_payload_wh


def test_the_sun_is_lost_as_often_as_its_orbit_says(flight: Flight) -> None:
    assert flight.summary.eclipses == PROMISES[flight.scenario.name].eclipses
    if PROMISES[flight.scenario.name].eclipses == 0:
        assert flight.last.eclipse_s == 0.0


def test_the_charge_stays_above_the_reserve(flight: Flight) -> None:
    assert flight.summary.soc_min is not None
    assert flight.summary.soc_min >= flight.scenario.apps.power.reserve_soc


def test_the_chip_stays_below_its_own_throttle_and_near_its_limit_at_most(flight: Flight) -> None:
    limit_c = flight.scenario.apps.thermal.chip_limit_c
    assert flight.summary.chip_c_max is not None
    assert flight.summary.chip_c_max < load_profile(flight.scenario.plant.profile).throttle_c.value
    assert flight.summary.chip_c_max < limit_c + 3.0


def test_nothing_trips_browns_out_or_is_shed(flight: Flight) -> None:
    assert flight.events
    assert not DISASTERS.intersection(flight.events)


def test_the_battery_may_be_charged_at_all_times(flight: Flight) -> None:
    assert len(flight.battery_c) == flight.summary.ticks
    assert min(flight.battery_c) > LEAST_BATTERY_C
    assert max(flight.battery_c) < MOST_BATTERY_C


def test_both_ledgers_close_to_rounding(flight: Flight) -> None:
    throughput_j = flight.last.load_energy_j
    assert throughput_j > 1e4
    assert flight.summary.electrical_residual_j is not None
    assert flight.summary.thermal_residual_j is not None
    assert flight.summary.electrical_residual_j < 1e-9 * throughput_j
    assert flight.summary.thermal_residual_j < 1e-9 * throughput_j


def test_both_ledgers_close_when_they_are_drawn_up_again_from_the_log(flight: Flight) -> None:
    found = flight.residuals
    assert found.heat_throughput_j > 1e4
    assert found.electrical_share < 1e-6
    assert found.heat_share < 1e-6
    assert found.out_share < 1e-5
    assert found.closed


def test_the_accelerator_keeps_within_its_caps_while_it_works(flight: Flight) -> None:
    assert flight.summary.worst_excess_working_w is not None
    highest_w = load_profile(flight.scenario.plant.profile).silicon().working_w[-1]
    assert flight.summary.worst_excess_working_w < 0.005 * highest_w


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", shipped_scenarios())
def test_thirty_orbits_keep_every_requirement_in_every_design_case_without_an_alarm(cli: Cli, name: str) -> None:
    flown = cli(
        "check", name, "--cases", "--alarms", "--no-baseline", "--duration", "30orbits", "--execute", "none", "--json"
    )
    told = flown.json["scenarios"]
    assert [one["case"] for one in told] == [None, *CASE_NAMES]
    bad = [(one["case"], verdict) for one in told for verdict in one["verdicts"] if verdict["outcome"] != "passed"]
    assert (flown.code, bad) == (0, [])
