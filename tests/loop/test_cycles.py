"""The whole node with flight software in cycles of ten ticks: one log in both hosts, whoever is killed and whenever.

Only a free run grants ticks ahead, so these fly free: what is killed is killed in the middle of them, wherever that is.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LOST, REJOIN
from flightsw.node.replay import replay_run
from tests.conftest import Cli
from tests.loop.runs import children, fly, flying, summary_of, wait_for_tick

TICKS = 6000
COMMANDS = (
    '{at="43s", name="thermal.set_chip_limit", args={limit_c=60.0}}',
    '{at="5117s", name="power.set_reserve", args={soc=0.5}}',
)
SLOW = ("--execute", "none", "--set", "cycle_ticks=10")
CYCLES = (*SLOW, "--set", f"commands=[{', '.join(COMMANDS)}]")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Hash of the run in one process."""
    summary = fly(tmp_path_factory.mktemp("reference") / "run", "--in-process", *CYCLES, ticks=TICKS)
    assert summary["tc_accepted"] == 2
    return str(summary["log_hash"])


def killed(run_dir: Path, victim: str) -> dict[str, object]:
    with flying(run_dir, *CYCLES, ticks=TICKS) as launcher:
        wait_for_tick(launcher, run_dir, 155)
        os.kill(children(run_dir)[victim], signal.SIGKILL)
        summary = summary_of(launcher)
    assert summary["lost"] == [victim]
    assert summary["ticks"] == TICKS
    return summary


def test_processes_give_the_hash_of_one_process(tmp_path: Path, reference: str) -> None:
    assert fly(tmp_path / "run", *CYCLES, ticks=TICKS)["log_hash"] == reference


@pytest.mark.parametrize("victim", ["plant", "bus"])
def test_killed_infrastructure_leaves_the_hash_of_an_unharmed_run(tmp_path: Path, reference: str, victim: str) -> None:
    assert killed(tmp_path / f"lost-{victim}", victim)["log_hash"] == reference


@pytest.mark.parametrize("app", ["thermal", "health"])
def test_a_killed_application_rejoins_in_a_tick_of_its_own_and_the_run_replays(tmp_path: Path, app: str) -> None:
    run_dir = tmp_path / f"lost-{app}"
    summary = killed(run_dir, app)
    ticks = {item[0]: r.tick for r in LogReader(run_dir).ticks() for item in r.inputs if item[0] in (LOST, REJOIN)}
    assert ticks[REJOIN] % 10 == 0
    assert 10 <= ticks[REJOIN] - ticks[LOST] < 20
    again = replay_run(run_dir)
    assert again.same
    assert again.replay_hash == summary["log_hash"]


def test_the_pace_does_not_alter_the_result(tmp_path: Path) -> None:
    """Paced, nothing is granted ahead: the same ticks one by one."""
    free = fly(tmp_path / "free", *SLOW, ticks=100)
    paced = fly(tmp_path / "paced", *SLOW, "--speed", "200", ticks=100)
    assert paced["log_hash"] == free["log_hash"]


def test_a_cut_run_is_resumed_in_the_middle_of_a_cycle_to_the_same_end(
    tmp_path: Path, reference: str, cli: Cli
) -> None:
    run_dir = tmp_path / "cut"
    with flying(run_dir, *CYCLES, ticks=TICKS) as launcher:
        wait_for_tick(launcher, run_dir, 1000)
        launcher.kill()
        launcher.wait()
    for host in (("--in-process",), ()):
        done = cli("resume", str(run_dir), "--at", "553", "--out", str(tmp_path / f"on{len(host)}"), "--json", *host)
        assert done.code == 0, done.err
        assert reference in done.out
