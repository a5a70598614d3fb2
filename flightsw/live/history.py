"""A run's past for pictures: a bounded number of moments, evenly spread, from which any figure's course can be read.

A moment keeps the encoded messages that were the newest at its tick, so that what is drawn is what the log says then.
When there are twice as many as wanted, every second one goes, and from then on they are taken half as often: a run of
any length is told by 400 to 800 of them. What happens between two of them is told by events, of which none is lost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from flightsw.live.state import Happening, LiveState

WANTED = 400
Spans = list[tuple[float, float]]
"""(from, to) in seconds"""


class Moment(msgspec.Struct, frozen=True):
    """The newest messages at one tick, encoded, by topic number."""

    tick: int
    newest: Mapping[int, msgspec.Raw]


class History:
    """The moments of one run, the oldest first."""

    def __init__(self, state: LiveState, wanted: int = WANTED) -> None:
        self.stride_ticks = 1
        """between two of them"""
        self.moments: list[Moment] = []
        self._state = state
        self._wanted = wanted
        self._columns: dict[str, list[Any]] = {}
        """values at the moments, of the figures that were asked for"""
        self._readers: dict[str, Callable[[LiveState], Any]] = {}

    def watch(self, name: str, read: Callable[[LiveState], Any]) -> None:
        """Keep this figure's course from now on. Before the first moment."""
        self._readers[name] = read
        self._columns[name] = []

    def take(self) -> None:
        """Called after each tick: keep the moment if it is due."""
        state = self._state
        if state.tick is None or state.tick % self.stride_ticks:
            return
        self.moments.append(Moment(state.tick, state.snapshot()))
        for name, read in self._readers.items():
            self._columns[name].append(read(state))
        if len(self.moments) >= 2 * self._wanted:
            self._thin()

    def _thin(self) -> None:
        self.stride_ticks *= 2
        kept = [place for place, moment in enumerate(self.moments) if moment.tick % self.stride_ticks == 0]
        self.moments = [self.moments[place] for place in kept]
        for name, column in self._columns.items():
            self._columns[name] = [column[place] for place in kept]

    def times_s(self) -> list[float]:
        """Of the moments."""
        return [moment.tick * self._state.dt_s for moment in self.moments]

    def course(self, name: str) -> list[Any]:
        """A watched figure at the moments; None: unknown."""
        return self._columns[name]

    def at(self, tick: int) -> LiveState | None:
        """The run as it was at the last moment up to this tick; None: before the first."""
        place = bisect_right(self.moments, tick, key=lambda moment: moment.tick) - 1
        if place < 0:
            return None
        moment = self.moments[place]
        return self._state.as_of(moment.tick, moment.newest)


def eclipses(happenings: list[Happening], dt_s: float, end_s: float, *, began_in_one: bool) -> Spans:
    """From shadow's edges, as the plant tells them, to the seconds that lie in shadow; the last may go on."""
    spans: Spans = []
    entered: float | None = 0.0 if began_in_one else None
    for one in happenings:
        if one.id == "eclipse.entry":
            entered = one.tick * dt_s
        elif one.id == "eclipse.exit" and entered is not None:
            spans.append((entered, one.tick * dt_s))
            entered = None
    if entered is not None:
        spans.append((entered, end_s))
    return spans


def value_reader(topic: str, field: str, place: int | None = None) -> Callable[[LiveState], Any]:
    """Reads one field, or one element of it."""

    def read(state: LiveState) -> Any:
        value = state.value(topic, field)
        if place is None or value is None:
            return value
        return value[place] if place < len(value) else None

    return read
