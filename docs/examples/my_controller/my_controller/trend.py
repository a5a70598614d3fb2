"""An application beside the shipped ones: where the chip's temperature is going, and when it will be at its limit.

Reads `sensor.thermal`, `thermal.status`. Gives `trend.status` (its heartbeat), `event.trend`, `cds.trend`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Celsius, Count, Message, Scalar, Seconds
from flightsw.messages.health import Event, Severity
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.thermal import ThermalStatus
from flightsw.messages.topics import Topic


class TrendStatus(Message, frozen=True):
    """In every period."""

    chip_ahead_c: Celsius | None
    """the chip in `horizon_s`, if it goes on like this; None: not known yet"""
    limit_in_s: Seconds | None
    """until it is at its limit; None: it isn't going there"""
    warnings: Count


class TrendCriticalData(Message, frozen=True):
    """What must not be forgotten through a restart."""

    warnings: Count


class TrendApp:
    """The application. What a process brings to the bus is declared here."""

    topics = (
        Topic("trend.status", TrendStatus, "trend"),
        Topic("cds.trend", TrendCriticalData, "trend"),
    )

    class Config(msgspec.Struct, frozen=True, kw_only=True):
        """`[processes.config]`."""

        horizon_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 120.0
        warn_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 60.0
        """the limit nearer than this is an event"""

    def __init__(self, dt_s: float, own: Config) -> None:
        self._dt_s = dt_s
        self._own = own
        self._last: tuple[int, float] | None = None
        self._warned = False
        self._warnings = 0

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick that is due."""
        if (stored := inbox.last(TrendCriticalData)) is not None:
            self._warnings = stored.warnings
        sensors, thermal = inbox.last(ThermalSensors), inbox.last(ThermalStatus)
        chip_c = sensors.chip_c if sensors else None
        rate_c_per_s = None
        if chip_c is not None:
            if self._last is not None:
                rate_c_per_s = (chip_c - self._last[1]) / ((now.tick - self._last[0]) * self._dt_s)
            self._last = (now.tick, chip_c)
        ahead_c = limit_in_s = None
        if chip_c is not None and rate_c_per_s is not None:
            ahead_c = min(1000.0, max(-273.15, chip_c + rate_c_per_s * self._own.horizon_s))
            if thermal is not None and rate_c_per_s > 0.0:
                limit_in_s = min(1e9, max(0.0, (thermal.chip_limit_c - chip_c) / rate_c_per_s))
        return [*self._warn(limit_in_s), TrendStatus(ahead_c, limit_in_s, self._warnings)]

    def _warn(self, limit_in_s: float | None) -> list[Message]:
        """One event an approach, and its count kept."""
        near = limit_in_s is not None and limit_in_s < self._own.warn_s
        begins, self._warned = near and not self._warned, near
        if not begins or limit_in_s is None:
            return []
        self._warnings += 1
        args: dict[str, Scalar] = {"limit_in_s": round(limit_in_s, 1)}
        return [Event(Severity.WARNING_LO, "limit.ahead", args), TrendCriticalData(self._warnings)]
