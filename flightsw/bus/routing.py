"""Where a tick's entries go: by the sequence of their topics, worked out once for each sequence.

A node says the same few sequences over and over, so the tick itself is a look-up. Used by the Exchange alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple

from flightsw.bus.seats import Entry, Seat
from flightsw.bus.table import ProcessTable
from flightsw.errors import MessageError
from flightsw.messages.topics import RESTART

MOST_SEQUENCES = 1024
"""Kept, of each kind."""


class Route(NamedTuple):
    """Where the entries of a tick go, by their topics: worked out once for each sequence of topics."""

    to: tuple[tuple[Seat, Callable[[Sequence[Entry]], Sequence[Entry]], bool, bool], ...]
    """(reader, what picks its entries, whether one topic is among them twice, whether one wakes it)"""
    critical: tuple[tuple[int, Seat], ...]
    """(place, producer) of critical data"""
    orders: tuple[int, ...]
    """places of restart requests"""


class Router:
    """Routes and writers of one process table."""

    def __init__(self, table: ProcessTable, seats: Sequence[Seat]) -> None:
        topics = table.topics.topics
        self._topics = topics
        self._seats = seats
        self._by_name = {seat.name: seat for seat in seats}
        self.producers = tuple([topic.producer for topic in topics])
        """by topic number"""
        self._restart_topic = table.topics.number.get(RESTART)
        self._routes: dict[tuple[int, ...], Route] = {}
        self._permitted: dict[str, set[tuple[int, ...]]] = {row.name: {()} for row in table.rows}
        """sequences of topics that a process has said and may say"""

    def route(self, sequence: tuple[int, ...]) -> Route:
        """Where entries of this sequence of topics go."""
        return self._routes.get(sequence) or self._new_route(sequence)

    def check_writer(self, name: str, sequence: tuple[int, ...]) -> None:
        """Raise MessageError when one of the topics is not this process's own."""
        permitted = self._permitted[name]
        if sequence in permitted:
            return
        for number in sequence:
            if self.producers[number] != name:
                topic = self._topics[number]
                raise MessageError(f"{name} published on {topic.name!r}: its only writer is {topic.producer!r}")
        if len(permitted) >= MOST_SEQUENCES:
            permitted.clear()
        permitted.add(sequence)

    def _new_route(self, sequence: tuple[int, ...]) -> Route:
        topics = [self._topics[number] for number in sequence]
        to = []
        for seat in self._seats:
            places = tuple([place for place, topic in enumerate(topics) if topic.name in seat.row.subscribes])
            if places:
                heard = [topics[place] for place in places]
                twice = len({topic.name for topic in heard}) < len(heard)
                to.append((seat, _picker(places), twice, any(topic.wakes for topic in heard)))
        critical = [
            (place, self._by_name[topic.producer]) for place, topic in enumerate(topics) if topic.is_critical_data
        ]
        orders = [place for place, number in enumerate(sequence) if number == self._restart_topic]
        if len(self._routes) >= MOST_SEQUENCES:
            self._routes.clear()
        return self._routes.setdefault(sequence, Route(tuple(to), tuple(critical), tuple(orders)))


def _picker(places: tuple[int, ...]) -> Callable[[Sequence[Entry]], Sequence[Entry]]:
    """What takes the entries at these places, as one call of C."""
    if len(places) == 1:
        return itemgetter(slice(places[0], places[0] + 1))
    return itemgetter(*places)
