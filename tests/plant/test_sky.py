"""Sky: tabulated equals direct, the order of asking changes nothing, bad configuration is refused."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.errors import ConfigError, PhysicsError
from flightsw.plant import passes, shadow, sun
from flightsw.plant.arrays import norm
from flightsw.plant.prescribed import PrescribedSky, PrescribedSkyConfig
from flightsw.plant.sky import BLOCK_TICKS, EarthVariation, Sky, SkySample, in_south_atlantic_anomaly
from flightsw.plant.sky_config import OrbitConfig, SkyConfig
from flightsw.streams import Stream

TLE = [
    "1 43892U 18111S   19193.68092670  .00002615  00000-0  10917-3 0  9994",
    "2 43892  97.2888  98.1666 0022265 273.4726  86.3966 15.24309684 30096",
]
STATIONS = [
    {"name": "Svalbard", "latitude_deg": 78.2297, "longitude_deg": 15.4078, "altitude_m": 450, "mask_deg": 5},
    {"name": "Redu", "latitude_deg": 50.0019, "longitude_deg": 5.1458, "altitude_m": 330},
    {"name": "Kiruna", "latitude_deg": 67.8571, "longitude_deg": 20.9643, "altitude_m": 402, "mask_deg": 5},
]
CIRCULAR = {
    "epoch": "2026-01-03T12:00:00Z",
    "orbit": {"altitude_km": 550, "ltan_h": 10.5},
    "environment": {"ir_sigma_w_m2": 6.0, "albedo_sigma": 0.03},
    "stations": STATIONS,
}
BY_TLE = CIRCULAR | {"epoch": "2019-07-13T00:00:00Z", "orbit": {"tle": TLE}}


def sky_of(config: dict[str, Any], dt_s: float = 1.0) -> Sky:
    return Sky(msgspec.convert(config, SkyConfig), dt_s, Stream(7, "plant.earth", 2))


SHARED = {name: sky_of(config) for name, config in (("circular", CIRCULAR), ("tle", BY_TLE))}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["circular", "tle"]), st.integers(0, 200_000))
def test_tabulated_sample_equals_direct_computation(name: str, tick: int) -> None:
    sky = SHARED[name]
    sample = sky.at(tick)
    t_s = np.array([float(tick)])
    r, v = sky.orbit.positions(t_s)
    sun_km = sun.sun_teme_km(sky.epoch, t_s)
    sun_unit = sun_km / np.linalg.norm(sun_km)
    assert sample.t_s == tick
    assert sample.position_km == pytest.approx(r[0], abs=1e-6)
    assert sample.velocity_km_s == pytest.approx(v[0], abs=1e-9)
    assert sample.sun == pytest.approx(sun_unit[0], abs=1e-9)
    assert math.hypot(*sample.sun) == pytest.approx(1.0, abs=1e-12)
    assert sample.solar_flux_w_m2 == pytest.approx(float(sun.solar_flux_w_m2(norm(sun_km))[0]))
    assert sample.beta_deg == pytest.approx(float(sun.beta_deg(r, v, sun_unit)[0]), abs=1e-6)
    radius_km = math.hypot(*sample.position_km)
    assert sample.earth_view_factor == pytest.approx((6378.137 / radius_km) ** 2)
    assert sample.albedo_cos == pytest.approx(max(0.0, float(r[0] @ sun_unit[0]) / radius_km), abs=1e-9)
    assert (sample.latitude_deg, sample.longitude_deg) == pytest.approx(sky.subpoint(float(tick)), abs=1e-6)
    fine_s = tick + (np.arange(400) + 0.5) / 400
    seen = shadow.sunlit_fraction(sky.orbit.positions(fine_s)[0], sun.sun_teme_km(sky.epoch, fine_s))
    assert sample.sunlit_fraction == pytest.approx(float(seen.mean()), abs=2e-6)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 6 * BLOCK_TICKS), min_size=1, max_size=8))
def test_order_of_asking_changes_nothing(ticks: list[int]) -> None:
    wandering = [SHARED["circular"].at(tick) for tick in ticks]
    straight = sky_of(CIRCULAR)
    expected = {tick: straight.at(tick) for tick in sorted(set(ticks))}
    assert wandering == [expected[tick] for tick in ticks]


def test_fields_are_plain_python_numbers() -> None:
    sky = SHARED["circular"]
    seen_station = next(s for s in map(sky.at, range(20_000)) if s.station_index is not None)
    for sample in (sky.at(0), seen_station):
        for name, value in msgspec.structs.asdict(sample).items():
            for one in value if isinstance(value, tuple) else (value,):
                assert type(one) in (float, int, bool, type(None)), name
    assert type(seen_station.station_index) is int
    assert type(seen_station.in_saa) is bool


def test_eclipses_account_for_the_light_missing_from_the_ticks() -> None:
    sky = SHARED["circular"]
    found = sky.eclipses(0, 20_000)
    assert len(found) == 4
    dark_s = sum(1.0 - sky.at(tick).sunlit_fraction for tick in range(20_000))
    total_s = sum(exit_s - entry_s for entry_s, exit_s in found)
    assert 0.0 < total_s - dark_s < 4 * 12.0, "half of each penumbra, 9 s long, is light"
    for entry_s, exit_s in found[:-1]:
        assert sky.at(int(entry_s) - 1).sunlit_fraction == 1.0
        assert 0.0 < sky.at(int(entry_s) + 1).sunlit_fraction < 1.0
        assert sky.at(int(exit_s) + 1).sunlit_fraction == 1.0


@pytest.mark.parametrize("dt_s", [0.1, 5.0])
def test_sunlit_seconds_do_not_depend_on_the_tick(dt_s: float) -> None:
    span_s = 6000
    fine = sum(SHARED["circular"].at(tick).sunlit_fraction for tick in range(span_s))
    other = sky_of(CIRCULAR, dt_s)
    total = sum(other.at(tick).sunlit_fraction for tick in range(round(span_s / dt_s))) * dt_s
    assert 3000.0 < fine < span_s
    assert total == pytest.approx(fine, abs=1e-3)


def test_station_seen_highest_is_the_one_reported() -> None:
    sky = SHARED["tle"]
    frames = [
        passes.station_frame(s.latitude_deg, s.longitude_deg, s.altitude_m, s.mask_deg) for s in sky.config.stations
    ]
    both = 0
    for tick in range(2000, 3000, 7):
        sample = sky.at(tick)
        looks = [passes.look_angles(frame, sky._earth_fixed(np.array([float(tick)]))) for frame in frames]
        up = {i: float(look[0][0]) for i, look in enumerate(looks) if look[0][0] >= frames[i].mask_deg}
        both += len(up) > 1
        expected = max(up, key=up.__getitem__) if up else None
        assert sample.station_index == expected
        if expected is None:
            assert sample.elevation_deg is None
            assert sample.slant_range_km is None
        else:
            assert sample.elevation_deg == pytest.approx(up[expected])
            assert sample.slant_range_km == pytest.approx(float(looks[expected][2][0]))
    assert both > 10


def test_earth_changes_by_orbit_and_not_within_one() -> None:
    sky = SHARED["circular"]
    period_s = sky.orbit.nodal_period_s
    orbits = [{sky.at(int(k * period_s + part * period_s) + 1).ir_w_m2 for part in (0.0, 0.5, 0.99)} for k in range(4)]
    assert all(len(values) == 1 for values in orbits)
    assert len(set.union(*orbits)) == 4


def test_earth_variation_has_the_spread_and_correlation_asked_for() -> None:
    config = msgspec.convert(CIRCULAR, SkyConfig)
    variation = EarthVariation(config, Stream(3, "plant.earth", 2))
    ir = np.array([variation.of_orbit(k)[0] for k in range(20_000)])
    assert ir.mean() == pytest.approx(237.0, abs=0.3)
    assert ir.std() == pytest.approx(6.0, rel=0.03)
    assert np.corrcoef(ir[:-1], ir[1:])[0, 1] == pytest.approx(0.5, abs=0.03)


def test_saa_is_met_on_some_orbits_and_inside_its_box() -> None:
    inside = [s for s in map(SHARED["circular"].at, range(0, 86_400, 60)) if s.in_saa]
    assert 50 < len(inside) < 400
    assert all(-50.0 <= s.latitude_deg <= 0.0 and -90.0 <= s.longitude_deg <= 40.0 for s in inside)


def test_no_satellite_above_the_low_orbits_is_in_the_anomaly() -> None:
    latitude_deg, longitude_deg = np.full(5, -25.0), np.full(5, -45.0)
    height_km = np.array([160.0, 420.0, 1400.0, 20_200.0, 35_786.0])
    found = in_south_atlantic_anomaly(latitude_deg, longitude_deg, height_km)
    assert found.tolist() == [False, True, True, False, False]


def test_a_geostationary_satellite_over_the_south_atlantic_is_never_in_the_anomaly() -> None:
    orbit = OrbitConfig(altitude_km=35_786.0, inclination_deg=0.1, raan_deg=0.0)
    sky = Sky(SkyConfig(epoch="2026-03-20T00:00:00Z", orbit=orbit), 60.0)
    inclined = Sky(
        msgspec.structs.replace(sky.config, orbit=msgspec.structs.replace(orbit, inclination_deg=40.0)), 60.0
    )
    latitudes_deg = [sample.latitude_deg for sample in map(inclined.at, range(1440))]
    assert min(latitudes_deg) < -20.0
    assert not any(sky.at(tick).in_saa or inclined.at(tick).in_saa for tick in range(1440))
    by_figures = PrescribedSky(PrescribedSkyConfig(period_s=86_164.0, altitude_km=35_786.0, beta_deg=40.0), 60.0)
    assert not any(by_figures.at(tick).in_saa for tick in range(1440))


@pytest.mark.parametrize(
    ("orbit", "share"),
    [
        (OrbitConfig(altitude_km=420.0, inclination_deg=51.6, raan_deg=0.0), 0.155),
        (OrbitConfig(altitude_km=550.0, ltan_h=10.5), 0.101),
    ],
)
def test_the_anomaly_s_box_holds_the_share_of_an_orbit_that_the_rates_page_counts_with(
    orbit: OrbitConfig, share: float
) -> None:
    t_s = np.arange(0.0, 10 * 86_400.0, 20.0)
    track = Sky(SkyConfig(epoch="2026-03-20T00:00:00Z", orbit=orbit), 1.0).ground_track(t_s)
    assert in_south_atlantic_anomaly(*track).mean() == pytest.approx(share, abs=0.008)


def test_ground_track_moves_west_by_the_turn_of_the_earth_each_orbit() -> None:
    sky = SHARED["circular"]
    period_s = sky.orbit.nodal_period_s
    (lat0, lon0), (lat1, lon1) = sky.subpoint(0.0), sky.subpoint(period_s)
    assert (lat0, lat1) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert (lon0 - lon1) % 360.0 == pytest.approx(360.0 * period_s / 86400.0, abs=0.01), "Sun-synchronous"


def test_sun_stands_at_the_node_local_time() -> None:
    """At LTAN 10:30 the Sun is within the equation of time of 22.5 deg east of the ascending node."""
    sample = SHARED["circular"].at(0)
    node_deg = math.degrees(math.atan2(sample.position_km[1], sample.position_km[0]))
    sun_deg = math.degrees(math.atan2(sample.sun[1], sample.sun[0]))
    assert (sun_deg - node_deg) % 360.0 == pytest.approx(22.5, abs=1.5)


@pytest.mark.parametrize(
    ("orbit", "message"),
    [
        ({}, "altitude_km is missing"),
        ({"altitude_km": 550}, "exactly one"),
        ({"altitude_km": 550, "ltan_h": 10.5, "raan_deg": 3.0}, "exactly one"),
        ({"altitude_km": 550, "tle": TLE}, "one or the other"),
        ({"tle": [TLE[0], TLE[1][:-1] + "5"]}, "checksum is 5: must be 6"),
        ({"altitude_km": 8000, "ltan_h": 6.0}, "below 5970"),
    ],
)
def test_contradictory_orbit_is_refused(orbit: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        msgspec.convert(CIRCULAR | {"orbit": orbit}, SkyConfig)


@pytest.mark.parametrize(
    "change",
    [
        {"orbit": {"altitude_km": 100, "ltan_h": 6.0}},
        {"orbit": {"altitude_km": 550, "ltan_h": 25.0}},
        {"environment": {"albedo": 1.2}},
        {"stations": [STATIONS[0] | {"mask_deg": -3}]},
        {"colour": "blue"},
    ],
)
def test_field_out_of_range_or_unknown_is_refused(change: dict[str, Any]) -> None:
    msgspec.convert(CIRCULAR, SkyConfig)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(CIRCULAR | change, SkyConfig)


def test_same_station_name_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"stations.name = 'Redu': must be given once"):
        msgspec.convert(CIRCULAR | {"stations": [STATIONS[1], STATIONS[1]]}, SkyConfig)


def test_step_tick_and_stream_are_checked() -> None:
    config = msgspec.convert(CIRCULAR, SkyConfig)
    stream = Stream(7, "plant.earth", 2)
    with pytest.raises(ConfigError, match=r"dt_s = 61.0: must be above 0 and at most 60.0"):
        Sky(config, 61.0, stream)
    with pytest.raises(ConfigError, match="must be 0 where no random stream is given"):
        Sky(config, 1.0)
    with pytest.raises(PhysicsError, match="tick = -1: must be at least 0"):
        Sky(config, 1.0, stream).at(-1)
    assert isinstance(Sky(config, 1.0, stream).at(0), SkySample)
