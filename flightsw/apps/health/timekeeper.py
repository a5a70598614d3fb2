"""The timekeeper: health's part that knows what time it is on board. The decisions are in `clock`.

Reads `sensor.clock` and `time.set_correlation`, gives `time.status`, `event.health` and `cds.health.time`. Where no
clock is fitted, MET is simulated time and UTC its sum with the epoch: then nothing is read, sent or worked out.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from flightsw.apps.health import clock
from flightsw.apps.health.clock import State, TimeConfig
from flightsw.apps.health.sequences import Instant
from flightsw.apps.telecommands import Executed, Handlers, Outcome
from flightsw.bus.application import Inbox
from flightsw.messages.base import Message
from flightsw.messages.commands import TimeSetCorrelation
from flightsw.messages.time import ClockSensors, TimeCriticalData, TimeStatus


class OnboardClock(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario says of the clock."""

    fitted: bool = False
    epoch_utc_ns: int | None = None
    law: TimeConfig = TimeConfig()


class Timekeeper:
    """On-board time."""

    def __init__(self, config: OnboardClock, dt_s: float) -> None:
        self._config = config
        self.dt_ns = round(dt_s * 1e9)
        self._state = clock.initial(config.epoch_utc_ns)
        self._tick = 0
        self.handlers: Handlers = {TimeSetCorrelation: self._set_correlation}

    def restore(self, inbox: Inbox) -> None:
        """A warm start, from the first inbox after it."""
        if (kept := inbox.last(TimeCriticalData)) is not None:
            self._state = State(**{name: getattr(kept, name) for name in kept.__struct_fields__})

    def instant(self) -> Instant:
        """Now."""
        met = clock.met_ns(self._state, self._tick, self.dt_ns)
        return Instant(self._tick, met, clock.utc_at(self._state, met))

    def step(self, tick: int, inbox: Inbox) -> Sequence[Message]:
        """One tick, before its telecommands."""
        self._tick = tick
        if not self._config.fitted or (reading := inbox.last(ClockSensors)) is None:
            return ()
        self._state, told = clock.read(self._state, reading, tick, self.dt_ns, self._config.law)
        return [*told, *self._report()]

    def _report(self) -> list[Message]:
        state, now = self._state, self.instant()
        status = TimeStatus(
            now.tick, now.met_ns, now.utc_ns, state.rate_ppb, state.sync, state.gnss_error_ns, state.jumps
        )
        fields = TimeCriticalData.__struct_fields__
        return [status, TimeCriticalData(*[getattr(state, name) for name in fields])]

    def _set_correlation(self, command: TimeSetCorrelation) -> Outcome:
        if not self._config.fitted:
            return "no clock is fitted: on-board time is exact"
        now = self.instant()
        after = clock.correlated(
            self._state, command.met_ns, command.utc_ns, command.rate_ppb, now.met_ns, self._config.law
        )
        if isinstance(after, str):
            return after
        self._state, told = after
        return Executed((*told, *self._report()))
