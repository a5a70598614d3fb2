"""The TCS manager's decisions: the battery heater, and how much power the chip may turn into heat.

Heater: hysteresis. Chip cap: PI on the distance to the limit, with the integral frozen while the cap is clipped
(conditional anti-windup; Astrom & Hagglund, Advanced PID Control, sec. 3.5). Pure.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.thermal.config import ThermalConfig

CAP_STEP_W = 0.05


class State(msgspec.Struct, frozen=True, gc=False):
    """What thermal carries from tick to tick."""

    integral_w: float
    heater_on: bool
    chip_limit_c: float
    blind_ticks: int = 0
    """ticks without a battery reading"""


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
    heater_on, blind_ticks = heater(state, inputs.battery_c, config)
    chip_c = config.hot_assumption_c if inputs.chip_c is None else inputs.chip_c
    cap_w, integral_w = chip_cap(state.integral_w, state.chip_limit_c - chip_c, config, dt_s)
    level = (config.cap_max_w - cap_w) / (config.cap_max_w - config.cap_min_w)
    after = State(integral_w, heater_on, state.chip_limit_c, blind_ticks)
    return after, Outputs(cap_w, heater_on, min(1.0, max(0.0, level)))


def heater(state: State, battery_c: float | None, config: ThermalConfig) -> tuple[bool, int]:
    """(heater on, ticks blind): hysteresis; blind for long, off: a cold battery refuses charge, a hot one burns."""
    if battery_c is None:
        blind_ticks = state.blind_ticks + 1
        return state.heater_on and blind_ticks <= config.blind_ticks, blind_ticks
    if battery_c < config.heater_on_c:
        return True, 0
    if battery_c > config.heater_off_c:
        return False, 0
    return state.heater_on, 0


def chip_cap(integral_w: float, below_limit_k: float, config: ThermalConfig, dt_s: float) -> tuple[float, float]:
    """(cap, integral) for a chip that is so far below its limit (negative: above)."""
    wanted_w = integral_w + config.gain_w_k * below_limit_k
    cap_w = min(config.cap_max_w, max(config.cap_min_w, wanted_w))
    pushes_out = (wanted_w > config.cap_max_w and below_limit_k > 0.0) or (
        wanted_w < config.cap_min_w and below_limit_k < 0.0
    )
    if not pushes_out:
        integral_w += config.integral_w_k_s * below_limit_k * dt_s
        integral_w = min(config.cap_max_w, max(config.cap_min_w, integral_w))
    return round(cap_w / CAP_STEP_W) * CAP_STEP_W, integral_w
