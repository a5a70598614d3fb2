"""The eclipse forecast against orbits worked out by rotation, in any orientation; and what is no orbit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast, forecast

RADIUS_KM, MU = 6378.137, 398600.4418


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """A rotation by three angles."""
    turn = np.eye(3)
    for axis, angle in ((2, yaw), (1, pitch), (0, roll)):
        one, other = [place for place in range(3) if place != axis]
        step = np.eye(3)
        step[one, one] = step[other, other] = math.cos(angle)
        step[one, other], step[other, one] = -math.sin(angle), math.sin(angle)
        turn = step @ turn
    return turn


def seen(radius_km: float, beta_rad: float, from_midnight_rad: float, frame: np.ndarray) -> EclipseForecast:
    """Of a circular orbit whose plane the Sun stands `beta_rad` above."""
    sun = np.array([-math.cos(beta_rad), 0.0, math.sin(beta_rad)])
    cos, sin = math.cos(from_midnight_rad), math.sin(from_midnight_rad)
    speed_km_s = math.sqrt(MU / radius_km)
    position, velocity = radius_km * np.array([cos, sin, 0.0]), speed_km_s * np.array([-sin, cos, 0.0])
    vectors = (tuple(float(x) for x in frame @ vector) for vector in (position, velocity, sun))
    return forecast(*vectors)  # type: ignore[arg-type]


angles = st.floats(-math.pi, math.pi)


@given(st.floats(6600.0, 42_164.0), st.floats(-1.5, 1.5), angles, st.builds(turned, angles, angles, angles))
def test_shadow_begins_and_ends_where_the_discs_of_earth_and_sun_touch(
    radius_km: float, beta_rad: float, from_midnight_rad: float, frame: np.ndarray
) -> None:
    ahead = seen(radius_km, beta_rad, from_midnight_rad, frame)
    touch_rad = math.asin(RADIUS_KM / radius_km) + 0.00475
    if abs(math.cos(beta_rad) - math.cos(touch_rad)) < 1e-6:
        return
    if math.cos(beta_rad) < math.cos(touch_rad):
        assert ahead == NONE_AHEAD
        return
    second_rad = math.sqrt(MU / radius_km**3)
    half_rad = math.acos(math.cos(touch_rad) / math.cos(beta_rad))
    assert ahead.period_s == pytest.approx(2.0 * math.pi / second_rad, rel=1e-9)
    assert ahead.length_s == pytest.approx(2.0 * half_rad / second_rad, rel=1e-5)
    if abs(abs(from_midnight_rad) - half_rad) < 1e-5:
        return
    assert ahead.inside is (abs(from_midnight_rad) < half_rad)
    if ahead.inside:
        assert ahead.starts_in_s == 0.0
        assert ahead.lasts_s == pytest.approx((half_rad - from_midnight_rad) / second_rad, abs=0.05)
    else:
        to_entry_rad = (-half_rad - from_midnight_rad) % (2.0 * math.pi)
        assert ahead.starts_in_s == pytest.approx(to_entry_rad / second_rad, abs=0.05)
        assert ahead.lasts_s == ahead.length_s


@pytest.mark.parametrize(
    ("position_km", "velocity_km_s"),
    [
        ((-RADIUS_KM, 0.0, 0.0), (0.0, 7.9, 0.0)),
        ((-6000.0, 0.0, 0.0), (0.0, 7.9, 0.0)),
        ((0.0, 0.0, 0.0), (0.0, 7.9, 0.0)),
        ((-7000.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((-7000.0, 0.0, 0.0), (-3.0, 0.0, 0.0)),
    ],
)
def test_a_fix_that_is_no_orbit_around_the_earth_has_no_eclipse(
    position_km: tuple[float, float, float], velocity_km_s: tuple[float, float, float]
) -> None:
    assert forecast(position_km, velocity_km_s, (1.0, 0.0, 0.0)) == NONE_AHEAD


@pytest.mark.parametrize("sun", [(0.0, 0.0, 1.0), (0.0, 1e-3, 0.999_999_5), (1.0, 0.0, 0.0)])
def test_a_fix_a_few_metres_above_the_ground_is_answered_too(sun: tuple[float, float, float]) -> None:
    ahead = forecast((RADIUS_KM + 0.005, 0.0, 0.0), (0.0, 7.9, 0.0), sun)
    assert ahead == NONE_AHEAD or 0.0 < ahead.length_s < ahead.period_s, "a Sun square to the plane is no trap"


def test_the_least_angular_momentum_makes_a_plane() -> None:
    assert forecast((-7000.0, 0.0, 0.0), (0.0, 1e-6, 0.0), (1.0, 0.0, 0.0)).inside


def test_a_sun_that_stands_square_to_the_plane_is_never_eclipsed_in_low_orbit() -> None:
    assert forecast((-6900.0, 0.0, 0.0), (0.0, 7.6, 0.0), (0.0, 0.0, 1.0)) == NONE_AHEAD
    assert EclipseForecast(inside=False, starts_in_s=None, lasts_s=0.0, length_s=0.0, period_s=0.0) == NONE_AHEAD
