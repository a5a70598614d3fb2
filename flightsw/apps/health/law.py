"""Health's decisions for one tick, composed: who is silent, what is out of limits, which mode follows. Pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.limits import Watch, Zone, watch_step
from flightsw.apps.health.modes import Condition, next_mode
from flightsw.messages.health import Mode


class State(msgspec.Struct, frozen=True, gc=False):
    """What health carries from tick to tick."""

    mode: Mode
    since_tick: int
    reason: str
    wanted: Mode
    heard_tick: tuple[int | None, ...]
    """per application: tick of its last heartbeat"""
    watches: tuple[Watch, ...]
    well_ticks: int = 0


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """One tick's observations."""

    tick: int
    heard: tuple[bool, ...]
    """per application: its heartbeat came in this tick"""
    values: tuple[float | None, ...]
    """per watchpoint"""
    soc: float | None
    brownout: bool


def initial(config: HealthConfig, apps: int) -> State:
    """A cold start in BOOT."""
    wanted = Mode[config.wanted]
    return State(Mode.BOOT, 0, "power on", wanted, (None,) * apps, (Watch(),) * len(config.watchpoints))


def silent_ticks(state: State, tick: int) -> tuple[int | None, ...]:
    """Per application: ticks since its last heartbeat; None: never heard."""
    return tuple([None if heard is None else tick - heard for heard in state.heard_tick])


def alarm_of(state: State, inputs: Inputs, apps: tuple[str, ...], config: HealthConfig) -> str | None:
    """Why the node must be safe, the gravest first."""
    if inputs.brownout:
        return "brown-out"
    if inputs.soc is not None and inputs.soc < config.safe_soc:
        return f"state of charge below {config.safe_soc}"
    for limits, watch in zip(config.watchpoints, state.watches, strict=True):
        if watch.told is Zone.RED:
            return f"{limits.signal} in red"
    for app, ticks in zip(apps, silent_ticks(state, inputs.tick), strict=True):
        if ticks is not None and ticks > config.silence_ticks:
            return f"{app} silent"
    return None


def condition_of(state: State, inputs: Inputs, apps: tuple[str, ...], config: HealthConfig) -> Condition:
    """What the mode machine's guards look at."""
    return Condition(
        ticks_in_mode=inputs.tick - state.since_tick,
        all_heard=None not in state.heard_tick,
        soc=inputs.soc,
        alarm=alarm_of(state, inputs, apps, config),
        well_ticks=state.well_ticks,
        wanted=state.wanted,
    )


def step(state: State, inputs: Inputs, apps: tuple[str, ...], config: HealthConfig) -> State:
    """One tick."""
    heard = tuple([inputs.tick if now else before for now, before in zip(inputs.heard, state.heard_tick, strict=True)])
    watches = tuple(
        [
            watch_step(watch, value, limits)
            for watch, value, limits in zip(state.watches, inputs.values, config.watchpoints, strict=True)
        ]
    )
    state = replace(state, heard_tick=heard, watches=watches)
    condition = condition_of(state, inputs, apps, config)
    well = condition.alarm is None and inputs.soc is not None and inputs.soc >= config.safe_exit_soc
    well_ticks = min(config.safe_hold_ticks, state.well_ticks + 1) if well else 0
    if well_ticks != state.well_ticks:
        state = replace(state, well_ticks=well_ticks)
        condition = replace(condition, well_ticks=well_ticks)
    follow = next_mode(state.mode, condition, config)
    if follow is None:
        return state
    mode, reason = follow
    return replace(state, mode=mode, since_tick=inputs.tick, reason=reason, well_ticks=0)
