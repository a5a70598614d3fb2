"""EPS manager: messages in, messages out. The decisions are in `law` and what it composes, or in a user's own law.

Reads `sensor.power`, `sensor.nav`, `health.mode`, `health.attitude`, `health.recovery`, `health.validity`,
`tc.dispatch`. Gives `power.status`, `power.switches`, `power.charge`, `event.power`, `tc.report.power`, `cds.power`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from flightsw.apps.power import rails
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.events import changes
from flightsw.apps.power.interface import STANDARD, PowerLaw
from flightsw.apps.power.law import Inputs, Outputs, State, locked_out
from flightsw.apps.power.shedding import load_table
from flightsw.apps.repeating import Repeating
from flightsw.apps.tables import ParameterTable
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.apps.validity import believed_power
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message
from flightsw.messages.commands import PowerClearShed, PowerSetCharge, PowerSetLoad, PowerSetReserve
from flightsw.messages.health import (
    AttitudeCommand,
    Event,
    ModeStatus,
    RecoveryAction,
    RecoveryRequest,
    SensorValidity,
    Severity,
)
from flightsw.messages.plant import NavSensors, PowerSensors
from flightsw.messages.power import ChargeCommand, PowerCriticalData, PowerStatus, SwitchCommand

STORE_TICKS = 10


class PowerApp:
    """The application."""

    name = "power"

    def __init__(self, config: PowerConfig, loads: tuple[LoadRow, ...], dt_s: float, law: PowerLaw = STANDARD) -> None:
        self._config = config
        self._table = load_table(loads)
        self._dt_s = dt_s
        self._law = law
        self._critical_data = law.CriticalData
        self._state = law.initial(self._table, config)
        self._stored: State | None = None
        self._switches = Repeating()
        self._charger = Repeating()
        self._cycles: rails.Cycles = ()
        self._validity: SensorValidity | None = None
        """None: all readings are to be believed"""
        self._parameters = ParameterTable("power", config, self._apply)
        self._handlers: Handlers = {
            **self._parameters.handlers,
            PowerSetReserve: self._set_reserve,
            PowerSetCharge: self._set_charge,
            PowerSetLoad: self._set_load,
            PowerClearShed: self._clear_shed,
        }

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if (stored := inbox.last(self._critical_data)) is not None:
            self._parameters.restore(inbox)
            self._state = self._law.restored(self._state, stored)
        before = self._state
        out = execute_own(inbox, self._handlers)
        sensors = inbox.last(PowerSensors)
        if (told := inbox.last(SensorValidity)) is not None:
            self._validity = told if told.invalid else None
        if self._validity is not None and sensors is not None:
            sensors = believed_power(sensors, self._validity)
        mode = inbox.last(ModeStatus)
        pointing = inbox.last(AttitudeCommand)
        inputs = Inputs(
            sensors,
            inbox.last(NavSensors),
            None if mode is None else mode.mode,
            None if pointing is None else pointing.attitude,
        )
        self._state, outputs = self._law.step(self._state, inputs, self._table, self._config, self._dt_s)
        out += changes(before, self._state, self._table, self._config.blind_ticks)
        out.append(self._status(sensors, outputs))
        load_on = outputs.load_on
        if inbox.last(RecoveryRequest) is not None:
            self._cycle_rails(inbox, out)
        if self._cycles:
            load_on = rails.masked(load_on, self._cycles)
            self._cycles = rails.after_tick(self._cycles)
        self._switches.send(SwitchCommand(load_on), now.tick, out)
        if (charge := outputs.charge) is not None:
            self._charger.send(ChargeCommand(charge.limit_a, charge.limit_v), now.tick, out)
        self._store(now, out)
        return out

    def reconfigure(self, config: PowerConfig) -> None:
        """Go on with another configuration; what a table activated stands where that says nothing new."""
        self._apply(self._parameters.rebased(config))

    def _apply(self, config: PowerConfig) -> None:
        """The reserve is set where it changed, as by command."""
        before, self._config = self._config, config
        if config.reserve_soc != before.reserve_soc:
            self._state = self._law.with_reserve(self._state, config.reserve_soc)

    def _status(self, sensors: PowerSensors | None, outputs: Outputs) -> PowerStatus:
        state = self._state
        soc, ahead = state.soc, state.ahead
        battery_w = None
        if sensors and sensors.battery_voltage_v is not None and sensors.battery_current_a is not None:
            battery_w = sensors.battery_voltage_v * sensors.battery_current_a
        return PowerStatus(
            soc.soc,
            math.sqrt(soc.variance),
            battery_w,
            sensors.array_power_w if sensors else None,
            state.shed.level,
            outputs.compute_cap_w,
            state.reserve_soc,
            ahead.inside,
            ahead.starts_in_s,
            ahead.lasts_s,
            outputs.compute_energy_j,
        )

    def _store(self, now: Now, out: list[Message]) -> None:
        state, last = self._state, self._stored
        if (
            last is not None
            and now.tick % STORE_TICKS
            and state.shed.level == last.shed.level
            and state.enabled is last.enabled
            and state.reserve_soc == last.reserve_soc
            and state.charge_most_a == last.charge_most_a
            and (state.care is last.care or locked_out(state) == locked_out(last))
        ):
            return
        self._stored = state
        standard = PowerCriticalData(
            state.soc.soc,
            math.sqrt(state.soc.variance),
            state.shed.level,
            state.reserve_soc,
            state.enabled,
            locked_out(state),
            state.charge_most_a,
        )
        out.append(self._law.stored(state, standard))

    def _cycle_rails(self, inbox: Inbox, out: list[Message]) -> None:
        for request in inbox.all(RecoveryRequest):
            if request.action is RecoveryAction.CYCLE_RAIL:
                before = self._cycles
                self._cycles = rails.begun(before, request.target, self._table.names)
                if self._cycles is not before:
                    out.append(Event(Severity.ACTIVITY_HI, "rail.cycled", {"load": request.target}))

    def _set_reserve(self, command: PowerSetReserve) -> str | None:
        self._state = self._law.with_reserve(self._state, command.soc)
        return None

    def _set_charge(self, command: PowerSetCharge) -> str | None:
        return self._follow(self._law.with_charge(self._state, command.amps, self._config))

    def _set_load(self, command: PowerSetLoad) -> str | None:
        return self._follow(self._law.with_load(self._state, command.load, self._table, on=command.on))

    def _clear_shed(self, _command: PowerClearShed) -> str | None:
        return self._follow(self._law.with_shed_cleared(self._state, self._config))

    def _follow(self, after: State | str) -> str | None:
        if isinstance(after, str):
            return after
        self._state = after
        return None
