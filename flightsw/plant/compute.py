"""The payload computer as hardware: power rail, boot, clock, its own throttle and shutdown trips, energy.

The silicon law (`devices.silicon`) says what it draws; this says in which state it is. What it worked comes as busy
seconds from the inference process's device; this module alone turns them into watts. Hardware acts within the tick
and without asking flight software.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from flightsw.devices.silicon import Silicon


class ComputeState(msgspec.Struct, frozen=True, gc=False):
    """What the board remembers."""

    powered: bool = False
    boot_left_s: float = 0.0
    mode: int = 0
    throttled: bool = False
    ceiling_mhz: float = 0.0
    """what over-temperature allows, while throttled"""
    tripped: bool = False
    """shut down over temperature; stays down until it is commanded off, or its rail is"""

    @property
    def ready(self) -> bool:
        """Accepts work."""
        return self.powered and self.boot_left_s <= 0.0


def clock_mhz(silicon: Silicon, state: ComputeState) -> float:
    """The clock it runs at."""
    if not state.powered:
        return 0.0
    wanted = silicon.modes[state.mode].clock_mhz
    return min(wanted, state.ceiling_mhz) if state.throttled else wanted


def step(
    silicon: Silicon, state: ComputeState, rail_on: bool, power_on: bool, mode: int, chip_c: float, dt_s: float
) -> ComputeState:
    """The board after one tick of commands and its own trips."""
    if not rail_on or not power_on:
        if state.powered or state.tripped or state.throttled:
            state = ComputeState(mode=state.mode)
        return state
    if chip_c >= silicon.shutdown_c:
        return ComputeState(mode=state.mode, tripped=True)
    if state.tripped:
        return state
    if not state.powered:
        return ComputeState(powered=True, boot_left_s=silicon.boot_s, mode=mode)
    throttled = chip_c >= silicon.throttle_c or (
        state.throttled and chip_c > silicon.throttle_c - silicon.throttle_hysteresis_k
    )
    ceiling_mhz = silicon.ceiling_mhz(chip_c) if throttled else 0.0
    if state.boot_left_s > 0.0:
        left_s = max(0.0, state.boot_left_s - dt_s)
        return replace(state, boot_left_s=left_s, mode=mode, throttled=throttled, ceiling_mhz=ceiling_mhz)
    if throttled is not state.throttled or mode != state.mode or ceiling_mhz != state.ceiling_mhz:
        return replace(state, mode=mode, throttled=throttled, ceiling_mhz=ceiling_mhz)
    return state


def power_w(silicon: Silicon, state: ComputeState, rail_on: bool, busy_s: float, chip_c: float, dt_s: float) -> float:
    """Mean power over the tick."""
    if not rail_on:
        return 0.0
    if not state.powered:
        return silicon.gated_w
    if state.boot_left_s > 0.0:
        return silicon.boot_w + silicon.leak_w(chip_c)
    return silicon.power_w(state.mode, clock_mhz(silicon, state), chip_c, min(1.0, busy_s / dt_s))
