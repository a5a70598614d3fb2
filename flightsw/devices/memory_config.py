"""The payload's memory as a scenario states it: how large it is, and what guards the weights in it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class MemoryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The payload's memory, and what guards the weights in it. The defaults guard nothing."""

    footprint_bytes: Annotated[int, Meta(ge=1, le=10**12)] = 100_000_000
    """memory that upsets are counted over: `plant.radiation.upsets_per_day` is of all of it"""
    activation_bytes: Annotated[int, Meta(ge=0, le=10**12)] = 4_000_000
    """of it, activations of the batch under way (estimate: eight tiles of the largest shipped network)"""
    copies: Annotated[int, Meta(ge=1, le=3)] = 1
    """of each weight; three are repaired by vote, without a reload"""
    scrub_s: Annotated[float, Meta(gt=0.0, le=1e7)] | None = None
    """the sums of all weights are compared so often; None: never"""
    golden_s: Annotated[float, Meta(gt=0.0, le=1e7)] | None = None
    """the golden input is looked at so often; None: never"""

    def __post_init__(self) -> None:
        if self.copies == 2:
            raise ValueError("copies = 2: must be 1 or 3: two that differ can't be told apart")
