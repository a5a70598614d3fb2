"""The TCS manager's decisions for one tick, composed: battery heater, chip power cap. Pure; called by `app`."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from flightsw.apps.thermal.chipcap import chip_cap, throttle_level
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.heater import heater_on
from flightsw.messages.thermal import ThermalCriticalData


class State(msgspec.Struct, frozen=True, gc=False):
    """What thermal carries from tick to tick."""

    integral_w: float
    heater_on: bool
    chip_limit_c: float
    battery_missing_ticks: int = 0
    """without a battery reading"""
    chip_missing_ticks: int = 0
    """without a chip reading"""


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """One tick's readings. None: no reading."""

    chip_c: float | None
    battery_c: float | None


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What goes out."""

    chip_cap_w: float
    heater_on: bool
    throttle_level: float


def initial(config: ThermalConfig) -> State:
    """A cold start: the whole range is open, since the integral only ever takes away or gives back."""
    return State(integral_w=config.cap_max_w, heater_on=False, chip_limit_c=config.chip_limit_c)


def step(state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
    """One tick."""
    chip_c, battery_c = inputs.chip_c, inputs.battery_c
    battery_missing_ticks = state.battery_missing_ticks + 1 if battery_c is None else 0
    chip_missing_ticks = state.chip_missing_ticks + 1 if chip_c is None else 0
    on = heater_on(state.heater_on, battery_c, battery_missing_ticks, config)
    cap_w, integral_w = chip_cap(state.integral_w, chip_c, state.chip_limit_c, config, dt_s)
    after = State(integral_w, on, state.chip_limit_c, battery_missing_ticks, chip_missing_ticks)
    return after, Outputs(cap_w, on, throttle_level(cap_w, config))


def with_limit(state: State, limit_c: float, config: ThermalConfig) -> State | str:
    """Ground sets the chip's limit; or why not."""
    if limit_c > config.chip_limit_max_c:
        return f"limit_c = {limit_c}: must be at most {config.chip_limit_max_c}"
    return replace(state, chip_limit_c=limit_c)


def restored(state: State, stored: ThermalCriticalData) -> State:
    """A warm start from critical data."""
    return replace(
        state,
        integral_w=stored.integral_w,
        heater_on=stored.battery_heater_on,
        chip_limit_c=stored.chip_limit_c,
    )
