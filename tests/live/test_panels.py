"""The terminal's picture: fits, says what it knows with units, and says by a mark what it says by a colour."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from flightsw.bus.umbilical import UmbilicalRequest
from flightsw.live.remote import Pace
from flightsw.live.state import LiveState
from flightsw.live.terminal.keys import Key, faster, pressed, request_for, slower
from flightsw.live.terminal.picture import Picture
from flightsw.live.text import clock, data_size, number
from tests.live.logs import default_header, eventful_tick, facts, full_tick, shown, state_of


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (81, 24), (132, 50)])
def test_it_fills_the_terminal_and_not_more(tmp_path: Path, columns: int, rows: int) -> None:
    picture = Picture(facts(tmp_path), state_of(full_tick()), Pace(120, speed=50.0, slips=3), 49.6)
    for one in (picture, picture._replace(shows_help=True), picture._replace(note="ending the run in order")):
        lines = shown(one, columns, rows)
        assert len(lines) == rows
        assert max(map(len, lines)) <= columns
        assert not [line for line in lines if "…" in line]


def test_figures_have_their_units(tmp_path: Path) -> None:
    picture = Picture(facts(tmp_path), state_of(full_tick()), Pace(120), 1634.4)
    text = "\n".join(shown(picture))
    for figure in (
        *("free, 1,634 x real time", "T+ 0:02:01", "PAYLOAD", "71.2 %", "15.00 V, charging 3.2 W", "31.5 W", "27.0 W"),
        *("in 0:01:40, for 0:33:20", "64.5 °C", "19.9 °C", "43.8 °C", "chip held to 65 °C", "4,648 scenes"),
        *("15W, draws 20.2 W", "power 12.0 W, heat 11.0 W", "123,456 scenes", "redu 12 deg, 25.0 Mbit/s", "330.0 MB"),
    ):
        assert figure in text


def test_before_the_first_message_there_are_dashes(tmp_path: Path) -> None:
    text = "\n".join(shown(Picture(facts(tmp_path), LiveState(default_header()))))
    assert "None" not in text
    assert re.search(r"charge +─+ -", text)
    assert re.search(r"eclipse +-", text)


def test_what_is_outside_its_limits_is_marked_even_without_colour(tmp_path: Path) -> None:
    low = state_of(full_tick(0, soc=0.2, load_shed_level=2), eventful_tick(1))
    text = "\n".join(shown(Picture(facts(tmp_path), low)))
    assert "20.0 % !" in text
    assert "up to tier 2 of 2 off !" in text
    assert re.search(r"!! +health +limit\.crossed", text)
    good = "\n".join(shown(Picture(facts(tmp_path), state_of(full_tick(0)))))
    assert "!" not in good


def test_colours_follow_the_limits_and_no_color_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture(facts(tmp_path), state_of(full_tick(0, soc=0.1)))
    loud = {"force_terminal": True, "color_system": "standard"}
    assert "\x1b[1;31m10.0 %" in "".join(shown(picture, **loud))
    monkeypatch.setenv("NO_COLOR", "1")
    quiet = "".join(shown(picture, **loud))
    assert "10.0 % !!" in quiet
    assert not re.search(r"\x1b\[[0-9;]*3[1-7]m", quiet)


def test_a_terminal_without_unicode_gets_ascii(tmp_path: Path) -> None:
    picture = Picture(facts(tmp_path), state_of(full_tick()), plain=True)
    body = [line[1:-1] for line in shown(picture)[3:9]]
    assert "64.5 C" in body[0]
    assert all(line.replace("│", "").isascii() for line in body)


def test_a_small_terminal_says_what_it_needs(tmp_path: Path) -> None:
    text = " ".join(shown(Picture(facts(tmp_path), state_of(full_tick())), 60, 20))
    assert "the view needs 80 x 24" in text


def test_times_and_sizes_read_well() -> None:
    assert [clock(value) for value in (None, 0.0, 59.9, 3723.0, 90061.0)] == [
        *("-", "0:00:00", "0:00:59", "1:02:03", "1d 01:01:01")
    ]
    assert [number(value, "W") for value in (None, 9999.9, 12_345.6, -3.4e6)] == [
        "-",
        "9,999.9 W",
        "12.3 kW",
        "-3.4 MW",
    ]
    assert [data_size(value) for value in (0, 999, 1500, 2.5e9)] == ["0 B", "999 B", "1.5 kB", "2.5 GB"]


def test_keys_are_heard_and_other_sequences_are_passed_over() -> None:
    data = b" s\x1b[C\x1bOC+=-_qQ?\x1b[A\x1b[15~xs\x1b"
    step = Key.STEP
    assert pressed(data) == [
        *(Key.PAUSE, step, step, step, Key.FASTER, Key.FASTER, Key.SLOWER, Key.SLOWER, Key.QUIT, Key.QUIT, Key.HELP),
        step,
    ]


def test_keys_ask_for_pace_alone() -> None:
    asked = {key: request_for(key, Pace(speed=50.0), 50.0) for key in Key}
    assert asked == {
        Key.PAUSE: UmbilicalRequest("pause"),
        Key.STEP: UmbilicalRequest("step"),
        Key.FASTER: UmbilicalRequest("speed", speed=100.0),
        Key.SLOWER: UmbilicalRequest("speed", speed=20.0),
        Key.QUIT: UmbilicalRequest("stop"),
        Key.HELP: None,
    }
    assert request_for(Key.PAUSE, msgspec.structs.replace(Pace(), paused=True), None) == UmbilicalRequest("resume")


def test_speeds_end_in_as_fast_as_possible_and_come_down_from_what_is_flown() -> None:
    assert [faster(0.5), faster(1.0), faster(5000.0), faster(None)] == [1.0, 2.0, None, None]
    assert [slower(None, 1634.0), slower(None, None), slower(7.0, None), slower(1.0, None)] == [
        1000.0,
        2000.0,
        5.0,
        1.0,
    ]
