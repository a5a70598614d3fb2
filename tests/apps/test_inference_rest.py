"""Rest of the payload computer: down when it pays, up in time; a chip with round figures tells the boundaries apart."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from flightsw.apps.inference.places import ALWAYS_S, Stretch
from flightsw.apps.inference.rest import LEFT, SPARE_S, WORTH, Timeout, rests_by_foresight, rests_by_timeout
from flightsw.apps.inference.work import SourceWork
from flightsw.devices.profiles import load_profile
from flightsw.devices.silicon import Silicon

NANO = load_profile("orin-nano").silicon()
LEAK_W = 1.5
LIMIT = 20


def chip(**figures: float) -> Silicon:
    """A boot of 20 s costs 200 J, and with LEAK_W idling draws 4 W more than being powered down."""
    base_w = figures.pop("base_w", 3.0)
    lowest, *others = NANO.modes
    modes = (replace(lowest, base_w=base_w), *(replace(mode, base_w=base_w + 2.0) for mode in others))
    return replace(NANO, modes=modes, **({"boot_w": 10.0, "boot_s": 20.0, "gated_w": 0.5} | figures))


def coming(starts_in_s: float, deadline_s: float = 100.0) -> SourceWork:
    """Nothing waits; the next comes then, and need not be done before its deadline."""
    return SourceWork(0, 0.0, 1.0, Stretch(starts_in_s, 1000.0), deadline_s)


def waiting(scenes: int, oldest_s: float, deadline_s: float) -> SourceWork:
    return SourceWork(scenes, oldest_s, 1.0, deadline_s=deadline_s)


def rests(*work: SourceWork, resting: bool = False, idle: bool = True, silicon: Silicon | None = None, **other: float):
    return rests_by_foresight(
        resting, idle, work, [2.0] * len(work), silicon or chip(), LEAK_W, LIMIT, other.get("spare_s", math.inf)
    )


def test_the_figures_that_the_boundaries_below_rest_on():
    assert (WORTH, SPARE_S, LEFT) == (1.5, 60.0, 0.5)


@pytest.mark.parametrize("resting", [True, False])
def test_without_a_time_out_it_never_rests(resting):
    assert rests_by_timeout(resting, 10**6, [waiting(0, 0.0, 60.0)], Timeout(None, 0.0), LIMIT) is False


@pytest.mark.parametrize(("idle_ticks", "scenes", "down"), [(4, 0, False), (5, 0, True), (6, 0, True), (9, 1, False)])
def test_it_goes_down_after_so_many_ticks_without_work(idle_ticks, scenes, down):
    assert rests_by_timeout(False, idle_ticks, [waiting(scenes, 0.0, 60.0)], Timeout(5, 30.0), LIMIT) is down


@pytest.mark.parametrize(
    ("work", "down"),
    [
        ([(10, 1.0)], True),
        ([(11, 1.0)], False),  # more than half of the queue
        ([(1, 29.9)], True),
        ([(1, 30.0)], False),
        ([(1, 30.0), (1, 1.0)], False),  # one is enough
        ([(0, 30.0), (1, 1.0)], True),  # nothing waits where the age stands
    ],
)
def test_it_comes_up_when_half_a_queue_has_come_together_or_something_has_waited_long_enough(work, down):
    load = [waiting(scenes, oldest_s, 600.0) for scenes, oldest_s in work]
    assert rests_by_timeout(True, 0, load, Timeout(5, 30.0), LIMIT) is down


def test_a_rest_begins_where_it_saves_one_and_a_half_boots():
    # what comes in s seconds may wait until 20 + 60 s before its deadline of 100 s: s + 20 s of 4 W, for 300 J
    assert not rests(coming(55.0))
    assert rests(coming(55.1))
    assert not rests(coming(55.1), coming(54.0)), "the source that needs it first decides"
    assert not rests(coming(55.1), idle=False), "while it works it stays up"


def test_a_rest_leaves_half_of_a_long_deadline():
    dear = chip(boot_w=40.0)  # 1,200 J: a pause of 300 s
    assert not rests(coming(100.0, 400.0), silicon=dear)
    assert rests(coming(100.1, 400.0), silicon=dear)


def test_a_rest_begins_only_in_time_that_the_plan_does_not_need():
    assert not rests(coming(1e4), spare_s=95.0)
    assert rests(coming(1e4), spare_s=95.1)


def test_a_chip_that_draws_as_much_when_down_never_rests_and_one_that_saves_little_does_for_long():
    assert not rests(coming(1e6), silicon=chip(gated_w=6.0))
    assert not rests(coming(0.0, 10.0), silicon=chip(gated_w=60.0)), "nor when there is no time for it either"
    assert rests(coming(1e5), silicon=chip(gated_w=4.45))


def test_without_a_source_it_stays_up():
    assert not rests(silicon=chip(boot_s=0.0))


@pytest.mark.parametrize(
    ("oldest_s", "deadline_s", "down"),
    [
        (43.9, 150.0, True),  # 10 scenes of 2 s: 20 + 1.3 * 20 + 60 = 106 s are needed
        (44.0, 150.0, False),
        (199.9, 400.0, True),  # half of the deadline is more
        (200.0, 400.0, False),
    ],
)
def test_it_comes_up_with_ample_time_for_what_waits(oldest_s, deadline_s, down):
    assert rests(waiting(10, oldest_s, deadline_s), resting=True) is down


def test_it_comes_up_for_the_most_urgent_source():
    assert rests(waiting(1, 0.0, 1e4), waiting(1, 0.0, 2e4), resting=True)
    assert not rests(waiting(1, 0.0, 1e4), waiting(1, 0.0, 50.0), resting=True)


def test_it_comes_up_when_more_than_half_a_queue_waits_or_the_plan_needs_it_as_soon_as_it_can_boot():
    assert rests(waiting(10, 0.0, 1e4), resting=True)
    assert not rests(waiting(11, 0.0, 1e4), resting=True)
    assert rests(coming(1e4), resting=True, spare_s=20.1)
    assert not rests(coming(1e4), resting=True, spare_s=20.0)


@pytest.mark.parametrize(
    ("work", "slack_s"),
    [
        (SourceWork(1, 30.0, 0.0, Stretch(500.0, 10.0), 100.0), 70.0),
        (SourceWork(0, 0.0, 0.05, Stretch(500.0, 10.0), 100.0), 600.0),
        (SourceWork(0, 0.0, 0.0, Stretch(500.0, 10.0), 100.0), ALWAYS_S),
    ],
)
def test_slack_is_until_the_first_deadline_of_what_waits_or_else_of_what_comes(work, slack_s):
    assert work.slack_s == slack_s


@pytest.mark.parametrize(("starts_in_s", "rate", "active"), [(0.0, 0.05, True), (0.0, 0.0, False), (0.1, 1.0, False)])
def test_a_source_is_active_while_it_gives_work(starts_in_s, rate, active):
    assert SourceWork(0, 0.0, rate, Stretch(starts_in_s, 10.0)).active is active
