"""The chip's cap by Linux's power allocator (see `allocator`): the law around it. Pure.

Polled every `poll_s`, as the kernel's passive delay. The sum of errors is kept as `integral_w`, its worth in watts.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from flightsw.apps.thermal.allocator import FRAC_BITS, Gains, allocated, gains_for
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.interface import Inputs, Outputs, StandardThermalLaw, State, ThermalCriticalData
from flightsw.apps.thermal.law import completed, restored

MILLI = 1000
MW_PER_SUMMED = gains_for(1, 0, 1, 1).k_i_frac / (1 << 2 * FRAC_BITS)
"""what the sum of errors, in 2^-10 mK, adds to the power"""


class AllocatorState(State, frozen=True, gc=False):
    """With the kernel's own integral and what it gave last."""

    integral: int = 0
    power_mw: int = 0
    wait_ticks: int = 0
    """until the next poll"""


class PowerAllocatorThermalLaw(StandardThermalLaw):
    """`[apps.thermal] law = "power-allocator"`."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Of the governor."""

        sustainable_w: Annotated[float, Meta(gt=0.0, le=1e6)] = 18.0
        """what the chip can draw for ever at its limit: in the default scenario's sunlight"""
        switch_on_below_limit_k: Annotated[float, Meta(gt=0.001, le=100.0)] = 15.0
        """the governor wakes so far below the limit, which is its control temperature: as boards' device trees do"""
        poll_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 1.0
        """passive delay; device trees have 0.1 to 1 s"""

    def __init__(self, own: Config) -> None:
        self._own = own

    def initial(self, config: ThermalConfig) -> AllocatorState:
        """Nothing summed up."""
        return AllocatorState(0.0, False, config.chip_limit_c)

    def gains(self, limit_c: float, config: ThermalConfig) -> Gains:
        """The constants at this limit."""
        own, limit_mc = self._own, round(limit_c * MILLI)
        span_mk = round(own.switch_on_below_limit_k * MILLI)
        return gains_for(
            round(own.sustainable_w * MILLI), limit_mc - span_mk, limit_mc, round(config.cap_max_w * MILLI)
        )

    def step(self, state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
        """One tick. A missing reading counts as hot, but sums nothing up."""
        assert isinstance(state, AllocatorState), "made by `initial`"
        if state.wait_ticks > 0:
            state = replace(state, wait_ticks=state.wait_ticks - 1)
        else:
            chip_c = config.hot_assumption_c if inputs.chip_c is None else inputs.chip_c
            gains = self.gains(state.chip_limit_c, config)
            power_mw, integral = allocated(state.integral, round(chip_c * MILLI), gains)
            state = replace(
                state,
                power_mw=power_mw,
                integral=state.integral if inputs.chip_c is None else integral,
                wait_ticks=max(1, round(self._own.poll_s / dt_s)) - 1,
            )
        cap_w = min(config.cap_max_w, max(config.cap_min_w, state.power_mw / MILLI))
        return completed(state, inputs, config, dt_s, cap_w, state.integral * MW_PER_SUMMED / MILLI)

    def restored(self, state: State, stored: ThermalCriticalData) -> State:
        """The sum is taken back from its worth."""
        after = restored(state, stored)
        assert isinstance(after, AllocatorState), "as it was"
        return replace(after, integral=round(stored.integral_w * MILLI / MW_PER_SUMMED))
