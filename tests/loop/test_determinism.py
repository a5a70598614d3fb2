"""The same scenario and seed give the same log, however it is run."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from tests.loop.runs import children, fly, flying, summary_of, wait_for_tick

NAMES = {"bus", "plant", "power", "thermal", "inference", "comms", "health"}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Hash of the run in one process."""
    summary = fly(tmp_path_factory.mktemp("reference") / "run", "--in-process")
    assert summary["inferences_executed"] > 0
    assert summary["energy_wh"] > 0.0
    return str(summary["log_hash"])


@pytest.mark.parametrize(
    ("order", "hash_seed"),
    [
        pytest.param("", "0", marks=pytest.mark.long),
        ("health,comms,inference,thermal,power,plant,bus", "1"),
        ("thermal,bus,plant", "4711"),
    ],
)
def test_processes_in_any_start_order_give_the_hash_of_one_process(
    tmp_path: Path, reference: str, order: str, hash_seed: str
) -> None:
    summary = fly(tmp_path / "run", *(("--start-order", order) if order else ()), PYTHONHASHSEED=hash_seed)
    assert set(summary["cpu_s"]) == {*NAMES, "launcher"}
    assert summary["log_hash"] == reference


def test_processes_that_are_stopped_and_continued_from_outside_change_nothing(tmp_path: Path, reference: str) -> None:
    rng = random.Random(20260101)
    run_dir = tmp_path / "stopped-run"
    with flying(run_dir, "--speed", "600") as launcher:
        for tick in range(50, 550, 50):
            wait_for_tick(launcher, run_dir, tick)
            victims = children(run_dir)
            assert set(victims) == NAMES
            name = rng.choice(sorted(NAMES - {"bus"}))  # the log stands still with the bus
            os.kill(victims[name], signal.SIGSTOP)
            os.kill(victims["bus"], signal.SIGSTOP)
            os.kill(victims["bus"], signal.SIGCONT)
            os.kill(victims[name], signal.SIGCONT)
        summary = summary_of(launcher)
    assert summary["log_hash"] == reference
    assert summary["lost"] == []


def test_another_seed_gives_another_hash(tmp_path: Path, reference: str) -> None:
    assert fly(tmp_path / "run", "--in-process", "--seed", "2")["log_hash"] != reference


def test_the_pace_does_not_alter_the_result(tmp_path: Path) -> None:
    free = fly(tmp_path / "free", "--in-process", ticks=60)
    paced = fly(tmp_path / "paced", "--speed", "200", ticks=60)
    assert paced["wall_s"] >= 0.25
    assert paced["log_hash"] == free["log_hash"]
