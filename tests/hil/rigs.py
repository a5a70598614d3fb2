"""A device over hands over a board, with so many batches a tick: ticks as the application and its wrapper run them."""

from __future__ import annotations

from collections.abc import Mapping

from flightsw.devices.accelerator import Batch, Completion
from flightsw.devices.board import Board, BoardConfig
from flightsw.devices.board_device import BoardDevice
from flightsw.devices.profiles import load_profile
from flightsw.messages.board import BoardReading
from flightsw.messages.plant import DeviceReadings
from hil.hands import BoardHands
from hil.worker import WorkedEngine, Worker
from tests.hil.boards import TimedEngine

DT_NS = 500_000_000
BATCHES = 3
SILICON = load_profile("linux-host").silicon()
TOP_MHZ = SILICON.modes[-1].clock_mhz


def hardware(clock_mhz: float = TOP_MHZ, mode: int = 2) -> DeviceReadings:
    """The emulated computer, up and running."""
    return DeviceReadings(True, True, mode, clock_mhz, 40.0, False, 5.0, 0.3, False, False, ())


class Rig:
    """A device over hands over a board that a test sets, with so many batches a tick."""

    def __init__(
        self,
        board: Board,
        engine: TimedEngine,
        *,
        stretched: bool = False,
        modes: Mapping[int, str] = {0: "A", 2: "B"},
    ) -> None:
        self.board = board
        self.worker = Worker(engine)
        config = BoardConfig(max_chip_c=85.0, resume_below_k=5.0, max_power_w=20.0)
        self.engine = WorkedEngine()
        self.hands = BoardHands(board, self.worker, self.engine, config, modes, DT_NS, stretched=stretched)
        self.device = BoardDevice(SILICON, self.hands)
        self.tick = 0
        self.given = 0
        self.left = BATCHES

    def next_batch(self, free_ns: int) -> Batch | None:
        if self.left == 0:
            return None
        self.left -= 1
        self.given += 1
        return Batch(self.given, 8 * self.given, 8, 0, 0, 0.5, 10.0, 0, 0, 1.0)

    def run(self, readings: DeviceReadings, *, power_on: bool = True) -> tuple[list[Completion], BoardReading]:
        """One tick, as the application and its wrapper run it."""
        t_ns = self.tick * DT_NS
        self.left = BATCHES
        self.device.begin(t_ns)
        self.device.observe(readings)
        self.device.command(power_on=power_on, mode=readings.mode)
        done = self.device.advance(t_ns, DT_NS * 1e-9, self.next_batch)
        for completion in done:
            assert self.engine.look(completion.batch.first_scene, 8, 0.5, 10.0).output_sha256
        self.tick += 1
        return done, self.device.reading()
