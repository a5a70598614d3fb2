"""Which loads are on: the latch's corners, limiters, ground's orders, the mode, rails under a power cycle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flightsw.apps.power import law, orders, rails
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.limiters import HEALTHY, LclCare, care_step
from flightsw.apps.power.shedding import SETTLE_TICKS, ShedState, load_table, loads_on, shed_step, still_low
from flightsw.apps.power.soc import SocState
from flightsw.apps.power.switching import cared, switched
from flightsw.messages.health import Mode
from flightsw.messages.plant import LclState
from flightsw.messages.power import PowerCriticalData

CONFIG = PowerConfig(
    capacity_ah=5.2,
    array_peak_w=38.0,
    shed_soc=(0.30, 0.20),
    release_soc=(0.50, 0.40),
    shed_persistence_ticks=3,
    release_ticks=6,
    lcl_retry_ticks=5,
    lcl_retries=2,
)
ROWS = (
    LoadRow("avionics", None, True),
    LoadRow("payload", 1, True),
    LoadRow("transmitter", 2, True),
    LoadRow("battery_heater", 2, False),
)
TABLE = load_table(ROWS)
ON, OFF, TRIPPED = LclState.ON, LclState.OFF, LclState.TRIPPED


@pytest.mark.parametrize(
    ("before", "soc", "brownout", "after"),
    [
        (ShedState(), 0.30, False, ShedState()),
        (ShedState(), 0.299, False, ShedState(0, 1, 0)),
        (ShedState(0, 1), 0.299, False, ShedState(0, 2, 0)),
        (ShedState(0, 2), 0.299, False, ShedState(1)),
        (ShedState(0, 2), 0.30, False, ShedState()),
        (ShedState(1, 0, 2), 0.20, False, ShedState(1, 0, 3)),
        (ShedState(1, 0, 2), 0.199, False, ShedState(1, 1, 2)),
        (ShedState(1, 2, 2), 0.199, False, ShedState(2)),
        (ShedState(1, 2, 2), 0.25, False, ShedState(1, 0, 3)),
        (ShedState(1, 0, 5), 0.9, False, ShedState(1, 0, 6)),
        (ShedState(1, 0, 6), 0.9, False, ShedState(0)),
        (ShedState(1, 0, 6), 0.501, False, ShedState(0)),
        (ShedState(1, 0, 6), 0.50, False, ShedState(1, 0, 6)),
        (ShedState(1, 2, 6), 0.45, False, ShedState(1, 0, 6)),
        (ShedState(2, 0, 6), 0.401, False, ShedState(1)),
        (ShedState(2, 0, 6), 0.40, False, ShedState(2, 0, 6)),
        (ShedState(2, 0, 6), 0.0, False, ShedState(2, 0, 6)),
        (ShedState(), 0.9, True, ShedState(1)),
        (ShedState(1, 0, SETTLE_TICKS - 1), 0.9, True, ShedState(1, 0, SETTLE_TICKS)),
        (ShedState(1, 0, SETTLE_TICKS), 0.9, True, ShedState(2)),
        (ShedState(2, 0, SETTLE_TICKS), 0.9, True, ShedState(2, 0, SETTLE_TICKS + 1)),
    ],
)
def test_the_latch_moves_by_its_table(before: ShedState, soc: float, brownout: bool, after: ShedState) -> None:
    assert shed_step(before, soc, brownout, CONFIG) == after


def test_a_latch_that_only_ground_may_release_stays() -> None:
    config = replace(CONFIG, auto_release=False)
    assert shed_step(ShedState(1, 0, 6), 0.9, False, config) == ShedState(1, 0, 6)


def test_a_level_is_held_at_least_until_its_switches_have_settled() -> None:
    hasty, state, levels = replace(CONFIG, release_ticks=1), ShedState(1), []
    for _ in range(6):
        state = shed_step(state, 0.9, False, hasty)
        levels.append(state.level)
    assert levels == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("level", "soc", "refused"),
    [
        (0, None, None),
        (0, 0.0, None),
        (1, 0.501, None),
        (1, 0.5, "state of charge 0.500: must be above 0.5 to release tier 1"),
        (2, 0.45, "state of charge 0.450: must be above 0.5 to release tier 1"),
        (2, 0.3999, "state of charge 0.400: must be above 0.4 to release tier 2"),
        (2, None, "state of charge unknown: must be above 0.4 to release tier 2"),
    ],
)
def test_ground_releases_no_tier_whose_charge_has_not_come_back(
    level: int, soc: float | None, refused: str | None
) -> None:
    assert still_low(level, soc, CONFIG) == refused
    state = replace(law.initial(TABLE, CONFIG), shed=ShedState(level, 1, 5), soc=SocState(soc, 0.01), load_on=(True,))
    after = orders.with_shed_cleared(state, CONFIG)
    assert after == (replace(state, shed=ShedState(), load_on=()) if refused is None else refused)


@pytest.mark.parametrize(
    ("care", "state", "after"),
    [
        (HEALTHY, ON, HEALTHY),
        (HEALTHY, OFF, HEALTHY),
        (HEALTHY, TRIPPED, LclCare(5, 1)),
        (LclCare(5, 1), TRIPPED, LclCare(4, 1)),
        (LclCare(2, 1), TRIPPED, LclCare(1, 1)),
        (LclCare(1, 1), TRIPPED, LclCare(1, 1)),
        (LclCare(1, 1), OFF, LclCare(0, 1)),
        (LclCare(2, 1), OFF, LclCare(1, 1)),
        (LclCare(0, 1), ON, LclCare(0, 1)),
        (LclCare(0, 1), TRIPPED, LclCare(5, 2)),
    ],
)
@pytest.mark.parametrize("essential", [False, True])
def test_a_tripped_limiter_is_held_open_and_tried_again(
    care: LclCare, state: LclState, after: LclCare, essential: bool
) -> None:
    assert care_step(care, state, CONFIG, essential=essential) == after


def test_after_its_retries_it_is_locked_out_unless_it_is_essential() -> None:
    locked = LclCare(0, 2, locked=True)
    assert care_step(LclCare(0, 2), TRIPPED, CONFIG, essential=False) == locked
    assert care_step(LclCare(0, 2), TRIPPED, CONFIG, essential=True) == LclCare(5, 2)
    for state in LclState:
        assert care_step(locked, state, CONFIG, essential=False) == locked
    from_before = LclCare(0, 0, locked=True)
    assert care_step(from_before, TRIPPED, CONFIG, essential=False) == from_before, "also after a restart"
    never = replace(CONFIG, lcl_retries=0)
    assert care_step(HEALTHY, TRIPPED, never, essential=False) == LclCare(0, 0, locked=True)
    for tried in (HEALTHY, LclCare(0, 1)):
        assert care_step(tried, TRIPPED, never, essential=True) == LclCare(5, 1)


@pytest.mark.parametrize(
    ("care", "closable"),
    [(HEALTHY, True), (LclCare(1, 1), False), (LclCare(0, 2), True), (LclCare(0, 2, locked=True), False)],
)
def test_it_may_be_closed_when_it_neither_waits_nor_is_locked_out(care: LclCare, closable: bool) -> None:
    assert care.closable is closable


def test_each_load_has_its_own_limiter() -> None:
    after = cared((), (ON, ON, TRIPPED, OFF), TABLE, CONFIG)
    assert after == (HEALTHY, HEALTHY, LclCare(5, 1), HEALTHY)
    once = (LclCare(0, 2), LclCare(0, 2), HEALTHY, HEALTHY)
    assert cared(once, (TRIPPED, TRIPPED, ON, ON), TABLE, CONFIG) == (
        LclCare(5, 2),
        LclCare(0, 2, locked=True),
        HEALTHY,
        HEALTHY,
    )


ALL = (True,) * 4


@pytest.mark.parametrize(
    ("mode", "level", "on"),
    [
        (Mode.NOMINAL, 0, (True, True, True, True)),
        (Mode.NOMINAL, 1, (True, False, True, True)),
        (Mode.NOMINAL, 2, (True, False, False, False)),
        (Mode.SAFE, 0, (True, False, True, True)),
        (Mode.SAFE, 2, (True, False, False, False)),
        (Mode.SURVIVAL, 0, (True, False, False, True)),
        (Mode.SURVIVAL, 2, (True, False, False, True)),
    ],
)
def test_what_is_on_follows_mode_and_latch_and_survival_keeps_the_heater(
    mode: Mode, level: int, on: tuple[bool, ...]
) -> None:
    assert switched(ALL, ShedState(level), (), mode, TABLE) == on
    healthy = (HEALTHY,) * 4
    assert switched(ALL, ShedState(level), healthy, mode, TABLE) == on
    assert switched((False,) * 4, ShedState(level), healthy, mode, TABLE) == (False,) * 4, "ground's wish comes first"


def test_a_limiter_that_may_not_close_keeps_its_load_off_also_in_survival() -> None:
    waits = (HEALTHY, HEALTHY, HEALTHY, LclCare(3, 1))
    assert switched(ALL, ShedState(), waits, Mode.SURVIVAL, TABLE) == (True, False, False, False)
    others = (LclCare(3, 1), HEALTHY, HEALTHY, HEALTHY)
    assert switched(ALL, ShedState(), others, Mode.SURVIVAL, TABLE) == (False, False, False, True)
    assert switched(ALL, ShedState(), waits, Mode.NOMINAL, TABLE) == (True, True, True, False)
    bare = load_table(ROWS[:3])
    assert switched((True,) * 3, ShedState(), (), Mode.SURVIVAL, bare) == (True, False, False), "there is no heater"


def test_survival_sheds_whatever_may_be_shed_and_finds_the_heater_wherever_it_stands() -> None:
    rows = (LoadRow("battery_heater", 1, True), LoadRow("avionics", None, True), LoadRow("lamp", 999, True))
    for table in (load_table(rows), load_table(rows[::-1])):
        on = switched((True,) * 3, ShedState(), (), Mode.SURVIVAL, table)
        assert dict(zip(table.names, on, strict=True)) == {"battery_heater": True, "avionics": True, "lamp": False}


def test_a_node_without_a_payload_forbids_none() -> None:
    table = load_table((LoadRow("avionics", None, True), LoadRow("camera", 1, True)))
    assert (table.payload, table.heater) == (None, None)
    assert loads_on(table, (True, True), 0, (), payload_allowed=False) == (True, True)
    assert loads_on(TABLE, ALL, 0, (True, True, False, True), payload_allowed=True) == (True, True, False, True)


CARE = (LclCare(2, 1), LclCare(0, 2, locked=True), LclCare(0, 1), HEALTHY)


def test_ground_switches_one_load_and_only_its_limiter_starts_anew() -> None:
    state = replace(law.initial(TABLE, CONFIG), care=CARE, load_on=(True,) * 4)
    after = orders.with_load(state, "payload", TABLE, on=False)
    assert after == replace(
        state, enabled=(True, False, True, False), care=(CARE[0], HEALTHY, CARE[2], HEALTHY), load_on=()
    )
    again = orders.with_load(state, "battery_heater", TABLE, on=True)
    assert again == replace(state, enabled=(True, True, True, True), care=CARE, load_on=())
    assert orders.with_load(state, "avionics", TABLE, on=True) == replace(
        state, care=(HEALTHY, *CARE[1:]), load_on=()
    ), "an essential load may be told to stay on"
    assert orders.with_load(state, "avionics", TABLE, on=False) == "load 'avionics' is essential: must stay on"
    assert orders.with_load(state, "lamp", TABLE, on=True) == (
        "unknown load 'lamp': must be one of avionics, payload, transmitter, battery_heater"
    )


@pytest.mark.parametrize(("most_a", "taken"), [(0.0, True), (2.6, True), (2.61, False)])
def test_ground_may_limit_the_charging_current_to_anything_up_to_the_whole(most_a: float, taken: bool) -> None:
    state = law.initial(TABLE, CONFIG)
    after = orders.with_charge(state, most_a, CONFIG)
    assert after == (replace(state, charge_most_a=most_a) if taken else f"amps = {most_a}: must be at most 2.6")


@pytest.mark.parametrize("locked", [(False,) * 4, (False, True, False, False)])
def test_a_warm_start_takes_all_of_what_was_kept(locked: tuple[bool, ...]) -> None:
    stored = PowerCriticalData(0.6, 0.2, 1, 0.45, (True, False, True, False), locked, 1.5)
    cold = replace(law.initial(TABLE, CONFIG), load_on=(True,) * 4, care=CARE)
    after = orders.restored(cold, stored)
    care = tuple(LclCare(0, 0, locked=one) for one in locked) if any(locked) else ()
    assert after == replace(
        cold,
        soc=SocState(0.6, pytest.approx(0.04)),  # type: ignore[arg-type]
        shed=ShedState(1),
        reserve_soc=0.45,
        enabled=(True, False, True, False),
        care=care,
        load_on=(),
        charge_most_a=1.5,
    )
    assert law.locked_out(after) == locked


def test_a_rails_cycle_holds_its_switch_open_for_eight_ticks_and_one_asked_for_twice_is_one() -> None:
    cycles = rails.begun((), "transmitter", TABLE.names)
    assert rails.begun(cycles, "transmitter", TABLE.names) is cycles
    assert rails.begun(cycles, "lamp", TABLE.names) is cycles
    held = []
    for tick in range(12):
        if tick == 2:
            cycles = rails.begun(cycles, "payload", TABLE.names)
        held.append(rails.masked((True, True, True, False), cycles))
        cycles = rails.after_tick(cycles)
    open_ticks = [[tick for tick, on in enumerate(held) if not on[place]] for place in range(4)]
    assert open_ticks == [[], list(range(2, 10)), list(range(8)), list(range(12))]
    assert cycles == ()
    assert rails.begun(cycles, "avionics", TABLE.names) == ((0, 8),)


@given(st.lists(st.sampled_from([ON, OFF, TRIPPED]), max_size=60), st.booleans())
def test_a_limiter_is_never_closed_more_often_than_it_may_be(states: list[LclState], essential: bool) -> None:
    care = HEALTHY
    for state in states:
        before, care = care, care_step(care, state, CONFIG, essential=essential)
        assert 0 <= care.wait_ticks <= CONFIG.lcl_retry_ticks
        assert before.retries <= care.retries <= CONFIG.lcl_retries
        assert not (essential and care.locked)
        if not before.closable:
            assert care.wait_ticks <= before.wait_ticks
