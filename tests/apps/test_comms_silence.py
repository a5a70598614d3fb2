"""A radio that hears nothing where a station stands high in the sky: told once, and when it is over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.comms.silence import (
    LOOK_S,
    MARGIN_DEG,
    Listener,
    State,
    StationRow,
    elevation_deg,
    expected_station,
    station_name,
    step,
)
from flightsw.messages.health import Event, Severity
from flightsw.messages.plant import NavSensors
from flightsw.plant.frames import earth_fixed
from flightsw.plant.passes import look_angles, station_frame

NORTH = StationRow("north", 78.2, 15.4, 5.0)
SOUTH = StationRow("south", -72.0, 2.5, 10.0)


def fix(latitude_deg: float, longitude_deg: float, altitude_km: float = 550.0) -> NavSensors:
    """Of a satellite above this place."""
    position = earth_fixed(latitude_deg, longitude_deg, altitude_km)
    return NavSensors(
        tuple(float(x) for x in position), (7.5, 0.0, 0.0), (1.0, 0.0, 0.0), latitude_deg, longitude_deg, True
    )


@given(
    latitude_deg=st.floats(-89.0, 89.0), longitude_deg=st.floats(-180.0, 180.0), altitude_km=st.floats(300.0, 1500.0)
)
def test_elevations_are_the_plants_within_half_of_the_margin(
    latitude_deg: float, longitude_deg: float, altitude_km: float
) -> None:
    here = fix(latitude_deg, longitude_deg, altitude_km)
    for row in (NORTH, SOUTH):
        frame = station_frame(row.latitude_deg, row.longitude_deg, 0.0, row.mask_deg)
        truth, _, _ = look_angles(frame, np.array([here.position_km]))
        if truth[0] > -5.0:
            assert elevation_deg(row, here) == pytest.approx(truth[0], abs=MARGIN_DEG / 2.0)


def test_the_station_that_stands_highest_above_its_mask_is_expected_and_none_below_the_margin() -> None:
    assert expected_station((SOUTH, NORTH), fix(78.0, 15.0)) == 1
    assert expected_station((SOUTH, NORTH), fix(-72.0, 0.0)) == 0
    assert expected_station((SOUTH, NORTH), fix(0.0, 90.0)) is None
    assert expected_station((), fix(78.0, 15.0)) is None
    low = next(at for at in np.arange(78.0, 40.0, -0.1) if elevation_deg(NORTH, fix(at, 15.4)) < 5.0 + MARGIN_DEG)
    assert expected_station((NORTH,), fix(low, 15.4)) is None
    assert expected_station((NORTH,), fix(low + 0.2, 15.4)) == 0


def run(*ticks: tuple[int | None, bool], wait_s: float = 3.0) -> list[bool | None]:
    """(expected, heard) of each tick; what is told."""
    state, told = State(), []
    for expected, heard in ticks:
        state, word = step(state, expected, heard=heard, wait_s=wait_s, dt_s=1.0)
        told.append(word)
    return told


def test_silence_is_told_once_and_its_end_when_something_is_heard() -> None:
    assert run(*[(0, False)] * 6) == [None, None, True, None, None, None]
    assert run(*[(0, False)] * 4, (0, True), (0, True)) == [None, None, True, None, False, None]
    assert run(*[(0, False)] * 2, (0, True), *[(0, False)] * 3) == [None] * 5 + [True], "counted anew"


def test_below_the_horizon_nothing_is_learnt() -> None:
    assert run(*[(None, False)] * 10) == [None] * 10
    passes = [(0, False)] * 2 + [(None, False)] * 5
    assert run(*passes * 3) == [None] * 21, "each pass counts for itself"
    deaf = [(0, False)] * 3 + [(None, False)] * 5
    assert run(*deaf * 2).count(True) == 1, "and one that was told isn't told again in the next"


@given(st.lists(st.tuples(st.sampled_from([None, 0, 1]), st.booleans()), max_size=60))
def test_words_alternate_and_a_warning_needs_its_wait(ticks: list[tuple[int | None, bool]]) -> None:
    told = run(*ticks)
    words = [word for word in told if word is not None]
    assert words == [bool((place + 1) % 2) for place in range(len(words))]
    for place, word in enumerate(told):
        if word:
            assert all(not heard and expected is not None for expected, heard in ticks[place - 2 : place + 1])


def listened(listener: Listener, seconds: int, at: NavSensors | None, *, heard: bool) -> list[Event]:
    return [event for _ in range(seconds) for event in listener.step(at, heard=heard, wait_s=30.0)]


def test_the_listener_names_the_station_and_for_how_long() -> None:
    listener = Listener((SOUTH, NORTH), 1.0)
    above = fix(78.0, 15.0)
    assert listened(listener, 29, above, heard=False) == []
    assert listened(listener, 1, above, heard=False) == [
        Event(Severity.WARNING_LO, "link.silent", {"station": "north", "silent_s": 30.0})
    ]
    assert listened(listener, 5, above, heard=True) == [Event(Severity.ACTIVITY_HI, "link.heard", {})]


def test_without_navigation_nothing_is_expected_for_long() -> None:
    listener = Listener((NORTH,), 1.0)
    assert listened(listener, 1, fix(78.0, 15.0), heard=False) == []
    assert listened(listener, 600, None, heard=False) == [], f"{2 * LOOK_S:.0f} s after the last fix it is forgotten"


@pytest.mark.parametrize(("mask_deg", "expected"), [(84.9, 0), (85.0, 0), (85.1, None)])
def test_a_station_must_be_heard_from_five_degrees_above_its_mask_on(mask_deg: float, expected: int | None) -> None:
    zenith = fix(0.0, 0.0)
    row = StationRow("below", 0.0, 0.0, mask_deg)
    assert elevation_deg(row, zenith) == 90.0
    assert expected_station((row,), zenith) == expected


HERE, ELSEWHERE = fix(78.0, 15.0), fix(0.0, 90.0)


def told_at(fixes: list[NavSensors | None], wait_s: float, dt_s: float = 1.0) -> list[tuple[int, object]]:
    """(tick, how long it was silent) of each warning of a radio that hears nothing."""
    listener = Listener((NORTH,), dt_s)
    return [
        (tick, event.args["silent_s"])
        for tick, at in enumerate(fixes)
        for event in listener.step(at, heard=False, wait_s=wait_s)
    ]


def test_each_pass_counts_from_its_own_beginning() -> None:
    assert told_at([*[HERE] * 20, *[ELSEWHERE] * 10, *[HERE] * 40], 30.0) == [(59, 30.0)]


@pytest.mark.parametrize(("dt_s", "ticks"), [(1.0, 10), (0.0625, 160), (4.0, 3)])
def test_where_the_stations_are_is_looked_at_in_the_first_tick_and_every_ten_seconds(dt_s: float, ticks: int) -> None:
    assert told_at([HERE], dt_s, dt_s) == [(0, round(dt_s, 3))], "at once"
    late = [ELSEWHERE, *[HERE] * (2 * ticks)]
    assert [tick for tick, _ in told_at(late, dt_s, dt_s)] == [ticks]
    twice = [*[ELSEWHERE] * (ticks + 1), *[HERE] * (2 * ticks)]
    assert [tick for tick, _ in told_at(twice, dt_s, dt_s)] == [2 * ticks]


@pytest.mark.parametrize(("wait_s", "told"), [(19.0, [18]), (20.0, [19]), (21.0, [])])
def test_twenty_seconds_after_the_last_look_nobody_knows_where_the_node_is(wait_s: float, told: list[int]) -> None:
    assert [tick for tick, _ in told_at([HERE, *[None] * 60], wait_s)] == told


def test_the_silence_is_told_to_the_millisecond() -> None:
    assert told_at([HERE] * 4, 0.1875, 0.0625) == [(2, 0.188)]


def test_a_station_that_the_node_has_no_name_for_is_told_by_its_number() -> None:
    assert [station_name((NORTH, SOUTH), number) for number in range(4)] == ["north", "south", "2", "3"]
