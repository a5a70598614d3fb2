"""The payload computer as a real board: batches are worked by hands that the device is given, and take what they take.

`Hands` is what the board does and tells: `hil` has the hands that work on a real one; `RecalledHands` are those of a
replay, which know from the log what happened. The device itself is the same in both, so that an application that ran
on a board can be run again without it. Power, readiness and mode are the emulated hardware's (`hw.device`); the board
is held to the emulated clock, so that silicon on a desk behaves as flown. Called by the inference application.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from flightsw.devices.accelerator import Batch, Completion, NextBatch, Telemetry
from flightsw.devices.monitors import Monitors
from flightsw.devices.silicon import Silicon
from flightsw.messages.board import BoardReading
from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import DeviceReadings


class Order(NamedTuple):
    """What the board is to be in this tick."""

    tick_ns: int
    dt_s: float
    working: bool
    """the emulated computer is up; otherwise the board idles"""
    mode: int
    """in force, by its place in the profile"""
    cap: float
    """share of the profile's top clock that the emulated hardware runs at"""


class Hands(Protocol):
    """Works batches, one at a time, in a tick that `open` begins."""

    def ready(self, tick_ns: int) -> bool:
        """Whether the board accepts work in this tick."""

    def open(self, order: Order) -> None:
        """The tick begins."""

    def free_ns(self) -> int | None:
        """The instant at which another batch could start; None: not in this tick any more."""

    def start(self, batch: Batch) -> None:
        """Work at this one next."""

    def finished(self) -> tuple[int, int] | None:
        """Start and end of the batch under way, or None when it isn't done by the end of the tick."""

    def drop(self) -> None:
        """The batch under way is lost."""

    def reading(self) -> BoardReading:
        """All that happened in the tick."""


class BoardDevice:
    """An `Accelerator` in front of hands. `silicon`: the data sheet that the node plans by."""

    def __init__(self, silicon: Silicon, hands: Hands) -> None:
        self._silicon = silicon
        self._hands = hands
        self._emulated = Monitors()
        self._batch: Batch | None = None
        self._board_ready = False

    def begin(self, tick_ns: int) -> None:
        """Before the application's step: whether the board will work in this tick at all."""
        self._board_ready = self._hands.ready(tick_ns)

    def reading(self) -> BoardReading:
        """After it: what the board did."""
        return self._hands.reading()

    @property
    def in_flight(self) -> Batch | None:
        """The batch under way."""
        return self._batch

    def observe(self, readings: DeviceReadings) -> None:
        """Take the emulated hardware's monitors."""
        self._emulated.observe(readings)

    def telemetry(self) -> Telemetry:
        """The emulated hardware's word; ready only as the real board is."""
        seen = self._emulated.telemetry
        return Telemetry(
            seen.powered, seen.ready and self._board_ready, seen.mode, seen.chip_c, seen.throttled, seen.power_w
        )

    def command(self, *, power_on: bool, mode: int) -> None:
        """Ask the emulated hardware for power and mode."""
        self._emulated.command(power_on=power_on, mode=mode)

    def advance(self, t_ns: int, dt_s: float, next_batch: NextBatch) -> list[Completion]:
        """Work through the tick."""
        hands, mode = self._hands, self._emulated.telemetry.mode
        working = self._emulated.power_on and self._emulated.telemetry.ready and self._board_ready
        cap = min(1.0, self._emulated.clock_mhz / self._silicon.modes[-1].clock_mhz)
        hands.open(Order(t_ns, dt_s, working, mode, cap))
        done: list[Completion] = []
        while working:
            if self._batch is None:
                free_ns = hands.free_ns()
                batch = None if free_ns is None else next_batch(free_ns)
                if batch is None:
                    break
                hands.start(batch)
                self._batch = batch
            span_ns = hands.finished()
            if span_ns is None:
                break
            done.append(Completion(self._batch, mode, *span_ns))
            self._batch = None
        return done

    def abort(self) -> Batch | None:
        """Drop what is under way."""
        batch, self._batch = self._batch, None
        if batch is not None:
            self._hands.drop()
        return batch

    def activity(self) -> DeviceActivity:
        """What was asked of it and how long the board worked in this tick."""
        return DeviceActivity(self._emulated.power_on, self._emulated.mode, self._hands.reading().busy_s)


class RecalledHands:
    """Hands that do what a log says was done."""

    def __init__(self) -> None:
        self._told: dict[int, BoardReading] = {}
        self._now: BoardReading | None = None
        self._asked: list[int] = []
        self._spans: list[tuple[int, int]] = []

    def recall(self, reading: BoardReading) -> None:
        """Take a reading of the log; its tick is run later."""
        self._told[reading.tick] = reading

    def begin(self, tick: int) -> None:
        """That tick is being run. Without a reading nothing happens in it."""
        self._now = self._told.pop(tick, None)
        self._asked = [] if self._now is None else list(self._now.asked_ns)
        self._spans = [] if self._now is None else list(self._now.spans_ns)

    def ready(self, tick_ns: int) -> bool:  # noqa: ARG002
        return self._now is not None and self._now.ready

    def open(self, order: Order) -> None:
        """The record has it."""

    def free_ns(self) -> int | None:
        return self._asked.pop(0) if self._asked else None

    def start(self, batch: Batch) -> None:
        """The record has when it ends."""

    def finished(self) -> tuple[int, int] | None:
        return self._spans.pop(0) if self._spans else None

    def drop(self) -> None:
        """The record has it."""

    def reading(self) -> BoardReading:
        """Raises LookupError: the log has no word of the board in this tick."""
        if self._now is None:
            raise LookupError("the log has no reading of the board for this tick")
        return self._now
