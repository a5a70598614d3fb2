"""Power cycles of single rails, as recovery asks for them: a load's switch is held open for a while. Pure.

A latch-up ends only so. The law goes on as if nothing were: what it wants is masked, so that a restart of this
application just closes the rail again. Called by `app` while a cycle is under way, and only then.
"""

from __future__ import annotations

OPEN_TICKS = 8
"""a command acts after two ticks; the rest drains the rail's capacitors"""

Cycles = tuple[tuple[int, int], ...]
"""(place of the load, ticks left)"""


def begun(cycles: Cycles, load: str, names: tuple[str, ...]) -> Cycles:
    """With a cycle of this load; one that is under way, or of an unknown load, changes nothing."""
    if load not in names or names.index(load) in [place for place, _ in cycles]:
        return cycles
    return (*cycles, (names.index(load), OPEN_TICKS))


def masked(load_on: tuple[bool, ...], cycles: Cycles) -> tuple[bool, ...]:
    """The switches, those under a cycle open."""
    held = [place for place, _ in cycles]
    return tuple([wish and place not in held for place, wish in enumerate(load_on)])


def after_tick(cycles: Cycles) -> Cycles:
    """With a tick less to go."""
    return tuple([(place, left - 1) for place, left in cycles if left > 1])
