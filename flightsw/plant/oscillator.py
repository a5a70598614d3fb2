"""The on-board oscillator and the time that the GNSS receiver gives. True values in, what flight software may see out.

counter += elapsed * (1 + f), f = drift + coefficient * (T - 25 degC) + random walk, in parts per million, held between
two readings. Assumptions: no ageing, no g-sensitivity; the GNSS fix is always there where a receiver is fitted.
Figures are estimates: TCXO data sheets say about 1 ppm over the whole range, of which the temperature takes its part.

Called by the plant process where a scenario has `[plant.clock]`. Faults: `jump` and `gnss_offset_ns`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.messages.time import ClockSensors
from flightsw.streams import Stream

READ_TICKS = 10
REFERENCE_C = 25.0


class ClockConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The on-board clock."""

    drift_ppm: Annotated[float, Meta(ge=-200.0, le=200.0)] = 0.5
    """of the oscillator at 25 degC, positive fast"""
    coefficient_ppm_k: Annotated[float, Meta(ge=-10.0, le=10.0)] = 0.02
    """of the node that it sits on, the bus"""
    walk_ppb: Annotated[float, Meta(ge=0.0, le=1000.0)] = 0.1
    """one sigma of the random walk of frequency, from reading to reading"""
    gnss: bool = True
    """a receiver gives UTC"""
    gnss_sigma_ns: Annotated[float, Meta(ge=0.0, le=1e6)] = 50.0


class Oscillator:
    """One oscillator. `epoch_utc_ns`: UTC at tick 0; None: the scenario has no date, and GNSS gives none."""

    def __init__(
        self, config: ClockConfig, seed: int, dt_s: float, epoch_utc_ns: int | None, cycle_ticks: int = 1
    ) -> None:
        """`cycle_ticks`: of flight software, which then reads at the end of a cycle."""
        self._config = config
        self._dt_ns = round(dt_s * 1e9)
        self._cycle_ticks = cycle_ticks
        self._read_ticks = cycle_ticks * -(-READ_TICKS // cycle_ticks)
        self._read_phase = 0 if cycle_ticks == 1 else self._read_ticks - 1
        self._epoch_utc_ns = epoch_utc_ns if config.gnss else None
        self._stream = Stream(seed, "plant.clock", 2)
        self._counter_ns = 0
        self._walk_ppm = 0.0
        self._ticks = 0
        """read so far"""
        self._jumped = False
        self.gnss_offset_ns = 0
        """what a fault adds to the receiver's time"""

    def jump(self, jump_ns: int) -> None:
        """The counter jumps, forward or back; it is read in the tick that comes, whatever the time."""
        self._counter_ns = max(0, self._counter_ns + jump_ns)
        self._jumped = True

    def read(self, tick: int, node_c: float) -> ClockSensors | None:
        """The reading at the end of this tick; None: none is due."""
        due = tick % self._read_ticks == self._read_phase
        if not due and not (self._jumped and (tick + 1) % self._cycle_ticks == 0):
            return None
        walk, noise = self._stream.normals(tick // self._read_ticks)
        config = self._config
        self._jumped = False
        ppm = config.drift_ppm + config.coefficient_ppm_k * (node_c - REFERENCE_C) + self._walk_ppm
        elapsed_ns = (tick + 1 - self._ticks) * self._dt_ns
        self._ticks = tick + 1
        self._counter_ns += elapsed_ns + round(elapsed_ns * ppm * 1e-6)
        if due:
            self._walk_ppm += 1e-3 * config.walk_ppb * walk
        utc_ns = None
        if self._epoch_utc_ns is not None:
            true_ns = self._epoch_utc_ns + self._ticks * self._dt_ns
            utc_ns = max(0, true_ns + round(config.gnss_sigma_ns * noise) + self.gnss_offset_ns)
        return ClockSensors(self._counter_ns, utc_ns)
