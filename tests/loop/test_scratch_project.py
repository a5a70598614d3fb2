"""A user's project outside the repository: flightsw from its wheel, a controller of their own, what catches its bugs.

Stock requirements (those of the shipped scenario that the project's own is derived from) and a baseline that was taken
with the correct controller. Everything is done as a user does it: by pip, `flightsw` and pytest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as Xml

import msgspec
import pytest

from flightsw.node.requirementconfig import RequirementConfig
from flightsw.node.scenario import load_scenario, scenario_to_toml

ROOT = Path(__file__).resolve().parents[2]
BUGS = ("SignError", "KelvinForCelsius", "NoAntiWindup", "LateCap")
# A sunlit, charged, busy and cold spacecraft: its chip meets its limit after two minutes of full power.
HOT = [
    "name=hot-bench",
    "apps.thermal.law=pi",
    "plant.thermal.nodes.bus.initial_c=15.0",
    "plant.thermal.nodes.battery.initial_c=15.0",
    "duration=700s",
    "plant.battery.initial_soc=0.95",
    "apps.power.reserve_soc=0.3",
    "apps.thermal.chip_limit_c=45.0",
    "apps.inference.frame_scenes=16",
    "apps.inference.execute=none",
]
LONGER = ("COM-1", "PAY-2", "PAY-4")
"""requirements on passes, orbits and ends of eclipses, which so short a flight has none of"""
THM_1 = RequirementConfig(
    id="THM-1",
    text="The chip exceeds its limit by at most 10 K",
    formula="always(hw.chip_c <= thermal.chip_limit_c + 10)",
    margin=1.0,
)
"""in place of the scenario's own, which is made for the predictive law"""
TESTS = """
import flightsw
import pytest

GAINS = {"more": ["apps.thermal.gain_w_k=0.3675", "apps.thermal.integral_w_k_s=0.00315"],
         "less": ["apps.thermal.gain_w_k=0.3325", "apps.thermal.integral_w_k_s=0.00285"]}
FLOWN = ["ChipCap", "more", "less", "SignError", "KelvinForCelsius", "NoAntiWindup", "LateCap"]

@pytest.fixture(params=FLOWN)
def run(request, fly):
    name = request.param
    law = [] if name in GAINS else [f"apps.thermal.law=controller:{name}"]
    return fly("hot-bench.toml", overrides=[*GAINS.get(name, []), *law])

def test_requirements(run, requirements):
    requirements(run)

def test_baseline(run, baseline):
    assert "site-packages" in flightsw.__file__
    baseline(run)
"""


class Said(NamedTuple):
    failed: bool
    message: str


def call(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))}
    return subprocess.run(
        command, cwd=folder, env={**keep, **environment}, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, with a virtual environment that holds the wheel; its dependencies are lent from ours."""
    folder = tmp_path_factory.mktemp("scratch")
    build = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv/bin/python"
    (packages,) = (folder / "venv/lib").glob("python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    wheel = folder / built.stdout.split()[-1]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "-q"]
    installed = call(folder, *pip, "--no-index", "--no-deps", "--ignore-installed", str(wheel))
    assert installed.returncode == 0, installed.stderr
    shutil.copy(Path(__file__).with_name("scratch_controller.py"), folder / "controller.py")
    stock = load_scenario("cubesat-6u-orin-nano", HOT)
    kept = tuple(THM_1 if one.id == "THM-1" else one for one in stock.requirements if one.id not in LONGER)
    assert len(kept) >= 12
    text = scenario_to_toml(msgspec.structs.replace(stock, requirements=kept))
    assert "\n[apps.thermal]\n" in text
    own = text.replace('\nlaw = "pi"\n', '\nlaw = "controller:ChipCap"\n')
    assert own != text
    (folder / "hot-bench.toml").write_text(own)
    (folder / "test_controller.py").write_text(TESTS)
    return folder


@pytest.fixture(scope="module")
def verdicts(project: Path) -> dict[str, Said]:
    """By test: what pytest said in the project, of runs held to the baseline of the correct controller."""
    flightsw = str(project / "venv/bin/flightsw")
    accepted = call(project, flightsw, "baseline", "update", "hot-bench.toml", "--reason", "first flight")
    assert accepted.returncode == 0, accepted.stderr
    python = str(project / "venv/bin/python")
    done = call(project, python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", "said.xml")
    cases = {case.attrib["name"]: case for case in Xml.parse(project / "said.xml").iter("testcase")}
    assert len(cases) == 14, done.stdout
    failures = {name: case.find("failure") for name, case in cases.items()}
    assert not [name for name, case in cases.items() if case.find("error") is not None], done.stdout
    return {name: Said(one is not None, "" if one is None else one.text or "") for name, one in failures.items()}


@pytest.mark.parametrize("flown", ["ChipCap", "more", "less"])
def test_the_correct_controller_passes_and_so_it_does_with_gains_changed_by_a_twentieth(
    verdicts: dict[str, Said], flown: str
) -> None:
    assert verdicts[f"test_requirements[{flown}]"] == (False, "")
    assert verdicts[f"test_baseline[{flown}]"] == (False, "")


@pytest.mark.parametrize("bug", BUGS)
def test_the_baseline_catches_each_planted_bug_and_names_signal_and_tick(verdicts: dict[str, Said], bug: str) -> None:
    failed, message = verdicts[f"test_baseline[{bug}]"]
    assert failed
    moved = re.search(r"moved first: (\S+) at tick (\d+): (\S+) where the reference has (\S+)", message)
    assert moved, message
    assert moved[1] in ("thermal.status.chip_cap_w", "thermal.status.integral_w")
    assert 0 <= int(moved[2]) < 400
    assert 'accept with: flightsw baseline update hot-bench.toml --reason "..."' in message


@pytest.mark.parametrize("bug", ["KelvinForCelsius", "NoAntiWindup", "LateCap"])
def test_stock_requirements_catch_a_chip_that_gets_too_hot_and_name_the_tick(
    verdicts: dict[str, Said], bug: str
) -> None:
    failed, message = verdicts[f"test_requirements[{bug}]"]
    assert failed
    assert re.search(
        r"THM-1 The chip exceeds its limit by at most 10 K: failed: first at tick \d+, worst by -", message
    )
    assert "hw.device.chip_c" in message
