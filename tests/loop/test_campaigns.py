"""One hash under random load, cores, start order and stops: a seeded slice every day, all of it by `make test-long`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from flightsw.node.scenario import load_scenario, shipped_scenarios
from tests.loop.campaign import RUN_S, cores, disturbed_hash, drawn, options_of
from tests.loop.runs import fly

RUNS = 20


def test_a_slice_of_the_campaign_gives_one_hash(tmp_path: Path) -> None:
    rng = random.Random(20260103)
    options = options_of("bupt1-like-pi4", 150.0)
    reference = fly(tmp_path / "reference", *options, "--in-process")["log_hash"]
    disturbances = [drawn(rng, 150) for _ in range(3)]
    assert {disturbance.one_core for disturbance in disturbances} == {True, False}
    assert any(disturbance.burners for disturbance in disturbances)
    for number, disturbance in enumerate(disturbances):
        assert disturbed_hash(tmp_path / f"run-{number}", options, disturbance) == reference, disturbance


@pytest.mark.long
@pytest.mark.parametrize("scenario", shipped_scenarios())
def test_twenty_disturbed_runs_of_ten_minutes_give_one_hash(tmp_path: Path, scenario: str) -> None:
    options = options_of(scenario, RUN_S)
    ticks = round(RUN_S / load_scenario(scenario).dt_s)
    reference = fly(tmp_path / "reference", *options, "--in-process")["log_hash"]
    rng = random.Random(f"{scenario} 42")
    for number in range(RUNS):
        disturbance = drawn(rng, ticks)
        assert disturbed_hash(tmp_path / f"run-{number}", options, disturbance) == reference, disturbance


@pytest.mark.long
@pytest.mark.parametrize("scenario", shipped_scenarios())
def test_one_core_gives_the_hash_of_all(tmp_path: Path, scenario: str) -> None:
    options = options_of(scenario, RUN_S)
    hashes = []
    for one in (True, False):
        with cores(one=one):
            hashes.append(fly(tmp_path / f"one-{one}", *options)["log_hash"])
    assert hashes[0] == hashes[1]


@pytest.mark.long
def test_thirty_orbits_end_every_eclipse_above_the_reserve_with_closed_ledgers(tmp_path: Path) -> None:
    summary = fly(tmp_path / "run", "--in-process", ticks=172_400)
    assert summary["eclipses"] == 30
    assert summary["soc_min"] >= 0.50
    assert abs(summary["electrical_residual_j"]) < 1e-6 * summary["energy_wh"] * 3600.0
    assert abs(summary["thermal_residual_j"]) < 1e-6 * summary["energy_wh"] * 3600.0
