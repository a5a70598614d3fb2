"""How far the payload drew more than it was granted.

What is decided in a cycle of flight software reaches the hardware a cycle and a tick later; until then the grant before
holds. A grant holds for a cycle: of a payload that says no more, nothing is compared. Fed tick by tick, by the tally
behind a run's summary and by `regress.metrics`.
"""

from __future__ import annotations

from collections import deque

_Grant = tuple[float, bool]
"""(granted_w, whether the device worked in that tick)."""


class Excess:
    """At worst, so far; None: there was no tick to compare."""

    def __init__(self, cycle_ticks: int) -> None:
        self.worst_working_w: float | None = None
        self.worst_idle_w: float | None = None
        self.drawn_w: float | None = None
        """in the tick under way"""
        self._newest: _Grant | None = None
        self._age_ticks = self._cycle_ticks = cycle_ticks
        """of the newest grant, and how long one holds"""
        self._grants: deque[_Grant | None] = deque(maxlen=cycle_ticks + 2)
        """by tick: the first one is in force in the last tick"""

    def grant(self, granted_w: float, *, working: bool) -> None:
        """So much is granted from the tick under way on; `working`: the device did in its last cycle."""
        self._newest, self._age_ticks = (granted_w, working), 0

    def end_tick(self) -> None:
        """Compare."""
        grants, drawn_w = self._grants, self.drawn_w
        grants.append(self._newest if self._age_ticks < self._cycle_ticks else None)
        self._age_ticks += 1
        self.drawn_w = None
        if drawn_w is None or len(grants) < self._cycle_ticks + 2 or grants[0] is None:
            return
        granted_w, working = grants[0]
        excess_w = max(0.0, drawn_w - granted_w)
        if working:
            self.worst_working_w = max(excess_w, self.worst_working_w or 0.0)
        else:
            self.worst_idle_w = max(excess_w, self.worst_idle_w or 0.0)
