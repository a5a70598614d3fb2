"""Payload manager: messages in, messages out. Decisions are in `governor`, `source` and `queue`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.engine import Engine
from flightsw.apps.inference.governor import (
    Decision,
    GovernorState,
    PowerState,
    Situation,
    govern,
    mode_rates,
    power_gate,
)
from flightsw.apps.inference.queue import SceneQueue
from flightsw.apps.inference.source import View, frames_in, view_below
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.bus.application import Inbox, Now
from flightsw.devices.accelerator import Accelerator, Batch, Completion
from flightsw.devices.silicon import Silicon
from flightsw.messages.base import Message, Scalar
from flightsw.messages.commands import InferSetPayload
from flightsw.messages.health import Event, Mode, ModeStatus, Severity
from flightsw.messages.inference import InferenceCriticalData, InferenceResult, InferenceStatus
from flightsw.messages.plant import DeviceReadings, NavSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

STORE_TICKS = 10
DARK = View(-1.0, 0.0)


class InferenceApp:
    """The application. `make_engine` is called at the first batch that is really computed."""

    name = "inference"

    def __init__(
        self,
        config: InferenceConfig,
        silicon: Silicon,
        work_gop: float,
        device: Accelerator,
        make_engine: Callable[[], Engine],
    ) -> None:
        self._config = config
        self._silicon = silicon
        self._rates = mode_rates(silicon, work_gop, config)
        self._device = device
        self._make_engine = make_engine
        self._engine: Engine | None = None
        self._queue = SceneQueue(config.queue_scenes, config.deadline_s)
        self._governor = GovernorState()
        self._power = PowerState()
        self._memory = InferenceCriticalData(True, 0, 0, 0, 0, 0)
        """counters and the ground's wish: what survives a restart"""
        self._mode = Mode.BOOT
        self._caps_w = (0.0, 0.0)
        self._caps_tick: tuple[int, int] | None = None
        self._view = DARK
        self._batches_done = 0
        self._told = (False, False, 0)
        self._handlers: Handlers = {InferSetPayload: self._set_payload}

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if (stored := inbox.last(InferenceCriticalData)) is not None:
            self._restore(stored)
        before = self._memory
        out = execute_own(inbox, self._handlers)
        if (readings := inbox.last(DeviceReadings)) is not None:
            self._device.observe(readings)
        self._listen(now, inbox)
        arriving = self._image(now)
        decision = self._govern(now, arriving)
        out += self._work(now, decision)
        out += self._events(decision)
        out.append(self._status(now, decision))
        out.append(self._device.activity())
        if now.tick % STORE_TICKS == 0 or self._memory.enabled != before.enabled:
            out.append(self._memory)
        return out

    def _listen(self, now: Now, inbox: Inbox) -> None:
        if (mode := inbox.last(ModeStatus)) is not None:
            self._mode = mode.mode
        if (fix := inbox.last(NavSensors)) is not None:
            self._view = view_below(fix.position_km, fix.sun_direction, fix.latitude_deg)
        power, thermal = inbox.last(PowerStatus), inbox.last(ThermalStatus)
        power_w, thermal_w = self._caps_w
        power_tick, thermal_tick = self._caps_tick or (-(10**9), -(10**9))
        if power is not None:
            power_w, power_tick = power.compute_cap_w, now.tick
        if thermal is not None:
            thermal_w, thermal_tick = thermal.chip_cap_w, now.tick
        self._caps_w, self._caps_tick = (power_w, thermal_w), (power_tick, thermal_tick)

    def _image(self, now: Now) -> float:
        """Let this tick's images arrive; scenes a second that imaging adds."""
        config = self._config
        if self._mode is not Mode.PAYLOAD or not self._memory.enabled:
            return 0.0
        for frame in frames_in(now.t_ns, now.dt_s, self._view, self._memory.next_scene, config):
            self._remember(next_scene=frame.first_scene + frame.scenes)
            self._queue.put(frame)
        return config.frame_scenes / config.frame_period_s if self._view.cos_zenith >= config.min_cos_zenith else 0.0

    def _govern(self, now: Now, arriving_per_s: float) -> Decision:
        telemetry = self._device.telemetry()
        oldest_tick = min(self._caps_tick or (-(10**9),))
        fresh = now.tick - oldest_tick <= self._config.grant_stale_ticks
        power_w, thermal_w = self._caps_w if fresh else (0.0, 0.0)
        situation = Situation(
            enabled=self._mode is Mode.PAYLOAD and self._memory.enabled,
            ready=telemetry.ready,
            waiting=self._queue.waiting,
            arriving_per_s=arriving_per_s,
            power_cap_w=power_w,
            thermal_cap_w=thermal_w,
            chip_c=telemetry.chip_c,
        )
        self._governor, decision = govern(self._governor, situation, self._silicon, self._rates, self._config)
        wanted = self._mode >= Mode.NOMINAL and self._memory.enabled
        self._power = power_gate(self._power, wanted, decision.granted_w, telemetry.chip_c, self._silicon, self._config)
        self._device.command(power_on=self._power.on, mode=decision.mode)
        return decision

    def _work(self, now: Now, decision: Decision) -> list[Message]:
        queue, config = self._queue, self._config
        queue.expire(now.t_ns)
        if not self._device.telemetry().ready and (lost := self._device.abort()) is not None:
            queue.dropped += lost.scenes

        def next_batch(_free_ns: int) -> Batch | None:
            if not decision.work:
                return None
            batch = queue.take(self._memory.next_batch, config.batch_scenes)
            if batch is not None:
                self._remember(next_batch=batch.number + 1)
            return batch

        return [self._result(done) for done in self._device.advance(now.t_ns, now.dt_s, next_batch)]

    def _result(self, done: Completion) -> Message:
        batch = done.batch
        seen = None
        if self._config.executes(batch.number):
            if self._engine is None:
                self._engine = self._make_engine()
            seen = self._engine.look(batch.first_scene, batch.scenes, batch.cos_zenith, batch.latitude_deg)
            self._remember(batches_executed=self._memory.batches_executed + 1)
        self._batches_done += 1
        self._remember(items_done=self._memory.items_done + batch.scenes)
        return InferenceResult(
            batch=batch.number,
            model=self._config.model,
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
        )

    def _status(self, now: Now, decision: Decision) -> InferenceStatus:
        activity, memory = self._device.activity(), self._memory
        return InferenceStatus(
            enabled=memory.enabled,
            mode=activity.mode,
            power_on=activity.power_on,
            demand_w=decision.demand_w,
            granted_w=decision.granted_w,
            predicted_w=decision.predicted_w,
            binding=decision.binding,
            queue_items=self._queue.waiting,
            items_done=memory.items_done,
            items_dropped=self._queue.dropped,
            batches_done=self._batches_done,
            batches_executed=memory.batches_executed,
            busy_fraction=min(1.0, activity.busy_s / now.dt_s),
        )

    def _events(self, decision: Decision) -> list[Message]:
        telemetry, activity = self._device.telemetry(), self._device.activity()
        full = self._queue.waiting >= self._config.queue_scenes
        told = (full, telemetry.throttled, activity.mode)
        before, self._told = self._told, told
        if told == before:
            return []
        events: list[Message] = []
        if full and not before[0]:
            events.append(Event(Severity.WARNING_LO, "queue.full", {"scenes": self._queue.waiting}))
        if telemetry.throttled and not before[1]:
            events.append(Event(Severity.WARNING_LO, "device.throttled", {}))
        if activity.mode != before[2]:
            args: dict[str, Scalar] = {
                "mode": self._silicon.modes[activity.mode].name,
                "granted_w": round(decision.granted_w, 2),
            }
            events.append(Event(Severity.ACTIVITY_LO, "power_mode.changed", args))
        return events

    def _remember(self, **changes: int) -> None:
        memory = self._memory
        self._memory = InferenceCriticalData(
            memory.enabled,
            changes.get("next_scene", memory.next_scene),
            changes.get("next_batch", memory.next_batch),
            changes.get("items_done", memory.items_done),
            self._queue.dropped,
            changes.get("batches_executed", memory.batches_executed),
        )

    def _restore(self, stored: InferenceCriticalData) -> None:
        """What was queued is gone: it counts as dropped."""
        self._memory = stored
        self._queue.dropped = max(0, stored.next_scene - stored.items_done)

    def _set_payload(self, command: InferSetPayload) -> str | None:
        memory = self._memory
        self._memory = InferenceCriticalData(
            command.on,
            memory.next_scene,
            memory.next_batch,
            memory.items_done,
            memory.items_dropped,
            memory.batches_executed,
        )
        return None
