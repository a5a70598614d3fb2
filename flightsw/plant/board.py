"""A real board in the payload's place: which of its measurements the plant counts with, and for how long. Pure.

A measurement of a board that is late counts on until it is `hold_ticks` old. Then it is stale: the payload counts as
not ready, and draws what the silicon law says of an idle one. Called by the plant process, every tick.
"""

from __future__ import annotations

import msgspec

from flightsw.devices.board import BoardConfig
from flightsw.messages.board import BoardReading, BoardUse, Quality

PROMPT_TICKS = 1
"""age of a reading whose board answered in time"""


class BoardState(msgspec.Struct, frozen=True, gc=False):
    """The newest reading, as the plant has it."""

    tick: int = 0
    """that it was measured in; before the first one, the start of the run"""
    power_w: float | None = None
    quality: Quality = Quality.MISSING

    def age_ticks(self, tick: int) -> int:
        """Its age in this tick."""
        return tick - self.tick


def step(
    state: BoardState, reading: BoardReading | None, tick: int, config: BoardConfig
) -> tuple[BoardState, BoardUse]:
    """One tick: what is known of the board, and what to count with. Without a power in time that is the silicon law's:
    `power_w` is None then."""
    if reading is not None:
        state = BoardState(reading.tick, reading.power_w, reading.power_quality)
    age_ticks = state.age_ticks(tick)
    if age_ticks > config.hold_ticks:
        return state, BoardUse(None, Quality.STALE, age_ticks)
    quality = Quality.HELD if age_ticks > PROMPT_TICKS and state.power_w is not None else state.quality
    return state, BoardUse(state.power_w, quality, age_ticks)
