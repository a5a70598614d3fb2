"""The compute budget in worked figures: a battery of 360 kJ, half of the bus's power reaches the loads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flightsw.apps.power.budget import compute_budget_w, compute_energy_j, limited_w, quantised_w
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast
from flightsw.apps.power.supply import Supply

CONFIG = PowerConfig(
    capacity_ah=10.0,
    ocv_v=(9.0, 11.0),
    array_peak_w=40.0,
    load_efficiency=0.5,
    eclipse_compute_w=6.0,
    compute_max_w=30.0,
    cap_slew_w_s=0.5,
    cap_deadband_w=0.25,
)
RESERVE = 0.4


def inside(lasts_s: float) -> EclipseForecast:
    return EclipseForecast(True, 0.0, lasts_s, 2000.0, 6000.0)


def sunlit(starts_in_s: float, lasts_s: float = 2000.0) -> EclipseForecast:
    return EclipseForecast(False, starts_in_s, lasts_s, lasts_s, 12_000.0)


def budget_w(soc: float, ahead: EclipseForecast, array_w: float, config: PowerConfig = CONFIG) -> float:
    """With 5 W of base load: 10 W at the bus."""
    return compute_budget_w(soc, ahead, Supply(array_w, 5.0), RESERVE, config)


@pytest.mark.parametrize(
    ("soc", "left_s", "bus_w"),
    [(0.5, 1000.0, 36.0), (0.6, 2000.0, 36.0), (0.42, 300.0, 24.0), (0.42, 299.0, 24.0), (0.42, 1.0, 24.0)],
)
def test_in_eclipse_the_charge_above_the_reserve_is_spread_over_what_is_left_of_it_but_never_less_than_five_minutes(
    soc: float, left_s: float, bus_w: float
) -> None:
    assert budget_w(soc, inside(left_s), 0.0) == pytest.approx((bus_w - 10.0) * 0.5)
    assert budget_w(soc, inside(left_s), 40.0) == budget_w(soc, inside(left_s), 0.0), "the array gives nothing"


@pytest.mark.parametrize(
    ("soc", "ahead", "array_w", "bus_w"),
    [
        (0.5, sunlit(1000.0), 40.0, 40.0 + (36_000.0 - 44_000.0) / 1000.0),
        (0.6, sunlit(5000.0), 20.0, 20.0 + (72_000.0 - 44_000.0) / 5000.0),
        (0.7, sunlit(6000.0), 20.0, 20.0 + (108_000.0 - 44_000.0) / 5400.0),
        (0.5225, sunlit(100.0), 40.0, 40.0 + (44_100.0 - 44_000.0) / 300.0),
        (0.55, NONE_AHEAD, 45.0, 45.0 + 54_000.0 / 5400.0),
    ],
    ids=["less what the eclipse lacks", "later", "an orbit at most", "five minutes at least", "no eclipse"],
)
def test_in_sunlight_what_the_battery_has_beyond_the_eclipses_need_is_spread_over_the_time_to_it(
    soc: float, ahead: EclipseForecast, array_w: float, bus_w: float
) -> None:
    assert budget_w(soc, ahead, array_w) == pytest.approx((bus_w - 10.0) * 0.5, abs=1e-9)


@pytest.mark.parametrize(
    ("soc", "ahead", "supply", "even_w"),
    [
        (0.41, sunlit(1000.0), Supply(40.0, 5.0), (3600.0 + 40_000.0) / 3000.0),
        (0.405, sunlit(20.0, 100.0), Supply(115.0, 0.5), (1800.0 + 2300.0) / 300.0),
    ],
)
def test_never_less_than_what_can_be_held_evenly_to_the_end_of_the_eclipse(
    soc: float, ahead: EclipseForecast, supply: Supply, even_w: float
) -> None:
    hungry = replace(CONFIG, eclipse_compute_w=250.0)
    assert supply.base_w is not None
    found_w = compute_budget_w(soc, ahead, supply, RESERVE, hungry)
    assert found_w == pytest.approx((even_w - 2.0 * supply.base_w) * 0.5)
    assert found_w > 0.0


def test_for_an_eclipse_no_more_is_kept_than_a_nearly_full_battery_holds() -> None:
    assert (0.98 - RESERVE) * 360_000.0 < 22.0 * 20_000.0
    full_w = budget_w(1.0, sunlit(1000.0, 20_000.0), 10.0)
    assert full_w == pytest.approx((10.0 + 0.02 * 360_000.0 / 1000.0 - 10.0) * 0.5)


def test_the_discharge_limit_comes_on_top_of_what_the_array_gives() -> None:
    limited = replace(CONFIG, discharge_limit_a=1.0)
    assert budget_w(0.9, NONE_AHEAD, 20.0) > budget_w(0.9, NONE_AHEAD, 20.0, limited)
    assert budget_w(0.9, NONE_AHEAD, 20.0, limited) == pytest.approx((20.0 + 9.0 - 10.0) * 0.5)
    assert budget_w(0.9, inside(100.0), 20.0, replace(CONFIG, discharge_limit_a=2.0)) == pytest.approx(4.0)


def test_a_base_load_not_yet_measured_is_none() -> None:
    for base_w in (None, 0.0):
        assert compute_budget_w(0.45, inside(2000.0), Supply(10.0, base_w), RESERVE, CONFIG) == pytest.approx(4.5)
    assert compute_energy_j(0.5, inside(1000.0), Supply(0.0, None), RESERVE, CONFIG) == 18_000.0


def test_the_smallest_budget_is_granted_and_none_below_nothing() -> None:
    assert budget_w(0.4 + 20_000.0 / 360_000.0, inside(2000.0), 0.0) == pytest.approx(0.0, abs=1e-9)
    assert budget_w(0.4 + 20_100.0 / 360_000.0, inside(2000.0), 0.0) == pytest.approx(0.025)
    assert budget_w(0.4 + 19_900.0 / 360_000.0, inside(2000.0), 0.0) == 0.0


@pytest.mark.parametrize(
    ("soc", "ahead", "array_w", "bus_j"),
    [
        (0.5, sunlit(1000.0), 40.0, 36_000.0 + 40_000.0 - 30_000.0),
        (0.5, NONE_AHEAD, 40.0, 36_000.0 + (40.0 - 10.0) * 5400.0),
        (0.5, inside(1000.0), 40.0, 36_000.0 - 10_000.0),
        (0.41, inside(1000.0), 40.0, 0.0),
        (0.3, inside(1.0), 0.0, 0.0),
    ],
)
def test_the_energy_ahead_is_what_is_left_for_the_payload_to_the_end_of_the_eclipse(
    soc: float, ahead: EclipseForecast, array_w: float, bus_j: float
) -> None:
    assert compute_energy_j(soc, ahead, Supply(array_w, 5.0), RESERVE, CONFIG) == bus_j * 0.5


def test_the_energy_ahead_is_told_in_whole_joules() -> None:
    assert compute_energy_j(0.5, inside(1000.06), Supply(0.0, 5.0), RESERVE, CONFIG) == 13_000.0


@pytest.mark.parametrize(
    ("before_w", "wanted_w", "cap_w"),
    [
        (10.0, 9.99, 9.99),
        (10.0, 0.0, 0.0),
        (10.0, 10.0, 10.0),
        (10.0, 10.2, 10.0),
        (10.0, 10.25, 10.25),
        (10.0, 10.4, 10.4),
        (10.0, 20.0, 10.5),
        (29.9, 29.99, 29.9),
        (29.9, 30.0, 30.0),
        (30.0, 30.0, 30.0),
    ],
)
def test_the_cap_follows_down_at_once_and_up_from_its_dead_band_on_or_to_its_maximum(
    before_w: float, wanted_w: float, cap_w: float
) -> None:
    assert limited_w(before_w, wanted_w, CONFIG, 1.0) == cap_w
    assert limited_w(10.0, 20.0, CONFIG, 4.0) == 12.0


@pytest.mark.parametrize(
    ("cap_w", "published_w"),
    [(7.0, 7.0), (7.09, 7.0), (7.1, 7.1), (7.1999, 7.1), (0.3 - 1e-17, 0.3), (7.29999999995, 7.3), (7.2999999998, 7.2)],
)
def test_the_cap_is_published_in_tenths_rounded_down_but_for_the_noise_of_arithmetic(
    cap_w: float, published_w: float
) -> None:
    assert quantised_w(cap_w) == published_w


def test_a_billionth_of_a_step_is_the_noise_of_arithmetic_and_more_is_not() -> None:
    assert quantised_w(7.3 - 0.95e-10) == 7.3
    assert quantised_w(7.3 - 1.05e-10) == 7.2


@given(st.floats(0.0, 1e3))
def test_the_published_cap_is_never_more_than_a_tenth_below_and_never_above(cap_w: float) -> None:
    assert cap_w - 0.1 < quantised_w(cap_w) <= cap_w + 2e-10
