"""The ladder: what each variant of the model costs this device in each of its modes, and what its answers are worth.

Made once from the model's card and the silicon law, and read by the laws, which know a variant by its place. `rates`
are with full batches. Pure data. Made by the application.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from flightsw.devices.models import ModelCard, fp32_gop
from flightsw.devices.silicon import Silicon


class Rung(msgspec.Struct, frozen=True, gc=False):
    """A variant, as this device sees it."""

    name: str
    work_gop: float
    """a scene, in operations of fp32 that take this chip as long"""
    quality: float
    """of its answers, 0 to 1"""


class Ladder(msgspec.Struct, frozen=True):
    """All variants in the order of the card, and what serving them takes."""

    rungs: tuple[Rung, ...]
    default: int
    """what flies where nothing else is asked for"""
    batch_scenes: int
    rates: tuple[tuple[float, ...], ...]
    """scenes a second by variant, then mode"""

    @property
    def cheapest(self) -> int:
        """The variant of the least work."""
        return min(range(len(self.rungs)), key=lambda place: self.rungs[place].work_gop)


def rungs_of(card: ModelCard, silicon: Silicon) -> tuple[Rung, ...]:
    """The card's variants on this chip."""
    return tuple(Rung(one.name, fp32_gop(one, silicon), one.quality) for one in card.variants)


def default_rung(card: ModelCard) -> int:
    """The place of the card's default variant."""
    return card.variants.index(card.variant())


def ladder_of(rungs: Sequence[Rung], default: int, silicon: Silicon, batch_scenes: int) -> Ladder:
    """The ladder for batches of this size."""
    modes = range(len(silicon.modes))
    rates = tuple(tuple(silicon.items_per_s(mode, rung.work_gop, batch_scenes) for mode in modes) for rung in rungs)
    return Ladder(tuple(rungs), default, batch_scenes, rates)
