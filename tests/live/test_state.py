"""What live views know of a run: the newest message of each topic, and what happened; limits colour it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.live.limits import Level, Limits, limits_of
from flightsw.live.state import LiveState
from flightsw.messages.health import Event, Severity
from tests.live.logs import default_header, eventful_tick, facts, full_tick, state_of
from tests.record.logs import power, record


def test_the_newest_message_of_a_topic_counts_by_field_and_word() -> None:
    state = state_of(record(0, [("power.status", power(soc=0.5))]), full_tick(1))
    assert state.time_s == 2.0
    assert state.value("power.status", "soc") == 0.7123
    assert state.value("health.mode", "mode") == "PAYLOAD"
    assert state.value("sensor.power", "lcl_state") == ["ON"] * 4


def test_what_was_never_said_is_unknown() -> None:
    state = LiveState(default_header())
    assert (state.tick, state.time_s) == (None, 0.0)
    assert state.value("power.status", "soc") is None
    assert state.message("no.such.topic") == {}


def test_commands_their_verdicts_losses_and_events_have_happened_in_order() -> None:
    state = state_of(full_tick(0), eventful_tick(1))
    assert [(one.source, one.severity, one.text) for one in state.happenings] == [
        ("outside", Severity.COMMAND, "power.set_reserve soc=0.35 request=7"),
        ("bus", Severity.WARNING_HI, "APP_LOST process=thermal incarnation=0"),
        ("comms", Severity.WARNING_LO, "power.set_reserve failed request=7 reason=too low"),
        ("health", Severity.WARNING_HI, "limit.crossed signal=power.soc value=0.2345"),
    ]


def test_a_terminal_is_never_told_to_do_something_by_an_event() -> None:
    state = state_of(record(0, [("event.plant", Event(Severity.FATAL, "x", {"a": "\x1b[2J\n"}))]))
    assert state.happenings[0].text == "x a=\\x1b[2J\\n"


def test_many_events_are_counted_and_only_the_last_are_kept() -> None:
    state = state_of(
        *(record(tick, [("event.plant", Event(Severity.DIAGNOSTIC, str(tick), {}))]) for tick in range(600))
    )
    assert state.happened == 600
    assert [state.happenings[0].id, state.happenings[-1].id] == ["100", "599"]


def test_limits_are_the_ones_that_the_node_flies_with() -> None:
    limits = limits_of(default_header())
    assert limits["sensor.thermal.chip_c"] == Limits(yellow_high=95.0, red_high=103.0)
    assert limits["sensor.thermal.battery_c"] == Limits(-15.0, 0.0, 45.0, 60.0)
    assert limits["power.status.soc"] == Limits(red_low=0.15, yellow_low=0.25)


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (None, Level.UNKNOWN),
        (20.0, Level.NOMINAL),
        (0.0, Level.NOMINAL),
        (-0.1, Level.WARNING),
        (45.1, Level.WARNING),
        (60.1, Level.ALARM),
        (-15.1, Level.ALARM),
    ],
)
def test_a_figure_beyond_its_limits_says_so(value: float | None, level: Level) -> None:
    assert Limits(-15.0, 0.0, 45.0, 60.0).level(value) is level
    assert Limits().level(20.0) is Level.PLAIN


def test_facts_come_from_the_header_and_what_is_missing_stays_out(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert (found.name, found.ticks, found.top_shed_tier) == ("cubesat-6u-orin-nano", None, 2)
    assert found.power_modes[:2] == ("7W", "15W")
    assert found.stations == ("svalbard", "redu", "troll")
    assert found.orbit_s == pytest.approx(5746.0, abs=1.0)
