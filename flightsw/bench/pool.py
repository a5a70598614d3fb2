"""Many flights by some processes: each answers for itself, so that neither their number nor their order shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from flightsw.node.pool import flying

Flight = TypeVar("Flight")
Answer = TypeVar("Answer")


def all_flown(fly: Callable[[Flight], Answer], flights: Iterable[Flight], jobs: int) -> list[Answer]:
    """All of them, in order, by so many processes; `fly` is a module's own function."""
    if jobs <= 1:
        return [fly(flight) for flight in flights]
    with flying(jobs, "spawn") as pool:
        return list(pool.map(fly, flights))
