"""The TCS manager's decisions for one tick, composed: battery heater, chip power cap. Pure; called by `app`.

`step` is the law that flies unless the scenario chooses another of `laws`; these share `completed` with it.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec.structs import replace

from flightsw.apps.thermal.chipcap import chip_cap, throttle_level
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.heater import heater_on
from flightsw.apps.thermal.heaterduty import COLD_START, Duty, duty_step
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalCriticalData

S = TypeVar("S", bound="State")


class State(msgspec.Struct, frozen=True, gc=False):
    """What thermal carries from tick to tick."""

    integral_w: float
    """what the cap's law remembers, in watts: the PI's integral, another law's own measure of its past"""
    heater_on: bool
    chip_limit_c: float
    battery_missing_ticks: int = 0
    """without a battery reading"""
    chip_missing_ticks: int = 0
    """without a chip reading"""
    duty: Duty = COLD_START
    """of the heater, where it is time-proportional"""


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """One tick's readings. None: no reading."""

    chip_c: float | None
    battery_c: float | None
    sensors: ThermalSensors | None = None
    """all thermistors"""
    power: PowerStatus | None = None
    """the EPS manager's word, with the eclipse it foresees"""


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
    chip_c = inputs.chip_c
    on, missing_ticks, duty = heated(state, inputs, config, dt_s)
    chip_missing_ticks = state.chip_missing_ticks + 1 if chip_c is None else 0
    cap_w, integral_w = chip_cap(state.integral_w, chip_c, state.chip_limit_c, config, dt_s)
    after = State(integral_w, on, state.chip_limit_c, missing_ticks, chip_missing_ticks, duty)
    return after, Outputs(cap_w, on, throttle_level(cap_w, config))


def heated(state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[bool, int, Duty]:
    """(heater wanted on, ticks without a reading, duty) of this tick."""
    battery_c, power = inputs.battery_c, inputs.power
    missing_ticks = state.battery_missing_ticks + 1 if battery_c is None else 0
    survival = power is not None and power.load_shed_level >= config.survival_shed_level
    if config.heater_law == "duty":
        on, duty = duty_step(state.duty, battery_c, missing_ticks, config, dt_s, survival=survival)
        return on, missing_ticks, duty
    return heater_on(state.heater_on, battery_c, missing_ticks, config, survival=survival), missing_ticks, state.duty


def completed(
    state: S, inputs: Inputs, config: ThermalConfig, dt_s: float, cap_w: float, integral_w: float
) -> tuple[S, Outputs]:
    """All of a tick but the chip's cap, which the caller, one of the other laws, has decided on."""
    on, missing_ticks, duty = heated(state, inputs, config, dt_s)
    after = replace(
        state,
        integral_w=integral_w,
        heater_on=on,
        battery_missing_ticks=missing_ticks,
        chip_missing_ticks=state.chip_missing_ticks + 1 if inputs.chip_c is None else 0,
        duty=duty,
    )
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
