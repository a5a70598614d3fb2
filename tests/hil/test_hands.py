"""The hands of a board: real latency, a lowered cap that lowers the work rate, interlocks that win, long batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from flightsw.devices.board import Sample
from flightsw.messages.board import Quality
from hil.hands import MODE_NOT_TAKEN
from tests.hil.boards import SetBoard, TimedEngine, watts
from tests.hil.rigs import BATCHES, TOP_MHZ, Rig, hardware


@pytest.fixture
def rig() -> Iterator[Rig]:
    one = Rig(SetBoard(), TimedEngine(0.003))
    yield one
    one.worker.close()


def test_batches_take_what_they_take_and_end_within_the_tick_s_share(rig: Rig) -> None:
    done, reading = rig.run(hardware())
    assert len(done) == BATCHES
    assert reading.latency_quality is Quality.MEASURED
    assert all(latency >= 0.003 for latency in reading.latencies_s)
    assert [(one.started_ns, one.finished_ns) for one in done] == list(reading.spans_ns)
    assert all(start < end for start, end in reading.spans_ns)
    assert 0.009 <= reading.busy_s <= 0.5


@pytest.mark.parametrize("limits_clock", [False, True])
def test_a_lowered_cap_lowers_the_work_rate_by_the_clock_or_else_by_pauses(limits_clock: bool) -> None:
    rig = Rig(SetBoard(limits_clock=limits_clock), TimedEngine(0.003))
    (full, _), (low, reading) = rig.run(hardware()), rig.run(hardware(TOP_MHZ / 4))
    rig.worker.close()
    assert len(full) == len(low) == BATCHES
    assert "limit 0.25" in rig.board.asked
    assert reading.cap_asked == 0.25
    assert reading.cap_applied * reading.duty == pytest.approx(0.25)
    assert reading.duty == (1.0 if limits_clock else 0.25), "what the clock does needs no pauses"
    span_s = 1e-9 * (low[-1].started_ns - low[0].started_ns)
    assert span_s >= 0.999 * sum(reading.latencies_s[:-1]) / reading.duty


def test_a_stand_in_s_batches_take_as_much_longer_as_its_clock_is_below_nominal_and_say_so() -> None:
    rig = Rig(SetBoard(), TimedEngine(0.003), stretched=True)
    rig.board.show(clock=250.0)
    _, reading = rig.run(hardware())
    rig.worker.close()
    assert reading.latencies_s
    assert all(latency >= 0.012 for latency in reading.latencies_s)
    assert reading.latency_quality is Quality.MODELLED


def test_a_batch_that_is_longer_than_a_tick_goes_on_and_is_finished_once(rig: Rig) -> None:
    rig.worker.close()
    rig = Rig(SetBoard(), TimedEngine(0.6))
    first, reading = rig.run(hardware())
    assert first == []
    assert reading.busy_s > 0.1
    assert rig.device.in_flight is not None
    later = [done for _ in range(3) for done in rig.run(hardware())[0]]
    rig.worker.close()
    assert [one.batch.number for one in later][:1] == [1]
    assert later[0].finished_ns > later[0].started_ns


def test_a_chip_that_is_too_hot_idles_the_board_until_it_has_cooled(rig: Rig) -> None:
    assert rig.run(hardware())[0]
    for chip_c, works in ((86.0, False), (84.0, False), (81.0, False), (79.0, True), (84.0, True)):
        rig.board.show(chip=chip_c)
        done, reading = rig.run(hardware())
        assert bool(done) is works, chip_c
        assert reading.ready is works
        assert reading.limited is not works
    assert "limit 0" in rig.board.asked


def test_a_limit_that_is_passed_within_a_tick_ends_its_work_there(rig: Rig) -> None:
    sample = rig.board.sample
    looks = iter([50.0, 60.0])

    def heating() -> Sample:
        rig.board.show(chip=next(looks, 90.0))
        return sample()

    rig.board.sample = heating  # type: ignore[method-assign]
    done, reading = rig.run(hardware())
    assert len(done) < BATCHES
    assert reading.limited


def test_meter_and_sensor_are_compared_over_the_same_samples(rig: Rig) -> None:
    looks = iter(range(10_000))

    def agreeing() -> Sample:
        now = watts(20.0 if next(looks) % 3 else 5.0)
        return Sample(replace(now, age_s=0.5), watts(50.0), watts(TOP_MHZ), meter=now, sensor=now)

    rig.board.sample = agreeing  # type: ignore[method-assign]
    done, reading = rig.run(hardware())
    assert done
    assert next(looks) > 3
    assert reading.power_w is not None
    assert 5.0 < reading.power_w < 20.0
    assert reading.sensor_w == reading.power_w
    assert reading.power_age_s > 0.5 + 0.25 * reading.busy_s  # the middle of the samples, not the last one


def test_a_board_that_draws_too_much_idles_whatever_the_orbit_says(rig: Rig) -> None:
    rig.board.show(power=21.0)
    done, reading = rig.run(hardware())
    assert done == []
    assert reading.limited
    rig.board.show(power=19.0)
    assert not rig.run(hardware())[0]
    rig.board.show(power=17.0)
    assert rig.run(hardware())[0]


def test_a_temperature_that_is_lost_counts_as_too_hot(rig: Rig) -> None:
    assert rig.run(hardware())[0]
    rig.board.show(chip=None)
    done, reading = rig.run(hardware())
    assert done == []
    assert reading.limited
    assert reading.chip_quality is Quality.MISSING


def test_a_board_that_never_showed_a_temperature_is_not_held_for_it() -> None:
    board = SetBoard()
    board.show(chip=None)
    rig = Rig(board, TimedEngine(0.003))
    done, reading = rig.run(hardware())
    rig.worker.close()
    assert done
    assert not reading.limited


def test_power_modes_go_by_the_board_s_own_names_and_one_that_is_not_taken_is_told(rig: Rig) -> None:
    rig.run(hardware(mode=0))
    rig.run(hardware(mode=2))
    assert [word for word in rig.board.asked if word.startswith("mode")] == ["mode A", "mode B"]
    rig.board.takes_modes = False
    rig.run(hardware(mode=0))
    _, reading = rig.run(hardware(mode=2))
    assert MODE_NOT_TAKEN in reading.flags


def test_without_the_emulated_power_the_board_idles_at_its_lowest_clock(rig: Rig) -> None:
    rig.run(hardware())
    done, reading = rig.run(hardware(), power_on=False)
    assert done == []
    assert (reading.cap_asked, rig.board.asked[-1]) == (0.0, "limit 0")


def test_what_computing_a_batch_raises_is_raised(rig: Rig) -> None:
    rig.worker.close()
    rig = Rig(SetBoard(), TimedEngine(0.0, fails=True))
    with pytest.raises(MemoryError, match="no room"):
        rig.run(hardware())
    rig.worker.close()


def test_a_batch_that_is_dropped_is_forgotten(rig: Rig) -> None:
    rig.worker.close()
    rig = Rig(SetBoard(), TimedEngine(0.4))
    rig.run(hardware())
    assert rig.device.abort() is not None
    assert rig.device.in_flight is None
    later = [done for _ in range(4) for done in rig.run(hardware())[0]]
    rig.worker.close()
    assert later
    assert 1 not in [one.batch.number for one in later]
