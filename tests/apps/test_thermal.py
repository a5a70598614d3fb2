"""The TCS manager's laws: heater hysteresis, the chip cap's limits and wind-up, and what a missing reading means."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.thermal import law
from flightsw.apps.thermal.app import HELD_TICKS, ThermalApp
from flightsw.apps.thermal.chipcap import chip_cap, throttle_level
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.commands import ThermalSetChipLimit
from flightsw.messages.comms import TcDispatch, TcReport, TcStage
from flightsw.messages.health import Event
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.thermal import HeaterCommand, ThermalCriticalData, ThermalStatus

CONFIG = ThermalConfig(chip_limit_c=70.0, gain_w_k=0.5, integral_w_k_s=0.005)


def caps(temperatures_c: list[float | None], config: ThermalConfig = CONFIG) -> list[float]:
    """The cap after each of these chip temperatures, a second apart."""
    state, out = law.initial(config), []
    for chip_c in temperatures_c:
        state, outputs = law.step(state, law.Inputs(chip_c, 20.0), config, 1.0)
        out.append(outputs.chip_cap_w)
    return out


def run(app: ThermalApp, tick: int, chip_c: float | None = 50.0, battery_c: float | None = 20.0) -> list[Message]:
    sensors = ThermalSensors(chip_c, 30.0, 20.0, battery_c, 10.0, 0.0)
    return list(app.step(Now(tick, tick * 10**9, 1.0), Inbox([("plant", sensors)])))


def one(out: list[Message], kind: type[Message]) -> Message:
    found = [message for message in out if isinstance(message, kind)]
    assert len(found) == 1
    return found[0]


def test_the_heater_switches_at_its_thresholds_and_nowhere_between() -> None:
    state, seen = law.initial(CONFIG), []
    for battery_c in (9.0, 6.0, 4.9, 6.0, 7.9, 8.1, 6.0, 5.1, 4.9):
        state, outputs = law.step(state, law.Inputs(40.0, battery_c), CONFIG, 1.0)
        seen.append(outputs.heater_on)
    assert seen == [False, False, True, True, True, False, False, False, True]


def test_a_blind_heater_goes_on_for_a_while_and_is_then_switched_off() -> None:
    state, _ = law.step(law.initial(CONFIG), law.Inputs(40.0, 0.0), CONFIG, 1.0)
    assert state.heater_on
    on = []
    for _ in range(CONFIG.blind_ticks + 5):
        state, outputs = law.step(state, law.Inputs(40.0, None), CONFIG, 1.0)
        on.append(outputs.heater_on)
    assert on == [True] * CONFIG.blind_ticks + [False] * 5


@given(st.lists(st.one_of(st.none(), st.floats(-60.0, 130.0)), min_size=1, max_size=60))
def test_the_cap_and_its_integral_stay_within_the_devices_range(temperatures_c: list[float | None]) -> None:
    state = law.initial(CONFIG)
    for chip_c in temperatures_c:
        state, outputs = law.step(state, law.Inputs(chip_c, 20.0), CONFIG, 1.0)
        assert CONFIG.cap_min_w <= outputs.chip_cap_w <= CONFIG.cap_max_w
        assert CONFIG.cap_min_w <= state.integral_w <= CONFIG.cap_max_w
        assert 0.0 <= outputs.throttle_level <= 1.0


@given(st.floats(-20.0, 100.0), st.floats(-20.0, 100.0), st.floats(5.0, 30.0))
def test_a_hotter_chip_is_never_granted_more(a_c: float, b_c: float, integral_w: float) -> None:
    cool, hot = sorted((a_c, b_c))
    more = chip_cap(integral_w, cool, 70.0, CONFIG, 1.0)[0]
    less = chip_cap(integral_w, hot, 70.0, CONFIG, 1.0)[0]
    assert less <= more


def test_a_long_hot_spell_does_not_wind_the_integral_up() -> None:
    for spell in (300, 6000):
        out = caps([95.0] * spell + [40.0] * 120)
        assert out[spell - 1] == CONFIG.cap_min_w
        assert out[spell + 119] >= 25.0, f"recovered within two minutes after {spell} s of heat"


@given(st.floats(71.0, 120.0), st.integers(1, 4000))
def test_the_integral_stands_still_while_the_cap_is_clipped(hot_c: float, ticks: int) -> None:
    state = law.initial(CONFIG)
    for _ in range(ticks):
        state, _ = law.step(state, law.Inputs(hot_c, 20.0), CONFIG, 1.0)
    above_k = hot_c - 70.0
    clipped_w = min(CONFIG.cap_max_w, CONFIG.cap_min_w + CONFIG.gain_w_k * above_k)
    assert state.integral_w >= clipped_w - CONFIG.integral_w_k_s * above_k - 1e-9


@pytest.mark.parametrize("short_k", [0.05, 1.0, 50.0])
def test_the_integral_stands_still_while_the_cap_is_clipped_by_a_cold_chip_however_near_its_limit(
    short_k: float,
) -> None:
    integral_w = CONFIG.cap_max_w - 0.01
    cap_w, after_w = chip_cap(integral_w, 70.0 - short_k, 70.0, CONFIG, 1.0)
    assert cap_w == CONFIG.cap_max_w
    assert after_w == integral_w


def test_a_long_cold_spell_does_not_delay_the_throttling() -> None:
    short, long = (caps([20.0] * spell + [80.0] * 10) for spell in (10, 6000))
    assert short[-10:] == long[-10:]
    assert long[-1] < CONFIG.cap_max_w - 4.0


def test_a_missing_chip_temperature_counts_as_a_hot_chip() -> None:
    assert caps([None]) == caps([CONFIG.hot_assumption_c])
    assert caps([None])[0] < CONFIG.cap_max_w - 10.0


def test_an_assumed_temperature_teaches_the_integral_nothing() -> None:
    seen = caps([69.0] * 500 + [72.0] * 400)
    blind = caps([69.0] * 500 + [72.0] * 100 + [None] * 300 + [72.0] * 300)
    assert seen[-1] < CONFIG.cap_max_w
    assert blind[600] < seen[599] - 10.0, "while blind the cap is that of a hot chip"
    assert blind[-300:] == seen[-300:], "and then goes on as if the time had not been"


@given(st.floats(20.0, 69.0), st.floats(71.0, 120.0), st.integers(1, 400))
def test_the_cap_answers_a_step_of_temperature_at_once_and_then_leans_further(
    cool_c: float, hot_c: float, ticks: int
) -> None:
    before, *after = caps([cool_c, hot_c] + [hot_c] * ticks)
    assert after[0] <= before
    assert all(late <= early for early, late in pairwise(after))
    assert after[0] <= max(CONFIG.cap_min_w, CONFIG.cap_max_w - CONFIG.gain_w_k * (hot_c - 70.0) + 0.01)


@given(st.floats(5.01, 30.0), st.floats(60.0, 80.0))
def test_the_published_cap_is_in_steps_of_a_twentieth_watt(integral_w: float, chip_c: float) -> None:
    cap_w, _ = chip_cap(integral_w, chip_c, 70.0, CONFIG, 1.0)
    assert cap_w == round(cap_w * 20.0) / 20.0


@pytest.mark.parametrize(
    ("cap_w", "level"), [(40.0, 0.0), (30.0, 0.0), (23.75, 0.25), (17.5, 0.5), (5.0, 1.0), (0.0, 1.0)]
)
def test_the_throttle_level_is_the_share_of_the_devices_range_that_is_taken_away(cap_w: float, level: float) -> None:
    assert (CONFIG.cap_min_w, CONFIG.cap_max_w) == (5.0, 30.0)
    assert throttle_level(cap_w, CONFIG) == pytest.approx(level)


def test_the_loop_holds_a_simple_chip_at_its_limit() -> None:
    state, chip_c = law.initial(CONFIG), 30.0
    for _ in range(4000):
        state, outputs = law.step(state, law.Inputs(chip_c, 20.0), CONFIG, 1.0)
        chip_c += (min(28.0, outputs.chip_cap_w) - (chip_c - 25.0) / 2.0) / 60.0
    assert chip_c == pytest.approx(70.0, abs=0.5)
    assert outputs.chip_cap_w == pytest.approx(22.5, abs=0.3)


def test_a_lost_chip_temperature_is_told_once_and_so_is_its_return() -> None:
    app = ThermalApp(CONFIG, 1.0)
    told = []
    for tick in range(30):
        out = run(app, tick, chip_c=None if 10 <= tick < 20 else 50.0)
        told += [message.id for message in out if isinstance(message, Event)]
    assert told == ["chip_temperature.lost", "chip_temperature.back"]


def test_a_restart_brings_limit_integral_and_heater_back() -> None:
    app = ThermalApp(CONFIG, 1.0)
    stored = ThermalCriticalData(61.0, 12.0, True)
    sensors = ThermalSensors(61.0, 30.0, 20.0, 6.0, 10.0, 0.0)
    out = list(app.step(Now(99, 99 * 10**9, 1.0), Inbox([("thermal", stored), ("plant", sensors)])))
    status, heaters = one(out, ThermalStatus), one(out, HeaterCommand)
    assert isinstance(status, ThermalStatus)
    assert (status.chip_limit_c, status.integral_w, status.chip_cap_w) == (61.0, 12.0, 12.0)
    assert heaters == HeaterCommand(True)


def test_ground_sets_the_chip_limit() -> None:
    app = ThermalApp(CONFIG, 1.0)
    out = list(app.step(Now(1, 10**9, 1.0), Inbox([("comms", TcDispatch(3, ThermalSetChipLimit(55.0)))])))
    assert one(out, TcReport) == TcReport(3, TcStage.COMPLETED, None)
    (stored,) = [message for message in out if isinstance(message, ThermalCriticalData)]
    assert stored.chip_limit_c == 55.0, "kept at once"
    status = one(run(app, 2), ThermalStatus)
    assert isinstance(status, ThermalStatus)
    assert status.chip_limit_c == 55.0


def test_a_chip_limit_above_the_hardwares_own_is_refused_with_a_reason() -> None:
    app = ThermalApp(CONFIG, 1.0)
    out = list(app.step(Now(1, 10**9, 1.0), Inbox([("comms", TcDispatch(3, ThermalSetChipLimit(105.0)))])))
    report, status = one(out, TcReport), one(out, ThermalStatus)
    assert report == TcReport(3, TcStage.FAILED, "limit_c = 105.0: must be at most 95.0")
    assert isinstance(status, ThermalStatus)
    assert status.chip_limit_c == 70.0


def test_critical_data_is_stored_every_ten_ticks_and_when_the_heater_switches() -> None:
    app = ThermalApp(CONFIG, 1.0)
    stored = [
        tick
        for tick in range(35)
        if any(isinstance(m, ThermalCriticalData) for m in run(app, tick, battery_c=20.0 if tick < 17 else 0.0))
    ]
    assert stored == [0, 10, 17, 20, 30]


def test_a_lost_battery_temperature_is_told_once_and_so_is_its_return_but_one_missing_sample_is_not() -> None:
    app = ThermalApp(CONFIG, 1.0)
    told = []
    for tick in range(40):
        out = run(app, tick, battery_c=None if tick == 3 or 10 <= tick < 30 else 20.0)
        told += [(tick, message.id) for message in out if isinstance(message, Event)]
    assert told == [(12, "battery_temperature.lost"), (30, "battery_temperature.back")]


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"heater_off_c": 4.0}, "must be above heater_on_c"), ({"cap_max_w": 4.0}, "must be above cap_min_w")],
)
def test_a_configuration_that_contradicts_itself_is_refused(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ThermalConfig(**fields)


def test_a_lost_sample_changes_nothing_and_a_silent_sensor_is_told() -> None:
    def silent(app: ThermalApp, tick: int) -> list[Message]:
        return list(app.step(Now(tick, tick * 10**9, 1.0), Inbox([])))

    app = ThermalApp(CONFIG, 1.0)
    before = one(run(app, 0), ThermalStatus)
    assert isinstance(before, ThermalStatus)
    assert before.chip_cap_w > CONFIG.cap_min_w
    for tick in (1, 2, 4):
        out = silent(app, tick) if tick != 4 else run(app, tick)
        assert one(out, ThermalStatus) == before
    told = [message for tick in range(5, 12) for message in silent(app, tick)]
    caps_w = [message.chip_cap_w for message in told if isinstance(message, ThermalStatus)]
    assert caps_w[:HELD_TICKS] == [before.chip_cap_w] * HELD_TICKS
    assert max(caps_w[HELD_TICKS:]) < before.chip_cap_w
    assert [message.id for message in told if isinstance(message, Event)] == [
        "chip_temperature.lost",
        "battery_temperature.lost",
    ]


def test_a_first_sample_that_is_missing_is_not_made_up() -> None:
    app = ThermalApp(CONFIG, 1.0)
    status = one(list(app.step(Now(0, 0, 1.0), Inbox([]))), ThermalStatus)
    assert isinstance(status, ThermalStatus)
    assert status.chip_c is None
