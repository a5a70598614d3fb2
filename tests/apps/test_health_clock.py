"""On-board time: jumps taken out, GNSS followed or not believed, ground's correlation stepped or slewed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.health.clock import TimeConfig, correlated, initial, met_ns, read, utc_at
from flightsw.apps.health.timekeeper import OnboardClock, Timekeeper
from flightsw.apps.telecommands import Executed
from flightsw.bus.application import Inbox
from flightsw.messages.commands import TimeSetCorrelation
from flightsw.messages.health import Event
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
