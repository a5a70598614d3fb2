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


def mode_rates(silicon: Silicon, work_gop: float, config: InferenceConfig) -> tuple[float, ...]:
    """Scenes a second that each mode serves with full batches."""
    return tuple(silicon.items_per_s(mode, work_gop, config.batch_scenes) for mode in range(len(silicon.modes)))


def demanded_mode(situation: Situation, rates: tuple[float, ...], config: InferenceConfig) -> int | None:
    """The lowest mode that serves what waits within `drain_s` beside what arrives; None: nothing to do."""
    if situation.waiting == 0 and situation.arriving_per_s == 0.0:
        return None
    needed_per_s = situation.arriving_per_s + situation.waiting / config.drain_s
    for mode, rate in enumerate(rates):
        if rate >= needed_per_s:
            return mode
    return len(rates) - 1


def govern(
    state: GovernorState, situation: Situation, silicon: Silicon, rates: tuple[float, ...], config: InferenceConfig
) -> tuple[GovernorState, Decision]:
    """One tick. `rates`: see `mode_rates`."""
    leak_w = silicon.leak_w(ASSUMED_CHIP_C if situation.chip_c is None else situation.chip_c)
    working_w = silicon.working_w
    granted_w = min(situation.power_cap_w, situation.thermal_cap_w)
    wanted = demanded_mode(situation, rates, config)
    if wanted is None or not situation.enabled:
        binding = Binding.NONE if wanted is None else Binding.COMMANDED
        demand_w = 0.0 if wanted is None else working_w[wanted] + leak_w
        idle = GovernorState(0, state.ticks + 1 if state.mode == 0 else 0, True)
        return idle, Decision(0, False, demand_w, granted_w, working_w[0] + leak_w, binding)
    best = wanted
    while best >= 0 and working_w[best] + leak_w > granted_w:
        best -= 1
    held = best < 0
    bound = best < wanted
    mode = best = max(best, 0)
    if best > state.mode and not state.held:
        roomy = working_w[best] + leak_w + config.margin_w <= granted_w
        if state.ticks < config.dwell_ticks or not roomy:
            mode = state.mode
    elif state.held and not held:
        held = working_w[0] + leak_w + config.margin_w > granted_w
        mode = 0
    after = GovernorState(mode, state.ticks + 1 if mode == state.mode and held == state.held else 0, held)
    decision = Decision(
        mode, not held, working_w[wanted] + leak_w, granted_w, working_w[mode] + leak_w, _binding(situation, bound)
    )
    return after, decision


def _binding(situation: Situation, bound: bool) -> Binding:
    if not situation.ready:
        return Binding.DEVICE
    if not bound:
        return Binding.NONE
    return Binding.POWER if situation.power_cap_w <= situation.thermal_cap_w else Binding.THERMAL


class PowerState(NamedTuple):
    """Whether the device is wanted on, and how long it has been too much even idling."""

    on: bool = False
    too_much_ticks: int = 0


def power_gate(
    state: PowerState, wanted: bool, granted_w: float, chip_c: float | None, silicon: Silicon, config: InferenceConfig
) -> PowerState:
    """Power the device only when its boot fits the caps; power it down when not even its idling does for long."""
    if not wanted:
        return PowerState()
    if not state.on:
        return PowerState(granted_w >= silicon.boot_w + config.margin_w)
    idle_w = silicon.idle_w(0, ASSUMED_CHIP_C if chip_c is None else chip_c)
    too_much_ticks = state.too_much_ticks + 1 if granted_w < idle_w else 0
    return PowerState(too_much_ticks < config.gate_ticks, too_much_ticks)
