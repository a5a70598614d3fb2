"""Laws at set levels, haste, the outlook behind admission, and what becomes of a choice: at their boundaries."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from msgspec.structs import replace as struct_replace

from flightsw.apps.inference import law as standard
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.governor import Situation
from flightsw.apps.inference.haste import HASTE, hasty_of, is_of_the_day, is_steady, keeps_up
from flightsw.apps.inference.ladder import Ladder, Rung
from flightsw.apps.inference.law import NEVER_TICKS, Cap, State
from flightsw.apps.inference.levels import FixedInferenceLaw, HysteresisInferenceLaw, LevelState
from flightsw.apps.inference.outlook import NO_ECLIPSE_S, horizon_s, outlook_of
from flightsw.apps.inference.places import Stretch
from flightsw.apps.inference.plan import Plan
from flightsw.apps.inference.work import SourceWork
from flightsw.devices.accelerator import Telemetry
from flightsw.devices.profiles import load_profile
from flightsw.errors import ConfigError
from flightsw.messages.health import Mode
from flightsw.messages.inference import Binding
from flightsw.messages.power import PowerStatus

CHIP = load_profile("orin-nano").silicon()
TOP = len(CHIP.modes) - 1
RATES = (tuple(4.0 + mode for mode in range(TOP + 1)), tuple(2.0 + mode for mode in range(TOP + 1)))
LADDER = Ladder((Rung("small", 10.0, 0.5), Rung("large", 20.0, 0.9)), 1, 8, RATES)
CONFIG = InferenceConfig(dwell_ticks=2, queue_scenes=100, gate_ticks=20, revive_ticks=30)
UP = Telemetry(True, True, 0, 50.0, False, 5.0)
DOWN = Telemetry(False, False, 0, None, False, 0.3)


def work(waiting: int = 0, arriving_per_s: float = 0.0, **other) -> SourceWork:
    return SourceWork(waiting, 0.0, arriving_per_s, **other)


def power(soc: float | None = 0.7, **other) -> PowerStatus:
    told = PowerStatus(soc, 0.01, 0.0, 30.0, 0, 1000.0, 0.3, False, None, 0.0, None)
    return struct_replace(told, **other)


def inputs(waiting: int = 10, **other) -> standard.Inputs:
    fields = {
        "mode": Mode.PAYLOAD,
        "enabled": True,
        "telemetry": UP,
        "waiting": waiting,
        "arriving_per_s": 1.0,
        "work": (work(waiting), work()),
        "power": power(),
        "power_cap_w": 1000.0,
        "thermal_cap_w": 1000.0,
        **other,
    }
    return standard.Inputs(**fields)


def flown(law, *ticks: standard.Inputs):
    state, outs = law.initial(), []
    for one in ticks:
        state, out = law.step(state, one, CHIP, LADDER, CONFIG)
        outs.append((state, out))
    return outs


def plan(mode: int = 0, value: float = 1.0, variants: tuple[int, ...] = (0, 1)) -> Plan:
    return Plan(mode, variants, value, 1.0, 0.5)


def test_a_set_level_is_in_force_at_once_after_idling_and_left_when_there_is_no_work():
    law = FixedInferenceLaw(FixedInferenceLaw.Config())
    outs = flown(law, *[inputs(0)] * 3, inputs(1), inputs(0))
    assert [out.decision.mode for _, out in outs] == [0, 0, 0, TOP, 0]
    assert [out.decision.work for _, out in outs] == [False, False, False, True, False]
    assert [state.idle_ticks for state, _ in outs] == [1, 2, 3, 0, 1]
    assert outs[3][1].decision.variants == (1, 1), "the card's default for every source"
    ((_, low),) = flown(FixedInferenceLaw(FixedInferenceLaw.Config(mode=0, variant=0)), inputs(1))
    assert (low.decision.mode, low.decision.variants) == (0, (0, 0))


def test_levels_change_below_the_one_charge_and_above_the_other():
    law = HysteresisInferenceLaw(HysteresisInferenceLaw.Config(poor_soc=0.5, rich_soc=0.6))
    charges = [None, 0.5, 0.49, 0.6, None, 0.61, 0.5]
    outs = flown(law, *[inputs(power=power(soc)) for soc in charges])
    assert [state.poor for state, _ in outs] == [False, False, True, True, True, False, False]
    assert [out.decision.variants[0] for _, out in outs] == [1, 1, 0, 0, 0, 1, 1]
    ((state, _),) = flown(law, inputs(power=None))
    assert not state.poor, "nothing heard of power: as before"


@pytest.mark.parametrize(("poor", "rich", "good"), [(0.5, 0.6, True), (0.5, 0.5, False), (0.6, 0.5, False)])
def test_the_poor_level_s_charge_lies_below_the_rich_one_s(poor, rich, good):
    if good:
        assert HysteresisInferenceLaw.Config(poor_soc=poor, rich_soc=rich)
        return
    with pytest.raises(ConfigError, match=f"poor_soc = {poor}: must be below rich_soc = {rich}"):
        HysteresisInferenceLaw.Config(poor_soc=poor, rich_soc=rich)


def test_a_level_law_rests_by_its_time_out_in_payload_mode_alone():
    law = FixedInferenceLaw(FixedInferenceLaw.Config(idle_ticks=3, wake_s=1e6))
    outs = flown(law, *[inputs(0)] * 4)
    assert [state.resting for state, _ in outs] == [False, False, True, True]
    assert [out.power_on for _, out in outs] == [True, True, False, False]
    assert not any(state.resting for state, _ in flown(law, *[inputs(0, mode=Mode.NOMINAL)] * 4))
    assert isinstance(law.initial(), LevelState)


def test_haste_takes_a_plan_that_gives_up_a_hundredth_and_no_more():
    best, fast = plan(0, 100.0, (0,)), plan(1, 100.0 * (1.0 - HASTE), (0,))
    busy = [work(480)]  # 120 s in mode 0 and 96 s in mode 1
    assert hasty_of([best, fast], best, busy, LADDER, 100.0) is fast
    assert hasty_of([best, plan(1, 98.99, (0,))], best, busy, LADDER, 100.0) is best
    assert hasty_of([best, fast], best, busy, LADDER, 120.0) is best, "it keeps up itself"


@pytest.mark.parametrize(("waiting", "arriving_per_s", "keeps"), [(40, 3.0, True), (41, 3.0, False), (40, 3.1, False)])
def test_a_plan_keeps_up_that_serves_the_queue_in_time_beside_what_arrives(waiting, arriving_per_s, keeps):
    # at 4 a second, 40 scenes take a quarter of 40 s and what arrives three quarters
    assert keeps_up(plan(variants=(0,)), [work(waiting, arriving_per_s)], LADDER, 40.0) is keeps


@pytest.mark.parametrize(("arriving_per_s", "steady"), [(2.0, True), (1.99, False)])
def test_work_is_steady_where_it_takes_half_of_the_time(arriving_per_s, steady):
    assert is_steady(plan(variants=(0,)), [work(0, arriving_per_s)], LADDER) is steady


@pytest.mark.parametrize(("lasts_s", "of_the_day"), [(99.9, True), (100.0, False)])
def test_work_is_of_the_day_where_any_of_it_ends_before_the_eclipse_does(lasts_s, of_the_day):
    always, short = work(0, 1.0), work(0, 1.0, stretch=Stretch(0.0, lasts_s))
    assert is_of_the_day([always, short], 100.0) is of_the_day


@pytest.mark.parametrize(
    ("starts_s", "lasts_s", "horizon"),
    [(None, 0.0, NO_ECLIPSE_S), (0.0, 0.4, 1.0), (0.0, 1.05, 1.05), (600.0, 2000.0, 2600.0)],
)
def test_energy_is_for_the_time_to_the_eclipse_s_end(starts_s, lasts_s, horizon):
    assert horizon_s(power(eclipse_in_s=starts_s, eclipse_left_s=lasts_s)) == horizon


def situation(thermal_cap_w: float) -> Situation:
    return Situation(True, True, 10, 1.0, 1000.0, thermal_cap_w, 1.5)


def test_the_outlook_is_of_the_cheapest_variant_by_device_heat_and_energy():
    chip = replace(CHIP, modes=CHIP.modes)
    lowest_w = chip.working_w[0] + 1.5
    assert outlook_of(situation(lowest_w), None, chip, LADDER) == (RATES[0][TOP], math.inf, RATES[0][0])
    assert outlook_of(situation(lowest_w - 0.01), None, chip, LADDER).thermal_per_s == 0.0
    assert outlook_of(situation(1000.0), power(), chip, LADDER) == (RATES[0][TOP], math.inf, RATES[0][TOP])
    per_scene_j = min((watts + 1.5) / rate for watts, rate in zip(chip.working_w, RATES[0], strict=True))
    told = power(eclipse_in_s=600.0, eclipse_left_s=400.0, compute_energy_j=5000.0)
    assert outlook_of(situation(1000.0), told, chip, LADDER).energy_per_s == pytest.approx(5.0 / per_scene_j)


@pytest.mark.parametrize("admission", [True, False])
def test_an_outlook_is_made_where_admission_asks_for_it(admission):
    config = struct_replace(CONFIG, admission=admission)
    _, out = standard.step(State(), inputs(), CHIP, LADDER, config)
    assert (out.decision.outlook is not None) is admission


def test_a_device_that_can_t_be_switched_on_is_put_down_to_the_lower_cap():
    for power_w, thermal_w, binding in ((0.5, 1000.0, Binding.POWER), (1000.0, 0.5, Binding.THERMAL)):
        _, out = standard.step(
            State(),
            inputs(0, arriving_per_s=0.0, telemetry=DOWN, power_cap_w=power_w, thermal_cap_w=thermal_w),
            CHIP,
            LADDER,
            CONFIG,
        )
        assert (out.power_on, out.decision.binding) == (False, Binding.NONE), "nothing to do"
        boots_not = replace(CHIP, boot_w=500.0)
        caps = {"power_cap_w": min(power_w * 600.0, 400.0), "thermal_cap_w": min(thermal_w * 600.0, 400.0)}
        caps["power_cap_w" if binding is Binding.POWER else "thermal_cap_w"] = 300.0
        _, out = standard.step(State(), inputs(telemetry=DOWN, **caps), boots_not, LADDER, CONFIG)
        assert (out.power_on, out.decision.binding) == (False, binding), "its work fits, its boot does not"
    _, out = standard.step(State(), inputs(telemetry=DOWN), CHIP, LADDER, CONFIG)
    assert (out.power_on, out.decision.binding) == (True, Binding.DEVICE), "on, and booting"
    _, out = standard.step(State(), inputs(), CHIP, LADDER, CONFIG)
    assert (out.power_on, out.decision.binding) == (True, Binding.NONE)


@pytest.mark.parametrize(("chip_c", "leaks_at_c"), [(None, 62.0), (50.0, 52.0), (-10.0, -8.0)])
def test_leakage_is_that_of_a_chip_two_kelvins_warmer_than_seen_or_of_one_at_sixty(chip_c, leaks_at_c):
    heard = standard.heard(State(), inputs(telemetry=struct_replace(UP, chip_c=chip_c)), CHIP, CONFIG)
    assert heard.situation.leak_w == CHIP.leak_w(leaks_at_c)


def chosen(choice: standard.Choice, **other):
    """What becomes of a choice."""
    one = inputs(**other)
    believed = standard.heard(State(), one, CHIP, CONFIG)
    return standard.applied(State(), believed, choice, one, CHIP, LADDER, CONFIG)[1].decision


def test_work_that_is_to_wait_is_told_as_the_plan_s_where_nothing_else_binds():
    assert chosen(standard.Choice(None, waits=True)).binding is Binding.PLAN
    assert chosen(standard.Choice(None)).binding is Binding.NONE
    assert chosen(standard.Choice(0, waits=True), enabled=False).binding is Binding.COMMANDED


def test_variants_and_batch_are_the_choice_s_each_by_itself():
    for choice in (standard.Choice(0, (1, 0)), standard.Choice(0, (), 5), standard.Choice(0, (1, 0), 5)):
        decision = chosen(choice)
        assert (decision.variants, decision.batch_scenes) == (choice.variants, choice.batch_scenes)


def test_a_cap_that_is_heard_no_more_ages_to_never_and_stays_there():
    state = State(power_cap=Cap(5.0, NEVER_TICKS - 1), thermal_cap=Cap(5.0, 3))
    for power_ticks, thermal_ticks in ((NEVER_TICKS, 4), (NEVER_TICKS, 5)):
        state, _ = standard.step(state, inputs(power_cap_w=None, thermal_cap_w=None), CHIP, LADDER, CONFIG)
        assert (state.power_cap.age_ticks, state.thermal_cap.age_ticks) == (power_ticks, thermal_ticks)
