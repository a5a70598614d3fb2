"""The governor: which power mode the payload computer runs in, inside the power budget and the thermal cap. Pure.

A law says which mode it wants; the standard one wants the lowest that would serve the queue in `drain_s`. The mode
taken is the highest, up to that, whose predicted full-load power (the silicon law at the chip's temperature) fits the
lower of both caps. A higher mode must fit by a margin and after a dwell; a lower one is taken at once. Where not even
the lowest mode fits, nothing runs: the device idles, its work held back. So every law stays inside the caps. Called by
`law`, every tick.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.inference.admission import Outlook
from flightsw.apps.inference.config import InferenceConfig
from flightsw.devices.silicon import Silicon
from flightsw.messages.inference import Binding


class GovernorState(msgspec.Struct, frozen=True, gc=False):
    """The mode in force and for how long; `held`: work is held back because nothing fits."""

    mode: int = 0
    ticks: int = 0
    held: bool = True


class Situation(msgspec.Struct, frozen=True, gc=False):
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
    leak_w: float
    """the chip's leakage at its temperature"""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What it decides."""

    mode: int
    work: bool
    """batches may start"""
    demand_w: float
    granted_w: float
    predicted_w: float
    binding: Binding
    variants: tuple[int, ...] = ()
    """of the model, by source; empty: the default one for all"""
    batch_scenes: int | None = None
    """at most in a batch; None: as configured"""
    outlook: Outlook | None = None
    """for admission; None: everybody is let in"""


def demanded_mode(situation: Situation, rates: tuple[float, ...], config: InferenceConfig) -> int | None:
    """The lowest mode that serves what waits within `drain_s` beside what arrives; None: nothing to do. `rates`: scenes
    a second by mode."""
    if situation.waiting == 0 and situation.arriving_per_s == 0.0:
        return None
    needed_per_s = situation.arriving_per_s + situation.waiting / config.drain_s
    for mode, rate in enumerate(rates):
        if rate >= needed_per_s:
            return mode
    return len(rates) - 1


def govern(
    state: GovernorState,
    situation: Situation,
    wanted: int | None,
    silicon: Silicon,
    config: InferenceConfig,
    *,
    leap: bool = False,
    demand: int | None = None,
) -> tuple[GovernorState, Decision]:
    """One tick. `wanted`: the mode that the law asks for; None: there is nothing to do. `leap`: work that comes back
    after a dwell begins in the highest mode that fits rather than in the lowest. `demand`: the mode that it would ask
    for without caps; None: the same."""
    leak_w, working_w = situation.leak_w, silicon.working_w
    granted_w = min(situation.power_cap_w, situation.thermal_cap_w)
    if wanted is None or not situation.enabled:
        binding = Binding.NONE if wanted is None else Binding.COMMANDED
        demand_w = 0.0 if wanted is None else working_w[wanted] + leak_w
        idle = GovernorState(0, state.ticks + 1 if state.mode == 0 else 0, held=True)
        return idle, Decision(0, False, demand_w, granted_w, working_w[0] + leak_w, binding)
    fits = highest_within(working_w, granted_w - leak_w, wanted)
    roomy = highest_within(working_w, granted_w - leak_w - config.margin_w, wanted)
    mode, held = _next_mode(state, fits, roomy, config, leap=leap)
    after = GovernorState(mode, state.ticks + 1 if mode == state.mode and held == state.held else 0, held)
    asked = wanted if demand is None else max(wanted, demand)
    room = roomy if asked == wanted else highest_within(working_w, granted_w - leak_w - config.margin_w, asked)
    bound = room < asked and (held or mode < asked)
    decision = Decision(
        mode,
        not held,
        working_w[asked] + leak_w,
        granted_w,
        working_w[mode] + leak_w,
        _binding(situation, bound=bound),
    )
    return after, decision


def highest_within(working_w: tuple[float, ...], limit_w: float, wanted: int) -> int:
    """The highest mode up to `wanted` that draws at most so much; -1: none. Modes ascend in power."""
    mode = wanted
    while mode >= 0 and working_w[mode] > limit_w:
        mode -= 1
    return mode


def _next_mode(state: GovernorState, fits: int, roomy: int, config: InferenceConfig, *, leap: bool) -> tuple[int, bool]:
    """(mode, held): down at once, up by a margin and after a dwell, out of a hold by a margin into the lowest mode."""
    if fits < 0 or (state.held and roomy < 0):
        return 0, True
    if state.held:
        return roomy if leap and state.ticks >= config.dwell_ticks else 0, False
    if fits < state.mode:
        return fits, False
    if roomy > state.mode and state.ticks >= config.dwell_ticks:
        return roomy, False
    return state.mode, False


def _binding(situation: Situation, *, bound: bool) -> Binding:
    if bound:
        return lower_cap(situation.power_cap_w, situation.thermal_cap_w)
    return Binding.NONE if situation.ready else Binding.DEVICE


def lower_cap(power_cap_w: float, thermal_cap_w: float) -> Binding:
    """Which cap is the one that binds."""
    return Binding.POWER if power_cap_w <= thermal_cap_w else Binding.THERMAL
