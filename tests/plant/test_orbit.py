"""Orbit: what stays constant on a circular orbit, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.errors import ConfigError, PhysicsError
from flightsw.plant import orbit
from flightsw.plant.epoch import parse_epoch
from flightsw.plant.frames import earth_fixed, geodetic

EPOCH = parse_epoch("2026-01-03T12:00:00Z")
TLE = (
    "1 43892U 18111S   19193.68092670  .00002615  00000-0  10917-3 0  9994",
    "2 43892  97.2888  98.1666 0022265 273.4726  86.3966 15.24309684 30096",
)

circular_orbits = st.builds(
    orbit.CircularOrbit,
    altitude_km=st.floats(200.0, 2000.0),
    inclination_deg=st.floats(0.0, 180.0),
    raan_deg=st.floats(0.0, 360.0),
    arg_lat_deg=st.floats(0.0, 360.0),
    epoch=st.just(EPOCH),
)
T_S = np.linspace(0.0, 86400.0, 50)


@given(circular_orbits)
def test_radius_of_a_circular_orbit_never_changes(circle: orbit.CircularOrbit) -> None:
    r, _ = circle.positions(T_S)
    assert np.allclose(np.linalg.norm(r, axis=1), orbit.semi_major_axis_km(circle.altitude_km), rtol=1e-12)


@given(circular_orbits)
def test_velocity_is_the_derivative_of_position(circle: orbit.CircularOrbit) -> None:
    step_s = 0.5
    _, v = circle.positions(T_S)
    after, before = circle.positions(T_S + step_s)[0], circle.positions(T_S - step_s)[0]
    assert np.allclose(v, (after - before) / (2.0 * step_s), atol=1e-5)


@given(st.floats(200.0, 2000.0))
def test_sun_synchronous_inclination_precesses_once_a_tropical_year(altitude_km: float) -> None:
    inclination_deg = orbit.sun_synchronous_inclination_deg(altitude_km)
    assert 90.0 < inclination_deg < 180.0
    rate = orbit.raan_rate_rad_s(altitude_km, inclination_deg)
    assert math.isclose(rate, orbit.SUN_SYNCHRONOUS_RATE_RAD_S, rel_tol=1e-9)


def test_sun_synchronous_orbit_that_cannot_be_is_refused() -> None:
    assert orbit.sun_synchronous_inclination_deg(5969.0) > 175.0
    with pytest.raises(ConfigError, match=r"altitude_km = 6000.0: .* below 5970"):
        orbit.sun_synchronous_inclination_deg(6000.0)


def test_node_keeps_its_local_mean_time_over_a_year() -> None:
    later = parse_epoch("2026-12-03T12:00:00Z")
    elapsed_s = EPOCH.seconds_to(later)
    assert elapsed_s == 334 * 86400.0
    inclination_deg = orbit.sun_synchronous_inclination_deg(550.0)
    start_deg = orbit.raan_of_ltan_deg(10.5, EPOCH)
    drift_deg = math.degrees(orbit.raan_rate_rad_s(550.0, inclination_deg)) * elapsed_s
    miss_deg = (start_deg + drift_deg - orbit.raan_of_ltan_deg(10.5, later) + 180.0) % 360.0 - 180.0
    assert abs(miss_deg) < 1e-4


def test_tle_orbit_has_the_period_of_its_mean_motion() -> None:
    tle = orbit.TleOrbit(*TLE, EPOCH)
    assert tle.nodal_period_s == pytest.approx(86400.0 / 15.243, rel=2e-3)
    assert abs(parse_epoch("2019-07-12T16:20:32Z").seconds_to(tle.elements_epoch)) < 1.0


@pytest.mark.parametrize(
    ("line1", "line2", "message"),
    [
        (TLE[0][:-1] + "5", TLE[1], "line 1 .* checksum is 5: must be 4"),
        (TLE[0], TLE[1].replace("97.2888", "97.2889"), "line 2 .* checksum is 6: must be 7"),
        (TLE[1], TLE[0], "line 1 .* starting with 1"),
        (TLE[0][:-2], TLE[1], "line 1 .* 69 characters"),
        (TLE[0], "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667", "must be the same"),
    ],
)
def test_bad_tle_is_refused_with_what_is_wrong(line1: str, line2: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        orbit.TleOrbit(line1, line2, EPOCH)


def test_decayed_tle_is_a_physics_error() -> None:
    tle = orbit.TleOrbit(*TLE, orbit.TleOrbit(*TLE, EPOCH).elements_epoch)
    assert tle.positions(np.zeros(1))[0].shape == (1, 3)
    with pytest.raises(PhysicsError, match=r"orbit\.tle at t = "):
        tle.positions(np.array([40 * 365 * 86400.0]))


@pytest.mark.parametrize(
    "text", ["2026-01-03 12h", "2026-01-03T12:00:00", "2026-01-03T12:00:00+01:00", "1960-01-01T00:00:00Z", ""]
)
def test_epoch_that_is_not_utc_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="epoch = "):
        parse_epoch(text)


def test_leap_seconds_are_counted() -> None:
    before, after = parse_epoch("2016-12-31T00:00:00Z"), parse_epoch("2017-01-01T00:00:00Z")
    assert before.seconds_to(after) == 86401.0


def test_terrestrial_time_leads_utc_by_leap_seconds_and_32_184_s() -> None:
    (_, tt_d), (_, utc_d) = EPOCH.tt(np.zeros(1)), EPOCH.utc(np.zeros(1))
    assert float(tt_d[0] - utc_d[0]) * 86400.0 == pytest.approx(37.0 + 32.184, abs=1e-6)


@given(st.floats(-90.0, 90.0), st.floats(-179.9, 180.0), st.floats(0.0, 36000.0))
def test_geodetic_coordinates_come_back(latitude_deg: float, longitude_deg: float, height_km: float) -> None:
    fixed_km = np.array([earth_fixed(latitude_deg, longitude_deg, height_km)])
    latitude, longitude, height = (float(x[0]) for x in geodetic(fixed_km))
    assert latitude == pytest.approx(latitude_deg, abs=1e-8)
    assert height == pytest.approx(height_km, abs=1e-6)
    if abs(latitude_deg) < 89.99:
        assert longitude == pytest.approx(longitude_deg, abs=1e-8)
