"""The EPS manager's decisions for one tick, composed: estimate, foresee, shed, switch, budget. Pure.

Called by `app` every tick with what the sensors say; what ground commands (`orders`) changes the state between two
steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from flightsw.apps.power.arraywatch import ArrayWatch, array_step
from flightsw.apps.power.budget import compute_budget_w, compute_energy_j, limited_w, quantised_w
from flightsw.apps.power.charge import Charge, charge_of
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast, coasted, forecast
from flightsw.apps.power.limiters import LclCare
from flightsw.apps.power.packwatch import FITS, PackWatch, pack_step
from flightsw.apps.power.readings import Spikes, despiked
from flightsw.apps.power.shedding import LoadTable, ShedState, shed_step
from flightsw.apps.power.soc import SocState, correction_s, estimate
from flightsw.apps.power.supply import Supply, is_fully_used, learn
from flightsw.apps.power.switching import cared, switched
from flightsw.messages.health import Attitude, Mode
from flightsw.messages.plant import LclState, NavSensors, PowerSensors

FIX_TICKS = 10
"""between two forecasts from navigation; in between the last one is counted down"""
SLEW_S = 600.0
"""a body that is told to turn to the Sun does within so long: 180 degrees at 0.3 degrees a second, and settling"""


Budget = Callable[[float, EclipseForecast, Supply, float, PowerConfig], float]


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
    array: ArrayWatch = ArrayWatch()
    pack: PackWatch = FITS
    spikes: Spikes = Spikes()
    charge: Charge | None = None
    """as last commanded; None: nothing has been read yet"""
    charge_most_a: float | None = None
    """ground's limit of the charging current"""
    sunward_s: float = 0.0
    """the Sun has been pointed at for so long"""


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """What came in. None: nothing did."""

    sensors: PowerSensors | None
    fix: NavSensors | None
    mode: Mode | None
    attitude: Attitude | None = None
    """that the body is told to hold"""


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What goes out."""

    load_on: tuple[bool, ...]
    compute_cap_w: float
    charge: Charge | None = None
    """of the charger; None: as it was told"""
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
        sunward_s=SLEW_S,
    )


def step(state: State, inputs: Inputs, table: LoadTable, config: PowerConfig, dt_s: float) -> tuple[State, Outputs]:
    """One tick."""
    return step_with(compute_budget_w, state, inputs, table, config, dt_s)


def step_with(
    budget_of: Budget, state: State, inputs: Inputs, table: LoadTable, config: PowerConfig, dt_s: float
) -> tuple[State, Outputs]:
    """One tick under a budget: what the payload may draw, by sure charge, forecast, supply and reserve."""
    sensors, fix = inputs.sensors, inputs.fix
    mode = state.mode if inputs.mode is None else inputs.mode
    fix_ticks = state.fix_ticks + 1
    if fix is not None and fix_ticks >= FIX_TICKS:
        ahead, fix_ticks = forecast(fix.position_km, fix.velocity_km_s, fix.sun_direction), 0
    else:
        ahead = coasted(state.ahead, dt_s)
    care, pack, array, charge, spikes = state.care, state.pack, state.array, state.charge, state.spikes
    sunward_s = state.sunward_s if inputs.attitude in (None, Attitude.SUN) else -dt_s
    sunward_s += dt_s
    if sensors is None:
        soc, supply, blind_ticks = estimate(state.soc, None, None, config, dt_s), state.supply, state.blind_ticks + 1
        brownout = False
    else:
        spikes, sensors = despiked(spikes, sensors, config)
        volts, amps, brownout = sensors.battery_voltage_v, sensors.battery_current_a, sensors.brownout
        soc = estimate(state.soc, None if pack.apart else volts, amps, config, dt_s)
        blind_ticks = state.blind_ticks + 1 if volts is None and amps is None else 0
        fully_used = is_fully_used(volts, amps, config, charge)
        supply = learn(
            state.supply,
            sensors.array_power_w,
            base_power_w(sensors.load_power_w, table),
            ahead,
            fully_used=fully_used,
            dt_s=dt_s,
        )
        if soc.wait_ticks >= state.soc.wait_ticks:  # the estimate has been corrected, or would have been
            pack = pack_step(pack, state.soc.soc, volts, amps, config)
            charge = charge_of(sensors.battery_c, pack, state.charge_most_a, config)
            watched = fully_used and sunward_s >= SLEW_S
            span_s = correction_s(amps, dt_s)
            array = array_step(array, sensors.array_power_w, ahead, config, span_s, watched=watched)
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
        sure_soc = soc.soc - config.reserve_sigmas * math.sqrt(soc.variance)
        budget_w = budget_of(sure_soc, ahead, supply, state.reserve_soc, config)
        cap_w = limited_w(state.cap_w, budget_w, config, dt_s)
        ahead_j = compute_energy_j(sure_soc, ahead, supply, state.reserve_soc, config)
    after = State(
        soc,
        shed,
        supply,
        state.enabled,
        state.reserve_soc,
        care,
        ahead,
        fix_ticks,
        mode,
        cap_w,
        blind_ticks,
        load_on,
        array,
        pack,
        spikes,
        charge,
        state.charge_most_a,
        sunward_s,
    )
    return after, Outputs(load_on, quantised_w(cap_w), charge, ahead_j)


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


def locked_out(state: State) -> tuple[bool, ...]:
    """Per load: whether its limiter is locked out."""
    return tuple([one.locked for one in state.care]) if state.care else (False,) * len(state.enabled)
