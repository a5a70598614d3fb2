"""Load shedding: tiers by state of charge, latched, and which loads are to be on. Pure; called by `law`.

Shedding makes the bus rebound, so a tier stays latched until the charge has really come back, and for a while at
least: a brown-out at a good charge would otherwise be released, and come again, within a few ticks.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.power.config import HEATER, PAYLOAD, LoadRow, PowerConfig

ESSENTIAL = 1_000
"""tier of a load that is never shed"""
SETTLE_TICKS = 4
"""A command is in force at the plant, and seen in its telemetry, only then: until then a brown-out is the old one."""


class ShedState(msgspec.Struct, frozen=True, gc=False):
    """Latched level: tiers 1..level are off."""

    level: int = 0
    due_ticks: int = 0
    """how long the next tier has been due"""
    held_ticks: int = 0
    """how long this level has been held, counted up to `release_ticks`"""


NOTHING_SHED = ShedState()


class LoadTable(msgspec.Struct, frozen=True, gc=False):
    """The loads as columns, for every tick's use."""

    names: tuple[str, ...]
    tiers: tuple[int, ...]
    initially_on: tuple[bool, ...]
    payload: int | None
    """place of the payload; None: there is none"""
    heater: int | None = None
    """place of the battery's heater"""


def load_table(rows: tuple[LoadRow, ...]) -> LoadTable:
    """Columns of the scenario's loads."""
    names = tuple(row.name for row in rows)
    tiers = tuple(ESSENTIAL if row.shed_tier is None else row.shed_tier for row in rows)
    payload = names.index(PAYLOAD) if PAYLOAD in names else None
    heater = names.index(HEATER) if HEATER in names else None
    return LoadTable(names, tiers, tuple(row.initially_on for row in rows), payload, heater)


def shed_step(state: ShedState, soc: float, brownout: bool, config: PowerConfig) -> ShedState:
    """The latch after one tick. A brown-out sheds the next tier at once."""
    level = state.level
    if brownout and level < len(config.shed_soc) and (level == 0 or state.held_ticks >= SETTLE_TICKS):
        return ShedState(level + 1)
    if level < len(config.shed_soc) and soc < config.shed_soc[level]:
        due_ticks = state.due_ticks + 1
        if due_ticks >= config.shed_persistence_ticks:
            return ShedState(level + 1)
        return ShedState(level, due_ticks, state.held_ticks)
    if level == 0:
        return NOTHING_SHED
    if state.held_ticks < max(config.release_ticks, SETTLE_TICKS):
        return ShedState(level, 0, state.held_ticks + 1)
    if config.auto_release and soc > config.release_soc[level - 1]:
        return ShedState(level - 1)
    return ShedState(level, 0, state.held_ticks)


def still_low(level: int, soc: float | None, config: PowerConfig) -> str | None:
    """Why the latch may not be cleared: a latched tier whose release threshold is not passed. None: it may."""
    for tier in range(level, 0, -1):
        if soc is None or soc <= config.release_soc[tier - 1]:
            known = "unknown" if soc is None else f"{soc:.3f}"
            return f"state of charge {known}: must be above {config.release_soc[tier - 1]} to release tier {tier}"
    return None


def loads_on(
    table: LoadTable, enabled: tuple[bool, ...], level: int, closable: tuple[bool, ...], *, payload_allowed: bool
) -> tuple[bool, ...]:
    """Wanted switch states: ground's wish, less what is shed, forbidden by the mode, or not `closable` (): all are."""
    wanted = [wish and tier > level for wish, tier in zip(enabled, table.tiers, strict=True)]
    if not payload_allowed and table.payload is not None:
        wanted[table.payload] = False
    if closable:
        wanted = [wish and may for wish, may in zip(wanted, closable, strict=True)]
    return tuple(wanted)
