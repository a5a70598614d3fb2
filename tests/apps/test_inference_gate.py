"""The gate to the microwatt, the account to the scene, and a law that throws dice and remembers its throws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flightsw.apps.inference.account import Account
from flightsw.apps.inference.chance import ChanceState, RandomInferenceLaw
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.gate import GateState, gate_step
from flightsw.devices.profiles import load_profile
from flightsw.messages.inference import Refusal
from tests.apps.test_inference_laws import LADDER, RUNGS, SILICON, inputs, work

NANO = load_profile("orin-nano").silicon()
CHIP = replace(
    NANO, boot_w=10.0, modes=tuple(replace(mode, base_w=3.0 + place) for place, mode in enumerate(NANO.modes))
)
CONFIG = InferenceConfig(margin_w=1.0, gate_ticks=3, revive_ticks=10)
PROMPT = InferenceConfig(dwell_ticks=1)


def gated(state: GateState, granted_w: float, *, powered: bool = True) -> GateState:
    return gate_step(state, CHIP, CONFIG, wanted=True, powered=powered, granted_w=granted_w, leak_w=1.5)


@pytest.mark.parametrize(("granted_w", "on"), [(12.4, False), (12.5, True), (20.0, True)])
def test_it_is_switched_on_where_boot_leakage_and_margin_fit(granted_w, on):
    assert gated(GateState(on=False), granted_w, powered=False).on is on


def test_only_caps_below_idling_count_and_one_tick_above_starts_anew():
    state = GateState(on=True)
    assert gated(state, 4.5).too_much_ticks == 0
    for ticks in (1, 2):
        state = gated(state, 4.4)
        assert (state.on, state.too_much_ticks) == (True, ticks)
    assert gated(state, 4.5).too_much_ticks == 0
    assert gated(state, 4.4).on is False


def test_an_account_begins_empty_and_adds_up():
    account = Account(2, 1)
    told = account.told((0, 0), (0, 0))
    assert (account.full, account.total_value) == (0, 0.0)
    for counts in (told.arrived, told.done, told.in_time, told.late, told.lost, told.refused, told.value):
        assert not any(counts)
    assert told.variant_items == (0,)
    account.refuse(1, Refusal.DEADLINE, 4)
    account.refuse(1, Refusal.FULL, 3)
    assert (account.full, account.refused_of(0), account.refused_of(1)) == (3, 0, 7)
    account.finish(0, 0, 5, 10.0, in_time=True)
    account.finish(0, 0, 2, 4.0, in_time=False)
    assert (account.done[0], account.in_time[0], account.value[0], account.total_value) == (7, 5, 10.0, 10.0)
    assert account.variant_items == [7]


def test_after_a_restart_what_was_neither_done_nor_turned_away_nor_late_is_lost():
    before = Account(1, 1)
    before.arrived[0] = 100
    before.finish(0, 0, 40, 80.0, in_time=True)
    before.refuse(0, Refusal.QUOTA, 20)
    before.late[0] = 10
    after = Account(1, 1)
    after.restore(before.stored(enabled=True, batches_done=5, batches_executed=1, models=""))
    assert after.lost == [30]
    assert (after.value, after.total_value, after.in_time) == ([80.0], 80.0, [40])


def thrown(ticks: int, waiting: int, sources: int = 8, seed: int = 0) -> list[tuple[int, int, tuple[int, ...]]]:
    """(throws, mode in force, variants) of every tick, with caps that never bind."""
    law = RandomInferenceLaw(RandomInferenceLaw.Config(seed=seed, hold_ticks=3))
    state, found = law.initial(), []
    one = inputs(1000.0, 1000.0, work=tuple(work(waiting) for _ in range(sources)))
    for _ in range(ticks):
        state, out = law.step(state, one, SILICON, LADDER, PROMPT)
        assert isinstance(state, ChanceState)
        found.append((state.throws, out.decision.mode, tuple(out.decision.variants)))
    return found


def test_a_throw_holds_for_its_ticks_and_then_comes_the_next():
    ticks = thrown(600, 100)
    assert [throws for throws, _, _ in ticks] == [1 + tick // 3 for tick in range(600)]
    for begin in range(3, 600, 3):
        assert len({variants for _, _, variants in ticks[begin : begin + 3]}) == 1
        assert len({mode for _, mode, _ in ticks[begin + 1 : begin + 3]}) == 1, "in force a tick later"


def test_mode_and_every_source_s_variant_are_thrown_apart():
    ticks = thrown(3000, 1)[5::3]
    modes = range(len(SILICON.modes))
    for place in range(3):
        pairs = {(mode, variants[place]) for _, mode, variants in ticks}
        assert pairs == {(mode, rung) for mode in modes for rung in range(len(RUNGS))}, place
    assert all(len(variants) == 8 for _, _, variants in ticks)
    assert len({(variants[0], variants[1]) for _, _, variants in ticks}) == len(RUNGS) ** 2


def test_without_work_no_mode_is_asked_for_and_another_seed_throws_otherwise():
    assert {mode for _, mode, _ in thrown(60, 0)} == {0}
    assert thrown(60, 100) != thrown(60, 100, seed=1)


def test_out_of_idling_the_mode_that_was_thrown_is_in_force_at_once():
    law = RandomInferenceLaw(RandomInferenceLaw.Config(hold_ticks=1))
    state, found = law.initial(), set()
    for tick in range(400):
        load = (work(100 if tick % 4 == 0 else 0),)
        state, out = law.step(state, inputs(1000.0, 1000.0, work=load), SILICON, LADDER, PROMPT)
        if tick % 4 == 0:
            found.add(out.decision.mode)
    assert found == set(range(len(SILICON.modes)))
