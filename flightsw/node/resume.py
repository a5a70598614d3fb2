"""Takes up a logged run at one of its ticks, in a folder of its own: to finish it, or to branch off.

What the new run has up to that tick is the old one's log, byte for byte. Without changes its hash at the end is that
of the uninterrupted run; with changes it is a branch, and the changes are outside inputs in its log, so that it
replays like any other (ADR 0009). The old folder is only read. Called by `flightsw resume`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flightsw.bus.headers import header_differences
from flightsw.bus.log import LogWriter
from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec
from flightsw.bus.records import LOST, MESSAGE, RECONFIGURE, TickRecord
from flightsw.errors import ConfigError, LogError
from flightsw.messages.base import Scalar
from flightsw.messages.commands import parse_command
from flightsw.messages.comms import TcRequest
from flightsw.messages.faults import FaultInjection
from flightsw.node.again import scenario_of, table_of
from flightsw.node.durations import parse_duration_s
from flightsw.node.materials import check_as_flown
from flightsw.node.reconfigure import reconfigured
from flightsw.node.run import TakenUp, log_header, scheduled_commands
from flightsw.node.scenario import Scenario, check_has_its_board, orbit_period_s, run_ticks
from flightsw.node.tomlfile import parse_overrides

_COPY_BYTES = 1 << 16


@dataclass(frozen=True)
class Wanted:
    """What a user asks for."""

    at: str | None = None
    """a tick, or a time after the start; None: where the log ends"""
    duration: str | None = None
    """of the whole run, from its start; None: as the scenario plans"""
    overrides: tuple[str, ...] = ()
    commands: tuple[tuple[str, str, dict[str, Scalar]], ...] = ()
    """(when, name, arguments)"""


@dataclass(frozen=True)
class Resumption:
    """A run ready to be taken up."""

    source: Path
    scenario: Scenario
    """as the run began"""
    ticks: int
    """planned"""
    taken_up: TakenUp
    parent_hash: str
    """of the source's log as far as it goes"""
    parent_ticks: int
    not_repeated: int
    """outside inputs of the source after that tick that aren't the scenario's own"""

    @property
    def is_branch(self) -> bool:
        """Something is new from the tick on."""
        return bool(self.taken_up.changes or self.taken_up.commands)


def prepare(source: Path, wanted: Wanted) -> Resumption:
    """Read the source and check what is asked. Raises ConfigError, LogError; nothing is written."""
    reader = LogReader(source)
    scenario = scenario_of(reader)
    check_has_its_board(scenario)
    check_as_flown(source, scenario)
    _check_made_here(reader, scenario)
    tick = None if wanted.at is None else _tick_of(wanted.at, scenario)
    past = _Past(scenario)
    for record in reader.ticks():
        past.look(record, before=tick is None or record.tick < tick)
    if tick is None:
        tick = reader.tick_count
    if tick > reader.tick_count:
        raise ConfigError(f"at = {wanted.at}: tick {tick}: the log ends before tick {reader.tick_count}")
    ticks = run_ticks(scenario, wanted.duration)
    if tick >= ticks:
        raise ConfigError(
            f"tick {tick}: nothing is left of the {ticks} planned ticks: give an earlier --at or a longer --duration"
        )
    changes = _changes(wanted.overrides, past.flown)
    commands = _commands(wanted.commands, scenario, range(tick, ticks), past.next_request)
    perturbed = past.perturbed or bool(changes or commands)
    return Resumption(
        source=source,
        scenario=scenario,
        ticks=ticks,
        taken_up=TakenUp(tick, changes, commands, past.next_request + len(wanted.commands), perturbed),
        parent_hash=reader.log_hash,
        parent_ticks=reader.tick_count,
        not_repeated=past.not_repeated,
    )


def copy_log(resumption: Resumption, run_dir: Path) -> None:
    """Put the log up to the tick into the new folder. Raises LogError."""
    reader = LogReader(resumption.source)
    writer = LogWriter(run_dir, reader.header, buffer_bytes=_COPY_BYTES)
    try:
        for tick, data in enumerate(reader.raw_ticks()):
            if tick >= resumption.taken_up.tick:
                break
            writer.append(data)
    finally:
        writer.abandon()


def _check_made_here(reader: LogReader, scenario: Scenario) -> None:
    table = table_of(scenario)
    reader.check_schema(table.topics)
    found = header_differences(reader.header, log_header(scenario, table))
    if found:
        raise LogError(
            f"{reader.run_dir}: made by another version, which differs in {', '.join(one.field for one in found)}: "
            "it can't be gone on with"
        )


def _tick_of(at: str, scenario: Scenario) -> int:
    """A bare number is a tick; anything else a time. Raises ConfigError."""
    if at.strip().isdecimal():
        return int(at)
    try:
        return round(parse_duration_s(at, orbit_period_s(scenario)) / scenario.dt_s)
    except ConfigError:
        raise ConfigError(f'at = {at!r}: must be a tick, or a time like "600s", "90min" or "2orbits"') from None


class _Past:
    """What a log says of outside inputs before and after a tick."""

    def __init__(self, scenario: Scenario) -> None:
        self.flown = scenario
        """configuration at that tick"""
        self.perturbed = False
        self.not_repeated = 0
        self._scheduled = scheduled_commands(scenario)
        self.next_request = 1 + sum(map(len, self._scheduled.values()))
        self._decode = Codec(table_of(scenario).topics).decode

    def look(self, record: TickRecord, *, before: bool) -> None:
        """Take in one tick."""
        came_in = []
        for item in record.inputs:
            if item[0] == MESSAGE:
                message = self._decode(*item[1])
                assert isinstance(message, TcRequest | FaultInjection)
                came_in.append(message)
            elif item[0] == RECONFIGURE and before:
                self.perturbed = True
                self.flown = reconfigured(self.flown, item[1])
            elif item[0] in (RECONFIGURE, LOST) and not before:
                self.not_repeated += 1
        scheduled = self._scheduled.get(record.tick, ())
        live = [message for message in came_in if message not in scheduled]
        if before:
            self.perturbed |= bool(live)
            self.next_request = max([self.next_request, *(number_of(message) + 1 for message in came_in)])
        else:
            self.not_repeated += len(live)


def number_of(message: TcRequest | FaultInjection) -> int:
    """What came from outside is numbered through."""
    return message.request if isinstance(message, TcRequest) else message.number


def _changes(overrides: Sequence[str], flown: Scenario) -> dict[str, Any]:
    changes = dict(parse_overrides(overrides))
    if changes and reconfigured(flown, changes) == flown:
        raise ConfigError(f"--set {', '.join(overrides)}: that is the configuration already: nothing would branch")
    return changes


def _commands(
    wanted: Sequence[tuple[str, str, dict[str, Scalar]]], scenario: Scenario, allowed: range, first_request: int
) -> dict[int, tuple[TcRequest, ...]]:
    """Telecommands by tick, numbered on. Raises ConfigError."""
    by_tick: dict[int, tuple[TcRequest, ...]] = {}
    for number, (when, name, args) in enumerate(wanted, first_request):
        tick = _tick_of(when, scenario)
        if tick not in allowed:
            raise ConfigError(f"command {name} at {when}: tick {tick}: must be from {allowed[0]} to {allowed[-1]}")
        try:
            parse_command(name, args)
        except ValueError as error:
            raise ConfigError(f"command at {when}: {error}") from None
        by_tick[tick] = (*by_tick.get(tick, ()), TcRequest(number, name, args))
    return by_tick
