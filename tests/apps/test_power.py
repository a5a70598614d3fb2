"""The EPS manager's laws: estimate, eclipse forecast, budget, shedding, limiter care, and what survives a restart."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.power import law
from flightsw.apps.power.app import PowerApp
from flightsw.apps.power.budget import compute_budget_w, compute_energy_j, limited_w, quantised_w
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast, coasted, forecast
from flightsw.apps.power.shedding import SETTLE_TICKS, ShedState, load_table, shed_step
from flightsw.apps.power.soc import SocState, at_rest, estimate
from flightsw.apps.power.supply import Supply, is_fully_used, learn
from flightsw.apps.repeating import REPEAT_TICKS
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.commands import PowerClearShed, PowerSetLoad, PowerSetReserve
from flightsw.messages.comms import TcDispatch, TcReport, TcStage
from flightsw.messages.health import Event, Mode, ModeStatus
from flightsw.messages.plant import LclState, NavSensors, PowerSensors
from flightsw.messages.power import PowerCriticalData, PowerStatus, SwitchCommand
from flightsw.plant.distribution import Limiters, LoadConfig, switch_lcls
from flightsw.plant.sky import Sky
from flightsw.plant.sky_config import OrbitConfig, SkyConfig

M = TypeVar("M")
CONFIG = PowerConfig(capacity_ah=5.2, array_peak_w=38.0, reserve_soc=0.4)
LOADS = (
    LoadRow("avionics", None, True),
    LoadRow("transmitter", 2, True),
    LoadRow("payload", 1, True),
)
ON = (LclState.ON,) * 3


def sensors(volts: float | None = 15.5, amps: float | None = 0.0, *, brownout: bool = False) -> PowerSensors:
    return PowerSensors(volts, amps, 20.0, 30.0, (7.0, 0.0, 20.0), ON, brownout)


def settled(volts: float, ticks: int = 31) -> tuple[PowerApp, list[object]]:
    """An application that has seen the same readings for a while, and its last messages (commands repeated)."""
    app = PowerApp(CONFIG, LOADS, 1.0)
    out: list[object] = []
    for tick in range(ticks):
        out = list(app.step(Now(tick, tick * 10**9, 1.0), Inbox([("plant", sensors(volts))])))
    return app, out


def only(out: list[Any], kind: type[M]) -> M:
    found = [message for message in out if isinstance(message, kind)]
    assert len(found) == 1, found
    return found[0]


def test_the_estimate_converges_from_a_wrong_start_and_its_sigma_shrinks() -> None:
    state = SocState(0.2, 0.05)
    for _ in range(7200):
        state = estimate(state, 12.8 + 3.6 * 0.7, 0.0, CONFIG, 1.0)
    assert state.soc == pytest.approx(0.7, abs=0.03)
    assert state.variance < 0.01


def test_a_current_bias_does_not_carry_the_estimate_away() -> None:
    truth, state = 0.8, SocState(0.8, 1e-4)
    for _ in range(20_000):
        truth -= 0.5 / (3600 * 5.2)
        volts = 12.8 + 3.6 * truth - 0.5 * CONFIG.r0_ohm
        state = estimate(state, volts, 0.5 + 0.1, CONFIG, 1.0)
    assert 0.0 < truth < 0.3
    assert state.soc == pytest.approx(truth, abs=0.06), "pure counting would be 0.107 off"


def test_missing_readings_hold_the_estimate_and_widen_its_sigma_as_fast_as_a_load_unseen_could_drain() -> None:
    state = SocState(0.6, 1e-4)
    for _ in range(600):
        state = estimate(state, None, None, CONFIG, 1.0)
    assert state.soc == 0.6
    assert state.variance**0.5 == pytest.approx(0.01 + 2.0 * 600.0 / (3600.0 * 5.2))


def test_without_a_current_the_voltage_alone_still_bounds_the_estimate() -> None:
    truth, state = 0.8, SocState(0.8, 1e-4)
    for _ in range(9_000):
        truth -= 1.0 / (3600 * 5.2)
        state = estimate(state, 12.8 + 3.6 * truth - 1.0 * CONFIG.r0_ohm, None, CONFIG, 1.0)
    assert truth < 0.35
    assert state.soc == pytest.approx(truth, abs=0.15)
    assert abs(state.soc - truth) < 2.0 * state.variance**0.5 < 0.4


def test_the_voltage_is_trusted_less_under_load() -> None:
    amps = 3.0
    at_rest_soc = estimate(SocState(0.5, 0.01), 12.8 + 3.6 * 0.8, 0.0, CONFIG, 1.0).soc
    loaded_soc = estimate(SocState(0.5, 0.01), 12.8 + 3.6 * 0.8 - amps * CONFIG.r0_ohm, amps, CONFIG, 1.0).soc
    assert at_rest_soc is not None
    assert loaded_soc is not None
    assert at_rest_soc - 0.5 > 3.0 * (loaded_soc + amps / (3600.0 * 5.2) - 0.5) > 0.0


def test_charging_counts_for_a_little_less_than_discharging() -> None:
    state = SocState(0.5, 1e-4)
    for amps in (-2.0, 2.0):
        for _ in range(3600):
            state = estimate(state, None, amps, CONFIG, 1.0)
    assert state.soc == pytest.approx(0.5 - (1.0 - CONFIG.coulombic_efficiency) * 2.0 / 5.2, abs=1e-9)


CURVE_V = (12.0, 14.0, 14.4, 14.8, 15.4, 16.4)


@given(st.floats(11.0, 17.0), st.floats(11.0, 17.0))
def test_a_higher_voltage_at_rest_never_means_less_charge(a_v: float, b_v: float) -> None:
    low, high = (at_rest(volts, CURVE_V)[0] for volts in sorted((a_v, b_v)))
    assert 0.0 <= low <= high <= 1.0


@pytest.mark.parametrize(
    ("volts", "soc", "slope_v"),
    [(11.0, 0.0, 10.0), (13.0, 0.1, 10.0), (14.4, 0.4, 2.0), (16.4, 1.0, 5.0), (17.0, 1.0, 5.0)],
)
def test_the_curve_is_read_backwards_between_its_points(volts: float, soc: float, slope_v: float) -> None:
    assert at_rest(volts, CURVE_V) == (pytest.approx(soc), pytest.approx(slope_v))


@given(st.lists(st.tuples(st.none() | st.floats(0.0, 20.0), st.none() | st.floats(-9.0, 9.0)), max_size=60))
def test_whatever_the_sensors_say_estimate_and_variance_stay_in_range(
    readings: list[tuple[float | None, float | None]],
) -> None:
    state = SocState(None, 0.25)
    for volts, amps in readings:
        state = estimate(state, volts, amps, CONFIG, 1.0)
        assert state.soc is None or 0.0 <= state.soc <= 1.0
        assert 0.0 < state.variance <= 0.25


def test_the_forecast_agrees_with_the_plants_sky_all_round_the_orbit() -> None:
    sky = Sky(SkyConfig(epoch="2026-01-03T10:00:00Z", orbit=OrbitConfig(altitude_km=550.0, ltan_h=10.5)), 1.0)
    edges = sky.eclipses(0, 12_000)
    assert len(edges) == 2
    for tick in range(0, 6_000, 37):
        if any(abs(tick - edge_s) < 5.0 for eclipse in edges for edge_s in eclipse):
            continue
        sample = sky.at(tick)
        ahead = forecast(sample.position_km, sample.velocity_km_s, sample.sun)
        entry_s, exit_s = next((a, b) for a, b in edges if b > tick)
        assert ahead.inside is (tick > entry_s)
        assert ahead.starts_in_s is not None
        assert tick + ahead.starts_in_s == pytest.approx(max(entry_s, tick), abs=10.0)
        assert tick + ahead.starts_in_s + ahead.lasts_s == pytest.approx(exit_s, abs=10.0)


@given(st.floats(1.0, 3500.0), st.floats(1.0, 2200.0), st.floats(0.0, 20_000.0))
def test_coasting_counts_down_and_on_to_the_next_eclipse(starts_in_s: float, lasts_s: float, elapsed_s: float) -> None:
    period_s = 5700.0
    later = coasted(EclipseForecast(False, starts_in_s, lasts_s, lasts_s, period_s), elapsed_s)
    phase_s = (elapsed_s - starts_in_s) % period_s
    if min(phase_s, period_s - phase_s, abs(phase_s - lasts_s)) < 1e-6:
        return
    assert later.inside is (phase_s < lasts_s)
    assert later.starts_in_s == pytest.approx(0.0 if later.inside else period_s - phase_s)
    assert later.lasts_s == pytest.approx(lasts_s - phase_s if later.inside else lasts_s)


def test_the_tick_of_the_entry_is_inside_and_that_of_the_exit_is_not() -> None:
    entered = coasted(EclipseForecast(False, 100.0, 2000.0, 2000.0, 5700.0), 100.0)
    assert entered == EclipseForecast(True, 0.0, 2000.0, 2000.0, 5700.0)
    assert coasted(entered, 2000.0) == EclipseForecast(False, 3700.0, 2000.0, 2000.0, 5700.0)


def test_inside_an_eclipse_nothing_is_left_to_its_beginning() -> None:
    midnight = forecast((-6928.0, 0.0, 0.0), (0.0, 0.0, 7.6), (1.0, 0.0, 0.0))
    assert midnight.inside
    assert midnight.starts_in_s == 0.0
    assert midnight.lasts_s == pytest.approx(0.5 * midnight.length_s)


def test_where_there_is_no_eclipse_none_is_waited_for() -> None:
    dawn_dusk = forecast((0.0, 6928.0, 0.0), (0.0, 0.0, 7.6), (1.0, 0.0, 0.0))
    assert dawn_dusk == NONE_AHEAD == coasted(dawn_dusk, 1e6)
    assert (dawn_dusk.inside, dawn_dusk.starts_in_s) == (False, None)
    assert (dawn_dusk.lasts_s, dawn_dusk.length_s, dawn_dusk.period_s) == (0.0, 0.0, 0.0), (
        "nothing to wait for or to save for"
    )
    assert not dawn_dusk.inside
    noon = forecast((6928.0, 0.0, 0.0), (0.0, 0.0, 7.6), (1.0, 0.0, 0.0))
    assert noon.starts_in_s == pytest.approx(0.5 * (noon.period_s - noon.length_s))


def inside(lasts_s: float) -> EclipseForecast:
    return EclipseForecast(True, 0.0, lasts_s, 2200.0, 5700.0)


def ahead_in(starts_in_s: float, lasts_s: float) -> EclipseForecast:
    return EclipseForecast(False, starts_in_s, lasts_s, lasts_s, 5700.0)


aheads = st.one_of(
    st.just(NONE_AHEAD),
    st.builds(inside, st.floats(0.0, 2200.0)),
    st.builds(ahead_in, st.floats(0.0, 5700.0), st.floats(0.0, 2200.0)),
)
supplies = st.builds(Supply, st.floats(0.0, 100.0), st.floats(0.0, 40.0))


@given(aheads, supplies, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_charge_never_means_less_budget_and_the_budget_is_within_its_range(
    ahead: EclipseForecast, supply: Supply, soc_a: float, soc_b: float
) -> None:
    low, high = sorted((soc_a, soc_b))
    less, more = (compute_budget_w(soc, ahead, supply, 0.4, CONFIG) for soc in (low, high))
    assert 0.0 <= less <= more <= CONFIG.compute_max_w


@given(st.floats(0.0, 0.4), st.floats(1.0, 2200.0), supplies)
def test_in_eclipse_at_or_below_the_reserve_there_is_no_budget(soc: float, left_s: float, supply: Supply) -> None:
    assert compute_budget_w(soc, inside(left_s), supply, 0.4, CONFIG) == 0.0


def test_a_coming_eclipse_lowers_the_budget() -> None:
    supply = Supply(38.0, 8.0)
    sun = compute_budget_w(0.6, NONE_AHEAD, supply, 0.4, CONFIG)
    dark = compute_budget_w(0.6, inside(2100.0), supply, 0.4, CONFIG)
    assert sun > 1.5 * dark > 0.0


@given(st.floats(0.0, 30.0), st.floats(0.0, 30.0))
def test_the_cap_falls_at_once_and_rises_by_the_slew(before_w: float, wanted_w: float) -> None:
    cap_w = limited_w(before_w, wanted_w, CONFIG, 1.0)
    assert cap_w <= min(wanted_w, before_w + CONFIG.cap_slew_w_s)
    assert cap_w >= min(wanted_w, before_w + CONFIG.cap_slew_w_s) - CONFIG.cap_deadband_w


@pytest.mark.parametrize("dt_s", [0.01, 0.1, 1.0])
def test_the_cap_rises_as_fast_whatever_the_tick(dt_s: float) -> None:
    cap_w = 0.0
    for _ in range(round(20.0 / dt_s)):
        cap_w = limited_w(cap_w, 25.0, CONFIG, dt_s)
    assert quantised_w(cap_w) == pytest.approx(10.0, abs=0.1)


@given(st.lists(st.floats(19.9, 20.1), min_size=50, max_size=50))
def test_a_noisy_budget_never_makes_the_cap_chatter(budgets_w: list[float]) -> None:
    caps, cap_w = [], 20.0
    for budget_w in budgets_w:
        cap_w = limited_w(cap_w, budget_w, CONFIG, 1.0)
        caps.append(cap_w)
    assert caps == sorted(caps, reverse=True), "it settles on the lower edge of the noise"


def test_the_energy_ahead_is_charge_and_sun_less_what_all_others_take_through_the_converter() -> None:
    energy_j = 0.2 * CONFIG.capacity_ah * 3600.0 * sum(CONFIG.ocv_v) / len(CONFIG.ocv_v)
    ahead_j = compute_energy_j(0.6, inside(900.0), Supply(0.0, 6.0), 0.4, CONFIG)
    assert ahead_j == pytest.approx((energy_j - 6.0 / CONFIG.load_efficiency * 900.0) * CONFIG.load_efficiency, abs=1.0)
    assert CONFIG.load_efficiency < 1.0


def test_no_more_is_asked_of_the_battery_than_its_discharge_limit() -> None:
    limited = PowerConfig(capacity_ah=5.2, array_peak_w=38.0, discharge_limit_a=1.5)
    free_w = compute_budget_w(0.95, inside(900.0), Supply(38.0, 6.0), 0.3, CONFIG)
    held_w = compute_budget_w(0.95, inside(900.0), Supply(38.0, 6.0), 0.3, limited)
    assert free_w == CONFIG.compute_max_w
    assert held_w == pytest.approx(0.9 * (1.5 * 12.8 - 6.0 / 0.9))


def test_a_curtailed_array_is_not_taken_for_a_weak_one_and_a_weak_one_is_learned() -> None:
    assert not is_fully_used(16.35, -1.0, CONFIG), "constant voltage"
    assert not is_fully_used(15.0, -2.5, CONFIG), "constant current, C/2"
    assert not is_fully_used(15.0, 0.0, CONFIG), "refusing"
    assert is_fully_used(15.0, -1.5, CONFIG)
    assert is_fully_used(15.0, 1.5, CONFIG)
    curtailed = weak = Supply(38.0, 8.0)
    for _ in range(600):
        curtailed = learn(curtailed, 25.0, 8.0, ahead_in(1500.0, 2100.0), fully_used=False, dt_s=1.0)
        weak = learn(weak, 25.0, 8.0, ahead_in(1500.0, 2100.0), fully_used=True, dt_s=1.0)
    assert curtailed.array_w == 38.0
    assert weak.array_w == pytest.approx(25.0, abs=0.1)
    assert learn(weak, 13.0, 8.0, ahead_in(10.0, 2100.0), fully_used=True, dt_s=1.0).array_w == weak.array_w, "penumbra"
    assert learn(Supply(38.0, None), None, 7.0, NONE_AHEAD, fully_used=False, dt_s=1.0) == Supply(38.0, 7.0)


@pytest.mark.parametrize(("array_w", "learned"), [(10.0, False), (10.5, True)])
def test_an_array_below_half_its_best_is_shadowed_rather_than_weak(array_w: float, learned: bool) -> None:
    after = learn(Supply(20.0, 8.0), array_w, 8.0, ahead_in(1500.0, 2100.0), fully_used=True, dt_s=1.0)
    assert (after.array_w < 20.0) is learned


def test_a_tier_is_shed_after_its_persistence_and_stays_latched_while_the_bus_rebounds() -> None:
    state = ShedState()
    levels = []
    for tick in range(100):
        soc = 0.27 if tick < 10 else 0.40
        state = shed_step(state, soc, False, CONFIG)
        levels.append(state.level)
    assert levels[3] == 0
    assert levels[4] == 1, "after five ticks below"
    assert set(levels[4:]) == {1}, "0.40 is above the threshold and below the release"
    assert shed_step(state, 0.46, False, CONFIG).level == 0


def test_the_next_tier_waits_for_its_whole_persistence_after_a_good_tick() -> None:
    state = ShedState(1, due_ticks=CONFIG.shed_persistence_ticks - 1)
    state = shed_step(state, 0.9, False, CONFIG)
    assert state.level == 1
    for _ in range(CONFIG.shed_persistence_ticks - 1):
        state = shed_step(state, 0.01, False, CONFIG)
    assert state.level == 1
    assert shed_step(state, 0.01, False, CONFIG).level == 2


def test_a_brownout_sheds_the_next_tier_at_once_and_waits_to_see_what_that_does() -> None:
    state, levels = ShedState(), []
    for _ in range(12):
        state = shed_step(state, 0.9, True, CONFIG)
        levels.append(state.level)
    assert levels == [1] * (SETTLE_TICKS + 1) + [2] * (11 - SETTLE_TICKS)


def test_a_brownout_at_a_good_charge_is_not_released_at_once() -> None:
    state, levels = shed_step(ShedState(), 0.9, True, CONFIG), []
    for _ in range(CONFIG.release_ticks + 1):
        state = shed_step(state, 0.9, False, CONFIG)
        levels.append(state.level)
    assert levels == [1] * CONFIG.release_ticks + [0]


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), max_size=200))
def test_the_latch_moves_by_single_tiers_and_never_releases_below_its_threshold(
    ticks: list[tuple[float, bool]],
) -> None:
    state = ShedState()
    for soc, brownout in ticks:
        after = shed_step(state, soc, brownout, CONFIG)
        assert 0 <= after.level <= 2
        assert abs(after.level - state.level) <= 1
        if after.level < state.level:
            assert soc > CONFIG.release_soc[state.level - 1]
        state = after


class Bench:
    """The application against real limiters, one load of which draws too much."""

    def __init__(self, faulty: str, *, clears_tick: int | None = None) -> None:
        self.app = PowerApp(CONFIG, LOADS, 1.0)
        self.limiters = Limiters([LoadConfig(name=row.name, limit_w=20.0, shed_tier=row.shed_tier) for row in LOADS])
        self.faulty, self.clears_tick = [row.name for row in LOADS].index(faulty), clears_tick
        self.tick, self.states = 0, ON
        self.wanted: list[tuple[bool, ...]] = [(True,) * 3] * 2
        self.closed: list[int] = []
        self.told: list[str] = []

    def pass_ticks(self, ticks: int, *commands: TcDispatch) -> None:
        for _ in range(ticks):
            before = self.states
            self.states = switch_lcls(self.states, self.wanted.pop(0))
            self.closed += (
                [self.tick] if before[self.faulty] is LclState.OFF and self.states[self.faulty] is LclState.ON else []
            )
            demand_w = [7.0, 0.0, 10.0]
            if self.clears_tick is None or self.tick < self.clears_tick:
                demand_w[self.faulty] = 50.0
            self.states, _, load_w = self.limiters.pass_through(self.states, (0.0,) * 3, demand_w, 1.0)
            telemetry = PowerSensors(15.5, 0.0, 20.0, 30.0, tuple(load_w), self.states, False)
            inbox = Inbox([("plant", telemetry), *(("comms", command) for command in commands)])
            out = self.app.step(Now(self.tick, self.tick * 10**9, 1.0), inbox)
            said = [message.load_on for message in out if isinstance(message, SwitchCommand)]
            self.wanted.append(said[-1] if said else self.wanted[-1])
            self.told += [message.id for message in out if isinstance(message, Event)]
            self.tick += 1


def test_a_tripped_limiter_is_opened_waited_for_closed_and_at_last_locked_out() -> None:
    bench = Bench("payload")
    bench.pass_ticks(1000)
    assert len(bench.closed) == CONFIG.lcl_retries
    assert bench.closed[1] - bench.closed[0] >= CONFIG.lcl_retry_ticks
    assert bench.states[2] is LclState.OFF
    assert bench.told == ["lcl.tripped", "lcl.closed"] * CONFIG.lcl_retries + ["lcl.locked_out"]
    bench.pass_ticks(1, TcDispatch(1, PowerSetLoad("payload", True)))
    bench.pass_ticks(5)
    assert len(bench.closed) == CONFIG.lcl_retries + 1, "ground may try again"


def test_a_fault_that_passes_costs_one_retry_and_the_load_stays_on() -> None:
    bench = Bench("payload", clears_tick=20)
    bench.pass_ticks(300)
    assert bench.told == ["lcl.tripped", "lcl.closed"]
    assert bench.states == ON


def test_an_essential_loads_limiter_is_never_locked_out() -> None:
    bench = Bench("avionics", clears_tick=800)
    bench.pass_ticks(1000)
    assert len(bench.closed) > CONFIG.lcl_retries
    assert "lcl.locked_out" not in bench.told
    assert bench.states == ON


def test_a_lock_out_survives_a_restart() -> None:
    app = PowerApp(CONFIG, LOADS, 1.0)
    stored = PowerCriticalData(0.7, 0.02, 0, 0.4, (True, True, True), (False, False, True))
    still_tripped = PowerSensors(15.5, 0.0, 20.0, 30.0, (7.0, 0.0, 0.0), (*ON[:2], LclState.TRIPPED), False)
    for tick in range(70, 70 + 2 * CONFIG.lcl_retry_ticks):
        items = [("plant", still_tripped), *([("power", stored)] if tick == 70 else [])]
        out = list(app.step(Now(tick, tick * 10**9, 1.0), Inbox(items)))
        assert all(m == SwitchCommand((True, True, False)) for m in out if isinstance(m, SwitchCommand))
        assert any(isinstance(m, SwitchCommand) for m in out) is (tick % REPEAT_TICKS == 0)
        assert all(m.load_locked_out == (False, False, True) for m in out if isinstance(m, PowerCriticalData))


@pytest.mark.parametrize("soc", [0.5, 0.62, 0.75, 0.95])
@pytest.mark.parametrize("array_w", [28.0, 38.0])
def test_a_payload_that_draws_all_it_may_ends_no_eclipse_below_the_reserve(soc: float, array_w: float) -> None:
    """Against a battery of the on-board model's own capacity, 7 W of base load and 20 mV of noise on the voltage."""
    config = PowerConfig(capacity_ah=5.2, array_peak_w=38.0, reserve_soc=0.4)
    table = load_table(LOADS)
    state, energy_j = law.initial(table, config), 5.2 * 3600.0 * 14.6
    ahead, caps, ends = ahead_in(3000.0, 2100.0), [], []
    state = msgspec.structs.replace(state, ahead=ahead)
    for tick in range(3 * 5700):
        dark = state.ahead.inside
        payload_w = caps[-1] if caps else 0.0
        need_w = (7.0 + payload_w) / 0.9
        amps = (need_w - (0.0 if dark else array_w)) / 14.6
        soc = min(1.0, soc - amps * 14.6 / energy_j)
        volts = 12.8 + 3.6 * soc - config.r0_ohm * amps + 0.02 * ((tick * 7919) % 11 - 5) / 5.0
        used_w = 0.0 if dark else array_w
        telemetry = PowerSensors(volts, amps, 20.0, used_w, (7.0, 0.0, payload_w), ON, False)
        state, outputs = law.step(state, law.Inputs(telemetry, None, Mode.PAYLOAD), table, config, 1.0)
        if dark and not state.ahead.inside:
            ends.append(soc)
        caps.append(outputs.compute_cap_w)
    assert len(ends) == 3
    assert max(caps) > 10.0
    assert all(end >= config.reserve_soc for end in ends), ends
    assert ends[-1] < config.reserve_soc + 0.035, "and no more is kept than the estimate may be wrong by"
    turns = [b - a for a, b in pairwise(caps) if a != b]
    assert sum(a * b < 0.0 for a, b in pairwise(turns)) < 20, "no chatter"


@pytest.mark.parametrize(("mode", "payload_on"), [(Mode.BOOT, True), (Mode.SAFE, False), (Mode.STANDBY, True)])
def test_in_safe_the_payload_is_off_and_the_radio_stays(mode: Mode, payload_on: bool) -> None:
    app, _ = settled(15.5)
    status = ModeStatus(mode, 0, "", False, False, ())
    out = list(app.step(Now(40, 40 * 10**9, 1.0), Inbox([("plant", sensors()), ("health", status)])))
    assert only(out, SwitchCommand) == SwitchCommand((True, True, payload_on))
    assert (only(out, PowerStatus).compute_cap_w > 0.0) is payload_on


def test_a_brownout_takes_all_compute_power_even_where_the_payload_is_not_the_first_to_be_shed() -> None:
    table = load_table((LoadRow("transmitter", 1, True), LoadRow("payload", 2, True)))
    state = law.initial(table, CONFIG)
    caps = []
    for brownout in [False] * 10 + [True] + [False] * 2:
        telemetry = PowerSensors(15.5, 0.0, 20.0, 30.0, (0.0, 9.0), ON[:2], brownout)
        state, outputs = law.step(state, law.Inputs(telemetry, None, None), table, CONFIG, 1.0)
        caps.append(outputs.compute_cap_w)
        assert outputs.load_on[1]
    assert caps[9] > 1.0
    assert caps[10] == 0.0
    assert 0.0 < caps[12] <= 2.0 * CONFIG.cap_slew_w_s


def test_the_status_follows_navigation_into_and_out_of_the_shadow() -> None:
    sky = Sky(SkyConfig(epoch="2026-01-03T10:00:00Z", orbit=OrbitConfig(altitude_km=550.0, ltan_h=10.5)), 1.0)
    ((entry_s, exit_s),) = sky.eclipses(0, 5_800)
    app, dark = PowerApp(CONFIG, LOADS, 1.0), []
    for tick in range(5_800):
        at = sky.at(tick)
        fix = NavSensors(at.position_km, at.velocity_km_s, at.sun, 0.0, 0.0, True)
        out = list(app.step(Now(tick, tick * 10**9, 1.0), Inbox([("plant", sensors()), ("plant", fix)])))
        dark += [tick] if only(out, PowerStatus).in_eclipse else []
    assert dark == list(range(dark[0], dark[-1] + 1)), "one eclipse, without a gap"
    assert entry_s - 5.0 <= dark[0] <= entry_s + 1.0
    assert exit_s - 1.0 <= dark[-1] <= exit_s + 5.0


def test_a_commanded_switch_is_thrown_in_the_same_tick() -> None:
    app, out = settled(15.5)
    assert only(out, SwitchCommand) == SwitchCommand((True, True, True))
    command = TcDispatch(7, PowerSetLoad("transmitter", False))
    out = list(app.step(Now(31, 31 * 10**9, 1.0), Inbox([("plant", sensors()), ("comms", command)])))
    assert only(out, SwitchCommand) == SwitchCommand((True, False, True))
    assert only(out, PowerCriticalData).load_enabled == (True, False, True), "kept at once"


def test_a_brownout_takes_all_compute_power() -> None:
    app, out = settled(15.5)
    assert only(out, PowerStatus).compute_cap_w > 0.0
    out = list(app.step(Now(31, 31 * 10**9, 1.0), Inbox([("plant", sensors(brownout=True))])))
    assert only(out, PowerStatus).compute_cap_w == 0.0


def test_an_estimate_that_nobody_can_believe_grants_no_compute_power() -> None:
    app, out = settled(15.5)
    assert only(out, PowerStatus).compute_cap_w > 0.0
    told: list[str] = []
    sigmas, caps = [], []
    for tick in range(30, 4000):
        out = list(app.step(Now(tick, tick * 10**9, 1.0), Inbox([("plant", sensors(None, None))])))
        told += [message.id for message in out if isinstance(message, Event)]
        sigmas.append(only(out, PowerStatus).soc_sigma)
        caps.append(only(out, PowerStatus).compute_cap_w)
    assert caps[0] > 0.0
    assert sigmas[-1] > CONFIG.believed_sigma
    assert all(cap_w == 0.0 for sigma, cap_w in zip(sigmas, caps, strict=True) if sigma > CONFIG.believed_sigma)
    app.step(Now(4000, 4000 * 10**9, 1.0), Inbox([("plant", sensors())]))
    assert told == ["battery_readings.lost"]


def test_sensors_that_say_nothing_at_all_are_told_as_lost_and_as_back_once_each() -> None:
    app, _ = settled(15.5)
    told = []
    for tick in range(30, 60):
        inbox = Inbox([] if 40 <= tick < 50 else [("plant", sensors())])
        out = app.step(Now(tick, tick * 10**9, 1.0), inbox)
        told += [(tick, message.id) for message in out if isinstance(message, Event)]
    assert told == [(39 + CONFIG.blind_ticks, "battery_readings.lost"), (50, "battery_readings.back")]


def test_low_charge_sheds_the_payload_before_the_transmitter() -> None:
    _, out = settled(12.8 + 3.6 * 0.24)
    status, switches = only(out, PowerStatus), only(out, SwitchCommand)
    assert status.load_shed_level == 1
    assert status.compute_cap_w == 0.0
    assert switches.load_on == (True, True, False)


def test_a_restart_brings_charge_latch_and_wishes_back() -> None:
    app = PowerApp(CONFIG, LOADS, 1.0)
    stored = PowerCriticalData(0.33, 0.02, 1, 0.5, (True, False, True), (False, False, False))
    out = list(app.step(Now(70, 70 * 10**9, 1.0), Inbox([("power", stored), ("plant", sensors(None, None))])))
    status, switches = only(out, PowerStatus), only(out, SwitchCommand)
    assert (status.soc, status.load_shed_level, status.reserve_soc) == (0.33, 1, 0.5)
    assert switches.load_on == (True, False, False)


@pytest.mark.parametrize(
    ("command", "stage", "word"),
    [
        (PowerSetReserve(0.5), TcStage.COMPLETED, ""),
        (PowerSetLoad("transmitter", False), TcStage.COMPLETED, ""),
        (PowerSetLoad("nobody", False), TcStage.FAILED, "must be one of"),
        (PowerSetLoad("avionics", False), TcStage.FAILED, "is essential"),
        (PowerClearShed(), TcStage.FAILED, "must be above 0.45"),
    ],
)
def test_commands_are_executed_or_refused_with_a_reason(command: object, stage: TcStage, word: str) -> None:
    app, _ = settled(12.8 + 3.6 * 0.24)
    out = list(app.step(Now(31, 31 * 10**9, 1.0), Inbox([("comms", TcDispatch(7, command))])))  # type: ignore[arg-type]
    report = only(out, TcReport)
    assert (report.request, report.stage) == (7, stage)
    assert word in (report.reason or "")


def test_an_event_is_told_once_when_a_tier_is_shed() -> None:
    app = PowerApp(CONFIG, LOADS, 1.0)
    told = []
    for tick in range(60):
        out = app.step(Now(tick, tick * 10**9, 1.0), Inbox([("plant", sensors(12.8 + 3.6 * 0.24))]))
        told += [message.id for message in out if isinstance(message, Event)]
    assert told == ["load.shed"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ocv_v": (12.8, 14.0, 13.9)}, "must rise with the state of charge"),
        ({"release_soc": (0.5,)}, "must be 2"),
        ({"shed_soc": (0.2, 0.3)}, "must not rise"),
        ({"release_soc": (0.2, 0.35)}, "must be above shed_soc"),
    ],
)
def test_a_configuration_that_contradicts_itself_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PowerConfig(capacity_ah=5.0, array_peak_w=30.0, **fields)  # type: ignore[arg-type]
