"""Solar array: the table agrees with the cell's law, power follows light and temperature, failed strings give none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.errors import ConfigError, PhysicsError
from flightsw.plant.array import ArrayConfig, CellConfig, SolarArray, cell_current_a, coldest_fit_c, maximum_power

CELL = CellConfig()
COLD_W = 1.5509641997203913
ARRAY = SolarArray(ArrayConfig(cells_per_string=7, strings=5, degradation=0.97))
fluxes_w_m2 = st.floats(1.0, 1500.0)
warm_c = st.floats(-75.0, 149.0)


@settings(max_examples=100)
@given(fluxes_w_m2, st.floats(-270.0, 199.9))
def test_tabulated_power_is_that_of_the_cell(flux_w_m2: float, array_c: float) -> None:
    one_w = maximum_power(CELL, flux_w_m2, array_c)[0]
    assert one_w > 0.0
    # The kink where the fit ends lies on the table's grid.
    assert ARRAY.available_w(flux_w_m2, array_c) == pytest.approx(35 * 0.97 * one_w, rel=2e-6)


@settings(max_examples=50)
@given(fluxes_w_m2, warm_c)
def test_no_other_voltage_gives_more_than_the_maximum_power_point(flux_w_m2: float, cell_c: float) -> None:
    most_w, at_v = maximum_power(CELL, flux_w_m2, cell_c)
    assert at_v * cell_current_a(CELL, flux_w_m2, cell_c, at_v) == pytest.approx(most_w, rel=1e-9)
    for step in range(1, 60):
        volts = at_v * step / 40.0
        assert volts * cell_current_a(CELL, flux_w_m2, cell_c, volts) <= most_w * (1.0 + 1e-12)


@settings(max_examples=50)
@given(fluxes_w_m2, warm_c, st.floats(0.01, 1.0))
def test_power_is_proportional_to_the_light_and_falls_with_temperature(
    flux: float, array_c: float, share: float
) -> None:
    whole_w = ARRAY.available_w(flux, array_c)
    assert ARRAY.available_w(share * flux, array_c) == pytest.approx(share * whole_w)
    assert ARRAY.available_w(flux, array_c - 5.0) > whole_w


def test_the_sheet_s_coefficients_hold_until_its_currents_meet() -> None:
    """At -95 C the reference is the formula's own, from the sheet's figures (Lambert W by scipy)."""
    assert maximum_power(CELL, 1367.0, -95.0)[0] == pytest.approx(COLD_W, rel=1e-9)
    assert -104.0 < coldest_fit_c(CELL) < -101.0
    assert maximum_power(CELL, 1367.0, -150.0) == maximum_power(CELL, 1367.0, coldest_fit_c(CELL))


def test_no_light_gives_no_power() -> None:
    assert maximum_power(CELL, 0.0, 28.0) == (0.0, 0.0)
    assert ARRAY.available_w(0.0, -100.0) == 0.0
    assert ARRAY.absorbed_w(0.0) == 0.0


def test_failed_strings_give_nothing_and_the_others_all_they_have() -> None:
    whole_w = ARRAY.available_w(1361.0, 40.0)
    assert [
        SolarArray(ARRAY.config, failed).available_w(1361.0, 40.0) / whole_w for failed in (1, 3, 5)
    ] == pytest.approx([0.8, 0.4, 0.0])


def test_electricity_is_less_than_the_light_taken_in() -> None:
    assert 0.0 < ARRAY.available_w(1361.0, -60.0) < ARRAY.absorbed_w(1361.0)
    assert ARRAY.absorbed_w(1361.0) == pytest.approx(1361.0 * 35 * CELL.area_m2 * 0.90)


@pytest.mark.parametrize("array_c", [-273.6, 200.0, 1e3, math.nan])
def test_temperatures_outside_the_model_are_refused(array_c: float) -> None:
    with pytest.raises(PhysicsError, match="the model holds up to"):
        ARRAY.available_w(1361.0, array_c)


@pytest.mark.parametrize("cell_c", [-273.6, 200.1, math.nan])
def test_the_cells_law_refuses_them_too(cell_c: float) -> None:
    with pytest.raises(PhysicsError, match="the model holds up to"):
        maximum_power(CELL, 1361.0, cell_c)


@pytest.mark.parametrize(
    ("figures", "complaint"),
    [
        ({"imp_a": 0.6}, r"imp_a = 0.6 at 28.0 C: must be above 0 and below isc_a = 0.5202"),
        ({"vmp_v": 2.9}, r"vmp_v = 2.9 at 28.0 C: must be above 0 and below voc_v = 2.7"),
        ({"voc_per_k": -0.03}, r"vmp_v = .* at 200.0 C: must be .* below voc_v = -2.46"),
        ({"imp_per_k": -0.001}, r"imp_a = .* at -80.0 C: must be .* below isc_a"),
    ],
)
def test_a_cell_that_has_no_curve_at_some_temperature_is_refused(figures, complaint) -> None:
    with pytest.raises(ConfigError, match=rf"array\.cell\.{complaint}"):
        CellConfig(**figures)


def test_an_array_by_area_follows_its_efficiency_and_coefficient() -> None:
    flat = SolarArray(ArrayConfig(area_m2=0.16, packing=0.9, efficiency=0.295, power_per_k=-0.0023))
    assert flat.available_w(1361.0, 28.0) == pytest.approx(1361.0 * 0.16 * 0.9 * 0.295)
    assert flat.available_w(1361.0, -59.3) == pytest.approx(1361.0 * 0.16 * 0.9 * 0.295 * (1.0 + 0.0023 * 87.3))
    assert flat.absorbed_w(1000.0) == pytest.approx(0.16 * 0.9 * 1000.0)


@pytest.mark.parametrize(("given", "complaint"), [({}, "neither"), ({"cells_per_string": 7, "area_m2": 0.1}, "both")])
def test_an_array_is_cells_or_an_area(given, complaint) -> None:
    with pytest.raises(ConfigError, match=complaint):
        ArrayConfig(**given)
