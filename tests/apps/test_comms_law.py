"""The link law: when the transmitter is on, what a tick has room for, where a pass begins and ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.comms.law import Inputs, State, counted, step, with_transmitter
from flightsw.messages.health import Mode

IN_PASS = Inputs(1, 8000.0, Mode.PAYLOAD, rail_on=True, housekeeping_bytes=100, product_bytes=100)


def told(
    mode: Mode, housekeeping_bytes: int = 100, product_bytes: int = 100, rate_bps: float = 8000.0, station: int = 1
) -> Inputs:
    return Inputs(station, rate_bps, mode, True, housekeeping_bytes, product_bytes)


@pytest.mark.parametrize(
    ("inputs", "transmit"),
    [
        (told(Mode.PAYLOAD, 1, 0), True),
        (told(Mode.PAYLOAD, 0, 1), True),
        (told(Mode.PAYLOAD, 0, 0), False),
        (told(Mode.SAFE, 1, 0), True),
        (told(Mode.SAFE, 0, 10**6), False),
        (told(Mode.SAFE, 0, 0), False),
        (told(Mode.BOOT, 10, 10), False),
    ],
)
def test_it_transmits_where_something_waits_that_the_mode_lets_go(inputs: Inputs, transmit: bool) -> None:
    assert step(State(), inputs, 1.0)[1].transmit is transmit


@pytest.mark.parametrize(("rate_bps", "transmit"), [(0.0, False), (0.01, True), (1.0, True)])
def test_any_rate_above_none_is_used(rate_bps: float, transmit: bool) -> None:
    assert step(State(), told(Mode.PAYLOAD, rate_bps=rate_bps), 1.0)[1].transmit is transmit


@pytest.mark.parametrize("mode", list(Mode))
def test_products_may_go_above_safe(mode: Mode) -> None:
    assert step(State(), told(mode), 1.0)[1].products is (mode in (Mode.STANDBY, Mode.NOMINAL, Mode.PAYLOAD))


def test_a_tick_that_sends_nothing_has_room_for_nothing_and_carries_no_part_of_a_byte_on() -> None:
    for silent in (told(Mode.BOOT), told(Mode.PAYLOAD, 0, 0), told(Mode.PAYLOAD, rate_bps=0.0)):
        after, outputs = step(State(1, carry_bits=7.0), silent, 1.0)
        assert (outputs.transmit, outputs.budget_bytes, after.carry_bits) == (False, 0, 0.0)
    after, outputs = step(with_transmitter(State(1), allowed=False), IN_PASS, 1.0)
    assert (outputs.transmit, outputs.budget_bytes, after.allowed) == (False, 0, False)


@pytest.mark.parametrize(
    ("before", "now", "began", "ended", "pass_bytes"),
    [
        (None, None, None, None, 500),
        (None, 1, 1, None, 0),
        (1, 1, None, None, 500),
        (1, 2, 2, 1, 0),
        (1, None, None, 1, 500),
        (0, None, None, 0, 500),
    ],
)
def test_what_a_pass_carried_is_kept_until_the_next_one_begins(
    before: int | None, now: int | None, began: int | None, ended: int | None, pass_bytes: int
) -> None:
    inputs = Inputs(now, 8000.0, Mode.SAFE, True, 0, 0)
    after, outputs = step(State(before, pass_bytes=500), inputs, 1.0)
    assert (outputs.began, outputs.ended) == (began, ended)
    assert (after.station, after.pass_bytes) == (now, pass_bytes)


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_what_was_sent_adds_up(sizes: list[int]) -> None:
    state = State(1)
    for size in sizes:
        state = counted(state, size)
    assert state == State(1, pass_bytes=sum(sizes))
