"""The run folder: where a run keeps what it was, what it did and what came of it.

    scenario.toml   the resolved scenario
    manifest.json   versions, platform, seed, hash, wall times, outcome; written at the start, replaced at the end
    bus.log         every message (and closed segments bus.NNNNN.log.gz)
    events.jsonl    the events of the log as lines
    host.jsonl      what the hosts had to say of the wall-clock world

Called by the command line. The dates and wall times here are for people; nothing reads them back into a run.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from flightsw import __version__
from flightsw.errors import ConfigError, LogError, RunError
from flightsw.node.imports import MANIFEST_FILE, Identity

if TYPE_CHECKING:
    from flightsw.node.run import RunOutcome

SCENARIO_FILE = "scenario.toml"
RUNNING = "running"
"""Outcome of a run that hasn't ended, or never could say how."""
_PACKAGES = ("numpy", "onnxruntime", "pyzmq", "msgspec", "msgpack", "sgp4", "pyerfa")
"""What results, and thus the hash, may depend on."""


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The run that this one was taken up from."""

    run: str
    """its folder"""
    tick: int
    """the first one that isn't the parent's"""
    ticks: int
    """that the parent's log had then"""
    log_hash: str
    """of these"""
    changes: dict[str, Any] = {}
    """of the configuration at that tick, by path"""
    commands: tuple[str, ...] = ()
    """telecommands that the parent hadn't"""
    not_repeated: int = 0
    """what entered the parent from outside after that tick, beside its scenario's commands"""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a run without opening its log."""

    scenario: str
    seed: int
    ticks_planned: int
    speed: float | None
    """None: free"""
    in_process: bool
    flightsw_version: str
    python_version: str
    platform: str
    machine: str
    package_versions: dict[str, str]
    hashes: dict[str, str] = {}
    """sha256 of what went in: scenario (the resolved file), schema (tables and messages), model (the ONNX file)"""
    own_code: tuple[Identity, ...] = ()
    """users' own code that flew; a replay looks for it where it was found"""
    started_utc: str
    ended_utc: str | None = None
    outcome: str = RUNNING
    """running, completed, interrupted or failed"""
    ticks: int | None = None
    simulated_s: float | None = None
    wall_s: float | None = None
    log_hash: str | None = None
    perturbed: bool | None = None
    """a live command came in, or it is a branch: scenario and seed alone don't give this log"""
    lost: tuple[str, ...] = ()
    slips: int | None = None
    cpu_s: dict[str, float] = {}
    error: str | None = None
    parent: Parent | None = None
    """None: it was flown from the start"""


def utc_now() -> dt.datetime:
    """The date for names and manifests."""
    return dt.datetime.now(dt.timezone.utc)  # noqa: UP017  boards have 3.10


def default_run_dir(scenario_name: str, seed: int, started: dt.datetime) -> Path:
    """`runs/<scenario>-<UTC stamp>-s<seed>`, with a number behind it when that is taken."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", scenario_name).strip(".-") or "scenario"
    first = Path("runs") / f"{safe}-{started:%Y%m%dT%H%M%SZ}-s{seed}"
    path, number = first, 1
    while path.exists():
        number += 1
        path = first.with_name(f"{first.name}-{number}")
    return path


def create_run_folder(path: Path) -> Path:
    """Make the folder, with its parents. Raises ConfigError when it can't be or isn't empty."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        taken = next(path.iterdir(), None)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ConfigError(f"out = {path}: can't be a run folder: {getattr(error, 'strerror', None) or error}") from None
    if taken is not None:
        raise ConfigError(f"out = {path}: isn't empty ({taken.name} is in it): must be a new or an empty folder")
    return path.resolve()


def first_manifest(
    scenario: str,
    seed: int,
    *,
    ticks: int,
    speed: float | None,
    in_process: bool,
    started: dt.datetime,
    hashes: dict[str, str] | None = None,
    own_code: tuple[Identity, ...] = (),
) -> Manifest:
    """The manifest of a run that is about to start, on this machine."""
    return Manifest(
        scenario=scenario,
        seed=seed,
        ticks_planned=ticks,
        speed=speed,
        in_process=in_process,
        flightsw_version=__version__,
        python_version=sys.version.split()[0],
        platform=platform.platform(),
        machine=platform.machine(),
        package_versions={name: _version(name) for name in _PACKAGES},
        hashes=hashes or {},
        own_code=own_code,
        started_utc=f"{started:%Y-%m-%dT%H:%M:%SZ}",
    )


def last_manifest(first: Manifest, outcome: RunOutcome, ended: dt.datetime) -> Manifest:
    """The manifest of the run once it has ended."""
    return msgspec.structs.replace(
        first,
        ended_utc=f"{ended:%Y-%m-%dT%H:%M:%SZ}",
        outcome=outcome.exit,
        ticks=outcome.ticks,
        simulated_s=outcome.simulated_s,
        wall_s=outcome.wall_s,
        log_hash=outcome.log_hash,
        perturbed=outcome.perturbed,
        lost=outcome.lost,
        slips=outcome.slips,
        cpu_s=outcome.cpu_s,
        error=outcome.error,
    )


def broken_manifest(first: Manifest, error: BaseException, ended: dt.datetime) -> Manifest:
    """The manifest of a run that ended before it had an outcome: Ctrl-C while it started, or a fault of the host."""
    interrupted = isinstance(error, KeyboardInterrupt)
    return msgspec.structs.replace(
        first,
        ended_utc=f"{ended:%Y-%m-%dT%H:%M:%SZ}",
        outcome="interrupted" if interrupted else "failed",
        error=None if interrupted else f"{type(error).__name__}: {error}",
    )


def write_manifest(run_dir: Path, manifest: Manifest) -> None:
    """Put the manifest in place; a reader sees the old one or the new one, never half of one. Raises RunError."""
    write_whole(run_dir / MANIFEST_FILE, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of a run folder, whole or not at all. Raises RunError: it can't be written."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.rename(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise RunError(f"{path}: can't be written: {error.strerror}") from None


@contextmanager
def replaced(path: Path, option: str = "out") -> Iterator[Path]:
    """A name to write a user's file under; what was written takes its place at the end, or is removed.

    Raises ConfigError, naming the option that asked for the file: it can't be written.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"{option} = {path}: can't be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def read_manifest(run_dir: Path) -> Manifest:
    """The run's manifest. Raises LogError when there is none that can be read."""
    path = run_dir / MANIFEST_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogError(f"{path}: can't be read: {error}") from None


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
