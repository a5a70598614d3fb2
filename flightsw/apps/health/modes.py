"""The mode machine: one table of transitions with guards, walked once a tick. Pure; called by `law`.

Eclipse and ground pass are conditions, not modes; OFF is a node without power, which nobody on board ever leaves or
enters. The first row whose guard holds is taken; its text is the reason, for an alarm the alarm's own. What a mode asks
of the applications, its entry and exit actions, stands in `apps.duties`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from flightsw.apps.health.config import HealthConfig
from flightsw.messages.health import Mode


class Condition(msgspec.Struct, frozen=True, gc=False):
    """What the guards look at."""

    ticks_in_mode: int
    unheard: tuple[str, ...]
    """applications that have never been heard"""
    soc: float | None
    alarm: str | None
    """why the node must be safe; None: nothing"""
    well: bool
    """no alarm, everybody heard, and charge enough to leave SAFE"""
    well_ticks: int
    """how long so, this tick included"""
    wanted: Mode
    exit_asked: bool
    """ground has asked to leave SAFE, or SURVIVAL"""
    grave: str | None = None
    """why SAFE is not enough; None: it is"""
    relieved: bool = False
    """nothing is grave, there is charge for SAFE, and the Sun to add to it; `well_ticks` then counts in SURVIVAL"""
    ceiling: Mode = Mode.PAYLOAD
    """how high recovery lets the node go"""
    ceiling_reason: str = ""


Guard = Callable[[Condition, HealthConfig], bool]
ALARM = "alarm"
GRAVE = "grave"
CEILING = "ceiling"
"""Reasons that stand for the condition's own."""


class Transition(msgspec.Struct, frozen=True, gc=False):
    """One row."""

    before: Mode
    after: Mode
    guard: Guard
    reason: str


def _alarmed(condition: Condition, _config: HealthConfig) -> bool:
    return condition.alarm is not None


def _grave(condition: Condition, _config: HealthConfig) -> bool:
    return condition.grave is not None


def _wants_safe(condition: Condition, _config: HealthConfig) -> bool:
    return condition.wanted <= Mode.SAFE


def _wants_survival(condition: Condition, _config: HealthConfig) -> bool:
    return condition.wanted is Mode.SURVIVAL


def _wants_at_least(mode: Mode) -> Guard:
    return lambda condition, _config: min(condition.wanted, condition.ceiling) >= mode


def _may_not(mode: Mode) -> Guard:
    return lambda condition, _config: condition.ceiling < mode


def _wants_less_than(mode: Mode) -> Guard:
    return lambda condition, _config: condition.wanted < mode


def _all_heard(condition: Condition, _config: HealthConfig) -> bool:
    return not condition.unheard


def _boot_is_late(condition: Condition, config: HealthConfig) -> bool:
    return condition.ticks_in_mode > config.boot_ticks


def _ordered_out(condition: Condition, _config: HealthConfig) -> bool:
    return condition.exit_asked and condition.well


def _recovered(condition: Condition, config: HealthConfig) -> bool:
    return config.auto_exit and condition.wanted > Mode.SAFE and condition.well_ticks >= config.safe_hold_ticks


def _ordered_up(condition: Condition, _config: HealthConfig) -> bool:
    return condition.exit_asked and condition.grave is None


def _relieved(condition: Condition, config: HealthConfig) -> bool:
    return condition.wanted > Mode.SURVIVAL and condition.relieved and condition.well_ticks >= config.safe_hold_ticks


RUNNING = (Mode.STANDBY, Mode.NOMINAL, Mode.PAYLOAD)

TRANSITIONS: tuple[Transition, ...] = (
    *(Transition(mode, Mode.SAFE, _alarmed, ALARM) for mode in (Mode.BOOT, *RUNNING)),
    *(Transition(mode, Mode.SAFE, _wants_safe, "commanded") for mode in (Mode.BOOT, *RUNNING)),
    Transition(Mode.BOOT, Mode.STANDBY, _all_heard, "all applications heard"),
    Transition(Mode.BOOT, Mode.SAFE, _boot_is_late, "boot took too long"),
    Transition(Mode.SAFE, Mode.SURVIVAL, _grave, GRAVE),
    Transition(Mode.SAFE, Mode.SURVIVAL, _wants_survival, "commanded"),
    Transition(Mode.SURVIVAL, Mode.SAFE, _ordered_up, "commanded"),
    Transition(Mode.SURVIVAL, Mode.SAFE, _relieved, "relieved"),
    Transition(Mode.SAFE, Mode.STANDBY, _ordered_out, "commanded"),
    Transition(Mode.SAFE, Mode.STANDBY, _recovered, "recovered"),
    Transition(Mode.STANDBY, Mode.NOMINAL, _wants_at_least(Mode.NOMINAL), "wanted"),
    Transition(Mode.NOMINAL, Mode.PAYLOAD, _wants_at_least(Mode.PAYLOAD), "wanted"),
    Transition(Mode.PAYLOAD, Mode.NOMINAL, _may_not(Mode.PAYLOAD), CEILING),
    Transition(Mode.NOMINAL, Mode.STANDBY, _may_not(Mode.NOMINAL), CEILING),
    Transition(Mode.PAYLOAD, Mode.NOMINAL, _wants_less_than(Mode.PAYLOAD), "wanted"),
    Transition(Mode.NOMINAL, Mode.STANDBY, _wants_less_than(Mode.NOMINAL), "wanted"),
)

_FROM = {mode: tuple(row for row in TRANSITIONS if row.before is mode) for mode in Mode}


def next_mode(mode: Mode, condition: Condition, config: HealthConfig) -> tuple[Mode, str] | None:
    """(mode, reason) that follows, or None to stay."""
    for row in _FROM[mode]:
        if row.guard(condition, config):
            return row.after, _told(row.reason, condition)
    return None


def _told(reason: str, condition: Condition) -> str:
    own = {ALARM: condition.alarm, GRAVE: condition.grave, CEILING: condition.ceiling_reason}.get(reason)
    return own or reason


def refusal(mode: Mode, asked: Mode, condition: Condition, config: HealthConfig) -> str | None:
    """Why ground's wish for a mode is refused; None: it is not. SAFE and below are never refused."""
    if asked <= Mode.SAFE:
        return None
    if asked > condition.ceiling:
        return condition.ceiling_reason
    if mode is Mode.BOOT:
        return "still booting"
    if condition.alarm is not None:
        return f"alarm: {condition.alarm}"
    if mode is not Mode.SAFE or condition.well:
        return None
    if condition.unheard:
        return f"never heard: {', '.join(condition.unheard)}"
    known = "unknown" if condition.soc is None else f"{condition.soc:.3f}"
    return f"state of charge {known}: must be at least {config.safe_exit_soc} to leave SAFE"
