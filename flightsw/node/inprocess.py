"""The node in one process: the same Exchange, ports and applications, no sockets.

For CI, campaigns, notebooks (`flightsw.node`) and replay. An application that raises is lost and comes back as it
would in its own process; a plant that raises ends the run.
"""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import structlog

from flightsw.bus.application import Application, Inbox, Now
from flightsw.bus.exchange import Exchange, TickRecord
from flightsw.bus.log import LogPlace, LogWriter, RecordEncoder
from flightsw.bus.pacing import Pacer, monotonic_s, sleep_s
from flightsw.bus.port import Codec, Port
from flightsw.bus.rebuild import bus_faults
from flightsw.bus.seats import Entry
from flightsw.bus.table import ProcessTable, Role
from flightsw.errors import LogError, RunError
from flightsw.messages.base import Message
from flightsw.messages.comms import TcRequest
from flightsw.messages.topics import BUS, OUTSIDE
from flightsw.node.build import build_application
from flightsw.node.faults import bus_faults_of
from flightsw.node.processes import process_table
from flightsw.node.reconfigure import reconfigure_application, reconfigured
from flightsw.node.run import (
    OnProgress,
    Progress,
    RunOutcome,
    RunPlan,
    dt_ns_of,
    log_header,
    scheduled_commands,
    was_perturbed,
)
from flightsw.node.scenario import Scenario

PROGRESS_S = 0.2
CHECK_TICKS = 64
BUFFER_BYTES = 65536
"""of log held back in a free run: nothing was delivered to anybody who outlives this process"""


class InProcessNode:
    """All processes of one node, a tick at a time. `build` makes an application by name; replay passes its own."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        table: ProcessTable | None = None,
        build: Callable[[str, Scenario], Application] = build_application,
    ) -> None:
        self.scenario = scenario
        """as the run began; the log's header has it"""
        self._flown = scenario
        """as it is flown now"""
        self._changes: dict[str, Any] = {}
        """of the configuration, for the next tick's record"""
        self.table = table or process_table(scenario)
        self._spoken: dict[tuple[int, ...], list[Entry]] = {}
        """the last tick's entries of each sequence of topics, the newest last"""
        self.lost: list[str] = []
        codec = Codec(self.table.topics)
        self._build = build
        self._ports = {row.name: Port(row.name, codec) for row in self.table.rows}
        self._outside = Port(OUTSIDE, codec)
        faults = bus_faults(bus_faults_of(scenario, self.table), scenario.seed, codec)
        self.exchange = Exchange(self.table, Port(BUS, codec).entry, codec.of_entry, faults)
        self._applications: dict[str, Application] = {}
        self._commands = scheduled_commands(scenario)
        self.crashes = True
        """those of the script happen; a replay takes its losses from the log"""
        self._next_request = 1 + sum(len(requests) for requests in self._commands.values())
        self._topic_names = [topic.name for topic in self.table.topics.topics]
        self._dt_ns = dt_ns_of(scenario)
        self._log = structlog.get_logger()

    @property
    def tick(self) -> int:
        """The next tick to run."""
        return self.exchange.tick

    def command(self, request: TcRequest, tick: int) -> None:
        """Let a telecommand enter at `tick`."""
        self._commands[tick] = (*self._commands.get(tick, ()), request)

    def forget_commands(self) -> None:
        """Drop the scenario's own commands and scripted losses: a replay takes them from the log."""
        self._commands = {}
        self.crashes = False

    def reconfigure(self, changes: Mapping[str, Any]) -> None:
        """Go on under another configuration from the next tick on (ADR 0009). Raises ConfigError."""
        before, self._flown = self._flown, reconfigured(self._flown, changes)
        for name, application in self._applications.items():
            reconfigure_application(application, name, before, self._flown)
        self._changes.update(changes)

    def next_request(self) -> int:
        """A fresh request number."""
        self._next_request += 1
        return self._next_request - 1

    def run_tick(self, lose: Collection[str] = ()) -> TickRecord:
        """Run one tick; `lose`: processes that a replayed log says were lost in it. Raises RunError."""
        exchange = self.exchange
        tick = exchange.tick
        requests = self._commands.get(tick, ())
        now = Now(tick, tick * self._dt_ns, self.scenario.dt_s)
        changes, self._changes = self._changes, {}
        grants = exchange.begin([self._outside.entry(request) for request in requests], changes)
        for name in exchange.restarted:
            self._applications.pop(name, None)
            self.lost.append(name)
        if self.crashes and exchange.crashing:
            lose = {*lose, *exchange.crashing}
        for name, inbox in grants:
            outbox = None if name in lose else self._step(name, now, inbox)
            if outbox is None:
                self._lose(name)
            else:
                exchange.accept(name, outbox)
        for name in sorted(lose):  # those that were not due in this tick
            if name not in exchange.absent():
                self._lose(name)
        record = exchange.finish()
        self._spoken.pop(exchange.sequence, None)  # and in again, behind the others
        self._spoken[exchange.sequence] = record.entries
        return record

    def _lose(self, name: str) -> None:
        self.exchange.lose(name)
        self._applications.pop(name, None)
        self.lost.append(name)

    @property
    def latest(self) -> dict[str, Message]:
        """Newest message by topic."""
        newest = {entry[0]: entry for entries in self._spoken.values() for entry in entries}
        return {self._topic_names[number]: entry[3] for number, entry in newest.items()}

    def _step(self, name: str, now: Now, inbox: Sequence[Entry]) -> list[Entry] | None:
        """What the process sends; None: it failed, and is lost."""
        try:
            application = self._applications.get(name)
            if application is None:
                application = self._applications[name] = self._build(name, self._flown)
            return self._ports[name].outbox(application.step(now, Inbox(inbox)))
        except Exception as error:
            if self.table.by_name[name].role is Role.INFRASTRUCTURE:
                raise RunError(f"{name}: {type(error).__name__}: {error} (tick {now.tick})") from error
            self._log.exception("process.fault", process=name, tick=now.tick)
            return None


class Recorder:
    """A node whose ticks go to a log."""

    def __init__(
        self, node: InProcessNode, run_dir: Path, *, buffer_bytes: int = 0, behind: LogPlace | None = None
    ) -> None:
        """`behind`: the log is there already, and the node has been run to its end."""
        self.node = node
        header = log_header(node.scenario, node.table)
        self._writer = LogWriter(run_dir, header, buffer_bytes=buffer_bytes, behind=behind)
        self._encode = RecordEncoder()

    def run_tick(self) -> None:
        """Run and log one tick."""
        self._writer.append(self._encode(self.node.run_tick()))

    @property
    def log_hash(self) -> str:
        """Hash of the log so far."""
        return self._writer.log_hash

    @property
    def ticks(self) -> int:
        """In the log."""
        return self._writer.ticks

    def flush(self) -> None:
        """Let observers of the log see all of it."""
        self._writer.flush()

    def close(self) -> str:
        """End the log in order; its hash."""
        return self._writer.close()


def run_in_process(plan: RunPlan, on_progress: OnProgress | None = None) -> RunOutcome:
    """Run a plan in this process, to its end or to the first SIGINT / SIGTERM."""
    buffer_bytes = BUFFER_BYTES if plan.speed is None else 0  # somebody may be watching a paced run
    begin_s, begin_cpu_s = monotonic_s(), time.process_time()
    recorder = _recorder(plan, buffer_bytes)
    node = recorder.node
    pacer = Pacer(plan.scenario.dt_s, plan.speed, plan.slip_policy)
    verdict, error, next_progress_s = "completed", None, 0.0
    first_s: float | None = None
    with _stop_flag() as stopped, _no_collection():
        try:
            while node.tick < plan.ticks:
                if node.tick % CHECK_TICKS == 0 or plan.speed is not None:
                    next_progress_s = _tell(plan, node, pacer, begin_s, next_progress_s, on_progress)
                    if stopped.is_set():
                        verdict = "interrupted"
                        break
                if plan.speed is not None:
                    sleep_s(pacer.delay_s(node.tick, monotonic_s()))
                    pacer.started(node.tick, monotonic_s())
                recorder.run_tick()
                first_s = first_s or monotonic_s()
            last_s = monotonic_s()
            recorder.close()
        except (RunError, LogError) as failure:
            last_s = monotonic_s()
            verdict, error = "failed", str(failure)
        finally:
            with suppress(LogError):  # told already
                recorder.close()
    _tell(plan, node, pacer, begin_s, 0.0, on_progress)
    return RunOutcome(
        ticks=recorder.ticks,
        simulated_s=recorder.ticks * plan.scenario.dt_s,
        wall_s=monotonic_s() - begin_s,
        log_hash=recorder.log_hash,
        cpu_s={"node": time.process_time() - begin_cpu_s},
        exit=verdict,
        run_dir=plan.run_dir,
        lost=tuple(node.lost),
        perturbed=was_perturbed(plan),
        slips=pacer.slips,
        error=error,
        startup_s=None if first_s is None else first_s - begin_s,
        running_s=None if first_s is None else last_s - first_s,
    )


def _recorder(plan: RunPlan, buffer_bytes: int) -> Recorder:
    """A node at its start, or where the log that is there leaves it."""
    if plan.taken_up is None:
        return Recorder(InProcessNode(plan.scenario), plan.run_dir, buffer_bytes=buffer_bytes)
    from flightsw.node.rebuilding import rebuilt_node  # it is a host of this module's node

    node, behind = rebuilt_node(plan.run_dir, plan.scenario, plan.taken_up)
    return Recorder(node, plan.run_dir, buffer_bytes=buffer_bytes, behind=behind)


def _tell(
    plan: RunPlan, node: InProcessNode, pacer: Pacer, begin_s: float, due_s: float, on_progress: OnProgress | None
) -> float:
    """Tell progress when it is due; when it is due next."""
    now_s = monotonic_s()
    if on_progress is None or now_s < due_s:
        return due_s
    on_progress(Progress(node.tick, plan.ticks, plan.scenario.dt_s, now_s - begin_s, pacer.slips, node.latest))
    return now_s + PROGRESS_S


@contextmanager
def _no_collection() -> Iterator[None]:
    """A tick makes no reference cycles: looking for them costs a tenth of the speed."""
    enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


@contextmanager
def _stop_flag() -> Iterator[threading.Event]:
    """Set by SIGINT or SIGTERM, where this is the main thread."""
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        flag.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
