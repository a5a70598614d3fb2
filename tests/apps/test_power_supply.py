"""What the array's best and the base load are learned from, in single ticks."""

from __future__ import annotations

import pytest

from flightsw.apps.power.charge import Charge
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast
from flightsw.apps.power.supply import Supply, is_fully_used, learn

CONFIG = PowerConfig(capacity_ah=10.0, array_peak_w=40.0, ocv_v=(8.0, 9.2, 10.0), charge_limit_a=10.0)
BEFORE = Supply(20.0, 8.0)


def sunlit(starts_in_s: float) -> EclipseForecast:
    return EclipseForecast(False, starts_in_s, 2000.0, 2000.0, 6000.0)


INSIDE = EclipseForecast(True, 0.0, 900.0, 2000.0, 6000.0)


@pytest.mark.parametrize(("dt_s", "array_w"), [(0.1, 20.1), (1.0, 21.0), (5.0, 25.0), (10.0, 30.0), (90.0, 30.0)])
@pytest.mark.parametrize("ahead", [NONE_AHEAD, INSIDE, sunlit(1.0)])
@pytest.mark.parametrize("fully_used", [False, True])
def test_a_better_array_is_believed_within_ten_seconds_whatever_the_light(
    dt_s: float, array_w: float, ahead: EclipseForecast, fully_used: bool
) -> None:
    after = learn(BEFORE, 30.0, None, ahead, fully_used=fully_used, dt_s=dt_s)
    assert after == Supply(pytest.approx(array_w), 8.0)


@pytest.mark.parametrize(("dt_s", "array_w"), [(1.0, 19.9), (6.0, 19.4), (60.0, 14.0), (600.0, 14.0)])
def test_a_weaker_one_within_a_minute_where_it_gives_all_it_can(dt_s: float, array_w: float) -> None:
    after = learn(BEFORE, 14.0, None, NONE_AHEAD, fully_used=True, dt_s=dt_s)
    assert after.array_w == pytest.approx(array_w)
    assert learn(BEFORE, 14.0, None, NONE_AHEAD, fully_used=False, dt_s=dt_s) == BEFORE


@pytest.mark.parametrize(
    ("ahead", "learned"), [(NONE_AHEAD, True), (sunlit(30.0), True), (sunlit(29.9), False), (INSIDE, False)]
)
def test_and_where_no_shadow_is_within_thirty_seconds(ahead: EclipseForecast, learned: bool) -> None:
    assert (learn(BEFORE, 14.0, None, ahead, fully_used=True, dt_s=1.0) != BEFORE) is learned


@pytest.mark.parametrize(("dt_s", "base_w"), [(1.0, 8.01), (30.0, 8.3), (300.0, 11.0), (3000.0, 11.0)])
def test_the_base_load_is_averaged_over_five_minutes(dt_s: float, base_w: float) -> None:
    after = learn(BEFORE, None, 11.0, NONE_AHEAD, fully_used=True, dt_s=dt_s)
    assert after == Supply(20.0, pytest.approx(base_w))


def test_the_first_base_load_is_taken_as_it_is_and_no_reading_changes_nothing() -> None:
    assert learn(Supply(20.0, None), None, 11.0, NONE_AHEAD, fully_used=True, dt_s=1.0) == Supply(20.0, 11.0)
    assert learn(BEFORE, None, None, NONE_AHEAD, fully_used=True, dt_s=1.0) == BEFORE


@pytest.mark.parametrize(
    ("volts", "amps", "used"),
    [
        (9.0, 0.2, False),
        (9.0, 0.21, True),
        (9.95, 0.21, True),
        (9.0, 0.0, False),
        (9.0, -0.2, False),
        (9.0, -0.21, True),
        (9.0, -8.99, True),
        (9.0, -9.0, False),
        (9.89, -1.0, True),
        (9.9, -1.0, False),
        (None, 1.0, False),
        (9.0, None, False),
        (None, None, False),
    ],
)
def test_the_array_gives_all_where_the_battery_helps_out_or_charges_off_its_limits(
    volts: float | None, amps: float | None, used: bool
) -> None:
    assert is_fully_used(volts, amps, CONFIG) is used
    assert is_fully_used(volts, amps, CONFIG, Charge(10.0, 10.0)) is used


def test_the_limits_are_those_that_the_charger_was_told() -> None:
    assert is_fully_used(9.0, -5.0, CONFIG)
    assert not is_fully_used(9.0, -5.0, CONFIG, Charge(5.0, 10.0))
    assert not is_fully_used(9.0, -5.0, CONFIG, Charge(10.0, 9.05))
