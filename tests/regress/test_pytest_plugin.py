"""The pytest plugin as a user has it: a project of tests, run by pytest in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from flightsw.errors import ConfigError, RunError
from flightsw.regress.baselinefile import baseline_path
from flightsw.regress.flights import Flights
from tests.console import Cli
from tests.node.own_code import write

GREEN = """
import os
from pathlib import Path
import pytest

NAME = "cubesat-6u-orin-nano"

@pytest.fixture(scope="module")
def flight(fly):
    return fly(NAME, duration="90s")

@pytest.mark.parametrize("part", range(6))
def test_flights_are_shared(fly, flight, part):
    again = fly(NAME, duration="90s")
    assert again.run_dir == flight.run_dir
    assert len((flight.run_dir / "host.jsonl").read_text().splitlines()) == 0
    assert fly(NAME, duration="90s", seed=2 + part % 2).log_hash != flight.log_hash

def test_hosts_agree(fly, host, replay, faults):
    lost = [faults.crash("thermal", at="40s")]
    run = fly(NAME, duration="90s", faults=lost, host=host)
    assert run.summary.lost == ("thermal",)
    assert run.log_hash == fly(NAME, duration="90s", faults=lost).log_hash
    assert replay(run).messages > 500
    assert replay(run, app="power").ticks == 90

def test_requirements_hold(flight, requirements):
    first, second = requirements(flight, "always power.soc > 0.3", ids=["PWR-1"])
    assert first.id == "PWR-1"
    assert second.margin > 0.1
    time_s, soc = flight.series("power.soc")
    assert len(time_s) == 90
"""

RED = """
import pytest

@pytest.fixture(scope="module")
def flight(fly):
    return fly("cubesat-6u-orin-nano", duration="90s")

def test_green(flight):
    pass

def test_red(flight):
    assert flight.summary.eclipses == 1

def test_broken_requirement(flight, requirements):
    requirements(flight, "always power.soc > 0.9", ids=())

def test_nothing_required(fly, requirements):
    requirements(fly("validation-p25", duration="30s", overrides=["requirements=[]"]))

def test_no_baseline(flight, baseline):
    baseline(flight, "none.toml")

def test_wrong_scenario(fly):
    fly("cubesat-7u")

def test_lost_baseline(fly, baseline):
    run = fly("mine.toml")
    baseline(run)
"""


def run_pytest(folder: Path, text: str, *options: str) -> SimpleNamespace:
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--basetemp", str(folder / "tmp"), *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=110)
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|errors?)", done.stdout.splitlines()[-1])}
    return SimpleNamespace(code=done.returncode, out=done.stdout, counts=counts)


def test_workers_share_flights_hosts_agree_and_runs_are_kept_where_asked(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, GREEN, "-n", "2", "--flightsw-runs", "kept")
    assert done.counts == {"passed": 9}, done.out
    kept = sorted(path for path in (tmp_path / "kept").glob("*/*") if path.is_dir())
    # seeds 1, 2 and 3, and the crash on both hosts
    assert [re.sub(r"-[0-9a-f]{12}$", "", path.name).removeprefix("cubesat-6u-orin-nano-") for path in kept] == [
        "s1-in-process",
        "s1-in-process",
        "s1-processes",
        "s2-in-process",
        "s3-in-process",
    ]


def test_a_failure_leaves_its_run_folder_and_says_how_to_open_it(tmp_path: Path, cli: Cli) -> None:
    shipped = baseline_path("cubesat-6u-orin-nano").parents[1] / "cubesat-6u-orin-nano.toml"
    (tmp_path / "mine.toml").write_text(shipped.read_text().replace('duration = "2orbits"', 'duration = "60s"'))
    assert cli("baseline", "update", "mine.toml", "--reason", "first").code == 0
    changed = (tmp_path / "mine.toml").read_text().replace("initial_soc = 0.66", "initial_soc = 0.58")
    (tmp_path / "mine.toml").write_text(changed)
    done = run_pytest(tmp_path, RED)
    assert done.counts == {"passed": 1, "failed": 6}, done.out
    opened = re.findall(r"^  flightsw replay (\S+)$", done.out, re.MULTILINE)
    assert len(opened) == 5, "each that had flown"
    assert len(set(opened)) == 3
    assert all((Path(run_dir) / "bus.log").exists() for run_dir in opened)
    assert re.search(r"TEST-1 always power.soc > 0.9: failed: first at tick \d, worst by -0.2", done.out)
    assert "validation-p25: no requirements" in done.out
    assert "no baseline none.toml; make one with: flightsw baseline update cubesat-6u-orin-nano --file" in done.out
    assert "cubesat-7u: can't be read" in done.out
    assert "soc_min" in done.out
    assert re.search(r"moved first: \S+\.soc at tick \d: 0\.58\d* where the reference has 0\.6", done.out)
    assert 'accept with: flightsw baseline update mine.toml --reason "..."' in done.out


ITS_IDS = """
def test_both_are_judged(fly, requirements):
    run = fly("cubesat-6u-orin-nano", duration="30s", overrides=[
        "requirements=[{id='TEST-1', text='x', formula='always(power.soc > 0.9)'},"
        " {id='T-1', text='y', formula='always(power.soc > 0.3)'}]"])
    assert [one.id for one in requirements(run, "always power.soc > 0.2", ids=["T-1"])] == ["T-1", "TEST-2"]
    requirements(run, "always power.soc > 0.95", ids=["T-1"])
"""


def test_a_formula_is_judged_whatever_ids_the_scenario_has(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, ITS_IDS)
    assert done.counts == {"failed": 1}, done.out
    assert "TEST-2 always power.soc > 0.95: failed: first at tick" in done.out


HELD = """
def test_the_charge(fly, requirements):
    run = fly("cubesat-6u-orin-nano", duration="30s")
    print("flown in", run.run_dir)
    assert run.scenario.name
"""


def test_nothing_flown_is_taken_from_an_earlier_session(tmp_path: Path) -> None:
    for options in (("-n", "1"), (), ()):
        assert run_pytest(tmp_path, HELD, "--flightsw-runs", "kept", *options).counts == {"passed": 1}
    flown = [path for path in (tmp_path / "kept").glob("*/*") if path.is_dir()]
    assert len(flown) == len({path.parent for path in flown}) == 3


def test_a_flight_is_shared_by_those_alone_who_fly_the_same_code(tmp_path: Path) -> None:
    law = """
        from flightsw.apps.thermal.interface import StandardThermalLaw

        class Mine(StandardThermalLaw):
            pass
    """
    files = [write(tmp_path / name, law, thermal='law = "mine:Mine"') for name in ("one", "two")]
    (tmp_path / "two" / "mine.py").write_text((tmp_path / "one" / "mine.py").read_text() + "\nGAIN = 2\n")
    flights = Flights(tmp_path / "flights")
    one, two = (flights.fly(file, duration="20s", execute="none") for file in files)
    assert one.run_dir != two.run_dir
    assert [run.manifest.own_code[0].folder for run in (one, two)] == [str(file.parent) for file in files]
    assert flights.fly(files[0], duration="20s", execute="none").run_dir == one.run_dir
    (tmp_path / "one" / "helper.py").write_text("GAIN = 3\n")
    assert flights.fly(files[0], duration="20s", execute="none").run_dir != one.run_dir


def test_the_plugin_costs_no_heavy_import_until_a_fixture_is_used() -> None:
    code = (
        "import sys, pytest, flightsw.regress.pytest_plugin\n"
        "heavy = {'numpy', 'onnxruntime', 'zmq', 'msgspec', 'structlog', 'typer'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert [name for name in sys.modules if name.startswith('flightsw')] == "
        "['flightsw', 'flightsw.regress', 'flightsw.regress.pytest_plugin']\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_flight_that_was_cut_off_is_flown_anew(tmp_path: Path) -> None:
    flights = Flights(tmp_path)
    first = flights.fly("validation-p25", duration="30s", execute=None)
    assert first.summary.ticks == 30
    (first.run_dir / "manifest.json").unlink()
    (first.run_dir / "bus.log").write_bytes(b"")
    again = flights.fly("validation-p25", duration="30s", execute=None)
    assert again.run_dir == first.run_dir
    assert len(again.columns("power.soc")) == 30
    with pytest.raises(ConfigError, match="host = 'cloud': must be one of in-process, processes"):
        flights.fly("validation-p25", host="cloud")


def test_a_flight_that_fails_says_where_its_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("flightsw.plant.process.PlantProcess.step", raising)
    with pytest.raises(RunError, match=r"failed at tick 0: plant: RuntimeError: on purpose .*run folder: "):
        Flights(tmp_path).fly("validation-p25", duration="30s")
