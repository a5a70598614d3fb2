"""A thermal law that looks ahead: the chip's cap falls before the limit is reached, and rises again slowly.

    ahead = chip + rate * horizon,   cap' = -fall while ahead is above the limit, else +rise

`rate` is the chip's slope, smoothed over `smooth_s`. It replaces the shipped PI; the battery's heater stays as it was.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from flightsw.apps.thermal.heater import heater_on
from flightsw.apps.thermal.interface import (
    Inputs,
    Outputs,
    StandardThermalLaw,
    State,
    ThermalConfig,
    ThermalCriticalData,
)

Rate = Annotated[float, Meta(ge=-1000.0, le=1000.0)]
Seconds = Annotated[float, Meta(gt=0.0, le=3600.0)]


class LookingAheadState(State, frozen=True):
    """Ours, and what this law remembers besides. `integral_w` is the cap."""

    last_c: float | None = None
    rate_c_per_s: float = 0.0


class LookingAheadData(ThermalCriticalData, frozen=True):
    """Ours, and what this law keeps through a restart besides."""

    rate_c_per_s: Rate


class LookingAhead(StandardThermalLaw):
    """Only what differs from the shipped law is said here."""

    CriticalData = LookingAheadData

    class Config(msgspec.Struct, frozen=True, kw_only=True):
        """`[apps.thermal.law_config]`."""

        horizon_s: Seconds = 60.0
        smooth_s: Seconds = 20.0
        fall_w_s: Annotated[float, Meta(gt=0.0, le=100.0)] = 0.5
        rise_w_s: Annotated[float, Meta(gt=0.0, le=100.0)] = 0.05

    def __init__(self, own: Config) -> None:
        self.own = own

    def initial(self, config: ThermalConfig) -> State:
        """A cold start: the whole range is open."""
        return LookingAheadState(config.cap_max_w, heater_on=False, chip_limit_c=config.chip_limit_c)

    def step(self, state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
        """One tick."""
        assert isinstance(state, LookingAheadState)
        own, chip_c = self.own, inputs.chip_c
        rate_c_per_s = state.rate_c_per_s
        if chip_c is not None and state.last_c is not None:
            rate_c_per_s += min(1.0, dt_s / own.smooth_s) * ((chip_c - state.last_c) / dt_s - rate_c_per_s)
        ahead_c = config.hot_assumption_c if chip_c is None else chip_c + rate_c_per_s * own.horizon_s
        slew_w_s = -own.fall_w_s if ahead_c > state.chip_limit_c else own.rise_w_s
        cap_w = min(config.cap_max_w, max(config.cap_min_w, state.integral_w + slew_w_s * dt_s))
        missing_ticks = state.battery_missing_ticks + 1 if inputs.battery_c is None else 0
        after = LookingAheadState(
            integral_w=cap_w,
            heater_on=heater_on(state.heater_on, inputs.battery_c, missing_ticks, config),
            chip_limit_c=state.chip_limit_c,
            battery_missing_ticks=missing_ticks,
            chip_missing_ticks=state.chip_missing_ticks + 1 if chip_c is None else 0,
            last_c=chip_c,
            rate_c_per_s=rate_c_per_s,
        )
        throttle = (config.cap_max_w - cap_w) / (config.cap_max_w - config.cap_min_w)
        return after, Outputs(cap_w, after.heater_on, throttle)

    def stored(self, state: State, standard: ThermalCriticalData) -> ThermalCriticalData:
        """What the shipped law keeps, and the rate."""
        assert isinstance(state, LookingAheadState)
        return LookingAheadData(
            standard.chip_limit_c, standard.integral_w, standard.battery_heater_on, state.rate_c_per_s
        )

    def restored(self, state: State, stored: ThermalCriticalData) -> State:
        """What the shipped law restores, and the rate."""
        assert isinstance(stored, LookingAheadData)
        return replace(super().restored(state, stored), rate_c_per_s=stored.rate_c_per_s)
