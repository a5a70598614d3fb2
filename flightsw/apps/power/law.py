"""The EPS manager's decisions for one tick, composed: estimate, foresee, shed, switch, budget. Pure.

Called by `app` every tick with what the sensors say; what ground commands changes the state between two steps.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from flightsw.apps.duties import DUTIES
from flightsw.apps.power.budget import compute_budget_w, compute_energy_j, limited_w, quantised_w
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast, coasted, forecast
from flightsw.apps.power.limiters import HEALTHY, LclCare, care_step
from flightsw.apps.power.shedding import ESSENTIAL, LoadTable, ShedState, loads_on, shed_step, still_low
from flightsw.apps.power.soc import SocState, estimate
from flightsw.apps.power.supply import Supply, is_fully_used, learn
from flightsw.messages.health import Mode
from flightsw.messages.plant import LclState, NavSensors, PowerSensors
from flightsw.messages.power import PowerCriticalData

FIX_TICKS = 10
"""between two forecasts from navigation; in between the last one is counted down"""
ALL_CLOSABLE: tuple[bool, ...] = ()


class State(msgspec.Struct, frozen=True, gc=False):
    """What power carries from tick to tick."""

    soc: SocState
    shed: ShedState
    supply: Supply
    enabled: tuple[bool, ...]
    """ground's wish per load"""
    reserve_soc: float
    care: tuple[LclCare, ...] = ()
    """per load; empty: no limiter has tripped"""
    ahead: EclipseForecast = NONE_AHEAD
    fix_ticks: int = FIX_TICKS
    """age of the fix behind the forecast"""
    mode: Mode = Mode.BOOT
    """of the node, as last heard"""
    cap_w: float = 0.0
    """before rounding"""
    blind_ticks: int = 0
    """without battery voltage and current"""
    load_on: tuple[bool, ...] = ()
    """as last commanded; empty: to be worked out anew"""


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """What came in. None: nothing did."""

    sensors: PowerSensors | None
    fix: NavSensors | None
    mode: Mode | None


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What goes out."""

    load_on: tuple[bool, ...]
    compute_cap_w: float
    compute_energy_j: float | None = None
    """to the end of the coming eclipse; None: not known"""


def initial(table: LoadTable, config: PowerConfig) -> State:
    """A cold start without memory."""
    return State(
        soc=SocState(None, 0.25),
        shed=ShedState(),
        supply=Supply(config.array_peak_w, None),
        enabled=table.initially_on,
        reserve_soc=config.reserve_soc,
    )


def step(state: State, inputs: Inputs, table: LoadTable, config: PowerConfig, dt_s: float) -> tuple[State, Outputs]:
    """One tick."""
    sensors, fix = inputs.sensors, inputs.fix
    mode = state.mode if inputs.mode is None else inputs.mode
    fix_ticks = state.fix_ticks + 1
    if fix is not None and fix_ticks >= FIX_TICKS:
        ahead, fix_ticks = forecast(fix.position_km, fix.velocity_km_s, fix.sun_direction), 0
    else:
        ahead = coasted(state.ahead, dt_s)
    care = state.care
    if sensors is None:
        soc, supply, blind_ticks = estimate(state.soc, None, None, config, dt_s), state.supply, state.blind_ticks + 1
        brownout = False
    else:
        volts, amps, brownout = sensors.battery_voltage_v, sensors.battery_current_a, sensors.brownout
        soc = estimate(state.soc, volts, amps, config, dt_s)
        blind_ticks = state.blind_ticks + 1 if volts is None and amps is None else 0
        supply = learn(
            state.supply,
            sensors.array_power_w,
            base_power_w(sensors.load_power_w, table),
            ahead,
            fully_used=is_fully_used(volts, amps, config),
            dt_s=dt_s,
        )
        if care or LclState.TRIPPED in sensors.lcl_state:
            care = cared(care, sensors.lcl_state, table, config)
    shed = state.shed
    if soc.soc is not None:
        shed = shed_step(shed, soc.soc, brownout, config)
    load_on = state.load_on
    if care or not load_on or shed.level != state.shed.level or mode is not state.mode:
        load_on = switched(state.enabled, shed, care, mode, table)
    cap_w, ahead_j = 0.0, None
    if soc.soc is not None and may_compute(load_on, soc, table, config) and not brownout:
        budget_w = compute_budget_w(soc.soc, ahead, supply, state.reserve_soc, config)
        cap_w = limited_w(state.cap_w, budget_w, config, dt_s)
        ahead_j = compute_energy_j(soc.soc, ahead, supply, state.reserve_soc, config)
    after = State(
        soc, shed, supply, state.enabled, state.reserve_soc, care, ahead, fix_ticks, mode, cap_w, blind_ticks, load_on
    )
    return after, Outputs(load_on, quantised_w(cap_w), ahead_j)


def switched(
    enabled: tuple[bool, ...], shed: ShedState, care: tuple[LclCare, ...], mode: Mode, table: LoadTable
) -> tuple[bool, ...]:
    """Wanted switch states, as the mode's duty says: in SAFE the payload is off and the radio stays, in SURVIVAL only
    essential loads and the battery's heater do."""
    closable = tuple([one.closable for one in care]) if care else ALL_CLOSABLE
    duty = DUTIES[mode]
    level = ESSENTIAL - 1 if duty.essential_only else shed.level
    wanted = loads_on(table, enabled, level, closable, payload_allowed=duty.payload_rail)
    if not duty.essential_only or table.heater is None:
        return wanted
    place = table.heater
    heated = enabled[place] and (not closable or closable[place])
    return (*wanted[:place], heated, *wanted[place + 1 :])


def base_power_w(load_power_w: tuple[float, ...], table: LoadTable) -> float:
    """What all loads but the payload draw."""
    total_w = sum(load_power_w)
    return total_w if table.payload is None else max(0.0, total_w - load_power_w[table.payload])


def may_compute(load_on: tuple[bool, ...], soc: SocState, table: LoadTable, config: PowerConfig) -> bool:
    """Whether there is a payload that is on, and an estimate that can be believed."""
    return (
        table.payload is not None
        and load_on[table.payload]
        and soc.variance <= config.believed_sigma * config.believed_sigma
    )


def cared(
    care: tuple[LclCare, ...], states: tuple[LclState, ...], table: LoadTable, config: PowerConfig
) -> tuple[LclCare, ...]:
    """All limiters after one tick."""
    before = care or (HEALTHY,) * len(states)
    return tuple(
        [
            care_step(one, lcl, config, essential=tier == ESSENTIAL)
            for one, lcl, tier in zip(before, states, table.tiers, strict=True)
        ]
    )


def locked_out(state: State) -> tuple[bool, ...]:
    """Per load: whether its limiter is locked out."""
    return tuple([one.locked for one in state.care]) if state.care else (False,) * len(state.enabled)


def with_reserve(state: State, reserve_soc: float) -> State:
    """Ground sets the reserve."""
    return replace(state, reserve_soc=reserve_soc)


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
    )
