"""Virtual camera: a scene is a pure function of seed and number, and what is cloud does not depend on the light."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.devices.camera import BANDS, CELLS, FULL_SCALE, LEVELS, NOISE, VirtualCamera

CAMERA = VirtualCamera(11)
scenes = st.integers(0, 10**9)
cosines = st.floats(-1.0, 1.0)
latitudes_deg = st.floats(-90.0, 90.0)


@settings(max_examples=20)
@given(scenes, cosines, latitudes_deg)
def test_the_same_scene_is_the_same_to_the_bit(scene, cos_zenith, latitude_deg) -> None:
    assert np.array_equal(
        CAMERA.tiles(scene, 2, cos_zenith, latitude_deg), CAMERA.tiles(scene, 2, cos_zenith, latitude_deg)
    )


def test_another_camera_of_the_same_seed_sees_the_same_and_of_another_seed_does_not() -> None:
    seen = CAMERA.tiles(5, 3, 0.7, 30.0)
    assert np.array_equal(VirtualCamera(11).tiles(5, 3, 0.7, 30.0), seen)
    assert not np.array_equal(VirtualCamera(12).tiles(5, 3, 0.7, 30.0), seen)


@settings(max_examples=20)
@given(scenes, st.integers(1, 6), cosines, latitudes_deg)
def test_scenes_of_a_batch_are_the_scenes_alone(scene, count, cos_zenith, latitude_deg) -> None:
    together = CAMERA.tiles(scene, count, cos_zenith, latitude_deg)
    for place in range(count):
        assert np.array_equal(together[place], CAMERA.tiles(scene + place, 1, cos_zenith, latitude_deg)[0])
    assert np.array_equal(CAMERA.truth(scene, count)[-1], CAMERA.truth(scene + count - 1, 1)[0])


@settings(max_examples=30)
@given(scenes, cosines, latitudes_deg)
def test_tiles_are_what_a_network_takes(scene, cos_zenith, latitude_deg) -> None:
    tiles = CAMERA.tiles(scene, 2, cos_zenith, latitude_deg)
    assert tiles.shape == (2, len(BANDS), CELLS, CELLS)
    assert tiles.dtype == np.float32
    assert tiles.flags.c_contiguous
    assert 0.0 <= tiles.min() <= tiles.max() <= np.float32(FULL_SCALE)
    codes = tiles.astype(np.float64) * LEVELS / FULL_SCALE
    assert np.abs(codes - np.rint(codes)).max() < 1e-3


def test_noise_is_independent_by_band_and_of_the_stated_size() -> None:
    tiles = CAMERA.tiles(0, 256, 1.0, 0.0)
    sea = tiles[:, BANDS.index("nir"), :, 1:] < 0.06
    assert np.count_nonzero(sea) > 1000
    blue_over_green = tiles[:, BANDS.index("blue")] - tiles[:, BANDS.index("green")]  # thin cloud is equal in both
    steps = np.diff(blue_over_green, axis=2)[sea]  # between neighbours: four readings' noise
    assert np.std(steps) == pytest.approx(2.0 * NOISE, rel=0.15)


def test_truth_depends_on_the_scene_alone() -> None:
    before = CAMERA.truth(100, 8)
    for cos_zenith, latitude_deg in ((1.0, 0.0), (0.0, 80.0)):
        CAMERA.tiles(100, 8, cos_zenith, latitude_deg)
        assert np.array_equal(CAMERA.truth(100, 8), before)
    assert 0 < np.count_nonzero(before) < before.size


def test_less_light_is_darker_and_cloud_is_brighter_than_sea() -> None:
    high, low = CAMERA.tiles(0, 64, 1.0, 0.0), CAMERA.tiles(0, 64, 0.1, 0.0)
    assert low.mean() < 0.6 * high.mean()
    cloud = CAMERA.truth(0, 64)
    red = high[:, BANDS.index("red")]
    assert red[cloud].mean() > red[~cloud].mean() + 0.05


def test_short_wave_infrared_tells_snow_from_cloud_where_red_does_not() -> None:
    tiles, cloud, snow = CAMERA.tiles(0, 256, 1.0, 78.0), CAMERA.truth(0, 256), CAMERA.snow(0, 256, 78.0)
    bare_snow = snow & ~cloud
    assert np.count_nonzero(bare_snow) > 1000
    red, swir = tiles[:, BANDS.index("red")], tiles[:, BANDS.index("swir")]
    thick = cloud & ~snow & (red > 0.4)
    assert np.count_nonzero(thick) > 100
    assert red[bare_snow].mean() > 0.4
    assert swir[bare_snow].mean() < 0.6 * swir[thick].mean()


@pytest.mark.parametrize("latitude_deg", [0.0, 30.0])
def test_there_is_no_snow_in_the_tropics_and_much_near_the_poles(latitude_deg: float) -> None:
    warm, polar = CAMERA.snow(0, 64, latitude_deg), CAMERA.snow(0, 64, 82.0)
    assert polar.mean() > 0.3
    assert warm.mean() < 0.02
