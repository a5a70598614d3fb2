"""The project's frame: packaging, pinned versions, set-up, import contracts, decision records."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import flightsw
import hil

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
BOARD, TESTED = "3.10", "3.11"
# Written so that this file does not match itself.
FOREIGN = re.compile(
    r"/(?:home|root|Users)/\w"
    r"|\b(?:test\.)?pypi\.org|\bpythonhosted\.org|\bdownload\.pytorch\.org|\bconda\.anaconda\.org"
    r"|--(?:extra-)?index-url"
)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(python: str = TESTED) -> dict[str, str]:
    """constraints.txt for one Python: canonical name -> exact version."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    every = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pairs = [(one.name, str(one.specifier).removeprefix("==")) for one in every if is_for(one, python)]
    found: dict[str, str] = {canonicalize_name(name): version for name, version in pairs}
    assert len(found) == len(pairs), "a package is pinned twice"
    return found


def is_for(one: Requirement, python: str) -> bool:
    return one.marker is None or one.marker.evaluate({"python_version": python, "python_full_version": f"{python}.0"})


def declared(extra: str | None = None, python: str = TESTED) -> list[Requirement]:
    table = project()["project"]
    every = map(Requirement, table["optional-dependencies"][extra] if extra else table["dependencies"])
    return [one for one in every if is_for(one, python)]


def installed_requirements(name: str) -> list[Requirement]:
    """What a package declares; nothing when it is not installed, being for another Python."""
    try:
        return [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError:
        return []


def closure(roots: list[Requirement], pythons: tuple[str, ...] = PYTHONS) -> set[str]:
    """Canonical names of all that the installed packages of these requirements need, with any of these Pythons."""
    seen: set[tuple[str, str]] = set()
    todo = [(root.name, extra) for root in roots for extra in ("", *root.extras)]
    while todo:
        name, extra = todo.pop()
        key = (canonicalize_name(name), extra)
        if key in seen:
            continue
        seen.add(key)
        for needed in installed_requirements(name):
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra, "python_version": v, "python_full_version": f"{v}.0"})
                for v in pythons
            ):
                todo += [(needed.name, more) for more in ("", *needed.extras)]
    return {name for name, _ in seen}


def test_every_module_imports() -> None:
    names = [
        module.name
        for package in (flightsw, hil)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    assert len(names) > 50
    for name in names:
        importlib.import_module(name)


def test_no_file_names_a_home_folder_or_a_package_index() -> None:
    assert all(map(FOREIGN.search, ["at /" + "home/ada/x", "https://pypi" + ".org/simple", "--index" + "-url x"]))
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    git = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    assert ROOT / "pyproject.toml" in paths
    said = {path.relative_to(ROOT): FOREIGN.search(path.read_text(errors="replace")) for path in paths}
    assert {str(path): match.group() for path, match in said.items() if match} == {}


def test_constraints_pin_every_package_an_install_brings() -> None:
    needed = closure([*declared(), *declared("dev")])
    assert {"numpy", "pydantic-core", "pytest", "execnet"} <= needed  # direct and indirect ones are found
    assert needed - pins().keys() == set()
    on_board = closure(declared(python=BOARD), (BOARD,))
    assert "tomli" in on_board
    assert on_board - pins(BOARD).keys() == set()


def test_constraints_pin_nothing_that_is_not_installed() -> None:
    assert len(pins()) > 20
    wanted = closure([*declared(), *declared("dev")]) | {canonicalize_name(one.name) for one in declared("tables")}
    assert pins().keys() - wanted == set()


@pytest.mark.parametrize("python", [BOARD, TESTED])
@pytest.mark.parametrize("extra", [None, "console", "dev", "report", "tables", "train"])
def test_pinned_versions_satisfy_the_declared_bounds(extra: str | None, python: str) -> None:
    bounds = declared(extra, python)
    assert bounds
    for bound in bounds:
        assert bound.specifier, f"{bound.name} has no lower bound"
        pin = pins(python).get(canonicalize_name(bound.name))
        if pin is None:
            assert str(bound.specifier).startswith("=="), f"{bound.name} is pinned nowhere"
        else:
            assert bound.specifier.contains(Version(pin)), f"{bound}: pinned to {pin}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the backend itself so that no network is needed."""
    out = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(out)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1]


def test_the_wheel_carries_models_scenarios_and_profiles(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    models = [path for pattern in ("card.toml", "*.onnx") for path in (ROOT / "models").glob(f"*/{pattern}")]
    folders = (ROOT / "flightsw" / "scenarios", ROOT / "flightsw/scenarios/profiles", ROOT / "hil" / "benches")
    data = [path for folder in folders for path in folder.glob("*.toml")]
    assert len(models) >= 4
    assert len(data) >= 2
    wanted = {f"flightsw/_models/{path.relative_to(ROOT / 'models').as_posix()}" for path in models}
    wanted |= {path.relative_to(ROOT).as_posix() for path in data} | {"flightsw/py.typed"}
    assert wanted - names == set()
    assert not [name for name in names if name.startswith(("tests/", "models/", "benchmarks/"))]


def test_an_installed_wheel_finds_its_own_models_and_scenarios(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import flightsw\n"
        "from flightsw.devices.models import ModelCard, load_card, shipped_models, verified_model_path\n"
        "from flightsw.devices.telemetry_model import TelemetryCard\n"
        "from flightsw.node.scenario import load_scenario\n"
        "load_scenario('cubesat-6u-orin-nano'); print(flightsw.__file__)\n"
        "for kind in (ModelCard, TelemetryCard):\n"
        "    for name in shipped_models(kind):\n"
        "        card = load_card(name, kind)\n"
        "        [print(verified_model_path(card, one)) for one in getattr(card, 'variants', (None,))]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) >= 2
    assert all(Path(line).is_relative_to(tmp_path) for line in said)


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """A folder with a space in its name, with the Makefile and a PATH that holds make's own needs and no Python."""
    here = tmp_path / "a clone"
    (here / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", here)
    for tool in ("make", "mkdir", "touch"):
        found = shutil.which(tool)
        assert found, f"{tool} is not installed"
        (here / "bin" / tool).symlink_to(found)
    return here


def add_python(machine: Path, name: str, body: str) -> None:
    python = machine / "bin" / name
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)


def set_up(machine: Path, system_python: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "LC_ALL": "C"}
    make = ["make", f"SYSTEM_PYTHON={system_python}", ".venv/python.stamp"]
    return subprocess.run(make, cwd=machine, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_set_up_passes_over_a_python_that_exists_and_fails(bare_machine: Path) -> None:
    add_python(bare_machine, "python3", "echo 'shim: no such version' >&2; exit 127")
    add_python(bare_machine, "python3.12", '[ "$1" = -c ] || { mkdir "$3" && echo "$0" > "$3/made-by"; }')
    done = set_up(bare_machine)
    assert done.returncode == 0, done.stderr
    assert (bare_machine / ".venv" / "made-by").read_text().strip().endswith("python3.12")
    assert done.stdout + done.stderr == ""


def test_set_up_takes_the_distributions_python_before_others(bare_machine: Path) -> None:
    for name in ("python3", "distribution"):
        add_python(bare_machine, name, '[ "$1" = -c ] || { mkdir "$3" && echo "$0" > "$3/made-by"; }')
    done = set_up(bare_machine, "distribution")
    assert done.returncode == 0, done.stderr
    assert (bare_machine / ".venv" / "made-by").read_text().strip().endswith("distribution")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("exit 1", "needs Python 3.11 or later"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "can't make virtual environments"),
    ],
)
def test_set_up_says_what_is_wrong_with_the_python_it_found(bare_machine: Path, body: str, message: str) -> None:
    add_python(bare_machine, "python3", body)
    done = set_up(bare_machine)
    assert done.returncode != 0
    assert message in done.stderr
    assert not (bare_machine / ".venv").exists()


def test_make_help_names_every_target() -> None:
    said = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert set(re.findall(r"^make (\S+)", said, re.MULTILINE)) == set(phony.group(1).split()) - {"help"}


def test_import_contracts_cover_every_application_and_exempt_nobody() -> None:
    contracts = project()["tool"]["importlinter"]["contracts"]
    apps = {f"flightsw.apps.{path.parent.name}" for path in (ROOT / "flightsw" / "apps").glob("*/app.py")}
    assert len(apps) == 5
    assert {
        name for contract in contracts if contract["type"] == "independence" for name in contract["modules"]
    } == apps
    assert not [contract["name"] for contract in contracts if "ignore_imports" in contract]


def test_decision_records_are_numbered_shaped_and_found_by_those_who_cite_them() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [path.name[:4] for path in records]
    assert numbers == [f"{i:04d}" for i in range(1, len(records) + 1)]
    for path in records:
        headings = re.findall(r"^##? (.*)$", path.read_text(), re.MULTILINE)
        assert headings[0].startswith(path.name[:4]), path.name
        assert headings[1:] == ["Context", "Decision", "Consequences"], path.name
    cited = {
        n
        for path in (*(ROOT / "flightsw").rglob("*.py"), *(ROOT / "hil").rglob("*.py"))
        for n in re.findall(r"ADR (\d{4})", path.read_text())
    }
    assert cited
    assert cited <= set(numbers)
