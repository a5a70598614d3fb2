"""Virtual silicon: runs batches event-exact inside a tick, at the clock that the plant last reported.

A batch starts the instant the one before it ends, or when it arrives; one that crosses a tick's edge goes on with the
work it has left, at the clock of the next tick. All of it is in integer nanoseconds, so that at an unchanged clock the
length of a tick changes nothing. Busy seconds go to the plant, which alone turns them into joules. Tensors are computed
elsewhere (`apps.inference.engine`): this is about time alone.

Assumes that a batch does its work at a constant rate (its launch included) and that a change of clock acts at a tick's
edge. Called by the inference application, as the `Accelerator` of every run without a real board.
"""

from __future__ import annotations

from flightsw.devices.accelerator import Batch, Completion, NextBatch, Telemetry
from flightsw.devices.memory import DeviceMemory
from flightsw.devices.monitors import Monitors
from flightsw.devices.silicon import Silicon
from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import DeviceReadings


class VirtualDevice:
    """The payload computer, emulated. `memory`: where its upsets land, if any."""

    def __init__(self, silicon: Silicon, memory: DeviceMemory | None = None) -> None:
        self._silicon = silicon
        self._memory = memory
        self._hardware = Monitors()
        self._batch: Batch | None = None
        self._started_ns = 0
        self._left_ns = 0
        """work left of the batch under way, as time at `_batch_mhz`"""
        self._batch_mhz = 0.0
        self._busy_ns = 0
        self._busy_share = 0.0
        """of the tick that was worked through last"""

    @property
    def in_flight(self) -> Batch | None:
        """The batch under way."""
        return self._batch

    def observe(self, readings: DeviceReadings) -> None:
        """Take the hardware's own monitors."""
        if self._memory is not None:
            if readings.ready and not self._hardware.telemetry.ready:
                self._memory.reload_all()
            self._memory.strike(readings.upsets, self._busy_share)
        self._hardware.observe(readings)

    def telemetry(self) -> Telemetry:
        """What it tells of itself."""
        return self._hardware.telemetry

    def command(self, *, power_on: bool, mode: int) -> None:
        """Ask for power and mode."""
        self._hardware.command(power_on=power_on, mode=mode)

    def advance(self, t_ns: int, dt_s: float, next_batch: NextBatch) -> list[Completion]:
        """Work through the tick [t, t + dt)."""
        self._busy_ns, self._busy_share = 0, 0.0
        done: list[Completion] = []
        if not self._hardware.power_on or not self._hardware.telemetry.ready:
            return done
        end_ns = t_ns + round(dt_s * 1e9)
        free_ns = t_ns
        self._rescale()
        while free_ns < end_ns:
            if self._batch is None:
                batch = next_batch(free_ns)
                if batch is None:
                    break
                self._start(batch, free_ns)
            free_ns = max(free_ns, self._started_ns)
            work_ns = max(0, min(self._left_ns, end_ns - free_ns))
            self._left_ns -= work_ns
            self._busy_ns += work_ns
            free_ns += work_ns
            if self._left_ns > 0:
                break
            assert self._batch is not None
            done.append(Completion(self._batch, self._hardware.telemetry.mode, self._started_ns, free_ns))
            self._batch = None
        self._busy_share = self._busy_ns / (end_ns - t_ns)
        return done

    def abort(self) -> Batch | None:
        """Drop what is under way."""
        batch, self._batch = self._batch, None
        return batch

    def activity(self) -> DeviceActivity:
        """What was asked of it and how long it worked in this tick."""
        return DeviceActivity(self._hardware.power_on, self._hardware.mode, self._busy_ns * 1e-9)

    def _start(self, batch: Batch, free_ns: int) -> None:
        self._batch = batch
        self._started_ns = max(free_ns, batch.arrived_ns)
        self._left_ns = self._whole_ns(batch, self._hardware.clock_mhz)
        self._batch_mhz = self._hardware.clock_mhz

    def _rescale(self) -> None:
        """The clock has changed under a batch: what is left of it takes longer, or less long."""
        if self._batch is None or self._batch_mhz == self._hardware.clock_mhz:
            return
        batch = self._batch
        share = self._left_ns / self._whole_ns(batch, self._batch_mhz)
        self._left_ns = max(1, round(share * self._whole_ns(batch, self._hardware.clock_mhz)))
        self._batch_mhz = self._hardware.clock_mhz

    def _whole_ns(self, batch: Batch, clock_mhz: float) -> int:
        return max(1, round(self._silicon.batch_s(batch.scenes, batch.work_gop, clock_mhz) * 1e9))
