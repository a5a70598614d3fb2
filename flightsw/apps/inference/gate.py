"""The gate: whether the payload computer is wanted on at all. Pure.

Switching on costs a boot, so it is done when the boot's power fits the caps, and undone only when not even idling has
fitted them for long. A board that stays dark although it is wanted on has tripped by itself, and is cycled. Called by
`law`, every tick.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.inference.config import InferenceConfig
from flightsw.devices.silicon import Silicon


class GateState(msgspec.Struct, frozen=True, gc=False):
    """What the gate remembers."""

    on: bool | None = None
    """None: not decided yet since the start of the application; a board that is up then stays up"""
    too_much_ticks: int = 0
    dark_ticks: int = 0
    """how long it has been wanted on and without power"""


OPEN = GateState(on=False)


def gate_step(
    state: GateState,
    silicon: Silicon,
    config: InferenceConfig,
    *,
    wanted: bool,
    powered: bool,
    granted_w: float,
    leak_w: float,
) -> GateState:
    """One tick."""
    if not wanted:
        return OPEN
    if not state.on:
        fits = granted_w >= silicon.boot_w + leak_w + config.margin_w
        return GateState(fits or (state.on is None and powered))
    too_much_ticks = state.too_much_ticks + 1 if granted_w < silicon.modes[0].base_w + leak_w else 0
    dark_ticks = 0 if powered else state.dark_ticks + 1
    if too_much_ticks >= config.gate_ticks or dark_ticks >= config.revive_ticks:
        return OPEN
    return GateState(True, too_much_ticks, dark_ticks)
