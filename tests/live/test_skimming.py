"""Skimming a log gives what reading all of it gives, and decodes little of it."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from flightsw.bus.log import RecordEncoder
from flightsw.bus.records import TickRecord
from flightsw.live.skimming import LAST, Skimmer
from flightsw.live.state import LiveState
from flightsw.messages.health import Event, Severity
from tests.live.logs import default_header, eventful_tick, full_tick, state_of
from tests.record.logs import power, record

FIRST_TICKS = (0, 120, 250, 65_530, 2**32 - 5)
"""about where a tick's number takes more bytes"""


@st.composite
def ticks(draw: st.DrawFn) -> list[TickRecord]:
    first = draw(st.sampled_from(FIRST_TICKS))
    kinds = {
        "full": lambda tick: full_tick(tick, soc=draw(st.floats(0.0, 1.0))),
        "eventful": eventful_tick,
        "power alone": lambda tick: record(tick, [("power.status", power(soc=draw(st.floats(0.0, 1.0))))]),
        "event": lambda tick: record(tick, [("event.plant", Event(Severity.DIAGNOSTIC, f"at {tick}", {}))]),
        "nothing": lambda tick: record(tick, []),
    }
    drawn = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=3 * LAST))
    return [kinds[kind](first + place) for place, kind in enumerate(drawn)]


def as_bytes(records: list[TickRecord]) -> list[bytes]:
    encode = RecordEncoder()
    return [bytes(encode(one)) for one in records]


@given(ticks())
def test_a_skimmed_log_is_known_as_one_that_was_read_whole(records: list[TickRecord]) -> None:
    read, skimmed = state_of(*records), LiveState(default_header())
    skimmed.skim(as_bytes(records))
    assert (skimmed.tick, skimmed.happened, skimmed.last_input) == (read.tick, read.happened, read.last_input)
    assert list(skimmed.happenings) == list(read.happenings)
    newest = ({number: bytes(raw) for number, raw in state.snapshot().items()} for state in (skimmed, read))
    assert next(newest) == next(newest)


def test_of_ticks_in_which_all_say_the_same_the_last_alone_is_decoded() -> None:
    records = [full_tick(tick) for tick in range(100, 300)]
    skimmer = Skimmer(len(default_header().topics), ())
    assert skimmer.split(as_bytes(records)) == ([], records[-LAST:])
    records[50] = eventful_tick(150)
    data = as_bytes(records)
    assert skimmer.split(data)[0] == [data[50]]


def test_topics_beyond_the_first_hundred_and_twenty_eight_are_found() -> None:
    numbers = [3, 200, 127, 128, *(3 for _ in range(LAST))]
    data = [msgspec.msgpack.encode((tick, (), [(number, (1.5,))])) for tick, number in enumerate(numbers)]
    assert Skimmer(201, ()).split(data)[0] == data[1:4]
