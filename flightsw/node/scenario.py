"""Scenarios: everything that decides a run, as one typed, checked table read from TOML.

Shipped scenarios are package data; a user's own is any file. `[[commands]]` are telecommands by time, checked against
the dictionary before anything starts. The resolved scenario is part of the log's header and of its hash.
"""

from __future__ import annotations

from collections import abc
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from flightsw.apps.comms.config import CommsConfig
from flightsw.apps.health.config import HealthConfig
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.own import AppConfig
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.devices.board import BoardConfig
from flightsw.devices.profiles import load_profile
from flightsw.devices.silicon import Silicon
from flightsw.errors import ConfigError
from flightsw.messages.base import Label, Scalar
from flightsw.messages.commands import parse_command
from flightsw.messages.sequences import Sequence, SequenceTrigger
from flightsw.node.designcases import plant_in_case, power_in_case
from flightsw.node.durations import parse_duration_s
from flightsw.node.faults import Fault, check_faults
from flightsw.node.fdircheck import check_fdir
from flightsw.node.imports import Identity, folders_of, identity, look_in
from flightsw.node.laws import is_own
from flightsw.node.materials import with_places
from flightsw.node.modelcheck import check_model, check_watch
from flightsw.node.ownprocess import ProcessConfig
from flightsw.node.requirementconfig import RequirementConfig, meant_in
from flightsw.node.sequencefiles import check_sequences, with_files
from flightsw.node.tomlfile import apply_overrides, convert, load_toml, to_toml
from flightsw.node.tracefiles import with_traces
from flightsw.plant.config import PlantConfig
from flightsw.plant.radiation import check_rates
from flightsw.plant.thermal import check_step

MAX_TICKS = 100_000_000


class CommandConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A telecommand of the scenario: when, which, with what."""

    at: str
    name: Label
    args: dict[Label, Scalar] = {}

    @property
    def at_s(self) -> float:
        """When, after the start."""
        return parse_duration_s(self.at, float("inf"))

    def __post_init__(self) -> None:
        try:
            parse_duration_s(self.at, 5400.0)
        except ConfigError:
            raise ConfigError(f'commands.at = "{self.at}": must be like "600s", "90min" or "1.5h"') from None
        if "orbit" in self.at:
            raise ConfigError(f'commands.at = "{self.at}": must be in s, min, h or d')
        try:
            parse_command(self.name, self.args)
        except ValueError as error:
            raise ConfigError(f"commands: {error}") from None


class AppsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each flight application is told."""

    power: PowerConfig
    thermal: ThermalConfig = ThermalConfig()
    inference: InferenceConfig = InferenceConfig()
    comms: CommsConfig = CommsConfig()
    health: HealthConfig = HealthConfig()


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run's whole description."""

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    evidence: Literal["measured", "press-derived", "estimate"] | None = None
    """what its figures rest on; a press-derived one says so in every summary. None: not stated"""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1
    dt_s: Annotated[float, Meta(ge=0.001, le=60.0)] = 1.0
    cycle_ticks: Annotated[int, Meta(ge=1, le=60)] = 1
    """flight software runs in every so many of the plant's ticks; what it counts in ticks is meant in the plant's"""
    duration: str = "2orbits"
    plant: PlantConfig
    apps: AppsConfig
    commands: tuple[CommandConfig, ...] = ()
    faults: tuple[Fault, ...] = ()
    """scripted: what goes wrong, and when"""
    requirements: tuple[RequirementConfig, ...] = ()
    """what a run must keep. They judge a run and can't change it: neither the log nor its hash knows them"""
    processes: tuple[ProcessConfig, ...] | UnsetType = UNSET
    """applications of the user's own, beside the shipped ones"""
    sequences: tuple[Sequence, ...] | UnsetType = UNSET
    """stored command sequences; an entry that says `file = "x.seq.toml"` alone stands for what is in that file"""
    sequence_triggers: tuple[SequenceTrigger, ...] | UnsetType = UNSET
    """events that start them"""
    board: BoardConfig | UnsetType = UNSET
    """a real board is the payload computer: the scenario is one of `flightsw hil bench`, and runs nowhere else"""
    code_folders: tuple[str, ...] | UnsetType = UNSET
    """where its user's own code is looked for behind `sys.path`. Set by who loads it, never in a file: neither the log
    nor its hash knows it"""

    @property
    def own_processes(self) -> tuple[ProcessConfig, ...]:
        """The user's additional processes; none where the scenario says nothing of them."""
        return self.processes if isinstance(self.processes, tuple) else ()


ON_BOARD = "inference"
"""The process that runs on a real board, where there is one."""


def on_a_board(scenario: Scenario) -> tuple[str, ...]:
    """The processes that run on a real board."""
    return (ON_BOARD,) if isinstance(scenario.board, BoardConfig) else ()


def check_has_its_board(scenario: Scenario) -> None:
    """Raise ConfigError for a scenario of a bench: its payload computer is not in this process's reach."""
    if on_a_board(scenario):
        raise ConfigError("board: a real board is its payload computer: it is flown by `flightsw hil bench` alone")


def shipped_scenarios() -> list[str]:
    """Names of the scenarios that come with flightsw."""
    folder = resources.files("flightsw.scenarios")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_scenario(name_or_path: str, overrides: abc.Sequence[str] = (), case: str | None = None) -> Scenario:
    """A shipped scenario or a file, with overrides, in a design case. Raises ConfigError, naming file, field, given and
    allowed."""
    table, where = read_table(name_or_path, overrides)
    table = with_files(table, Path(name_or_path).parent, where)
    table = with_traces(table, Path(name_or_path).parent, where)
    table = with_places(table, Path(name_or_path).parent, overrides)
    if "code_folders" in table:
        raise ConfigError(f"{where}: code_folders: it follows from where the file is: must be left out")
    scenario = convert(table, Scenario, where)
    if case is not None:
        described = f"{scenario.description} (case {case})"
        plant, power = plant_in_case(scenario.plant, case), power_in_case(scenario.apps.power, case)
        apps = msgspec.structs.replace(scenario.apps, power=power)
        scenario = msgspec.structs.replace(scenario, description=described, plant=plant, apps=apps)
    scenario = msgspec.structs.replace(scenario, requirements=meant_in(scenario.requirements, case))
    try:
        check(scenario)
        scenario = _with_own_code(scenario, Path(name_or_path))
        check_scripted(scenario)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    return scenario


def check_scripted(scenario: Scenario) -> None:
    """Raise ConfigError for a scripted fault that can't happen in this scenario's node."""
    if scenario.faults:
        from flightsw.node.processes import process_table  # it is made from scenarios

        check_faults(scenario, process_table(scenario), run_ticks(scenario))


def app_configs(scenario: Scenario) -> list[tuple[str, AppConfig]]:
    """What each shipped application is told, by its name."""
    apps = scenario.apps
    return [(name, getattr(apps, name)) for name in apps.__struct_fields__]


def own_code(scenario: Scenario) -> dict[str, tuple[str, str]]:
    """(field, import path) of the user's own code, by the process that runs it."""
    found = {
        name: (f"apps.{name}.{what}", path)
        for name, config in app_configs(scenario)
        for what, path in (("law", config.law), ("app", config.app))
        if isinstance(path, str) and (what == "app" or is_own(name, path))
    }
    return found | {process.name: (f"{process.field}.app", process.app) for process in scenario.own_processes}


def identities(scenario: Scenario) -> tuple[Identity, ...]:
    """Which code of the user's own flies."""
    look_for_code_of(scenario)
    return tuple(identity(field, path) for field, path in own_code(scenario).values())


def look_for_code_of(scenario: Scenario) -> None:
    """Search the folders of this scenario's own code: before any of it is found by its path."""
    if isinstance(scenario.code_folders, tuple):
        look_in(scenario.code_folders)


def _with_own_code(scenario: Scenario, file: Path) -> Scenario:
    """The scenario with the folders of its own code, of which all that there is works."""
    for name, config in app_configs(scenario):
        for what, other, table in (("law", config.law, config.law_config), ("app", config.app, config.app_config)):
            if isinstance(table, dict) and not isinstance(other, str):
                raise ConfigError(f"apps.{name}.{what}_config: given without apps.{name}.{what}: must be left out")
        if isinstance(config.law, str) and isinstance(config.app, str):
            raise ConfigError(f"apps.{name}.law: given beside apps.{name}.app: an application brings its own law")
    if own_code(scenario) or any(isinstance(config.law, str) for _, config in app_configs(scenario)):
        from flightsw.node.rehearsal import rehearse

        folders = folders_of(file.parent if file.is_file() else Path())
        scenario = msgspec.structs.replace(scenario, code_folders=folders)
        rehearse(scenario)
    return scenario


def read_table(source: str | Path | Mapping[str, Any], overrides: abc.Sequence[str] = ()) -> tuple[dict[str, Any], str]:
    """(table with the overrides in it, its origin) of a shipped scenario, a file, or a table. Raises ConfigError."""
    if isinstance(source, Mapping):
        return apply_overrides(source, overrides), "table"
    name_or_path = str(source)
    if name_or_path in shipped_scenarios():
        with resources.as_file(resources.files("flightsw.scenarios") / f"{name_or_path}.toml") as path:
            return apply_overrides(load_toml(path), overrides), f"{name_or_path}.toml"
    try:
        return apply_overrides(load_toml(Path(name_or_path)), overrides), name_or_path
    except ConfigError as error:
        if Path(name_or_path).exists():
            raise
        raise ConfigError(f"{error} (shipped scenarios: {', '.join(shipped_scenarios())})") from None


def check(scenario: Scenario) -> None:
    """What concerns several sections together. Raises ConfigError."""
    if abs(scenario.dt_s * 1e9 - round(scenario.dt_s * 1e9)) > 1e-6:
        raise ConfigError(f"dt_s = {scenario.dt_s}: must be a whole number of nanoseconds")
    from flightsw.node.cycles import check_cycles  # it tells scenarios anew

    check_cycles(scenario)
    _check_flyable(scenario)
    check_step(scenario.plant.thermal, scenario.dt_s)
    check_rates(scenario.plant.radiation, scenario.dt_s)
    silicon = _silicon(scenario)
    check_model(scenario.apps.inference)
    if (watch := scenario.apps.health.watched_telemetry) is not None:
        check_watch(watch, scenario.dt_s * scenario.cycle_ticks)
    _check_fdir(scenario)
    thermal, power = scenario.apps.thermal, scenario.apps.power
    if thermal.chip_limit_c >= silicon.throttle_c:
        raise ConfigError(
            f"apps.thermal.chip_limit_c = {thermal.chip_limit_c}: must be below the device's own throttle at "
            f"{silicon.throttle_c}"
        )
    for load in scenario.plant.loads:
        if load.shed_tier is not None and load.shed_tier > len(power.shed_soc):
            raise ConfigError(
                f"plant.loads.{load.name}.shed_tier = {load.shed_tier}: must be at most {len(power.shed_soc)}, the "
                "tiers of apps.power.shed_soc"
            )
    _check_requirement_ids(scenario)
    sequences, triggers = scenario.sequences, scenario.sequence_triggers
    check_sequences(sequences if isinstance(sequences, tuple) else (), triggers if isinstance(triggers, tuple) else ())
    ticks = run_ticks(scenario)
    for index, command in enumerate(scenario.commands):
        if round(command.at_s / scenario.dt_s) >= ticks:
            raise ConfigError(
                f'commands[{index}].at = "{command.at}": must be before the end of the run, '
                f"{ticks * scenario.dt_s:.0f} s"
            )


def _check_requirement_ids(scenario: Scenario) -> None:
    ids = [requirement.id for requirement in scenario.requirements]
    for index, its_id in enumerate(ids):
        if its_id in ids[:index]:
            raise ConfigError(f"requirements[{index}].id = {its_id!r}: given twice: a requirement has an id of its own")


def _check_fdir(scenario: Scenario) -> None:
    health = scenario.apps.health
    check_fdir(
        [watchpoint.signal for watchpoint in health.watchpoints],
        health.fdir,
        [process.name for process in scenario.own_processes if process.heartbeat is not None],
        [load.name for load in scenario.plant.loads],
        [one.name for one in scenario.sequences] if isinstance(scenario.sequences, tuple) else (),
    )


def _check_flyable(scenario: Scenario) -> None:
    try:
        scenario.plant.check_flyable()
    except ConfigError as error:
        raise ConfigError(f"plant.{error}") from None


def _silicon(scenario: Scenario) -> Silicon:
    try:
        return load_profile(scenario.plant.profile).silicon()
    except ConfigError as error:
        raise ConfigError(f"plant.profile: {error}") from None


def orbit_period_s(scenario: Scenario) -> float:
    """Nodal period of the scenario's orbit."""
    return scenario.plant.orbit_period_s


def run_ticks(scenario: Scenario, duration: str | float | None = None) -> int:
    """Ticks of a run. Raises ConfigError: nothing to run, or too much."""
    wanted = scenario.duration if duration is None else duration
    ticks = round(parse_duration_s(wanted, orbit_period_s(scenario)) / scenario.dt_s)
    if not 1 <= ticks <= MAX_TICKS:
        raise ConfigError(f"duration = {wanted!r}: {ticks} ticks: must be from 1 to {MAX_TICKS}")
    return ticks


def scenario_to_toml(scenario: Scenario) -> str:
    """The resolved scenario, every default written out; loads back equal but for where its own code is."""
    table: dict[str, Any] = msgspec.to_builtins(scenario)
    table.pop("code_folders", None)
    return to_toml(table)
