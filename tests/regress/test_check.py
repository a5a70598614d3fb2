"""`flightsw check` as a user and CI meet it: verdicts, excerpts, exit codes, JSON and JUnit, the same with any jobs."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from flightsw.cli import main
from flightsw.errors import ConfigError, RunError
from flightsw.node.run import RunPlan
from flightsw.node.scenario import load_scenario
from flightsw.plant.cases import CASE_NAMES
from flightsw.record.folder import create_run_folder, read_manifest, utc_now
from flightsw.record.recording import recorded_run
from flightsw.regress.alarmjudge import AlarmJudge
from flightsw.regress.check import sampled
from flightsw.regress.flights import Flights
from flightsw.regress.judging import FinishedRun
from flightsw.regress.losses import loss_verdict
from flightsw.regress.verdict import Outcome
from tests.console import Cli, Result
from tests.node.own_code import write

GOOD_ONE = '{id="PWR-1", text="keeps its charge", formula="always(power.soc >= 0.3)", margin=0.01}'
BROKEN = '{id="THM-1", text="stays cold", formula="always(hw.chip_c <= 18)"}'
EMPTY = '{id="ECL-1", text="bears shadow", formula="after(eclipse_exit, 0s..5s, power.soc >= 0.3)"}'
CUBESAT, BUPT = "cubesat-6u-orin-nano", "bupt1-like-pi4"


Check = Callable[..., Result]


@pytest.fixture
def check(cli: Cli) -> Check:
    """`flightsw check` in an empty folder: 40 s each, with these requirements."""

    def run(*args: str, requirements: tuple[str, ...] = (GOOD_ONE,)) -> Result:
        given = ["--duration", "40s", "--set", f"requirements=[{', '.join(requirements)}]"]
        return cli("check", *given, *args)

    return run


def test_a_requirement_that_is_kept_is_shown_with_its_margin_and_ends_in_0(check: Check) -> None:
    result = check(CUBESAT)
    assert result.code == 0
    (row,) = [line for line in result.out.splitlines() if "PWR-1" in line]
    for word in ("keeps its charge", "of 0.01", " s ", "passed"):
        assert word in row
    assert result.out.splitlines()[-1] == "1 flights, 1 judged: all passed"


def test_one_that_is_broken_ends_in_1_and_shows_the_signal_and_what_was_said_around_the_tick(check: Check) -> None:
    result = check(CUBESAT, requirements=(GOOD_ONE, BROKEN))
    assert result.code == 1
    lines = result.out.splitlines()
    (said,) = [line for line in lines if "THM-1 failed: first at tick" in line]
    tick = int(said.split("first at tick ")[1].split(",")[0])
    assert tick > 3
    assert any(line.strip().startswith(f"> {tick:>8}") or f">    {tick:>5}" in line for line in lines)
    assert "hw.device.chip_c" in result.out
    assert any("event.inference" in line and "device.on" in line for line in lines), "what led to it is shown"
    assert any(f"{tick:>8}" in line and "hw.device " in line and "chip_c=" in line for line in lines)
    assert lines[-1] == "1 flights, 2 judged: 1 failed"


def test_one_that_judges_nothing_is_vacuous_and_ends_in_1(check: Check) -> None:
    result = check(CUBESAT, requirements=(GOOD_ONE, EMPTY))
    assert result.code == 1
    assert "ECL-1 vacuous: the anchor never occurs" in result.out
    assert result.out.splitlines()[-1] == "1 flights, 2 judged: 1 vacuous"


def test_json_tells_all_of_it(check: Check) -> None:
    result = check(CUBESAT, "--json", requirements=(GOOD_ONE, BROKEN, EMPTY))
    assert result.code == 1
    told = result.json
    assert (told["passed"], told["failed"], told["vacuous"], told["exit_code"]) == (1, 1, 1, 1)
    (one,) = told["scenarios"]
    assert (one["scenario"], one["ticks"], one["exit"], one["run_dir"]) == (CUBESAT, 40, "completed", None)
    assert [verdict["outcome"] for verdict in one["verdicts"]] == ["passed", "failed", "vacuous"]
    assert one["verdicts"][1]["excerpt"]


def test_junit_has_a_suite_a_scenario_and_a_case_a_requirement(check: Check, tmp_path: Path) -> None:
    result = check(CUBESAT, "--junit", "out.xml", requirements=(GOOD_ONE, BROKEN, EMPTY))
    assert result.code == 1
    suites = Xml.fromstring((tmp_path / "out.xml").read_text())
    (suite,) = suites.findall("testsuite")
    counts = [suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped")]
    assert counts == [CUBESAT, "4", "2", "0", "1"]
    passed, failed, vacuous, skipped = suite.findall("testcase")
    assert skipped.get("name") == "BASELINE"
    assert "40 ticks: the baseline holds for" in (skipped.find("skipped").get("message") or "")  # type: ignore[union-attr]
    assert passed.get("name") == "PWR-1: keeps its charge"
    assert passed.find("failure") is None
    assert [case.find("failure").get("type") for case in (failed, vacuous)] == ["failed", "vacuous"]  # type: ignore[union-attr]
    assert "hw.device.chip_c" in (failed.find("failure").text or "")  # type: ignore[union-attr]


def test_results_come_in_the_order_given_and_are_the_same_with_any_number_of_jobs(check: Check) -> None:
    alone, together = (check(BUPT, CUBESAT, BUPT, "--json", "--jobs", jobs).json for jobs in ("1", "3"))
    for told in (alone, together):
        assert [one["scenario"] for one in told["scenarios"]] == [BUPT, CUBESAT, BUPT]
        for one in told["scenarios"]:
            del one["wall_s"]
    assert alone == together
    assert alone["scenarios"][0]["log_hash"] == alone["scenarios"][2]["log_hash"]


def test_run_folders_are_kept_where_asked_and_else_left_nowhere(check: Check, tmp_path: Path) -> None:
    assert check(BUPT, BUPT, "--out", "kept").code == 0
    kept = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert kept == [BUPT, f"{BUPT}-2"]
    names = {path.name for path in (tmp_path / "kept" / BUPT).iterdir()}
    assert {"bus.log", "scenario.toml", "manifest.json"} <= names
    assert check(BUPT).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_cases_fly_each_scenario_as_it_is_and_in_all_four_and_say_so(check: Check, tmp_path: Path) -> None:
    cold = '{id="THM-1", text="freezes", formula="always(hw.chip_c <= 0)"}'
    given = ("--cases", "--execute", "none")
    result = check(BUPT, CUBESAT, *given, "--out", "kept", "--junit", "out.xml", requirements=(GOOD_ONE, cold))
    assert result.code == 1
    lines = result.out.splitlines()
    head = next(place for place, line in enumerate(lines) if line.split()[:1] == ["scenario"])
    assert all(case in lines[head] for case in ("as it is", *CASE_NAMES))
    assert [line.split() for line in lines[head + 1 : head + 3]] == [[BUPT, *["1/2"] * 5], [CUBESAT, *["1/2"] * 5]]
    assert f"  {CUBESAT} (cold-bol): THM-1" in lines
    folders = {path.name for path in (tmp_path / "kept").iterdir()}
    assert folders == {f"{name}{case}" for name in (BUPT, CUBESAT) for case in ("", *(f"-{one}" for one in CASE_NAMES))}
    suites = Xml.fromstring((tmp_path / "out.xml").read_text()).findall("testsuite")
    assert f"{BUPT} (cold-eol)" in [suite.get("name") for suite in suites]
    told = check(BUPT, *given, "--json", "--jobs", "2").json["scenarios"]
    assert [one["case"] for one in told] == [None, *CASE_NAMES]
    assert len({one["log_hash"] for one in told}) == 5


def test_alarms_are_failures_where_asked_and_the_quiet_pass(check: Check) -> None:
    nervous = ("--set", "apps.health.watchpoints=[{signal='power.soc', yellow_low=0.9}]")
    assert check(CUBESAT, *nervous).code == 0
    told = check(CUBESAT, "--alarms", *nervous)
    assert told.code == 1
    assert "ALARMS failed: first at tick 4 (1 of" in told.out
    assert "tick 4: health: limit.crossed power.soc" in told.out
    quiet = check(CUBESAT, "--alarms", "--json")
    assert (quiet.code, quiet.json["passed"]) == (0, 2)


def test_a_lost_application_is_an_alarm(tmp_path: Path) -> None:
    crash = ["duration=60s", "faults=[{kind='crash', process='thermal', at='30s'}]"]
    scenario = load_scenario(CUBESAT, crash)
    with pytest.raises(ConfigError, match="alarms: it has"):
        AlarmJudge().prepare(scenario)
    plan = RunPlan(scenario=scenario, run_dir=create_run_folder(tmp_path / "run"), ticks=60, in_process=True)
    (verdict,) = AlarmJudge().judge(FinishedRun(scenario, plan.run_dir, recorded_run(plan, utc_now())))
    assert (verdict.outcome, verdict.first_tick) == (Outcome.FAILED, 30)
    assert verdict.excerpt[0] == "tick 30: bus: APP_LOST thermal"


@pytest.mark.parametrize(
    ("args", "requirements", "said"),
    [
        ((), (), "check: must be given scenarios, or --all"),
        ((CUBESAT, "--all"), (), "check: must be given scenarios, or --all"),
        ((CUBESAT, "--cases", "--case", "hot-eol"), (GOOD_ONE,), "case: goes without --cases"),
        ((CUBESAT,), (), f"scenario {CUBESAT}: nothing to judge: must have [[requirements]]"),
        (("nowhere.toml",), (), "nowhere.toml: can't be read"),
        ((CUBESAT, "--junit", "no/out.xml"), (GOOD_ONE,), "junit = no/out.xml: no is no folder"),
        ((CUBESAT, "--junit", "."), (GOOD_ONE,), "junit = .: is a folder"),
        ((CUBESAT,), (GOOD_ONE, GOOD_ONE), "given twice"),
        (
            (CUBESAT,),
            ('{id="A", text="x", formula="always(power.sok > 0)"}',),
            "requirement A: signal 'power.sok': unknown",
        ),
        ((BUPT, CUBESAT), ('{id="A", text="x", formula="always(power.soc > "}',), "requirement A: column 19"),
        ((CUBESAT,), ('{id="A", text="x"}',), "missing"),
    ],
)
def test_bad_input_ends_in_2_before_anything_runs(
    check: Check, tmp_path: Path, args: tuple[str, ...], requirements: tuple[str, ...], said: str
) -> None:
    result = check(*args, "--out", "kept", requirements=requirements)
    assert result.code == 2, result.out
    assert said in result.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["run", "validate"])
def test_run_and_validate_refuse_a_requirement_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = 'requirements=[{id="A", text="x", formula="always(power.sok > 0)"}]'
    assert main([command, CUBESAT, "--set", wrong]) == 2
    assert "requirement A: signal 'power.sok': unknown" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_that_fails_ends_in_3_and_is_an_error_in_junit(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise RunError("plant: gone")

    monkeypatch.setattr("flightsw.regress.check.recorded_run", lost)
    result = check(CUBESAT, "--junit", "out.xml")
    assert result.code == 3
    assert "the run failed: plant: gone" in result.out
    (suite,) = Xml.fromstring((tmp_path / "out.xml").read_text()).findall("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "1")


def test_nothing_is_flown_behind_a_run_that_was_interrupted(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    from flightsw.regress import check as checking

    flown: list[str] = []

    def interrupted(assignment: checking.Assignment) -> checking.Checked:
        flown.append(assignment.scenario.name)
        return checking.Checked(scenario=flown[-1], seed=1, ticks=3, simulated_s=3.0, wall_s=1.0, exit="interrupted")

    monkeypatch.setattr("flightsw.regress.check.check_one", interrupted)
    assert check(BUPT, CUBESAT).code == 130
    assert flown == [BUPT]


RAISING = """
    from flightsw.apps.thermal.interface import StandardThermalLaw

    class Mine(StandardThermalLaw):
        def __init__(self):
            super().__init__()
            self.steps = 0

        def step(self, *args, **more):
            self.steps += 1
            if self.steps == 12:
                raise ZeroDivisionError("gain schedule")
            return super().step(*args, **more)
"""


def test_an_application_that_raises_is_a_failure_and_is_told(check: Check, tmp_path: Path) -> None:
    file = write(tmp_path / "mine", RAISING, thermal='law = "mine:Mine"')
    asked = (str(file), "--execute", "none", "--no-baseline")
    result = check(*asked, "--junit", "out.xml")
    assert result.code == 1
    assert "LOST failed: first at tick " in result.out
    assert re.search(r"tick \d+: thermal: ZeroDivisionError: gain schedule", result.out)
    assert result.out.splitlines()[-1] == "1 flights, 2 judged: 1 failed"
    (suite,) = Xml.fromstring((tmp_path / "out.xml").read_text()).findall("testsuite")
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "0")
    told = check(*asked, "--json").json["scenarios"][0]["verdicts"]
    assert [(one["id"], one["outcome"]) for one in told] == [("PWR-1", "passed"), ("LOST", "failed")]
    run = Flights(tmp_path / "flights").fly(file, duration="40s", execute="none")
    assert [one.id for one in loss_verdict(run.run_dir, run.manifest.lost)] == ["LOST"]


def test_losses_that_the_scenario_scripts_are_no_failure(check: Check) -> None:
    crash = "faults=[{kind='crash', process='thermal', at='20s'}, {kind='hang', process='health', at='10s'}]"
    result = check(CUBESAT, "--set", crash, "--json", "--out", "kept")
    assert read_manifest(Path(result.json["scenarios"][0]["run_dir"])).lost
    assert (result.code, result.json["passed"]) == (0, 1)


def test_json_says_why_a_run_was_held_to_no_baseline(check: Check) -> None:
    assert "40 ticks: the baseline holds for" in check(CUBESAT, "--json").json["scenarios"][0]["not_compared"]
    assert check(CUBESAT, "--json", "--no-baseline").json["scenarios"][0]["not_compared"] is None


def test_junit_is_well_formed_whatever_a_requirement_says(check: Check, tmp_path: Path) -> None:
    odd = '{id="PWR-1", text="keeps \\uFFFE\\uFFFF its charge", formula="always(power.soc >= 0.3)"}'
    assert check(CUBESAT, "--junit", "out.xml", requirements=(odd,)).code == 0
    (case, _) = Xml.fromstring((tmp_path / "out.xml").read_text()).iter("testcase")
    assert case.get("name") == "PWR-1: keeps  its charge"


def test_junit_is_written_before_anything_is_printed_and_no_older_one_is_left(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "out.xml"
    file.write_text("of yesterday")
    assert check("nowhere.toml", "--junit", "out.xml").code == 2
    assert not file.exists()
    monkeypatch.setattr("flightsw.regress.shown.print_checked", full)
    assert check(CUBESAT, "--junit", "out.xml").code != 0
    assert len(list(Xml.fromstring(file.read_text()).iter("testcase"))) == 2


def test_a_killed_worker_is_a_failed_flight_and_not_an_internal_error(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("flightsw.regress.check.recorded_run", killed)
    result = check(BUPT, CUBESAT, "--jobs", "2", "--junit", "out.xml")
    assert result.code == 3
    assert "ended by force" in result.out
    suites = Xml.fromstring((tmp_path / "out.xml").read_text()).findall("testsuite")
    assert [(suite.get("name"), suite.get("errors")) for suite in suites] == [(BUPT, "1"), (CUBESAT, "1")]


def test_no_more_is_computed_than_the_scenario_asks_for() -> None:
    every = load_scenario(CUBESAT, ['apps.inference.execute="every"'])
    assert sampled(every).apps.inference.execute == "sample:20"
    for execute in ("none", "sample:20", "sample:100"):
        scenario = load_scenario(CUBESAT, [f'apps.inference.execute="{execute}"'])
        assert sampled(scenario) is scenario
