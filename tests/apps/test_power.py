"""The EPS manager's laws: estimate, eclipse forecast, budget, shedding, limiter care, and what survives a restart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.power.app import PowerApp
from flightsw.apps.power.budget import Supply, compute_budget_w, slewed_w
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast, coasted, forecast
from flightsw.apps.power.shedding import LclCare, ShedState, care_step, shed_step
from flightsw.apps.power.soc import SocState, estimate
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.commands import PowerClearShed, PowerSetLoad, PowerSetReserve
from flightsw.messages.comms import TcDispatch, TcReport, TcStage
from flightsw.messages.health import Event
from flightsw.messages.plant import LclState, PowerSensors
from flightsw.messages.power import PowerCriticalData, PowerStatus, SwitchCommand
from flightsw.plant.sky import Sky
from flightsw.plant.sky_config import OrbitConfig, SkyConfig

CONFIG = PowerConfig(capacity_ah=5.2, array_peak_w=38.0, reserve_soc=0.4)
LOADS = (
    LoadRow("avionics", None, True),
    LoadRow("transmitter", 2, True),
    LoadRow("payload", 1, True),
)
ON = (LclState.ON,) * 3


def sensors(volts: float | None = 15.5, amps: float | None = 0.0, *, brownout: bool = False) -> PowerSensors:
    return PowerSensors(volts, amps, 20.0, 30.0, (7.0, 0.0, 20.0), ON, brownout)


def settled(volts: float, ticks: int = 30) -> tuple[PowerApp, list[object]]:
    """An application that has seen the same readings for a while, and its last messages."""
    app = PowerApp(CONFIG, LOADS, 1.0)
    out: list[object] = []
    for tick in range(ticks):
        out = list(app.step(Now(tick, tick * 10**9, 1.0), Inbox([("plant", sensors(volts))])))
    return app, out


def only(out: list[object], kind: type) -> object:
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


def test_missing_readings_hold_the_estimate_and_widen_its_sigma() -> None:
    state = SocState(0.6, 1e-4)
    for _ in range(600):
        state = estimate(state, None, None, CONFIG, 1.0)
    assert state.soc == 0.6
    assert state.variance > 2e-4


def test_the_forecast_agrees_with_the_plants_sky_all_round_the_orbit() -> None:
    sky = Sky(SkyConfig(epoch="2026-01-03T10:00:00Z", orbit=OrbitConfig(altitude_km=550.0, ltan_h=10.5)), 1.0)
    edges = sky.eclipses(0, 12_000)
    assert len(edges) == 2
    for tick in range(0, 6_000, 37):
        if any(abs(tick - edge_s) < 20.0 for eclipse in edges for edge_s in eclipse):
            continue
        sample = sky.at(tick)
        ahead = forecast(sample.position_km, sample.velocity_km_s, sample.sun)
        entry_s, exit_s = next((a, b) for a, b in edges if b > tick)
        assert ahead.inside is (tick > entry_s)
        assert ahead.starts_in_s is not None
        assert tick + ahead.starts_in_s == pytest.approx(max(entry_s, tick), abs=15.0)
        assert tick + ahead.starts_in_s + ahead.lasts_s == pytest.approx(exit_s, abs=20.0)


@given(st.floats(0.0, 3000.0), st.floats(1.0, 2200.0), st.floats(0.0, 8000.0))
def test_coasting_counts_down_and_forgets_an_eclipse_that_is_over(
    starts_in_s: float, lasts_s: float, elapsed_s: float
) -> None:
    later = coasted(EclipseForecast(False, starts_in_s, lasts_s), elapsed_s)
    if elapsed_s >= starts_in_s + lasts_s:
        assert later == NONE_AHEAD
    else:
        assert later.inside is (elapsed_s >= starts_in_s)
        assert later.starts_in_s == pytest.approx(max(0.0, starts_in_s - elapsed_s))


aheads = st.one_of(
    st.just(NONE_AHEAD),
    st.builds(EclipseForecast, st.just(True), st.just(0.0), st.floats(0.0, 2200.0)),
    st.builds(EclipseForecast, st.just(False), st.floats(0.0, 5700.0), st.floats(0.0, 2200.0)),
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
    assert compute_budget_w(soc, EclipseForecast(True, 0.0, left_s), supply, 0.4, CONFIG) == 0.0


def test_a_coming_eclipse_lowers_the_budget() -> None:
    supply = Supply(38.0, 8.0)
    sun = compute_budget_w(0.6, NONE_AHEAD, supply, 0.4, CONFIG)
    dark = compute_budget_w(0.6, EclipseForecast(True, 0.0, 2100.0), supply, 0.4, CONFIG)
    assert sun > 1.5 * dark > 0.0


@given(st.floats(0.0, 30.0), st.floats(0.0, 30.0))
def test_the_cap_falls_at_once_and_rises_by_the_slew(before_w: float, wanted_w: float) -> None:
    cap_w = slewed_w(before_w, wanted_w, CONFIG, 1.0)
    assert cap_w <= min(wanted_w, before_w + CONFIG.cap_slew_w_s) + 1e-9
    assert cap_w >= min(wanted_w, before_w + CONFIG.cap_slew_w_s) - 0.1 - 1e-9


def test_a_tier_is_shed_after_its_persistence_and_stays_latched_while_the_bus_rebounds() -> None:
    state = ShedState()
    levels = []
    for tick in range(40):
        soc = 0.27 if tick < 10 else 0.40
        state = shed_step(state, soc, False, CONFIG)
        levels.append(state.level)
    assert levels[3] == 0
    assert levels[4] == 1, "after five ticks below"
    assert set(levels[4:]) == {1}, "0.40 is above the threshold and below the release"
    assert shed_step(state, 0.46, False, CONFIG).level == 0


def test_a_brownout_sheds_the_next_tier_at_once() -> None:
    assert shed_step(ShedState(), 0.9, True, CONFIG).level == 1
    assert shed_step(ShedState(1), 0.9, True, CONFIG).level == 2
    assert shed_step(ShedState(2), 0.1, True, CONFIG).level == 2


def test_a_tripped_limiter_is_opened_waited_for_closed_and_at_last_locked_out() -> None:
    care, allowed = LclCare(), []
    for _ in range(4 * CONFIG.lcl_retry_ticks):
        care, may = care_step(care, True, CONFIG)
        allowed.append(may)
    assert allowed.count(True) == CONFIG.lcl_retries
    assert not any(allowed[-CONFIG.lcl_retry_ticks + 10 :])
    assert care.retries == CONFIG.lcl_retries


def test_low_charge_sheds_the_payload_before_the_transmitter() -> None:
    _, out = settled(12.8 + 3.6 * 0.24)
    status, switches = only(out, PowerStatus), only(out, SwitchCommand)
    assert isinstance(status, PowerStatus)
    assert isinstance(switches, SwitchCommand)
    assert status.load_shed_level == 1
    assert status.compute_cap_w == 0.0
    assert switches.load_on == (True, True, False)


def test_a_restart_brings_charge_latch_and_wishes_back() -> None:
    app = PowerApp(CONFIG, LOADS, 1.0)
    stored = PowerCriticalData(0.33, 0.02, 1, 0.5, (True, False, True))
    out = list(app.step(Now(70, 70 * 10**9, 1.0), Inbox([("power", stored), ("plant", sensors(None, None))])))
    status, switches = only(out, PowerStatus), only(out, SwitchCommand)
    assert isinstance(status, PowerStatus)
    assert isinstance(switches, SwitchCommand)
    assert (status.soc, status.load_shed_level, status.reserve_soc) == (0.33, 1, 0.5)
    assert switches.load_on == (True, False, False)


@pytest.mark.parametrize(
    ("command", "stage", "word"),
    [
        (PowerSetReserve(0.5), TcStage.COMPLETED, ""),
        (PowerSetLoad("transmitter", False), TcStage.COMPLETED, ""),
        (PowerSetLoad("nobody", False), TcStage.FAILED, "must be one of"),
        (PowerClearShed(), TcStage.FAILED, "must be above 0.45"),
    ],
)
def test_commands_are_executed_or_refused_with_a_reason(command: object, stage: TcStage, word: str) -> None:
    app, _ = settled(12.8 + 3.6 * 0.24)
    out = list(app.step(Now(31, 31 * 10**9, 1.0), Inbox([("comms", TcDispatch(7, command))])))  # type: ignore[arg-type]
    report = only(out, TcReport)
    assert isinstance(report, TcReport)
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
        ({"ocv_full_v": 12.0}, "must be above ocv_empty_v"),
        ({"release_soc": (0.5,)}, "must be 2"),
        ({"shed_soc": (0.2, 0.3)}, "must not rise"),
        ({"release_soc": (0.2, 0.35)}, "must be above shed_soc"),
    ],
)
def test_a_configuration_that_contradicts_itself_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PowerConfig(capacity_ah=5.0, array_peak_w=30.0, **fields)  # type: ignore[arg-type]
