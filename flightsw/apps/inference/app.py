"""Payload manager: messages in, messages out. The decisions are in a `law`, `source`, `queue`, `events`; the
work itself is done in `workshop`.

Reads `sensor.nav`, `power.status`, `thermal.status`, `health.mode`, `health.recovery`, `tc.dispatch`; `hw.device` goes
to the device unread. Gives `infer.status`, `infer.account`, `infer.result`, `hw.activity`, `event.inference`,
`tc.report.inference`, `cds.inference`.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.inference.account import Account
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.engine import Engine
from flightsw.apps.inference.events import Seen, changes, full_latch
from flightsw.apps.inference.governor import Decision
from flightsw.apps.inference.guard import Guard
from flightsw.apps.inference.interface import STANDARD, InferenceLaw
from flightsw.apps.inference.ladder import default_rung, ladder_of, rungs_of
from flightsw.apps.inference.law import Inputs, Outputs
from flightsw.apps.inference.modelops import COMMANDS, ModelOps, refuse
from flightsw.apps.inference.queue import SceneQueue
from flightsw.apps.inference.sessions import in_session
from flightsw.apps.inference.workload import Workload
from flightsw.apps.inference.workshop import Workshop
from flightsw.apps.tables import ParameterTable
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.bus.application import Inbox, Now
from flightsw.devices.accelerator import Accelerator, Telemetry
from flightsw.devices.models import ModelCard
from flightsw.devices.silicon import Silicon
from flightsw.messages.base import Message
from flightsw.messages.commands import InferSetPayload
from flightsw.messages.health import Mode, ModeStatus, RecoveryAction, RecoveryRequest
from flightsw.messages.inference import (
    ChipReading,
    DeviceActivity,
    InferenceCriticalData,
    InferenceStatus,
)
from flightsw.messages.plant import DeviceReadings, NavSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

STORE_TICKS = 10
FIXED = ("model", "execute", "sources", "memory", "blobs")
"""Parameters that a start sets for good: the network is loaded then, and counts are by source."""
ACCOUNT_TICKS, ACCOUNT_PHASE = 10, 9
"""The account is told every tenth tick."""
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
        card: ModelCard,
        device: Accelerator,
        engine: Engine | None,
        seed: int,
        law: InferenceLaw = STANDARD,
        guard: Guard | None = None,
        models: ModelOps | None = None,
    ) -> None:
        self._config = config
        self._silicon = silicon
        self._card = card
        self._rungs = rungs_of(card, silicon)
        self._device = device
        self._guard = guard
        self._models = models
        self._workload = Workload(config, seed)
        self._account = Account(len(self._workload.classes), len(self._rungs))
        self._queue = SceneQueue(self._workload.classes, config.queue_scenes, self._account)
        self._workshop = Workshop(
            config,
            silicon,
            self._rungs,
            default_rung(card),
            device,
            engine,
            self._workload,
            self._queue,
            self._account,
        )
        self._law = law
        self._critical_data = law.CriticalData
        self._state = law.initial()
        self._node_mode: Mode | None = None
        self._enabled = True
        """ground's wish"""
        self._reset_ticks = 0
        """the device is held off for so long, by order of recovery"""
        self._seen = Seen()
        self._stored: InferenceCriticalData | None = None
        self._parameters = ParameterTable("inference", config, self._apply, fixed=FIXED)
        self._handlers: Handlers = {**self._parameters.handlers, InferSetPayload: self._set_payload}
        self._handlers |= dict.fromkeys(COMMANDS, refuse) if models is None else models.handlers
        self._apply(config)

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
        if not telemetry.ready:
            self._workshop.reclaim()
        if self._guard is not None:
            out += self._guard.check(now.t_ns, now.dt_s, self._workshop.batches_done)
        outputs = self._decide(now, inbox, telemetry, self._let_in(now, inbox))
        full = self._account.full
        out += self._workshop.work(now, outputs.decision)
        out += self._events(telemetry, outputs, self._account.full - full)
        activity = self._device.activity()
        out.append(self._status(now, outputs.decision, activity))
        if self._node_mode is not None:  # just (re)started: the board is left as it is until the node's mode is known
            out.append(activity)
        if now.tick % CHIP_TICKS == CHIP_PHASE and telemetry.chip_c is not None:
            self._compare_diodes(telemetry.chip_c, inbox, out)
        if now.tick % ACCOUNT_TICKS == ACCOUNT_PHASE:
            out.append(self._account.told(self._queue.waiting_by, self._workshop.in_flight_by))
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
        self._ladder = ladder_of(self._rungs, default_rung(self._card), self._silicon, config.batch_scenes)
        self._workload.reconfigure(config)
        self._queue.limit(
            self._workload.classes,
            config.queue_scenes,
            ageing_ns=round(config.ageing_s * 1e9),
            batching_ns=round(config.batch_wait_s * 1e9),
        )
        self._workshop.reconfigure(config)

    def _let_in(self, now: Now, inbox: Inbox) -> bool:
        """Announce what arrives in this tick; whether the camera is on."""
        if (fix := inbox.last(NavSensors)) is not None:
            self._workload.observe(fix)
        is_open = self._node_mode is Mode.PAYLOAD and self._enabled
        self._queue.closed = not is_open
        self._queue.expect(self._workload.frames(now, imaging=is_open))
        return is_open

    def _decide(self, now: Now, inbox: Inbox, telemetry: Telemetry, is_open: bool) -> Outputs:
        power, thermal = inbox.last(PowerStatus), inbox.last(ThermalStatus)
        inputs = Inputs(
            mode=Mode.BOOT if self._node_mode is None else self._node_mode,
            enabled=self._enabled and in_session(now.t_ns, self._config),
            power_cap_w=None if power is None else power.compute_cap_w,
            thermal_cap_w=None if thermal is None else thermal.chip_cap_w,
            telemetry=telemetry,
            waiting=self._queue.waiting + self._workshop.in_flight,
            arriving_per_s=self._workload.arriving_per_s(imaging=is_open),
            work=self._workload.work(self._queue, now.t_ns),
            power=power,
        )
        after, outputs = self._law.step(self._state, inputs, self._silicon, self._ladder, self._config)
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
        account = self._account
        refused, late, lost = sum(account.refused), sum(account.late), sum(account.lost)
        return InferenceStatus(
            enabled=self._enabled,
            mode=activity.mode,
            power_on=activity.power_on,
            demand_w=decision.demand_w,
            granted_w=decision.granted_w,
            predicted_w=decision.predicted_w,
            binding=decision.binding,
            queue_items=self._queue.waiting,
            items_in_flight=self._workshop.in_flight,
            items_arrived=sum(account.arrived),
            items_done=sum(account.done),
            items_dropped=refused + late + lost,
            dropped_refused=refused,
            dropped_late=late,
            dropped_lost=lost,
            batches_done=self._workshop.batches_done,
            batches_executed=self._workshop.batches_executed,
            busy_fraction=min(1.0, activity.busy_s / now.dt_s),
            value=account.total_value,
        )

    def _store(self, now: Now, out: list[Message]) -> None:
        """Every change counts: a batch's number must never be given twice, nor a scene be forgotten."""
        models = "" if self._models is None else self._models.stored()
        workshop = self._workshop
        data = self._account.stored(self._enabled, workshop.batches_done, workshop.batches_executed, models)
        if now.tick % STORE_TICKS == 0 or data != self._stored:
            self._stored = data
            out.append(self._law.stored(self._state, data))

    def _restore(self, stored: InferenceCriticalData) -> None:
        self._state = self._law.restored(self._state, stored)
        self._enabled = stored.enabled
        if self._models is not None:
            self._models.restore(stored.models)
        self._workshop.restore(stored)
        self._account.restore(stored)

    def _set_payload(self, command: InferSetPayload) -> str | None:
        self._enabled = command.on
        return None
