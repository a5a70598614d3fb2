"""The compute budget by two thresholds of charge: full power above one, none below the other. Pure.

What a power system does that knows nothing of its orbit: `[apps.power] law = "threshold"`. It looks at the estimate
alone, so that its stop must leave room for a whole eclipse of base load below it; above, it spends sunlight and charge
alike as long as they last. All else, from the estimate to shedding, is the shipped law's. What it remembers is whether
it grants, which shows in `cap_w`. The measure that the predictive law is held against.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.apps.power import law
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import EclipseForecast
from flightsw.apps.power.interface import StandardPowerLaw
from flightsw.apps.power.law import Inputs, Outputs, State
from flightsw.apps.power.shedding import LoadTable
from flightsw.apps.power.supply import Supply
from flightsw.errors import ConfigError


class ThresholdPowerLaw(StandardPowerLaw):
    """`[apps.power] law = "threshold"`."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Where it stops and goes on again, above the reserve."""

        stop_above_reserve: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.08
        """no more compute so far above the reserve: a LEO eclipse of base load takes that of a CubeSat's pack"""
        resume_above_reserve: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.16
        """and again so far above it: a band of a tenth of an orbit's charge keeps it from chattering"""
        granted_w: Annotated[float, Meta(gt=0.0, le=1e7)] | None = None
        """None: all that the scenario's `compute_max_w` allows"""

        def __post_init__(self) -> None:
            if self.resume_above_reserve <= self.stop_above_reserve:
                raise ConfigError(
                    f"resume_above_reserve = {self.resume_above_reserve}: must be above stop_above_reserve = "
                    f"{self.stop_above_reserve}"
                )

    def __init__(self, own: Config) -> None:
        self._own = own

    def step(
        self, state: State, inputs: Inputs, table: LoadTable, config: PowerConfig, dt_s: float
    ) -> tuple[State, Outputs]:
        """One tick."""
        grants = state.cap_w > 0.0

        def budget_w(soc: float, _ahead: EclipseForecast, _supply: Supply, reserve: float, told: PowerConfig) -> float:
            return granted_w(soc - reserve, told, self._own, grants=grants)

        return law.step_with(budget_w, state, inputs, table, config, dt_s)


def granted_w(above_reserve: float, config: PowerConfig, own: ThresholdPowerLaw.Config, *, grants: bool) -> float:
    """The budget at so much charge above the reserve, which granted before or didn't."""
    if above_reserve <= (own.stop_above_reserve if grants else own.resume_above_reserve):
        return 0.0
    return config.compute_max_w if own.granted_w is None else min(config.compute_max_w, own.granted_w)
