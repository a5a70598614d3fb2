"""The chip's cap by hysteresis trips: above the trip the low cap, below the release the whole range. Pure.

The simplest law there is, and what the others are measured against by `flightsw bench control`. Its memory is the cap
in force, kept as `integral_w`. Trips stand below the limit that ground may move: a chip on its way up overshoots them.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.interface import Inputs, Outputs, StandardThermalLaw, State
from flightsw.apps.thermal.law import completed
from flightsw.errors import ConfigError


class HysteresisThermalLaw(StandardThermalLaw):
    """`[apps.thermal] law = "hysteresis"`."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Trips by default: those of the sweep in the default scenario, see flightsw/bench/data/tuned.toml."""

        trip_below_limit_k: Annotated[float, Meta(ge=0.0, le=50.0)] = 0.5
        """the low cap is taken so far below the limit"""
        release_below_limit_k: Annotated[float, Meta(gt=0.0, le=100.0)] = 12.0
        """and left again so far below it"""
        low_w: Annotated[float, Meta(ge=0.0, le=1e6)] | None = None
        """the low cap; None: the least of the range"""

        def __post_init__(self) -> None:
            if self.release_below_limit_k <= self.trip_below_limit_k:
                raise ConfigError(
                    f"release_below_limit_k = {self.release_below_limit_k}: must be above trip_below_limit_k = "
                    f"{self.trip_below_limit_k}"
                )

    def __init__(self, own: Config) -> None:
        self._own = own

    def step(self, state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
        """One tick."""
        chip_c = config.hot_assumption_c if inputs.chip_c is None else inputs.chip_c
        cap_w = tripped_cap(state.integral_w, chip_c, state.chip_limit_c, config, self._own)
        return completed(state, inputs, config, dt_s, cap_w, cap_w)


def tripped_cap(
    before_w: float, chip_c: float, limit_c: float, config: ThermalConfig, own: HysteresisThermalLaw.Config
) -> float:
    """The cap after `before_w`, one of the two."""
    low_w = config.cap_min_w if own.low_w is None else min(config.cap_max_w, max(config.cap_min_w, own.low_w))
    if chip_c >= limit_c - own.trip_below_limit_k:
        return low_w
    if chip_c < limit_c - own.release_below_limit_k:
        return config.cap_max_w
    return low_w if before_w <= low_w else config.cap_max_w
