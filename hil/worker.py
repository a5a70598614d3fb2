"""Works batches in a thread of its own, one at a time.

A thread, because a board can't be paused: while a batch is computed (onnxruntime lets go of the interpreter) its power
is sampled, and the bus gets its answer in time whether the batch is done or not. Called by `hil.hands`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from flightsw.apps.inference.engine import Engine, Seen
from flightsw.bus.pacing import monotonic_s, sleep_s
from flightsw.bus.processor import SECOND, go_first, is_first
from flightsw.devices.accelerator import Batch


@dataclass
class Job:
    """A batch on its way. Times are on the monotonic clock."""

    batch: Batch
    start_s: float
    """not before"""
    done: threading.Event = field(default_factory=threading.Event)
    began_s: float = 0.0
    took_s: float = 0.0
    seen: Seen | None = None
    error: Exception | None = None


class Worker:
    """The thread. `engine` is its alone from now on. `variants`: of the model, by place; None: its default."""

    def __init__(self, engine: Engine, variants: Sequence[str | None] = (None,)) -> None:
        self._engine = engine
        self._variants = tuple(variants)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)
        self._thread.start()

    def submit(self, batch: Batch, start_s: float) -> Job:
        """Work at it next."""
        job = Job(batch, start_s)
        self._jobs.put(job)
        return job

    def close(self) -> None:
        """End behind the batch under way."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        if is_first():  # inherited: who computes must not keep from the processor who answers in time; and yet, with
            go_first(SECOND)  # the interpreter in its hands, it must not be kept from it by other programs
        while (job := self._jobs.get()) is not None:
            wait_s = job.start_s - monotonic_s()
            if wait_s > 0.0:
                sleep_s(wait_s)
            job.began_s = monotonic_s()
            batch = job.batch
            try:
                variant = self._variants[batch.variant]
                job.seen = self._engine.look(
                    batch.first_scene, batch.scenes, batch.cos_zenith, batch.latitude_deg, variant
                )
            except Exception as error:
                job.error = error
            job.took_s = monotonic_s() - job.began_s
            job.done.set()


class WorkedEngine:
    """An `Engine` whose batches were computed already, when the board worked at them."""

    def __init__(self) -> None:
        self._seen: list[tuple[int, Seen]] = []

    def keep(self, batch: Batch, seen: Seen) -> None:
        """What came of a batch; it is asked for in the same tick."""
        self._seen.append((batch.first_scene, seen))

    def look(
        self,
        first_scene: int,
        scenes: int,  # noqa: ARG002
        cos_zenith: float,  # noqa: ARG002
        latitude_deg: float,  # noqa: ARG002
        variant: str | None = None,  # noqa: ARG002
    ) -> Seen:
        """What was seen. Raises LookupError: nobody worked at it."""
        while self._seen:
            first, seen = self._seen.pop(0)
            if first == first_scene:
                return seen
        raise LookupError(f"scene {first_scene}: no batch that begins with it was worked at")
