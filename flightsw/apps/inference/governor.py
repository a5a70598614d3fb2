"""The governor: which power mode the payload computer runs in, inside the power budget and the thermal cap. Pure.

The demand is the lowest mode that would serve the queue in `drain_s`. The mode chosen is the highest, up to the
demand, whose predicted full-load power (the silicon law at the chip's temperature) fits the lower of both caps. A
higher mode must fit by a margin and after a dwell; a lower one is taken at once. Where not even the lowest mode fits,
nothing runs: the device idles, its work held back.
"""

from __future__ import annotations

from typing import NamedTuple

from flightsw.apps.inference.config import InferenceConfig
from flightsw.devices.silicon import Silicon
from flightsw.messages.inference import Binding

ASSUMED_CHIP_C = 60.0
"""for prediction, while the device gives no temperature"""


class GovernorState(NamedTuple):
    """The mode in force and for how long; `held`: work is held back because nothing fits."""

    mode: int = 0
    ticks: int = 0
    held: bool = True


class Situation(NamedTuple):
    """What the governor decides on."""

    enabled: bool
    """mode of the node and ground allow work"""
    ready: bool
    """the device is up"""
    waiting: int
    """scenes queued or under way"""
    arriving_per_s: float
    """scenes that imaging adds"""
    power_cap_w: float
    thermal_cap_w: float
    chip_c: float | None


class Decision(NamedTuple):
    """What it decides."""

    mode: int
    work: bool
    """batches may start"""
    demand_w: float
    granted_w: float
    predicted_w: float
    binding: Binding


def demanded_mode(situation: Situation, silicon: Silicon, work_gop: float, config: InferenceConfig) -> int | None:
    """The lowest mode that serves what waits within `drain_s` beside what arrives; None: nothing to do."""
    if situation.waiting == 0 and situation.arriving_per_s == 0.0:
        return None
    needed_per_s = situation.arriving_per_s + situation.waiting / config.drain_s
    for mode in range(len(silicon.modes)):
        if silicon.items_per_s(mode, work_gop, config.batch_scenes) >= needed_per_s:
            return mode
    return len(silicon.modes) - 1


def govern(
    state: GovernorState, situation: Situation, silicon: Silicon, work_gop: float, config: InferenceConfig
) -> tuple[GovernorState, Decision]:
    """One tick."""
    chip_c = ASSUMED_CHIP_C if situation.chip_c is None else situation.chip_c
    granted_w = min(situation.power_cap_w, situation.thermal_cap_w)
    wanted = demanded_mode(situation, silicon, work_gop, config)
    if wanted is None or not situation.enabled:
        binding = Binding.NONE if wanted is None else Binding.COMMANDED
        demand_w = 0.0 if wanted is None else silicon.full_load_w(wanted, chip_c)
        idle = GovernorState(0, state.ticks + 1 if state.mode == 0 else 0, True)
        return idle, Decision(0, False, demand_w, granted_w, silicon.full_load_w(0, chip_c), binding)
    demand_w = silicon.full_load_w(wanted, chip_c)
    fitting = [mode for mode in range(wanted + 1) if silicon.full_load_w(mode, chip_c) <= granted_w]
    best = fitting[-1] if fitting else 0
    held = not fitting
    mode = best
    if best > state.mode and not state.held:
        roomy = silicon.full_load_w(best, chip_c) + config.margin_w <= granted_w
        if state.ticks < config.dwell_ticks or not roomy:
            mode = state.mode
    elif state.held and not held:
        held = silicon.full_load_w(0, chip_c) + config.margin_w > granted_w
        mode = 0
    after = GovernorState(mode, state.ticks + 1 if mode == state.mode and held == state.held else 0, held)
    binding = _binding(situation, held or best < wanted)
    decision = Decision(mode, not held, demand_w, granted_w, silicon.full_load_w(mode, chip_c), binding)
    return after, decision


def _binding(situation: Situation, bound: bool) -> Binding:
    if not situation.ready:
        return Binding.DEVICE
    if not bound:
        return Binding.NONE
    return Binding.POWER if situation.power_cap_w <= situation.thermal_cap_w else Binding.THERMAL
