"""On-board time: jumps taken out, GNSS followed or not believed, ground's correlation stepped or slewed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.health.clock import State, TimeConfig, correlated, initial, met_ns, read, utc_at
from flightsw.apps.health.timekeeper import OnboardClock, Timekeeper
from flightsw.apps.telecommands import Executed
from flightsw.bus.application import Inbox
from flightsw.messages.base import Message
from flightsw.messages.commands import TimeSetCorrelation
from flightsw.messages.health import Event, Severity
from flightsw.messages.time import ClockSensors, TimeCriticalData, TimeStatus, TimeSync
from flightsw.plant.oscillator import ClockConfig, Oscillator

EPOCH_NS = 1_767_434_400 * 10**9
S = 10**9
CONFIG = TimeConfig()


class Clock:
    """The plant's oscillator and the law that reads it."""

    def __init__(self, *, loaded_ns: int | None = EPOCH_NS, **config: object) -> None:
        self.oscillator = Oscillator(ClockConfig(**config), 1, 1.0, EPOCH_NS)
        self.state = initial(loaded_ns)
        self.tick = 0
        self.events: list[Event] = []

    def run(self, ticks: int, node_c: float = 25.0) -> None:
        for _ in range(ticks):
            reading = self.oscillator.read(self.tick, node_c)
            self.tick += 1
            if reading is not None:
                self.state, told = read(self.state, reading, self.tick, S, CONFIG)
                self.events += [event for event in told if isinstance(event, Event)]

    @property
    def met_s(self) -> float:
        return met_ns(self.state, self.tick, S) / S

    @property
    def utc_error_s(self) -> float:
        utc = utc_at(self.state, met_ns(self.state, self.tick, S))
        assert utc is not None
        return (utc - EPOCH_NS - self.tick * S) / S

    def ids(self) -> list[str]:
        return [event.id for event in self.events]


def test_without_gnss_the_clock_drifts_as_its_oscillator_does():
    clock = Clock(gnss=False, drift_ppm=2.0, coefficient_ppm_k=0.1, walk_ppb=0.0)
    clock.run(10_000, node_c=35.0)
    assert clock.utc_error_s == pytest.approx(10_000 * 3e-6, rel=0.01)
    assert clock.state.sync is TimeSync.FREE
    assert clock.events == []


def test_gnss_takes_the_drift_out_and_learns_the_rate():
    clock = Clock(drift_ppm=2.0, coefficient_ppm_k=0.0)
    clock.run(3000)
    assert clock.met_s - 3000 == pytest.approx(3000 * 2e-6, rel=0.1), "MET is the oscillator's"
    assert abs(clock.utc_error_s) < 1e-6
    assert clock.state.rate_ppb == pytest.approx(-2000.0, rel=0.05)
    assert clock.state.sync is TimeSync.GNSS
    assert clock.events == []


@pytest.mark.parametrize("gnss", [True, False])
@pytest.mark.parametrize("jump_s", [-30.0, -0.5, 0.5, 3600.0])
def test_a_jump_of_the_oscillator_is_told_and_taken_out_of_met_and_utc(gnss: bool, jump_s: float):
    clock = Clock(gnss=gnss)
    clock.run(123)
    clock.oscillator.jump(round(jump_s * S))
    clock.run(1)
    assert clock.ids() == ["clock.jump"], "found with the first reading, which comes at once"
    assert clock.events[0].args["jump_s"] == pytest.approx(jump_s, abs=1e-3)
    assert clock.met_s == pytest.approx(124.0, abs=1e-3)
    clock.run(500)
    assert clock.ids() == ["clock.jump"]
    assert abs(clock.utc_error_s) < 1e-3
    assert clock.state.jumps == 1


def test_gnss_time_that_is_suddenly_off_is_not_believed_until_it_is_back():
    clock = Clock()
    clock.run(200)
    clock.oscillator.gnss_offset_ns = 7 * S
    clock.run(200)
    assert clock.ids() == ["clock.gnss_rejected"]
    assert abs(clock.utc_error_s) < 1e-3
    assert clock.state.sync is TimeSync.FREE
    clock.oscillator.gnss_offset_ns = 0
    clock.run(200)
    assert clock.ids() == ["clock.gnss_rejected", "clock.gnss_back"]
    assert clock.state.sync is TimeSync.GNSS


def test_gnss_gives_the_time_to_a_node_that_was_loaded_with_a_wrong_one():
    clock = Clock(loaded_ns=EPOCH_NS - 1000 * S)
    clock.run(1)
    assert clock.ids() == ["clock.stepped"]
    assert abs(clock.utc_error_s) < 1e-6


def test_ground_s_correlation_is_slewed_where_it_is_near_and_stepped_where_it_is_far():
    near = Clock(gnss=False, loaded_ns=EPOCH_NS - S // 10)
    near.run(11)
    before = near.utc_error_s
    assert before == pytest.approx(-0.1, abs=1e-4)
    after = correlated(near.state, 0, EPOCH_NS, 0.0, met_ns(near.state, near.tick, S), CONFIG)
    assert not isinstance(after, str)
    near.state = after[0]
    assert near.utc_error_s == pytest.approx(before, abs=1e-6), "not at once"
    near.run(100)
    assert near.utc_error_s == pytest.approx(-0.05, abs=0.01), "500 ppm"
    near.run(300)
    assert abs(near.utc_error_s) < 1e-3
    far = Clock(gnss=False, loaded_ns=EPOCH_NS - 60 * S)
    far.run(11)
    after = correlated(far.state, 0, EPOCH_NS, 0.0, met_ns(far.state, far.tick, S), CONFIG)
    assert not isinstance(after, str)
    far.state, (told,) = after
    assert isinstance(told, Event)
    assert (told.id, told.args["step_s"]) == ("clock.stepped", pytest.approx(60.0, abs=1e-3))
    assert abs(far.utc_error_s) < 1e-3


def test_ground_does_not_overrule_gnss():
    clock = Clock()
    clock.run(50)
    refused = correlated(clock.state, 0, EPOCH_NS + 9 * S, 0.0, met_ns(clock.state, clock.tick, S), CONFIG)
    assert isinstance(refused, str)
    assert "GNSS" in refused


class Keeper(Timekeeper):
    """A timekeeper that is told in which tick it is."""

    def __init__(self, config: OnboardClock) -> None:
        self.now = 0
        super().__init__(config, 1.0, lambda: self.now)

    def hear(self, tick: int, *readings: ClockSensors) -> dict[type, Any]:
        self.now = tick
        return {type(message): message for message in self.step(Inbox([("plant", reading) for reading in readings]))}


def test_a_restart_keeps_the_time_and_finds_a_jump_that_came_in_between():
    config = OnboardClock(fitted=True, epoch_utc_ns=EPOCH_NS)
    kept = Keeper(config).hear(11, ClockSensors(11 * S, None))[TimeCriticalData]
    again = Keeper(config)
    again.restore(Inbox([("health", kept)]))
    told = again.hear(31, ClockSensors(531 * S, None))
    assert (told[Event].id, told[Event].args["jump_s"]) == ("clock.jump", 500.0)
    assert (told[TimeStatus].met_ns, told[TimeStatus].utc_ns) == (31 * S, EPOCH_NS + 31 * S)
    assert told[TimeCriticalData].offset_ns == -500 * S, "kept at once"


def test_a_correlation_comes_by_telecommand_and_is_refused_where_no_clock_is_fitted():
    command = TimeSetCorrelation(0, EPOCH_NS, 0.0)
    keeper = Keeper(OnboardClock(fitted=True))
    keeper.hear(1, ClockSensors(S, None))
    assert keeper.instant().utc_ns is None
    done = keeper.handlers[TimeSetCorrelation](command)
    assert isinstance(done, Executed)
    assert keeper.instant().utc_ns == EPOCH_NS + S
    exact = Keeper(OnboardClock(epoch_utc_ns=EPOCH_NS))
    exact.now = 7
    assert "no clock" in str(exact.handlers[TimeSetCorrelation](command))
    assert exact.instant() == (7, 7 * S, EPOCH_NS + 7 * S)


@settings(max_examples=100, deadline=None)
@given(
    jumps=st.lists(st.tuples(st.integers(1, 90), st.floats(-1e4, 1e4)), max_size=5),
    drift_ppm=st.floats(-100.0, 100.0),
    gnss=st.booleans(),
)
def test_whatever_jumps_met_never_goes_back_and_stays_within_its_drift(jumps, drift_ppm, gnss):
    clock = Clock(gnss=gnss, drift_ppm=drift_ppm)
    last = 0.0
    for ticks, jump_s in jumps:
        for _ in range(ticks):
            clock.run(1)
            assert clock.met_s > last
            last = clock.met_s
        clock.oscillator.jump(round(jump_s * S))
    clock.run(50)
    assert clock.met_s == pytest.approx(clock.tick, abs=0.05 + 1e-4 * clock.tick + 0.01 * len(jumps))


def test_time_that_rests_on_ground_goes_on_resting_on_it_where_there_is_no_gnss():
    clock = Clock(gnss=False)
    clock.run(10)
    clock.state = msgspec.structs.replace(clock.state, sync=TimeSync.GROUND)
    clock.run(200)
    assert clock.state.sync is TimeSync.GROUND


def test_what_a_restart_needs_goes_out_with_every_sixth_reading():
    keeper = Keeper(OnboardClock(fitted=True, epoch_utc_ns=EPOCH_NS))
    kept = [TimeCriticalData in keeper.hear(10 * n + 1, ClockSensors((10 * n + 1) * S, None)) for n in range(20)]
    assert [n for n, stored in enumerate(kept) if stored] == [0, 6, 12, 18]


HELD = State(
    tick=10,
    counter_ns=50 * S,
    offset_ns=-3 * S,
    reference_met_ns=40 * S,
    reference_utc_ns=1000 * S,
    rate_ppb=1000.0,
    sync=TimeSync.FREE,
    jumps=3,
)
"""MET is 47 s, UTC 1,007 s and 7 us"""
STILL = msgspec.structs.replace(HELD, rate_ppb=0.0)
"""the same without a rate: UTC is MET and 960 s"""


def heard(before: State, tick: int, counter_ns: int, gnss_ns: int | None = None) -> tuple[State, list[Message]]:
    return read(before, ClockSensors(counter_ns, gnss_ns), tick, S, CONFIG)


@pytest.mark.parametrize(("tick", "met"), [(10, 47 * S), (14, 51 * S - 4000), (1010, 1047 * S - 1_000_000)])
def test_between_readings_met_goes_on_by_ticks_at_the_oscillator_s_rate(tick: int, met: int):
    assert met_ns(HELD, tick, S) == met


def test_neither_met_nor_utc_is_ever_below_zero():
    assert met_ns(State(counter_ns=5, offset_ns=-S), 0, S) == 0
    assert utc_at(State(reference_met_ns=40 * S, reference_utc_ns=S), 7) == 0
    assert (met_ns(State(), 0, S), utc_at(State(reference_utc_ns=0), 0)) == (0, 0)


@pytest.mark.parametrize(("met", "utc"), [(40 * S, 1000 * S), (47 * S, 1007 * S + 7000), (33 * S, 993 * S - 7000)])
def test_utc_goes_on_from_its_reference_at_the_rate_that_was_learnt(met: int, utc: int):
    assert utc_at(HELD, met) == utc


@pytest.mark.parametrize(
    ("ticks", "gap_ns", "jumped"),
    [
        (0, 10_000_000, False),
        (0, 10_000_001, True),
        (0, -10_000_000, False),
        (0, -10_000_001, True),
        (100, 29_999_990, False),
        (100, 30_000_010, True),
        (100, -29_999_990, False),
        (100, -30_000_010, True),
    ],
)
def test_a_counter_may_be_off_by_ten_milliseconds_and_the_drift_of_an_oscillator_that_works(
    ticks: int, gap_ns: int, jumped: bool
):
    after, told = heard(HELD, 10 + ticks, (50 + ticks) * S + gap_ns)
    assert [event.id for event in told if isinstance(event, Event)] == ["clock.jump"] * jumped
    assert after.offset_ns == -3 * S - gap_ns * jumped
    assert after.jumps == 3 + jumped
    assert (after.tick, after.counter_ns) == (10 + ticks, (50 + ticks) * S + gap_ns)


def test_a_jump_is_told_to_the_microsecond():
    _, told = heard(HELD, 11, 51 * S + 1_234_567_891)
    assert told == [Event(Severity.WARNING_HI, "clock.jump", {"jump_s": 1.234568})]


@pytest.mark.parametrize(
    ("slew_ns", "ticks", "made_ns"),
    [
        (1_000_000, 10, 1_000_000),
        (20_000_000, 10, 5_000_000),
        (-20_000_000, 10, -5_000_000),
        (-1_000_000, 10, -1_000_000),
        (20_000_000, 0, 1),
        (0, 10, 0),
    ],
)
def test_a_slew_is_made_by_500_ppm_of_the_time_since_the_last_reading(slew_ns: int, ticks: int, made_ns: int):
    before = msgspec.structs.replace(HELD, slew_ns=slew_ns)
    after, told = heard(before, 10 + ticks, (50 + ticks) * S)
    assert told == []
    assert after.reference_utc_ns == 1000 * S + made_ns
    assert after.slew_ns == slew_ns - made_ns


def test_a_node_without_utc_has_nothing_to_slew():
    before = msgspec.structs.replace(HELD, slew_ns=20, reference_utc_ns=None)
    after, _ = heard(before, 20, 60 * S)
    assert (after.slew_ns, after.reference_utc_ns) == (20, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TimeSync.GNSS, TimeSync.FREE),
        (TimeSync.FREE, TimeSync.FREE),
        (TimeSync.GROUND, TimeSync.GROUND),
        (TimeSync.NONE, TimeSync.NONE),
    ],
)
def test_without_a_fix_time_rests_on_what_it_rested_on_but_not_on_gnss(before: TimeSync, after: TimeSync):
    state = msgspec.structs.replace(HELD, sync=before, gnss_error_ns=12)
    free, told = heard(state, 20, 60 * S)
    assert (free.sync, free.gnss_error_ns, told) == (after, None, [])
    assert utc_at(free, 57 * S) == utc_at(HELD, 57 * S)


@pytest.mark.parametrize("sync", [TimeSync.GNSS, TimeSync.FREE, TimeSync.GROUND])
@pytest.mark.parametrize(
    ("error_ns", "pulled_ns", "rate_ppb"),
    [
        (1_000_000, 300_000, 2000.0),
        (-1_000_000, -300_000, -2000.0),
        (0, 0, 0.0),
        (500_000_000, 150_000_000, 200_000.0),
        (-500_000_000, -150_000_000, -200_000.0),
    ],
)
def test_gnss_pulls_phase_by_three_tenths_and_rate_by_a_fiftieth(
    sync: TimeSync, error_ns: int, pulled_ns: int, rate_ppb: float
):
    before = msgspec.structs.replace(STILL, sync=sync, slew_ns=777)
    after, told = heard(before, 20, 60 * S, 1017 * S + 777 + error_ns)
    assert told == []
    assert (after.reference_met_ns, after.reference_utc_ns) == (57 * S, 1017 * S + 777 + pulled_ns)
    assert after.rate_ppb == pytest.approx(rate_ppb)
    assert (after.slew_ns, after.sync, after.gnss_error_ns) == (0, TimeSync.GNSS, error_ns)


def test_what_gnss_has_taught_is_added_to_the_rate_that_was_known():
    after, _ = heard(HELD, 20, 60 * S, 1017 * S + 17_000 + 1_000_000)
    assert after.rate_ppb == pytest.approx(3000.0)
    again, _ = heard(HELD, 10, 50 * S, 1007 * S + 7000)
    assert again.rate_ppb == 1000.0, "two readings in one tick, without an error between them"


@pytest.mark.parametrize("error_ns", [500_000_001, -500_000_001, 1_234_567_891])
def test_gnss_time_beyond_the_gate_is_rejected_once_it_was_acquired_and_told_once(error_ns: int):
    before = msgspec.structs.replace(STILL, sync=TimeSync.GNSS)
    after, told = heard(before, 20, 60 * S, 1017 * S + error_ns)
    error_s = round(error_ns / S, 6)
    assert told == [Event(Severity.WARNING_HI, "clock.gnss_rejected", {"error_s": error_s})]
    assert (after.sync, after.gnss_rejected, after.gnss_error_ns) == (TimeSync.FREE, True, error_ns)
    assert utc_at(after, 57 * S) == 1017 * S
    still, told = heard(after, 30, 70 * S, 1027 * S + error_ns)
    assert (still.gnss_rejected, told) == (True, [])
    back, told = heard(still, 40, 80 * S, 1037 * S + 10)
    assert told == [Event(Severity.ACTIVITY_HI, "clock.gnss_back", {})]
    assert (back.sync, back.gnss_rejected) == (TimeSync.GNSS, False)
    assert heard(back, 50, 90 * S, 1047 * S + 10)[1] == []


@pytest.mark.parametrize("sync", [TimeSync.GROUND, TimeSync.FREE])
def test_time_that_gnss_was_rejected_for_rests_on_what_it_rested_on(sync: TimeSync):
    before = msgspec.structs.replace(STILL, sync=sync, gnss_rejected=True)
    after, told = heard(before, 20, 60 * S, 2000 * S)
    assert (after.sync, told) == (sync, [])


def test_gnss_that_was_rejected_by_a_node_that_has_lost_its_time_is_not_told_again():
    before = State(sync=TimeSync.GNSS)
    after, told = heard(before, 20, 20 * S, 2000 * S)
    assert (after.sync, after.gnss_rejected, after.gnss_error_ns, told) == (TimeSync.FREE, True, None, [])


@pytest.mark.parametrize("sync", [TimeSync.GROUND, TimeSync.FREE])
def test_gnss_far_from_a_time_that_rests_on_less_is_taken_over_at_once(sync: TimeSync):
    before = msgspec.structs.replace(HELD, sync=sync, slew_ns=5)
    gnss_ns = 1017 * S + 17_000 - 1_234_567_891
    after, told = heard(before, 20, 60 * S, gnss_ns)
    assert told == [Event(Severity.WARNING_LO, "clock.stepped", {"step_s": -1.234568, "by": "gnss"})]
    assert (after.reference_met_ns, after.reference_utc_ns, after.rate_ppb) == (57 * S, gnss_ns, 1000.0)
    assert (after.sync, after.slew_ns, after.gnss_error_ns) == (TimeSync.GNSS, 0, -1_234_567_891 - 5)


def test_a_node_without_utc_takes_gnss_over_and_has_nothing_to_step_from():
    after, told = heard(State(), 20, 20 * S, 1000 * S)
    assert told == [Event(Severity.WARNING_LO, "clock.stepped", {"step_s": 0.0, "by": "gnss"})]
    assert (after.reference_utc_ns, after.sync, after.gnss_error_ns) == (1000 * S, TimeSync.GNSS, None)


@pytest.mark.parametrize("error_ns", [128_000_000, -128_000_000, 5, 1_234_567])
def test_a_correlation_within_128_ms_is_slewed(error_ns: int):
    after = correlated(STILL, 40 * S, 1000 * S + error_ns, 0.0, 47 * S, CONFIG)
    assert not isinstance(after, str)
    state, told = after
    assert told == [Event(Severity.ACTIVITY_LO, "clock.correlated", {"error_s": round(error_ns / S, 6)})]
    assert (state.reference_met_ns, state.reference_utc_ns, state.slew_ns) == (47 * S, 1007 * S, error_ns)
    assert state.sync is TimeSync.GROUND


@pytest.mark.parametrize("error_ns", [128_000_001, -128_000_001, 1_234_567_891])
def test_a_correlation_further_off_is_stepped(error_ns: int):
    before = msgspec.structs.replace(STILL, slew_ns=4)
    utc = 990 * S + error_ns - 4250  # at 250 ppb over the 17 s since
    after = correlated(before, 30 * S, utc, 250.0, 47 * S, CONFIG)
    assert not isinstance(after, str)
    state, told = after
    step_s = round(error_ns / S, 6)
    assert told == [Event(Severity.WARNING_LO, "clock.stepped", {"step_s": step_s, "by": "ground"})]
    assert (state.reference_met_ns, state.reference_utc_ns) == (30 * S, utc)
    assert (state.rate_ppb, state.slew_ns, state.sync) == (250.0, 0, TimeSync.GROUND)


def test_a_node_without_utc_takes_ground_s_word_whole():
    after = correlated(State(), 0, 990 * S, 0.0, 47 * S, CONFIG)
    assert not isinstance(after, str)
    assert after[1] == [Event(Severity.WARNING_LO, "clock.stepped", {"step_s": 0.0, "by": "ground"})]
    assert utc_at(after[0], 47 * S) == 1037 * S


def test_a_restart_without_critical_data_begins_cold_and_one_with_it_where_it_stood():
    config = OnboardClock(fitted=True, epoch_utc_ns=EPOCH_NS)
    again = Keeper(config)
    again.restore(Inbox([]))
    again.now = 7
    assert again.instant() == (7, 7 * S, EPOCH_NS + 7 * S)
    kept = TimeCriticalData(*[getattr(HELD, name) for name in TimeCriticalData.__struct_fields__])
    again.restore(Inbox([("health", kept)]))
    again.now = 10
    assert again.instant() == (10, 47 * S, 1007 * S + 7000)


def test_a_correlation_that_is_refused_is_answered_with_the_reason():
    keeper = Keeper(OnboardClock(fitted=True, epoch_utc_ns=EPOCH_NS))
    keeper.hear(1, ClockSensors(S, EPOCH_NS + S))
    assert "GNSS holds the time" in str(keeper.handlers[TimeSetCorrelation](TimeSetCorrelation(0, EPOCH_NS, 0.0)))


def test_before_anything_is_heard_time_rests_on_what_was_loaded():
    assert initial(None) == State()
    assert initial(5) == State(reference_utc_ns=5, sync=TimeSync.FREE)


@pytest.mark.parametrize(("seconds", "good"), [(0.0, False), (0.05, True), (1e6, True), (1_000_001.0, False)])
@pytest.mark.parametrize("key", ["jump_s", "gate_s", "step_s"])
def test_the_law_s_spans_are_above_zero_and_at_most_a_million_seconds(key: str, seconds: float, good: bool):
    if good:
        assert msgspec.convert({key: seconds}, TimeConfig)
        return
    with pytest.raises(msgspec.ValidationError, match=key):
        msgspec.convert({key: seconds}, TimeConfig)
