"""The silicon law: what a chip draws and how long a batch takes, given mode, clock and temperature. One law, pure.

    P = P_base(mode) + activity * (P_host(mode) + k f V(f)^2) + P_leak exp(b (T - T0))
    t_batch = t_launch + n * work / (throughput per MHz * f)

P_base: everything of the module that runs whether or not it works (rails, idle memory, idle cores). P_host: what works
along with the clock's domain and at its own clock (host cores that feed an accelerator, memory traffic).
Over temperature the hardware caps the clock: at one step, or over a band from `throttle_c` to `throttle_full_c`.
Source of the form: CMOS switching and subthreshold leakage (reference: Weste & Harris, CMOS VLSI Design, ch. 5); the
figures are the profile's, each with its own source. Valid from -40 C to the shutdown trip.

Used by the plant (joules and heat), by the virtual device (time) and by the governor (prediction): flight software
and plant share this law and the data sheet, nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class PowerMode:
    """One power mode of the device."""

    name: str
    clock_mhz: float
    base_w: float
    """drawn when it runs and does nothing, leakage apart"""
    host_w: float = 0.0
    """drawn on top while it works, by what has a clock of its own"""


@dataclass(frozen=True)
class Silicon:
    """A chip's figures. `dvfs`: (clock_mhz, volts) ascending."""

    modes: tuple[PowerMode, ...]
    dvfs: tuple[tuple[float, float], ...]
    switched_w_per_mhz_v2: float
    leakage_w: float
    """at `leakage_reference_c`"""
    leakage_per_k: float
    leakage_reference_c: float
    launch_s: float
    """per batch, whatever is in it"""
    gop_per_s_mhz: float
    gated_w: float
    """module powered down, its rail on"""
    boot_w: float
    boot_s: float
    throttle_c: float
    throttle_hysteresis_k: float
    throttle_clock_mhz: float
    shutdown_c: float
    throttle_full_c: float | None = None
    """end of the band over which the clock is capped progressively; None: one step at `throttle_c`"""
    int8_speedup: float = 1.0
    """how much faster a network's operations run in int8 than in fp32"""

    def ceiling_mhz(self, chip_c: float) -> float:
        """The clock that the hardware allows once it throttles: falls in a line over the band, if there is one."""
        full_c = self.throttle_full_c
        if full_c is None or chip_c >= full_c:
            return self.throttle_clock_mhz
        top_mhz = self.modes[-1].clock_mhz
        share = (chip_c - self.throttle_c) / (full_c - self.throttle_c)
        return top_mhz - (top_mhz - self.throttle_clock_mhz) * share if share > 0.0 else top_mhz

    def volts(self, clock_mhz: float) -> float:
        """Core voltage at a clock, linear between the table's points, held outside them."""
        low_mhz, low_v = self.dvfs[0]
        if clock_mhz <= low_mhz:
            return low_v
        for high_mhz, high_v in self.dvfs[1:]:
            if clock_mhz <= high_mhz:
                return low_v + (high_v - low_v) * (clock_mhz - low_mhz) / (high_mhz - low_mhz)
            low_mhz, low_v = high_mhz, high_v
        return low_v

    @cached_property
    def _dynamic_w(self) -> dict[float, float]:
        """Switching power at the clocks that it usually runs at."""
        clocks = {*(mode.clock_mhz for mode in self.modes), self.throttle_clock_mhz, 0.0}
        return {clock_mhz: self._switching_w(clock_mhz) for clock_mhz in sorted(clocks)}

    def dynamic_w(self, clock_mhz: float) -> float:
        """Switching power at full activity."""
        known_w = self._dynamic_w.get(clock_mhz)
        return self._switching_w(clock_mhz) if known_w is None else known_w

    def _switching_w(self, clock_mhz: float) -> float:
        volts = self.volts(clock_mhz)
        return self.switched_w_per_mhz_v2 * clock_mhz * volts * volts

    def leak_w(self, chip_c: float) -> float:
        """Leakage at a chip temperature."""
        return self.leakage_w * math.exp(self.leakage_per_k * (chip_c - self.leakage_reference_c))

    def power_w(self, mode: int, clock_mhz: float, chip_c: float, activity: float) -> float:
        """What a running device draws; `activity`: share of the time that it works."""
        row = self.modes[mode]
        return row.base_w + activity * (row.host_w + self.dynamic_w(clock_mhz)) + self.leak_w(chip_c)

    def idle_w(self, mode: int, chip_c: float) -> float:
        """What a mode draws doing nothing."""
        return self.modes[mode].base_w + self.leak_w(chip_c)

    @cached_property
    def working_w(self) -> tuple[float, ...]:
        """What each mode draws working all the time at its own clock, leakage apart."""
        return tuple(mode.base_w + mode.host_w + self.dynamic_w(mode.clock_mhz) for mode in self.modes)

    def full_load_w(self, mode: int, chip_c: float) -> float:
        """What a mode draws working all the time at its own clock."""
        return self.working_w[mode] + self.leak_w(chip_c)

    def batch_s(self, items: int, work_gop: float, clock_mhz: float) -> float:
        """How long a batch takes; `work_gop`: giga-operations an item."""
        return self.launch_s + items * work_gop / (self.gop_per_s_mhz * clock_mhz)

    def items_per_s(self, mode: int, work_gop: float, batch: int) -> float:
        """Throughput of a mode at its own clock with full batches."""
        return batch / self.batch_s(batch, work_gop, self.modes[mode].clock_mhz)

    def runs_away_above_k_w(self, ambient_c: float, dynamic_w: float) -> float:
        """Thermal resistance to ambient above which leakage has no stable temperature.

        Runaway when b R P_L exp(b (T_a + R P_d - T_0)) > 1/e (Lambert W has no real branch); the boundary is where
        both sides are equal, found by bisection. Validation case P20. A chip whose leakage doesn't grow never does.
        """
        leak, b = self.leakage_w, self.leakage_per_k
        if leak * b == 0.0:
            return math.inf
        low, high = 0.0, 1.0

        def excess(resistance_k_w: float) -> float:
            rise = ambient_c + resistance_k_w * dynamic_w - self.leakage_reference_c
            return b * resistance_k_w * leak * math.exp(b * rise) - math.exp(-1.0)

        while excess(high) < 0.0:
            high *= 2.0
        for _ in range(80):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if excess(middle) < 0.0 else (low, middle)
        return 0.5 * (low + high)
