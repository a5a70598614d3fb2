"""Sources of work: each a function of seed and time alone, whatever the tick and whenever the application began."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.places import ALWAYS, NEVER, daylight, is_inside
from flightsw.apps.inference.source import (
    BLOCK_S,
    SOURCE_SCENES,
    Requests,
    View,
    images_in,
    mean_rate_per_s,
    sources_of,
)
from flightsw.apps.inference.sourceconfig import Box, Circle, Imaging, Periodic, Tenant, Trace
from flightsw.apps.inference.workload import Workload, share_of_ground
from flightsw.bus.application import Now
from flightsw.errors import ConfigError
from tests.apps.payload import DAY, NIGHT

SECOND_NS = 1_000_000_000
TENANT = Tenant(name="tenant", rate_per_s=0.7, scenes=3)


def all_in(requests: Requests, seconds: int, ticks: int = 1, start_s: int = 0) -> list:
    """Frames of so many seconds, `ticks` to a second."""
    return [
        frame
        for tick in range(start_s * ticks, (start_s + seconds) * ticks)
        for frame in requests.frames_in(tick * SECOND_NS // ticks, 1.0 / ticks)
    ]


def test_a_tenant_s_requests_come_at_its_rate_and_are_as_scattered_as_poisson_s():
    counts = []
    for seed in range(40):
        frames = all_in(Requests(TENANT, 0, seed), 200)
        counts.append(len(frames))
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    assert mean == pytest.approx(140.0, rel=0.05)
    assert 0.5 < variance / mean < 1.7, "95 % of such samples of a Poisson process lie within"


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**40), ticks=st.sampled_from([1, 2, 4, 5]), start_s=st.integers(0, 2 * BLOCK_S))
def test_what_arrives_depends_on_the_time_alone_not_on_the_tick_nor_on_when_the_application_began(seed, ticks, start_s):
    whole = all_in(Requests(TENANT, 2, seed), 2 * BLOCK_S + 60)
    later = all_in(Requests(TENANT, 2, seed), 60, ticks, start_s)
    assert whole
    assert later == [one for one in whole if start_s * SECOND_NS <= one.arrived_ns < (start_s + 60) * SECOND_NS]
    assert [one.arrived_ns for one in whole] == sorted(one.arrived_ns for one in whole)


def test_no_two_requests_and_no_two_sources_share_a_scene():
    first = all_in(Requests(TENANT, 0, 1), 3 * BLOCK_S)
    second = all_in(Requests(TENANT, 1, 1), 3 * BLOCK_S)
    scenes = [scene for one in first + second for scene in range(one.first_scene, one.first_scene + one.scenes)]
    assert len(scenes) > 2000
    assert len(set(scenes)) == len(scenes)
    assert {one.first_scene >> SOURCE_SCENES for one in second} == {1}


def test_two_tenants_of_one_rate_are_independent_by_their_names():
    other = Tenant(name="other", rate_per_s=0.7, scenes=3)
    times, others = ([one.arrived_ns for one in all_in(Requests(who, 0, 1), 100)] for who in (TENANT, other))
    assert times
    assert not set(times) & set(others)


def test_a_periodic_job_comes_at_its_start_and_every_period_after_it():
    job = Periodic(name="job", period_s=30.0, start_s=12.5, scenes=7)
    frames = all_in(Requests(job, 0, 1), 100, 4)
    assert [one.arrived_ns / SECOND_NS for one in frames] == [12.5, 42.5, 72.5]
    assert [one.first_scene for one in frames] == [0, 7, 14]


def test_a_trace_is_played_as_it_was_recorded():
    trace = Trace(name="trace", arrivals=((0.25, 2), (3.0, 5), (3.0, 1), (900.0, 4)))
    frames = all_in(Requests(trace, 0, 1), 10)
    assert [(one.arrived_ns / SECOND_NS, one.scenes) for one in frames] == [(0.25, 2), (3.0, 5), (3.0, 1)]
    assert mean_rate_per_s(trace) == pytest.approx(12 / 899.75)


def test_images_are_taken_over_the_regions_alone():
    imaging = Imaging(name="fires", regions=(Box(south_deg=30, north_deg=45, west_deg=170, east_deg=-170),))
    assert len(images_in(0, 1.0, View(0.7, 40.0, 175.0), imaging)) == 1
    assert len(images_in(0, 1.0, View(0.7, 40.0, -175.0), imaging)) == 1
    assert images_in(0, 1.0, View(0.7, 40.0, 160.0), imaging) == []
    assert images_in(0, 1.0, View(0.1, 40.0, 175.0), imaging) == [], "by day only"


def test_a_circle_on_the_ground_is_measured_along_great_circles():
    circle = Circle(latitude_deg=60.0, longitude_deg=179.0, radius_km=200.0)
    assert is_inside(60.0, -178.0, circle), "167 km across the date line"
    assert not is_inside(60.0, -177.0, circle)
    assert is_inside(61.79, 179.0, circle)
    assert not is_inside(61.81, 179.0, circle)


def test_shares_of_the_globe_are_those_of_a_sphere():
    assert share_of_ground(()) == 1.0
    assert share_of_ground((Box(south_deg=-90, north_deg=90, west_deg=-180, east_deg=180),)) == pytest.approx(1.0)
    assert share_of_ground((Box(south_deg=0, north_deg=30, west_deg=0, east_deg=90),)) == pytest.approx(0.0625)
    half = Circle(latitude_deg=0, longitude_deg=0, radius_km=6371.0 * math.pi / 2)
    assert share_of_ground((half,)) == pytest.approx(0.5)


@settings(max_examples=60, deadline=None)
@given(
    phase=st.floats(0.0, 2 * math.pi),
    beta_deg=st.floats(-80.0, 80.0),
    min_cos=st.floats(-0.9, 0.9),
)
def test_daylight_is_foreseen_as_flying_on_shows_it(phase, beta_deg, min_cos):
    radius, speed = 6921.0, math.sqrt(398600.4418 / 6921.0)
    sun = (math.cos(math.radians(beta_deg)), 0.0, math.sin(math.radians(beta_deg)))

    def at(t_s: float) -> tuple[tuple[float, float, float], tuple[float, float, float], float]:
        angle = phase + speed / radius * t_s
        position = (radius * math.cos(angle), radius * math.sin(angle), 0.0)
        velocity = (-speed * math.sin(angle), speed * math.cos(angle), 0.0)
        return position, velocity, math.cos(angle) * sun[0]

    position, velocity, now = at(0.0)
    stretch = daylight(position, velocity, sun, min_cos)
    if stretch in (ALWAYS, NEVER):
        lit = [at(float(t_s))[2] >= min_cos for t_s in range(0, 5800, 20)]
        assert all(lit) if stretch == ALWAYS else not any(lit[1:-1]) or sun[0] == pytest.approx(abs(min_cos), abs=1e-3)
        return
    if now > min_cos:
        assert stretch.starts_in_s == 0.0
    start_s, end_s = stretch.starts_in_s, stretch.starts_in_s + stretch.lasts_s
    assert at(end_s)[2] == pytest.approx(min_cos, abs=1e-6)
    if start_s > 0.0:
        assert at(start_s)[2] == pytest.approx(min_cos, abs=1e-6)
        assert at(0.5 * start_s)[2] <= min_cos + 1e-6 or start_s > 5000.0
    assert at(0.5 * (start_s + end_s))[2] >= min_cos - 1e-6


def test_frames_of_all_sources_come_in_order_and_imaging_only_while_the_camera_is_on():
    config = InferenceConfig(
        sources=(Imaging(name="imaging", period_s=0.5, scenes=2), TENANT, Periodic(name="job", period_s=1.0, scenes=1))
    )
    load = Workload(config, 1)
    load.observe(DAY)
    frames = [one for tick in range(60) for one in load.frames(Now(tick, tick * SECOND_NS, 1.0), imaging=True)]
    assert {one.source for one in frames} == {0, 1, 2}
    times = [one.arrived_ns for one in frames]
    assert times == sorted(times)
    off = [one for tick in range(60) for one in load.frames(Now(tick, tick * SECOND_NS, 1.0), imaging=False)]
    assert off == [one for one in frames if one.source != 0]
    assert load.arriving_per_s(imaging=True) == pytest.approx(4.0 + 2.1 + 1.0)
    load.observe(NIGHT)
    assert load.arriving_per_s(imaging=True) == pytest.approx(3.1)


def test_without_sources_the_frame_keys_make_one():
    (imaging,) = sources_of(InferenceConfig(frame_period_s=2.0, frame_scenes=5, min_cos_zenith=0.4))
    assert imaging == Imaging(name="imaging", period_s=2.0, scenes=5, min_cos_zenith=0.4)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: InferenceConfig(sources=(TENANT, TENANT)), r'sources[1].name = "tenant": taken'),
        (lambda: InferenceConfig(sources=(TENANT,) * 17), "17 of them: must be at most 16"),
        (lambda: InferenceConfig(priority_weights=(1.0, 2.0, 1.0, 1.0)), "must not rise"),
        (lambda: Trace(name="t", arrivals=((2.0, 1), (1.0, 1))), "in order of time"),
        (lambda: Trace(name="t", arrivals=((2.0, 0),)), r"arrivals[0] = [2.0, 0]: must be"),
        (lambda: Box(south_deg=10, north_deg=10, west_deg=0, east_deg=1), "must be below north_deg"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(make, complaint):
    with pytest.raises(ConfigError, match=re.escape(complaint)):
        make()
