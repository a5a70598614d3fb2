"""What late ticks and late answers are put down to."""

from __future__ import annotations

from math import nan

import pytest
from msgspec.structs import replace

from flightsw.bus.timing import Timing
from flightsw.messages.board import BoardReading
from hil.causes import late_answer_causes, overrun_causes
from tests.node.test_onboard import SOUND

DT_S, SHARE_S, WORK_S = 0.1, 0.08, 0.06


def row(
    tick: int,
    late_s: float = 0.0,
    *,
    took_s: float = 0.07,
    answered_s: float = 0.065,
    queued_before_s: float = 0.0,
    queued_s: float = 0.0,
    stolen_s: float = 0.0,
    logged_s: float = -0.02,
) -> Timing:
    """A tick of the bench; instants of it are counted from its beginning."""
    began_s = tick * DT_S + late_s
    return Timing(
        *(tick, began_s, late_s, began_s + 0.001, began_s + answered_s, began_s + took_s),
        *(queued_before_s, queued_s, stolen_s, began_s - late_s + logged_s),
    )


@pytest.mark.parametrize(
    ("before", "late", "cause"),
    [
        (row(0), row(1, 0.01, queued_before_s=0.009), "queued"),
        (row(0, took_s=0.11, answered_s=0.105, queued_s=0.03), row(1, 0.01), "queued"),
        (row(0, took_s=0.11, answered_s=0.105), row(1, 0.01), "board"),
        (row(0, took_s=0.11, answered_s=nan), row(1, 0.01), "board"),
        (row(0, took_s=0.11, answered_s=0.065), row(1, 0.01), "node"),
        (row(0), row(1, 0.01, stolen_s=0.01), "stolen"),
        (row(0), row(1, 0.05, stolen_s=0.01), "unexplained"),
        (row(0), row(1, 0.01, logged_s=0.008), "log"),
        (row(0), row(1, 0.01, queued_before_s=0.001), "unexplained"),
        (row(0), row(1, 0.01, queued_before_s=nan, queued_s=nan, stolen_s=nan), "unexplained"),
    ],
)
def test_a_late_tick_is_put_down_to_what_the_system_and_the_tick_before_show(
    before: Timing, late: Timing, cause: str
) -> None:
    assert overrun_causes([before, late], SHARE_S) == {cause: 1}
    assert overrun_causes([before, row(1, 0.0005)], SHARE_S) == {}


def test_the_first_tick_can_be_late_too() -> None:
    assert overrun_causes([row(0, 0.01, took_s=0.02)], SHARE_S) == {"unexplained": 1}


def answer(tick: int, received_s: float, answered_s: float, *, queued_s: float | None = 0.0) -> BoardReading:
    """The board's clock is 1,000 s ahead of the bench's."""
    began_s = 1000.0 + tick * DT_S
    return replace(
        SOUND, tick=tick, received_s=began_s + received_s, answered_s=began_s + answered_s, queued_s=queued_s
    )


@pytest.mark.parametrize(
    ("late", "cause"),
    [
        (answer(3, 0.05, 0.11, queued_s=0.04), "queued"),
        (answer(3, 0.05, 0.11), "taken up late"),
        (answer(3, 0.05, 0.11, queued_s=None), "taken up late"),
        (answer(3, 0.002, 0.11), "work"),
        (answer(3, 0.002, 0.07), "way back"),
    ],
)
def test_a_late_answer_is_put_down_to_the_leg_that_took_longest(late: BoardReading, cause: str) -> None:
    timing = [row(tick) for tick in range(3)] + [row(3, answered_s=nan)]
    in_time = [answer(tick, 0.002, 0.064) for tick in range(3)]
    assert late_answer_causes([*in_time, late], timing, SHARE_S, WORK_S) == {cause: 1}
    assert late_answer_causes(in_time, timing[:3], SHARE_S, WORK_S) == {}
