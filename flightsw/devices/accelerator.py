"""What the payload application may ask of its computer. Behind it: virtual silicon, or a real board.

The application decides what runs and in which power mode; the device decides when a batch is done. `advance` is called
once a tick and asks for the next batch at the very moment the device is free. The hardware's monitors go to the device
and come back as `telemetry`, so that a board that measures itself fits behind the same protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import DeviceReadings


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Consecutive scenes that run together."""

    number: int
    first_scene: int
    scenes: int
    arrived_ns: int
    """when the last of them was there: it can't start before"""
    queued_since_ns: int
    """when the first of them was there"""
    cos_zenith: float
    latitude_deg: float
    source: int
    """whose they are, by its place in the scenario"""
    variant: int
    """of the model, by its place in the card"""
    work_gop: float
    """a scene"""


class Completion(msgspec.Struct, frozen=True, gc=False):
    """A batch that is done."""

    batch: Batch
    mode: int
    started_ns: int
    finished_ns: int


class Telemetry(msgspec.Struct, frozen=True, gc=False):
    """What the device tells the application of itself. None: not known."""

    powered: bool
    ready: bool
    """accepts work"""
    mode: int
    chip_c: float | None
    throttled: bool
    power_w: float | None


NextBatch = Callable[[int], Batch | None]
"""(free_ns) -> a batch to start at or after then, or None: nothing to do in this tick. A batch given is taken."""


class Accelerator(Protocol):
    """The payload computer."""

    @property
    def in_flight(self) -> Batch | None:
        """The batch under way."""

    def observe(self, readings: DeviceReadings) -> None:
        """Take the hardware's own monitors."""

    def telemetry(self) -> Telemetry:
        """What it tells of itself."""

    def command(self, *, power_on: bool, mode: int) -> None:
        """Ask for power and mode; they take effect when the hardware gets to it. Without power nothing runs."""

    def advance(self, t_ns: int, dt_s: float, next_batch: NextBatch) -> list[Completion]:
        """Work through the tick [t, t + dt); what was finished in it."""

    def abort(self) -> Batch | None:
        """Drop what is under way, because it was lost; the batch, whose scenes may be tried again."""

    def activity(self) -> DeviceActivity:
        """What was asked of it and how long it worked in this tick."""
