"""One run, whichever way it is hosted: what goes in, what is told on the way, what comes out.

Called by the command line and by tests; `execute_run` picks the host. The hosts are `node.single` and
`node.launcher`; both give the same log for the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from flightsw.bus.log import LogHeader
from flightsw.bus.pacing import SlipPolicy
from flightsw.bus.remote import RemotePlan
from flightsw.bus.table import ProcessTable
from flightsw.messages.base import Message
from flightsw.messages.comms import TcRequest
from flightsw.messages.schema import PROTOCOL, topic_schemas
from flightsw.node.processes import process_schemas
from flightsw.node.scenario import Scenario

MAX_RESTARTS = 5
"""of an infrastructure process in one run; after that it is broken, not unlucky"""
MAX_FLIGHT_RESTARTS = 1000
"""of a flight application: its back-off keeps it far below; one that can't even join the bus is not tried for ever"""


@dataclass(frozen=True)
class TakenUp:
    """A run that goes on from the ticks that its log has already, and what is new from there on."""

    tick: int
    """the first one that isn't in the log"""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """of the configuration, by path, in that tick"""
    commands: Mapping[int, tuple[TcRequest, ...]] = field(default_factory=dict)
    """telecommands beside the scenario's, by tick"""
    next_request: int = 1
    """above all request numbers so far"""
    perturbed: bool = False
    """scenario and seed alone don't give this log: live commands or changes on the way, or new ones"""


@dataclass(frozen=True)
class RunPlan:
    """What to run and where to keep it."""

    scenario: Scenario
    run_dir: Path
    """exists and is empty but for what the caller put there"""
    ticks: int
    speed: float | None = None
    """simulated seconds a wall second; None: free"""
    slip_policy: SlipPolicy = SlipPolicy.SLIP
    in_process: bool = False
    umbilical: bool = False
    """a run in one process listens to the outside too; one in processes always does"""
    start_order: tuple[str, ...] = ()
    """processes in the order to start them; the rest follow. It can't change a result"""
    taken_up: TakenUp | None = None
    """None: from the start. Otherwise `run_dir` holds the log so far"""
    pin: bool = True
    """a free run's processes are kept on two cores. It can't change a result either"""
    remote: RemotePlan | None = None
    """processes that run on a real board; None: all run here"""
    first: bool = False
    """its processes ask the system to be run before others. It can't change a result"""


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    tick: int
    ticks: int
    dt_s: float
    wall_s: float
    slips: int
    latest: Mapping[str, Message]
    """newest message by topic, of the topics heard so far"""


@dataclass(frozen=True)
class RunOutcome:
    """What came of a run."""

    ticks: int
    simulated_s: float
    wall_s: float
    log_hash: str
    cpu_s: dict[str, float]
    """processor time by process; the launcher's included"""
    exit: str
    """completed, interrupted or failed"""
    run_dir: Path
    lost: tuple[str, ...] = ()
    """processes that were lost, in order"""
    perturbed: bool = False
    """a live command came in over the umbilical, or the run was branched"""
    slips: int = 0
    error: str | None = None
    startup_s: float | None = None
    """from the call to the end of the first tick; None: there was none"""
    running_s: float | None = None
    """from the end of the first tick to the end of the last"""


OnProgress = Callable[[Progress], None]


def dt_ns_of(scenario: Scenario) -> int:
    """The tick in integer nanoseconds."""
    return round(scenario.dt_s * 1e9)


def log_header(scenario: Scenario, table: ProcessTable) -> LogHeader:
    """The header of this scenario's log. What judges a run is no part of it: a log is the same however it is judged."""
    told: dict[str, Any] = msgspec.to_builtins(scenario)
    del told["requirements"]
    told.pop("code_folders", None)
    if not told["faults"]:
        del told["faults"]
    if scenario.cycle_ticks == 1:
        del told["cycle_ticks"]
    return LogHeader(
        flightsw_log=PROTOCOL,
        scenario=told,
        seed=scenario.seed,
        dt_ns=dt_ns_of(scenario),
        topics=topic_schemas(table.topics),
        processes=process_schemas(table),
    )


def scheduled_commands(scenario: Scenario) -> dict[int, tuple[TcRequest, ...]]:
    """The scenario's telecommands by tick, numbered from 1 in file order."""
    by_tick: dict[int, tuple[TcRequest, ...]] = {}
    for number, command in enumerate(scenario.commands, 1):
        tick = round(command.at_s / scenario.dt_s)
        by_tick[tick] = (*by_tick.get(tick, ()), TcRequest(number, command.name, command.args))
    return by_tick


def was_perturbed(plan: RunPlan) -> bool:
    """Before it began: a branch is, and so is what goes on from a perturbed run."""
    return plan.taken_up is not None and plan.taken_up.perturbed


def execute_run(plan: RunPlan, on_progress: OnProgress | None = None) -> RunOutcome:
    """Run to the plan's end. Raises RunError only when nothing could be started; a failed run is an outcome."""
    if plan.in_process:
        from flightsw.node.single import run_in_process

        return run_in_process(plan, on_progress)
    from flightsw.node.launcher import run_in_processes

    return run_in_processes(plan, on_progress)
