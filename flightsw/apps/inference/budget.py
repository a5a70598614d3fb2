"""The budget law: mode, variant, batch and rest by a plan to the end of the coming eclipse, renewed as it goes. Pure.

What power foresees of energy, what the sources foresee of work and what the silicon law says of each mode's and
variant's price go into `plan`; the plan says who is served by which variant and in which mode, inside the caps as they
are. It is renewed every `plan_ticks`: an error of the forecast is made good in what is left. The mode in force is kept
while the plan in it is worth as much, so that two modes of equal worth don't take turns. Where the work can wait, the
device rests (`rest`). Without a forecast of energy the caps alone bind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.governor import highest_within
from flightsw.apps.inference.haste import hasty_of, is_of_the_day, is_steady
from flightsw.apps.inference.interface import StandardInferenceLaw
from flightsw.apps.inference.ladder import Ladder
from flightsw.apps.inference.law import Choice, Heard, Inputs, Outputs, State, applied, heard
from flightsw.apps.inference.outlook import NO_ECLIPSE_S, horizon_s
from flightsw.apps.inference.plan import BUSY_SHARE, Plan, batch_for, best_of, offers_of, plans_of
from flightsw.apps.inference.rest import rests_by_foresight
from flightsw.devices.silicon import Silicon
from flightsw.messages.health import Mode

UNLIMITED_J = 1e12
AGAIN_S = 60.0
"""of work in the lowest mode: so much energy must be ahead before a payload that has spent its own works again"""


class BudgetState(State, frozen=True):
    """What this law remembers besides."""

    plan: Plan | None = None
    left_ticks: int = 0
    """until the next plan"""
    wish: int = 0
    """the mode of the best plan, were it not for the caps"""
    spent: bool = False
    """no energy is left to be planned with: work waits"""
    resting: bool = False


class BudgetInferenceLaw(StandardInferenceLaw):
    """`[apps.inference] law = "budget"`."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """`[apps.inference.law_config]`."""

        plan_ticks: Annotated[int, Meta(ge=1, le=10_000)] = 20
        """between two plans"""
        kept_j: Annotated[float, Meta(ge=0.0, le=1e12)] = 0.0
        """of the energy ahead that no plan spends: left in the battery when an eclipse ends, above the reserve"""
        least_gain: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.02
        """a better variant must add so much of the quality, or its energy is left for the next orbit"""
        rest: bool = True
        """the device may be powered down while work can wait"""

    def __init__(self, own: Config) -> None:
        self._own = own

    def initial(self) -> State:
        """Nothing is known."""
        return BudgetState()

    def step(
        self, state: State, inputs: Inputs, silicon: Silicon, ladder: Ladder, config: InferenceConfig
    ) -> tuple[State, Outputs]:
        """One tick."""
        assert isinstance(state, BudgetState)
        believed = heard(state, inputs, silicon, config)
        left_ticks = state.left_ticks - 1
        if state.plan is None or left_ticks <= 0:
            state = self._planned(state, believed, inputs, silicon, ladder, config)
            left_ticks = self._own.plan_ticks
        plan = state.plan
        assert plan is not None, "made above"
        seconds = [1.0 / ladder.rates[variant][plan.mode] for variant in plan.variants]
        resting = self._rests(state, seconds, believed, inputs, silicon, ladder, config)
        pauses = inputs.waiting == 0 and not is_steady(plan, inputs.work, ladder)
        choice = Choice(
            None if state.spent or pauses else plan.mode,
            plan.variants,
            batch_for(inputs.work, seconds, config.batch_scenes),
            rest=resting,
            leap=True,
            demand=state.wish,
            waits=state.spent and inputs.waiting > 0,
        )
        after = replace(state, left_ticks=left_ticks, resting=resting)
        return applied(after, believed, choice, inputs, silicon, ladder, config)

    def _planned(
        self,
        state: BudgetState,
        believed: Heard,
        inputs: Inputs,
        silicon: Silicon,
        ladder: Ladder,
        config: InferenceConfig,
    ) -> BudgetState:
        """With a new plan inside the caps as they are, in which the mode of the last one stands where it is worth as
        much."""
        power, situation = inputs.power, believed.situation
        leak_w = situation.leak_w
        granted_w = min(situation.power_cap_w, situation.thermal_cap_w)
        top = max(0, highest_within(silicon.working_w, granted_w - leak_w, len(silicon.modes) - 1))
        ahead_s = NO_ECLIPSE_S if power is None else horizon_s(power)
        rest_w = silicon.gated_w if self._own.rest else silicon.modes[0].base_w + leak_w
        energy_j = UNLIMITED_J
        if power is not None and power.compute_energy_j is not None:
            energy_j = power.compute_energy_j - self._own.kept_j - rest_w * ahead_s
        least_j = AGAIN_S * silicon.working_w[0] if state.spent else 0.0
        offers = offers_of(inputs.work, ahead_s)
        plans = plans_of(offers, energy_j, ladder, silicon, leak_w, rest_w, self._own.least_gain)
        before = None if state.plan is None else state.plan.mode
        plan, wish = best_of(plans[: top + 1], before), best_of(plans)
        if _is_sunlit(inputs):
            plan = hasty_of(plans[: top + 1], plan, inputs.work, ladder, config.drain_s)
            wish = hasty_of(plans, wish, inputs.work, ladder, config.drain_s)
        return replace(state, plan=plan, wish=wish.mode, spent=energy_j < least_j)

    def _rests(
        self,
        state: BudgetState,
        seconds: Sequence[float],
        believed: Heard,
        inputs: Inputs,
        silicon: Silicon,
        ladder: Ladder,
        config: InferenceConfig,
    ) -> bool:
        if not self._own.rest or inputs.mode is not Mode.PAYLOAD or not inputs.work:
            return False
        plan, idle = state.plan, inputs.waiting == 0
        assert plan is not None, "made before"
        if not state.resting and not idle:
            return False
        leak_w = believed.situation.leak_w
        ahead_s = NO_ECLIPSE_S if inputs.power is None else horizon_s(inputs.power)
        if _is_sunlit(inputs) and (is_steady(plan, inputs.work, ladder) or is_of_the_day(inputs.work, ahead_s)):
            return False
        spare_s = (BUSY_SHARE - plan.busy_share) * ahead_s
        return rests_by_foresight(
            state.resting, idle, inputs.work, seconds, silicon, leak_w, config.queue_scenes, spare_s
        )


def _is_sunlit(inputs: Inputs) -> bool:
    return inputs.power is not None and not inputs.power.in_eclipse
