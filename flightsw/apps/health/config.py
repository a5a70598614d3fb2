"""What health is told: when to worry, when to give up, when to come back."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError

Ticks = Annotated[int, Meta(ge=1, le=10_000_000)]
Limit = Annotated[float, Meta(ge=-1e6, le=1e6)]

SIGNALS = ("power.soc", "sensor.chip_c", "sensor.battery_c", "sensor.bus_c", "sensor.battery_voltage_v")
"""What a watchpoint may watch."""


class WatchpointConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit check: outside for N samples in a row raises one event; red also asks for SAFE."""

    signal: Literal["power.soc", "sensor.chip_c", "sensor.battery_c", "sensor.bus_c", "sensor.battery_voltage_v"]
    yellow_low: Limit | None = None
    yellow_high: Limit | None = None
    red_low: Limit | None = None
    red_high: Limit | None = None
    persistence: Ticks = 3

    def __post_init__(self) -> None:
        for low, high in ((self.red_low, self.yellow_low), (self.yellow_high, self.red_high)):
            if low is not None and high is not None and low >= high:
                raise ConfigError(f"apps.health.watchpoints: {self.signal}: {low} must be below {high}")


class HealthConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Health: heartbeats, limits, modes."""

    wanted: Literal["STANDBY", "NOMINAL", "PAYLOAD"] = "PAYLOAD"
    """mode that the mission plan asks for"""
    heartbeat_ticks: Ticks = 3
    """an application unheard for longer is overdue"""
    silence_ticks: Ticks = 60
    """... and for longer than this asks for SAFE"""
    boot_ticks: Ticks = 120
    """longest wait for everybody's first heartbeat"""
    safe_soc: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.15
    safe_exit_soc: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.40
    safe_hold_ticks: Ticks = 300
    """how long all must be well before SAFE is left"""
    auto_exit: bool = True
    watchpoints: tuple[WatchpointConfig, ...] = (
        WatchpointConfig(signal="power.soc", yellow_low=0.25),
        WatchpointConfig(signal="sensor.chip_c", yellow_high=95.0, red_high=103.0),
        WatchpointConfig(signal="sensor.battery_c", yellow_low=0.0, yellow_high=45.0, red_low=-15.0, red_high=60.0),
    )

    def __post_init__(self) -> None:
        if self.safe_exit_soc <= self.safe_soc:
            raise ConfigError(
                f"apps.health.safe_exit_soc = {self.safe_exit_soc}: must be above safe_soc = {self.safe_soc}"
            )
