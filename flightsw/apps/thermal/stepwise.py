"""The chip's cap by steps, as Linux's step_wise governor moves a cooling device. Pure.

Every poll: above the trip and getting warmer, one step down; no longer above it and getting cooler, one step up; else
it stays. Steps divide the range evenly. What it remembers is the cap in force, kept as `integral_w`, and the last
temperature. Source: drivers/thermal/gov_step_wise.c, get_target_state; trend by two polls, as thermal_helpers.c.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.interface import Inputs, Outputs, StandardThermalLaw, State
from flightsw.apps.thermal.law import completed


class StepState(State, frozen=True, gc=False):
    """With the last poll."""

    polled_c: float | None = None
    wait_ticks: int = 0
    """until the next poll"""


class StepWiseThermalLaw(StandardThermalLaw):
    """`[apps.thermal] law = "step-wise"`."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Of the governor."""

        trip_below_limit_k: Annotated[float, Meta(ge=0.0, le=50.0)] = 3.0
        """the trip stands so far below the limit: a step takes a poll, and the chip overshoots meanwhile"""
        steps: Annotated[int, Meta(ge=1, le=1000)] = 8
        """of the whole range: about as many as a CPU's frequency table has"""
        poll_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 5.0
        """the chip's own time constant, within which a step shows"""

    def __init__(self, own: Config) -> None:
        self._own = own

    def initial(self, config: ThermalConfig) -> StepState:
        """Nothing is taken away."""
        return StepState(config.cap_max_w, False, config.chip_limit_c)

    def step(self, state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
        """One tick."""
        assert isinstance(state, StepState), "made by `initial`"
        cap_w = state.integral_w
        if state.wait_ticks > 0:
            state = replace(state, wait_ticks=state.wait_ticks - 1)
        else:
            chip_c = config.hot_assumption_c if inputs.chip_c is None else inputs.chip_c
            trip_c = state.chip_limit_c - self._own.trip_below_limit_k
            cap_w = stepped_cap(cap_w, chip_c, state.polled_c, trip_c, config, self._own.steps)
            state = replace(state, polled_c=chip_c, wait_ticks=max(1, round(self._own.poll_s / dt_s)) - 1)
        return completed(state, inputs, config, dt_s, cap_w, cap_w)


def stepped_cap(
    before_w: float, chip_c: float, polled_c: float | None, trip_c: float, config: ThermalConfig, steps: int
) -> float:
    """The cap after a poll. A first poll, and a chip as hot as hot is assumed to be, count as getting warmer."""
    step_w = (config.cap_max_w - config.cap_min_w) / steps
    warmer = polled_c is None or chip_c > polled_c or chip_c >= config.hot_assumption_c
    if chip_c >= trip_c:
        return max(config.cap_min_w, before_w - step_w) if warmer else before_w
    cooler = polled_c is not None and chip_c < polled_c
    return min(config.cap_max_w, before_w + step_w) if cooler else before_w
