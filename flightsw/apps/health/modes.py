"""The mode machine: one table of transitions with guards, walked once a tick. Pure.

Eclipse and ground pass are conditions, not modes. The first row whose guard holds is taken; its text is the reason.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from flightsw.apps.health.config import HealthConfig
from flightsw.messages.health import Mode


class Condition(msgspec.Struct, frozen=True, gc=False):
    """What the guards look at."""

    ticks_in_mode: int
    all_heard: bool
    soc: float | None
    alarm: str | None
    """why the node must be safe; None: nothing"""
    well_ticks: int
    """how long there has been no alarm and enough charge"""
    wanted: Mode


class Transition(msgspec.Struct, frozen=True, gc=False):
    """One row."""

    before: Mode
    after: Mode
    guard: Callable[[Condition, HealthConfig], bool]
    reason: str


def _alarmed(condition: Condition, _config: HealthConfig) -> bool:
    return condition.alarm is not None


def _wants_safe(condition: Condition, _config: HealthConfig) -> bool:
    return condition.wanted is Mode.SAFE


def _wants_at_least(mode: Mode) -> Callable[[Condition, HealthConfig], bool]:
    return lambda condition, _config: condition.wanted >= mode


def _wants_less_than(mode: Mode) -> Callable[[Condition, HealthConfig], bool]:
    return lambda condition, _config: condition.wanted < mode


def _recovered(condition: Condition, config: HealthConfig) -> bool:
    return config.auto_exit and condition.wanted > Mode.SAFE and condition.well_ticks >= config.safe_hold_ticks


RUNNING = (Mode.STANDBY, Mode.NOMINAL, Mode.PAYLOAD)

TRANSITIONS: tuple[Transition, ...] = (
    Transition(Mode.BOOT, Mode.STANDBY, lambda c, _: c.all_heard and c.alarm is None, "all applications heard"),
    Transition(Mode.BOOT, Mode.SAFE, lambda c, config: c.ticks_in_mode > config.boot_ticks, "boot took too long"),
    *(Transition(mode, Mode.SAFE, _alarmed, "alarm") for mode in RUNNING),
    *(Transition(mode, Mode.SAFE, _wants_safe, "commanded") for mode in RUNNING),
    Transition(Mode.SAFE, Mode.STANDBY, _recovered, "recovered"),
    Transition(Mode.STANDBY, Mode.NOMINAL, _wants_at_least(Mode.NOMINAL), "wanted"),
    Transition(Mode.NOMINAL, Mode.PAYLOAD, _wants_at_least(Mode.PAYLOAD), "wanted"),
    Transition(Mode.PAYLOAD, Mode.NOMINAL, _wants_less_than(Mode.PAYLOAD), "wanted"),
    Transition(Mode.NOMINAL, Mode.STANDBY, _wants_less_than(Mode.NOMINAL), "wanted"),
)


_FROM = {mode: tuple(row for row in TRANSITIONS if row.before is mode) for mode in Mode}


def next_mode(mode: Mode, condition: Condition, config: HealthConfig) -> tuple[Mode, str] | None:
    """(mode, reason) that follows, or None to stay."""
    for row in _FROM.get(mode, ()):
        if row.guard(condition, config):
            return row.after, condition.alarm if row.reason == "alarm" and condition.alarm else row.reason
    return None


def refusal(mode: Mode, asked: Mode, condition: Condition, config: HealthConfig) -> str | None:
    """Why ground's wish for a mode is refused; None: it is not."""
    if asked > Mode.SAFE and condition.alarm is not None:
        return f"alarm: {condition.alarm}"
    if mode is Mode.SAFE and asked > Mode.SAFE and (condition.soc is None or condition.soc < config.safe_exit_soc):
        return f"state of charge {condition.soc}: must be at least {config.safe_exit_soc} to leave SAFE"
    if mode is Mode.BOOT:
        return "still booting"
    return None
