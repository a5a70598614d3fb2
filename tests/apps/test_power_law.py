"""The EPS manager's tick as it is composed: fixes, attitude, corrections, the budget's own two laws."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from flightsw.apps.power import law
from flightsw.apps.power.arraywatch import ArrayWatch
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast, coasted
from flightsw.apps.power.law import Inputs, Outputs, State
from flightsw.apps.power.limiters import LclCare
from flightsw.apps.power.shedding import ShedState, load_table
from flightsw.apps.power.soc import SocState
from flightsw.apps.power.threshold import ThresholdPowerLaw, granted_w
from flightsw.messages.health import Attitude, Mode
from flightsw.messages.plant import LclState, NavSensors, PowerSensors

CONFIG = PowerConfig(capacity_ah=5.0, array_peak_w=40.0, reserve_soc=0.4, cap_slew_w_s=5.0)
TABLE = load_table((LoadRow("avionics", None, True), LoadRow("payload", 1, True)))
ON = (LclState.ON,) * 2
SEEN = PowerSensors(15.5, 0.5, 20.0, 40.0, (8.0, 20.0), ON, False)
NIGHT = NavSensors((-6928.0, 0.0, 0.0), (0.0, 7.58, 0.0), (1.0, 0.0, 0.0), 0.0, 0.0, False)
NOON = replace(NIGHT, position_km=(6928.0, 0.0, 0.0), velocity_km_s=(0.0, -7.58, 0.0))
NO_INPUT = Inputs(None, None, None)


def start(**told: object) -> State:
    known = replace(law.initial(TABLE, CONFIG), soc=SocState(0.7, 1e-4), mode=Mode.PAYLOAD)
    return replace(known, **told)


def stepped(state: State, *inputs: Inputs) -> tuple[State, Outputs]:
    outputs = Outputs((), 0.0)
    for one in inputs:
        state, outputs = law.step(state, one, TABLE, CONFIG, 1.0)
    return state, outputs


def test_a_cold_start_knows_nothing_and_follows_the_scenario() -> None:
    state = law.initial(TABLE, CONFIG)
    assert (state.soc.soc, math.sqrt(state.soc.variance)) == (None, 0.5)
    assert (state.shed, state.enabled, state.reserve_soc) == (ShedState(), (True, True), 0.4)
    assert (state.supply.array_w, state.supply.base_w) == (40.0, None)
    assert (state.ahead, state.cap_w, state.blind_ticks, state.mode) == (NONE_AHEAD, 0.0, 0, Mode.BOOT)


def test_the_first_fix_is_taken_at_once_and_then_every_tenth() -> None:
    state, taken = start(), []
    for tick in range(25):
        state, _ = stepped(state, Inputs(SEEN, NIGHT if tick % 2 == 0 else NOON, None))
        taken += [tick] if state.fix_ticks == 0 else []
    assert taken == [0, 10, 20]


def test_between_fixes_the_forecast_is_counted_down_and_a_late_fix_is_taken_when_it_comes() -> None:
    state, _ = stepped(start(), Inputs(SEEN, NIGHT, None))
    night = state.ahead
    assert night.inside
    later, _ = stepped(state, *[Inputs(SEEN, NOON, None)] * 9)
    assert later.ahead.lasts_s == pytest.approx(coasted(night, 9.0).lasts_s)
    assert not stepped(later, Inputs(SEEN, NOON, None))[0].ahead.inside
    silent, _ = stepped(later, *[Inputs(SEEN, None, None)] * 30)
    assert silent.ahead.lasts_s == pytest.approx(night.lasts_s - 39.0)
    assert not stepped(silent, Inputs(SEEN, NOON, None))[0].ahead.inside


@pytest.mark.parametrize(("attitude", "sunward_s"), [(Attitude.SUN, 101.0), (None, 101.0), (Attitude.NADIR, 0.0)])
def test_how_long_the_sun_has_been_pointed_at_is_counted(attitude: Attitude | None, sunward_s: float) -> None:
    state, _ = stepped(start(sunward_s=100.0), Inputs(SEEN, None, None, attitude))
    assert state.sunward_s == sunward_s


@pytest.mark.parametrize(("sunward_s", "looked_at"), [(598.0, False), (599.0, True), (600.0, True)])
def test_the_array_is_judged_once_the_body_has_turned_to_the_sun(sunward_s: float, looked_at: bool) -> None:
    before = start(sunward_s=sunward_s, array=ArrayWatch(lit_s=200.0))
    state, _ = stepped(before, Inputs(SEEN, None, None))
    assert state.array.lit_s == 210.0
    assert (state.array.usual_w is not None) is looked_at


def test_pack_charger_and_array_are_looked_at_with_every_correction_of_the_estimate() -> None:
    state, lit_s = start(), []
    for _ in range(31):
        state, _ = stepped(state, Inputs(SEEN, None, None))
        lit_s.append(state.array.lit_s)
    assert lit_s == [10.0] * 10 + [20.0] * 10 + [30.0] * 10 + [40.0]
    assert state.charge is not None


def test_readings_missing_for_a_while_are_counted_and_any_of_them_ends_it() -> None:
    volts, amps = replace(SEEN, battery_current_a=None), replace(SEEN, battery_voltage_v=None)
    nothing = replace(volts, battery_voltage_v=None)
    counts, state = [], start()
    for sensors in (None, nothing, None, volts, None, amps):
        state, _ = stepped(state, Inputs(sensors, None, None))
        counts.append(state.blind_ticks)
    assert counts == [1, 2, 3, 0, 1, 0]


def test_the_mode_stands_until_another_is_heard_and_switches_at_once() -> None:
    state, outputs = stepped(start(), Inputs(SEEN, None, Mode.SAFE))
    assert outputs.load_on == (True, False)
    state, outputs = stepped(state, NO_INPUT)
    assert (state.mode, outputs.load_on) == (Mode.SAFE, (True, False))
    assert stepped(state, Inputs(None, None, Mode.PAYLOAD))[1].load_on == (True, True)


def test_without_a_payload_that_is_on_there_is_neither_cap_nor_energy() -> None:
    _, working = stepped(start(), Inputs(SEEN, None, None))
    assert working.compute_cap_w > 0.0
    assert working.compute_energy_j is not None
    for state in (start(shed=ShedState(1)), start(enabled=(True, False)), start(soc=SocState(None, 0.25))):
        _, outputs = stepped(state, NO_INPUT)
        assert (outputs.compute_cap_w, outputs.compute_energy_j) == (0.0, None)
    bare = load_table((LoadRow("avionics", None, True),))
    alone = replace(law.initial(bare, CONFIG), soc=SocState(0.9, 1e-4))
    _, outputs = law.step(alone, NO_INPUT, bare, CONFIG, 1.0)
    assert (outputs.load_on, outputs.compute_cap_w) == ((True,), 0.0)


@pytest.mark.parametrize(("sigma", "believed"), [(0.1, True), (0.25, True), (0.2501, False), (0.4, False)])
def test_an_estimate_is_believed_up_to_its_sigma(sigma: float, believed: bool) -> None:
    assert law.may_compute((True, True), SocState(0.9, sigma * sigma), TABLE, CONFIG) is believed


def test_the_budget_counts_on_a_sigma_less_charge() -> None:
    seen: list[float] = []

    def budget_w(soc: float, *_told: object) -> float:
        seen.append(soc)
        return 4.0

    config = replace(CONFIG, reserve_sigmas=2.0)
    state = start(soc=SocState(0.7, 0.01, wait_ticks=5))
    _, outputs = law.step_with(
        budget_w, state, Inputs(replace(SEEN, battery_current_a=0.0), None, None), TABLE, config, 1.0
    )
    assert seen == [pytest.approx(0.5)]
    assert outputs.compute_cap_w == 4.0


def test_all_but_the_payload_is_base_load() -> None:
    assert law.base_power_w((8.0, 20.0), TABLE) == 8.0
    assert law.base_power_w((8.0, -0.5), TABLE) == 8.0
    assert law.base_power_w((-1.0, 20.0), TABLE) == 0.0
    assert law.base_power_w((3.0, 4.0), load_table((LoadRow("a", 1, True), LoadRow("b", 1, True)))) == 7.0


def test_limiters_are_cared_for_from_the_first_trip_on() -> None:
    tripped = replace(SEEN, lcl_state=(LclState.ON, LclState.TRIPPED))
    state, outputs = stepped(start(), Inputs(SEEN, None, None), Inputs(tripped, None, None))
    assert state.care == (LclCare(), LclCare(CONFIG.lcl_retry_ticks, 1))
    assert outputs.load_on == (True, False)
    off = Inputs(replace(SEEN, lcl_state=(LclState.ON, LclState.OFF)), None, None)
    state, outputs = stepped(state, *[off] * CONFIG.lcl_retry_ticks)
    assert outputs.load_on == (True, True)
    assert law.locked_out(state) == (False, False)


OWN = ThresholdPowerLaw.Config(stop_above_reserve=0.125, resume_above_reserve=0.25)


@pytest.mark.parametrize(
    ("above", "grants", "granted"),
    [(0.125, True, False), (0.126, True, True), (0.126, False, False), (0.25, False, False), (0.251, False, True)],
)
def test_the_threshold_law_stops_at_its_threshold_and_goes_on_above_the_other(
    above: float, grants: bool, granted: bool
) -> None:
    assert granted_w(above, CONFIG, OWN, grants=grants) == (CONFIG.compute_max_w if granted else 0.0)


@pytest.mark.parametrize(("own_w", "granted"), [(None, 30.0), (12.0, 12.0), (90.0, 30.0)])
def test_the_threshold_law_grants_its_own_power_within_the_scenarios(own_w: float | None, granted: float) -> None:
    own = replace(OWN, granted_w=own_w)
    assert granted_w(0.3, CONFIG, own, grants=False) == granted


@pytest.mark.parametrize(
    ("soc", "cap_w", "granted"), [(0.55, 0.0, False), (0.55, 0.05, True), (0.5, 8.0, False), (0.7, 0.0, True)]
)
def test_the_threshold_law_remembers_whether_it_grants_by_the_cap(soc: float, cap_w: float, granted: bool) -> None:
    state = start(soc=SocState(soc, 1e-12, wait_ticks=5), cap_w=cap_w)
    sensors = replace(SEEN, battery_current_a=0.0)
    state, _ = ThresholdPowerLaw(OWN).step(state, Inputs(sensors, None, None), TABLE, CONFIG, 1.0)
    assert (state.cap_w > 0.0) is granted


def test_a_forecast_is_part_of_what_the_budget_is_told() -> None:
    told: list[EclipseForecast] = []

    def budget_w(_soc: float, ahead: EclipseForecast, *_more: object) -> float:
        told.append(ahead)
        return 0.0

    law.step_with(budget_w, start(), Inputs(SEEN, NIGHT, None), TABLE, CONFIG, 1.0)
    assert told[0].inside


def test_a_tier_that_is_shed_is_switched_off_in_the_same_tick() -> None:
    state, outputs = stepped(start(), Inputs(SEEN, None, None))
    assert outputs.load_on == (True, True)
    state, outputs = stepped(state, Inputs(replace(SEEN, brownout=True), None, None))
    assert (state.shed.level, outputs.load_on) == (1, (True, False))


def test_while_no_current_is_measured_the_charger_still_follows_the_temperature() -> None:
    blind = replace(SEEN, battery_current_a=None)
    state, _ = stepped(start(), *[Inputs(blind, None, None)] * 3)
    assert state.charge is not None
    assert state.charge.limit_a == 2.5
    state, outputs = stepped(state, Inputs(replace(blind, battery_c=-5.0), None, None))
    assert outputs.charge is not None
    assert outputs.charge.limit_a == 0.0


def test_samples_are_as_long_as_ten_ticks_whatever_the_tick() -> None:
    state, _ = law.step(start(), Inputs(SEEN, None, None), TABLE, CONFIG, 0.5)
    assert state.array.lit_s == 5.0


def test_no_limiter_is_cared_for_before_one_has_tripped() -> None:
    state, _ = stepped(start(), *[Inputs(SEEN, None, None)] * 3)
    assert state.care == ()
    assert law.locked_out(state) == (False, False)


def test_without_a_current_the_array_s_time_in_the_sun_is_counted_tick_by_tick() -> None:
    blind = replace(SEEN, battery_current_a=None)
    state, _ = stepped(start(), *[Inputs(blind, None, None)] * 50)
    assert state.array.lit_s == 50.0
    seen, _ = stepped(start(), *[Inputs(SEEN, None, None)] * 50)
    assert seen.array.lit_s == 50.0
