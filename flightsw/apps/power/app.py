"""EPS manager: messages in, messages out. The decisions are in `law` and what it composes."""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.power import law
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, coasted, forecast
from flightsw.apps.power.shedding import ShedState, may_release
from flightsw.apps.power.soc import SocState
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message, Scalar
from flightsw.messages.commands import PowerClearShed, PowerSetLoad, PowerSetReserve
from flightsw.messages.health import Event, Mode, ModeStatus, Severity
from flightsw.messages.plant import LclState, NavSensors, PowerSensors
from flightsw.messages.power import PowerCriticalData, PowerStatus, SwitchCommand

FIX_TICKS = 10
"""between two forecasts from navigation; in between the last one is counted down"""
STORE_TICKS = 10


class PowerApp:
    """The application."""

    name = "power"

    def __init__(self, config: PowerConfig, loads: tuple[LoadRow, ...], dt_s: float) -> None:
        self._config = config
        self._loads = loads
        self._dt_s = dt_s
        self._state = law.initial(loads, config)
        self._ahead = NONE_AHEAD
        self._fix_tick: int | None = None
        self._stored: PowerCriticalData | None = None
        self._payload_allowed = True
        self._handlers: Handlers = {
            PowerSetReserve: self._set_reserve,
            PowerSetLoad: self._set_load,
            PowerClearShed: self._clear_shed,
        }

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if (stored := inbox.last(PowerCriticalData)) is not None:
            self._restore(stored)
        if (mode := inbox.last(ModeStatus)) is not None:
            self._payload_allowed = mode.mode > Mode.SAFE or mode.mode == Mode.BOOT
        out = execute_own(inbox, self._handlers)
        sensors = inbox.last(PowerSensors)
        before = self._state
        inputs = self._inputs(now, inbox, sensors)
        self._state, outputs = law.step(before, inputs, self._loads, self._config, self._dt_s)
        out += self._events(before)
        out.append(self._status(sensors, inputs, outputs))
        out.append(SwitchCommand(outputs.load_on))
        self._store(now, out)
        return out

    def _inputs(self, now: Now, inbox: Inbox, sensors: PowerSensors | None) -> law.Inputs:
        fix = inbox.last(NavSensors)
        if fix is not None and (self._fix_tick is None or now.tick - self._fix_tick >= FIX_TICKS):
            self._ahead = forecast(fix.position_km, fix.velocity_km_s, fix.sun_direction)
            self._fix_tick = now.tick
        ahead = coasted(self._ahead, (now.tick - (self._fix_tick or 0)) * self._dt_s)
        if sensors is None:
            none_tripped = (False,) * len(self._loads)
            return law.Inputs(None, None, None, None, none_tripped, False, ahead, self._payload_allowed)
        base_w = 0.0
        for load, power_w in zip(self._loads, sensors.load_power_w, strict=True):
            if load.name != "payload":
                base_w += power_w
        return law.Inputs(
            voltage_v=sensors.battery_voltage_v,
            current_a=sensors.battery_current_a,
            array_w=sensors.array_power_w,
            base_w=base_w,
            tripped=tuple([state is LclState.TRIPPED for state in sensors.lcl_state]),
            brownout=sensors.brownout,
            ahead=ahead,
            payload_allowed=self._payload_allowed,
        )

    def _status(self, sensors: PowerSensors | None, inputs: law.Inputs, outputs: law.Outputs) -> PowerStatus:
        state, ahead = self._state, inputs.ahead
        battery_w = None
        if sensors and sensors.battery_voltage_v is not None and sensors.battery_current_a is not None:
            battery_w = sensors.battery_voltage_v * sensors.battery_current_a
        return PowerStatus(
            soc=state.soc.soc,
            soc_sigma=state.soc.variance**0.5,
            battery_power_w=battery_w,
            array_power_w=sensors.array_power_w if sensors else None,
            load_shed_level=state.shed.level,
            compute_cap_w=outputs.compute_cap_w,
            reserve_soc=state.reserve_soc,
            in_eclipse=ahead.inside,
            eclipse_in_s=ahead.starts_in_s,
            eclipse_left_s=ahead.lasts_s,
        )

    def _events(self, before: law.State) -> list[Message]:
        events: list[Message] = []
        level = self._state.shed.level
        if level > before.shed.level:
            soc = round(self._state.soc.soc or 0.0, 4)
            events.append(Event(Severity.WARNING_HI, "load.shed", {"level": level, "soc": soc}))
        elif level < before.shed.level:
            events.append(Event(Severity.ACTIVITY_HI, "load.restored", {"level": level}))
        for load, was, now in zip(self._loads, before.care, self._state.care, strict=True):
            if now.retries > was.retries:
                args: dict[str, Scalar] = {"load": load.name, "attempt": now.retries, "of": self._config.lcl_retries}
                events.append(Event(Severity.WARNING_LO, "lcl.retry", args))
        return events

    def _store(self, now: Now, out: list[Message]) -> None:
        state = self._state
        data = PowerCriticalData(
            state.soc.soc, min(1.0, state.soc.variance**0.5), state.shed.level, state.reserve_soc, state.enabled
        )
        last = self._stored
        changed = last is None or (data.load_shed_level, data.reserve_soc, data.load_enabled) != (
            last.load_shed_level,
            last.reserve_soc,
            last.load_enabled,
        )
        if changed or now.tick % STORE_TICKS == 0:
            self._stored = data
            out.append(data)

    def _restore(self, stored: PowerCriticalData) -> None:
        soc = SocState(stored.soc, stored.soc_sigma**2)
        self._state = law.restored(
            self._state, soc, ShedState(stored.load_shed_level), stored.reserve_soc, stored.load_enabled
        )

    def _set_reserve(self, command: PowerSetReserve) -> str | None:
        self._state = law.with_reserve(self._state, command.soc)
        return None

    def _set_load(self, command: PowerSetLoad) -> str | None:
        names = [load.name for load in self._loads]
        if command.load not in names:
            return f"unknown load {command.load!r}: must be one of {', '.join(names)}"
        self._state = law.with_load(self._state, names.index(command.load), command.on)
        return None

    def _clear_shed(self, _command: PowerClearShed) -> str | None:
        level, soc = self._state.shed.level, self._state.soc.soc
        if level and (soc is None or not may_release(level, soc, self._config)):
            return f"state of charge {soc}: must be above {self._config.release_soc[level - 1]}"
        self._state = law.with_shed(self._state, ShedState())
        return None
