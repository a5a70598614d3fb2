"""Health: messages in, messages out. The decisions are in `law` and what it composes, or in a user's own law.

Reads the others' status messages (their heartbeats), `sensor.power`, `sensor.thermal`, `bus.event`, `tc.dispatch`.
Gives `health.mode`, `health.attitude`, `event.health`, `tc.report.health`, `cds.health`; `health.anomaly` where the
scenario has a network watch the telemetry as a whole. What `fdir`, the `sequencer`, the `timekeeper` and the parameter
table read and give stands with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flightsw.apps.health.config import HealthConfig, PayloadRow, time_law
from flightsw.apps.health.events import changes, of_bus
from flightsw.apps.health.fdir import Fdir
from flightsw.apps.health.interface import STANDARD, HealthLaw
from flightsw.apps.health.law import reconfigured
from flightsw.apps.health.monitor import TelemetryMonitor
from flightsw.apps.health.plan import getters
from flightsw.apps.health.sequencer import Sequencer, SequencerConfig
from flightsw.apps.health.state import Inputs, State
from flightsw.apps.health.timekeeper import OnboardClock, Timekeeper
from flightsw.apps.repeating import Repeating
from flightsw.apps.tables import ParameterTable
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.apps.validity import believed_power, believed_thermal
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.commands import (
    HealthArm,
    HealthPing,
    HealthPoint,
    HealthPointAt,
    HealthRestart,
    HealthSetMode,
)
from flightsw.messages.comms import CommsStatus
from flightsw.messages.health import (
    Attitude,
    AttitudeCommand,
    BusEvent,
    HealthCriticalData,
    Mode,
    ModeStatus,
    RestartRequest,
)
from flightsw.messages.inference import InferenceStatus
from flightsw.messages.plant import PowerSensors, ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

STORE_TICKS = 10
NO_PAYLOAD = PayloadRow(None, 0.0)
FIXED = ("wanted", "attitude", "fdir", "plausibility")
"""Parameters that a start sets: ground has commands of their own for mode and attitude."""
HEARTBEATS: dict[str, type[Message]] = {
    "power": PowerStatus,
    "thermal": ThermalStatus,
    "inference": InferenceStatus,
    "comms": CommsStatus,
}
"""By application: the message of every tick that says it is alive."""


class Heartbeat(NamedTuple):
    """Of a user's own process: it counts as heard until the next one is due, and for one period from the start."""

    app: str
    kind: type[Message]
    period_ticks: int


class HealthApp:
    """The application. `apps`: the others that are to be heard; `own`: users' processes that are, too; `payload`: what
    it should know of it."""

    name = "health"

    def __init__(
        self,
        config: HealthConfig,
        apps: tuple[str, ...],
        dt_s: float,
        own: tuple[Heartbeat, ...] = (),
        law: HealthLaw = STANDARD,
        monitor: TelemetryMonitor | None = None,
        payload: PayloadRow = NO_PAYLOAD,
        sequences: SequencerConfig = SequencerConfig(),  # noqa: B008  # frozen
        clock: OnboardClock = OnboardClock(),  # noqa: B008  # frozen
    ) -> None:
        self._config = config
        self._heartbeats = tuple(HEARTBEATS[app] for app in apps)
        self._apps = apps = (*apps, *(heartbeat.app for heartbeat in own))
        self._own = own
        self._own_ticks: dict[str, int] = {}
        """when each was heard last"""
        self._dt_s = dt_s
        self._watched = getters(config)
        self._restarts: list[Message] = []
        """asked for by ground in this tick"""
        self._law = law
        self._monitor = monitor
        self._sample_ticks = 0 if monitor is None else monitor.sample_ticks
        self._critical_data = law.CriticalData
        self._state = law.initial(config, apps)
        self._stored: State | None = None
        self._stored_pointing: AttitudeCommand | None = None
        self._eclipse = self._ground_pass = False
        self._tick = 0
        self._pointing = AttitudeCommand(Attitude[config.attitude.upper()])
        self._attitude = Repeating()
        self._time = Timekeeper(clock, dt_s, lambda: self._tick)
        self._time.law = time_law(config)
        self._sequencer = Sequencer(sequences, self._time)
        self._fdir = Fdir(config, self._apps, dt_s, payload, self._sequencer.start)
        self._parameters = ParameterTable("health", config, self._apply, refuse=self._refuse, fixed=FIXED)
        self._handlers: Handlers = {
            **self._parameters.handlers,
            **self._time.handlers,
            **self._sequencer.handlers,
            HealthSetMode: self._set_mode,
            HealthPoint: self._point,
            HealthPointAt: self._point_at,
            HealthPing: lambda _: None,
            HealthArm: lambda command: self._fdir.arm(command.monitor),
            HealthRestart: self._restart,
        }

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        self._tick = now.tick
        if (stored := inbox.last(self._critical_data)) is not None:
            self._parameters.restore(inbox)
            self._state = self._law.restored(self._state, stored, self._apps)
            self._pointing = AttitudeCommand(stored.pointing, stored.latitude_deg, stored.longitude_deg)
            self._own_ticks.clear()
            self._fdir.restore(inbox)
            self._time.restore(inbox)
            self._sequencer.restore(inbox)
        told = self._time.step(inbox) if self._time.fitted else ()
        before = self._state
        inputs = self._observe(now, inbox)
        self._state = self._law.observed(before, inputs, self._apps, self._config)
        out = execute_own(inbox, self._handlers)
        if self._restarts:
            out += self._restarts
            self._restarts = []
        self._fdir.step(now, inbox, inputs, before, self._state, out)
        state = self._state = self._law.decided(self._state, now.tick, self._apps, self._config)
        out += [of_bus(event) for event in inbox.all(BusEvent)]
        out += changes(before, state, inputs, self._config)
        out.append(
            ModeStatus(
                state.mode, state.since_tick, state.reason, self._eclipse, self._ground_pass, state.pulse.overdue
            )
        )
        out += told
        if self._sequencer.awake:
            out += self._sequencer.step(inbox)
        self._attitude.send(self._law.attitude_of(state.mode, self._pointing), now.tick, out)
        self._store(now, out)
        if self._monitor is not None and now.tick % self._sample_ticks == 0:
            out += self._monitor.sample(inbox)
        return out

    def reconfigure(self, config: HealthConfig) -> None:
        """Go on with another configuration; what a table activated stands where that says nothing new."""
        self._apply(self._parameters.rebased(config))

    def _apply(self, config: HealthConfig) -> None:
        """Mode and attitude of the mission plan are asked for where they changed."""
        before, self._config = self._config, config
        self._time.law = time_law(config)
        self._watched = getters(config)
        self._fdir.reconfigure(config)
        self._state = reconfigured(self._state, before, config)
        if config.attitude != before.attitude:
            self._pointing = AttitudeCommand(Attitude[config.attitude.upper()])

    def _observe(self, now: Now, inbox: Inbox) -> Inputs:
        last = inbox.last
        power, sensors, comms = last(PowerStatus), last(PowerSensors), last(CommsStatus)
        if power is not None:
            self._eclipse = power.in_eclipse
        if comms is not None:
            self._ground_pass = comms.in_pass
        recovery = self._fdir.recovery
        heard = tuple([last(kind) is not None for kind in self._heartbeats])
        return Inputs(
            now.tick,
            heard + self._own_heard(now, inbox) if self._own else heard,
            self._values(inbox),
            power.soc if power else None,
            sensors is not None and sensors.brownout,
            self._eclipse,
            recovery.ceiling,
            recovery.cause,
        )

    def _values(self, inbox: Inbox) -> tuple[float | None, ...]:
        """Of the watchpoints, by what is to be believed."""
        last, validity = inbox.last, self._fdir.validity
        if not validity.invalid:
            return tuple(
                [None if (found := last(kind)) is None else value_of(found) for kind, value_of in self._watched]
            )
        values = []
        for kind, value_of in self._watched:
            message = last(kind)
            if isinstance(message, PowerSensors):
                message = believed_power(message, validity)
            elif isinstance(message, ThermalSensors):
                message = believed_thermal(message, validity)
            values.append(None if message is None else value_of(message))
        return tuple(values)

    def _own_heard(self, now: Now, inbox: Inbox) -> tuple[bool, ...]:
        heard, ticks = [], self._own_ticks
        for one in self._own:
            if inbox.last(one.kind) is not None or one.app not in ticks:
                ticks[one.app] = now.tick
            heard.append(now.tick - ticks[one.app] < one.period_ticks)
        return tuple(heard)

    def _store(self, now: Now, out: list[Message]) -> None:
        state, last, pointing = self._state, self._stored, self._pointing
        if (
            last is None
            or pointing is not self._stored_pointing
            or now.tick % STORE_TICKS == 0
            or state.mode is not last.mode
            or state.wanted is not last.wanted
            or state.since_tick != last.since_tick
        ):
            self._stored, self._stored_pointing = state, pointing
            standard = HealthCriticalData(
                state.mode,
                state.since_tick,
                state.reason,
                state.wanted,
                pointing.attitude,
                pointing.latitude_deg,
                pointing.longitude_deg,
            )
            out.append(self._law.stored(state, standard))

    def _refuse(self, config: HealthConfig) -> str | None:
        try:
            getters(config)
        except ConfigError as error:
            return str(error)
        return None

    def _point(self, command: HealthPoint) -> str | None:
        self._pointing = AttitudeCommand(Attitude[command.attitude.upper()])
        return None

    def _point_at(self, command: HealthPointAt) -> str | None:
        self._pointing = AttitudeCommand(Attitude.TARGET, command.latitude_deg, command.longitude_deg)
        return None

    def _restart(self, command: HealthRestart) -> str | None:
        known = (*self._apps, self.name)
        if command.app not in known:
            return f"unknown application {command.app!r}: must be one of {', '.join(known)}"
        self._restarts.append(RestartRequest(command.app, "commanded", fresh=True))
        return None

    def _set_mode(self, command: HealthSetMode) -> str | None:
        after = self._law.commanded(self._state, Mode[command.mode], self._tick, self._apps, self._config)
        if isinstance(after, str):
            return after
        self._state = after
        return None
