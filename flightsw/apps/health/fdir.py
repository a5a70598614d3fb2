"""FDIR's messages: what monitors are fed with, and what their steps become. The decisions are in `recovery` and others.

Called by `app` once a tick. Reads `bus.event`, `infer.status`, `sensor.power`, `sensor.thermal`, `sensor.nav`; gives
`health.restart`, `health.recovery`, `health.validity` and events, none of them while all is well.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from flightsw.apps.health import memory, recovery
from flightsw.apps.health.config import HealthConfig, PayloadRow
from flightsw.apps.health.plan import plan_of
from flightsw.apps.health.plausibility import SAMPLE_TICKS, VALID, Readings, Sensors, sensors_step, validity
from flightsw.apps.health.progress import Progress, progress_step
from flightsw.apps.health.recovery import Seen, Taken
from flightsw.apps.health.state import Inputs, State
from flightsw.apps.health.steps import StepKind
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message, Scalar
from flightsw.messages.health import (
    BusEvent,
    Event,
    RecoveryAction,
    RecoveryCriticalData,
    RecoveryRequest,
    RestartRequest,
    Severity,
)
from flightsw.messages.inference import ChipReading, InferenceStatus
from flightsw.messages.plant import NavSensors, PowerSensors, ThermalSensors

SAMPLE_PHASE = 5
"""of the ticks in which readings are judged: others store or repeat in those that ten divides"""
StartSequence = Callable[[str, str], str | None]
"""(name, by what) -> None, or why not."""
_ACTIONS = {
    StepKind.RESET_DEVICE: RecoveryAction.RESET_DEVICE,
    StepKind.CYCLE_RAIL: RecoveryAction.CYCLE_RAIL,
}


class Fdir:
    """Monitors and recoveries of one node."""

    def __init__(
        self,
        config: HealthConfig,
        apps: tuple[str, ...],
        dt_s: float,
        payload: PayloadRow,
        start_sequence: StartSequence,
    ) -> None:
        self._config = config
        self._dt_s = dt_s
        self._apps = apps
        self._boot_s = payload.boot_s
        self._start_sequence = start_sequence
        self._payload = payload.place
        self._latch_margin_w = config.fdir.latch_margin_w
        self.plan = plan_of(config, apps, payload.boot_s, dt_s)
        self.recovery = recovery.initial(self.plan)
        self._progress = Progress()
        self._sensors = Sensors()
        self.validity = VALID
        self._kept = memory.kept(self.recovery)
        self._untold = False
        """readers may still hold what was said before a restart"""

    def reconfigure(self, config: HealthConfig) -> None:
        """Go on with another configuration; where it concerns recoveries, they begin anew: the next tick is looked at,
        also if nothing changes in it."""
        before, self._config = self._config, config
        self._latch_margin_w = config.fdir.latch_margin_w
        if (config.fdir, config.watchpoints) != (before.fdir, before.watchpoints):
            self.plan = plan_of(config, self._apps, self._boot_s, self._dt_s)
            self.recovery = replace(recovery.initial(self.plan), busy=True)

    def restore(self, inbox: Inbox) -> None:
        """A warm start: what was voted out is not remembered, and its users are told."""
        self._untold = True
        if (stored := inbox.last(RecoveryCriticalData)) is not None:
            self._kept = stored
            self.recovery = replace(memory.restored(stored, self.plan), busy=True)

    def arm(self, monitor: str) -> str | None:
        """Ground arms a monitor or an actionpoint; None, or why not."""
        after = recovery.armed(self.recovery, monitor, self.plan)
        if isinstance(after, str):
            return after
        self.recovery, self._progress = after, Progress(off_w=self._progress.off_w, met=self._progress.met)
        return None

    def step(self, now: Now, inbox: Inbox, inputs: Inputs, before: State, state: State, out: list[Message]) -> None:
        """One tick; `before` and `state`: the law's, before and after it observed."""
        last = inbox.last
        rail_w = self._rail_w(last(PowerSensors))
        progress = progress_step(self._progress, last(InferenceStatus), rail_w, self._latch_margin_w)
        bus = last(BusEvent)
        if (
            progress is not self._progress
            or self.recovery.busy
            or state.pulse is not before.pulse
            or state.watches is not before.watches
            or bus is not None
        ):
            self._progress = progress
            events = tuple(inbox.all(BusEvent))
            seen = Seen(now.tick, inputs.heard, state.pulse, state.watches, progress, events)
            self.recovery, taken, over = recovery.recovery_step(self.recovery, seen, self.plan)
            for one in taken:
                self._take(one, out)
            out += [Event(Severity.ACTIVITY_HI, "recovery.over", {"monitor": monitor}) for monitor in over]
            self._keep(out)
        if now.tick % SAMPLE_TICKS == SAMPLE_PHASE or self._untold:
            self._judge(inbox, state, out)

    def _keep(self, out: list[Message]) -> None:
        kept = memory.kept(self.recovery)
        if kept != self._kept:
            self._kept = kept
            out.append(kept)

    def _take(self, taken: Taken, out: list[Message]) -> None:
        step = taken.step
        args: dict[str, Scalar] = {"monitor": taken.monitor, "step": step.name, "level": taken.level}
        out.append(Event(Severity.WARNING_HI, "recovery.step", args | {"cause": taken.cause}))
        reason = f"{taken.monitor}: {taken.cause}"
        if step.kind is StepKind.RESTART:
            out.append(RestartRequest(step.target, reason, fresh=False))
        elif step.kind is StepKind.SEQUENCE:
            refused = self._start_sequence(step.target, reason)
            if refused is not None:
                told: dict[str, Scalar] = {"sequence": step.target, "by": taken.monitor, "reason": refused}
                out.append(Event(Severity.WARNING_LO, "sequence.not_started", told))
        elif step.kind in _ACTIONS:
            out.append(RecoveryRequest(_ACTIONS[step.kind], step.target, reason))
        if step.kind is StepKind.CYCLE_RAIL:
            self._progress = Progress(off_w=self._progress.off_w, met=True)

    def _rail_w(self, sensors: PowerSensors | None) -> float | None:
        if sensors is None or self._payload is None or self._payload >= len(sensors.load_power_w):
            return None
        return sensors.load_power_w[self._payload]

    def _judge(self, inbox: Inbox, state: State, out: list[Message]) -> None:
        """A sample of the readings; tells on change, and again as long as one is out."""
        power, thermal, nav = inbox.last(PowerSensors), inbox.last(ThermalSensors), inbox.last(NavSensors)
        if power is None or thermal is None:
            return
        chip = inbox.last(ChipReading)
        now = Readings(
            thermal.battery_c,
            power.battery_c,
            power.battery_voltage_v,
            power.battery_current_a,
            thermal.chip_c,
            power.array_power_w,
            sum(power.load_power_w),
            self._rail_w(power),
            None if chip is None else chip.chip_c,
            state.eclipse and nav is not None and not nav.sun_visible,
        )
        config = self._config.plausibility
        self._sensors = sensors_step(self._sensors, now, config, self._dt_s)
        before, found = self.validity.invalid, validity(self._sensors, now, config)
        self.validity = found
        if found.invalid or before or self._untold:
            self._untold = False
            out.append(found)
        lost = [name for name in found.invalid if name not in before]
        back = [name for name in before if name not in found.invalid]
        out += [Event(Severity.WARNING_HI, "sensor.invalid", {"signal": name}) for name in lost]
        out += [Event(Severity.ACTIVITY_HI, "sensor.valid", {"signal": name}) for name in back]
