"""What recovery looks at, sample by sample: the payload's progress, gauges, actionpoints, and the memory of it all."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flightsw.apps.health import memory, recovery
from flightsw.apps.health.actionpoints import READY, Point, point_step
from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.fdirconfig import ActionpointConfig, FdirConfig
from flightsw.apps.health.gauges import Gauge, gauge_step, is_bad
from flightsw.apps.health.hangs import misses_step, trouble
from flightsw.apps.health.heartbeats import Pulse
from flightsw.apps.health.ladder import AT_FOOT, Climb
from flightsw.apps.health.plan import plan_of
from flightsw.apps.health.progress import Progress, progress_step, should_work
from flightsw.apps.health.steps import StepKind, parse_step
from flightsw.errors import ConfigError
from flightsw.messages.health import RecoveryCriticalData
from flightsw.messages.inference import Binding, InferenceStatus

MARGIN_W = 3.0
IDLE = InferenceStatus(True, 1, True, 10.0, 10.0, 9.0, Binding.NONE, 50, *[0] * 9, 0.0, 0.0)
"""powered in the second mode, with work that waits, and does nothing"""
AT_EASE = replace(IDLE, queue_items=0)
BUSY = replace(IDLE, busy_fraction=0.05)
OFF = replace(IDLE, power_on=False)


@pytest.mark.parametrize(
    ("before", "status", "rail_w", "after"),
    [
        # at work: what came before counts no more
        (Progress(), BUSY, None, Progress(True, 0, 0, None, True)),
        (Progress(False, 5, 3, 0.3, True, True), BUSY, None, Progress(True, 0, 0, 0.3, True)),
        (Progress(True, 5, 0, 0.3, True), BUSY, None, Progress(True, 0, 0, 0.3, True)),
        # on, with work and leave
        (Progress(True, 3, 0, 0.3, True), IDLE, None, Progress(True, 4, 0, 0.3, True)),
        (Progress(False, 0, 0, 0.3, True), IDLE, None, Progress(False, 1, 0, 0.3, True)),
        (Progress(False, 0, 4, 0.3, True, True), IDLE, None, Progress(False, 1, 0, 0.3, True)),
        # on, without
        (Progress(off_w=0.3), AT_EASE, None, Progress(False, 0, 0, 0.3, True)),
        (Progress(False, 0, 4, 0.3, True, True), AT_EASE, None, Progress(False, 0, 0, 0.3, True)),
        # off, and never on so far: the most that its rail draws is learnt
        (Progress(), OFF, 0.05, Progress(off_w=0.05)),
        (Progress(), OFF, 0.0, Progress(off_w=0.0)),
        (Progress(off_w=0.3), OFF, 0.4, Progress(off_w=0.4)),
        # off again
        (Progress(True, 5, 0, 0.3, True), OFF, 9.0, Progress(False, 0, 1, 0.3, True)),
        (Progress(False, 0, 2, 0.3, True), OFF, 9.0, Progress(False, 0, 3, 0.3, True)),
        (Progress(False, 0, 3, 0.3, True), OFF, 0.3 + MARGIN_W, Progress(False, 0, 4, 0.3, True)),
        (Progress(False, 0, 3, 0.3, True), OFF, 3.31, Progress(False, 0, 4, 0.3, True, True)),
        (Progress(False, 0, 4, 0.3, True), OFF, 3.31, Progress(False, 0, 4, 0.3, True, True)),
        (Progress(False, 0, 3, None, True), OFF, 9.0, Progress(False, 0, 4, None, True)),
        (Progress(False, 0, 3, 0.3, True), OFF, None, Progress(False, 0, 4, 0.3, True)),
        (Progress(True, 0, 4, 0.3, True), OFF, 0.3, Progress(False, 0, 4, 0.3, True)),
        (Progress(False, 7, 4, 0.3, True), OFF, 0.3, Progress(False, 0, 4, 0.3, True)),
    ],
)
def test_what_is_remembered_of_the_payload_follows_its_status_and_its_rail(
    before: Progress, status: InferenceStatus, rail_w: float | None, after: Progress
):
    assert progress_step(before, status, rail_w, MARGIN_W) == after


@pytest.mark.parametrize(
    ("before", "status", "rail_w"),
    [
        (Progress(True, 3, 0, 0.3, True), None, 9.0),
        (Progress(True, 0, 0, 0.3, True), BUSY, None),
        (Progress(True, 3, 0, 0.3, True), AT_EASE, None),
        (Progress(), OFF, None),
        (Progress(off_w=0.3), OFF, 0.2),
        (Progress(False, 0, 4, 0.3, True), OFF, 0.3),
        (Progress(False, 0, 4, 0.3, True, True), OFF, 0.3),
    ],
)
def test_a_tick_without_news_of_the_payload_leaves_the_same_object(
    before: Progress, status: InferenceStatus | None, rail_w: float | None
):
    assert progress_step(before, status, rail_w, MARGIN_W) is before


@pytest.mark.parametrize(
    ("changed", "should"),
    [
        ({}, True),
        ({"queue_items": 1}, True),
        ({"queue_items": 0, "items_in_flight": 1}, True),
        ({"queue_items": 2, "items_in_flight": 2}, True),
        ({"queue_items": 0}, False),
        ({"granted_w": 9.0}, True),
        ({"granted_w": 8.9}, False),
        ({"granted_w": 9.1}, True),
        ({"mode": 0, "predicted_w": 8.0}, True),
        ({"mode": 0, "predicted_w": 8.1}, False),
        ({"binding": Binding.COMMANDED}, False),
        ({"binding": Binding.PLAN}, False),
        ({"binding": Binding.DEVICE}, True),
    ],
)
def test_a_payload_should_work_that_has_work_leave_and_a_grant_that_covers_its_mode(
    changed: dict[str, object], should: bool
):
    assert should_work(replace(IDLE, **changed)) is should


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (Gauge(), 20.0, Gauge(20.0)),
        (Gauge(20.0, True, 2, 0.25), 21.0, Gauge(21.0, True, 0, 0.25 - 0.25 / 16.0)),
        (Gauge(20.0, True, 2, 0.25), 19.0, Gauge(19.0, False, 0, 0.25 + 0.75 / 16.0)),
        (Gauge(20.0, False, 2, 0.26), 21.0, Gauge(21.0, True, 0, 0.26 + 0.74 / 16.0, True)),
        (Gauge(20.0, False, 2, 0.01, True), 19.0, Gauge(19.0, False, 0, 0.01 - 0.01 / 16.0, True)),
        (Gauge(20.0, True, 2, 0.25, True), 20.0, Gauge(20.0, True, 3, 0.25, True)),
        (Gauge(20.0, True, 2, 0.25, True, 3), 20.0, Gauge(20.0, True, 3, 0.25, True)),
        (Gauge(20.0, True, 2, 0.25, True, 3), None, Gauge(20.0, True, 2, 0.25, True, 4)),
        (Gauge(20.0), 100.0, Gauge(100.0, True, turns=1.0 / 16.0)),
        (Gauge(20.0), 100.1, Gauge(20.0, odd=1)),
        (Gauge(20.0), -50.0, Gauge(-50.0)),
        (Gauge(20.0), -50.1, Gauge(20.0, odd=1)),
    ],
)
def test_a_gauge_counts_turns_equal_samples_and_odd_ones(before: Gauge, value: float | None, after: Gauge):
    found = gauge_step(before, value, -50.0, 100.0)
    assert found == replace(after, turns=found.turns)
    assert found.turns == pytest.approx(after.turns)


THRICE = ActionpointConfig(name="hot", watchpoints=("power.soc",), zone="RED", fails=3, step="safe")
BY_HAND = replace(THRICE, rearm="command")


@pytest.mark.parametrize(
    ("before", "config", "true", "after"),
    [
        (Point(), THRICE, True, Point(1)),
        (Point(2), THRICE, True, Point(3, True)),
        (Point(2), THRICE, False, READY),
        (Point(1), THRICE, False, READY),
        (Point(3, True), THRICE, False, READY),
        (Point(0, True), THRICE, False, READY),
        (Point(3, True), BY_HAND, False, Point(0, True)),
        (Point(0, True), BY_HAND, True, Point(1, True)),
        (Point(2), BY_HAND, False, READY),
    ],
)
def test_an_actionpoint_counts_its_condition_s_ticks_and_is_armed_as_it_says(
    before: Point, config: ActionpointConfig, true: bool, after: Point
):
    assert point_step(before, config, true=true) == after


def test_an_actionpoint_without_news_stays_the_same_object():
    ready, fired = Point(), Point(3, True)
    assert point_step(ready, THRICE, true=False) is ready
    assert point_step(fired, THRICE, true=True) is fired


def test_what_is_restored_goes_on_where_it_stood_and_what_was_at_its_foot_is_there_again():
    config = HealthConfig(fdir=FdirConfig(actionpoints=(THRICE, replace(BY_HAND, name="hotter"))))
    plan = plan_of(config, ("comms", "inference"), 35.0, 1.0)
    ladders = len(plan.ladders)
    highest = len(plan.ladders[1].steps)
    stored = RecoveryCriticalData(
        (0, highest + 5, *[0] * (ladders - 2)), (77, 88, *[0] * (ladders - 2)), (True, False), (False, False)
    )
    again = memory.restored(stored, plan)
    assert again.climbs == (AT_FOOT, Climb(highest, 88), *[AT_FOOT] * (ladders - 2))
    assert again.points == (Point(0, True), READY)
    assert again.busy, "it is looked at in the next tick whatever comes"
    assert again.misses == recovery.initial(plan).misses


def test_a_step_that_is_none_is_answered_with_all_there_are():
    for text in ("explode", "restart", "restart:", "safe:comms"):
        with pytest.raises(ConfigError) as refused:
            parse_step(text, "fdir.steps[0]")
        assert str(refused.value) == (
            f'fdir.steps[0] = "{text}": must be one of reset_device, restart:NAME, cycle_rail:NAME, sequence:NAME, '
            "standby, safe, survival"
        )
    assert (parse_step("restart:comms", "").kind, parse_step("restart:comms", "").name) == (
        StepKind.RESTART,
        "restart:comms",
    )


@pytest.mark.parametrize(
    ("count", "heard", "away", "after"),
    [
        (25, True, False, 24),
        (0, True, False, 0),
        (5, False, False, 15),
        (5, False, True, 4),
        (15, False, False, 20),
        (20, False, False, 20),
    ],
)
def test_a_missed_heartbeat_weighs_ten_that_came_up_to_the_most(count: int, heard: bool, away: bool, after: int):
    assert misses_step((count, 7), (heard, True), (away, False), 2) == (after, 6)


@pytest.mark.parametrize(
    ("silent_ticks", "misses", "what"),
    [(12, 0, None), (13, 0, "hung"), (13, 400, "hung"), (0, 399, None), (0, 400, "slow"), (12, 401, "slow")],
)
def test_hung_is_silent_for_longer_and_slow_has_missed_as_often(silent_ticks: int, misses: int, what: str | None):
    pulse = Pulse((0, silent_ticks), ())
    assert trouble(1, pulse, (0, misses), hang_ticks=12, slow_misses=40) == what
    assert trouble(0, pulse, (0, misses), hang_ticks=12, slow_misses=40) is None


@pytest.mark.parametrize(
    ("gauge", "bad"),
    [
        (Gauge(20.0, odd=4), False),
        (Gauge(20.0, odd=5), True),
        (Gauge(20.0, equal=29, noisy=True), False),
        (Gauge(20.0, equal=30, noisy=True), True),
        (Gauge(20.0, equal=30), False),
    ],
)
def test_a_reading_is_bad_that_was_odd_or_has_stood_still_for_so_long(gauge: Gauge, bad: bool):
    assert is_bad(gauge, 5, 30) is bad
