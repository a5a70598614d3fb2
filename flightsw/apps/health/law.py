"""Health's decisions for one tick, composed: who is silent, what is out of limits, which mode follows. Pure.

Called by `app` every tick: `observed`, then what ground has `commanded`, judged by what is known now, then `decided`.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.heartbeats import Pulse, alarm, familiar, listening, pulse_step
from flightsw.apps.health.limits import Watch, first_red, watched
from flightsw.apps.health.modes import Condition, next_mode, refusal
from flightsw.messages.health import Attitude, AttitudeCommand, HealthCriticalData, Mode


class State(msgspec.Struct, frozen=True, gc=False):
    """What health carries from tick to tick."""

    mode: Mode
    since_tick: int
    reason: str
    wanted: Mode
    """by ground or the mission plan"""
    pulse: Pulse
    watches: tuple[Watch, ...]
    red: str | None = None
    """first signal in red"""
    soc: float | None = None
    """as last heard"""
    brownout: bool = False
    well_ticks: int = 0
    exit_asked: bool = False
    """ground wants SAFE left"""


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """One tick's observations."""

    tick: int
    heard: tuple[bool, ...]
    """per application: its heartbeat came in this tick"""
    values: tuple[float | None, ...]
    """per watchpoint; None: no sample"""
    soc: float | None
    """None: not heard"""
    brownout: bool


def initial(config: HealthConfig, apps: tuple[str, ...]) -> State:
    """A cold start in BOOT."""
    wanted = Mode[config.wanted]
    return State(Mode.BOOT, 0, "power on", wanted, listening(apps), (Watch(),) * len(config.watchpoints))


def restored(state: State, stored: HealthCriticalData, apps: tuple[str, ...]) -> State:
    """A warm start from critical data: who was known is given time to be heard again."""
    return replace(
        state,
        mode=stored.mode,
        since_tick=stored.since_tick,
        reason=stored.reason,
        wanted=stored.wanted,
        pulse=listening(apps) if stored.mode is Mode.BOOT else familiar(apps),
    )


def reconfigured(state: State, before: HealthConfig, after: HealthConfig) -> State:
    """Another configuration: a changed mission plan is asked for, changed watchpoints start anew."""
    if after.wanted != before.wanted:
        state = replace(state, wanted=Mode[after.wanted])
    if after.watchpoints != before.watchpoints:
        state = replace(state, watches=(Watch(),) * len(after.watchpoints), red=None)
    return state


def alarm_of(state: State, apps: tuple[str, ...], config: HealthConfig) -> str | None:
    """Why the node must be safe, the gravest first. While booting, silence is only waited out."""
    if state.brownout:
        return "brown-out"
    if state.soc is not None and state.soc < config.safe_soc:
        return f"state of charge below {config.safe_soc}"
    if state.red is not None:
        return f"{state.red} in red"
    if state.mode is Mode.BOOT or not state.pulse.overdue:
        return None
    return alarm(state.pulse, apps, config.silence_ticks)


def condition_of(state: State, tick: int, apps: tuple[str, ...], config: HealthConfig) -> Condition:
    """What the mode machine's guards look at."""
    alarm_now, unheard, soc = alarm_of(state, apps, config), state.pulse.unheard, state.soc
    well = alarm_now is None and not unheard and soc is not None and soc >= config.safe_exit_soc
    well_ticks = min(config.safe_hold_ticks, state.well_ticks + 1) if well and state.mode is Mode.SAFE else 0
    return Condition(tick - state.since_tick, unheard, soc, alarm_now, well, well_ticks, state.wanted, state.exit_asked)


def observed(state: State, inputs: Inputs, apps: tuple[str, ...], config: HealthConfig) -> State:
    """The first half of a tick: who was heard, what lies where."""
    watches, red = watched(state.watches, inputs.values, config), state.red
    if watches is not state.watches:
        red = first_red(watches, config)
    return State(
        state.mode,
        state.since_tick,
        state.reason,
        state.wanted,
        pulse_step(state.pulse, inputs.heard, apps, config.heartbeat_ticks),
        watches,
        red,
        state.soc if inputs.soc is None else inputs.soc,
        inputs.brownout,
        state.well_ticks,
        state.exit_asked,
    )


def decided(state: State, tick: int, apps: tuple[str, ...], config: HealthConfig) -> State:
    """The second half of a tick: the mode that follows."""
    condition = condition_of(state, tick, apps, config)
    follow = next_mode(state.mode, condition, config)
    if follow is not None:
        mode, reason = follow
        return replace(state, mode=mode, since_tick=tick, reason=reason, well_ticks=0, exit_asked=False)
    if condition.well_ticks == state.well_ticks:
        return state
    return replace(state, well_ticks=condition.well_ticks)


def attitude_of(mode: Mode, wanted: AttitudeCommand) -> AttitudeCommand:
    """What is held: SAFE wants power before all else."""
    return AttitudeCommand(Attitude.SUN) if mode is Mode.SAFE else wanted


def commanded(state: State, asked: Mode, tick: int, apps: tuple[str, ...], config: HealthConfig) -> State | str:
    """Ground asks for a mode; or why not. In SAFE ground's word stands for the hold time and for `auto_exit`."""
    refused = refusal(state.mode, asked, condition_of(state, tick, apps, config), config)
    if refused is not None:
        return refused
    return replace(state, wanted=asked, exit_asked=state.mode is Mode.SAFE and asked > Mode.SAFE)
