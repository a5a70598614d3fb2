"""The thermal laws at the corners of their tables, in worked figures."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flightsw.apps.thermal.chipcap import chip_cap, stepped_down
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.degraded import Fallback, cap_without_model
from flightsw.apps.thermal.heater import heater_on
from flightsw.apps.thermal.heaterduty import COLD_START, Duty, duty_step, share_of_period
from flightsw.apps.thermal.hysteresis import HysteresisThermalLaw, tripped_cap
from flightsw.apps.thermal.interface import Inputs
from flightsw.apps.thermal.pump import FULL, PumpConfig, pump_speed
from flightsw.apps.thermal.seen import Seen, doubted, seen_now
from flightsw.apps.thermal.stepwise import StepState, StepWiseThermalLaw, stepped_cap
from flightsw.messages.plant import ThermalSensors

CONFIG = ThermalConfig(
    cap_min_w=5.0, cap_max_w=30.0, gain_w_k=0.5, integral_w_k_s=0.01, hot_assumption_c=110.0, chip_limit_c=70.0
)


@pytest.mark.parametrize(
    ("integral_w", "chip_c", "dt_s", "cap_w", "after_w"),
    [
        (20.0, 70.0, 1.0, 20.0, 20.0),
        (20.0, 60.0, 1.0, 25.0, 20.1),
        (20.0, 60.0, 3.0, 25.0, 20.3),
        (20.0, 80.0, 1.0, 15.0, 19.9),
        (20.0, None, 1.0, 5.0, 20.0),
        (25.0, 60.0, 1.0, 30.0, 25.1),
        (25.0, 59.0, 1.0, 30.0, 25.0),
        (10.0, 80.0, 1.0, 5.0, 9.9),
        (10.0, 81.0, 1.0, 5.0, 10.0),
        (29.95, 69.95, 200.0, 29.95, 30.0),
        (5.05, 70.05, 200.0, 5.0, 5.0),
        (40.0, 71.0, 1.0, 30.0, 30.0),
        (40.0, 70.0, 1.0, 30.0, 30.0),
        (2.0, 69.0, 1.0, 5.0, 5.0),
        (2.0, 70.0, 1.0, 5.0, 5.0),
    ],
)
def test_the_pi_and_when_its_integral_stands_still(
    integral_w: float, chip_c: float | None, dt_s: float, cap_w: float, after_w: float
) -> None:
    assert chip_cap(integral_w, chip_c, 70.0, CONFIG, dt_s) == (pytest.approx(cap_w), pytest.approx(after_w))


@pytest.mark.parametrize(
    ("wanted_w", "cap_w"),
    [
        (17.0, 17.0),
        (17.04, 17.0),
        (17.05, 17.05),
        (17.35 - 0.9e-9 / 20.0, 17.35),
        (17.35 - 1.05e-9 / 20.0, 17.3),
        (29.99, 29.95),
        (31.0, 30.0),
        (4.99, 4.97),
        (-3.0, 4.97),
    ],
)
def test_the_cap_is_published_in_steps_rounded_down_but_for_the_noise_of_arithmetic(
    wanted_w: float, cap_w: float
) -> None:
    assert stepped_down(wanted_w, replace(CONFIG, cap_min_w=4.97)) == cap_w


@pytest.mark.parametrize(
    ("battery_c", "survival", "from_off", "from_on"),
    [
        (4.99, False, True, True),
        (5.0, False, False, True),
        (8.0, False, False, True),
        (8.01, False, False, False),
        (0.99, True, True, True),
        (1.0, True, False, True),
        (3.0, True, False, True),
        (3.01, True, False, False),
    ],
)
def test_the_heater_goes_on_below_one_threshold_and_off_above_the_other(
    battery_c: float, survival: bool, from_off: bool, from_on: bool
) -> None:
    assert heater_on(False, battery_c, 0, ThermalConfig(), survival=survival) is from_off
    assert heater_on(True, battery_c, 0, ThermalConfig(), survival=survival) is from_on


DUTY = ThermalConfig(
    heater_law="duty",
    heater_on_c=5.0,
    heater_off_c=7.0,
    survival_on_c=1.0,
    survival_off_c=2.0,
    heater_gain_per_k=0.25,
    heater_period_s=100.0,
    heater_reset_s=1000.0,
)


@pytest.mark.parametrize(
    ("integral", "battery_c", "survival", "share", "after"),
    [
        (0.5, 6.0, False, 0.5, 0.5),
        (0.5, 5.0, False, 0.75, 0.525),
        (0.5, 4.0, False, 1.0, 0.55),
        (0.5, 3.9, False, 1.0, 0.5),
        (0.5, 8.0, False, 0.0, 0.45),
        (0.5, 8.1, False, 0.0, 0.5),
        (0.5, 2.5, True, 0.25, 0.475),
        (0.5, 1.5, True, 0.5, 0.5),
        (0.0, 5.8, False, 0.05, 0.005),
        (0.99, 5.97, False, 0.9975, 0.99075),
        (0.05, 6.1, False, 0.025, 0.0475),
        (0.01, 6.03, False, 0.0025, 0.00925),
    ],
)
def test_the_share_of_a_period_and_when_its_integral_stands_still(
    integral: float, battery_c: float, survival: bool, share: float, after: float
) -> None:
    found = share_of_period(integral, battery_c, DUTY, survival=survival)
    assert found == (pytest.approx(share), pytest.approx(after))


@pytest.mark.parametrize(
    ("integral", "battery_c", "after"), [(0.999, 5.999, 1.0), (0.001, 6.001, 0.0), (0.5, 5.9, 0.75)]
)
def test_a_quick_integral_stays_a_share(integral: float, battery_c: float, after: float) -> None:
    quick = replace(DUTY, heater_reset_s=10.0)
    assert share_of_period(integral, battery_c, quick, survival=False)[1] == pytest.approx(after)


@pytest.mark.parametrize(("dt_s", "period"), [(10.0, 10), (25.0, 4), (300.0, 1)])
@pytest.mark.parametrize("battery_c", [6.0, 5.0, 3.0, 9.0])
def test_a_period_begins_with_its_share_on_and_goes_on_off(dt_s: float, period: int, battery_c: float) -> None:
    duty, on = Duty(0.5), []
    share, _ = share_of_period(0.5, battery_c, DUTY, survival=False)
    for _ in range(period):
        wanted, duty = duty_step(duty, battery_c, 0, DUTY, dt_s, survival=False)
        on.append(wanted)
        duty = replace(duty, integral=0.5)
    ticks = round(share * period)
    assert on == [True] * ticks + [False] * (period - ticks)
    assert duty.phase_ticks == 0, "and the next one begins"


def test_within_a_period_nothing_is_decided_anew() -> None:
    begun = Duty(0.5, 3, 5)
    assert duty_step(begun, -30.0, 0, DUTY, 10.0, survival=False) == (True, Duty(0.5, 4, 5))
    assert duty_step(Duty(0.5, 5, 5), -30.0, 0, DUTY, 10.0, survival=False) == (False, Duty(0.5, 6, 5))


@pytest.mark.parametrize(("missing_ticks", "on"), [(60, True), (61, False)])
def test_a_blind_duty_is_off_after_its_ticks(missing_ticks: int, on: bool) -> None:
    after = duty_step(Duty(0.5, 0, 5), None, missing_ticks, DUTY, 10.0, survival=False)
    assert after == ((True, Duty(0.5, 1, 5)) if on else (False, Duty(0.5)))
    assert Duty(integral=0.0, phase_ticks=0, on_ticks=0) == COLD_START


@pytest.mark.parametrize(
    ("low_w", "before_w", "chip_c", "cap_w"),
    [
        (None, 30.0, 68.0, 5.0),
        (None, 30.0, 67.9, 30.0),
        (None, 5.0, 60.0, 5.0),
        (None, 5.0, 59.9, 30.0),
        (None, 6.0, 65.0, 30.0),
        (12.0, 12.0, 65.0, 12.0),
        (12.0, 11.0, 65.0, 12.0),
        (12.0, 12.1, 65.0, 30.0),
        (12.0, 30.0, 90.0, 12.0),
        (3.0, 30.0, 90.0, 5.0),
        (99.0, 5.0, 90.0, 30.0),
    ],
)
def test_the_trips_at_their_temperatures(low_w: float | None, before_w: float, chip_c: float, cap_w: float) -> None:
    own = HysteresisThermalLaw.Config(trip_below_limit_k=2.0, release_below_limit_k=10.0, low_w=low_w)
    assert tripped_cap(before_w, chip_c, 70.0, CONFIG, own) == cap_w


@pytest.mark.parametrize(
    ("before_w", "chip_c", "polled_c", "cap_w"),
    [
        (20.0, 70.0, 69.0, 15.0),
        (20.0, 70.0, 70.0, 20.0),
        (20.0, 70.0, 71.0, 20.0),
        (20.0, 70.0, None, 15.0),
        (20.0, 69.9, None, 20.0),
        (20.0, 69.9, 70.0, 25.0),
        (20.0, 69.9, 69.9, 20.0),
        (20.0, 69.9, 69.0, 20.0),
        (20.0, 110.0, 110.0, 15.0),
        (20.0, 109.9, 110.0, 20.0),
        (20.0, 120.0, 130.0, 15.0),
        (7.0, 80.0, 70.0, 5.0),
        (28.0, 60.0, 61.0, 30.0),
    ],
)
def test_a_poll_moves_the_cap_by_a_step_of_the_range_at_most(
    before_w: float, chip_c: float, polled_c: float | None, cap_w: float
) -> None:
    assert stepped_cap(before_w, chip_c, polled_c, 70.0, CONFIG, 5) == cap_w


@pytest.mark.parametrize(("poll_s", "dt_s", "apart"), [(5.0, 1.0, 5), (2.0, 0.5, 4), (1.0, 1.0, 1), (0.1, 1.0, 1)])
def test_step_wise_polls_in_the_first_tick_and_every_poll_later(poll_s: float, dt_s: float, apart: int) -> None:
    law = StepWiseThermalLaw(StepWiseThermalLaw.Config(poll_s=poll_s))
    state, polled = law.initial(CONFIG), []
    for tick in range(13):
        state, _ = law.step(state, Inputs(20.0 + tick, 20.0), CONFIG, dt_s)
        assert isinstance(state, StepState)
        polled += [tick] if state.polled_c == 20.0 + tick else []
    assert polled == list(range(0, 13, apart))


PUMP = PumpConfig(idle_c=25.0, full_c=45.0, least=0.4)


@pytest.mark.parametrize(
    ("before", "board_c", "speed"),
    [
        (0.4, 35.0, 0.7),
        (0.9, 30.0, 0.55),
        (0.9, 40.0, 0.85),
        (0.8, 35.5, 0.7),
        (0.7, 36.0, 0.7),
        (0.7, 33.5, 0.7),
        (0.6, 35.0, 0.7),
        (0.9, 25.0, 0.4),
        (0.42, 25.0, 0.4),
        (0.9, -40.0, 0.4),
        (0.4, 45.0, 1.0),
        (0.98, 80.0, 1.0),
        (0.5, 44.9, 1.0),
        (0.5, None, 1.0),
    ],
)
def test_the_pumps_speed_in_steps_of_a_twentieth_between_its_temperatures(
    before: float, board_c: float | None, speed: float
) -> None:
    assert pump_speed(before, board_c, PUMP) == pytest.approx(speed)


def test_a_pump_never_runs_below_its_least_speed_for_the_sake_of_a_step() -> None:
    slow = PumpConfig(idle_c=0.0, full_c=100.0, least=0.42)
    assert pump_speed(FULL, 0.1, slow) == 0.42


STILL = Seen(chip_c=50.0, board_c=40.0, sink_c=20.0, structure_c=15.0)


@pytest.mark.parametrize("name", ["board_c", "sink_c", "structure_c"])
@pytest.mark.parametrize(("leap_k", "chip_k", "believed"), [(10.0, 0.0, True), (10.1, 0.0, False), (13.0, 3.0, True)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_thermistor_that_leaps_further_than_the_chip_is_in_doubt_for_a_minute(
    name: str, leap_k: float, chip_k: float, believed: bool, sign: float
) -> None:
    now = replace(STILL, **{name: getattr(STILL, name) + sign * leap_k}, chip_c=STILL.chip_c - sign * chip_k)
    assert doubted(0, now, STILL) == (0 if believed else 60)
    assert doubted(7, now, STILL) == (6 if believed else 60)


def test_doubt_wears_off_by_the_tick_also_without_readings() -> None:
    assert [doubted(ticks, None, STILL) for ticks in (3, 1, 0)] == [2, 0, 0]
    far = replace(STILL, board_c=90.0)
    assert doubted(3, far, None) == 2, "the first readings are held against nothing"


@pytest.mark.parametrize("missing", [None, "chip_c", "board_c", "radiator_c", "bus_c"])
def test_the_model_needs_all_of_its_readings(missing: str | None) -> None:
    sensors = ThermalSensors(50.0, 40.0, None, None, 20.0, None)
    sensors = replace(sensors, bus_c=15.0, radiator_c=20.0)
    if missing is None:
        assert seen_now(sensors) == STILL
    else:
        assert seen_now(replace(sensors, **{missing: None})) is None
    assert seen_now(None) is None


def without_model(before: Fallback, chip_c: float | None, board_c: float | None, dt_s: float = 1.0) -> Fallback:
    return cap_without_model(before, chip_c, board_c, 70.0, 1.25, CONFIG, dt_s)


def test_the_pi_takes_over_at_the_cap_in_force_and_then_goes_by_its_integral() -> None:
    taken = without_model(Fallback(20.0), 60.0, None)
    assert taken == Fallback(20.0, pytest.approx(15.1))  # type: ignore[arg-type]
    after = without_model(taken, 70.0, 1.0)
    assert after == Fallback(pytest.approx(15.1), pytest.approx(15.1))  # type: ignore[arg-type]
    assert without_model(Fallback(20.0, 12.0), 66.0, None).cap_w == 14.0


@pytest.mark.parametrize(
    ("before_w", "board_c", "dt_s", "cap_w"),
    [
        (30.0, 53.0, 1.0, 15.0),
        (15.0, 53.0, 1.0, 15.0),
        (10.0, 53.0, 1.0, 10.5),
        (10.0, 53.0, 4.0, 12.0),
        (30.0, 64.0, 1.0, 5.0),
        (30.0, 20.0, 1.0, 30.0),
    ],
)
def test_without_the_chip_the_cap_is_what_its_board_allows_and_rises_slowly(
    before_w: float, board_c: float, dt_s: float, cap_w: float
) -> None:
    assert without_model(Fallback(before_w, 9.0), None, board_c, dt_s) == Fallback(cap_w, None)


def test_without_either_the_least_is_left() -> None:
    assert without_model(Fallback(30.0, 9.0), None, None) == Fallback(5.0, None)
