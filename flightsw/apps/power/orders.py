"""What ground commands, and what a restart brings back: changes of the law's state between two steps. Pure.

Called by `app` through the law's interface. A command that can't be followed says why, and changes nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from flightsw.apps.power.charge import full_charge_a
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.law import State
from flightsw.apps.power.limiters import HEALTHY, LclCare
from flightsw.apps.power.shedding import ESSENTIAL, LoadTable, ShedState, still_low
from flightsw.apps.power.soc import SocState
from flightsw.messages.power import PowerCriticalData


def with_reserve(state: State, reserve_soc: float) -> State:
    """Ground sets the reserve."""
    return replace(state, reserve_soc=reserve_soc)


def with_charge(state: State, most_a: float, config: PowerConfig) -> State | str:
    """Ground limits the charging current; or why not."""
    full_a = full_charge_a(config)
    if most_a > full_a:
        return f"amps = {most_a}: must be at most {full_a:g}"
    return replace(state, charge_most_a=most_a)


def with_load(state: State, load: str, table: LoadTable, *, on: bool) -> State | str:
    """Ground switches a load, and its limiter's retries start anew; or why not."""
    if load not in table.names:
        return f"unknown load {load!r}: must be one of {', '.join(table.names)}"
    place = table.names.index(load)
    if table.tiers[place] == ESSENTIAL and not on:
        return f"load {load!r} is essential: must stay on"
    enabled = tuple(on if index == place else wish for index, wish in enumerate(state.enabled))
    care = tuple(HEALTHY if index == place else one for index, one in enumerate(state.care))
    return replace(state, enabled=enabled, care=care, load_on=())


def with_shed_cleared(state: State, config: PowerConfig) -> State | str:
    """Ground releases the latch; or why not."""
    refused = still_low(state.shed.level, state.soc.soc, config)
    return replace(state, shed=ShedState(), load_on=()) if refused is None else refused


def restored(state: State, stored: PowerCriticalData) -> State:
    """A warm start from critical data."""
    care = tuple(LclCare(locked=locked) for locked in stored.load_locked_out) if any(stored.load_locked_out) else ()
    return replace(
        state,
        soc=SocState(stored.soc, stored.soc_sigma**2),
        shed=ShedState(stored.load_shed_level),
        reserve_soc=stored.reserve_soc,
        enabled=stored.load_enabled,
        care=care,
        load_on=(),
        charge_most_a=stored.charge_most_a,
    )
