"""The plan to the end of the coming eclipse: which mode and which variant for whom, for the most value. Pure.

Of every source so many scenes are to come, each worth weight x quality of the variant that answers it, until its window
closes. A scene costs joules above what the device draws anyway, and time, each by mode and variant. Energy ahead and
time are both limited: a fractional knapsack with two resources. For every mode that the caps allow, each source climbs
the ladder by steps of falling worth per share of what is left (Dantzig's greedy rule, Operations Research 5, 1957, on
the upper hull of each source's ladder, shares of both resources added); the mode whose plan is worth most is taken, and
of those of nearly equal worth the one that needs the least energy. Called by `budget`, every so many ticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from flightsw.apps.inference.ladder import Ladder
from flightsw.apps.inference.work import SourceWork
from flightsw.devices.silicon import Silicon

NEARLY = 0.995
"""of the best plan's value: worth the energy that it saves"""
KEEPS = 1.03
"""the mode in force may need so many times the energy of the best one"""
BUSY_SHARE = 0.95
"""of the time: the rest is boots, launches of batches that aren't full, and mode changes"""
SHARED = 0.5
"""a source whose scenes are served by two variants in turn is at present by the higher from this share on"""

HOLDS_UP = 0.05
"""of the shortest deadline: a batch under way can't be interrupted, and must not hold up what is urgent for longer"""


class Offer(msgspec.Struct, frozen=True, gc=False):
    """What one source has to offer until the horizon."""

    scenes: float
    window_s: float
    """in which they can be served"""
    weight: float


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What is best done until the horizon, as far as is known."""

    mode: int
    variants: tuple[int, ...]
    """by source"""
    value: float
    energy_j: float
    """above what the device draws anyway"""
    busy_share: float
    """of the time"""


def offers_of(work: Iterable[SourceWork], horizon_s: float) -> tuple[Offer, ...]:
    """What arrives until the horizon while it lasts, and what waits; of what may wait beyond it, the share that an even
    pace leaves to the time before."""
    offers = []
    for one in work:
        stretch = one.stretch
        starts_s = min(horizon_s, stretch.starts_in_s)
        ends_s = min(horizon_s, starts_s + stretch.lasts_s)
        arriving = one.arriving_per_s * (ends_s - starts_s)
        slack_s = one.deadline_s - one.oldest_s
        window_s = min(horizon_s, ends_s + one.deadline_s if arriving > 0.0 else slack_s)
        waiting = one.waiting * horizon_s / slack_s if slack_s > horizon_s else float(one.waiting)
        offers.append(Offer(waiting + arriving, max(1.0, window_s), one.weight))
    return tuple(offers)


def plans_of(
    offers: Sequence[Offer],
    energy_j: float,
    ladder: Ladder,
    silicon: Silicon,
    leak_w: float,
    rest_w: float,
    least_gain: float = 0.0,
) -> tuple[Plan, ...]:
    """The best plan in each mode. `rest_w`: drawn by the device when it doesn't work; `least_gain`: see `climbs`."""
    plans = []
    for mode, working_w in enumerate(silicon.working_w):
        above_w = max(0.0, working_w + leak_w - rest_w)
        seconds = tuple(1.0 / rates[mode] for rates in ladder.rates)
        plans.append(_plan(mode, offers, max(1.0, energy_j), ladder, seconds, above_w, least_gain))
    return tuple(plans)


def best_of(plans: Sequence[Plan], before: int | None = None) -> Plan:
    """Of at least one plan the one of the most value, or one that needs less energy for nearly as much; `before`: the
    mode in force, which stands where its plan is worth as much."""
    most = max(plan.value for plan in plans)
    nearly = [plan for plan in plans if plan.value >= NEARLY * most]
    least = min(nearly, key=lambda plan: plan.energy_j)
    for plan in nearly:
        if plan.mode == before and plan.energy_j <= KEEPS * least.energy_j:
            return plan
    return least


def _plan(
    mode: int,
    offers: Sequence[Offer],
    energy_j: float,
    ladder: Ladder,
    seconds: Sequence[float],
    above_w: float,
    least_gain: float,
) -> Plan:
    """The greedy rule in one mode."""
    steps: list[tuple[float, int, int, float, float]] = []
    for source, offer in enumerate(offers):
        if offer.scenes > 0.0:
            per_s = above_w / energy_j + 1.0 / (BUSY_SHARE * offer.window_s)
            steps += [
                (worth / (took_s * per_s), source, rung, worth, took_s)
                for rung, worth, took_s in climbs(ladder, seconds, offer.weight, least_gain)
            ]
    steps.sort(key=lambda step: -step[0])  # stable: of two alike the first, and up each ladder from below
    left_j, left_share, value, used_j, used_share = energy_j, 1.0, 0.0, 0.0, 0.0
    variants = [ladder.cheapest] * len(offers)
    for _, source, rung, worth, took_s in steps:
        offer = offers[source]
        need_j, need_share = offer.scenes * took_s * above_w, offer.scenes * took_s / (BUSY_SHARE * offer.window_s)
        share = 1.0
        if need_j > left_j:
            share = left_j / need_j
        if need_share * share > left_share:
            share = left_share / need_share
        value += share * offer.scenes * worth
        used_j += share * need_j
        used_share += share * need_share
        left_j -= share * need_j
        left_share -= share * need_share
        if share >= SHARED:
            variants[source] = rung
        if share < 1.0:
            break
    return Plan(mode, tuple(variants), value, used_j, BUSY_SHARE * used_share)


def batch_for(work: Sequence[SourceWork], seconds: Sequence[float], most: int) -> int:
    """The largest batch, at most `most`, that holds up nobody's work for too long. `seconds`: a scene takes, by source
    as the plan serves it."""
    busy = [place for place, one in enumerate(work) if one.waiting > 0 or one.active]
    if not busy:
        return most
    shortest_s = min(work[place].deadline_s for place in busy)
    slowest_s = max(seconds[place] for place in busy)
    return max(1, min(most, int(HOLDS_UP * shortest_s / slowest_s)))


def climbs(
    ladder: Ladder, seconds: Sequence[float], weight: float, least_gain: float = 0.0
) -> list[tuple[int, float, float]]:
    """(variant, worth, seconds) of each step up the upper hull of value over cost, from doing nothing on; no step that
    adds less than the share `least_gain` of what it stands on."""
    steps: list[tuple[int, float, float]] = []
    at_s, at_value = 0.0, 0.0
    rungs = sorted(range(len(seconds)), key=seconds.__getitem__)
    while True:
        best, best_slope = -1, 0.0
        for place in rungs:
            more_s, more = seconds[place] - at_s, weight * ladder.rungs[place].quality - at_value
            if more_s > 0.0 and more > least_gain * at_value and more / more_s > best_slope:
                best, best_slope = place, more / more_s
        if best < 0:
            return steps
        more_s, more = seconds[best] - at_s, weight * ladder.rungs[best].quality - at_value
        steps.append((best, more, more_s))
        at_s, at_value = seconds[best], weight * ladder.rungs[best].quality
