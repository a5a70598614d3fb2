"""A stand-in board that lives in an emulated orbit: its tree follows the run that it takes part in.

It tails the run's log, as every observer does, so that it can't change or slow the loop: what the plant says of the
chip's temperature is shown by the stand-in's zones, and what it draws follows from the silicon law at the clock that
its own files allow and the work that the agent did. Called by `flightsw hil stand-in`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from flightsw.bus.logreader import LogReader
from flightsw.devices.profiles import load_profile
from flightsw.devices.silicon import Silicon
from flightsw.errors import ConfigError, LogError
from flightsw.messages.board import BoardReading
from flightsw.messages.plant import DeviceReadings
from flightsw.node.again import scenario_of
from flightsw.record.folder import RUNNING, read_manifest
from flightsw.record.follow import follow
from hil.fakes.jetson import JETSONS, FakeJetson
from hil.fakes.raspberrypi import MODELS, FakePi


class Fake(Protocol):
    """A stand-in."""

    top_mhz: float

    @property
    def clock_mhz(self) -> float: ...

    def show(self, power_w: float, chip_c: float) -> None: ...


KINDS = (*JETSONS, *MODELS)


def make_fake(kind: str, root: Path) -> Fake:
    """A new tree. Raises ConfigError: no such kind, or something is there."""
    if kind not in KINDS:
        raise ConfigError(f"board = {kind!r}: must be {', '.join(KINDS)}")
    if root.exists() and any(root.iterdir()):
        raise ConfigError(f"{root}: not empty: must be a new folder")
    return FakeJetson(root, JETSONS[kind]) if kind in JETSONS else FakePi(root, kind)


class Orbiting:
    """A stand-in and the silicon that it is made of."""

    def __init__(self, fake: Fake, silicon: Silicon, dt_s: float) -> None:
        self._fake = fake
        self._silicon = silicon
        self._dt_s = dt_s
        self._busy = 0.0
        self.shown = 0
        """ticks"""

    def worked(self, reading: BoardReading) -> None:
        """What the agent did."""
        self._busy = min(1.0, reading.busy_s / self._dt_s)

    def be(self, readings: DeviceReadings) -> None:
        """Be what the plant says, at the clock that the stand-in's own files allow."""
        silicon = self._silicon
        mode = min(readings.mode, len(silicon.modes) - 1)
        clock_mhz = silicon.modes[-1].clock_mhz * min(1.0, self._fake.clock_mhz / self._fake.top_mhz)
        self._fake.show(silicon.power_w(mode, clock_mhz, readings.chip_c, self._busy), readings.chip_c)
        self.shown += 1


def follow_run(fake: Fake, run_dir: Path, wait: Callable[[], None]) -> int:
    """Live through a run to its end, from when it begins; the ticks shown. `wait`: between two looks."""
    reader = _begun(run_dir, wait)
    scenario = scenario_of(reader)
    orbiting = Orbiting(fake, load_profile(scenario.plant.profile).silicon(), scenario.dt_s)
    names = [topic.name for topic in reader.header.topics]
    if "hw.board" not in names:
        raise ConfigError(f"{run_dir}: no board is in this run: a stand-in has nothing to do in it")
    device, board = names.index("hw.device"), names.index("hw.board")
    as_readings = msgspec.msgpack.Decoder(DeviceReadings).decode
    as_board = msgspec.msgpack.Decoder(BoardReading).decode
    for _, record in follow(run_dir, wait):
        for number, payload in record.entries:
            if number == device:
                orbiting.be(as_readings(payload))
            elif number == board:
                orbiting.worked(as_board(payload))
    return orbiting.shown


def _begun(run_dir: Path, wait: Callable[[], None]) -> LogReader:
    """The run's log, as soon as there is one. Raises LogError: the run is over and there was none."""
    while True:
        try:
            return LogReader(run_dir)
        except LogError:
            if _has_ended(run_dir):
                raise
            wait()


def _has_ended(run_dir: Path) -> bool:
    try:
        return read_manifest(run_dir).outcome != RUNNING
    except LogError:
        return False
