"""Is the payload computer getting on? A device that has work, power and leave, and does nothing, is stopped. Pure.

A functional interrupt (SEFI) and a latch-up (SEL) both show so. With the device switched off, a rail that draws more
than an idle one did is a latch-up for certain: a reset won't clear it. Reads inference's housekeeping and the rail's
current, never the hardware's own flags. Called by `recovery`.
"""

from __future__ import annotations

import msgspec

from flightsw.messages.inference import Binding, InferenceStatus

HELD_MARGIN = 1.25
"""In the lowest mode the grant must exceed what it takes by so much, or work may be held back by the governor."""
SETTLED_TICKS = 4
"""from a command to switch off until the rail's telemetry shows it (sensor n, law n + 1, plant n + 3)"""


class Progress(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of the payload."""

    up: bool = False
    """has worked since it was switched on"""
    idle_ticks: int = 0
    """has had work, power and leave for so long, and done nothing"""
    off_ticks: int = 0
    """commanded off for so long"""
    off_w: float | None = None
    """what its rail draws with the device off, as seen before it was first switched on"""
    met: bool = False
    """has been switched on once"""
    latched: bool = False
    """its rail draws more than that although the device is off"""


def progress_step(
    before: Progress, status: InferenceStatus | None, rail_w: float | None, latch_margin_w: float
) -> Progress:
    """After one tick of housekeeping and of the rail's power (None: not heard)."""
    if status is None:
        return before
    if status.busy_fraction > 0.0:
        if before.up and before.idle_ticks == 0:
            return before
        return Progress(True, 0, 0, before.off_w, True)
    if not status.power_on:
        return _off(before, rail_w, latch_margin_w)
    idle_ticks = before.idle_ticks + 1 if should_work(status) else before.idle_ticks
    if idle_ticks == before.idle_ticks and before.met and not before.off_ticks:
        return before
    return Progress(before.up, idle_ticks, 0, before.off_w, True)


def should_work(status: InferenceStatus) -> bool:
    """It has work and leave, and the grant covers the mode it runs in."""
    margin = HELD_MARGIN if status.mode == 0 else 1.0
    return (
        status.queue_items + status.items_in_flight > 0
        and status.binding not in (Binding.COMMANDED, Binding.PLAN)
        and status.granted_w >= margin * status.predicted_w
    )


def is_stopped(progress: Progress, lost_ticks: int, boot_ticks: int) -> bool:
    """Whether it has been idle for too long: it was at work before, or should have booted by now."""
    return progress.idle_ticks >= (lost_ticks if progress.up else boot_ticks)


def _off(before: Progress, rail_w: float | None, latch_margin_w: float) -> Progress:
    if not before.met:
        highest_w = before.off_w if rail_w is None else max(rail_w, before.off_w or 0.0)
        return before if highest_w == before.off_w else Progress(off_w=highest_w)
    off_ticks = min(SETTLED_TICKS, before.off_ticks + 1)
    latched = before.latched or (
        off_ticks == SETTLED_TICKS
        and rail_w is not None
        and before.off_w is not None
        and rail_w > before.off_w + latch_margin_w
    )
    if not before.up and not before.idle_ticks and off_ticks == before.off_ticks and latched is before.latched:
        return before
    return Progress(False, 0, off_ticks, before.off_w, True, latched)
