"""A law that throws dice: a mode and a variant at random, for so long at a stretch. Pure.

For `flightsw bench orbit` alone: a bound must lie above whatever a law may do. The dice are a hash of seed and number
of the throw, so that the law remembers its throws and nothing else.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.interface import StandardInferenceLaw
from flightsw.apps.inference.ladder import Ladder
from flightsw.apps.inference.law import Choice, Inputs, Outputs, State, applied, heard
from flightsw.devices.silicon import Silicon


class ChanceState(State, frozen=True):
    """What this law remembers besides."""

    throws: int = 0
    left_ticks: int = 0


class RandomInferenceLaw(StandardInferenceLaw):
    """`[apps.inference] law = "random"`."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """`[apps.inference.law_config]`."""

        seed: Annotated[int, Meta(ge=0, le=2**62)] = 0
        hold_ticks: Annotated[int, Meta(ge=1, le=10_000)] = 60

    def __init__(self, own: Config) -> None:
        self._own = own

    def initial(self) -> State:
        """Nothing is thrown yet."""
        return ChanceState()

    def step(
        self, state: State, inputs: Inputs, silicon: Silicon, ladder: Ladder, config: InferenceConfig
    ) -> tuple[State, Outputs]:
        """One tick."""
        assert isinstance(state, ChanceState)
        throws, left_ticks = state.throws, state.left_ticks - 1
        if left_ticks <= 0:
            throws, left_ticks = throws + 1, self._own.hold_ticks
        digest = hashlib.blake2b(b"%d:%d" % (self._own.seed, throws), digest_size=8).digest()
        mode = digest[0] % len(silicon.modes)
        variants = tuple(digest[1 + place % 7] % len(ladder.rungs) for place in range(len(inputs.work)))
        choice = Choice(None if inputs.waiting == 0 else mode, variants, leap=True)
        after = replace(state, throws=throws, left_ticks=left_ticks)
        return applied(after, heard(state, inputs, silicon, config), choice, inputs, silicon, ladder, config)
