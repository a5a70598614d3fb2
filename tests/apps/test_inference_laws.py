"""Laws of the payload manager: inside the caps whatever they choose, the plan behind `budget`, rest, no chatter."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference.budget import BudgetInferenceLaw, BudgetState
from flightsw.apps.inference.chance import RandomInferenceLaw
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.haste import hasty_of, is_steady, keeps_up
from flightsw.apps.inference.interface import Inputs, StandardInferenceLaw
from flightsw.apps.inference.ladder import Ladder, Rung, ladder_of
from flightsw.apps.inference.law import WARMING_K
from flightsw.apps.inference.laws import SHIPPED
from flightsw.apps.inference.levels import FixedInferenceLaw, HysteresisInferenceLaw
from flightsw.apps.inference.places import Stretch
from flightsw.apps.inference.plan import Offer, Plan, batch_for, best_of, climbs, offers_of, plans_of
from flightsw.apps.inference.work import SourceWork
from flightsw.devices.accelerator import Telemetry
from flightsw.devices.profiles import load_profile
from flightsw.errors import ConfigError
from flightsw.messages.health import Mode
from flightsw.messages.inference import Binding
from flightsw.messages.power import PowerStatus

CHIPS = {name: load_profile(name).silicon() for name in ("orin-nano", "orin-nx", "h100-sxm", "raspberry-pi-4")}
SILICON = CHIPS["orin-nano"]
RUNGS = (Rung("small", 13.0, 0.43), Rung("middle", 40.0, 0.60), Rung("large", 68.0, 0.84), Rung("wasteful", 90.0, 0.80))
CONFIG = InferenceConfig(dwell_ticks=30, margin_w=1.0, admission=True)
LADDER = ladder_of(RUNGS, 2, SILICON, CONFIG.batch_scenes)
UP = Telemetry(True, True, 0, 50.0, False, 5.0)
DOWN = Telemetry(False, False, 0, None, False, 0.3)
LAWS = {
    "budget": BudgetInferenceLaw(BudgetInferenceLaw.Config()),
    "drain": StandardInferenceLaw(),
    "fixed": FixedInferenceLaw(FixedInferenceLaw.Config(idle_ticks=5, wake_s=30.0)),
    "hysteresis": HysteresisInferenceLaw(HysteresisInferenceLaw.Config()),
    "random": RandomInferenceLaw(RandomInferenceLaw.Config(hold_ticks=3)),
}


def power(energy_j: float | None = 50_000.0, cap_w: float = 40.0, soc: float = 0.7) -> PowerStatus:
    return PowerStatus(soc, 0.01, 0.0, 30.0, 0, cap_w, 0.5, False, 2000.0, 2000.0, energy_j)


def work(waiting: int = 500, **other) -> SourceWork:
    return SourceWork(**({"waiting": waiting, "oldest_s": 10.0 if waiting else 0.0, "arriving_per_s": 4.0} | other))


def inputs(power_w: float = 40.0, thermal_w: float = 40.0, **other) -> Inputs:
    load = other.pop("work", (work(), work(20, weight=8.0, deadline_s=240.0, arriving_per_s=0.1)))
    fields = {
        "mode": Mode.PAYLOAD,
        "enabled": True,
        "telemetry": UP,
        "waiting": sum(one.waiting for one in load),
        "arriving_per_s": 4.1,
        "power": power(cap_w=power_w),
        **other,
    }
    return Inputs(power_cap_w=power_w, thermal_cap_w=thermal_w, work=load, **fields)


def flown(law, given_inputs: list[Inputs], silicon=SILICON, ladder: Ladder = LADDER) -> list:
    """Outputs tick by tick."""
    state, outputs = law.initial(), []
    for one in given_inputs:
        state, out = law.step(state, one, silicon, ladder, CONFIG)
        outputs.append(out)
    return outputs


def test_the_laws_tried_here_are_all_that_are_shipped():
    assert sorted(LAWS) == sorted(SHIPPED)
    assert {name: type(law) for name, law in LAWS.items()} == dict(SHIPPED)


caps = st.one_of(st.none(), st.floats(0.0, 40.0))


@pytest.mark.parametrize("name", sorted(LAWS))
@settings(max_examples=40, deadline=None)
@given(
    heard=st.lists(
        st.tuples(caps, caps, st.sampled_from([UP, UP, DOWN]), st.sampled_from([Mode.PAYLOAD] * 3 + list(Mode))),
        min_size=1,
        max_size=40,
    ),
    waiting=st.integers(0, 5000),
    energy_j=st.one_of(st.none(), st.floats(0.0, 1e6)),
)
def test_no_law_works_outside_the_caps_or_outside_payload_mode(name, heard, waiting, energy_j):
    law, state = LAWS[name], LAWS[name].initial()
    for power_w, thermal_w, telemetry, mode in heard:
        one = inputs(power_w, thermal_w, telemetry=telemetry, mode=mode, work=(work(waiting),), power=power(energy_j))
        state, outputs = law.step(state, one, SILICON, LADDER, CONFIG)
        decision = outputs.decision
        assert decision.granted_w <= min(state.power_cap.cap_w, state.thermal_cap.cap_w)
        assert all(0 <= variant < len(RUNGS) for variant in decision.variants)
        assert decision.outlook is not None
        if decision.work:
            assert mode is Mode.PAYLOAD
            assert decision.predicted_w <= decision.granted_w


@settings(max_examples=60, deadline=None)
@given(
    chip=st.sampled_from(sorted(CHIPS)),
    scenes=st.lists(st.floats(0.0, 1e5), min_size=1, max_size=4),
    energy_j=st.floats(100.0, 1e7),
    more=st.floats(1.0, 3.0),
)
def test_a_plan_keeps_to_energy_and_time_and_more_energy_is_never_worth_less(chip, scenes, energy_j, more):
    silicon = CHIPS[chip]
    ladder = ladder_of(RUNGS, 0, silicon, 8)
    offers = [Offer(count, 3000.0, weight) for count, weight in zip(scenes, (1.0, 8.0, 2.0, 1.0), strict=False)]
    plans = plans_of(offers, energy_j, ladder, silicon, 1.0, 0.3)
    for plan, richer in zip(plans, plans_of(offers, energy_j * more, ladder, silicon, 1.0, 0.3), strict=True):
        assert plan.energy_j <= energy_j * (1 + 1e-9)
        assert plan.busy_share <= 0.95 * (1 + 1e-9)
        assert richer.value >= 0.98 * plan.value, "the greedy rule adds two shares: nearly monotone"
    assert best_of(plans).value >= 0.995 * max(plan.value for plan in plans)


@settings(max_examples=40, deadline=None)
@given(low_w=st.floats(0.0, 40.0), high_w=st.floats(0.0, 40.0), waiting=st.integers(1, 5000))
def test_a_higher_cap_never_makes_the_plan_worth_less(low_w, high_w, waiting):
    low_w, high_w = sorted((low_w, high_w))
    states = []
    for cap_w in (low_w, high_w):
        law = LAWS["budget"]
        state, _ = law.step(law.initial(), inputs(cap_w, work=(work(waiting),)), SILICON, LADDER, CONFIG)
        assert isinstance(state, BudgetState)
        assert state.plan is not None
        states.append(state.plan)
    assert states[1].value >= 0.995 * states[0].value


def test_a_ladder_is_climbed_along_its_hull_past_what_costs_more_and_is_worth_less():
    steps = climbs(LADDER, [rates[0] ** -1 for rates in LADDER.rates], 2.0)
    assert [rung for rung, _, _ in steps] == [0, 2], "middle lies below the line from small to large"
    slopes = [worth / took_s for _, worth, took_s in steps]
    assert slopes == sorted(slopes, reverse=True)
    assert sum(worth for _, worth, _ in steps) == pytest.approx(2.0 * 0.84)


def test_with_energy_for_some_the_weightier_are_served_better():
    offers = [Offer(5000.0, 3000.0, 1.0), Offer(300.0, 3000.0, 8.0)]
    plan = best_of(plans_of(offers, 8_000.0, LADDER, SILICON, 1.0, 0.3))
    assert plan.variants == (0, 2)
    ample = best_of(plans_of(offers, 1e9, LADDER, SILICON, 1.0, 0.3))
    assert ample.variants == (2, 2)


def test_the_mode_is_the_cheapest_that_there_is_time_for():
    def mode(scenes: float) -> int:
        return best_of(plans_of([Offer(scenes, 1000.0, 1.0)], 1e9, LADDER, SILICON, 1.0, 0.3)).mode

    modes = [mode(scenes) for scenes in (100.0, 1500.0, 2400.0, 3400.0, 4200.0)]
    assert modes == sorted(modes)
    assert modes[0] == 0, "the Orin Nano's 7 W mode costs the least an operation"
    assert modes[-1] == 3
    racing = ladder_of(RUNGS, 0, CHIPS["orin-nx"], 8)
    plans = plans_of([Offer(100.0, 1000.0, 1.0)], 1e9, racing, CHIPS["orin-nx"], 1.0, 0.3)
    assert best_of(plans).mode == 1, "the Orin NX races to idle: its slow mode idles at as much"


def test_the_mode_in_force_stands_while_its_plan_is_worth_as_much():
    plans = (Plan(0, (0,), 100.0, 50.0, 0.5), Plan(1, (0,), 100.2, 51.0, 0.4), Plan(2, (0,), 100.0, 70.0, 0.3))
    assert best_of(plans).mode == 0
    assert best_of(plans, 1).mode == 1
    assert best_of(plans, 2).mode == 0


def test_offers_count_what_arrives_until_the_horizon_and_how_long_it_may_wait():
    night = work(0, stretch=Stretch(500.0, 2000.0), deadline_s=600.0)
    day = work(100, stretch=Stretch(0.0, 800.0), deadline_s=600.0)
    left = work(100, arriving_per_s=0.0, oldest_s=400.0, deadline_s=600.0)
    first, second, third = offers_of((night, day, left), 1000.0)
    assert (first.scenes, first.window_s) == (2000.0, 1000.0)
    assert (second.scenes, second.window_s) == (3300.0, 1000.0)
    assert (third.scenes, third.window_s) == (100.0, 200.0)


def test_of_what_may_wait_beyond_the_horizon_an_even_pace_is_offered():
    later = work(100, arriving_per_s=0.0, oldest_s=0.0, deadline_s=600.0)
    (offer,) = offers_of((later,), 150.0)
    assert (offer.scenes, offer.window_s) == (25.0, 150.0)
    (last,) = offers_of((work(1000, arriving_per_s=0.0, deadline_s=3600.0),), 1.0)
    assert last.scenes < 1.0, "a horizon of a second asks for no haste"


def test_a_step_of_the_ladder_that_adds_too_little_is_not_taken():
    rungs = (Rung("small", 13.0, 0.90), Rung("medium", 48.0, 0.945), Rung("large", 68.0, 0.955))
    ladder = ladder_of(rungs, 1, SILICON, CONFIG.batch_scenes)
    seconds = [1.0 / rates[0] for rates in ladder.rates]
    assert [rung for rung, _, _ in climbs(ladder, seconds, 1.0)] == [0, 1, 2]
    assert [rung for rung, _, _ in climbs(ladder, seconds, 1.0, 0.02)] == [0, 1]


def test_in_sunlight_work_is_not_put_off_where_that_costs_no_value():
    plans = (Plan(0, (0,), 100.0, 50.0, 0.5), Plan(1, (0,), 99.5, 60.0, 0.4), Plan(2, (0,), 99.2, 70.0, 0.3))
    dear = (plans[0], Plan(1, (0,), 98.0, 60.0, 0.4))
    rates = LADDER.rates[0]
    few = (work(int(100 * rates[0]), arriving_per_s=0.0),)
    more = (work(int(100 * rates[1]), arriving_per_s=0.0),)
    most = (work(10**6, arriving_per_s=0.0),)
    assert [hasty_of(plans, plans[0], one, LADDER, 101.0).mode for one in (few, more, most)] == [0, 1, 2]
    assert hasty_of(dear, plans[0], most, LADDER, 101.0).mode == 0, "value goes before haste"
    arriving = (work(0, arriving_per_s=0.9 * rates[0]),)
    assert keeps_up(plans[0], arriving, LADDER, 100.0)
    assert not keeps_up(plans[0], (work(int(20 * rates[0]), arriving_per_s=0.9 * rates[0]),), LADDER, 100.0)


def test_an_empty_queue_is_no_reason_to_leave_the_mode_while_work_keeps_coming():
    law = LAWS["budget"]
    stretch = Stretch(0.0, 500.0)
    steady = [
        inputs(work=(work(500 if tick % 4 else 0, arriving_per_s=9.0, stretch=stretch),), power=power(1e6))
        for tick in range(200)
    ]
    outputs = flown(law, steady)[60:]
    assert all(one.decision.work for one in outputs)
    assert len({one.decision.mode for one in outputs}) == 1
    sparse = inputs(work=(work(0, arriving_per_s=0.01),), power=power(1e6))
    state, _ = law.step(law.initial(), sparse, SILICON, LADDER, CONFIG)
    assert not is_steady(state.plan, sparse.work, LADDER)


def test_the_device_does_not_rest_through_the_day_s_images_nor_where_the_plan_needs_its_time():
    law = LAWS["budget"]
    day = inputs(work=(work(0, arriving_per_s=0.01, stretch=Stretch(0.0, 500.0)),))
    _, outputs = law.step(law.initial(), day, SILICON, LADDER, CONFIG)
    assert outputs.power_on is True, "put off, it would be met in the dark"
    night = PowerStatus(0.7, 0.01, 10.0, 0.0, 0, 40.0, 0.5, True, 0.0, 2000.0, 50_000.0)
    idle, busy = work(0, arriving_per_s=0.01), work(0, arriving_per_s=20.0)
    for one, is_on in ((idle, False), (busy, True)):
        _, outputs = law.step(law.initial(), inputs(work=(one,), power=night), SILICON, LADDER, CONFIG)
        assert outputs.power_on is is_on


def test_demand_is_told_as_it_were_without_caps_and_the_cap_as_what_binds():
    law = LAWS["budget"]
    outputs = flown(law, [inputs(16.0, work=(work(3000, arriving_per_s=20.0),), power=power(1e7))] * 60)[-1]
    decision = outputs.decision
    assert decision.work
    assert decision.mode == 1
    assert decision.demand_w > decision.granted_w >= decision.predicted_w
    assert decision.binding is Binding.POWER


def test_caps_that_flutter_and_a_load_that_wavers_make_no_chatter():
    law = LAWS["budget"]
    heard = [
        inputs(
            25.0 + 0.4 * math.sin(tick), work=(work(800 + 40 * (tick % 3)),), power=power(50_000.0 + 500 * (tick % 2))
        )
        for tick in range(600)
    ]
    outputs = flown(law, heard)
    assert any(one.decision.work for one in outputs)
    modes = [one.decision.mode for one in outputs]
    changes = [tick for tick, (before, after) in enumerate(pairwise(modes)) if before != after]
    assert len(changes) <= 4


def test_energy_that_is_kept_is_not_spent_and_work_comes_back_by_a_margin():
    law = BudgetInferenceLaw(BudgetInferenceLaw.Config(kept_j=30_000.0, plan_ticks=1))
    rest_j = SILICON.gated_w * 4000.0
    again_j = 60.0 * SILICON.working_w[0]
    spare_j = [9_000.0, -10.0, 0.5 * again_j, 1.5 * again_j, 10.0, -10.0]
    outputs = flown(law, [inputs(power=power(30_000.0 + rest_j + more)) for more in spare_j])
    assert [one.decision.work for one in outputs] == [True, False, False, True, True, False]
    bindings = [one.decision.binding for one in outputs]
    assert [one is Binding.PLAN for one in bindings] == [False, True, True, False, False, True], "no fault: see health"


def test_a_batch_is_as_large_as_what_is_most_urgent_allows():
    slack, urgent = work(deadline_s=3600.0), work(deadline_s=60.0)
    assert batch_for([slack], [0.5], 100) == 100
    assert batch_for([slack, urgent], [0.5, 0.1], 100) == 6
    assert batch_for([slack, urgent], [9.0, 0.1], 100) == 1
    assert batch_for([slack, work(0, deadline_s=60.0, arriving_per_s=0.0)], [0.5, 0.1], 100) == 100, "it has no work"


def test_a_device_with_nothing_urgent_rests_and_wakes_in_time_for_what_waits():
    law, state = LAWS["budget"], LAWS["budget"].initial()
    idle = inputs(work=(work(0, arriving_per_s=0.01, deadline_s=1200.0),))
    state, outputs = law.step(state, idle, SILICON, LADDER, CONFIG)
    assert outputs.power_on is False
    soon = inputs(work=(work(3, oldest_s=100.0, arriving_per_s=0.01, deadline_s=1200.0),), telemetry=DOWN)
    state, outputs = law.step(state, soon, SILICON, LADDER, CONFIG)
    assert outputs.power_on is False, "there is time"
    late = inputs(work=(work(3, oldest_s=650.0, arriving_per_s=0.01, deadline_s=1200.0),), telemetry=DOWN)
    state, outputs = law.step(state, late, SILICON, LADDER, CONFIG)
    assert outputs.power_on is True
    urgent = inputs(work=(work(0, arriving_per_s=0.01, deadline_s=60.0),))
    _, outputs = law.step(law.initial(), urgent, SILICON, LADDER, CONFIG)
    assert outputs.power_on is True, "a boot would take longer than such work may wait"


def test_rest_by_time_out_comes_after_so_long_without_work_and_ends_when_something_has_waited():
    law = LAWS["fixed"]
    nothing, one = inputs(work=(work(0),)), inputs(work=(work(1, oldest_s=1.0),))
    waited = inputs(work=(work(1, oldest_s=30.0),))
    on = [out.power_on for out in flown(law, [nothing] * 6 + [one, waited])]
    assert on == [True] * 4 + [False] * 3 + [True]


def test_hysteresis_changes_its_level_between_its_two_charges_alone():
    law = LAWS["hysteresis"]
    socs = [0.70, 0.60, 0.54, 0.60, 0.64, 0.66, 0.60]
    outputs = flown(law, [inputs(power=power(soc=soc)) for soc in socs])
    assert [one.decision.variants[0] for one in outputs] == [3, 3, 0, 0, 0, 3, 3]
    with pytest.raises(ConfigError, match=r"poor_soc = 0\.7: must be below rich_soc = 0\.6"):
        HysteresisInferenceLaw.Config(poor_soc=0.7, rich_soc=0.6)


def test_dice_fall_by_seed_and_throw():
    def modes(seed: int) -> list[int]:
        law = RandomInferenceLaw(RandomInferenceLaw.Config(seed=seed, hold_ticks=1))
        return [one.decision.variants[0] for one in flown(law, [inputs()] * 40)]

    assert modes(1) == modes(1) != modes(2)
    assert set(modes(1)) == set(range(len(RUNGS)))


def test_the_outlook_is_the_cheapest_variant_s_by_device_energy_and_heat():
    outlook = flown(LAWS["drain"], [inputs(thermal_w=15.0)])[-1].decision.outlook
    assert outlook.device_per_s == LADDER.rates[0][3]
    assert outlook.thermal_per_s == LADDER.rates[0][1]
    leak_w = SILICON.leak_w(50.0 + WARMING_K)
    least_j = min((watts + leak_w) / rate for watts, rate in zip(SILICON.working_w, LADDER.rates[0], strict=True))
    assert outlook.energy_per_s == pytest.approx(50_000.0 / 4000.0 / least_j)
    unknown = flown(LAWS["drain"], [inputs(power=power(None))])[-1].decision.outlook
    assert unknown.energy_per_s == math.inf
