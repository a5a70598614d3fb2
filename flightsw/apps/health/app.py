"""Health: messages in, messages out. The decisions are in `law`, `modes` and `limits`."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from flightsw.apps.health import law
from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.limits import Zone
from flightsw.apps.health.modes import refusal
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message, Scalar
from flightsw.messages.commands import HealthPing, HealthSetMode
from flightsw.messages.comms import CommsStatus
from flightsw.messages.health import (
    BusEvent,
    BusEventKind,
    Event,
    HealthCriticalData,
    Mode,
    ModeStatus,
    Severity,
)
from flightsw.messages.plant import PowerSensors, ThermalSensors
from flightsw.messages.power import PowerStatus

STORE_TICKS = 10
_ZONE_SEVERITY = {Zone.GREEN: Severity.ACTIVITY_HI, Zone.YELLOW: Severity.WARNING_LO, Zone.RED: Severity.WARNING_HI}


class HealthApp:
    """The application. `apps`: the others, whose status messages are their heartbeats."""

    name = "health"

    def __init__(self, config: HealthConfig, apps: tuple[str, ...], dt_s: float) -> None:
        self._config = config
        self._apps = apps
        self._dt_s = dt_s
        self._state = law.initial(config, len(apps))
        self._overdue: tuple[str, ...] = ()
        self._stored: HealthCriticalData | None = None
        self._eclipse = self._ground_pass = False
        self._inputs = law.Inputs(0, (False,) * len(apps), (None,) * len(config.watchpoints), None, False)
        self._handlers: Handlers = {HealthSetMode: self._set_mode, HealthPing: lambda _: None}

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        before = self._state
        if (stored := inbox.last(HealthCriticalData)) is not None:
            heard = tuple([now.tick] * len(self._apps))
            before = replace(
                before,
                mode=stored.mode,
                since_tick=stored.since_tick,
                reason=stored.reason,
                wanted=stored.wanted,
                heard_tick=heard,
            )
        self._state = before
        self._inputs = self._observe(now, inbox)
        out = execute_own(inbox, self._handlers)
        before = self._state
        self._state = law.step(before, self._inputs, self._apps, self._config)
        out += self._bus_events(inbox)
        out += self._mode_events(before)
        out += self._limit_events(before)
        out += self._heartbeat_events(now.tick)
        state = self._state
        out.append(
            ModeStatus(state.mode, state.since_tick, state.reason, self._eclipse, self._ground_pass, self._overdue)
        )
        self._store(now, out)
        return out

    def _observe(self, now: Now, inbox: Inbox) -> law.Inputs:
        power, sensors = inbox.last(PowerStatus), inbox.last(PowerSensors)
        thermal, comms = inbox.last(ThermalSensors), inbox.last(CommsStatus)
        if power is not None:
            self._eclipse = power.in_eclipse
        if comms is not None:
            self._ground_pass = comms.in_pass
        values = {
            "power.soc": power.soc if power else None,
            "sensor.chip_c": thermal.chip_c if thermal else None,
            "sensor.battery_c": thermal.battery_c if thermal else None,
            "sensor.bus_c": thermal.bus_c if thermal else None,
            "sensor.battery_voltage_v": sensors.battery_voltage_v if sensors else None,
        }
        heard = inbox.heard()
        return law.Inputs(
            tick=now.tick,
            heard=tuple([app in heard for app in self._apps]),
            values=tuple([values[limits.signal] for limits in self._config.watchpoints]),
            soc=power.soc if power else self._inputs.soc,
            brownout=bool(sensors and sensors.brownout),
        )

    def _bus_events(self, inbox: Inbox) -> list[Message]:
        events: list[Message] = []
        for event in inbox.all(BusEvent):
            lost = event.kind is BusEventKind.APP_LOST
            severity = Severity.WARNING_HI if lost else Severity.ACTIVITY_HI
            args: dict[str, Scalar] = {"app": event.process, "incarnation": event.incarnation}
            events.append(Event(severity, "app.lost" if lost else "app.rejoined", args))
        return events

    def _mode_events(self, before: law.State) -> list[Message]:
        state = self._state
        if state.mode is before.mode:
            return []
        severity = Severity.WARNING_HI if state.mode is Mode.SAFE else Severity.ACTIVITY_HI
        args: dict[str, Scalar] = {"before": before.mode.name, "after": state.mode.name, "reason": state.reason}
        return [Event(severity, "mode.changed", args)]

    def _limit_events(self, before: law.State) -> list[Message]:
        if self._state.watches == before.watches:
            return []
        events: list[Message] = []
        rows = zip(self._config.watchpoints, before.watches, self._state.watches, self._inputs.values, strict=True)
        for limits, was, watch, value in rows:
            if watch.told is not was.told:
                args: dict[str, Scalar] = {"signal": limits.signal, "zone": watch.told.name, "value": value or 0.0}
                events.append(Event(_ZONE_SEVERITY[watch.told], "limit.crossed", args))
        return events

    def _heartbeat_events(self, tick: int) -> list[Message]:
        limit = self._config.heartbeat_ticks
        overdue = tuple(
            [
                app
                for app, ticks in zip(self._apps, law.silent_ticks(self._state, tick), strict=True)
                if ticks is not None and ticks > limit
            ]
        )
        if overdue == self._overdue:
            return []
        before, self._overdue = self._overdue, overdue
        return [
            *(Event(Severity.WARNING_HI, "heartbeat.overdue", {"app": app}) for app in overdue if app not in before),
            *(Event(Severity.ACTIVITY_HI, "heartbeat.back", {"app": app}) for app in before if app not in overdue),
        ]

    def _store(self, now: Now, out: list[Message]) -> None:
        state = self._state
        data = HealthCriticalData(state.mode, state.since_tick, state.reason, state.wanted)
        if data != self._stored or now.tick % STORE_TICKS == 0:
            self._stored = data
            out.append(data)

    def _set_mode(self, command: HealthSetMode) -> str | None:
        asked = Mode[command.mode]
        condition = law.condition_of(self._state, self._inputs, self._apps, self._config)
        reason = refusal(self._state.mode, asked, condition, self._config)
        if reason is None:
            self._state = replace(self._state, wanted=asked)
            if self._state.mode is Mode.SAFE and asked > Mode.SAFE:
                # ground's word stands for the hold time
                self._state = replace(self._state, well_ticks=self._config.safe_hold_ticks)
        return reason
