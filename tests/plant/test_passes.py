"""Passes and link: geometry against the spherical closed form, rate steps, events easily missed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.plant import passes
from flightsw.plant.frames import earth_fixed
from flightsw.plant.roots import crossings

STEPS = (passes.RateStep(1e6, 2.0), passes.RateStep(5e6, 4.5), passes.RateStep(25e6, 6.5))


@given(st.floats(-89.0, 89.0), st.floats(-180.0, 180.0), st.floats(200.0, 2000.0))
def test_satellite_overhead_is_at_ninety_degrees(lat_deg: float, lon_deg: float, height_km: float) -> None:
    station = passes.station_frame(lat_deg, lon_deg, 0.0, 10.0)
    over = np.array([earth_fixed(lat_deg, lon_deg, height_km)])
    elevation, _, range_km = passes.look_angles(station, over)
    assert elevation[0] == pytest.approx(90.0, abs=1e-4)
    assert range_km[0] == pytest.approx(height_km, rel=1e-9)


@pytest.mark.parametrize(
    ("d_lat", "d_lon", "azimuth_deg"),
    [(1.0, 0.0, 0.0), (0.0, 1.0, 90.0), (-1.0, 0.0, 180.0), (0.0, -1.0, 270.0)],
)
def test_azimuth_runs_from_north_by_east(d_lat: float, d_lon: float, azimuth_deg: float) -> None:
    station = passes.station_frame(0.0, 20.0, 0.0, 10.0)
    _, azimuth, _ = passes.look_angles(station, np.array([earth_fixed(d_lat, 20.0 + d_lon, 550.0)]))
    assert (float(azimuth[0]) - azimuth_deg + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-6)


@given(st.floats(200.0, 2000.0), st.floats(0.0, 89.0))
def test_slant_range_and_central_angle_close_the_triangle(altitude_km: float, elevation_deg: float) -> None:
    re, r = 6378.137, 6378.137 + altitude_km
    angle = passes.earth_central_angle_rad(altitude_km, elevation_deg)
    third = np.sqrt(re**2 + r**2 - 2.0 * re * r * np.cos(angle))
    assert passes.slant_range_km(altitude_km, elevation_deg) == pytest.approx(third, rel=1e-9)


def test_fastest_rate_that_keeps_the_margin_is_chosen() -> None:
    needed_db = 10.0 * np.log10(5e6) + 4.5 + 3.0
    assert passes.best_rate_bps(needed_db + 1e-6, STEPS, 3.0) == 5e6
    assert passes.best_rate_bps(needed_db - 1e-6, STEPS, 3.0) == 1e6
    assert passes.best_rate_bps(200.0, STEPS, 3.0) == 25e6
    assert passes.best_rate_bps(0.0, STEPS, 3.0) == 0.0


@given(st.floats(300.0, 3000.0), st.floats(1.01, 3.0))
def test_rate_never_grows_with_range(range_km: float, factor: float) -> None:
    link = passes.LinkBudget(eirp_dbw=5.0, frequency_hz=8.2e9, losses_db=2.0, g_over_t_db_k=20.0)
    near, far = link.c_n0_dbhz(range_km), link.c_n0_dbhz(range_km * factor)
    assert near > far
    assert passes.best_rate_bps(near, STEPS, 3.0) >= passes.best_rate_bps(far, STEPS, 3.0)


def test_closing_satellite_is_heard_higher() -> None:
    assert passes.doppler_hz(1e9, -7.0) == pytest.approx(7.0 / 299792.458 * 1e9)


def test_pass_shorter_than_the_scan_step_is_found_and_its_top_is_right() -> None:
    found = passes.find_passes(lambda t: 10.0 + 1e-3 * (9.0 - (t - 1003.7) ** 2), 10.0, 0.0, 6000.0)
    assert len(found) == 1
    assert found[0].rise_s == pytest.approx(1000.7, abs=1e-5)
    assert found[0].set_s == pytest.approx(1006.7, abs=1e-5)
    assert found[0].culmination_s == pytest.approx(1003.7, abs=1e-3)
    assert found[0].max_elevation_deg == pytest.approx(10.009)


@given(st.floats(0.0, 5000.0))
def test_crossings_are_all_found_in_order(phase_s: float) -> None:
    grid_s = np.linspace(0.0, 20000.0, 1001)
    found = crossings(lambda t: np.sin(2.0 * np.pi * (t - phase_s) / 5000.0) + 0.1, grid_s)
    assert len(found) in (7, 8, 9)
    assert np.all(np.diff(found) > 0.0)
    assert np.abs(np.sin(2.0 * np.pi * (found - phase_s) / 5000.0) + 0.1).max() < 1e-9
