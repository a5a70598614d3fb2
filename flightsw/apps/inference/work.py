"""The work as a law sees it: what waits by source, what is to come and for how long, what it is worth. Pure data.

Made by the application, every tick.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.inference.places import ALWAYS, Stretch


class SourceWork(msgspec.Struct, frozen=True, gc=False):
    """One source's."""

    waiting: int
    """scenes"""
    oldest_s: float
    """how long the first of them has waited; 0 where none waits"""
    arriving_per_s: float
    """mean, while it is active"""
    stretch: Stretch = ALWAYS
    """in which it is"""
    deadline_s: float = 3600.0
    weight: float = 1.0

    @property
    def active(self) -> bool:
        """Whether it gives work at present."""
        return self.stretch.starts_in_s <= 0.0 and self.arriving_per_s > 0.0

    @property
    def slack_s(self) -> float:
        """Until the first deadline among what waits; where nothing does, of what arrives next."""
        if self.waiting > 0:
            return self.deadline_s - self.oldest_s
        if self.arriving_per_s > 0.0:
            return self.stretch.starts_in_s + self.deadline_s
        return ALWAYS.lasts_s
