"""Heavy campaigns, run by `make test-long`: one hash under random load, start order and stops; long runs stay flat."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from flightsw.node.scenario import shipped_scenarios
from tests.loop.runs import children, fly, flying, summary_of, wait_for_tick

NAMES = ["bus", "plant", "power", "thermal", "inference", "comms", "health"]


@pytest.mark.long
@pytest.mark.parametrize("scenario", shipped_scenarios())
def test_twenty_runs_under_random_stops_and_start_orders_give_one_hash(tmp_path: Path, scenario: str) -> None:
    reference = fly(tmp_path / "reference", scenario, "--in-process")["log_hash"]
    rng = random.Random(42)
    for number in range(20):
        run_dir = tmp_path / f"run-{number}"
        order = rng.sample(NAMES, len(NAMES))
        with flying(run_dir, scenario, "--start-order", ",".join(order)) as launcher:
            for tick in sorted(rng.sample(range(20, 560), 3)):
                wait_for_tick(launcher, run_dir, tick)
                victim = children(run_dir).get(rng.choice(NAMES))
                if victim is not None:
                    os.kill(victim, signal.SIGSTOP)
                    os.kill(victim, signal.SIGCONT)
            assert summary_of(launcher)["log_hash"] == reference, f"run {number}"


@pytest.mark.long
def test_thirty_orbits_end_every_eclipse_above_the_reserve_with_closed_ledgers(tmp_path: Path) -> None:
    summary = fly(tmp_path / "run", "--in-process", ticks=172_400)
    assert summary["eclipses"] == 30
    assert summary["soc_min"] >= 0.51
    assert abs(summary["electrical_residual_j"]) < 1e-6 * summary["energy_wh"] * 3600.0
    assert abs(summary["thermal_residual_j"]) < 1e-6 * summary["energy_wh"] * 3600.0
