"""Health's decisions for one tick, composed: who is silent, what is out of limits, which mode follows. Pure.

Called by `app` every tick: `observed`, then what ground has `commanded`, judged by what is known now, then `decided`.
"""

from __future__ import annotations

from msgspec.structs import replace

from flightsw.apps.duties import DUTIES
from flightsw.apps.health.alarms import alarm_of, grave_of, is_relieved, is_uneasy
from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.heartbeats import familiar, listening, pulse_step
from flightsw.apps.health.limits import QUIET, first_red, watched
from flightsw.apps.health.modes import Condition, next_mode, refusal
from flightsw.apps.health.state import Inputs, State
from flightsw.messages.health import Attitude, AttitudeCommand, HealthCriticalData, Mode


def initial(config: HealthConfig, apps: tuple[str, ...]) -> State:
    """A cold start in BOOT."""
    wanted = Mode[config.wanted]
    return State(Mode.BOOT, 0, "power on", wanted, listening(apps), (QUIET,) * len(config.watchpoints))


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
        state = replace(state, watches=(QUIET,) * len(after.watchpoints), red=None)
    return state


def condition_of(state: State, tick: int, apps: tuple[str, ...], config: HealthConfig) -> Condition:
    """What the mode machine's guards look at."""
    alarm_now, unheard, soc = alarm_of(state, apps, config), state.pulse.unheard, state.soc
    well = alarm_now is None and not unheard and soc is not None and soc >= config.safe_exit_soc
    grave, relieved = None, False
    if state.mode <= Mode.SAFE:
        grave = grave_of(state, tick, config)
        relieved = is_relieved(state, grave, config)
    counts = well if state.mode is Mode.SAFE else relieved and state.mode is Mode.SURVIVAL
    return Condition(
        tick - state.since_tick,
        unheard,
        soc,
        alarm_now,
        well,
        min(config.safe_hold_ticks, state.well_ticks + 1) if counts else 0,
        state.wanted,
        state.exit_asked,
        grave,
        relieved,
        state.ceiling,
        state.ceiling_reason,
    )


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
        inputs.eclipse,
        inputs.ceiling,
        inputs.ceiling_reason,
    )


def decided(state: State, tick: int, apps: tuple[str, ...], config: HealthConfig) -> State:
    """The second half of a tick: the mode that follows."""
    if state.mode > Mode.SAFE and state.mode is min(state.wanted, state.ceiling) and not is_uneasy(state, config):
        return state
    condition = condition_of(state, tick, apps, config)
    follow = next_mode(state.mode, condition, config)
    if follow is not None:
        mode, reason = follow
        return replace(state, mode=mode, since_tick=tick, reason=reason, well_ticks=0, exit_asked=False)
    if condition.well_ticks == state.well_ticks:
        return state
    return replace(state, well_ticks=condition.well_ticks)


def attitude_of(mode: Mode, wanted: AttitudeCommand) -> AttitudeCommand:
    """What is held: SAFE and SURVIVAL want power before all else."""
    return AttitudeCommand(Attitude.SUN) if DUTIES[mode].sun_pointing else wanted


def commanded(state: State, asked: Mode, tick: int, apps: tuple[str, ...], config: HealthConfig) -> State | str:
    """Ground asks for a mode; or why not. In SAFE ground's word stands for the hold time and for `auto_exit`."""
    refused = refusal(state.mode, asked, condition_of(state, tick, apps, config), config)
    if refused is not None:
        return refused
    return replace(state, wanted=asked, exit_asked=state.mode <= Mode.SAFE and asked > state.mode)
