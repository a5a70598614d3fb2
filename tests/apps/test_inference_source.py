"""Imaging: by day, at whole multiples of the period, the same whatever the tick."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference.source import View, images_in, view_below
from flightsw.apps.inference.sourceconfig import Imaging

DAY = View(0.7, 12.34)


@settings(max_examples=60, deadline=None)
@given(period_s=st.floats(0.01, 7.0), scenes=st.integers(1, 20), ticks=st.sampled_from([1, 2, 4, 5, 8]))
def test_ticks_of_any_length_see_the_same_images_each_once(period_s, scenes, ticks):
    imaging = Imaging(name="imaging", period_s=period_s, scenes=scenes)
    whole = images_in(0, 8.0, DAY, imaging)
    pieces = [
        one for part in range(8 * ticks) for one in images_in(part * 1_000_000_000 // ticks, 1.0 / ticks, DAY, imaging)
    ]
    assert len(whole) >= 1
    assert pieces == whole
    numbers = [one.first_scene for one in whole]
    assert numbers == list(range(0, scenes * len(whole), scenes))


def test_scene_numbers_depend_on_the_time_alone_and_not_on_what_was_imaged_before():
    imaging = Imaging(name="imaging", period_s=2.0, scenes=9)
    (frame,) = images_in(100_000_000_000, 1.0, DAY, imaging)
    assert (frame.arrived_ns, frame.first_scene) == (100_000_000_000, 450)


@pytest.mark.parametrize(("cos_zenith", "images"), [(0.199, 0), (0.2, 1), (-0.5, 0), (1.0, 1)])
def test_images_are_taken_by_day_only(cos_zenith, images):
    assert len(images_in(0, 1.0, View(cos_zenith, 0.0), Imaging(name="imaging"))) == images


def test_light_is_the_cosine_of_the_zenith_angle_rounded_to_what_a_result_logs():
    view = view_below((7000.0, 0.0, 0.0), (0.123456, 0.99, 0.0), 51.23456)
    assert view == View(0.123, 51.23)
    assert view_below((-7000.0, 0.0, 0.0), (1.0005, 0.0, 0.0), 0.0).cos_zenith == -1.0
