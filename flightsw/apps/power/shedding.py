"""Load shedding: tiers by state of charge, latched, and the care of tripped current limiters.

Shedding makes the bus rebound, so a tier stays latched until the charge has really come back.
"""

from __future__ import annotations

from typing import NamedTuple

from flightsw.apps.power.config import LoadRow, PowerConfig


class ShedState(NamedTuple):
    """Latched level (tiers 1..level are off) and how long the next one has been due."""

    level: int = 0
    due_ticks: int = 0


class LclCare(NamedTuple):
    """Per load: ticks until a tripped limiter is closed again, and closings tried."""

    wait_ticks: int = 0
    retries: int = 0


def shed_step(state: ShedState, soc: float, brownout: bool, config: PowerConfig) -> ShedState:
    """The latch after one tick. A brown-out sheds the next tier at once."""
    tiers = len(config.shed_soc)
    level, due_ticks = state
    if level < tiers and (brownout or soc < config.shed_soc[level]):
        due_ticks += 1
        if brownout or due_ticks >= config.shed_persistence_ticks:
            return ShedState(level + 1, 0)
        return ShedState(level, due_ticks)
    if level > 0 and config.auto_release and may_release(level, soc, config):
        return ShedState(level - 1, 0)
    return state if due_ticks == 0 else ShedState(level, 0)


def may_release(level: int, soc: float, config: PowerConfig) -> bool:
    """The charge is back above the release threshold of the tier shed last."""
    return soc > config.release_soc[level - 1]


def care_step(care: LclCare, tripped: bool, config: PowerConfig) -> tuple[LclCare, bool]:
    """(care, may be on): a tripped limiter is commanded off, waited for, closed again; then locked out."""
    if tripped:
        if care.wait_ticks > 1:
            return LclCare(care.wait_ticks - 1, care.retries), False
        if care.wait_ticks == 1:
            return LclCare(0, care.retries), True
        if care.retries >= config.lcl_retries:
            return care, False
        return LclCare(config.lcl_retry_ticks, care.retries + 1), False
    if care.wait_ticks > 0:
        return LclCare(care.wait_ticks - 1, care.retries), care.wait_ticks == 1
    return care, True


def loads_on(
    loads: tuple[LoadRow, ...], enabled: tuple[bool, ...], level: int, allowed: list[bool], payload_allowed: bool
) -> tuple[bool, ...]:
    """Wanted switch states: ground's wish, less what is shed, tripped, or forbidden by the mode."""
    return tuple(
        wish
        and may
        and not (load.shed_tier is not None and load.shed_tier <= level)
        and (payload_allowed or load.name != "payload")
        for load, wish, may in zip(loads, enabled, allowed, strict=True)
    )
