"""What one frame of the terminal's view shows: everything that its panels read. Made by `screen`, drawn by `panels`."""

from __future__ import annotations

from typing import NamedTuple

from flightsw.live.facts import Facts
from flightsw.live.remote import Pace
from flightsw.live.state import LiveState


class Picture(NamedTuple):
    """What is shown."""

    facts: Facts
    state: LiveState
    pace: Pace | None = None
    factor: float | None = None
    """simulated seconds a wall second, of late"""
    note: str = ""
    """word on the last key"""
    has_keys: bool = True
    shows_help: bool = False
    plain: bool = False
    """for a terminal that has ASCII alone"""

    @property
    def celsius(self) -> str:
        """The unit of temperatures."""
        return "C" if self.plain else "°C"
