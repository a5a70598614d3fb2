"""What health is told: when to worry, when to give up, when to come back.

Decoded from `[apps.health]` of a scenario, ranges checked here.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from flightsw.apps.health.clock import TimeConfig
from flightsw.apps.own import AppConfig
from flightsw.errors import ConfigError

Ticks = Annotated[int, Meta(ge=1, le=10_000_000)]
Limit = Annotated[float, Meta(ge=-1e6, le=1e6)]
Soc = Annotated[float, Meta(ge=0.0, le=1.0)]

SIGNALS = ("power.soc", "sensor.chip_c", "sensor.battery_c", "sensor.bus_c", "sensor.battery_voltage_v")
"""What a watchpoint may watch."""


class WatchpointConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit check: outside for N samples in a row raises one event; red also asks for SAFE."""

    signal: Literal["power.soc", "sensor.chip_c", "sensor.battery_c", "sensor.bus_c", "sensor.battery_voltage_v"]
    yellow_low: Limit | None = None
    yellow_high: Limit | None = None
    red_low: Limit | None = None
    red_high: Limit | None = None
    hysteresis: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    """how far back inside a value must come before it counts as back"""
    persistence: Ticks = 3

    def __post_init__(self) -> None:
        ascending = [
            (name, value)
            for name in ("red_low", "yellow_low", "yellow_high", "red_high")
            if (value := getattr(self, name)) is not None
        ]
        for (low, low_value), (high, high_value) in pairwise(ascending):
            if low_value >= high_value:
                raise ConfigError(
                    f"apps.health.watchpoints: {self.signal}: {high} = {high_value}: must be above {low} = {low_value}"
                )


class HealthConfig(AppConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Health: heartbeats, limits, modes."""

    wanted: Literal["STANDBY", "NOMINAL", "PAYLOAD"] = "PAYLOAD"
    """mode that the mission plan asks for"""
    attitude: Literal["sun", "nadir", "target", "inertial", "prescribed"] = "sun"
    """that the mission plan asks for, outside of SAFE; `target` is the one that the plant's configuration names"""
    heartbeat_ticks: Ticks = 3
    """an application unheard for longer is overdue; two of them ask for SAFE"""
    silence_ticks: Ticks = 60
    """one unheard for longer than this asks for SAFE: several restarts' time"""
    boot_ticks: Ticks = 120
    """longest wait for everybody's first heartbeat"""
    safe_soc: Soc = 0.15
    """below asks for SAFE; all shedding has been done by then, and a LEO eclipse of bare housekeeping is left"""
    safe_exit_soc: Soc = 0.40
    safe_hold_ticks: Ticks = 300
    """how long all must be well before SAFE is left"""
    auto_exit: bool = True
    """leave SAFE by itself; otherwise only by command"""
    watchpoints: tuple[WatchpointConfig, ...] = (
        WatchpointConfig(signal="power.soc", yellow_low=0.25, hysteresis=0.02),
        # Jetson software throttles at 99 C and shuts down at 104.5 C (device tree)
        WatchpointConfig(signal="sensor.chip_c", yellow_high=95.0, red_high=103.0, hysteresis=3.0),
        # lithium-ion: charge above 0 C and below 45 C, discharge from -20 C to 60 C (usual 18650 data sheets)
        WatchpointConfig(
            signal="sensor.battery_c",
            yellow_low=0.0,
            yellow_high=45.0,
            red_low=-15.0,
            red_high=60.0,
            hysteresis=1.0,
        ),
    )

    time: TimeConfig | UnsetType = UNSET
    """the law of on-board time, where it is not the shipped one"""

    def __post_init__(self) -> None:
        if self.safe_exit_soc <= self.safe_soc:
            raise ConfigError(
                f"apps.health.safe_exit_soc = {self.safe_exit_soc}: must be above safe_soc = {self.safe_soc}"
            )
