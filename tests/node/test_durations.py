"""Durations: every unit, and one clear refusal for everything else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.errors import ConfigError
from flightsw.node.durations import parse_duration_s

ORBIT_S = 5677.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("600s", 600.0),
        ("600", 600.0),
        (600, 600.0),
        (0.5, 0.5),
        (0, 0.0),
        ("90min", 5400.0),
        ("1.5h", 5400.0),
        ("3d", 259200.0),
        ("2orbits", 2 * ORBIT_S),
        ("1orbit", ORBIT_S),
        (".5 orbits", 0.5 * ORBIT_S),
        ("1e3s", 1000.0),
        (" 10 min ", 600.0),
    ],
)
def test_reads_every_unit(text: str | float, seconds: float) -> None:
    assert parse_duration_s(text, ORBIT_S) == pytest.approx(seconds, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "-5s",
        "-1",
        "5 weeks",
        "1h30min",
        "nan",
        "inf",
        "1..2s",
        "two orbits",
        "5S",
        -1,
        -0.001,
        math.nan,
        math.inf,
        True,
    ],
)
def test_refuses_anything_else_and_names_it(text: str | float) -> None:
    with pytest.raises(ConfigError, match=r"duration = .*: must be"):
        parse_duration_s(text, ORBIT_S)


@pytest.mark.parametrize("text", ["1e400s", "1e9d", 10**400])
def test_refuses_spans_that_no_message_could_carry(text: str | float) -> None:
    with pytest.raises(ConfigError, match="at most 1000000000 s"):
        parse_duration_s(text, ORBIT_S)


@given(st.text(max_size=12))
def test_any_text_gives_a_number_or_a_config_error(text: str) -> None:
    try:
        span_s = parse_duration_s(text, ORBIT_S)
    except ConfigError:
        return
    assert 0.0 <= span_s <= 1e9
