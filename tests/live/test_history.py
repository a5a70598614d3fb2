"""A run's past: bounded, evenly spread, and what is shown of it is what the log said then."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.live.browser import figures
from flightsw.live.browser.pictures import TITLES, picture_options
from flightsw.live.browser.session import Order, Session
from flightsw.live.history import History, eclipses, value_reader
from flightsw.live.state import Happening, LiveState
from flightsw.messages.health import Event, Severity
from tests.live.logs import default_header, eventful_tick, facts, full_tick, state_of
from tests.record.logs import power, record


def remembered(ticks: int, wanted: int) -> tuple[LiveState, History]:
    state = LiveState(default_header())
    history = History(state, wanted)
    history.watch("soc", value_reader("power.status", "soc"))
    for tick in range(ticks):
        state.feed(record(tick, [("power.status", power(soc=tick / 10_000))]))
        history.take()
    return state, history


def test_a_short_run_is_kept_whole() -> None:
    _, history = remembered(7, wanted=4)
    assert history.times_s() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert history.course("soc")[-1] == pytest.approx(0.0006)


@pytest.mark.parametrize("ticks", [8, 100, 1000])
def test_a_long_run_is_told_by_as_many_moments_evenly_spread(ticks: int) -> None:
    state, history = remembered(ticks, wanted=4)
    assert 4 <= len(history.moments) < 8
    assert {b.tick - a.tick for a, b in zip(history.moments, history.moments[1:], strict=False)} == {
        history.stride_ticks
    }
    assert state.tick is not None
    assert state.tick - history.moments[-1].tick < history.stride_ticks
    assert history.course("soc") == [moment.tick / 10_000 for moment in history.moments]


def test_looking_back_shows_what_was_said_and_had_happened_then() -> None:
    state = LiveState(default_header())
    history = History(state)
    for one in (full_tick(0, soc=0.5), eventful_tick(1), full_tick(2, soc=0.6)):
        state.feed(one)
        history.take()
    assert history.at(-1) is None
    then = history.at(0)
    assert then is not None
    assert (then.tick, then.value("power.status", "soc"), len(then.happenings)) == (0, 0.5, 0)
    later = history.at(99)
    assert later is not None
    assert (later.tick, later.value("power.status", "soc"), len(later.happenings)) == (2, 0.6, 4)


def test_shadow_is_told_by_its_edges_whatever_the_run_began_or_ended_in() -> None:
    def edge(tick: int, name: str) -> Happening:
        return Happening(tick, "plant", Severity.ACTIVITY_LO, f"eclipse.{name}", {})

    edges = [edge(10, "exit"), edge(20, "entry"), edge(30, "exit"), edge(40, "entry")]
    assert eclipses(edges, 2.0, 100.0, began_in_one=True) == [(0.0, 20.0), (40.0, 60.0), (80.0, 100.0)]
    assert eclipses(edges[1:2], 1.0, 25.0, began_in_one=False) == [(20.0, 25.0)]


def test_nothing_that_a_log_says_becomes_markup(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>"
    state = state_of(full_tick(0), record(1, [("event.plant", Event(Severity.FATAL, bad, {"a": bad}))]))
    shown = [
        figures.events(state.happenings, 1.0),
        figures.orders([Order(bad, reason=bad)]),
        figures.table([figures.Row(bad, bad, signal='"' + bad)]),
        figures.table(figures.link(facts(tmp_path), state)),
    ]
    assert all(shown)
    assert not [text for text in shown if "<script" in text]


def test_figures_are_marked_and_classed_by_their_limits(tmp_path: Path) -> None:
    low = state_of(full_tick(0, soc=0.1, load_shed_level=1))
    text = figures.table(figures.power(facts(tmp_path), low))
    assert '<td class="alarm" data-signal="power.status.soc">10.0 % !!</td>' in text
    assert '<td class="warning" data-signal="">up to tier 1 !</td>' in text


def test_a_session_opens_a_log_and_has_every_picture(tmp_path: Path) -> None:
    from flightsw.bus.log import LogWriter, RecordEncoder

    writer, encode = LogWriter(tmp_path, default_header()), RecordEncoder()
    for tick in range(40):
        writer.append(encode(full_tick(tick) if tick != 20 else eventful_tick(tick)))
    writer.close()
    session = Session(tmp_path)
    while session.follow():
        assert not session.is_over
    assert session.is_over
    assert session.state is not None
    assert session.state.tick == 39
    assert session.is_perturbed  # by the telecommand, which the scenario doesn't plan
    for dark in (True, False):
        options = picture_options(session, 20.0, dark=dark)
        assert options.keys() == {*TITLES, "mode"}
        courses = [options[name]["series"][0]["data"] for name in options if name != "track"]
        assert all(len(course) == 40 for course in courses)
    assert session.throughput_per_s(39) == 0.0
    session.close()
