"""The chip's diode against the power that heats it: power swings, the diode doesn't move, so it is stuck. Pure.

The diode's converter is too coarse to show noise. But a chip whose mean power has changed by half of the highest is
kelvins away from where it was, minutes later. Called by `plausibility`.
"""

from __future__ import annotations

import msgspec

MEMORY = 1.0 / 8.0
"""of the mean power, a sample: some 80 ticks, so that a blip of work doesn't count"""
SWING = 0.5
"""of the highest mean power"""


class ChipHeat(msgspec.Struct, frozen=True, gc=False):
    """Of the diode and its power."""

    last_c: float | None = None
    equal: int = 0
    """samples in a row that have been the same"""
    mean_w: float | None = None
    mean_then_w: float = 0.0
    """when the diode last moved"""
    highest_w: float = 0.0
    """of the means"""
    stuck: bool = False
    """has stood still while the power swung, and has not moved since"""


def heat_step(heat: ChipHeat, chip_c: float | None, rail_w: float | None, samples: int) -> ChipHeat:
    """After one sample of both; a missing one is no sample. `samples`: how long it may stand still."""
    if chip_c is None or rail_w is None:
        return heat
    mean_w = rail_w if heat.mean_w is None else heat.mean_w + MEMORY * (rail_w - heat.mean_w)
    highest_w = max(mean_w, heat.highest_w)
    if chip_c != heat.last_c:
        return ChipHeat(chip_c, 0, mean_w, mean_w, highest_w)
    equal = heat.equal + 1
    swung = abs(mean_w - heat.mean_then_w) > SWING * highest_w
    return ChipHeat(chip_c, equal, mean_w, heat.mean_then_w, highest_w, heat.stuck or (swung and equal >= samples))
