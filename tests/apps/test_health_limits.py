"""Limit checks, sample by sample: where a value lies, how long it must lie there, and when nobody knows."""

from __future__ import annotations

import pytest

from flightsw.apps.health.config import HealthConfig, WatchpointConfig
from flightsw.apps.health.limits import QUIET, STALE, Watch, Zone, first_red, watch_step, watched, zone_of

GREEN, YELLOW, RED = Zone.GREEN, Zone.YELLOW, Zone.RED


def limits(**more: object) -> WatchpointConfig:
    bounds = {"red_low": 0.0, "yellow_low": 10.0, "yellow_high": 80.0, "red_high": 100.0}
    return WatchpointConfig(**{"signal": "sensor.chip_c", "persistence": 3, "stale_ticks": 3, **bounds, **more})


@pytest.mark.parametrize(
    ("value", "inwards", "zone"),
    [
        (-0.1, 0.0, RED),
        (0.0, 0.0, YELLOW),
        (9.9, 0.0, YELLOW),
        (10.0, 0.0, GREEN),
        (80.0, 0.0, GREEN),
        (80.1, 0.0, YELLOW),
        (100.0, 0.0, YELLOW),
        (100.1, 0.0, RED),
        (4.9, 5.0, RED),
        (5.0, 5.0, YELLOW),
        (14.9, 5.0, YELLOW),
        (15.0, 5.0, GREEN),
        (75.0, 5.0, GREEN),
        (75.1, 5.0, YELLOW),
        (95.0, 5.0, YELLOW),
        (95.1, 5.0, RED),
    ],
)
def test_a_value_on_a_limit_is_still_inside(value: float, inwards: float, zone: Zone):
    assert zone_of(value, limits(), inwards) is zone


@pytest.mark.parametrize(
    ("only", "outside", "inside", "zone"),
    [
        ("red_low", -1.0, 500.0, RED),
        ("red_high", 101.0, -500.0, RED),
        ("yellow_low", 9.0, 500.0, YELLOW),
        ("yellow_high", 81.0, -500.0, YELLOW),
    ],
)
def test_a_watchpoint_with_one_limit_has_no_other(only: str, outside: float, inside: float, zone: Zone):
    bounds = dict.fromkeys(("red_low", "yellow_low", "yellow_high", "red_high"))
    one = limits(**{**bounds, only: getattr(limits(), only)})
    assert (zone_of(outside, one), zone_of(inside, one)) == (zone, GREEN)


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        # outside is counted, and told with the third sample
        (QUIET, 90.0, Watch(GREEN, 1, YELLOW)),
        (Watch(GREEN, 1, YELLOW), 90.0, Watch(GREEN, 2, YELLOW)),
        (Watch(GREEN, 2, YELLOW), 90.0, Watch(YELLOW)),
        (Watch(YELLOW, 2, RED), 101.0, Watch(RED)),
        (Watch(RED, 2, YELLOW), 90.0, Watch(YELLOW)),
        # of what was seen, the nearest to the zone told is what counts
        (Watch(GREEN, 1, RED), 90.0, Watch(GREEN, 2, YELLOW)),
        (Watch(GREEN, 1, YELLOW), 101.0, Watch(GREEN, 2, YELLOW)),
        (Watch(GREEN, 2, RED), 101.0, Watch(RED)),
        (Watch(RED, 1, GREEN), 90.0, Watch(RED, 2, YELLOW)),
        (Watch(RED, 1, YELLOW), 50.0, Watch(RED, 2, YELLOW)),
        # on the other side it is counted anew
        (Watch(YELLOW, 2, RED), 50.0, Watch(YELLOW, 1, GREEN)),
        (Watch(YELLOW, 2, GREEN), 101.0, Watch(YELLOW, 1, RED)),
        # a sample where it was told ends the count
        (Watch(YELLOW, 2, RED), 90.0, Watch(YELLOW)),
        (Watch(RED, 0, GREEN, 2), 101.0, Watch(RED)),
        # without a sample its age grows, and the count waits
        (Watch(YELLOW, 2, RED), None, Watch(YELLOW, 2, RED, 1)),
        (Watch(YELLOW, 2, RED, 1), 101.0, Watch(RED)),
        (Watch(GREEN, 1, YELLOW, 1), 90.0, Watch(GREEN, 2, YELLOW)),
        (Watch(RED, 2, GREEN, 1), None, Watch(RED, 2, GREEN, 2)),
        # one that comes back after nobody knew is green until told otherwise
        (STALE, 101.0, Watch(GREEN, 1, RED)),
    ],
)
def test_a_sample_leads_from_one_state_to_the_next(before: Watch, value: float | None, after: Watch):
    assert watch_step(before, value, limits()) == after


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (QUIET, 50.0, QUIET),
        (STALE, None, STALE),
        (STALE, 50.0, QUIET),
        (Watch(GREEN, 1, YELLOW), 50.0, QUIET),
        (Watch(GREEN, 0, GREEN, 2), 50.0, QUIET),
        (Watch(RED, 2, GREEN), 50.0, QUIET),
        (Watch(RED, 2, GREEN, 2), None, STALE),
        (Watch(GREEN, 0, GREEN, 2), None, STALE),
    ],
)
def test_quiet_and_stale_are_one_object_each_so_that_a_tick_without_news_is_told_by_identity(
    before: Watch, value: float | None, after: Watch
):
    assert watch_step(before, value, limits()) is after


def test_a_watchpoint_that_stays_where_it_was_told_stays_the_same_object():
    red = Watch(RED)
    assert watch_step(red, 101.0, limits()) is red


@pytest.mark.parametrize(
    ("told", "value", "hysteresis", "after"),
    [
        (RED, 95.1, 5.0, Watch(RED)),
        (RED, 95.0, 5.0, Watch(RED, 1, YELLOW)),
        (RED, 76.0, 5.0, Watch(RED, 1, YELLOW)),
        (RED, 75.0, 5.0, Watch(RED, 1, GREEN)),
        (YELLOW, 75.1, 5.0, Watch(YELLOW)),
        (YELLOW, 76.0, 25.0, Watch(YELLOW)),
        (YELLOW, 101.0, 5.0, Watch(YELLOW, 1, RED)),
        (GREEN, 79.0, 5.0, QUIET),
    ],
)
def test_on_the_way_back_and_only_there_the_limits_lie_further_inwards(
    told: Zone, value: float, hysteresis: float, after: Watch
):
    assert watch_step(Watch(told), value, limits(hysteresis=hysteresis)) == after


CONFIG = HealthConfig(watchpoints=tuple(limits(name=name) for name in ("a", "b", "c")))


def test_watchpoints_that_have_no_news_are_the_same_tuple():
    quiet = (QUIET,) * 3
    assert watched(quiet, (50.0,) * 3, CONFIG) is quiet
    steady = (QUIET, Watch(RED), STALE)
    assert watched(steady, (50.0, 101.0, None), CONFIG) is steady


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(("value", "after"), [(90.0, Watch(GREEN, 1, YELLOW)), (None, Watch(missing=1))])
def test_each_watchpoint_goes_its_own_way(place: int, value: float | None, after: Watch):
    values = [50.0 if other != place else value for other in range(3)]
    found = watched((QUIET,) * 3, tuple(values), CONFIG)
    assert found == tuple(after if other == place else QUIET for other in range(3))
    others = [90.0 if other != place else 50.0 for other in range(3)]
    mixed = tuple(Watch(YELLOW) if other != place else Watch(GREEN, 1, YELLOW) for other in range(3))
    calm = watched(mixed, tuple(others), CONFIG)
    assert calm == tuple(QUIET if other == place else Watch(YELLOW) for other in range(3))


def test_the_first_signal_in_red_is_named():
    signals = HealthConfig(watchpoints=tuple(limits(signal=f"sensor.{name}") for name in ("a", "b", "c")))
    assert first_red((QUIET, Watch(YELLOW), STALE), signals) is None
    assert first_red((Watch(YELLOW), Watch(RED), Watch(RED)), signals) == "sensor.b"


def test_values_that_have_all_changed_are_all_counted():
    assert watched((QUIET,) * 3, (90.0,) * 3, CONFIG) == (Watch(GREEN, 1, YELLOW),) * 3
    assert watched((Watch(YELLOW),) * 3, (50.0,) * 3, CONFIG) == (Watch(YELLOW, 1, GREEN),) * 3


def test_limits_lie_where_they_are_set_where_nothing_moves_them():
    assert (zone_of(80.0, limits()), zone_of(100.0, limits())) == (GREEN, YELLOW)
