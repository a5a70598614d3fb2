"""Parent of all processes of a run: starts them from the one process table, watches them, restarts them, ends them.

Forks before it has any socket or thread: what it imported is shared, and a child is ready in milliseconds (ADR 0006).
A child ends by itself when the launcher does, because the pipe it watches closes. The launcher takes no part in a
tick: it learns of the run over a socket pair from the bus, and of deaths from the kernel.
"""

from __future__ import annotations

import os
import resource
import selectors
import shutil
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import msgspec
import structlog

from flightsw.bus.pacing import monotonic_s
from flightsw.bus.port import Codec
from flightsw.bus.processor import take_turns
from flightsw.bus.seats import Entry
from flightsw.bus.table import Role
from flightsw.errors import RunError
from flightsw.messages.base import Message
from flightsw.messages.topics import BUS
from flightsw.node import children
from flightsw.node.hostlog import HOST_LOG
from flightsw.node.placement import placement
from flightsw.node.processes import process_table
from flightsw.node.run import (
    MAX_FLIGHT_RESTARTS,
    MAX_RESTARTS,
    OnProgress,
    Progress,
    RunOutcome,
    RunPlan,
    was_perturbed,
)
from flightsw.node.rundir import CONTROL_FILE, UMBILICAL_SOCKET, note_children, socket_dir, sweep_leftovers

STOP_GUARD_S = 10.0


class Launcher:
    """One run in processes."""

    def __init__(self, plan: RunPlan, on_progress: OnProgress | None) -> None:
        if threading.active_count() > 1:
            raise RunError(
                "a run in processes forks, and this process has threads: use the command line, or run in process"
            )
        self._plan = plan
        self._on_progress = on_progress
        self._table = process_table(plan.scenario)
        self._codec = Codec(self._table.topics)
        self._log = structlog.get_logger()
        self._sockets = socket_dir()
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._pids: dict[str, int] = {}
        self._pidfds: dict[str, int] = {}
        self._incarnations: dict[str, int] = {}
        self._cpu_s: dict[str, float] = {}
        self._lost: list[str] = []
        self._latest: dict[str, Message] = {}
        self._verdict: dict[str, Any] | None = None
        self._error: str | None = None
        self._ending = False
        """the bus is sending everybody home: nobody who leaves is lost"""
        self._stop_at_s: float | None = None
        self._selector = selectors.DefaultSelector()
        self._bus_link: socket.socket
        self._cores = self._placement()
        self._begin_s = monotonic_s()

    def run(self) -> RunOutcome:
        """Start everybody, watch until the end, leave nothing behind."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        before = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGTERM)}
        before_fd = signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._selector.register(wake_read, selectors.EVENT_READ, self._signalled)
        try:
            self._start_all()
            while self._pids:
                self._watch()
        finally:
            for name in list(self._pids):
                self._kill(name)
            signal.set_wakeup_fd(before_fd)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            for descriptor in (wake_read, wake_write, self._lifeline_read, self._lifeline_write):
                os.close(descriptor)
            shutil.rmtree(self._sockets, ignore_errors=True)
        return self._outcome()

    def _placement(self) -> dict[str, frozenset[int]]:
        """Cores by process. A paced run is left to the scheduler: it sleeps most of the time."""
        if not self._plan.pin or self._plan.speed is not None:
            return {}
        return placement([BUS, *(row.name for row in self._table.rows)], os.sched_getaffinity(0), os.getpid())

    # -- starting -------------------------------------------------------------------------------------------------

    def _start_all(self) -> None:
        remote = self._plan.remote
        elsewhere = frozenset[str]() if remote is None else remote.names
        names = [BUS, *(row.name for row in self._table.rows if row.name not in elsewhere)]
        order = [name for name in self._plan.start_order if name in names]
        for name in [*order, *(name for name in names if name not in order)]:
            self._start(name)
        (self._plan.run_dir / CONTROL_FILE).write_text(str(self._sockets / UMBILICAL_SOCKET))

    def _start(self, name: str) -> None:
        incarnation = self._incarnations[name] = self._incarnations.get(name, -1) + 1
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) if name == BUS else (None, None)
        pid = os.fork()
        if pid == 0:
            os.close(self._lifeline_write)
            self._selector.close()
            signal.set_wakeup_fd(-1)
            if ours is not None:
                ours.close()
            if name in self._cores:
                os.sched_setaffinity(0, self._cores[name])
                take_turns()
            children.become(self._child_main(name, incarnation, theirs), name, self._plan.run_dir, self._lifeline_read)
        if ours is not None and theirs is not None:
            theirs.close()
            ours.setblocking(False)
            self._bus_link = ours
            self._selector.register(ours, selectors.EVENT_READ, self._bus_said)
        self._pids[name] = pid
        self._pidfds[name] = os.pidfd_open(pid)
        self._selector.register(self._pidfds[name], selectors.EVENT_READ, lambda: self._died(name))
        note_children(self._sockets, list(self._pids.values()))

    def _child_main(self, name: str, incarnation: int, link: socket.socket | None) -> Callable[[], None]:
        if link is not None:
            peers = {row.name: f"{row.name}.{self._incarnations.get(row.name, 0)}".encode() for row in self._table.rows}
            resume = incarnation > 0
            return lambda: children.bus_main(
                self._plan, self._sockets, link, resume=resume, peers=peers if resume else {}, cores=self._cores
            )
        return lambda: children.worker_main(self._plan, self._sockets, name, incarnation)

    # -- watching -------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        timeout_s = None if self._stop_at_s is None else max(0.0, self._stop_at_s - monotonic_s())
        ready = self._selector.select(timeout_s)
        for key, _ in ready:
            if self._selector.get_map().get(key.fd) == key:  # an earlier one of this round may have closed it
                key.data()
        if self._stop_at_s is not None and monotonic_s() >= self._stop_at_s:
            self._log.error("stop.overdue", still=sorted(self._pids))
            for name in list(self._pids):
                self._kill(name)

    def _signalled(self) -> None:
        for key in list(self._selector.get_map().values()):
            if key.data == self._signalled:
                os.read(int(key.fd), 512)
        self._log.info("stop.requested")
        self._tell_bus("stop", "")
        self._stop_at_s = self._stop_at_s or monotonic_s() + STOP_GUARD_S

    def _bus_said(self) -> None:
        while True:
            try:
                data = self._bus_link.recv(1 << 20)
            except BlockingIOError:
                return
            if not data:
                self._selector.unregister(self._bus_link)
                self._bus_link.close()
                return
            word, body = msgspec.msgpack.decode(data, type=tuple[str, msgspec.Raw])
            if word == "progress":
                self._progress(*msgspec.msgpack.decode(body, type=tuple[int, int, list[tuple[int, msgspec.Raw]]]))
            elif word == "kill":
                self._terminate(msgspec.msgpack.decode(body, type=str))
            elif word == "ending":
                self._ending = True
                self._stop_at_s = monotonic_s() + STOP_GUARD_S
            elif word == "end":
                self._verdict = msgspec.msgpack.decode(body)

    def _progress(self, tick: int, slips: int, entries: list[Entry]) -> None:
        if self._on_progress is None:
            return
        for number, payload in entries:
            self._latest[self._table.topics.topics[number].name] = self._codec.decode(number, payload)
        wall_s = monotonic_s() - self._begin_s
        self._on_progress(Progress(tick, self._plan.ticks, self._plan.scenario.dt_s, wall_s, slips, dict(self._latest)))

    def _died(self, name: str) -> None:
        status = self._reap(name)
        self._drain_bus_link()
        if self._verdict is not None or self._error is not None or (self._ending and name != BUS):
            return
        self._lost.append(name)
        self._log.warning("process.died", process=name, status=status, incarnation=self._incarnations[name])
        row = self._table.by_name.get(name)
        if status == children.UNLIKE_ITS_LOG:
            self._error = f"{name}: rebuilt from the log, it is not what it was ({HOST_LOG} says where)"
        elif self._incarnations[name] >= (MAX_FLIGHT_RESTARTS if row and row.role is Role.FLIGHT else MAX_RESTARTS):
            self._error = f"{name} was lost {self._incarnations[name] + 1} times"
        if self._error is not None:
            self._tell_bus("fail", self._error)
            self._stop_at_s = monotonic_s() + STOP_GUARD_S
            if name == BUS:
                for other in list(self._pids):
                    self._kill(other)
            return
        self._start(name)

    def _drain_bus_link(self) -> None:
        """What the bus said before this death was noticed counts first."""
        if self._bus_link.fileno() >= 0:
            self._bus_said()

    def _tell_bus(self, word: str, text: str) -> None:
        try:
            self._bus_link.send(msgspec.msgpack.encode((word, text)))
        except OSError:
            self._log.info("bus.gone", word=word)

    # -- ending ---------------------------------------------------------------------------------------------------

    def _terminate(self, name: str) -> None:
        if name in self._pids:
            os.kill(self._pids[name], signal.SIGKILL)

    def _kill(self, name: str) -> None:
        self._terminate(name)
        self._reap(name)

    def _reap(self, name: str) -> int:
        pid, status, usage = os.wait4(self._pids.pop(name), 0)
        descriptor = self._pidfds.pop(name)
        self._selector.unregister(descriptor)
        os.close(descriptor)
        self._cpu_s[name] = self._cpu_s.get(name, 0.0) + usage.ru_utime + usage.ru_stime
        del pid
        return os.waitstatus_to_exitcode(status)

    def _outcome(self) -> RunOutcome:
        own = resource.getrusage(resource.RUSAGE_SELF)
        verdict = self._verdict or {
            "exit": "failed",
            "ticks": 0,
            "log_hash": "",
            "error": self._error or "the bus was lost",
        }
        ticks = int(verdict["ticks"])
        first_s, last_s = verdict.get("first_tick_s"), verdict.get("last_tick_s")
        return RunOutcome(
            ticks=ticks,
            simulated_s=ticks * self._plan.scenario.dt_s,
            wall_s=monotonic_s() - self._begin_s,
            log_hash=str(verdict["log_hash"]),
            cpu_s={**dict(sorted(self._cpu_s.items())), "launcher": own.ru_utime + own.ru_stime},
            exit=str(verdict["exit"]),
            run_dir=self._plan.run_dir,
            lost=tuple(self._lost),
            perturbed=was_perturbed(self._plan) or bool(verdict.get("perturbed", False)),
            slips=int(verdict.get("slips", 0)),
            error=verdict.get("error"),
            startup_s=None if first_s is None else first_s - self._begin_s,
            running_s=None if first_s is None or last_s is None else last_s - first_s,
        )


def run_in_processes(plan: RunPlan, on_progress: OnProgress | None = None) -> RunOutcome:
    """Run a plan as separate processes. Raises RunError when this process can't fork safely."""
    sweep_leftovers()
    return Launcher(plan, on_progress).run()


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor tells the watch loop."""
