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
from tests.node.runs import cut

TICKS = 6000
"""long enough for a kill in its first half, however fast it flies"""
SHORT_TICKS = 1500
SLOW = ("--execute", "none", "--set", "cycle_ticks=10")


def cycles(late: str) -> tuple[str, ...]:
    """In cycles, with a command early on and one that is late."""
    commands = (
        '{at="43s", name="thermal.set_chip_limit", args={limit_c=60.0}}',
        f'{{at="{late}", name="power.set_reserve", args={{soc=0.5}}}}',
    )
    return (*SLOW, "--set", f"commands=[{', '.join(commands)}]")


CYCLES = cycles("5117s")


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


@pytest.mark.parametrize("app", [pytest.param("thermal", marks=pytest.mark.long), "health"])
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


def test_a_cut_run_is_resumed_in_the_middle_of_a_cycle_to_the_same_end(tmp_path: Path, cli: Cli) -> None:
    whole = fly(tmp_path / "whole", "--in-process", *cycles("1117s"), ticks=SHORT_TICKS)
    assert whole["tc_accepted"] == 2
    run_dir = cut(tmp_path / "whole", tmp_path / "cut", 1003)
    for host in (("--in-process",), ()):
        done = cli("resume", str(run_dir), "--at", "553", "--out", str(tmp_path / f"on{len(host)}"), "--json", *host)
        assert done.code == 0, done.err
        assert done.json["ticks"] == SHORT_TICKS
        assert done.json["log_hash"] == whole["log_hash"]
