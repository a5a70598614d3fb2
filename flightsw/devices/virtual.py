"""Virtual silicon: runs batches event-exact inside a tick, at the clock that the plant last reported.

A batch starts the instant the one before it ends, or when it arrives; one that crosses a tick's edge goes on with the
work it has left, at the clock of the next tick. Busy seconds go to the plant, which alone turns them into joules.
Tensors are computed elsewhere (`apps.inference.engine`): this is about time alone.
"""

from __future__ import annotations

from flightsw.devices.accelerator import Batch, Completion, NextBatch, Telemetry
from flightsw.devices.silicon import Silicon
from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import DeviceReadings


class VirtualDevice:
    """The payload computer, emulated. `work_gop`: giga-operations a scene."""

    def __init__(self, silicon: Silicon, work_gop: float) -> None:
        self._silicon = silicon
        self._work_gop = work_gop
        self._readings: DeviceReadings | None = None
        self._power_on = False
        self._mode = 0
        self._batch: Batch | None = None
        self._started_ns = 0
        self._left = 0.0
        """share of the batch under way that is still to be done"""
        self._busy_s = 0.0

    def observe(self, readings: DeviceReadings) -> None:
        """Take the hardware's own monitors."""
        self._readings = readings

    def telemetry(self) -> Telemetry:
        """What it tells of itself."""
        readings = self._readings
        if readings is None:
            return Telemetry(False, 0, None, False, None)
        return Telemetry(
            readings.ready,
            readings.mode,
            readings.chip_c if readings.powered else None,
            readings.throttled,
            readings.power_w,
        )

    def command(self, *, power_on: bool, mode: int) -> None:
        """Ask for power and mode."""
        self._power_on = power_on
        self._mode = mode

    def advance(self, t_ns: int, dt_s: float, next_batch: NextBatch) -> list[Completion]:
        """Work through the tick [t, t + dt)."""
        self._busy_s = 0.0
        readings = self._readings
        if readings is None or not readings.ready or readings.clock_mhz <= 0.0:
            return []
        done: list[Completion] = []
        busy_ns = 0
        free_ns = t_ns
        end_ns = t_ns + round(dt_s * 1e9)
        while free_ns < end_ns:
            if self._batch is None:
                batch = next_batch(free_ns)
                if batch is None or batch.arrived_ns >= end_ns:
                    break
                self._batch, self._left = batch, 1.0
                free_ns = self._started_ns = max(free_ns, batch.arrived_ns)
            whole_s = self._silicon.batch_s(self._batch.scenes, self._work_gop, readings.clock_mhz)
            need_ns = round(self._left * whole_s * 1e9)
            if free_ns + need_ns > end_ns:
                self._left -= (end_ns - free_ns) * 1e-9 / whole_s
                busy_ns += end_ns - free_ns
                break
            busy_ns += need_ns
            free_ns += need_ns
            done.append(Completion(self._batch, readings.mode, self._started_ns, free_ns))
            self._batch = None
        self._busy_s = busy_ns * 1e-9
        return done

    def abort(self) -> Batch | None:
        """Drop what is under way."""
        batch, self._batch = self._batch, None
        return batch

    @property
    def in_flight(self) -> Batch | None:
        """The batch under way."""
        return self._batch

    def activity(self) -> DeviceActivity:
        """What was asked of it and how long it worked in this tick."""
        return DeviceActivity(self._power_on, self._mode, self._busy_s)
