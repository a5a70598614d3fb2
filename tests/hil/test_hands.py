"""The hands of a board: real latency, a lowered cap that lowers the work rate, interlocks that win, long batches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flightsw.devices.accelerator import Batch, Completion
from flightsw.devices.board import BoardConfig
from flightsw.devices.board_device import BoardDevice
from flightsw.devices.profiles import load_profile
from flightsw.messages.board import BoardReading, Quality
from flightsw.messages.plant import DeviceReadings
from hil.hands import MODE_NOT_TAKEN, BoardHands
from hil.worker import WorkedEngine, Worker
from tests.hil.boards import SetBoard, TimedEngine

DT_NS = 60_000_000
SILICON = load_profile("linux-host").silicon()
TOP_MHZ = SILICON.modes[-1].clock_mhz


def hardware(clock_mhz: float = TOP_MHZ, mode: int = 2) -> DeviceReadings:
    """The emulated computer, up and running."""
    return DeviceReadings(True, True, mode, clock_mhz, 40.0, False, 5.0, 0.3, False, False, ())


class Rig:
    """A device over hands over a board that a test sets, with a queue that never ends."""

    def __init__(self, board: SetBoard, engine: TimedEngine, *, stretched: bool = False) -> None:
        self.board = board
        self.worker = Worker(engine)
        config = BoardConfig(max_chip_c=85.0, resume_below_k=5.0, max_power_w=20.0)
        self.engine = WorkedEngine()
        self.hands = BoardHands(board, self.worker, self.engine, config, {0: "A", 2: "B"}, DT_NS, stretched=stretched)
        self.device = BoardDevice(SILICON, self.hands)
        self.tick = 0
        self.given = 0

    def next_batch(self, free_ns: int) -> Batch | None:
        self.given += 1
        return Batch(self.given, 8 * self.given, 8, 0, 0, 0.5, 10.0, 0, 0, 1.0)

    def run(self, readings: DeviceReadings, *, power_on: bool = True) -> tuple[list[Completion], BoardReading]:
        """One tick, as the application and its wrapper run it."""
        t_ns = self.tick * DT_NS
        self.device.begin(t_ns)
        self.device.observe(readings)
        self.device.command(power_on=power_on, mode=readings.mode)
        done = self.device.advance(t_ns, DT_NS * 1e-9, self.next_batch)
        for completion in done:
            assert self.engine.look(completion.batch.first_scene, 8, 0.5, 10.0).output_sha256
        self.tick += 1
        return done, self.device.reading()


@pytest.fixture
def rig() -> Iterator[Rig]:
    one = Rig(SetBoard(), TimedEngine(0.003))
    yield one
    one.worker.close()


def test_batches_take_what_they_take_and_end_within_the_tick_s_share(rig: Rig) -> None:
    done, reading = rig.run(hardware())
    assert len(done) > 3
    assert reading.latency_quality is Quality.MEASURED
    assert all(latency >= 0.003 for latency in reading.latencies_s)
    assert [(one.started_ns, one.finished_ns) for one in done] == list(reading.spans_ns)
    assert all(start < end for start, end in reading.spans_ns)
    assert 0.0 < reading.busy_s <= 0.06


@pytest.mark.parametrize("limits_clock", [False, True])
def test_a_lowered_cap_lowers_the_work_rate_by_the_clock_or_else_by_pauses(limits_clock: bool) -> None:
    rig = Rig(SetBoard(limits_clock=limits_clock), TimedEngine(0.003))
    full = sum(len(rig.run(hardware())[0]) for _ in range(4))
    low = [rig.run(hardware(TOP_MHZ / 4)) for _ in range(4)]
    rig.worker.close()
    reading = low[-1][1]
    assert "limit 0.25" in rig.board.asked
    assert reading.cap_asked == 0.25
    assert reading.cap_applied * reading.duty == pytest.approx(0.25)
    if not limits_clock:  # a stub's batch takes no longer on a slower clock: only pauses show here
        assert full >= 8
        assert sum(len(done) for done, _ in low) < 0.6 * full


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
    rig = Rig(SetBoard(), TimedEngine(0.1))
    first, reading = rig.run(hardware())
    assert first == []
    assert reading.busy_s > 0.02
    assert rig.device.in_flight is not None
    later = [done for _ in range(6) for done in rig.run(hardware())[0]]
    rig.worker.close()
    assert [one.batch.number for one in later][:1] == [1]
    assert later[0].finished_ns - later[0].started_ns > 60_000_000


def test_a_chip_that_is_too_hot_idles_the_board_until_it_has_cooled(rig: Rig) -> None:
    assert rig.run(hardware())[0]
    for chip_c, works in ((86.0, False), (84.0, False), (81.0, False), (79.0, True), (84.0, True)):
        rig.board.show(chip=chip_c)
        done, reading = rig.run(hardware())
        assert bool(done) is works, chip_c
        assert reading.ready is works
        assert reading.limited is not works
    assert "limit 0" in rig.board.asked


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
    rig = Rig(SetBoard(), TimedEngine(0.08))
    rig.run(hardware())
    assert rig.device.abort() is not None
    assert rig.device.in_flight is None
    later = [done for _ in range(6) for done in rig.run(hardware())[0]]
    rig.worker.close()
    assert later
    assert 1 not in [one.batch.number for one in later]
