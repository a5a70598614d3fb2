"""Haste: of plans that are worth nearly the same, the one that serves the work sooner. Pure.

A plan to the end of the eclipse knows no hurry: served in the cheapest mode at the last moment, work is worth as much.
But a forecast errs, energy that the full battery can't take is lost, and a queue that meets the eclipse empty asks
nothing of the battery. So in sunlight the mode is taken that keeps up with the work, where it costs nearly nothing of
the plan's value. Called by `budget`, with every plan.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.inference.ladder import Ladder
from flightsw.apps.inference.plan import Plan
from flightsw.apps.inference.work import SourceWork

HASTE = 0.01
"""of the best plan's value may be given for work done sooner"""
STEADY = 0.5
"""of the time is worked through what arrives: from there on a queue that is empty for a moment is no reason to leave
the mode"""


def hasty_of(plans: Sequence[Plan], best: Plan, work: Sequence[SourceWork], ladder: Ladder, drain_s: float) -> Plan:
    """Of the plans of nearly as much value as the best one, and no lower mode, the first that keeps up with the work;
    where none does, the fastest of them. `plans`: one a mode, ascending."""
    hasty = best
    for plan in plans[best.mode :]:
        if plan.value >= best.value * (1.0 - HASTE):
            hasty = plan
            if keeps_up(plan, work, ladder, drain_s):
                break
    return hasty


def keeps_up(plan: Plan, work: Sequence[SourceWork], ladder: Ladder, drain_s: float) -> bool:
    """Whether what waits is served within `drain_s` beside what arrives."""
    served = zip(work, plan.variants, strict=True)
    queue_s = sum(one.waiting / ladder.rates[variant][plan.mode] for one, variant in served)
    return queue_s / drain_s + load(plan, work, ladder) <= 1.0


def load(plan: Plan, work: Sequence[SourceWork], ladder: Ladder) -> float:
    """Share of the time that serving takes what arrives at present."""
    served = zip(work, plan.variants, strict=True)
    return sum(one.arriving_per_s / ladder.rates[variant][plan.mode] for one, variant in served if one.active)


def is_steady(plan: Plan, work: Sequence[SourceWork], ladder: Ladder) -> bool:
    """Whether there will be work again in a moment, even if there is none now."""
    return load(plan, work, ladder) >= STEADY


def is_of_the_day(work: Sequence[SourceWork], ahead_s: float) -> bool:
    """Whether work comes that ends before the eclipse does: put off, it would be met in the dark."""
    return any(one.active and one.stretch.lasts_s < ahead_s for one in work)
