"""The work of a tick: batches cut from the queue as the device asks for them, looked at for real, accounted for.

It decides nothing: mode, variants and batch size come with the law's `Decision`, what is served next is the queue's,
how long it takes the device's. Called by the application, every tick.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.inference.account import Account
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.engine import Engine
from flightsw.apps.inference.governor import Decision
from flightsw.apps.inference.ladder import Rung
from flightsw.apps.inference.queue import SceneQueue, Serving
from flightsw.apps.inference.workload import Workload
from flightsw.bus.application import Now
from flightsw.devices.accelerator import Accelerator, Batch, Completion
from flightsw.devices.models import label_of
from flightsw.devices.silicon import Silicon
from flightsw.messages.base import Message
from flightsw.messages.inference import InferenceCriticalData, InferenceResult


class Workshop:
    """Queue in, results out. `engine` computes batches for real; None: none is computed. `default`: the variant of a
    source of which the law says nothing."""

    def __init__(
        self,
        config: InferenceConfig,
        silicon: Silicon,
        rungs: Sequence[Rung],
        default: int,
        device: Accelerator,
        engine: Engine | None,
        workload: Workload,
        queue: SceneQueue,
        account: Account,
    ) -> None:
        self._silicon = silicon
        self._rungs = rungs
        self._default = default
        self._device = device
        self._engine = engine
        self._workload = workload
        self._queue = queue
        self._account = account
        self._model = label_of(config.model)
        self._execute_stride = config.execute_stride
        self._served: tuple[object, ...] = ()
        """mode in force, variants and batch behind what the queue is told of serving"""
        self._decision: Decision | None = None
        """of this tick"""
        self._end_ns = 0
        """of this tick"""
        self._next_batch = 0
        self.batches_done = self.batches_executed = 0
        self.reconfigure(config)

    def reconfigure(self, config: InferenceConfig) -> None:
        """Go on with another configuration, of the same model computed as often."""
        self._most = config.batch_scenes
        self._served = ()

    def restore(self, kept: InferenceCriticalData) -> None:
        """After a restart: numbers go on without a gap."""
        self._next_batch = self.batches_done = kept.batches_done
        self.batches_executed = kept.batches_executed

    def reclaim(self) -> None:
        """The device has lost what was under way: it waits again, and is tried under its own number."""
        if (lost := self._device.abort()) is not None:
            self._next_batch = lost.number
            self._queue.put_back(lost)

    @property
    def in_flight(self) -> int:
        """Scenes under way."""
        batch = self._device.in_flight
        return 0 if batch is None else batch.scenes

    @property
    def in_flight_by(self) -> list[int]:
        """By source."""
        counts, batch = [0] * len(self._workload.classes), self._device.in_flight
        if batch is not None:
            counts[batch.source] = batch.scenes
        return counts

    def work(self, now: Now, decision: Decision) -> list[Message]:
        """One tick's; the results of what was finished in it."""
        self._decision = decision
        self._end_ns = now.t_ns + round(now.dt_s * 1e9)
        self._serve(decision)
        out = [self._result(done) for done in self._device.advance(now.t_ns, now.dt_s, self._take)]
        self._queue.reserved = self.in_flight
        self._queue.settle(self._end_ns)
        return out

    def _serve(self, decision: Decision) -> None:
        """Tell the queue how scenes are served from now on."""
        self._queue.outlook = decision.outlook
        mode = self._device.telemetry().mode
        served = (mode, decision.variants, decision.batch_scenes)
        if served == self._served:
            return
        self._served = served
        clock_mhz = self._silicon.modes[mode].clock_mhz
        serving = []
        for place in range(len(self._workload.classes)):
            variant = decision.variants[place] if decision.variants else self._default
            work_gop = self._rungs[variant].work_gop
            batch_s = self._silicon.batch_s(self._batch_scenes(decision), work_gop, clock_mhz)
            serving.append(Serving(variant, work_gop, round(batch_s * 1e9)))
        self._queue.serving = serving

    def _batch_scenes(self, decision: Decision) -> int:
        return self._most if decision.batch_scenes is None else min(self._most, decision.batch_scenes)

    def _take(self, free_ns: int) -> Batch | None:
        decision = self._decision
        if decision is None or not decision.work:
            self._queue.release(free_ns)
            return None
        batch = self._queue.take(self._next_batch, self._batch_scenes(decision), free_ns, self._end_ns)
        if batch is not None:
            self._next_batch += 1
        return batch

    def _result(self, done: Completion) -> Message:
        batch, seen = done.batch, None
        source, variant, scenes = batch.source, batch.variant, batch.scenes
        rung = self._rungs[variant]
        if self._engine is not None and batch.number % self._execute_stride == 0:
            seen = self._engine.look(batch.first_scene, scenes, batch.cos_zenith, batch.latitude_deg, rung.name)
            self.batches_executed += 1
        self.batches_done += 1
        in_time = done.finished_ns - batch.queued_since_ns <= self._workload.classes[source].deadline_ns
        value = scenes * rung.quality * self._workload.weights[source] if in_time else 0.0
        self._account.finish(source, variant, scenes, value, in_time=in_time)
        return InferenceResult(
            batch=batch.number,
            model=self._model,
            first_scene=batch.first_scene,
            scenes=scenes,
            cos_zenith=batch.cos_zenith,
            latitude_deg=batch.latitude_deg,
            mode=done.mode,
            started_ns=done.started_ns,
            finished_ns=done.finished_ns,
            queued_s=max(0.0, (done.started_ns - batch.queued_since_ns) * 1e-9),
            cloud_fraction=seen.cloud_fraction if seen else None,
            output_sha256=seen.output_sha256 if seen else None,
            source=source,
            variant=variant,
            value=value,
            detections=seen.detections if seen else None,
        )
