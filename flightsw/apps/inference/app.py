"""Payload manager: messages in, messages out. The decisions are in `law` (or a user's), `source`, `queue`, `events`.

Reads `sensor.nav`, `power.status`, `thermal.status`, `health.mode`, `health.recovery`, `tc.dispatch`; `hw.device` goes
to the device unread. Gives `infer.status`, `infer.result`, `hw.activity`, `event.inference`, `tc.report.inference`,
`cds.inference`.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.engine import Engine
from flightsw.apps.inference.events import Seen, changes, full_latch
from flightsw.apps.inference.governor import Decision, mode_rates
from flightsw.apps.inference.guard import Guard
from flightsw.apps.inference.interface import STANDARD, InferenceLaw
from flightsw.apps.inference.law import Inputs, Outputs
from flightsw.apps.inference.modelops import COMMANDS, ModelOps, refuse
from flightsw.apps.inference.queue import SceneQueue
from flightsw.apps.inference.sessions import in_session
from flightsw.apps.inference.source import View, frames_in, view_below
from flightsw.apps.tables import ParameterTable
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.bus.application import Inbox, Now
from flightsw.devices.accelerator import Accelerator, Batch, Completion, Telemetry
from flightsw.devices.models import label_of
from flightsw.devices.silicon import Silicon
from flightsw.messages.base import Message
from flightsw.messages.commands import InferSetPayload
from flightsw.messages.health import Mode, ModeStatus, RecoveryAction, RecoveryRequest
from flightsw.messages.inference import (
    ChipReading,
    DeviceActivity,
    InferenceCriticalData,
    InferenceResult,
    InferenceStatus,
)
from flightsw.messages.plant import DeviceReadings, NavSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

STORE_TICKS = 10
FIXED = ("model", "execute", "memory", "blobs")
"""Parameters that a start sets for good: the network is loaded then."""
DARK = View(-1.0, 0.0)
CHIP_TICKS, CHIP_PHASE = 10, 4
"""The diodes are compared every tenth tick, so that health has the reading as it judges the sensors."""
CHIP_APART_K = 10.0
"""what two ticks of latency and a work's beginning don't explain"""
RESET_TICKS = 8
"""off for so long: a command acts after two ticks, and what its rail draws meanwhile is seen two after that"""


class InferenceApp:
    """The application. `engine` computes batches for real; None: none is computed. `guard` keeps its networks sound,
    `models` replaces them by telecommand."""

    name = "inference"

    def __init__(
        self,
        config: InferenceConfig,
        silicon: Silicon,
        work_gop: float,
        device: Accelerator,
        engine: Engine | None,
        law: InferenceLaw = STANDARD,
        guard: Guard | None = None,
        models: ModelOps | None = None,
    ) -> None:
        self._config = config
        self._silicon = silicon
        self._work_gop = work_gop
        self._rates = mode_rates(silicon, work_gop, config)
        self._imaging_per_s = config.frame_scenes / config.frame_period_s
        self._execute_stride = config.execute_stride
        self._device = device
        self._model = label_of(config.model)
        self._engine = engine
        self._guard = guard
        self._models = models
        self._queue = SceneQueue(config.queue_scenes, config.deadline_s)
        self._law = law
        self._critical_data = law.CriticalData
        self._state = law.initial()
        self._node_mode: Mode | None = None
        self._enabled = True
        """ground's wish"""
        self._view = DARK
        self._may_start = False
        self._reset_ticks = 0
        """the device is held off for so long, by order of recovery"""
        self._next_batch = self._items_done = self._batches_done = self._batches_executed = 0
        self._seen = Seen()
        self._stored: InferenceCriticalData | None = None
        self._parameters = ParameterTable("inference", config, self._apply, fixed=FIXED)
        self._handlers: Handlers = {**self._parameters.handlers, InferSetPayload: self._set_payload}
        self._handlers |= dict.fromkeys(COMMANDS, refuse) if models is None else models.handlers

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if (stored := inbox.last(self._critical_data)) is not None:
            self._parameters.restore(inbox)
            self._restore(stored)
        out = execute_own(inbox, self._handlers)
        if (readings := inbox.last(DeviceReadings)) is not None:
            self._device.observe(readings)
        if (status := inbox.last(ModeStatus)) is not None:
            self._node_mode = status.mode
        telemetry = self._device.telemetry()
        if not telemetry.ready and (lost := self._device.abort()) is not None:
            self._next_batch = lost.number
            self._queue.put_back(lost)
        if self._guard is not None:
            out += self._guard.check(now.t_ns, now.dt_s, self._batches_done)
        outputs = self._decide(now, inbox, telemetry, self._image(now, inbox))
        refused = self._queue.refused
        out += self._work(now, outputs.decision)
        out += self._events(telemetry, outputs, self._queue.refused - refused)
        activity = self._device.activity()
        out.append(self._status(now, outputs.decision, activity))
        if self._node_mode is not None:  # just (re)started: the board is left as it is until the node's mode is known
            out.append(activity)
        if now.tick % CHIP_TICKS == CHIP_PHASE and telemetry.chip_c is not None:
            self._compare_diodes(telemetry.chip_c, inbox, out)
        self._store(now, out)
        return out

    def _compare_diodes(self, chip_c: float, inbox: Inbox, out: list[Message]) -> None:
        thermal = inbox.last(ThermalStatus)
        if thermal is not None and (thermal.chip_c is None or abs(thermal.chip_c - chip_c) > CHIP_APART_K):
            out.append(ChipReading(chip_c))

    def reconfigure(self, config: InferenceConfig) -> None:
        """Go on with another configuration, of the same model computed as often; what a table activated stands where
        that says nothing new."""
        self._apply(self._parameters.rebased(config))

    def _apply(self, config: InferenceConfig) -> None:
        self._config = config
        self._rates = mode_rates(self._silicon, self._work_gop, config)
        self._imaging_per_s = config.frame_scenes / config.frame_period_s
        self._queue.limit(config.queue_scenes, config.deadline_s)

    def _image(self, now: Now, inbox: Inbox) -> float:
        """Announce this tick's images; scenes a second that imaging adds."""
        if (fix := inbox.last(NavSensors)) is not None:
            self._view = view_below(fix.position_km, fix.sun_direction, fix.latitude_deg)
        if self._node_mode is not Mode.PAYLOAD or not self._enabled:
            return 0.0
        self._queue.expect(frames_in(now.t_ns, now.dt_s, self._view, self._config))
        return self._imaging_per_s if self._view.cos_zenith >= self._config.min_cos_zenith else 0.0

    def _decide(self, now: Now, inbox: Inbox, telemetry: Telemetry, arriving_per_s: float) -> Outputs:
        power, thermal = inbox.last(PowerStatus), inbox.last(ThermalStatus)
        inputs = Inputs(
            mode=Mode.BOOT if self._node_mode is None else self._node_mode,
            enabled=self._enabled and in_session(now.t_ns, self._config),
            power_cap_w=None if power is None else power.compute_cap_w,
            thermal_cap_w=None if thermal is None else thermal.chip_cap_w,
            telemetry=telemetry,
            waiting=self._queue.waiting + self._in_flight,
            arriving_per_s=arriving_per_s,
        )
        after, outputs = self._law.step(self._state, inputs, self._silicon, self._rates, self._config)
        if self._node_mode is not None:
            self._state = after
            self._device.command(power_on=outputs.power_on and not self._is_reset(inbox), mode=outputs.decision.mode)
        return outputs

    def _is_reset(self, inbox: Inbox) -> bool:
        if inbox.last(RecoveryRequest) is not None and any(
            request.action is RecoveryAction.RESET_DEVICE for request in inbox.all(RecoveryRequest)
        ):
            self._reset_ticks = RESET_TICKS
        if self._reset_ticks == 0:
            return False
        self._reset_ticks -= 1
        return True

    def _work(self, now: Now, decision: Decision) -> list[Message]:
        self._may_start = decision.work
        out = [self._result(done) for done in self._device.advance(now.t_ns, now.dt_s, self._take)]
        self._queue.settle(now.t_ns + round(now.dt_s * 1e9))
        return out

    def _take(self, free_ns: int) -> Batch | None:
        if not self._may_start:
            return None
        batch = self._queue.take(self._next_batch, self._config.batch_scenes, free_ns)
        if batch is not None:
            self._next_batch += 1
        return batch

    def _result(self, done: Completion) -> Message:
        batch, seen = done.batch, None
        if self._engine is not None and batch.number % self._execute_stride == 0:
            seen = self._engine.look(batch.first_scene, batch.scenes, batch.cos_zenith, batch.latitude_deg)
            self._batches_executed += 1
        self._batches_done += 1
        self._items_done += batch.scenes
        return InferenceResult(
            batch=batch.number,
            model=self._model,
            first_scene=batch.first_scene,
            scenes=batch.scenes,
            cos_zenith=batch.cos_zenith,
            latitude_deg=batch.latitude_deg,
            mode=done.mode,
            started_ns=done.started_ns,
            finished_ns=done.finished_ns,
            queued_s=max(0.0, (done.started_ns - batch.queued_since_ns) * 1e-9),
            cloud_fraction=seen.cloud_fraction if seen else None,
            output_sha256=seen.output_sha256 if seen else None,
            detections=seen.detections if seen else None,
        )

    def _events(self, telemetry: Telemetry, outputs: Outputs, refused: int) -> list[Message]:
        queue, decision, before = self._queue, outputs.decision, self._seen
        self._seen = Seen(
            decision.mode,
            outputs.power_on,
            telemetry.ready,
            telemetry.throttled,
            full_latch(before, refused, queue.waiting, self._config.queue_scenes),
            outputs.stale,
        )
        return changes(before, self._seen, self._silicon.modes[decision.mode].name, decision.granted_w, queue.waiting)

    def _status(self, now: Now, decision: Decision, activity: DeviceActivity) -> InferenceStatus:
        queue = self._queue
        return InferenceStatus(
            enabled=self._enabled,
            mode=activity.mode,
            power_on=activity.power_on,
            demand_w=decision.demand_w,
            granted_w=decision.granted_w,
            predicted_w=decision.predicted_w,
            binding=decision.binding,
            queue_items=queue.waiting,
            items_in_flight=self._in_flight,
            items_arrived=queue.arrived,
            items_done=self._items_done,
            items_dropped=queue.dropped,
            dropped_full=queue.refused,
            dropped_late=queue.late,
            dropped_lost=queue.lost,
            batches_done=self._batches_done,
            batches_executed=self._batches_executed,
            busy_fraction=min(1.0, activity.busy_s / now.dt_s),
        )

    @property
    def _in_flight(self) -> int:
        batch = self._device.in_flight
        return 0 if batch is None else batch.scenes

    def _store(self, now: Now, out: list[Message]) -> None:
        """Every change counts: a batch's number must never be given twice, nor a scene be forgotten."""
        queue = self._queue
        data = InferenceCriticalData(
            self._enabled,
            queue.arrived,
            self._items_done,
            queue.refused,
            queue.late,
            queue.lost,
            self._batches_done,
            self._batches_executed,
            "" if self._models is None else self._models.stored(),
        )
        if now.tick % STORE_TICKS == 0 or data != self._stored:
            self._stored = data
            out.append(self._law.stored(self._state, data))

    def _restore(self, stored: InferenceCriticalData) -> None:
        queue = self._queue
        self._state = self._law.restored(self._state, stored)
        self._enabled = stored.enabled
        if self._models is not None:
            self._models.restore(stored.models)
        self._items_done = stored.items_done
        self._next_batch = self._batches_done = stored.batches_done
        self._batches_executed = stored.batches_executed
        queue.arrived, queue.refused, queue.late = stored.items_arrived, stored.dropped_full, stored.dropped_late
        queue.lost = stored.items_arrived - stored.items_done - stored.dropped_full - stored.dropped_late

    def _set_payload(self, command: InferSetPayload) -> str | None:
        self._enabled = command.on
        return None
