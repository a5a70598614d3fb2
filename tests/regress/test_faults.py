"""The coverage matrix and the campaigns: verdicts by the book, draws by the seed, failures seen as such."""

from __future__ import annotations

import json

import msgspec
import pytest

from flightsw.errors import ConfigError
from flightsw.messages.health import Severity
from flightsw.node.faults import KINDS, fault_of
from flightsw.node.scenario import Scenario, load_scenario, shipped_scenarios
from flightsw.regress.faultcampaign import Injected, broken_by, campaign, drawn
from flightsw.regress.faultcases import Case, can_err, draw
from flightsw.regress.faultmatrix import matrix, quiet
from flightsw.regress.faultverdicts import Verdict, judged
from flightsw.regress.faultwatch import STATUSES, Seen, Told, readings
from tests.console import Cli

SCENARIO = "cubesat-6u-orin-nano"
TICKS = 6000
ORBIT_TICKS = 5740


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return quiet(load_scenario(SCENARIO))


def case(tick: int = 1000) -> Case:
    fault = fault_of("crash", process="thermal", at=f"{tick}s")
    return Case(kind="crash", number=0, fault=fault, target="thermal", size=None, tick=tick)


def seen(**more: object) -> Seen:
    """A flight without an event, well to its end."""
    made = Seen(
        ticks=TICKS,
        modes=[(0, "BOOT", ""), (9, "PAYLOAD", "")],
        soc_min=0.5,
        node_min_c=[10.0] * 6,
        node_max_c=[40.0] * 6,
        last_heard=dict.fromkeys(STATUSES.values(), TICKS - 1),
        items_done=[10 * n for n in range(61)],
        sent_bytes=list(range(61)),
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


ALARM = [Told(1004, "health", "heartbeat.overdue", int(Severity.WARNING_HI), {"app": "thermal"})]


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, Verdict.TOLERATED),
        ({"told": ALARM}, Verdict.RECOVERED),
        ({"told": ALARM, "modes": [(0, "BOOT", ""), (1010, "SAFE", "")]}, Verdict.SAFE),
        ({"told": ALARM, "items_done": [10 * min(n, 12) for n in range(61)]}, Verdict.DEGRADED),
        ({"items_done": [10 * min(n, 12) for n in range(61)]}, Verdict.WRONG),
        ({"soc_error": 0.2}, Verdict.WRONG),
        ({"chip_error_k": 20.0}, Verdict.WRONG),
        ({"modes": [(0, "BOOT", "")]}, Verdict.WRONG),
        ({"last_heard": {"thermal": 1000, "power": TICKS - 1}}, Verdict.HUNG),
        ({"last_heard": {"thermal": 1000, "power": TICKS - 1}, "told": ALARM}, Verdict.SAFE),
        ({"soc_min": 0.01, "told": ALARM}, Verdict.LOST),
        ({"node_min_c": [-30.0] * 6}, Verdict.LOST),
        ({"node_max_c": [130.0] * 6}, Verdict.LOST),
        ({"error": "ValueError: no"}, Verdict.CRASHED),
    ],
)
def test_a_flight_is_judged_by_what_was_told_and_what_came_of_it(
    scenario: Scenario, more: dict[str, object], verdict: Verdict
) -> None:
    found = judged(case(), seen(**more), seen(), scenario)
    assert found.verdict is verdict
    assert (found.monitor, found.after_ticks) == (
        ("health: heartbeat.overdue thermal", 4) if "told" in more else (None, None)
    )


def test_what_the_plant_tells_for_the_log_and_what_was_told_anyway_detects_nothing(scenario: Scenario) -> None:
    plant = [Told(1001, "plant", "lcl.tripped", int(Severity.WARNING_HI))]
    assert judged(case(), seen(told=plant), seen(), scenario).monitor is None
    assert judged(case(), seen(told=ALARM), seen(told=ALARM), scenario).monitor is None


def test_a_case_is_its_seed_s_kind_s_and_number_s(scenario: Scenario) -> None:
    fields = [field for field in readings(scenario) if can_err(field)]
    assert len(fields) > 15
    ticks = range(300, 2000)
    drawn_cases = [draw("sensor_bias", number, seed, scenario, fields, ticks) for seed in (1, 2) for number in range(5)]
    assert drawn_cases[0] == draw("sensor_bias", 0, 1, scenario, fields, ticks)
    assert len({msgspec.json.encode(one) for one in drawn_cases}) == 10


def test_every_kind_can_be_drawn_for_some_shipped_scenario() -> None:
    left = set(KINDS)
    for name in shipped_scenarios():
        shipped = quiet(load_scenario(name, ["plant.clock={}", "plant.battery.strings=4"]))
        fields = [field for field in readings(shipped) if can_err(field)]
        for kind in sorted(left):
            try:
                draw(kind, 0, 1, shipped, fields, range(300, 1000))
            except ConfigError:
                continue
            left.discard(kind)
        if not left:
            return
    assert left == set()


def test_the_matrix_finds_a_crash_a_dropout_and_a_trip_the_same_with_two_jobs() -> None:
    short = load_scenario(SCENARIO, ["duration=1300s"])
    kinds = ("crash", "lcl_trip", "pump_stop")
    found = matrix(short, 2, kinds=kinds)
    assert [(row.kind, row.detected, row.flown) for row in found.rows] == [("crash", 2, 2), ("lcl_trip", 2, 2)]
    assert list(found.impossible) == ["pump_stop"]
    assert found.false_alarms == ()
    assert found.passed
    assert matrix(short, 2, jobs=2, kinds=kinds) == found


def test_the_command_prints_the_matrix_and_fails_on_a_false_alarm(cli: Cli) -> None:
    given = ("faults", "--seeds", "1", "--duration", "1300s", "--kind", "crash")
    good = cli(*given)
    assert good.code == 0, good.err
    assert "crash" in good.out
    assert "found by bus: APP_LOST" in good.out
    told = json.loads(cli(*given, "--json").out)
    assert told["exit_code"] == 0
    assert told["scenarios"][0]["found"][0]["case"]["fault"]["kind"] == "crash"
    # a yellow limit that a healthy node lies below
    nervous = cli(*given, "--set", "apps.health.watchpoints=[{signal='power.soc', yellow_low=0.9}]")
    assert nervous.code == 1
    assert "false alarm, tick" in nervous.out


def test_an_unknown_kind_or_too_short_a_flight_is_refused(cli: Cli) -> None:
    assert cli("faults", "--kind", "gremlins").code == 2
    short = cli("faults", "--duration", "60s")
    assert (short.code, "must be at least 1200" in short.err) == (2, True)


def test_a_campaign_is_its_seed_s(scenario: Scenario) -> None:
    assert drawn(scenario, 3, 2000) == drawn(scenario, 3, 2000)
    assert drawn(scenario, 3, 2000) != drawn(scenario, 4, 2000)


def test_a_grave_word_before_any_fault_is_untraced(scenario: Scenario) -> None:

    crash = fault_of("crash", process="thermal", at="900s")
    injected = (Injected(crash, 900, 900),)
    assert broken_by(injected, seen(told=ALARM, energy_j=1.0)) == []
    early = [Told(700, "power", "load.shed", int(Severity.WARNING_HI))]
    assert broken_by(injected, seen(told=early, energy_j=1.0)) == ["tick 700: power: load.shed: no fault is near"]


@pytest.mark.parametrize("seed", [1, 2])
def test_random_campaigns_break_nothing_that_must_hold(scenario: Scenario, seed: int) -> None:
    flown = campaign(scenario, seed, 2000)
    assert len(flown.injected) >= 2
    assert flown.seen.ticks == 2000
    assert flown.broken == (), str(flown)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 101))
def test_a_hundred_campaigns_of_ten_orbits_break_nothing_that_must_hold(scenario: Scenario, seed: int) -> None:
    flown = campaign(scenario, seed, 10 * ORBIT_TICKS)
    assert flown.seen.ticks == 10 * ORBIT_TICKS
    assert flown.broken == (), str(flown)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_fault_of_the_default_scenario_leaves_the_node_wrong_hung_or_lost() -> None:
    found = matrix(load_scenario(SCENARIO, ["duration=6000s", "plant.clock={}"]), 8)
    assert len(found.rows) >= 23
    assert [(one.case.kind, one.case.target, one.verdict.value, one.why) for one in found.failures] == []
    assert found.false_alarms == ()
