"""The baseline in `flightsw check`: a verdict of its own, left out only where it can't be given, and that is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flightsw.cli import main
from flightsw.node.scenario import load_scenario, scenario_to_toml
from flightsw.regress.basejudge import BaselineJudge
from flightsw.regress.flights import Flights
from flightsw.regress.judging import FinishedRun
from flightsw.regress.verdict import Outcome


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """A scenario without requirements, and its baseline."""
    path = tmp_path / "mine.toml"
    path.write_text(
        scenario_to_toml(load_scenario("validation-p25", ["name=mine", "duration=300s", "requirements=[]"]))
    )
    assert main(["baseline", "update", str(path), "--reason", "first"]) == 0
    return str(path)


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["check", *arguments, "--json"])
    said: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return code, said


def test_a_run_as_accepted_is_green_also_a_longer_one(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--duration", "400s"]):
        code, said = checked(capsys, mine, *more)
        (verdict,) = said["scenarios"][0]["verdicts"]
        assert (code, verdict["id"], verdict["outcome"]) == (0, "BASELINE", "passed")


def test_a_changed_run_is_red_and_says_what_moved_first(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = checked(capsys, mine, "--set", "plant.battery.initial_soc=0.7")
    (verdict,) = said["scenarios"][0]["verdicts"]
    assert (code, verdict["outcome"], verdict["first_tick"]) == (1, "failed", 0)
    assert any(line.startswith("soc_min ") for line in verdict["excerpt"])
    assert any(line.startswith("moved first: ") for line in verdict["excerpt"])


@pytest.mark.parametrize("more", [["--seed", "2"], ["--duration", "200s"], ["--no-baseline"]])
def test_where_nothing_can_be_judged_it_is_bad_input(
    mine: str, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    code, said = checked(capsys, mine, *more)
    assert code == 2
    assert "nothing to judge" in said["error"]


def test_that_no_comparison_was_made_is_said(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    requirement = 'requirements=[{id = "R-1", text = "soc", formula = "always(truth.soc > 0.1)"}]'
    assert main(["check", mine, "--seed", "2", "--set", requirement]) == 0
    assert "no comparison with a baseline: seed = 2: the baseline holds for 1" in capsys.readouterr().out


def test_a_missing_baseline_of_a_shipped_scenario_is_not_green(tmp_path: Path) -> None:
    flight = Flights(tmp_path / "flights").fly("validation-p25", duration="30s")
    judge = BaselineJudge("validation-p25", tmp_path / "gone.toml", required=True)
    assert judge.prepare(flight.scenario) == 1
    (verdict,) = judge.judge(FinishedRun(flight.scenario, flight.run_dir, outcome=None))  # type: ignore[arg-type]
    assert verdict.outcome is Outcome.VACUOUS
    assert "no gone.toml; make one with: flightsw baseline update validation-p25 --file" in verdict.reason
    user = BaselineJudge("validation-p25", tmp_path / "gone.toml", required=False)
    assert user.prepare(flight.scenario) == 0
