"""Why the node must be safe, why that is not enough, and when it is over. Pure; called by `law`."""

from __future__ import annotations

from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.heartbeats import alarm
from flightsw.apps.health.state import State
from flightsw.messages.health import Mode


def alarm_of(state: State, apps: tuple[str, ...], config: HealthConfig) -> str | None:
    """Why the node must be safe, the gravest first. While booting, silence is only waited out."""
    if state.brownout:
        return "brown-out"
    if state.soc is not None and state.soc < config.safe_soc:
        return f"state of charge below {config.safe_soc}"
    if state.red is not None:
        return f"{state.red} in red"
    if state.ceiling <= Mode.SAFE:
        return state.ceiling_reason
    if state.mode is Mode.BOOT or not state.pulse.overdue:
        return None
    return alarm(state.pulse, apps, config)


def grave_of(state: State, tick: int, config: HealthConfig) -> str | None:
    """Why SAFE is not enough."""
    if state.soc is not None and state.soc < config.survival_soc:
        return f"state of charge below {config.survival_soc}"
    if state.ceiling <= Mode.SURVIVAL:
        return state.ceiling_reason
    if state.brownout and (state.mode is Mode.SURVIVAL or tick - state.since_tick > config.survival_brownout_ticks):
        return "brown-out in spite of SAFE"
    return None


def is_relieved(state: State, grave: str | None, config: HealthConfig) -> bool:
    """Whether SURVIVAL may be left: in sunlight only, since SAFE's loads in an eclipse would lead back here."""
    return grave is None and not state.eclipse and state.soc is not None and state.soc >= config.survival_exit_soc


def is_uneasy(state: State, config: HealthConfig) -> bool:
    """Something may be an alarm: looked at before anything is worked out, since a running mode rarely changes."""
    return (
        state.brownout
        or state.red is not None
        or state.pulse.overdue != ()
        or (state.soc is not None and state.soc < config.safe_soc)
    )
