"""TCS manager: messages in, messages out. The decisions are in `law`."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.apps.thermal import law
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message
from flightsw.messages.commands import ThermalSetChipLimit
from flightsw.messages.health import Event, Severity
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.thermal import HeaterCommand, ThermalCriticalData, ThermalStatus

STORE_TICKS = 10


class ThermalApp:
    """The application."""

    name = "thermal"

    def __init__(self, config: ThermalConfig, dt_s: float) -> None:
        self._config = config
        self._dt_s = dt_s
        self._state = law.initial(config)
        self._blind = False
        self._handlers: Handlers = {ThermalSetChipLimit: self._set_chip_limit}

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if (stored := inbox.last(ThermalCriticalData)) is not None:
            self._state = law.State(stored.integral_w, stored.battery_heater_on, stored.chip_limit_c)
        out = execute_own(inbox, self._handlers)
        sensors = inbox.last(ThermalSensors)
        chip_c = sensors.chip_c if sensors else None
        battery_c = sensors.battery_c if sensors else None
        before = self._state
        self._state, outputs = law.step(before, law.Inputs(chip_c, battery_c), self._config, self._dt_s)
        out += self._events(before, chip_c, now)
        state = self._state
        out.append(
            ThermalStatus(
                chip_cap_w=outputs.chip_cap_w,
                chip_c=chip_c,
                chip_limit_c=state.chip_limit_c,
                throttle_level=outputs.throttle_level,
                integral_w=state.integral_w,
                battery_heater_on=outputs.heater_on,
            )
        )
        out.append(HeaterCommand(outputs.heater_on))
        if now.tick % STORE_TICKS == 0 or state.chip_limit_c != before.chip_limit_c:
            out.append(ThermalCriticalData(state.chip_limit_c, state.integral_w, state.heater_on))
        return out

    def _events(self, before: law.State, chip_c: float | None, now: Now) -> list[Message]:
        events: list[Message] = []
        if self._state.heater_on != before.heater_on:
            events.append(Event(Severity.ACTIVITY_LO, "heater.on" if self._state.heater_on else "heater.off", {}))
        blind = chip_c is None and now.tick > 1  # the first readings arrive at tick 1
        if blind != self._blind:
            self._blind = blind
            events.append(
                Event(Severity.WARNING_HI, "chip_temperature.lost", {})
                if blind
                else Event(Severity.ACTIVITY_HI, "chip_temperature.back", {})
            )
        return events

    def _set_chip_limit(self, command: ThermalSetChipLimit) -> str | None:
        self._state = replace(self._state, chip_limit_c=command.limit_c)
        return None
