"""What health is told: when to worry, when to give up, when to come back.

Decoded from `[apps.health]` of a scenario, ranges checked here.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from flightsw.apps.health.clock import TimeConfig
from flightsw.apps.health.fdirconfig import FdirConfig
from flightsw.apps.health.plausibilityconfig import PlausibilityConfig
from flightsw.apps.own import AppConfig
from flightsw.errors import ConfigError
from flightsw.messages.base import Label

Ticks = Annotated[int, Meta(ge=1, le=10_000_000)]
Limit = Annotated[float, Meta(ge=-1e6, le=1e6)]
Soc = Annotated[float, Meta(ge=0.0, le=1.0)]


class WatchpointConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit check: outside for N samples in a row raises one event; red also asks for SAFE."""

    signal: Annotated[str, Meta(max_length=96)]
    """any number on board by its name (see `signals`)"""
    name: Label | None = None
    """for actionpoints; None: the signal's"""
    yellow_low: Limit | None = None
    yellow_high: Limit | None = None
    red_low: Limit | None = None
    red_high: Limit | None = None
    hysteresis: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    """how far back inside a value must come before it counts as back"""
    persistence: Ticks = 3
    stale_ticks: Ticks = 30
    """no sample for so long: the watchpoint is stale, whatever zone it told before"""

    @property
    def label(self) -> str:
        """What actionpoints call it."""
        return self.signal if self.name is None else self.name

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


class AnomalyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The telemetry-anomaly network: advice, never an action."""

    model: str = "telemetry-anomaly"
    """card of the model: shipped name or path"""
    spacecraft: str
    """whose channels and scales of that card these are"""
    enabled: bool = True


class PayloadRow(NamedTuple):
    """The payload, as health knows it."""

    place: int | None
    """among the loads"""
    boot_s: float
    """as its profile states"""


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
    survival_soc: Soc = 0.06
    """below asks for SURVIVAL: more than half of SAFE's charge is gone; the rest runs the essential loads for hours"""
    survival_exit_soc: Soc = 0.12
    survival_brownout_ticks: Ticks = 10
    """a brown-out this long after SAFE was entered asks for SURVIVAL: SAFE's own switching is over by then"""
    safe_hold_ticks: Ticks = 300
    """how long all must be well before SAFE is left"""
    auto_exit: bool = True
    """leave SAFE by itself; otherwise only by command"""
    fdir: FdirConfig = FdirConfig()
    plausibility: PlausibilityConfig = PlausibilityConfig()
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
        # no limits: that there is a fix at all; eclipses are then foreseen by counting on, and ground must know
        WatchpointConfig(signal="sensor.nav.latitude_deg"),
    )

    anomaly: AnomalyConfig | UnsetType = UNSET
    """the watch over the telemetry as a whole; left out, there is none"""

    @property
    def watched_telemetry(self) -> AnomalyConfig | None:
        """The watch that is on; None: there is none."""
        return self.anomaly if isinstance(self.anomaly, AnomalyConfig) and self.anomaly.enabled else None

    time: TimeConfig | UnsetType = UNSET
    """the law of on-board time, where it is not the shipped one"""

    def __post_init__(self) -> None:
        if self.safe_exit_soc <= self.safe_soc:
            raise ConfigError(
                f"apps.health.safe_exit_soc = {self.safe_exit_soc}: must be above safe_soc = {self.safe_soc}"
            )
        if not self.survival_soc < self.survival_exit_soc < self.safe_exit_soc:
            raise ConfigError(
                f"apps.health.survival_exit_soc = {self.survival_exit_soc}: must be above survival_soc = "
                f"{self.survival_soc} and below safe_exit_soc = {self.safe_exit_soc}"
            )
        labels = [watchpoint.label for watchpoint in self.watchpoints]
        for label in labels:
            if labels.count(label) > 1:
                raise ConfigError(f"apps.health.watchpoints: {label}: stands there twice: give each a name")
        for point in self.fdir.actionpoints:
            for label in point.watchpoints:
                if label not in labels:
                    raise ConfigError(
                        f"apps.health.fdir.actionpoints: {point.name}: unknown watchpoint {label!r}: must be one of "
                        f"{', '.join(labels)}"
                    )


def time_law(config: HealthConfig) -> TimeConfig:
    """The law of on-board time: the configuration's, or the shipped one."""
    return config.time if isinstance(config.time, TimeConfig) else TimeConfig()
