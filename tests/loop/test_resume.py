"""Runs taken up by separate processes: each runs itself through the log, and nobody can tell afterwards."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LOST, REJOIN
from flightsw.node.replay import replay_run
from flightsw.node.scenario import shipped_scenarios
from flightsw.record.folder import read_manifest
from tests.loop.runs import COMMAND, GUARD_S, children, fly, flying, summary_from, summary_of, wait_for_tick

GAIN = ("--set", "apps.thermal.gain_w_k=2.0", "--set", "apps.power.reserve_soc=0.6")
BRANCH = ("--at", "200", *GAIN)
HOT = ("--set", "apps.thermal.chip_limit_c=30.0", "--set", "apps.thermal.law=pi")


def resume(source: Path, out: Path, *more: str) -> dict[str, Any]:
    """Take it up to its end; the summary."""
    return summary_from(["resume", str(source), "--out", str(out), "--json", *more])


@pytest.fixture(scope="module")
def hot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One in which the chip's cap is in force, so that a gain matters."""
    run_dir = tmp_path_factory.mktemp("hot") / "hot"
    fly(run_dir, "--in-process", "--execute", "none", *HOT)
    return run_dir


def hash_of(run_dir: Path) -> str | None:
    return read_manifest(run_dir).log_hash


@contextmanager
def resuming(source: Path, out: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A run that goes on; ended with the block."""
    command = [*COMMAND, "resume", str(source), "--out", str(out), "--json", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as launcher:
        try:
            yield launcher
        finally:
            if launcher.poll() is None:
                launcher.kill()


def test_a_run_whose_launcher_was_killed_is_finished_with_the_hash_of_an_unharmed_one(
    tmp_path: Path, unharmed: Path
) -> None:
    cut = tmp_path / "cut"
    with flying(cut, "--speed", "800") as launcher:
        wait_for_tick(launcher, cut, 200)
        launcher.kill()
        launcher.wait()
    reader = LogReader(cut)
    assert 200 < len(list(reader.ticks())) < 600
    assert not reader.complete
    before = {path.name: path.read_bytes() for path in cut.iterdir()}
    assert resume(cut, tmp_path / "apart")["log_hash"] == hash_of(unharmed)
    assert resume(cut, tmp_path / "together", "--in-process")["log_hash"] == hash_of(unharmed)
    assert {path.name: path.read_bytes() for path in cut.iterdir()} == before
    parent = read_manifest(tmp_path / "apart").parent
    assert parent is not None
    assert (parent.tick, parent.log_hash) == (reader.tick_count, reader.log_hash)


@pytest.mark.parametrize(
    "tick",
    [
        pytest.param(tick, marks=[pytest.mark.long] if number else [])
        for number, tick in enumerate(random.Random(9).sample(range(600), 3))
    ],
)
def test_processes_taken_up_at_a_random_tick_end_with_the_hash_of_the_uninterrupted_run(
    tmp_path: Path, unharmed: Path, tick: int
) -> None:
    assert resume(unharmed, tmp_path / "again", "--at", str(tick))["log_hash"] == hash_of(unharmed)


def test_a_branch_is_the_same_in_processes_as_in_one_and_replays(tmp_path: Path, hot: Path) -> None:
    branch = ("--at", "200s", *GAIN, "--command", "300s power.set_load load=payload on=false")
    apart = resume(hot, tmp_path / "apart", *branch)
    together = resume(hot, tmp_path / "together", "--in-process", *branch)
    assert apart["log_hash"] == together["log_hash"] != hash_of(hot)
    assert apart["perturbed"]
    manifest = read_manifest(tmp_path / "apart")
    assert manifest.perturbed
    assert manifest.parent is not None
    assert manifest.parent.changes == {"apps.thermal.gain_w_k": 2.0, "apps.power.reserve_soc": 0.6}
    assert replay_run(tmp_path / "apart").replay_hash == apart["log_hash"]


def test_an_application_killed_in_a_branch_comes_back_under_its_configuration(tmp_path: Path, hot: Path) -> None:
    branch = tmp_path / "branch"
    with resuming(hot, branch, *BRANCH, "--speed", "400") as launcher:
        wait_for_tick(launcher, branch, 260)
        os.kill(children(branch)["thermal"], signal.SIGKILL)
        assert summary_of(launcher)["lost"] == ["thermal"]
    kinds = [item[0] for record in LogReader(branch).ticks() for item in record.inputs]
    assert LOST in kinds
    assert REJOIN in kinds
    assert replay_run(branch).same


@pytest.fixture(scope="module")
def branched(tmp_path_factory: pytest.TempPathFactory, hot: Path) -> str:
    """Hash of the branch that nothing befalls, in one process."""
    return str(resume(hot, tmp_path_factory.mktemp("branched") / "run", "--in-process", *BRANCH)["log_hash"])


@pytest.mark.parametrize("victim", ["plant", "bus"])
def test_infrastructure_killed_in_a_branch_leaves_no_trace(
    tmp_path: Path, hot: Path, branched: str, victim: str
) -> None:
    harmed = tmp_path / "harmed"
    with resuming(hot, harmed, *BRANCH, "--speed", "400") as launcher:
        wait_for_tick(launcher, harmed, 260)
        os.kill(children(harmed)[victim], signal.SIGKILL)
        summary = summary_of(launcher)
    assert summary["lost"] == [victim]
    assert summary["log_hash"] == branched


def test_processes_that_are_not_what_the_log_says_fail_the_run_instead_of_starting_cold(
    tmp_path: Path, hot: Path
) -> None:
    other = "from flightsw.apps.power import law; law.FIX_TICKS = 9; import sys; from flightsw.cli import main; "
    command = [COMMAND[0], "-c", other + "sys.exit(main())", "resume", str(hot), "--at", "90"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "again")], capture_output=True, text=True, timeout=GUARD_S, check=False
    )
    assert done.returncode == 3
    assert "power: rebuilt from the log, it is not what it was" in done.stderr
    assert read_manifest(tmp_path / "again").outcome == "failed"
    assert children(tmp_path / "again") == {}


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", shipped_scenarios())
def test_every_scenario_taken_up_at_a_random_tick_ends_with_the_hash_of_the_uninterrupted_run(
    tmp_path: Path, scenario: str
) -> None:
    rng = random.Random(scenario)
    whole = tmp_path / "whole"
    given = ("--json", "--in-process", "--execute", "none", "--duration", "40min", "--out", str(whole))
    subprocess.run([*COMMAND, "run", scenario, *given], capture_output=True, timeout=GUARD_S, check=True)
    manifest = read_manifest(whole)
    assert manifest.ticks is not None
    for host in ((), ("--in-process",)):
        tick = rng.randrange(1, manifest.ticks)
        again = resume(whole, tmp_path / f"again{len(host)}", "--at", str(tick), *host)
        assert again["log_hash"] == manifest.log_hash, tick
