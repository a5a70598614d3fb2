"""A run in one process: the node of `node.inprocess`, a tick after the other, to its end or to the first signal.

Where its plan says so, it has the bench umbilical that a run in processes has: it can be commanded, paused and
stepped. Called by `node.run`.
"""

from __future__ import annotations

import gc
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

from flightsw.bus.pacing import PROGRESS_S, Gap, Pacer, monotonic_s, sleep_s
from flightsw.errors import LogError, RunError
from flightsw.node.injection import injection_of
from flightsw.node.inprocess import BUFFER_BYTES, InProcessNode, Recorder
from flightsw.node.run import OnProgress, Progress, RunOutcome, RunPlan, was_perturbed
from flightsw.node.rundir import CONTROL_FILE, UMBILICAL_SOCKET, socket_dir

if TYPE_CHECKING:
    from flightsw.bus.umbilical import Umbilical


class _SingleRun:
    """What happens between two ticks: pace, progress, requests from outside."""

    def __init__(
        self,
        plan: RunPlan,
        recorder: Recorder,
        umbilical: Umbilical | None,
        on_progress: OnProgress | None,
        begin_s: float,
        stopped: threading.Event,
    ) -> None:
        self.pacer = Pacer(plan.scenario.dt_s, plan.speed, plan.slip_policy)
        self.first_tick_s: float | None = None
        self._begin_s = begin_s
        self._plan = plan
        self._recorder = recorder
        self._umbilical = umbilical
        self._on_progress = on_progress
        self._stopped = stopped
        self._gap = Gap(self.pacer, self._serve, self._is_stopped)
        self._next_progress_s = 0.0

    def run(self) -> str:
        """To the plan's end, or until somebody wants it to stop. Raises RunError, LogError."""
        recorder, umbilical, ticks = self._recorder, self._umbilical, self._plan.ticks
        node = recorder.node
        while node.tick < ticks:
            if not self._gap.passes(node.tick):
                return "interrupted"
            if umbilical is not None:
                for request in umbilical.due(node.tick):
                    node.enter(request, node.tick)
            recorder.run_tick()
            if self.first_tick_s is None:
                self.first_tick_s = monotonic_s()
                self.pacer.restart()  # everybody was built in this one
        return "completed"

    def _is_stopped(self) -> bool:
        return self._stopped.is_set() or (self._umbilical is not None and self._umbilical.stop_wanted)

    def _serve(self, tick: int, wait_s: float, now_s: float) -> None:
        self._recorder.flush()  # somebody may be watching
        if now_s >= self._next_progress_s:
            self._next_progress_s = now_s + PROGRESS_S
            self.tell()
        if self._umbilical is not None:
            self._umbilical.serve(tick, self.pacer, wait_s)
        elif wait_s > 0.0:
            sleep_s(wait_s)

    def tell(self) -> None:
        """Tell how far it is."""
        if self._on_progress is not None:
            node, plan = self._recorder.node, self._plan
            wall_s = monotonic_s() - self._begin_s
            self._on_progress(
                Progress(node.tick, plan.ticks, plan.scenario.dt_s, wall_s, self.pacer.slips, node.latest)
            )


def run_in_process(plan: RunPlan, on_progress: OnProgress | None = None) -> RunOutcome:
    """Run a plan in this process, to its end or to the first SIGINT / SIGTERM."""
    begin_s, begin_cpu_s = monotonic_s(), time.process_time()
    recorder = _recorder(plan)
    node = recorder.node
    error: str | None = None
    with _umbilical(plan, node) as umbilical, _stop_flag() as stopped, _no_collection():
        single = _SingleRun(plan, recorder, umbilical, on_progress, begin_s, stopped)
        try:
            verdict = single.run()
            last_s = monotonic_s()
            recorder.close()
        except (RunError, LogError) as failure:
            last_s = monotonic_s()
            verdict, error = "failed", str(failure)
        finally:
            with suppress(LogError):  # told already
                recorder.close()
    single.tell()
    first_s = single.first_tick_s
    return RunOutcome(
        ticks=recorder.ticks,
        simulated_s=recorder.ticks * plan.scenario.dt_s,
        wall_s=monotonic_s() - begin_s,
        log_hash=recorder.log_hash,
        cpu_s={"node": time.process_time() - begin_cpu_s},
        exit=verdict,
        run_dir=plan.run_dir,
        lost=tuple(node.lost),
        perturbed=was_perturbed(plan) or (umbilical is not None and umbilical.inputs_taken > 0),
        slips=single.pacer.slips,
        error=error,
        startup_s=None if first_s is None else first_s - begin_s,
        running_s=None if first_s is None else last_s - first_s,
    )


def _recorder(plan: RunPlan) -> Recorder:
    """A node at its start, or where the log that is there leaves it."""
    if plan.taken_up is None:
        return Recorder(InProcessNode(plan.scenario), plan.run_dir, buffer_bytes=BUFFER_BYTES)
    from flightsw.node.rebuilding import rebuilt_node  # it is a host of the same node

    node, behind = rebuilt_node(plan.run_dir, plan.scenario, plan.taken_up)
    return Recorder(node, plan.run_dir, buffer_bytes=BUFFER_BYTES, behind=behind)


@contextmanager
def _umbilical(plan: RunPlan, node: InProcessNode) -> Iterator[Umbilical | None]:
    """The line to the outside, in a private directory of this run, where the plan asks for one."""
    if not plan.umbilical:
        yield None
        return
    import zmq  # a run without it has no sockets, and needs no library for them

    from flightsw.bus.umbilical import Umbilical

    directory = socket_dir()
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    try:
        router.bind(f"ipc://{directory / UMBILICAL_SOCKET}")
        (plan.run_dir / CONTROL_FILE).write_text(str(directory / UMBILICAL_SOCKET))
        taken = 1 if plan.taken_up is None else plan.taken_up.next_request
        next_request = max(node.next_request(), taken)
        injector = partial(injection_of, plan.scenario, node.table)
        yield Umbilical(router, plan.scenario.dt_s, plan.ticks, next_request, injector)
    finally:
        router.close(linger=500)
        context.term()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A tick makes no reference cycles: looking for them costs a tenth of the speed."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
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
