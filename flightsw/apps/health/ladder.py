"""The recovery ladder: one monitor's steps, each given its time before the next, the last one held. Pure.

A failing monitor takes its first step at once; what still fails when a step's time is over takes the next. A relapse
before `settle_ticks` of peace goes on where the ladder stood; after that it begins at its foot again. A ladder that
latches holds its last step until it is re-armed. Called by `recovery`.
"""

from __future__ import annotations

import msgspec

FOOT = 0


class Climb(msgspec.Struct, frozen=True, gc=False):
    """Where one monitor stands."""

    rung: int = FOOT
    """steps taken"""
    since_tick: int = 0
    """of the last step"""
    well_ticks: int = 0
    """how long it has not been failing, while above the foot"""


AT_FOOT = Climb()


def climb_step(
    climb: Climb,
    tick: int,
    waits: tuple[int, ...],
    settle_ticks: int,
    *,
    failing: bool | None,
    latches: bool,
    skip_to: int = FOOT,
) -> Climb:
    """After one tick. `waits`: each step's time. `skip_to`: a step known to be needed; those below it are left out.
    `failing` None: can't be told now; nothing changes.

    A step was taken in this tick where `rung` has risen.
    """
    top = len(waits)
    if failing is None:
        return climb
    if failing:
        step_is_due = climb.rung == FOOT or tick - climb.since_tick >= waits[climb.rung - 1] or skip_to > climb.rung
        if climb.rung < top and step_is_due:
            return Climb(max(climb.rung + 1, skip_to), tick)
        return Climb(climb.rung, climb.since_tick)
    if climb.rung == FOOT or (latches and climb.rung == top):
        return climb
    well_ticks = climb.well_ticks + 1
    return AT_FOOT if well_ticks >= settle_ticks else Climb(climb.rung, climb.since_tick, well_ticks)
