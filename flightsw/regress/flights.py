"""Flights for tests: a scenario flown once per session, whoever asks for it, and what can be read from it.

The key of a flight is its content: the resolved scenario, its user's own code, and the host. Workers of one session
(pytest-xdist) share the folder; a lock file lets one of them fly while the others wait. Nothing is kept from one
session to the next, since flightsw's own code is no part of the key. Used by `pytest_plugin`; usable without pytest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from flightsw.errors import ConfigError, LogError, RunError
from flightsw.node.faults import Fault
from flightsw.node.hostlog import host_log
from flightsw.node.run import RunPlan
from flightsw.node.scenario import Scenario, check_scripted, identities, load_scenario, run_ticks, scenario_to_toml
from flightsw.record.columns import Columns, FloatArray, read_columns
from flightsw.record.folder import Manifest, read_manifest, utc_now
from flightsw.record.recording import recorded_run
from flightsw.record.summary import Summary, summarise
from flightsw.regress.check import sampled

Host = Literal["in-process", "processes"]
HOSTS: tuple[Host, ...] = ("in-process", "processes")
_PROGRAM = "import sys; from flightsw.cli import main; sys.exit(main())"


class Flight:
    """A run that has been flown to its end."""

    def __init__(self, run_dir: Path, scenario: Scenario, source: str, host: Host) -> None:
        self.run_dir = run_dir
        self.scenario = scenario
        self.source = source
        """the scenario as it was asked for: a shipped name or a file"""
        self.host = host

    @cached_property
    def manifest(self) -> Manifest:
        """What there is to know of the run without opening its log."""
        return read_manifest(self.run_dir)

    @property
    def log_hash(self) -> str:
        """Equal for equal runs, on every host."""
        return self.manifest.log_hash or ""

    @cached_property
    def summary(self) -> Summary:
        """The run in figures."""
        with _locked(self.run_dir.with_suffix(".lock")):  # it leaves its events.jsonl
            return summarise(self.run_dir)

    def columns(self, *signals: str) -> Columns:
        """One value a tick of each of these signals."""
        return read_columns(self.run_dir, signals)

    def series(self, signal: str) -> tuple[FloatArray, FloatArray]:
        """(time_s, value) of one signal."""
        columns = self.columns(signal)
        return columns.time_s, columns[signal]

    def __repr__(self) -> str:
        return f"<Flight of {self.scenario.name}, seed {self.scenario.seed}, {self.host}: {self.run_dir}>"


class Flights:
    """The flights of one session, in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def fly(
        self,
        scenario: str | Path,
        *,
        duration: str | None = None,
        seed: int | None = None,
        overrides: Sequence[str] = (),
        faults: Sequence[Fault] = (),
        case: str | None = None,
        execute: str | None = None,
        host: Host = "in-process",
    ) -> Flight:
        """The flight of a scenario (a shipped one or a file), flown now unless somebody has. Raises ConfigError,
        RunError.

        `overrides` are like those of `--set`. `execute`: which batches are computed for real; None: as the
        scenario says, and one in twenty at most, as `flightsw check` does.
        """
        if host not in HOSTS:
            raise ConfigError(f"host = {host!r}: must be one of {', '.join(HOSTS)}")
        fields = {"duration": duration, "apps.inference.execute": execute}
        named = [f'{path}="{text}"' for path, text in fields.items() if text is not None]
        seeded = [] if seed is None else [f"seed={seed}"]
        loaded = load_scenario(str(scenario), [*overrides, *named, *seeded], case)
        loaded = loaded if execute is not None else sampled(loaded)
        if faults:
            loaded = msgspec.structs.replace(loaded, faults=(*loaded.faults, *faults))
            check_scripted(loaded)
        key = hashlib.sha256(f"{host}\n{scenario_to_toml(loaded)}{_code_of(loaded)}".encode()).hexdigest()[:12]
        run_dir = self.root / f"{loaded.name}-s{loaded.seed}-{host}-{key}"
        self.root.mkdir(parents=True, exist_ok=True)
        with _locked(run_dir.with_suffix(".lock")):
            if not _is_flown(run_dir):
                shutil.rmtree(run_dir, ignore_errors=True)
                run_dir.mkdir()
                (_fly_here if host == "in-process" else _fly_in_processes)(loaded, run_dir)
        return Flight(run_dir, loaded, str(scenario), host)


def _code_of(scenario: Scenario) -> str:
    """Every file of the user's own code, with its hash: of the packages that are named, and what lies beside."""
    files: set[Path] = set()
    for one in identities(scenario):
        folder, top = Path(one.folder), one.path.partition(":")[0].partition(".")[0]
        files.update([*folder.glob(f"{top}.py"), *(folder / top).rglob("*.py")])
    if files and isinstance(scenario.code_folders, tuple):
        files.update(file for folder in scenario.code_folders for file in Path(folder).glob("*.py"))
    return "".join(f"{file} {hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in sorted(files))


def _is_flown(run_dir: Path) -> bool:
    try:
        return read_manifest(run_dir).outcome == "completed"
    except LogError:
        return False


def _fly_here(scenario: Scenario, run_dir: Path) -> None:
    plan = RunPlan(scenario=scenario, run_dir=run_dir, ticks=run_ticks(scenario), in_process=True)
    with host_log(run_dir, "node"):
        outcome = recorded_run(plan, utc_now())
    if outcome.exit != "completed":
        said = f"the run was {outcome.exit} at tick {outcome.ticks}: {outcome.error}"
        raise RunError(f"{scenario.name}: {said} (run folder: {run_dir})")


def _fly_in_processes(scenario: Scenario, run_dir: Path) -> None:
    """By the command line, in a process of its own: the launcher forks, and a test runner has threads."""
    file = run_dir.with_suffix(".toml")
    file.write_text(scenario_to_toml(scenario), encoding="utf-8")
    command = [sys.executable, "-c", _PROGRAM, "run", str(file), "--json", "--out", str(run_dir)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(  # noqa: S603  our own interpreter and program
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = f"the run ended with {done.returncode}: {done.stderr.strip()}"
        raise RunError(f"{scenario.name}: {said} (run folder: {run_dir})")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Held by one process at a time; given up by the kernel when that process ends."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
