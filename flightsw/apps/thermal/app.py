"""TCS manager: messages in, messages out. The decisions are in `law` and what it composes, or in a user's own law.

Reads `sensor.thermal`, `power.status`, `health.validity`, `tc.dispatch`. Gives `thermal.status`, `thermal.heaters`,
`thermal.pumps`, `event.thermal`, `tc.report.thermal`, `cds.thermal`.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.repeating import Repeating
from flightsw.apps.tables import ParameterTable
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.events import changes
from flightsw.apps.thermal.interface import STANDARD, ThermalLaw
from flightsw.apps.thermal.law import Inputs, State
from flightsw.apps.thermal.pump import FULL, PumpConfig, pump_speed
from flightsw.apps.validity import believed_thermal
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.commands import ThermalSetChipLimit
from flightsw.messages.health import SensorValidity
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import HeaterCommand, PumpCommand, ThermalCriticalData, ThermalStatus

STORE_TICKS = 10
HELD_TICKS = 2
"""A sample that is late or lost: the last one stands for so long. Below a chip's time constant, and cheaper than the
least cap, from which a payload comes back in a minute."""


class ThermalApp:
    """The application."""

    name = "thermal"

    def __init__(self, config: ThermalConfig, dt_s: float, law: ThermalLaw = STANDARD) -> None:
        self._config = config
        self._dt_s = dt_s
        self._law = law
        self._critical_data = law.CriticalData
        self._state = law.initial(config)
        self._stored: State | None = None
        self._heaters = Repeating()
        self._pumps = Repeating()
        self._pump_speed = FULL
        self._sensors: ThermalSensors | None = None
        self._unheard_ticks = 0
        self._validity: SensorValidity | None = None
        """None: all readings are to be believed"""
        self._parameters = ParameterTable("thermal", config, self._apply, refuse=self._refuse)
        self._handlers: Handlers = {**self._parameters.handlers, ThermalSetChipLimit: self._set_chip_limit}

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if (stored := inbox.last(self._critical_data)) is not None:
            self._parameters.restore(inbox)
            self._state = self._law.restored(self._state, stored)
        out = execute_own(inbox, self._handlers)
        sensors = self._heard(inbox)
        power = inbox.last(PowerStatus)
        if (told := inbox.last(SensorValidity)) is not None:
            self._validity = told if told.invalid else None
        if self._validity is not None and sensors is not None:
            sensors = believed_thermal(sensors, self._validity)
        inputs = (
            Inputs(sensors.chip_c, sensors.battery_c, sensors, power) if sensors else Inputs(None, None, None, power)
        )
        before = self._state
        self._state, outputs = self._law.step(before, inputs, self._config, self._dt_s)
        state = self._state
        out += changes(before, state, self._config.lost_ticks)
        out.append(
            ThermalStatus(
                chip_cap_w=outputs.chip_cap_w,
                chip_c=inputs.chip_c,
                chip_limit_c=state.chip_limit_c,
                throttle_level=outputs.throttle_level,
                integral_w=state.integral_w,
                battery_heater_on=outputs.heater_on,
            )
        )
        self._heaters.send(HeaterCommand(outputs.heater_on), now.tick, out)
        if isinstance(pump := self._config.pump, PumpConfig):
            self._pump_speed = pump_speed(self._pump_speed, sensors.board_c if sensors else None, pump)
            self._pumps.send(PumpCommand(self._pump_speed), now.tick, out)
        self._store(now, out)
        return out

    def _heard(self, inbox: Inbox) -> ThermalSensors | None:
        if (sensors := inbox.last(ThermalSensors)) is not None:
            self._sensors, self._unheard_ticks = sensors, 0
            return sensors
        self._unheard_ticks += 1
        return self._sensors if self._unheard_ticks <= HELD_TICKS else None

    def reconfigure(self, config: ThermalConfig) -> None:
        """Go on with another configuration; what a table activated stands where that says nothing new."""
        if (reason := self._refuse(config)) is not None:
            raise ConfigError(f"apps.thermal.chip_{reason}")
        self._apply(self._parameters.rebased(config))

    def _store(self, now: Now, out: list[Message]) -> None:
        state, last = self._state, self._stored
        if (
            last is None
            or now.tick % STORE_TICKS == 0
            or state.chip_limit_c != last.chip_limit_c
            or state.heater_on is not last.heater_on
        ):
            self._stored = state
            standard = ThermalCriticalData(state.chip_limit_c, state.integral_w, state.heater_on)
            out.append(self._law.stored(state, standard))

    def _refuse(self, config: ThermalConfig) -> str | None:
        limited = self._law.with_limit(self._state, config.chip_limit_c, config)
        return limited if isinstance(limited, str) else None

    def _apply(self, config: ThermalConfig) -> None:
        """The chip's limit is set where it changed, as by command, and kept below the highest one."""
        limit_c = self._state.chip_limit_c if config.chip_limit_c == self._config.chip_limit_c else config.chip_limit_c
        self._config = config
        limited = self._law.with_limit(self._state, min(limit_c, config.chip_limit_max_c), config)
        if not isinstance(limited, str):
            self._state = limited

    def _set_chip_limit(self, command: ThermalSetChipLimit) -> str | None:
        after = self._law.with_limit(self._state, command.limit_c, self._config)
        if isinstance(after, str):
            return after
        self._state = after
        return None
