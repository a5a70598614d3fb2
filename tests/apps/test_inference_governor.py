"""Governor: the mode inside both caps, with which cap binds; properties over all situations."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.governor import Decision, GovernorState, Situation, demanded_mode, govern, highest_within
from flightsw.devices.profiles import load_profile
from flightsw.messages.inference import Binding
from tests.apps.payload import ROUND

SILICON = load_profile("orin-nano").silicon()
CONFIG = InferenceConfig(drain_s=100.0, dwell_ticks=5, margin_w=1.0)
RATES = tuple(SILICON.items_per_s(mode, 48.0, CONFIG.batch_scenes) for mode in range(len(SILICON.modes)))
LEAK_W = SILICON.leak_w(50.0)
TOP = len(SILICON.modes) - 1
FULL_W = [SILICON.full_load_w(mode, 50.0) for mode in range(TOP + 1)]
WORKING = GovernorState(1, 100, held=False)

caps = st.floats(0.0, 40.0)
states = st.builds(GovernorState, st.integers(0, TOP), st.integers(0, 20), st.booleans())


def situation(power_w: float = 40.0, thermal_w: float = 40.0, waiting: int = 10**6, **other) -> Situation:
    fields = {"enabled": True, "ready": True, "arriving_per_s": 0.0, "leak_w": LEAK_W, **other}
    return Situation(waiting=waiting, power_cap_w=power_w, thermal_cap_w=thermal_w, **fields)


def governed(state: GovernorState, given_situation: Situation) -> tuple[GovernorState, Decision]:
    """One tick, with the standard law's wish."""
    return govern(state, given_situation, demanded_mode(given_situation, RATES, CONFIG), SILICON, CONFIG)


def decide(state: GovernorState, given_situation: Situation) -> Decision:
    return governed(state, given_situation)[1]


def settled(given_situation: Situation, ticks: int = 40) -> Decision:
    """What it comes to when nothing changes."""
    state = GovernorState()
    for _ in range(ticks):
        state, decision = governed(state, given_situation)
    return decision


@settings(max_examples=300)
@given(state=states, power_w=caps, thermal_w=caps, waiting=st.integers(0, 10**6), chip_c=st.floats(-20.0, 95.0))
def test_predicted_power_never_exceeds_what_is_granted_while_work_is_let_through(
    state, power_w, thermal_w, waiting, chip_c
):
    decision = decide(state, situation(power_w, thermal_w, waiting, leak_w=SILICON.leak_w(chip_c)))
    assert decision.granted_w == min(power_w, thermal_w)
    if decision.work:
        assert decision.predicted_w <= decision.granted_w


def test_what_the_queue_would_draw_is_told_also_where_work_is_forbidden():
    forbidden = decide(WORKING, situation(enabled=False))
    assert not forbidden.work
    assert forbidden.binding is Binding.COMMANDED
    assert forbidden.demand_w == FULL_W[TOP]
    assert decide(WORKING, situation(enabled=False, waiting=0)).demand_w == 0.0


@settings(max_examples=300)
@given(state=states, low_w=caps, high_w=caps, thermal_w=caps, waiting=st.integers(0, 10**6))
def test_a_higher_cap_never_gives_a_lower_mode(state, low_w, high_w, thermal_w, waiting):
    low_w, high_w = sorted((low_w, high_w))
    less = decide(state, situation(low_w, thermal_w, waiting))
    more = decide(state, situation(high_w, thermal_w, waiting))
    assert (less.work, less.mode) <= (more.work, more.mode)


def test_a_mode_between_is_taken_when_the_highest_that_fits_has_no_margin():
    """The highest fitting mode lacks the margin; the one below it has it, and is better than staying."""
    granted_w = FULL_W[2] + 0.5 * CONFIG.margin_w
    state = GovernorState(0, 100, held=False)
    assert decide(state, situation(granted_w)).mode == 1


@settings(max_examples=100)
@given(power_w=caps, thermal_w=caps, waiting=st.integers(1, 10**6))
def test_the_binding_cap_is_the_lower_one_and_only_where_demand_is_not_met(power_w, thermal_w, waiting):
    decision = settled(situation(power_w, thermal_w, waiting))
    served = decision.work and decision.predicted_w == decision.demand_w
    assert (decision.binding is Binding.NONE) == served
    if not served:
        assert decision.binding is (Binding.POWER if power_w <= thermal_w else Binding.THERMAL)


def test_demand_is_the_lowest_mode_that_drains_the_queue_in_time():
    for mode in range(TOP + 1):
        waiting = int(RATES[mode] * CONFIG.drain_s)
        assert settled(situation(waiting=waiting)).mode == mode
        assert settled(situation(waiting=0, arriving_per_s=RATES[mode] * 0.999)).mode == mode


def test_goes_down_at_once_and_up_after_the_dwell():
    state, decision = governed(GovernorState(3, 0, held=False), situation(FULL_W[1] + 0.1))
    assert decision.mode == 1
    modes = []
    for _ in range(CONFIG.dwell_ticks + 2):
        state, decision = governed(state, situation())
        modes.append(decision.mode)
    assert modes == [1] * CONFIG.dwell_ticks + [TOP, TOP]


def test_a_cap_that_flutters_by_less_than_the_margin_never_changes_the_mode():
    state, modes = WORKING, set()
    for tick in range(200):
        wobble_w = 0.45 * CONFIG.margin_w * (-1) ** tick
        state, decision = governed(state, situation(FULL_W[2] + wobble_w))
        modes.add(decision.mode)
    assert modes == {1}


def test_holds_work_back_where_not_even_the_lowest_mode_fits_and_lets_go_by_a_margin():
    state, decision = governed(WORKING, situation(FULL_W[0] - 0.1))
    assert (decision.work, decision.mode, decision.binding) == (False, 0, Binding.POWER)
    state, decision = governed(state, situation(FULL_W[0] + 0.1))
    assert decision.work is False
    state, decision = governed(state, situation(FULL_W[0] + CONFIG.margin_w))
    assert decision.work is True


def test_binding_says_commanded_when_work_is_forbidden_and_device_while_it_is_not_up():
    assert decide(WORKING, situation(enabled=False)).binding is Binding.COMMANDED
    assert decide(GovernorState(TOP, 9, held=False), situation(ready=False)).binding is Binding.DEVICE
    idle = decide(WORKING, situation(waiting=0))
    assert (idle.binding, idle.demand_w, idle.work) == (Binding.NONE, 0.0, False)


def test_the_dwell_of_the_lowest_mode_is_counted_from_the_moment_the_payload_falls_idle():
    idle = situation(waiting=0)
    fallen, _ = governed(GovernorState(2, 7, held=False), idle)
    assert fallen == GovernorState(0, 0, held=True)
    later, _ = governed(fallen, idle)
    assert later == GovernorState(0, 1, held=True)


# --- on a device of round figures: 9, 13 and 22 W with its leakage of 2 W; margin 1 W, dwell 5 ticks ---


def at(mode: int, ticks: int, *, held: bool = False) -> GovernorState:
    return GovernorState(mode, ticks, held)


def round_situation(power_w: float, thermal_w: float = 99.0, **other) -> Situation:
    return situation(power_w, thermal_w, leak_w=2.0, **other)


def to(state: GovernorState, heard: Situation, wanted: int | None, **asked) -> tuple[GovernorState, Decision]:
    return govern(state, heard, wanted, ROUND, CONFIG, **asked)


@pytest.mark.parametrize(
    ("state", "cap_w", "wanted", "after", "binding"),
    [
        # as it was
        (at(1, 7), 99.0, 1, at(1, 8), Binding.NONE),
        # up by a margin and after the dwell
        (at(0, 5), 23.0, 2, at(2, 0), Binding.NONE),
        (at(0, 4), 23.0, 2, at(0, 5), Binding.NONE),
        (at(0, 5), 22.9, 2, at(1, 0), Binding.POWER),
        (at(1, 5), 22.9, 2, at(1, 6), Binding.POWER),
        # down at once, and not by the margin
        (at(2, 3), 22.0, 2, at(2, 4), Binding.NONE),
        (at(2, 3), 21.9, 2, at(1, 0), Binding.POWER),
        (at(2, 3), 99.0, 0, at(0, 0), Binding.NONE),
        (at(1, 3), 9.0, 1, at(0, 0), Binding.POWER),
        # held, and let go by the margin
        (at(1, 9), 8.9, 1, at(0, 0, held=True), Binding.POWER),
        (at(0, 9), 8.9, 1, at(0, 0, held=True), Binding.POWER),
        (at(0, 9, held=True), 8.9, 1, at(0, 10, held=True), Binding.POWER),
        (at(0, 9, held=True), 9.9, 0, at(0, 10, held=True), Binding.POWER),
        (at(0, 9, held=True), 10.0, 0, at(0, 0), Binding.NONE),
        (at(0, 9, held=True), 99.0, 2, at(0, 0), Binding.NONE),
    ],
)
def test_the_mode_follows_caps_by_margin_and_dwell(state, cap_w, wanted, after, binding):
    found, decision = to(state, round_situation(cap_w), wanted)
    assert found == after
    full_w = (9.0, 13.0, 22.0)
    expected = Decision(after.mode, not after.held, full_w[wanted], cap_w, full_w[after.mode], binding)
    assert decision == expected


@pytest.mark.parametrize(("ticks", "mode"), [(4, 0), (5, 2), (6, 2)])
def test_work_that_leaps_begins_in_the_highest_mode_that_fits_after_the_dwell(ticks, mode):
    after, _ = to(at(0, ticks, held=True), round_situation(99.0), 2, leap=True)
    assert after == at(mode, 0)
    bound, _ = to(at(0, ticks, held=True), round_situation(14.0), 2, leap=True)
    assert bound == at(min(mode, 1), 0)


@pytest.mark.parametrize(
    ("power_w", "thermal_w", "binding"),
    [(12.0, 14.0, Binding.POWER), (14.0, 12.0, Binding.THERMAL), (12.0, 12.0, Binding.POWER)],
)
def test_the_lower_cap_is_what_binds(power_w, thermal_w, binding):
    _, decision = to(at(0, 9), round_situation(power_w, thermal_w), 2)
    assert (decision.granted_w, decision.binding) == (12.0, binding)


@pytest.mark.parametrize(
    ("cap_w", "demand", "demand_w", "binding"),
    [
        (99.0, 2, 22.0, Binding.NONE),
        (22.9, 2, 22.0, Binding.POWER),
        (23.0, 2, 22.0, Binding.NONE),
        (14.0, 1, 13.0, Binding.NONE),
        (13.9, 1, 13.0, Binding.POWER),
        (14.0, 0, 9.0, Binding.NONE),
    ],
)
def test_a_demand_beyond_what_is_asked_for_is_told_and_bound_where_it_does_not_fit(cap_w, demand, demand_w, binding):
    after, decision = to(at(0, 9), round_situation(cap_w), 0, demand=demand)
    assert after == at(0, 10)
    assert (decision.mode, decision.demand_w, decision.binding) == (0, demand_w, binding)
    lower, told = to(at(1, 9), round_situation(99.0), 1, demand=0)
    assert (lower.mode, told.demand_w) == (1, 13.0), "never less than what is asked for"


@pytest.mark.parametrize(("state", "after"), [(at(0, 4), at(0, 5, held=True)), (at(1, 4), at(0, 0, held=True))])
@pytest.mark.parametrize(
    ("wanted", "enabled", "demand_w", "binding"),
    [(None, True, 0.0, Binding.NONE), (None, False, 0.0, Binding.NONE), (1, False, 13.0, Binding.COMMANDED)],
)
def test_with_nothing_to_do_or_without_leave_it_idles(state, after, wanted, enabled, demand_w, binding):
    found, decision = to(state, round_situation(50.0, 40.0, enabled=enabled), wanted)
    assert found == after
    assert decision == Decision(0, False, demand_w, 40.0, 9.0, binding)


def test_a_device_that_is_not_up_is_what_binds_where_no_cap_does():
    assert to(at(0, 9), round_situation(99.0, ready=False), 0)[1].binding is Binding.DEVICE
    assert to(at(0, 9), round_situation(12.0, ready=False), 2)[1].binding is Binding.POWER


@pytest.mark.parametrize(
    ("waiting", "arriving_per_s", "mode"),
    [
        (0, 0.0, None),
        (0, 0.1, 0),
        (1, 0.0, 0),
        (0, 1.0, 0),
        (0, 1.01, 1),
        (100, 1.0, 1),
        (101, 1.0, 2),
        (100, 0.0, 0),
        (200, 2.0, 2),
        (10_000, 0.0, 2),
    ],
)
def test_the_standard_law_asks_for_the_lowest_mode_that_serves_the_queue_in_time(waiting, arriving_per_s, mode):
    assert demanded_mode(situation(waiting=waiting, arriving_per_s=arriving_per_s), (1.0, 2.0, 4.0), CONFIG) == mode


@pytest.mark.parametrize(
    ("limit_w", "wanted", "mode"), [(11.0, 2, 1), (10.9, 2, 0), (7.0, 2, 0), (6.9, 2, -1), (99.0, 0, 0), (99.0, 2, 2)]
)
def test_the_highest_mode_within_a_limit_may_draw_all_of_it(limit_w, wanted, mode):
    assert highest_within((7.0, 11.0, 20.0), limit_w, wanted) == mode


def test_a_governor_begins_held_in_the_lowest_mode():
    assert GovernorState() == GovernorState(0, 0, held=True)
