"""The scenario's sources together: what they add, what is to come of each, and when daylight is looked at again."""

from __future__ import annotations

import math

import msgspec
import pytest

from flightsw.apps.inference.account import Account
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.places import ALWAYS, EARTH_RADIUS_KM, NEVER
from flightsw.apps.inference.queue import END_NS, SceneQueue
from flightsw.apps.inference.source import SOURCE_SCENES, Frame, Requests, View, mean_rate_per_s, sees, view_below
from flightsw.apps.inference.sourceconfig import MOST_SCENES, Box, Circle, Imaging, Periodic, Tenant, Trace
from flightsw.apps.inference.workload import FORECAST_TICKS, Workload, share_of_ground
from flightsw.bus.application import Now
from tests.apps.payload import DAY, NIGHT

SECOND_NS = 1_000_000_000
NORTH = Box(south_deg=0.0, north_deg=90.0, west_deg=-180.0, east_deg=180.0)
CONFIG = InferenceConfig(
    deadline_s=900.0,
    sources=(
        Imaging(name="imaging", period_s=2.0, scenes=8, regions=(NORTH,)),
        Tenant(name="tenant", rate_per_s=0.5, scenes=4, priority=1, deadline_s=60.0, quota_scenes=100),
        Periodic(name="job", period_s=10.0, scenes=30, priority=2),
    ),
)


def workload(config: InferenceConfig = CONFIG) -> tuple[Workload, SceneQueue]:
    made = Workload(config, 1)
    return made, SceneQueue(made.classes, 1000, Account(len(made.classes), 1))


def test_each_source_has_its_rate_deadline_weight_and_stretch():
    load, queue = workload()
    imaging, tenant, job = load.work(queue, 0)
    assert (imaging.arriving_per_s, tenant.arriving_per_s, job.arriving_per_s) == (2.0, 2.0, 3.0), "half a globe of 4"
    assert (imaging.deadline_s, tenant.deadline_s, job.deadline_s) == (900.0, 60.0, 900.0)
    assert (imaging.weight, tenant.weight, job.weight) == (1.0, 8.0, 4.0)
    assert (imaging.stretch, tenant.stretch, job.stretch) == (NEVER, ALWAYS, ALWAYS), "before the first fix"
    assert [kind.deadline_ns for kind in load.classes] == [900 * SECOND_NS, 60 * SECOND_NS, 900 * SECOND_NS]
    assert [kind.quota_scenes for kind in load.classes] == [END_NS, 100, END_NS]
    assert [kind.joins for kind in load.classes] == [False, True, True]


def test_what_arrives_at_present_is_imaging_only_where_there_is_something_to_see():
    load, _ = workload()
    assert load.arriving_per_s(imaging=True) == 5.0, "no fix yet: dark"
    load.observe(DAY)
    assert load.arriving_per_s(imaging=True) == 7.0
    assert load.arriving_per_s(imaging=False) == 5.0


def test_daylight_is_looked_at_with_the_first_fix_and_then_every_thirty():
    load, queue = workload()
    load.observe(DAY)
    by_day = load.work(queue, 0)[0].stretch
    assert by_day.starts_in_s == 0.0
    for _ in range(FORECAST_TICKS - 1):
        load.observe(NIGHT)
        assert load.work(queue, 0)[0].stretch == by_day
    load.observe(NIGHT)
    assert load.work(queue, 0)[0].stretch.starts_in_s > 0.0
    load.reconfigure(CONFIG)
    assert load.work(queue, 0)[0].stretch == NEVER
    load.observe(DAY)
    assert load.work(queue, 0)[0].stretch == by_day, "another configuration is looked at anew"


def test_frames_of_several_sources_come_in_the_order_of_their_arrival():
    late, early = (
        Periodic(name="late", period_s=10.0, start_s=3.5, scenes=1),
        Periodic(name="early", period_s=10.0, scenes=1),
    )
    load, _ = workload(InferenceConfig(sources=(late, early)))
    frames = load.frames(Now(0, 0, 5.0), imaging=False)
    assert [(frame.arrived_ns, frame.source) for frame in frames] == [(0, 1), (3_500_000_000, 0)]


def test_the_age_of_what_waits_is_told_and_is_none_where_nothing_does():
    load, queue = workload()
    queue.expect([Frame(4 * SECOND_NS, 0, 5, 0.5, 10.0, 1)])
    queue.settle(5 * SECOND_NS)
    assert [one.oldest_s for one in load.work(queue, 10 * SECOND_NS)] == [0.0, pytest.approx(6.0), 0.0]
    assert [one.waiting for one in load.work(queue, 10 * SECOND_NS)] == [0, 5, 0]
    assert load.work(queue, 4 * SECOND_NS)[1].oldest_s == 0.0
    assert load.work(queue, 3 * SECOND_NS)[1].oldest_s == 0.0, "never negative"


@pytest.mark.parametrize(
    ("regions", "share"),
    [
        ((), 1.0),
        ((NORTH,), 0.5),
        ((NORTH, NORTH, NORTH), 1.0),
        ((Box(south_deg=0.0, north_deg=30.0, west_deg=170.0, east_deg=-170.0),), 0.25 * 20.0 / 360.0),
        ((Box(south_deg=-30.0, north_deg=30.0, west_deg=10.0, east_deg=100.0),), 0.5 * 90.0 / 360.0),
        ((Circle(latitude_deg=0.0, longitude_deg=0.0, radius_km=0.5 * math.pi * EARTH_RADIUS_KM),), 0.5),
        ((Circle(latitude_deg=0.0, longitude_deg=0.0, radius_km=math.pi * EARTH_RADIUS_KM / 3.0),), 0.25),
        ((Circle(latitude_deg=0.0, longitude_deg=0.0, radius_km=20_000.0),), pytest.approx(1.0, abs=1e-4)),
    ],
)
def test_the_share_of_the_globe_that_regions_cover(regions, share):
    assert share_of_ground(regions) == pytest.approx(share)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize(
    ("height", "light", "cos_zenith"), [(7000.0, 1.0, 1.0), (-7000.0, 1.0, -1.0), (7000.0, 0.6, 0.6)]
)
def test_light_below_is_the_sun_along_the_radius(axis, height, light, cos_zenith):
    position, sun = [0.0] * 3, [0.0] * 3
    position[axis], sun[axis] = height, light
    assert view_below(tuple(position), tuple(sun), 1.0).cos_zenith == cos_zenith


@pytest.mark.parametrize("length", [-1.2, 1.2])
def test_a_sun_vector_that_is_too_long_is_no_more_than_overhead(length):
    assert view_below((7000.0, 0.0, 0.0), (length, 0.0, 0.0), 1.0).cos_zenith == math.copysign(1.0, length)


def test_one_region_of_several_is_enough_to_image():
    far = Circle(latitude_deg=60.0, longitude_deg=100.0, radius_km=100.0)
    imaging = Imaging(name="imaging", regions=(far, NORTH))
    assert sees(View(0.9, 10.0, 3.0), imaging)
    assert not sees(View(0.9, -10.0, 3.0), imaging)
    assert not sees(View(0.1, 10.0, 3.0), imaging), "too dark"


def test_a_trace_s_requests_share_no_scene_and_stay_in_their_source_s_range():
    trace = Trace(name="trace", arrivals=((0.0, MOST_SCENES), (0.5, MOST_SCENES), (0.5, 3)))
    frames = Requests(trace, 2, 1).frames_in(0, 1.0)
    first = 2 << SOURCE_SCENES
    assert [frame.first_scene for frame in frames] == [first, first + MOST_SCENES, first + 2 * MOST_SCENES]
    assert [frame.scenes for frame in frames] == [MOST_SCENES, MOST_SCENES, 3]


@pytest.mark.parametrize(
    ("arrivals", "rate"), [(((0.0, 1), (0.05, 1)), 40.0), (((3.0, 5), (3.0, 5)), 0.0), (((3.0, 5),), 0.0)]
)
def test_a_trace_s_mean_rate_is_over_its_length_and_none_where_it_has_no_length(arrivals, rate):
    assert mean_rate_per_s(Trace(name="trace", arrivals=arrivals)) == pytest.approx(rate)


def test_a_configuration_with_other_deadlines_holds_from_then_on():
    load, queue = workload()
    load.reconfigure(msgspec.structs.replace(CONFIG, deadline_s=300.0))
    assert [one.deadline_s for one in load.work(queue, 0)] == [300.0, 60.0, 300.0]
