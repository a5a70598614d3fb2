"""The timekeeper: health's part that knows what time it is on board. The decisions are in `clock`.

Reads `sensor.clock` and `time.set_correlation`, gives `time.status`, `event.health` and `cds.health.time`. Where no
clock is fitted, MET is simulated time and UTC its sum with the epoch: then nothing is read, sent or worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from flightsw.apps.health import clock
from flightsw.apps.health.clock import State, TimeConfig
from flightsw.apps.health.sequences import Instant
from flightsw.apps.telecommands import Executed, Handlers, Outcome
from flightsw.bus.application import Inbox
from flightsw.messages.base import Message
from flightsw.messages.commands import TimeSetCorrelation
from flightsw.messages.time import ClockSensors, TimeCriticalData, TimeStatus

STORE_READINGS = 6
"""Critical data goes out with every sixth reading, and whenever something happened: in between, drift alone is lost."""


class OnboardClock(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario says of the clock."""

    fitted: bool = False
    epoch_utc_ns: int | None = None
    law: TimeConfig = TimeConfig()


class Timekeeper:
    """On-board time. `tick`: the one that is being run."""

    def __init__(self, config: OnboardClock, dt_s: float, tick: Callable[[], int]) -> None:
        self._config = config
        self.fitted = config.fitted
        self.dt_ns = round(dt_s * 1e9)
        self._state = clock.initial(config.epoch_utc_ns)
        self._tick = tick
        self._readings = 0
        self.handlers: Handlers = {TimeSetCorrelation: self._set_correlation}

    def restore(self, inbox: Inbox) -> None:
        """A warm start, from the first inbox after it."""
        if (kept := inbox.last(TimeCriticalData)) is not None:
            self._state = State(**{name: getattr(kept, name) for name in kept.__struct_fields__})

    def instant(self) -> Instant:
        """Now."""
        tick = self._tick()
        met = clock.met_ns(self._state, tick, self.dt_ns)
        return Instant(tick, met, clock.utc_at(self._state, met))

    def step(self, inbox: Inbox) -> Sequence[Message]:
        """One tick, before its telecommands, where a clock is fitted."""
        if (reading := inbox.last(ClockSensors)) is None:
            return ()
        self._state, told = clock.read(self._state, reading, self._tick(), self.dt_ns, self._config.law)
        self._readings += 1
        if told or self._readings % STORE_READINGS == 1:
            return [*told, self._status(), self._kept()]
        return [self._status()]

    def _status(self) -> TimeStatus:
        state, now = self._state, self.instant()
        return TimeStatus(
            now.tick, now.met_ns, now.utc_ns, state.rate_ppb, state.sync, state.gnss_error_ns, state.jumps
        )

    def _kept(self) -> TimeCriticalData:
        return TimeCriticalData(*[getattr(self._state, name) for name in TimeCriticalData.__struct_fields__])

    def _set_correlation(self, command: TimeSetCorrelation) -> Outcome:
        if not self.fitted:
            return "no clock is fitted: on-board time is exact"
        now = self.instant()
        after = clock.correlated(
            self._state, command.met_ns, command.utc_ns, command.rate_ppb, now.met_ns, self._config.law
        )
        if isinstance(after, str):
            return after
        self._state, told = after
        return Executed((*told, self._status(), self._kept()))
