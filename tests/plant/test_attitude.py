"""Attitude: views against closed forms, sums over a cube, slews from end to end, and no memory of what was asked."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.errors import ConfigError
from flightsw.messages.health import Attitude
from flightsw.plant.arrays import FloatArray
from flightsw.plant.attitude import KEPT_TABLES, AttitudeModel, AttitudeState
from flightsw.plant.attitude_config import AXES, AttitudeConfig
from flightsw.plant.constants import EARTH_RADIUS_KM, MU_KM3_S2
from flightsw.plant.earth_loads import plate_view_factor
from flightsw.plant.epoch import parse_epoch
from flightsw.plant.face_views import FaceViews
from flightsw.plant.frames import earth_fixed
from flightsw.plant.pointing import Pointing
from flightsw.plant.rotations import Vector, dot, unit
from flightsw.plant.sky import BLOCK_TICKS, Sky, SkyVectors
from flightsw.plant.sky_config import SkyConfig
from flightsw.plant.slew import slew_time_s

CUBE = tuple(AXES)
SUN, NADIR, INERTIAL, PRESCRIBED = (
    Pointing(a) for a in (Attitude.SUN, Attitude.NADIR, Attitude.INERTIAL, Attitude.PRESCRIBED)
)


class PlainSky:
    """A circular Kepler orbit in the plane of x and y, with the Sun at rest, `beta_deg` above x."""

    def __init__(self, beta_deg: float = 0.0, altitude_km: float = 550.0, dt_s: float = 1.0) -> None:
        self.epoch = parse_epoch("2026-01-03T12:00:00Z")
        self.dt_s = dt_s
        self.radius_km = EARTH_RADIUS_KM + altitude_km
        self.rate_rad_s = math.sqrt(MU_KM3_S2 / self.radius_km**3)
        beta = math.radians(beta_deg)
        self.sun: Vector = (math.cos(beta), 0.0, math.sin(beta))
        self.blocks: list[int] = []

    @property
    def orbit_ticks(self) -> int:
        return round(2 * math.pi / self.rate_rad_s / self.dt_s)

    def vectors(self, tick: int) -> SkyVectors:
        first = tick // BLOCK_TICKS * BLOCK_TICKS
        self.blocks.append(first)
        t_s: FloatArray = np.arange(first, first + BLOCK_TICKS) * self.dt_s
        u, nought = self.rate_rad_s * t_s, np.zeros(BLOCK_TICKS)
        position = self.radius_km * np.stack((np.cos(u), np.sin(u), nought), axis=1)
        speed = self.radius_km * self.rate_rad_s
        velocity = speed * np.stack((-np.sin(u), np.cos(u), nought), axis=1)
        return SkyVectors(first, t_s, position, velocity, np.tile(self.sun, (BLOCK_TICKS, 1)))


def real_sky(ltan_h: float) -> Sky:
    orbit = {"altitude_km": 550, "ltan_h": ltan_h}
    return Sky(msgspec.convert({"epoch": "2026-01-03T12:00:00Z", "orbit": orbit}, SkyConfig), 1.0)


def model(sky: Any = None, faces: Any = CUBE, **table: Any) -> AttitudeModel:
    return AttitudeModel(msgspec.convert(table, AttitudeConfig), faces, sky or PlainSky())


def held(body: AttitudeModel, pointing: Pointing, tick: int) -> FaceViews:
    return body.views(AttitudeState(pointing), tick)


def face(views: tuple[float, ...], name: str) -> float:
    return views[CUBE.index(name)]


# Held attitudes against closed forms


@pytest.mark.parametrize("altitude_km", [200.0, 550.0, 35786.0])
def test_nadir_cube_sees_the_earth_by_the_closed_forms_all_along_the_orbit(altitude_km: float) -> None:
    sky = PlainSky(altitude_km=altitude_km)
    body = model(sky)
    h = sky.radius_km / EARTH_RADIUS_KM
    # A plate on edge: (1/pi) [asin(1/H) - sqrt(H^2 - 1) / H^2] (Martinez, Radiative view factors, UPM)
    edge = (math.asin(1 / h) - math.sqrt(h * h - 1) / h**2) / math.pi
    ticks = range(0, sky.orbit_ticks, 97)
    rows = np.array([held(body, NADIR, tick).earth_view for tick in ticks])
    expected = [edge, edge, edge, edge, 1 / h**2, 0.0]
    assert rows.mean(axis=0) == pytest.approx(expected, abs=1e-12)
    assert rows.std(axis=0) == pytest.approx(np.zeros(6), abs=1e-12)


def test_inertial_cube_sees_the_earth_on_average_as_the_plate_of_all_tilts_does() -> None:
    sky = PlainSky()
    body = model(sky)
    rows = np.array([held(body, INERTIAL, tick).earth_view for tick in range(sky.orbit_ticks)])
    around = np.mean([plate_view_factor(sky.radius_km, tilt) for tilt in np.linspace(0.25, 179.75, 360)])
    edge = plate_view_factor(sky.radius_km, 90.0)
    assert rows.mean(axis=0) == pytest.approx([around] * 4 + [edge] * 2, abs=1e-4)


@pytest.mark.parametrize("beta_deg", [-60.0, 0.0, 23.0, 89.99999999, 90.0])
def test_sun_attitude_lights_one_face_of_a_cube_fully_and_no_other(beta_deg: float) -> None:
    body = model(PlainSky(beta_deg))
    for tick in range(0, 6000, 500):
        views = held(body, SUN, tick)
        assert views.sun_cos == pytest.approx([1.0, 0.0, 0.0, 0.0, 0.0, 0.0], abs=1e-7)
        assert not views.slewing
        assert views.attitude_error_deg == 0.0


@pytest.mark.parametrize("beta_deg", [0.0, 40.0, -75.0])
def test_sun_attitude_turns_its_second_axis_to_the_orbit_normal(beta_deg: float) -> None:
    body = model(PlainSky(beta_deg))
    y = body.body_from_teme(AttitudeState(SUN), 1234)[1]
    assert y[2] == pytest.approx(math.cos(math.radians(beta_deg))), "as near to the normal, z, as the Sun leaves it"


def test_sun_on_the_orbit_normal_itself_leaves_an_attitude_all_the_same() -> None:
    sky = PlainSky()
    sky.sun = (0.0, 0.0, 1.0)
    body = model(sky)
    axes = np.array([body.body_from_teme(AttitudeState(SUN), tick) for tick in (0, 900)])
    assert axes[0] @ axes[0].T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.array_equal(axes[0], axes[1]), "and the same one all along the orbit"
    assert held(body, SUN, 900).sun_cos == pytest.approx([1, 0, 0, 0, 0, 0], abs=1e-12)


def test_nadir_faces_see_the_sun_by_beta_and_place_in_the_orbit() -> None:
    edge_on, overhead = PlainSky(90.0), PlainSky(0.0)
    for tick in range(0, 6000, 250):
        # x along velocity, z to nadir: y is against the orbit normal, and so is the Sun's face at beta 90.
        assert held(model(edge_on), NADIR, tick).sun_cos == pytest.approx([0, 0, 0, 1, 0, 0], abs=1e-12)
        u = overhead.rate_rad_s * tick
        expected = [max(0.0, part) for part in (-math.sin(u), math.sin(u), 0.0, 0.0, -math.cos(u), math.cos(u))]
        assert held(model(overhead), NADIR, tick).sun_cos == pytest.approx(expected, abs=1e-9)


def test_inertial_attitude_is_the_quaternion_of_the_configuration() -> None:
    half = math.radians(30.0)
    body = model(PlainSky(0.0), inertial={"quaternion": [math.cos(half), 0.0, 0.0, math.sin(half)]})
    for tick in (0, 700, 5000):
        views = held(body, INERTIAL, tick)
        assert face(views.sun_cos, "+x") == pytest.approx(0.5, abs=1e-12), "turned by 60 deg about z"
        assert face(views.sun_cos, "-y") == pytest.approx(math.sin(math.radians(60.0)), abs=1e-12)


def off_nadir_deg(body: AttitudeModel, sky: Sky, state: AttitudeState, tick: int) -> float:
    x, y, z = sky.at(tick).position_km
    cosine = dot(body.body_from_teme(state, tick)[2], unit((-x, -y, -z)))
    return math.degrees(math.acos(min(1.0, cosine)))


def test_target_attitude_looks_at_the_place_on_the_turning_earth() -> None:
    sky = real_sky(ltan_h=10.5)
    body = model(sky)
    for tick in (100, 3000):
        sample = sky.at(tick)
        below = AttitudeState(Pointing(Attitude.TARGET, sample.latitude_deg, sample.longitude_deg))
        assert off_nadir_deg(body, sky, below, tick) < 0.2, "vertical against geocentric nadir"
        assert dot(body.body_from_teme(below, tick)[0], unit(sample.velocity_km_s)) > 0.9999
        assert 10.0 < off_nadir_deg(body, sky, below, tick + 20) < 20.0, "150 km on, 550 km up"
        east = AttitudeState(Pointing(Attitude.TARGET, sample.latitude_deg, sample.longitude_deg + 2.0))
        subpoint_km, aside_km = (
            np.array(earth_fixed(sample.latitude_deg, sample.longitude_deg + lon, 0.0)) for lon in (0, 2)
        )
        aside_deg = math.degrees(math.atan2(float(np.linalg.norm(aside_km - subpoint_km)), sample.altitude_km))
        assert off_nadir_deg(body, sky, east, tick) == pytest.approx(aside_deg, rel=0.03)


def test_prescribed_attitude_is_slerped_and_held_outside_its_table() -> None:
    rows = [{"t_s": 100.0, "quaternion": [1, 0, 0, 0]},
            {"t_s": 190.0, "quaternion": [math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)]}]  # fmt: skip
    body = model(PlainSky(0.0), initial="prescribed", prescribed=rows)
    state = body.initial()
    for tick, turn_deg in ((0, 0.0), (100, 0.0), (130, 30.0), (145, 45.0), (190, 90.0), (4000, 90.0)):
        assert face(body.views(state, tick).sun_cos, "+x") == pytest.approx(math.cos(math.radians(turn_deg)), abs=1e-9)


# Arrays


def test_an_array_sees_the_sun_as_its_mount_lets_it() -> None:
    sky = PlainSky(35.0)
    fixed, one, two = (
        model(sky, array={"drive": drive, "normal": "-z", "axis": "+y"}) for drive in ("fixed", "one_axis", "two_axis")
    )
    seen = []
    for tick in range(0, 6000, 100):
        sun_y = face(held(fixed, NADIR, tick).sun_cos, "-y")
        assert held(fixed, NADIR, tick).array_cos == face(held(fixed, NADIR, tick).sun_cos, "-z")
        assert held(one, NADIR, tick).array_cos == pytest.approx(math.sqrt(1 - sun_y**2))
        assert held(one, NADIR, tick).array_cos == pytest.approx(math.cos(math.radians(35.0)))
        assert held(two, NADIR, tick).array_cos == pytest.approx(1.0)
        seen.append(held(fixed, NADIR, tick).array_cos)
    assert min(seen) == 0.0
    assert max(seen) == pytest.approx(math.cos(math.radians(35.0)), abs=1e-3)


def test_a_tracking_array_turns_its_back_to_the_earth_at_noon_and_its_front_at_midnight() -> None:
    sky = PlainSky(0.0)
    nadir = (EARTH_RADIUS_KM / sky.radius_km) ** 2
    for drive in ("one_axis", "two_axis"):
        body = model(sky, array={"drive": drive, "axis": "+y"})
        assert held(body, NADIR, 0).array_earth_view == pytest.approx((0.0, nadir), abs=1e-9)
        assert held(body, NADIR, sky.orbit_ticks // 2).array_earth_view == pytest.approx((nadir, 0.0), abs=1e-3)


def test_a_drive_whose_axis_is_the_suns_direction_gets_no_light_and_no_nan() -> None:
    body = model(PlainSky(90.0), array={"drive": "one_axis", "axis": "+y"})
    views = held(body, NADIR, 10)
    assert views.array_cos == pytest.approx(0.0, abs=1e-12)
    assert all(0.0 <= view <= 1.0 for view in views.array_earth_view)


@pytest.mark.parametrize("drive", ["fixed", "one_axis", "two_axis"])
def test_pointing_error_costs_the_array_its_cosine_and_the_faces_nothing(drive: str) -> None:
    sky = PlainSky(10.0)
    exact, loose = (model(sky, array={"drive": drive}, pointing_error_deg=error) for error in (0.0, 8.0))
    for pointing in (SUN, NADIR):
        before, after = held(exact, pointing, 600), held(loose, pointing, 600)
        assert after.array_cos == pytest.approx(before.array_cos * math.cos(math.radians(8.0)))
        assert after.sun_cos == before.sun_cos
        assert after.attitude_error_deg == pytest.approx(8.0)


# Sums over faces, on any orbit


@st.composite
def any_body(draw: st.DrawFn) -> tuple[AttitudeModel, AttitudeState, int]:
    sky = PlainSky(draw(st.floats(-90, 90)), draw(st.floats(200, 40000)), draw(st.sampled_from([0.5, 1.0, 30.0])))
    body = model(sky, slew={"rate_deg_s": 0.5, "acceleration_deg_s2": 0.02})
    pointings = [SUN, NADIR, INERTIAL, Pointing(Attitude.TARGET, draw(st.floats(-90, 90)), draw(st.floats(-180, 180)))]
    first, second = draw(st.permutations(pointings))[:2]
    tick = draw(st.integers(0, 3 * BLOCK_TICKS))
    state = AttitudeState(first)
    if draw(st.booleans()):
        state = body.step(state, second, tick)
    return body, state, tick + draw(st.integers(0, 200))


@settings(max_examples=60, deadline=None)
@given(any_body())
def test_a_cube_shows_the_sun_three_faces_at_most_and_cosines_that_square_to_one(
    drawn: tuple[AttitudeModel, AttitudeState, int],
) -> None:
    body, state, tick = drawn
    views = body.views(state, tick)
    assert sum(cos * cos for cos in views.sun_cos) == pytest.approx(1.0, abs=1e-9)
    for plus, minus in ((0, 1), (2, 3), (4, 5)):
        assert min(views.sun_cos[plus], views.sun_cos[minus]) == 0.0
    assert all(type(value) is float for value in (*views.sun_cos, *views.earth_view, views.array_cos))
    assert all(0.0 <= view <= 1.0 for view in views.earth_view)


@settings(max_examples=60, deadline=None)
@given(any_body(), st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: math.hypot(*v) > 0.1))
def test_opposite_faces_share_the_plates_projection_of_the_earth(
    drawn: tuple[AttitudeModel, AttitudeState, int], normal: Vector
) -> None:
    """Front less back is the projection of the Earth's disc on the normal: cos(tilt) / H^2, by Lambert's law."""
    body, state, tick = drawn
    back = (-normal[0], -normal[1], -normal[2])
    pair = AttitudeModel(body.config, (normal, back), body._sky)
    views = pair.views(state, tick)
    sky = body._sky.vectors(tick)
    position = sky.position_km[tick - sky.first_tick].tolist()
    radius_km = math.hypot(*position)
    axes = body.body_from_teme(state, tick)
    in_body = [-dot(axis, position) / radius_km for axis in axes]
    cos_tilt = dot(unit(normal), (in_body[0], in_body[1], in_body[2]))
    difference = views.earth_view[0] - views.earth_view[1]
    assert difference == pytest.approx(cos_tilt * (EARTH_RADIUS_KM / radius_km) ** 2, abs=1e-7)


def test_a_body_without_faces_still_has_an_array() -> None:
    views = held(model(faces=()), SUN, 5)
    assert views.sun_cos == views.earth_view == ()
    assert views.array_cos == pytest.approx(1.0)


def test_a_face_that_is_no_axis_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"faces\.1 = 'up': must be one of \+x"):
        model(faces=("+x", "up"))


# Slews


def fly(body: AttitudeModel, state: AttitudeState, first: int, count: int) -> list[tuple[AttitudeState, FaceViews]]:
    flown = []
    for tick in range(first, first + count):
        state = body.step(state, None, tick)
        flown.append((state, body.views(state, tick)))
    return flown


def test_a_slew_takes_the_stated_time_and_ends_on_the_commanded_attitude() -> None:
    sky = PlainSky(30.0)
    body = model(sky, slew={"rate_deg_s": 1.0, "acceleration_deg_s2": 0.1, "settle_s": 4.0})
    start = body.step(AttitudeState(SUN), NADIR, 1000)
    assert start.slew is not None
    assert start.slew.angle_deg > 45.0
    duration_s = slew_time_s(body.config.slew, start.slew.angle_deg)
    assert body.views(start, 1000).sun_cos == pytest.approx(held(body, SUN, 1000).sun_cos, abs=1e-9)
    flown = fly(body, start, 1000, 300)
    slewing = [views.slewing for _, views in flown]
    assert slewing.index(False) == math.ceil(duration_s)
    assert not any(slewing[slewing.index(False) :]), "once there, it stays"
    turn_ends = math.ceil(duration_s - 4.0)
    for tick in range(turn_ends, 300):
        at_end, nadir = flown[tick][1], held(body, NADIR, 1000 + tick)
        assert at_end.attitude_error_deg == 0.0
        assert at_end.sun_cos == pytest.approx(nadir.sun_cos, abs=1e-12)
        assert at_end.earth_view == pytest.approx(nadir.earth_view, abs=1e-12)
    assert flown[-1][0] == AttitudeState(NADIR)


@pytest.mark.parametrize("drive", ["fixed", "one_axis", "two_axis"])
@pytest.mark.parametrize("error_deg", [0.0, 5.0])
def test_the_array_is_followed_through_a_slew_by_the_same_law(drive: str, error_deg: float) -> None:
    body = model(
        PlainSky(35.0),
        array={"drive": drive, "normal": "+z", "axis": "+y"},
        pointing_error_deg=error_deg,
        slew={"settle_s": 30.0},
    )
    start = body.step(AttitudeState(NADIR), INERTIAL, 600)
    assert start.slew is not None
    turned_at = 600 + math.ceil(start.slew.duration_s - 30.0)
    settling, after = body.views(start, turned_at), held(body, INERTIAL, turned_at)
    assert settling.slewing
    assert settling.attitude_error_deg == pytest.approx(error_deg)
    assert settling.array_cos == pytest.approx(after.array_cos, abs=1e-12)
    assert settling.array_earth_view == pytest.approx(after.array_earth_view, abs=1e-12)
    for tick in range(601, turned_at, 10):
        views = body.views(start, tick)
        sun_y = face(views.sun_cos, "+y") - face(views.sun_cos, "-y")
        best = {"fixed": face(views.sun_cos, "+z"), "one_axis": math.sqrt(1 - sun_y**2), "two_axis": 1.0}[drive]
        assert views.array_cos == pytest.approx(best * math.cos(math.radians(error_deg)))
        assert views.attitude_error_deg > error_deg


@pytest.mark.parametrize("dt_s", [0.1, 2.0])
def test_the_tick_does_not_alter_a_slew(dt_s: float) -> None:
    fine, other = model(PlainSky(30.0)), model(PlainSky(30.0, dt_s=dt_s))
    a = fine.step(AttitudeState(SUN), INERTIAL, 40)
    b = other.step(AttitudeState(SUN), INERTIAL, round(40 / dt_s))
    assert a.slew is not None
    assert b.slew is not None
    for t_s in (42, 50, 60):
        expected = fine.views(a, t_s)
        assert expected.slewing
        got = other.views(b, round(t_s / dt_s))
        assert got.sun_cos == pytest.approx(expected.sun_cos, abs=1e-9)
        assert got.attitude_error_deg == pytest.approx(expected.attitude_error_deg, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.floats(-90, 90), st.integers(0, 6000), st.permutations([SUN, NADIR, INERTIAL]))
def test_views_and_attitude_are_continuous_through_slews(beta_deg: float, tick: int, order: list[Pointing]) -> None:
    sky = PlainSky(beta_deg)
    body = model(sky, slew={"rate_deg_s": 1.0, "acceleration_deg_s2": 0.05})
    state = AttitudeState(order[0])
    rows, errors = [], []
    for now in range(tick, tick + 500):
        wanted = {tick + 5: order[1], tick + 60: order[2]}.get(now)  # the second breaks the first off
        state = body.step(state, wanted, now)
        views = body.views(state, now)
        rows.append((*views.sun_cos, *views.earth_view))
        errors.append((views.slewing, views.attitude_error_deg))
    # The body turns at the slew's rate and its frame at twice the orbit's at most (nadir about the singular Sun).
    fastest_rad = math.radians(1.0) + 2 * sky.rate_rad_s
    if abs(beta_deg) < 89.0:
        assert np.abs(np.diff(np.array(rows), axis=0)).max() <= fastest_rad
    assert errors[-1] == (False, 0.0)


def test_a_slew_that_is_called_back_returns_the_way_it_came() -> None:
    body = model(PlainSky(40.0), inertial={"quaternion": [0.5, 0.5, -0.5, 0.5]})
    out = body.step(AttitudeState(SUN), INERTIAL, 0)
    assert out.slew is not None
    half = math.ceil(out.slew.duration_s / 2)
    there = body.views(out, half)
    back = body.step(out, SUN, half)
    assert back.slew is not None
    assert 0.0 < back.slew.angle_deg < out.slew.angle_deg
    assert body.views(back, half).sun_cos == pytest.approx(there.sun_cos, abs=1e-9)
    assert body.views(fly(body, back, half, 400)[-1][0], half + 400).sun_cos == held(body, SUN, half + 400).sun_cos


def test_the_way_back_takes_as_long_and_passes_the_same_attitudes() -> None:
    table: dict[str, Any] = {
        "prescribed": [{"t_s": 0.0, "quaternion": [0.8, 0.0, 0.6, 0.0]}],
        "inertial": {"quaternion": [0.5, 0.5, -0.5, 0.5]},
    }
    body = model(PlainSky(20.0), **table)
    out = body.step(AttitudeState(INERTIAL), PRESCRIBED, 0)
    back = body.step(AttitudeState(PRESCRIBED), INERTIAL, 0)
    assert out.slew is not None
    assert back.slew is not None
    assert back.slew.duration_s == pytest.approx(out.slew.duration_s)
    fine = model(PlainSky(20.0, dt_s=out.slew.duration_s / 64), **table)
    out = fine.step(AttitudeState(INERTIAL), PRESCRIBED, 0)
    back = fine.step(AttitudeState(PRESCRIBED), INERTIAL, 0)
    for tick in range(65):
        assert fine.views(out, tick).sun_cos == pytest.approx(fine.views(back, 64 - tick).sun_cos, abs=1e-9)


def test_a_command_for_the_attitude_already_held_starts_nothing() -> None:
    body = model()
    state = body.initial()
    assert body.step(state, SUN, 10) is state
    slewing = body.step(state, NADIR, 10)
    assert slewing.slew is not None
    assert body.step(slewing, NADIR, 20) is slewing
    assert body.step(slewing, None, 20) is slewing


def test_a_new_target_on_the_ground_is_slewed_to() -> None:
    body = model()
    here, there = Pointing(Attitude.TARGET, 0.0, 0.0), Pointing(Attitude.TARGET, 0.0, 90.0)
    state = body.step(AttitudeState(here), there, 30)
    assert state.slew is not None
    assert state.slew.angle_deg > 10.0


# No memory of what was asked


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([SUN, NADIR, INERTIAL]), st.integers(0, 4 * BLOCK_TICKS)), max_size=8))
def test_order_of_asking_changes_nothing(asked: list[tuple[Pointing, int]]) -> None:
    shared = model(PlainSky(33.0))
    for pointing, tick in asked:
        alone = model(PlainSky(33.0))
        assert held(shared, pointing, tick) == held(alone, pointing, tick)
        slew = shared.step(AttitudeState(pointing), Pointing(Attitude.TARGET, 10.0, 10.0), tick)
        assert slew == alone.step(AttitudeState(pointing), Pointing(Attitude.TARGET, 10.0, 10.0), tick)
        assert shared.views(slew, tick + 9) == alone.views(slew, tick + 9)


def test_a_slew_across_the_edge_of_a_block_does_not_notice_it() -> None:
    body, started = model(PlainSky(33.0)), BLOCK_TICKS - 20
    state = body.step(AttitudeState(SUN), NADIR, started)
    errors = [views.attitude_error_deg for _, views in fly(body, state, started, 40)]
    assert all(views.slewing for _, views in fly(body, state, started, 40))
    assert np.abs(np.diff(errors, n=2)).max() < 0.11, "no jump beyond the acceleration, 0.1 deg/s2"


def test_only_attitudes_in_use_are_tabulated_and_few_are_kept() -> None:
    sky = PlainSky()
    body = model(sky)
    held(body, SUN, 0)
    held(body, SUN, 100)
    assert len(sky.blocks) == 1
    assert list(body._tables) == [SUN]
    for longitude in range(3 * KEPT_TABLES):
        held(body, Pointing(Attitude.TARGET, 0.0, float(longitude)), 0)
    assert len(body._tables) == KEPT_TABLES


def test_the_shipped_sky_gives_its_blocks() -> None:
    sky = real_sky(ltan_h=6.0)
    body = model(sky)
    for tick in (5, BLOCK_TICKS - 1, BLOCK_TICKS, 5):
        sample, vectors = sky.at(tick), sky.vectors(tick)
        assert vectors.position_km[tick - vectors.first_tick].tolist() == list(sample.position_km)
        views = held(body, NADIR, tick)
        assert face(views.earth_view, "+z") == pytest.approx(sample.earth_view_factor, abs=1e-12)
        assert abs(face(views.sun_cos, "-y") - face(views.sun_cos, "+y")) == pytest.approx(
            abs(math.sin(math.radians(sample.beta_deg))), abs=1e-9
        )
