"""The worked example of docs/bring-your-own.md, as a user has it: copied out of the repository, run by the command.

Commands that need no process of their own are called in this one, from the folder above the project's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LOST, REJOIN
from flightsw.node.imports import look_in
from tests.console import Cli, Result
from tests.loop.runs import COMMAND, GUARD_S, children, summary_from, summary_of, wait_for_tick

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/my_controller"
TICKS = 600


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The user's project: nothing of it is on any path but by its own scenario."""
    shutil.copytree(EXAMPLE, tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def anew(cli: Cli) -> Cli:
    """Calls a command that knows of no folder with users' code but by what it is given, as a new process would."""

    def call(*args: str) -> Result:
        look_in(())
        return cli(*args)

    return call


def run_arguments(project: Path, name: str, *more: str) -> list[str]:
    scenario = str(project / "my-node.toml")
    fixed = ("--execute", "sample:50", "--duration", f"{TICKS}s", "--json")
    return ["run", scenario, *fixed, "--out", str(project / name), *more]


def run(project: Path, name: str, *more: str) -> dict[str, Any]:
    return summary_from(run_arguments(project, name, *more))


def test_it_is_good_and_flies_the_same_in_processes_and_in_one(project: Path, cli: Cli) -> None:
    good = cli("validate", str(project / "my-node.toml"))
    assert good.code == 0, good.err
    assert 'own code apps.thermal.law = "my_controller.laws:LookingAhead"' in good.out
    assert 'own code processes.trend.app = "my_controller.trend:TrendApp"' in good.out
    apart = run(project, "apart", "--start-order", "trend,health,bus")
    together = run(project, "together", "--in-process")
    assert apart["ticks"] == TICKS
    assert "trend" in apart["cpu_s"]
    assert apart["lost"] == []
    assert apart["log_hash"] == together["log_hash"]
    seen = [message for _, _, message in LogReader(project / "apart").messages(["trend.status"])]
    assert len(seen) == TICKS // 10
    assert seen[-1].chip_ahead_c is not None
    shown = cli("log", str(project / "apart"), "--topic", "trend.status", "--from", "590", "--json")
    assert set(json.loads(shown.out)["message"]) == {"chip_ahead_c", "limit_in_s", "warnings"}


def test_its_run_says_which_code_flew_and_replays_from_anywhere(project: Path, anew: Cli) -> None:
    summary = run(project, "flown", "--in-process")
    manifest = json.loads((project / "flown/manifest.json").read_text())
    assert [one["path"] for one in manifest["own_code"]] == [
        "my_controller.laws:LookingAhead",
        "my_controller.trend:TrendApp",
    ]
    assert {len(one["sha256"]) for one in manifest["own_code"]} == {64}
    assert {one["folder"] for one in manifest["own_code"]} == {str(project)}
    for more in ((), ("--app", "thermal"), ("--app", "trend")):
        replayed = anew("replay", str(project / "flown"), *more)
        assert replayed.code == 0, replayed.out + replayed.err
        assert replayed.out.startswith("the same")
        assert more or summary["log_hash"] in replayed.out
    again = anew("run", str(project / "flown/scenario.toml"), "--in-process", "--json")
    assert again.json["log_hash"] == summary["log_hash"]


def test_a_changed_law_replays_to_the_first_message_that_differs(project: Path) -> None:
    run(project, "flown", "--in-process")
    laws = project / "my_controller/laws.py"
    laws.write_text(laws.read_text().replace("Outputs(cap_w,", "Outputs(0.9 * cap_w,"))
    command = [*COMMAND, "replay", str(project / "flown"), "--app", "thermal"]
    replayed = subprocess.run(command, capture_output=True, text=True, timeout=GUARD_S, check=False)
    assert replayed.returncode == 1
    assert "diverged at tick 0, thermal.status.chip_cap_w:" in replayed.stdout


@pytest.mark.parametrize("victim", ["trend", "thermal"])
def test_a_killed_process_of_the_users_is_a_flight_event(project: Path, cli: Cli, victim: str) -> None:
    run_dir = project / f"lost-{victim}"
    with subprocess.Popen(
        [*COMMAND, *run_arguments(project, run_dir.name, "--speed", "800")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as launcher:
        try:
            wait_for_tick(launcher, run_dir, 150)
            os.kill(children(run_dir)[victim], signal.SIGKILL)
            summary = summary_of(launcher)
        finally:
            launcher.kill()
    assert summary["lost"] == [victim]
    inputs = [(record.tick, *item[:2]) for record in LogReader(run_dir).ticks() for item in record.inputs]
    assert [item[1:] for item in inputs] == [(LOST, victim), (REJOIN, victim)]
    assert inputs[1][0] == inputs[0][0] + 10
    replayed = cli("replay", str(run_dir))
    assert replayed.code == 0, replayed.out + replayed.err
    assert summary["log_hash"] in replayed.out


@pytest.mark.parametrize("host", [(), ("--in-process",)])
def test_an_application_that_raises_is_lost_and_comes_back(project: Path, host: tuple[str, ...]) -> None:
    trend = project / "my_controller/trend.py"
    code = trend.read_text()
    before = '        """One tick that is due."""\n'
    assert before in code
    trend.write_text(code.replace(before, f"{before}        assert now.tick != 300\n"))
    assert run(project, "raised", *host)["lost"] == ["trend"]
    told = [(tick, message.kind.name) for tick, _, message in LogReader(project / "raised").messages(["bus.event"])]
    assert told == [(300, "APP_LOST"), (310, "REJOIN")]


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("class LookingAhead(", "class LookAhead(", "no class LookingAhead in "),
        (
            "config: ThermalConfig, dt_s: float)",
            "config: ThermalConfig)",
            "must take step(state, inputs, config, dt_s)",
        ),
        ("self.own = own", "self.owned = own", "its first tick fails: AttributeError"),
        ("from __future__", "import nothing_like_it\nfrom __future__", "can't be imported: SyntaxError"),
    ],
)
def test_a_broken_law_is_refused_before_anything_starts(
    project: Path, cli: Cli, was: str, becomes: str, says: str
) -> None:
    laws = project / "my_controller/laws.py"
    code = laws.read_text()
    assert was in code
    laws.write_text(code.replace(was, becomes))
    refused = cli(*run_arguments(project, "refused"))
    assert refused.code == 2
    assert 'apps.thermal.law = "my_controller.laws:LookingAhead"' in refused.err
    assert says in refused.err
    assert not (project / "refused").exists()
