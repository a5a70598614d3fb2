"""The charger's set points at the corners of their table."""

from __future__ import annotations

import pytest

from flightsw.apps.power.charge import Charge, charge_of, full_charge_a, share_at
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.packwatch import FITS, PackWatch

CONFIG = PowerConfig(capacity_ah=8.0, array_peak_w=40.0, ocv_v=(12.0, 15.0, 16.45))


@pytest.mark.parametrize(
    ("battery_c", "share"),
    [
        (-0.01, 0.0),
        (0.0, 0.4),
        (0.8, 0.4),
        (0.9, 0.45),
        (2.5, 0.55),
        (5.0, 0.7),
        (9.99, 0.95),
        (10.0, 1.0),
        (45.0, 1.0),
        (45.01, 0.5),
        (60.0, 0.5),
        (60.01, 0.0),
        (None, 0.4),
    ],
)
def test_the_share_of_the_current_has_its_corners_and_steps_of_a_twentieth(
    battery_c: float | None, share: float
) -> None:
    assert share_at(battery_c, CONFIG) == share


def test_the_ramp_begins_where_the_scenario_says() -> None:
    colder = PowerConfig(capacity_ah=8.0, array_peak_w=40.0, charge_cold_c=-10.0, charge_cold_share=0.2)
    shares = [share_at(celsius, colder) for celsius in (-10.1, -10.0, 0.0, 9.0, 10.0, None)]
    assert shares == [0.0, 0.2, 0.6, 0.95, 1.0, 0.2]


@pytest.mark.parametrize(("limit_a", "full_a"), [(None, 4.0), (3.0, 3.0), (10.0, 10.0)])
def test_the_whole_current_is_the_chargers_limit_or_half_the_capacity(limit_a: float | None, full_a: float) -> None:
    config = PowerConfig(capacity_ah=8.0, array_peak_w=40.0, charge_limit_a=limit_a)
    assert full_charge_a(config) == full_a


@pytest.mark.parametrize(("commanded_a", "limit_a"), [(None, 2.0), (1.0, 0.5), (0.0, 0.0), (9.0, 2.0)])
def test_grounds_limit_only_ever_takes_away(commanded_a: float | None, limit_a: float) -> None:
    assert charge_of(50.0, FITS, commanded_a, CONFIG) == Charge(limit_a, 16.45)


@pytest.mark.parametrize(
    ("pack", "limit_v"),
    [
        (PackWatch(0, apart=True, apart_v=-3.73), 12.7),
        (PackWatch(0, apart=True, apart_v=-0.01), 16.4),
        (PackWatch(0, apart=True, apart_v=0.0), 16.45),
        (PackWatch(0, apart=True, apart_v=0.05), 16.45),
        (PackWatch(0, apart=True, apart_v=3.7), 16.45),
        (PackWatch(2, apart=False, apart_v=-3.7), 16.45),
        (PackWatch(0, apart=True, apart_v=-20.0), 0.0),
    ],
)
def test_a_voltage_that_is_missing_is_taken_from_the_chargers_in_tenths_rounded_down(
    pack: PackWatch, limit_v: float
) -> None:
    assert charge_of(20.0, pack, None, CONFIG) == Charge(4.0, limit_v)
