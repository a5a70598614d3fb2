"""Placement: which cores a free run's processes are kept on."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.messages.topics import BUS, FLIGHT_APPS
from flightsw.node.placement import placement
from flightsw.node.run import RunPlan, execute_run
from flightsw.node.scenario import load_scenario
from tests.loop.runs import children, flying, wait_for_tick

NAMES = (BUS, "plant", *FLIGHT_APPS, "a_users_own")


@given(st.sets(st.integers(0, 255), min_size=2), st.integers(0, 2**22))
def test_everybody_has_one_of_two_allowed_cores_and_the_plant_not_the_buss(cores: set[int], run_number: int) -> None:
    placed = placement(NAMES, cores, run_number)
    assert set(placed) == set(NAMES)
    assert all(len(kept) == 1 and kept <= cores for kept in placed.values())
    assert len(set(placed.values())) == 2
    assert placed["plant"] != placed[BUS]


@given(st.sets(st.integers(0, 255), min_size=4), st.integers(0, 2**22))
def test_runs_one_after_another_on_a_large_machine_take_other_cores(cores: set[int], run_number: int) -> None:
    one, next_one = placement(NAMES, cores, run_number), placement(NAMES, cores, run_number + 1)
    assert not set().union(*one.values()) & set().union(*next_one.values())


def test_a_single_core_is_left_to_the_scheduler() -> None:
    assert placement(NAMES, {3}, 7) == {}


def test_a_run_kept_on_two_cores_gives_the_log_of_one_that_is_not(tmp_path: Path) -> None:
    scenario = load_scenario("cubesat-6u-orin-nano", ['apps.inference.execute="none"'])
    hashes = []
    for pin in (True, False):
        run_dir = tmp_path / str(pin)
        run_dir.mkdir()
        outcome = execute_run(RunPlan(scenario=scenario, run_dir=run_dir, ticks=60, pin=pin))
        assert outcome.exit == "completed"
        hashes.append(outcome.log_hash)
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize(("pace", "policy"), [("free", os.SCHED_BATCH), ("1000", os.SCHED_OTHER)])
def test_processes_of_a_free_run_take_turns_and_those_of_a_paced_one_are_left_alone(
    tmp_path: Path, pace: str, policy: int
) -> None:
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        pytest.skip("one core: nobody is kept anywhere")
    with flying(tmp_path / pace, "--speed", pace, ticks=500_000) as launcher:
        wait_for_tick(launcher, tmp_path / pace, 1)
        found = {
            name: (os.sched_getscheduler(pid), os.sched_getaffinity(pid))
            for name, pid in children(tmp_path / pace).items()
        }
        launcher.send_signal(signal.SIGTERM)
        assert json.loads(launcher.communicate(timeout=60)[0].splitlines()[-1])["exit"] == "interrupted"
    assert {BUS, "plant", *FLIGHT_APPS} <= set(found)
    for name, (scheduler, cores) in found.items():
        assert scheduler == policy, name
        assert len(cores) == 1 if pace == "free" else cores == allowed, name
