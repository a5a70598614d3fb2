"""What boards do to a bench, done by stand-ins to the real drivers: a flagged value or an event, a safe state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flightsw.apps.inference.boardevents import board_changes
from flightsw.devices.board import Capability, Reading, Standing
from flightsw.messages.board import BoardReading, Quality
from flightsw.messages.health import Event
from hil.drivers.composed import ComposedBoard
from hil.drivers.jetson import jetson_board
from hil.drivers.power import LinePower, ProcessorModel, Rapl
from hil.drivers.raspberrypi import raspberry_pi_board
from hil.drivers.thermal import ThermalZones
from hil.fakes.jetson import AGX_ORIN, GPU_FOLDER, ORIN_NANO, FakeJetson
from hil.fakes.raspberrypi import FakePi
from hil.tree import Tree
from tests.hil.boards import TimedEngine
from tests.hil.rigs import TOP_MHZ, Rig, hardware
from tests.hil.test_linux import ZONE, with_rapl
from tests.hil.trees import DENIED, Clock, FailingTree

RAPL_END_UJ = 262_143_328_850
NANO_MODES = {0: "15W", 1: "7W", 2: "MAXN_SUPER"}


class Flight:
    """Ticks of a rig over a stand-in, and the events between them."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.before: BoardReading | None = None

    def tick(self, mode: int = 2, clock_mhz: float = TOP_MHZ) -> tuple[BoardReading, list[tuple[str, object]]]:
        _, reading = self.rig.run(hardware(clock_mhz, mode))
        told = board_changes(self.before, reading)
        self.before = reading
        return reading, [(e.id, next(iter(e.args.values()))) for e in told if isinstance(e, Event)]


@pytest.fixture
def nano(tmp_path: Path) -> Iterator[Callable[..., tuple[FakeJetson, Flight]]]:
    rigs: list[Rig] = []

    def make(**failing: dict[str, int]) -> tuple[FakeJetson, Flight]:
        fake = FakeJetson(tmp_path, ORIN_NANO)
        board = jetson_board(FailingTree(tmp_path, **failing))
        board.sample_s = 0.0
        rigs.append(Rig(board, TimedEngine(0.002), modes=NANO_MODES))
        return fake, Flight(rigs[-1])

    yield make
    for rig in rigs:
        rig.worker.close()


def test_zones_that_all_go_dark_hold_the_board_and_let_go_when_they_are_back(
    nano: Callable[..., tuple[FakeJetson, Flight]],
) -> None:
    fake, flight = nano()
    reading, events = flight.tick()
    assert reading.latencies_s
    assert events == []
    for place, _ in enumerate(ORIN_NANO.zones):
        fake.tree.break_(f"/sys/class/thermal/thermal_zone{place}/temp")
    reading, events = flight.tick()
    assert (reading.ready, reading.limited, reading.latencies_s) == (False, True, ())
    assert [event for event, _ in events] == ["board.limited", "board.sensor_lost"]
    assert fake.tree.number(f"{GPU_FOLDER}/max_freq") == 306_000_000
    fake.show(6.0, 45.0)
    reading, events = flight.tick()
    assert reading.latencies_s
    assert [event for event, _ in events] == ["board.released", "board.sensor_back"]


def test_a_rail_that_vanishes_is_a_lost_sensor_and_the_work_goes_on(
    nano: Callable[..., tuple[FakeJetson, Flight]],
) -> None:
    fake, flight = nano()
    assert flight.tick()[0].power_quality is Quality.MEASURED
    fake.tree.remove(f"{fake.rail_folder(0)}/curr1_input")
    reading, events = flight.tick()
    assert (reading.power_w, reading.power_quality) == (None, Quality.MISSING)
    assert events == [("board.sensor_lost", "power")]
    assert reading.latencies_s


def test_a_mode_that_silently_is_not_taken_is_flagged_and_the_clock_is_held_all_the_same(
    nano: Callable[..., tuple[FakeJetson, Flight]],
) -> None:
    fake, flight = nano()
    assert flight.tick(mode=2)[1] == []
    assert fake.mode == "MAXN_SUPER"
    reading, events = flight.tick(mode=1, clock_mhz=TOP_MHZ / 2)
    assert events == [("board.flagged", "mode-not-taken")]
    assert fake.mode == "MAXN_SUPER"
    assert fake.tree.number(f"{GPU_FOLDER}/max_freq") == 510_000_000
    assert reading.cap_applied == 0.5
    assert flight.tick(mode=0)[0].flags == ()


def test_a_clock_that_may_not_be_written_is_made_up_for_by_pauses(
    nano: Callable[..., tuple[FakeJetson, Flight]],
) -> None:
    _, flight = nano(writing={f"{GPU_FOLDER}/max_freq": DENIED})
    reading, events = flight.tick(clock_mhz=TOP_MHZ / 4)
    assert (reading.cap_applied, reading.duty) == (1.0, 0.25)
    assert events == [("board.flagged", "clock-not-taken")]


def test_over_current_is_flagged(nano: Callable[..., tuple[FakeJetson, Flight]]) -> None:
    fake, flight = nano()
    flight.tick()
    fake.complain()
    assert ("board.flagged", "over-current:oc1") in [event for _ in range(2) for event in flight.tick()[1]]


def test_a_pi_s_under_voltage_is_told_when_it_is_new_and_not_when_it_was_sticky_before(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi5", throttled=0x40000)
    board = raspberry_pi_board(Tree(tmp_path))
    board.sample_s = 0.0
    rig = Rig(board, TimedEngine(0.002), modes={})
    flight = Flight(rig)
    assert flight.tick()[1] == []
    fake.complain()
    told = [event for _ in range(2) for event in flight.tick()[1]]
    rig.worker.close()
    assert told == [("board.flagged", "under-voltage"), ("board.flagged", "under-voltage-occurred")]


@dataclass
class Meter:
    value: float

    def power(self) -> Reading:
        return Reading(self.value, Quality.MEASURED, "meter")

    def capability(self) -> Capability:
        return Capability("power.meter", Standing.PRESENT, "", "")


@pytest.mark.parametrize("value", [-5.0, 1e9, float("nan"), float("inf")])
def test_a_meter_that_says_what_cannot_be_is_passed_over_and_told(tmp_path: Path, value: float) -> None:
    meter = Meter(value)
    board = ComposedBoard("linux", "a test", [Meter(7.0)], ThermalZones(FailingTree(tmp_path)), meters=[meter])
    sample = board.sample()
    assert sample.power.value == 7.0
    assert sample.meter is not None
    assert (sample.meter.value, sample.meter.quality) == (None, Quality.MISSING)
    assert sample.meter.reason == f"implausible: {value:g}"
    meter.value = 6.0
    assert board.sample().power.value == 6.0


class Host:
    """A Linux machine with RAPL, half a second and 5 J on with each tick."""

    def __init__(self, root: Path) -> None:
        self.tree, self.clock = with_rapl(root, RAPL_END_UJ - 7_000_000), Clock()
        self.files = FailingTree(root)
        rapl = Rapl(self.files, self.clock)
        model = ProcessorModel(self.files, LinePower(4.0, 12.0, "a test"), self.clock)
        board = ComposedBoard("linux", "a test", [rapl, model], ThermalZones(self.files), sample_s=0.0)
        self.rig = Rig(board, TimedEngine(0.002), modes={})
        self.flight = Flight(self.rig)
        self.counts = 0

    def tick(self) -> tuple[BoardReading, list[tuple[str, object]]]:
        self.counts += 1
        self.clock.s += 0.5
        energy_uj = (RAPL_END_UJ - 7_000_000 + self.counts * 5_000_000) % (RAPL_END_UJ + 1)
        self.tree.put(f"{ZONE}/energy_uj", energy_uj)
        self.tree.put("/proc/stat", f"cpu  {100 + 25 * self.counts} 0 0 {300 + 75 * self.counts} 0 0 0 0 0 0")
        return self.flight.tick()


def test_a_counter_that_wraps_goes_on_measuring(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.tick()
    for _ in range(4):
        reading, events = host.tick()
        assert reading.power_w == pytest.approx(10.0)
        assert reading.power_quality is Quality.MEASURED
        assert reading.latencies_s
    host.rig.worker.close()
    assert events == []


def test_a_counter_that_may_not_be_read_any_more_is_told_and_so_is_the_model_that_steps_in(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.tick()
    assert host.tick()[0].power_quality is Quality.MEASURED
    host.files.reading[f"{ZONE}/energy_uj"] = DENIED
    told = [event for _ in range(3) for event in host.tick()[1]]
    reading = host.tick()[0]
    host.files.reading.clear()
    told += [event for _ in range(3) for event in host.tick()[1]]
    host.rig.worker.close()
    assert (reading.power_quality, reading.power_w) == (Quality.MODELLED, pytest.approx(6.0))
    assert told[-1] == ("board.sensor_back", "power")
    assert ("board.sensor_modelled", "power") in told or ("board.sensor_lost", "power") in told
    assert reading.latencies_s


def test_a_rail_that_is_not_connected_is_no_draw_and_no_loss(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, AGX_ORIN)
    board = jetson_board(Tree(tmp_path))
    board.sample_s = 0.0
    rig = Rig(board, TimedEngine(0.002), modes={})
    fake.show(12.0, 45.0)
    reading, events = Flight(rig).tick()
    rig.worker.close()
    assert "NC" in dict(AGX_ORIN.rails)
    assert reading.power_w == pytest.approx(12.0, abs=0.1)
    assert events == []


def test_a_tool_that_is_gone_costs_its_values_and_nothing_else(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi5")
    board = raspberry_pi_board(Tree(tmp_path))
    board.sample_s = 0.0
    rig = Rig(board, TimedEngine(0.002), modes={})
    flight = Flight(rig)
    flight.tick()
    fake.tree.remove("/usr/bin/vcgencmd")
    reading, events = flight.tick()
    rig.worker.close()
    assert events == [("board.sensor_lost", "power")]
    assert reading.chip_c is not None
    assert reading.latencies_s
