"""Virtual device: event-exact inside the tick, whatever the tick's length; no work without power."""

from __future__ import annotations

import itertools
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.devices.accelerator import Batch, Completion
from flightsw.devices.profiles import load_profile
from flightsw.devices.virtual import VirtualDevice
from flightsw.messages.plant import DeviceReadings

SILICON = load_profile("orin-nano").silicon()
WORK_GOP = 12.0
SECOND_NS = 1_000_000_000


def readings(mode: int = 1, *, ready: bool = True, powered: bool = True, clock_mhz: float | None = None):
    clock = SILICON.modes[mode].clock_mhz if clock_mhz is None else clock_mhz
    return DeviceReadings(powered, ready, mode, clock if powered else 0.0, 40.0, False, 10.0, 10.0, False, False, ())


def batch(number: int, scenes: int = 4, arrived_ns: int = 0) -> Batch:
    return Batch(number, number * 100, scenes, arrived_ns, arrived_ns, 0.5, 10.0, 0, 0, WORK_GOP)


def powered_device() -> VirtualDevice:
    device = VirtualDevice(SILICON)
    device.command(power_on=True, mode=1)
    device.observe(readings())
    return device


def fly(device: VirtualDevice, batches: list[Batch], dt_s: float, end_s: float) -> tuple[list[Completion], list[float]]:
    """Run the device over batches that can't be asked for before the tick they arrive in."""
    waiting, done, busy = deque(batches), [], []
    dt_ns = round(dt_s * 1e9)
    for tick in range(round(end_s / dt_s)):
        t_ns = tick * dt_ns

        def give(_free_ns: int, end_ns: int = t_ns + dt_ns) -> Batch | None:
            return waiting.popleft() if waiting and waiting[0].arrived_ns < end_ns else None

        done += device.advance(t_ns, dt_s, give)
        busy.append(device.activity().busy_s)
    return done, busy


def duration_ns(scenes: int, mode: int = 1) -> int:
    return round(SILICON.batch_s(scenes, WORK_GOP, SILICON.modes[mode].clock_mhz) * 1e9)


def test_the_next_batch_starts_the_instant_the_one_before_it_ends():
    done, _ = fly(powered_device(), [batch(0), batch(1), batch(2)], 1.0, 3.0)
    assert [one.batch.number for one in done] == [0, 1, 2]
    assert done[1].started_ns == done[0].finished_ns
    assert done[2].started_ns == done[1].finished_ns
    assert done[0].finished_ns - done[0].started_ns == duration_ns(4)


def test_a_batch_never_starts_before_it_arrives():
    done, busy = fly(powered_device(), [batch(0, arrived_ns=400_000_000)], 1.0, 2.0)
    assert done[0].started_ns == 400_000_000
    assert busy[0] == pytest.approx(duration_ns(4) * 1e-9)


def test_a_batch_crosses_the_edge_of_a_tick_with_the_work_it_has_left():
    device = powered_device()
    long = batch(0, scenes=40)
    assert duration_ns(40) > 2 * SECOND_NS
    assert device.advance(0, 1.0, lambda _: long) == []
    assert device.in_flight is long
    assert device.activity().busy_s == 1.0
    later = [one for tick in (1, 2, 3) for one in device.advance(tick * SECOND_NS, 1.0, lambda _: None)]
    assert later == [Completion(long, 1, 0, duration_ns(40))]


def test_a_slower_clock_stretches_what_is_left_and_not_what_is_done():
    device = powered_device()
    long = batch(0, scenes=40)
    whole_ns, slow_ns = duration_ns(40, 1), duration_ns(40, 0)
    device.advance(0, 1.0, lambda _: long)
    device.observe(readings(0))
    done = [one for tick in range(1, 10) for one in device.advance(tick * SECOND_NS, 1.0, lambda _: None)]
    left = 1.0 - SECOND_NS / whole_ns
    assert done[0].finished_ns == pytest.approx(SECOND_NS + left * slow_ns, abs=2)
    assert done[0].mode == 0


@settings(max_examples=60, deadline=None)
@given(
    gaps_ms=st.lists(st.integers(0, 1500), min_size=1, max_size=12),
    scenes=st.lists(st.integers(1, 40), min_size=12, max_size=12),
    dt_s=st.sampled_from([0.5, 0.25, 0.1, 0.05]),
)
def test_the_length_of_a_tick_changes_no_completion(gaps_ms, scenes, dt_s):
    at_ns, batches = 0, []
    for number, gap_ms in enumerate(gaps_ms):
        at_ns += gap_ms * 1_000_000
        batches.append(batch(number, scenes[number], at_ns))
    coarse, coarse_busy = fly(powered_device(), batches, 1.0, 40.0)
    fine, fine_busy = fly(powered_device(), batches, dt_s, 40.0)
    assert len(coarse) == len(batches)
    assert fine == coarse
    assert sum(fine_busy) == pytest.approx(sum(coarse_busy), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    scenes=st.lists(st.integers(1, 200), min_size=1, max_size=20),
    clocks=st.lists(st.sampled_from([306.0, 408.0, 612.0, 918.0, 1020.0]), min_size=30, max_size=30),
)
def test_busy_time_never_exceeds_the_tick_and_batches_never_overlap(scenes, clocks):
    device = powered_device()
    waiting = deque(batch(number, count) for number, count in enumerate(scenes))
    done: list[Completion] = []
    for tick, clock_mhz in enumerate(clocks):
        device.observe(readings(clock_mhz=clock_mhz))
        done += device.advance(tick * SECOND_NS, 1.0, lambda _: waiting.popleft() if waiting else None)
        assert 0.0 <= device.activity().busy_s <= 1.0
    in_flight = 0 if device.in_flight is None else 1
    assert len(done) + in_flight + len(waiting) == len(scenes)
    assert all(first.finished_ns <= second.started_ns for first, second in itertools.pairwise(done))


@pytest.mark.parametrize(
    "monitors",
    [readings(ready=False), readings(ready=False, powered=False), readings(clock_mhz=0.0)],
    ids=["booting", "dark", "no clock"],
)
def test_a_device_that_is_not_ready_takes_no_work(monitors):
    device = VirtualDevice(SILICON)
    device.command(power_on=True, mode=1)
    device.observe(monitors)
    asked = []
    assert device.advance(0, 1.0, asked.append) == []
    assert asked == []
    assert device.activity().busy_s == 0.0


def test_a_device_commanded_off_does_no_work_that_nobody_pays_for():
    device = powered_device()
    device.advance(0, 1.0, lambda _: batch(0, scenes=40))
    assert device.activity().busy_s == 1.0
    device.command(power_on=False, mode=0)
    assert device.advance(SECOND_NS, 1.0, lambda _: batch(1)) == []
    assert device.activity().busy_s == 0.0
    assert device.telemetry().ready is False
    lost = device.abort()
    assert lost is not None
    assert lost.number == 0
    assert device.in_flight is None


def test_readings_from_before_a_switching_off_are_not_believed_to_be_ready():
    device = powered_device()
    device.command(power_on=False, mode=1)
    device.observe(readings())  # sampled before the hardware obeyed
    device.command(power_on=True, mode=1)
    assert device.telemetry().ready is False
    device.observe(readings())
    assert device.telemetry().ready is True


def test_before_the_first_reading_nothing_is_known():
    telemetry = VirtualDevice(SILICON).telemetry()
    assert (telemetry.powered, telemetry.ready, telemetry.chip_c, telemetry.power_w) == (False, False, None, None)


def test_a_board_that_is_up_does_nothing_before_it_is_commanded_on():
    device = VirtualDevice(SILICON)
    device.observe(readings())
    assert device.telemetry().ready is True
    assert device.advance(0, 1.0, lambda _: batch(0)) == []
    assert device.in_flight is None
