"""How good a figure is: nominal, outside its yellow limits, outside its red ones. What gives the views their colour.

The limits are those that the node itself flies with, taken from the scenario in the log's header: health's watchpoints
by signal, and the charge below which it asks for SAFE.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import msgspec

from flightsw.apps.health.signals import signal_of
from flightsw.bus.log import LogHeader
from flightsw.errors import ConfigError

SOC = "power.status.soc"


class Level(enum.Enum):
    """What a figure's colour says."""

    UNKNOWN = "unknown"
    """there is no figure"""
    PLAIN = "plain"
    """there are no limits for it"""
    NOMINAL = "nominal"
    WARNING = "warning"
    ALARM = "alarm"


class Limits(msgspec.Struct, frozen=True):
    """Of one figure. None: no limit there."""

    red_low: float | None = None
    yellow_low: float | None = None
    yellow_high: float | None = None
    red_high: float | None = None

    def level(self, value: float | None) -> Level:
        """Where a value lies."""
        if value is None:
            return Level.UNKNOWN
        if _outside(value, self.red_low, self.red_high):
            return Level.ALARM
        if _outside(value, self.yellow_low, self.yellow_high):
            return Level.WARNING
        return Level.PLAIN if self == NO_LIMITS else Level.NOMINAL


NO_LIMITS = Limits()


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def limits_of(header: LogHeader) -> dict[str, Limits]:
    """By the full name of the signal; those of the charge are always among them."""
    health: Mapping[str, Any] = header.scenario.get("apps", {}).get("health", {})
    found: dict[str, Limits] = {}
    for point in health.get("watchpoints", ()):
        try:
            name = signal_of(point["signal"]).name
        except ConfigError:  # of another version: it colours nothing
            continue
        found.setdefault(name, Limits(*(point.get(one) for one in Limits.__struct_fields__)))
    soc = found.get(SOC, NO_LIMITS)
    if soc.red_low is None:
        found[SOC] = msgspec.structs.replace(soc, red_low=health.get("safe_soc"))
    return found
