"""Fires in the virtual camera's world: the same scenes, burning where truth says, and nowhere else hot."""

from __future__ import annotations

import numpy as np
import pytest

from flightsw.devices.camera import CLOUD_TAU, VirtualCamera
from flightsw.devices.fires import SEEN_ABOVE, FireCamera
from flightsw.devices.groups import groups

SCENES = 600
FIRES, PLAIN = FireCamera(11), VirtualCamera(11)
LIT = FIRES.tiles(0, SCENES, 0.8, 12.0)
DARK = PLAIN.tiles(0, SCENES, 0.8, 12.0)
TRUTH = FIRES.truth(0, SCENES, 12.0)


def test_scenes_are_a_pure_function_of_seed_scene_light_and_latitude():
    assert FireCamera(11).tiles(40, 3, 0.8, 12.0).tobytes() == LIT[40:43].tobytes()
    assert (FireCamera(11).truth(40, 3, 12.0) == TRUTH[40:43]).all()
    assert FireCamera(12).tiles(40, 3, 0.8, 12.0).tobytes() != LIT[40:43].tobytes()


def test_some_scenes_burn_and_most_do_not_and_the_rest_of_the_world_is_as_without_fires():
    assert 0.05 < TRUTH.any(axis=(1, 2)).mean() < 0.5
    changed = (LIT != DARK).any(axis=1)
    assert 0.001 < changed.mean() < 0.1
    assert changed[TRUTH].mean() > 0.99
    assert LIT.min() >= 0.0
    assert LIT.max() <= 1.2001


def test_a_fire_glows_in_the_short_wave_infrared_alone_and_no_cloud_hides_it():
    assert TRUTH.any()
    added = (LIT - DARK).transpose(0, 2, 3, 1)[TRUTH]
    assert np.median(added[:, 4]) > SEEN_ABOVE
    assert np.abs(np.median(added[:, :3], axis=0)).max() < 0.005
    assert FIRES.optical_depth(0, SCENES)[TRUTH].max() <= CLOUD_TAU


def test_what_glints_is_bright_in_every_band_and_is_no_fire():
    added = (LIT - DARK).transpose(0, 2, 3, 1)
    glints = (added[..., 2] > 0.1) & ~TRUTH
    assert glints.any()
    assert np.median(added[glints][:, 0]) > 0.05


def test_nothing_burns_where_nothing_grows():
    assert FIRES.truth(0, 200, 85.0).mean() < 0.05 * max(1e-9, FIRES.truth(0, 200, 12.0).mean())


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (["....", "....", "...."], []),
        (["#..#", "....", "#..#"], [1, 1, 1, 1]),
        (["##..", "#...", "...#"], [3, 1]),
        (["#...", ".#..", "..#."], [3]),
        (["####", "#..#", "####"], [10]),
    ],
)
def test_groups_are_cells_that_touch_corners_included(rows, wanted):
    mask = np.array([[cell == "#" for cell in row] for row in rows])
    found = groups(mask)
    assert [len(group[0]) for group in found] == wanted
    assert sum(len(group[0]) for group in found) == mask.sum()
    for group in found:
        assert mask[group].all()
