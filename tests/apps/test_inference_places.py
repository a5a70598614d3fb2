"""Regions on the ground and daylight below, against a slow twin that flies the orbit on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference.places import ALWAYS, MU_KM3_S2, NEVER, daylight, is_inside
from flightsw.apps.inference.sourceconfig import Box, Circle

BOX = Box(south_deg=-10.0, north_deg=20.0, west_deg=30.0, east_deg=50.0)
PACIFIC = Box(south_deg=-10.0, north_deg=20.0, west_deg=170.0, east_deg=-160.0)
LINE = Box(south_deg=-10.0, north_deg=20.0, west_deg=30.0, east_deg=30.0)


@pytest.mark.parametrize(
    ("box", "latitude_deg", "longitude_deg", "inside"),
    [
        (BOX, -10.0, 30.0, True),
        (BOX, 20.0, 50.0, True),
        (BOX, 20.1, 40.0, False),
        (BOX, -10.1, 40.0, False),
        (BOX, 0.0, 29.9, False),
        (BOX, 0.0, 50.1, False),
        (PACIFIC, 0.0, 170.0, True),
        (PACIFIC, 0.0, 179.9, True),
        (PACIFIC, 0.0, -179.9, True),
        (PACIFIC, 0.0, -160.0, True),
        (PACIFIC, 0.0, -159.9, False),
        (PACIFIC, 0.0, 169.9, False),
        (PACIFIC, 21.0, 175.0, False),
        (LINE, 0.0, 30.0, True),
        (LINE, 0.0, 31.0, False),
        (LINE, 0.0, 29.0, False),
    ],
)
def test_a_box_holds_its_borders_and_may_lie_across_the_date_line(
    box: Box, latitude_deg: float, longitude_deg: float, inside: bool
):
    assert is_inside(latitude_deg, longitude_deg, box) is inside


def great_circle_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the angle between two unit vectors."""

    def vector(place: tuple[float, float]) -> np.ndarray:
        latitude, longitude = np.radians(place)
        return np.array(
            [math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)]
        )

    a, b = vector(one), vector(other)
    return 6371.0 * math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b))


places = st.tuples(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))


@settings(max_examples=60, deadline=None)
@given(here=places, there=places)
@pytest.mark.parametrize("far_km", [0.01, 1.0])
def test_a_circle_reaches_as_far_along_great_circles_as_it_says(far_km, here, there):
    km = great_circle_km(here, there)
    for radius_km, inside in ((km - far_km, False), (km + far_km, True)):
        if 0.01 < radius_km < 20_000.0:
            assert (
                is_inside(*here, Circle(latitude_deg=there[0], longitude_deg=there[1], radius_km=radius_km)) is inside
            )


def test_a_circle_on_the_other_side_of_the_earth_is_half_a_turn_away():
    antipode = Circle(latitude_deg=-30.0, longitude_deg=-140.0, radius_km=20_000.0)
    assert not is_inside(30.0, 40.0, antipode)
    assert is_inside(-30.0, -140.0, Circle(latitude_deg=-30.0, longitude_deg=-140.0, radius_km=1.0))


angles = st.floats(0.0, 2.0 * math.pi)


@settings(max_examples=200, deadline=None)
@given(
    r_km=st.floats(6700.0, 8000.0),
    node=angles,
    inclination=st.floats(0.01, math.pi - 0.01),
    phase=angles,
    sun=st.tuples(angles, st.floats(-0.4, 0.4)),
    min_cos=st.floats(-0.9, 0.9),
)
def test_daylight_begins_and_ends_when_the_orbit_flown_on_says(r_km, node, inclination, phase, sun, min_cos):
    first = np.array([math.cos(node), math.sin(node), 0.0])
    second = np.array(
        [-math.sin(node) * math.cos(inclination), math.cos(node) * math.cos(inclination), math.sin(inclination)]
    )
    rate = math.sqrt(MU_KM3_S2 / r_km**3)

    def position(t_s: float) -> np.ndarray:
        angle = phase + rate * t_s
        return r_km * (math.cos(angle) * first + math.sin(angle) * second)

    toward = np.array([math.cos(sun[0]) * math.cos(sun[1]), math.sin(sun[0]) * math.cos(sun[1]), math.sin(sun[1])])

    def height(t_s: float) -> float:
        return float(position(t_s) @ toward) / r_km - min_cos

    velocity = r_km * rate * (-math.sin(phase) * first + math.cos(phase) * second)
    found = daylight(tuple(position(0.0)), tuple(velocity), tuple(toward), min_cos)
    period_s = 2.0 * math.pi / rate
    heights = [height(period_s * share / 500.0) for share in range(500)]
    if found is ALWAYS or found is NEVER:
        assert all((one >= -1e-3) is (found is ALWAYS) or abs(one) < 1e-3 for one in heights)
        return
    assert max(heights) > -1e-3
    assert min(heights) < 1e-3
    end_s = found.starts_in_s + found.lasts_s
    assert height(end_s) == pytest.approx(0.0, abs=1e-6)
    if found.starts_in_s > 0.0:
        assert height(found.starts_in_s) == pytest.approx(0.0, abs=1e-6)
        assert height(0.5 * found.starts_in_s) <= 1e-9, "dark until then"
    else:
        assert heights[0] >= -1e-9
    assert height(0.5 * (found.starts_in_s + end_s)) >= -1e-9
    assert found.lasts_s <= period_s
    assert found.starts_in_s <= period_s


@pytest.mark.parametrize(
    ("position_km", "velocity_km_s"),
    [((0.0, 0.0, 0.0), (0.0, 7.5, 0.0)), ((7000.0, 0.0, 0.0), (0.0, 0.0, 0.0)), ((7000.0, 0.0, 0.0), (7.5, 0.0, 0.0))],
)
def test_a_fix_that_is_no_orbit_has_no_daylight(position_km, velocity_km_s):
    assert daylight(position_km, velocity_km_s, (1.0, 0.0, 0.0), 0.1) is NEVER


def test_a_sun_that_just_grazes_the_limit_counts_for_always_or_never():
    orbit = ((7000.0, 0.0, 0.0), (0.0, 7.5, 0.0))
    assert daylight(*orbit, (1.0, 0.0, 0.0), -1.0) is ALWAYS
    assert daylight(*orbit, (1.0, 0.0, 0.0), 1.0) is NEVER
    assert daylight(*orbit, (0.0, 0.0, 1.0), 0.0) is ALWAYS, "it stands in the horizon all the time"
    assert (ALWAYS.starts_in_s, ALWAYS.lasts_s, NEVER.starts_in_s, NEVER.lasts_s) == (0.0, 1e9, 1e9, 0.0)
    noon = daylight(*orbit, (1.0, 0.0, 0.0), 0.5)
    assert noon.lasts_s == pytest.approx(math.pi / 3.0 / math.sqrt(398600.4418 / 7000.0**3))
