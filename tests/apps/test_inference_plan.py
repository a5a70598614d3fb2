"""The plan and the law that follows it, on a device and a ladder of round figures that can be worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace as struct_replace

from flightsw.apps.inference.budget import BudgetInferenceLaw, BudgetState
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.haste import hasty_of
from flightsw.apps.inference.interface import Inputs
from flightsw.apps.inference.ladder import Ladder, Rung
from flightsw.apps.inference.law import Outputs
from flightsw.apps.inference.outlook import NO_ECLIPSE_S
from flightsw.apps.inference.places import Stretch
from flightsw.apps.inference.plan import Offer, Plan, batch_for, best_of, climbs, offers_of, plans_of
from flightsw.apps.inference.work import SourceWork
from flightsw.devices.accelerator import Telemetry
from flightsw.messages.health import Mode
from flightsw.messages.inference import Binding
from flightsw.messages.power import PowerStatus
from tests.apps.payload import ROUND as CHIP

LEAK_W = CHIP.leakage_w
SMALL, LARGE = (1.0, 2.0, 4.0), (0.5, 1.0, 2.0)
LADDER = Ladder((Rung("small", 10.0, 0.5), Rung("large", 20.0, 0.8)), 1, 8, (SMALL, LARGE))
"""a scene takes 1 s or 2 s in the lowest mode, half of that in the next, a quarter in the highest"""


def plans(*offers: Offer, energy_j: float = 1e9, rest_w: float = 1.0, ladder: Ladder = LADDER) -> tuple[Plan, ...]:
    """With 8, 12 and 21 W above what is drawn at rest."""
    return plans_of(offers, energy_j, ladder, CHIP, LEAK_W, rest_w)


def test_with_energy_and_time_for_all_every_scene_is_served_by_the_best_variant():
    low, mid, high = plans(Offer(10.0, 100.0, 2.0))
    assert (low.mode, mid.mode, high.mode) == (0, 1, 2)
    assert [plan.variants for plan in (low, mid, high)] == [(1,)] * 3
    assert [plan.value for plan in (low, mid, high)] == pytest.approx([16.0] * 3), "10 scenes of weight 2 at 0.8"
    assert [plan.energy_j for plan in (low, mid, high)] == pytest.approx([160.0, 120.0, 105.0])
    assert [plan.busy_share for plan in (low, mid, high)] == pytest.approx([0.2, 0.1, 0.05])


@pytest.mark.parametrize(
    ("energy_j", "value", "variants"),
    [
        (160.0, 16.0, (1,)),
        (120.0, 13.0, (1,)),  # half of the step up to the large variant
        (119.0, 12.925, (0,)),
        (80.0, 10.0, (0,)),
        (40.0, 5.0, (0,)),
        (1.0, 0.125, (0,)),
        (0.0, 0.125, (0,)),  # no plan is made for less than a joule
        (-50.0, 0.125, (0,)),
    ],
)
def test_energy_that_is_scarce_goes_to_the_small_variant_first(
    energy_j: float, value: float, variants: tuple[int, ...]
):
    low = plans(Offer(10.0, 100.0, 2.0), energy_j=energy_j)[0]
    assert low.value == pytest.approx(value)
    assert low.energy_j == pytest.approx(max(1.0, energy_j))
    assert low.variants == variants


@pytest.mark.parametrize(
    ("window_s", "energy_j", "value", "used_j", "busy_share"),
    [
        (10.0, 1e9, 9.5, 76.0, 0.95),
        (10.0, 79.0, 9.5, 76.0, 0.95),
        (10.0, 40.0, 5.0, 40.0, 0.5),
        (15.0, 1e9, 10.0 + 6.0 * 0.425, 80.0 * 1.425, 0.95),
        (15.0, 100.0, 10.0 + 6.0 * 0.25, 100.0, 12.5 / 15.0),
        (15.0, 150.0, 10.0 + 6.0 * 0.425, 80.0 * 1.425, 0.95),
    ],
)
def test_time_that_is_scarce_binds_as_energy_does_and_the_scarcer_of_both(
    window_s: float, energy_j: float, value: float, used_j: float, busy_share: float
):
    low = plans(Offer(10.0, window_s, 2.0), energy_j=energy_j)[0]
    assert (low.value, low.energy_j, low.busy_share) == pytest.approx((value, used_j, busy_share))


def test_what_the_device_draws_anyway_costs_nothing():
    low = plans(Offer(10.0, 100.0, 2.0), energy_j=0.0, rest_w=9.0)[0]
    assert (low.value, low.energy_j) == pytest.approx((16.0, 0.0))
    assert plans(Offer(10.0, 100.0, 2.0), rest_w=99.0)[0].energy_j == 0.0


def test_scarce_energy_goes_where_it_is_worth_most_and_what_is_left_to_the_next():
    light, heavy = Offer(10.0, 1000.0, 1.0), Offer(10.0, 1000.0, 3.0)
    for energy_j, value, variants in (
        (80.0, 15.0, (0, 0)),  # the heavy ones by the small variant
        (160.0, 24.0, (0, 1)),  # then by the large one
        (240.0, 29.0, (0, 1)),  # then the light ones
        (320.0, 32.0, (1, 1)),
    ):
        first = plans(light, heavy, energy_j=energy_j)[0]
        second = plans(heavy, light, energy_j=energy_j)[0]
        assert first.value == pytest.approx(value)
        assert second.value == pytest.approx(value)
        assert (first.variants, second.variants) == (variants, variants[::-1])


def test_of_two_alike_the_first_comes_first():
    offer = Offer(10.0, 1000.0, 1.0)
    assert plans(offer, offer, energy_j=240.0)[0].variants == (1, 0)


def test_a_ladder_in_a_line_is_climbed_from_below_wherever_its_rungs_stand():
    line = Ladder((Rung("large", 20.0, 1.0), Rung("small", 10.0, 0.5)), 0, 8, (LARGE, SMALL))
    found = plans(Offer(10.0, 100.0, 1.0), ladder=line)[0]
    assert (found.variants, found.value) == ((0,), pytest.approx(10.0))


def test_of_two_alike_but_for_their_windows_the_one_that_takes_less_of_its_time_comes_first():
    short, long = Offer(8.0, 10.0, 1.0), Offer(800.0, 1000.0, 1.0)
    # the small variant takes each 84 % of the time of its window, and the rest goes to the large one
    left = (1.0 - 800.0 / 950.0) / (800.0 / 950.0)
    value = 800.0 * 0.5 + left * 800.0 * 0.3
    assert plans(short, long)[0].value == pytest.approx(value)
    assert plans(long, short)[0].value == pytest.approx(value)


@pytest.mark.parametrize(("scenes", "variant", "value"), [(0.0, 0, 0.0), (0.05, 1, 0.04)])
def test_a_source_without_a_scene_to_come_has_no_step_to_take(scenes: float, variant: int, value: float):
    low = plans(Offer(scenes, 100.0, 1.0), Offer(10.0, 100.0, 1.0))[0]
    assert low.variants == (variant, 1)
    assert low.value == pytest.approx(8.0 + value)


def test_who_is_not_served_is_down_for_the_cheapest_variant_wherever_it_stands():
    turned = Ladder((LADDER.rungs[1], LADDER.rungs[0]), 0, 8, (LARGE, SMALL))
    assert plans(Offer(0.0, 100.0, 1.0), Offer(10.0, 100.0, 1.0), ladder=turned)[0].variants == (1, 0)


def test_without_a_least_gain_given_every_step_that_adds_something_is_taken():
    barely = Ladder((LADDER.rungs[0], Rung("large", 20.0, 0.501)), 1, 8, (SMALL, LARGE))
    assert plans(Offer(10.0, 100.0, 1.0), ladder=barely)[0].variants == (1,)
    scarcely = plans_of([Offer(10.0, 100.0, 1.0)], 1e9, barely, CHIP, LEAK_W, 1.0, 0.01)
    assert scarcely[0].variants == (0,)


def steps_of(
    *rungs: tuple[float, float], weight: float = 1.0, least_gain: float = 0.0
) -> list[tuple[int, float, float]]:
    """`rungs`: (quality, seconds)."""
    ladder = Ladder(tuple(Rung(str(place), 1.0, quality) for place, (quality, _) in enumerate(rungs)), 0, 8, ())
    found = climbs(ladder, [seconds for _, seconds in rungs], weight, least_gain)
    return [(place, pytest.approx(worth), pytest.approx(took_s)) for place, worth, took_s in found]


def test_each_step_is_worth_what_it_adds_and_takes_what_it_takes_more():
    assert steps_of((0.5, 1.0), (0.75, 3.0), (0.8, 6.0), weight=2.0) == [(0, 1.0, 1.0), (1, 0.5, 2.0), (2, 0.1, 3.0)]


def test_a_rung_below_the_hull_is_passed_over_and_one_on_it_is_not():
    assert steps_of((0.5, 1.0), (0.55, 2.0), (0.8, 3.0)) == [(0, 0.5, 1.0), (2, 0.3, 2.0)]
    assert steps_of((0.5, 1.0), (0.6, 2.0), (0.75, 4.0)) == [(0, 0.5, 1.0), (1, 0.1, 1.0), (2, 0.15, 2.0)]
    assert steps_of((0.4, 1.0), (0.8, 2.0)) == [(0, 0.4, 1.0), (1, 0.4, 1.0)], "in a line: both"
    assert steps_of((0.8, 2.0), (0.4, 1.0)) == [(1, 0.4, 1.0), (0, 0.4, 1.0)], "wherever they stand"


def test_of_two_that_take_as_long_the_better_is_taken_and_the_other_never():
    assert steps_of((0.5, 1.0), (0.6, 1.0)) == [(1, 0.6, 1.0)]
    assert steps_of((0.6, 1.0), (0.5, 1.0)) == [(0, 0.6, 1.0)]


def test_a_slow_device_climbs_too_and_what_is_worth_nothing_is_not_done():
    assert steps_of((0.5, 100.0), (0.8, 1000.0)) == [(0, 0.5, 100.0), (1, 0.3, 900.0)]
    assert steps_of((0.0, 1.0)) == []
    assert steps_of((0.5, 1.0), (0.5, 2.0), (0.4, 3.0)) == [(0, 0.5, 1.0)]


@pytest.mark.parametrize(("least_gain", "steps"), [(0.49, 2), (0.5, 1), (0.6, 1)])
def test_a_step_must_add_more_than_its_share_of_what_it_stands_on(least_gain: float, steps: int):
    assert len(steps_of((0.5, 1.0), (0.75, 2.0), weight=2.0, least_gain=least_gain)) == steps


def plan(mode: int, value: float, energy_j: float) -> Plan:
    return Plan(mode, (0,), value, energy_j, 0.5)


@pytest.mark.parametrize(("value", "energy_j", "mode"), [(995.0, 99.0, 1), (994.0, 99.0, 0), (995.0, 101.0, 0)])
def test_a_plan_of_nearly_as_much_value_is_taken_for_the_energy_that_it_saves(value: float, energy_j: float, mode: int):
    assert best_of([plan(0, 1000.0, 100.0), plan(1, value, energy_j)]).mode == mode


@pytest.mark.parametrize(
    ("before", "value", "energy_j", "mode"),
    [
        (1, 1000.0, 103.0, 1),
        (1, 1000.0, 103.1, 0),
        (0, 1000.0, 103.0, 0),
        (None, 1000.0, 103.0, 0),
        (1, 994.0, 99.0, 0),
    ],
)
def test_the_mode_in_force_may_need_three_hundredths_more_energy(
    before: int | None, value: float, energy_j: float, mode: int
):
    assert best_of([plan(0, 1000.0, 100.0), plan(1, value, energy_j)], before).mode == mode


@pytest.mark.parametrize(
    ("work", "offer"),
    [
        (SourceWork(0, 0.0, 2.0, Stretch(20.0, 30.0), 25.0), Offer(60.0, 75.0, 1.0)),
        (SourceWork(0, 0.0, 2.0, Stretch(20.0, 300.0), 25.0), Offer(160.0, 100.0, 1.0)),
        (SourceWork(0, 0.0, 2.0, Stretch(120.0, 30.0), 25.0), Offer(0.0, 25.0, 1.0)),
        (SourceWork(0, 0.0, 0.001, Stretch(0.0, 10.0), 25.0), Offer(0.01, 35.0, 1.0)),
        (SourceWork(7, 5.0, 2.0, Stretch(0.0, 10.0), 25.0, 3.0), Offer(27.0, 35.0, 3.0)),
        (SourceWork(7, 5.0, 0.0, Stretch(0.0, 10.0), 25.0), Offer(7.0, 20.0, 1.0)),
        (SourceWork(7, 24.5, 0.0, deadline_s=25.0), Offer(7.0, 1.0, 1.0)),
        (SourceWork(7, 40.0, 0.0, deadline_s=25.0), Offer(7.0, 1.0, 1.0)),
        (SourceWork(7, 5.0, 0.0, deadline_s=105.0), Offer(7.0, 100.0, 1.0)),
        (SourceWork(7, 5.0, 0.0, deadline_s=205.0), Offer(3.5, 100.0, 1.0)),
    ],
)
def test_an_offer_is_what_comes_and_waits_until_the_horizon_of_a_hundred_seconds(work: SourceWork, offer: Offer):
    (found,) = offers_of([work], 100.0)
    assert (found.scenes, found.window_s, found.weight) == pytest.approx((offer.scenes, offer.window_s, offer.weight))


@pytest.mark.parametrize(
    ("deadline_s", "seconds", "batch"),
    [(60.0, 1.0, 3), (60.0, 0.45, 6), (60.0, 3.1, 1), (60.0, 0.01, 8), (62.0, 0.5, 6)],
)
def test_a_batch_takes_at_most_a_twentieth_of_the_shortest_deadline(deadline_s: float, seconds: float, batch: int):
    one = SourceWork(1, 0.0, 0.0, deadline_s=deadline_s)
    assert batch_for([one], [seconds], 8) == batch
    slack = SourceWork(1, 0.0, 0.0, deadline_s=3600.0)
    assert batch_for([slack, one], [0.001, seconds], 8) == batch
    assert batch_for([slack, one], [seconds, 0.001], 8) == batch, "what waits for a batch waits for any"


@pytest.mark.parametrize(
    ("one", "is_busy"),
    [
        (SourceWork(0, 0.0, 0.0, deadline_s=60.0), False),
        (SourceWork(0, 0.0, 1.0, Stretch(5.0, 5.0), 60.0), False),
        (SourceWork(0, 0.0, 1.0, Stretch(0.0, 5.0), 60.0), True),
        (SourceWork(1, 0.0, 0.0, Stretch(5.0, 5.0), 60.0), True),
    ],
)
def test_only_who_has_work_or_gives_it_now_asks_for_small_batches(one: SourceWork, is_busy: bool):
    assert batch_for([one], [1.0], 8) == (3 if is_busy else 8)


# --- the law ---

RATES = ((1.0, 1.45, 2.0), (0.5, 0.725, 1.0))
NEAR = Ladder((Rung("small", 10.0, 0.5), Rung("large", 20.0, 0.9)), 1, 8, RATES)
"""the middle mode takes 1.4 % more energy a scene than the lowest, the highest a quarter more"""
CONFIG = InferenceConfig(dwell_ticks=2, queue_scenes=100, batch_scenes=8, margin_w=0.5, drain_s=100.0)
UP = Telemetry(True, True, 0, 50.0, False, 5.0)
REST_J = CHIP.gated_w * 2000.0


def told(energy_j: float | None = 1e6, *, dark: bool = False, **other: object) -> PowerStatus:
    """An eclipse ends in 2,000 s."""
    in_s, left_s = (0.0, 2000.0) if dark else (1000.0, 1000.0)
    return struct_replace(PowerStatus(0.7, 0.01, 0.0, 30.0, 0, 99.0, 0.5, dark, in_s, left_s, energy_j), **other)


def inputs(*work: SourceWork, power: PowerStatus | None = None, **other: object) -> Inputs:
    fields = {
        "mode": Mode.PAYLOAD,
        "enabled": True,
        "power_cap_w": 99.0,
        "thermal_cap_w": 99.0,
        "telemetry": UP,
        "waiting": sum(one.waiting for one in work),
        "arriving_per_s": 1.0,
        "work": work,
        "power": power,
        **other,
    }
    return Inputs(**fields)


def law(**own: object) -> BudgetInferenceLaw:
    return BudgetInferenceLaw(BudgetInferenceLaw.Config(**own))


def step(one: Inputs, state: BudgetState | None = None, **own: object) -> tuple[BudgetState, Outputs]:
    budget = law(**own)
    after, out = budget.step(budget.initial() if state is None else state, one, CHIP, NEAR, CONFIG)
    assert isinstance(after, BudgetState)
    return after, out


BUSY = SourceWork(4000, 0.0, 0.0)
"""2,222 scenes of an even pace in 2,000 s: the more, the higher the mode"""
IDLE = SourceWork(0, 0.0, 0.01, deadline_s=1200.0)


@pytest.mark.parametrize(
    ("power", "own", "horizon_s", "energy_j", "rest_w"),
    [
        (told(6000.0, dark=True), {}, 2000.0, 5000.0, 0.5),
        (told(6000.0, dark=True), {"kept_j": 2000.0}, 2000.0, 3000.0, 0.5),
        (told(14_000.0, dark=True), {"rest": False}, 2000.0, 4000.0, 5.0),
        (told(6000.0, dark=True), {"least_gain": 0.9}, 2000.0, 5000.0, 0.5),
        (told(None, dark=True), {}, 2000.0, 1e12, 0.5),
        (None, {}, NO_ECLIPSE_S, 1e12, 0.5),
        (told(500.0, dark=True), {}, 2000.0, 0.0, 0.5),
    ],
)
def test_the_plan_is_that_of_what_is_ahead_less_what_is_kept_and_drawn_at_rest(
    power: PowerStatus | None, own: dict[str, object], horizon_s: float, energy_j: float, rest_w: float
):
    state, _ = step(inputs(BUSY, power=power), **own)
    least_gain = own.get("least_gain", 0.02)
    assert isinstance(least_gain, float)
    expected = plans_of(offers_of([BUSY], horizon_s), energy_j, NEAR, CHIP, LEAK_W, rest_w, least_gain)
    assert state.plan == best_of(expected)
    assert state.wish == best_of(expected).mode


@pytest.mark.parametrize(
    ("power_w", "thermal_w", "mode"),
    [
        (99.0, 99.0, 2),
        (13.0, 99.0, 1),
        (99.0, 13.0, 1),
        (12.9, 99.0, 0),
        (99.0, 12.9, 0),
        (22.0, 99.0, 2),
        (0.0, 0.0, 0),
    ],
)
@pytest.mark.parametrize("dark", [True, False])
def test_the_plan_stays_inside_the_caps_and_the_wish_does_not(power_w: float, thermal_w: float, mode: int, dark: bool):
    state, out = step(inputs(BUSY, power=told(dark=dark), power_cap_w=power_w, thermal_cap_w=thermal_w))
    assert state.plan is not None
    assert (state.plan.mode, state.wish) == (mode, 2)
    assert out.decision.demand_w == 22.0, "what it would draw in the mode wished for"


def test_in_sunlight_and_there_alone_it_makes_haste():
    some = SourceWork(120, 0.0, 0.0)
    expected = plans_of(offers_of([some], 2000.0), 1e6 - REST_J, NEAR, CHIP, LEAK_W, 0.5, 0.02)
    hasty = hasty_of(expected, best_of(expected), [some], NEAR, CONFIG.drain_s)
    assert (best_of(expected).mode, hasty.mode) == (0, 2)
    dark, _ = step(inputs(some, power=told(dark=True)))
    lit, _ = step(inputs(some, power=told()))
    unknown, _ = step(inputs(some, power=None))
    assert [(state.plan.mode, state.wish) for state in (dark, lit, unknown) if state.plan] == [(0, 0), (2, 2), (0, 0)]


def test_a_plan_is_made_anew_every_so_many_ticks():
    budget = law(plan_ticks=3)
    state = budget.initial()
    seen = []
    for tick in range(8):
        power = told(10_000.0 + tick, dark=True)
        state, _ = budget.step(state, inputs(BUSY, power=power), CHIP, NEAR, CONFIG)
        assert isinstance(state, BudgetState)
        seen.append(state.plan)
    assert [before is after for before, after in pairwise(seen)] == [True, True, False, True, True, False, True]


def test_a_plan_is_made_anew_every_twenty_ticks_where_nothing_else_is_said():
    state, _ = step(inputs(BUSY, power=told()))
    assert state.left_ticks == 20
    assert BudgetInferenceLaw.Config() == BudgetInferenceLaw.Config(
        plan_ticks=20, kept_j=0.0, least_gain=0.02, rest=True
    )


def test_the_mode_of_the_plan_before_stands_where_it_is_worth_as_much():
    few = inputs(SourceWork(120, 0.0, 0.0), power=told(dark=True))
    state, _ = step(few)
    assert state.plan is not None
    assert state.plan.mode == 0
    before = struct_replace(state, plan=struct_replace(state.plan, mode=1), left_ticks=1)
    after, _ = step(few, before)
    assert after.plan is not None
    assert after.plan.mode == 1


@pytest.mark.parametrize(
    ("spent", "energy_j", "after"),
    [(False, 0.0, False), (False, 0.05, False), (False, -0.1, True), (True, 419.9, True), (True, 420.0, False)],
)
def test_a_payload_that_has_spent_its_energy_works_again_with_a_minute_s_worth(
    spent: bool, energy_j: float, after: bool
):
    before = BudgetState(spent=spent)
    state, out = step(inputs(BUSY, power=told(REST_J + energy_j, dark=True)), before)
    assert state.spent is after
    assert out.decision.work is not after
    assert (out.decision.binding is Binding.PLAN) is after


@pytest.mark.parametrize(("waiting", "binding"), [(0, Binding.NONE), (1, Binding.PLAN)])
def test_work_that_waits_for_energy_is_told_as_such_and_no_work_as_none(waiting: int, binding: Binding):
    one = SourceWork(waiting, 0.0, 0.0)
    _, out = step(inputs(one, power=told(0.0, dark=True)))
    assert out.decision.binding is binding


@pytest.mark.parametrize(
    ("waiting", "arriving_per_s", "works"), [(0, 0.9, True), (0, 0.1, False), (1, 0.1, True), (1, 0.9, True)]
)
def test_it_pauses_where_nothing_waits_and_little_comes(waiting: int, arriving_per_s: float, works: bool):
    one = SourceWork(waiting, 0.0, arriving_per_s, Stretch(0.0, 100.0))
    _, out = step(inputs(one, power=told()), rest=False)
    assert out.decision.work is works


def test_work_that_comes_back_after_a_while_begins_in_the_plan_s_mode():
    budget, state = law(plan_ticks=1), law().initial()
    for one in (IDLE, IDLE, IDLE, BUSY):
        state, out = budget.step(state, inputs(one, power=told()), CHIP, NEAR, CONFIG)
    assert (out.decision.mode, out.decision.work) == (2, True)


def test_a_batch_is_as_large_as_the_plan_s_variant_allows():
    urgent = SourceWork(10, 0.0, 0.0, deadline_s=80.0)
    state, out = step(inputs(urgent, power=told(dark=True)))
    assert state.plan is not None
    assert (state.plan.mode, state.plan.variants) == (0, (1,)), "2 s a scene"
    assert (out.decision.batch_scenes, out.decision.variants) == (2, (1,))


def resting(one: Inputs, busy_share: float = 0.1, *, before: bool = False, **own: object) -> bool:
    """Whether it rests after a tick in which this plan is in force."""
    state = BudgetState(plan=Plan(0, (0,) * len(one.work), 1.0, 1.0, busy_share), left_ticks=9, resting=before)
    after, out = step(one, state, **own)
    assert out.power_on is not after.resting
    return after.resting


DARK = told(dark=True)


def test_it_rests_in_the_dark_while_nothing_waits():
    assert resting(inputs(IDLE, power=DARK))
    assert not resting(inputs(SourceWork(1, 0.0, 0.0, deadline_s=1200.0), power=DARK))
    assert resting(inputs(SourceWork(1, 0.0, 0.0, deadline_s=1200.0), power=DARK), before=True), "it goes on resting"


def test_it_does_not_rest_where_it_may_not_or_does_not_have_to_work():
    assert not resting(inputs(IDLE, power=DARK), rest=False)
    assert not resting(inputs(IDLE, power=DARK, mode=Mode.NOMINAL))
    assert not resting(inputs(power=DARK))


def test_it_does_not_rest_in_sunlight_while_work_keeps_coming_or_is_the_day_s():
    often = SourceWork(0, 0.0, 0.6, Stretch(0.0, 2000.0), 1200.0)
    day = SourceWork(0, 0.0, 0.01, Stretch(0.0, 1999.0), 1200.0)
    for one in (often, day):
        assert not resting(inputs(one, power=told()))
        assert resting(inputs(one, power=DARK))
    assert resting(inputs(IDLE, power=told()))


@pytest.mark.parametrize(("busy_share", "rests"), [(0.9060, True), (0.9080, False)])
def test_it_rests_where_the_plan_leaves_time_enough_to_be_worth_a_boot(busy_share: float, rests: bool):
    # (0.95 - busy) of 2,000 s, less a boot of 20 s, at 4.5 W saved: for one and a half boots of 200 J
    assert resting(inputs(IDLE, power=DARK), busy_share) is rests


def test_the_time_ahead_is_that_to_the_end_of_the_eclipse_and_the_usual_one_where_none_is_known():
    assert not resting(inputs(IDLE, power=DARK), 0.93)
    assert resting(inputs(IDLE, power=None), 0.93)
    steady = SourceWork(0, 0.0, 0.6, deadline_s=1200.0)
    assert resting(inputs(steady, power=None), 0.93), "sunlight that nobody knows of is no reason to stay up"
