"""Speed of the pump of a coolant loop, by the temperature of what it cools: cold, it idles; hot, it gives all. Pure.

    speed = least + (1 - least) (board - idle_c) / (full_c - idle_c),   clipped, in steps

A pump's power goes with the third power of its speed, what it carries away nearly with the first: between bursts half
of the speed does for a quarter of the power. A step is taken only once the wanted speed is a whole one away, so that a
thermometer's noise moves nothing. Without a reading it runs at full speed: too cold is no harm. Called by `app`, where
the scenario has `[apps.thermal.pump]`; a restart begins at full speed.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError

FULL = 1.0
STEP = 0.05


class PumpConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Between which temperatures the speed rises."""

    idle_c: Annotated[float, Meta(ge=-100.0, le=150.0)] = 25.0
    """at and below, the least speed"""
    full_c: Annotated[float, Meta(ge=-100.0, le=150.0)] = 40.0
    """at and above, full speed"""
    least: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.4
    """a pump that stands doesn't start again for certain, and a loop that stands freezes where it is coldest"""

    def __post_init__(self) -> None:
        if self.full_c <= self.idle_c:
            raise ConfigError(f"apps.thermal.pump.full_c = {self.full_c}: must be above idle_c = {self.idle_c}")


def pump_speed(before: float, board_c: float | None, config: PumpConfig) -> float:
    """The speed to command, 0 to 1, after `before`."""
    if board_c is None:
        return FULL
    share = (board_c - config.idle_c) / (config.full_c - config.idle_c)
    wanted = config.least + (1.0 - config.least) * min(1.0, max(0.0, share))
    if wanted in (config.least, FULL):
        return wanted
    if abs(wanted - before) < STEP:
        return before
    return max(config.least, round(wanted / STEP) * STEP)
