"""The EPS manager's decisions for one tick, composed: estimate, shed, switch, budget. Pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from flightsw.apps.power.budget import Supply, compute_budget_w, learn, slewed_w
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.eclipse import EclipseForecast
from flightsw.apps.power.shedding import LclCare, ShedState, care_step, loads_on, shed_step
from flightsw.apps.power.soc import SocState, estimate


class State(msgspec.Struct, frozen=True, gc=False):
    """What power carries from tick to tick."""

    soc: SocState
    shed: ShedState
    supply: Supply
    care: tuple[LclCare, ...]
    enabled: tuple[bool, ...]
    """ground's wish per load"""
    reserve_soc: float
    cap_w: float = 0.0


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """One tick's readings. None: no reading."""

    voltage_v: float | None
    current_a: float | None
    array_w: float | None
    base_w: float | None
    """all loads but the payload"""
    tripped: tuple[bool, ...]
    brownout: bool
    ahead: EclipseForecast
    payload_allowed: bool


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What goes out."""

    load_on: tuple[bool, ...]
    compute_cap_w: float


def initial(loads: tuple[LoadRow, ...], config: PowerConfig) -> State:
    """A cold start without memory."""
    return State(
        soc=SocState(None, 0.25),
        shed=ShedState(),
        supply=Supply(config.array_peak_w, 0.0),
        care=(LclCare(),) * len(loads),
        enabled=tuple(load.initially_on for load in loads),
        reserve_soc=config.reserve_soc,
    )


def step(
    state: State, inputs: Inputs, loads: tuple[LoadRow, ...], config: PowerConfig, dt_s: float
) -> tuple[State, Outputs]:
    """One tick."""
    soc = estimate(state.soc, inputs.voltage_v, inputs.current_a, config, dt_s)
    base_w = state.supply.base_w if inputs.base_w is None else inputs.base_w
    supply = learn(state.supply, inputs.array_w, base_w, soc.soc, dt_s)
    shed = state.shed if soc.soc is None else shed_step(state.shed, soc.soc, inputs.brownout, config)
    care, allowed = state.care, [True] * len(loads)
    if any(inputs.tripped) or any(one.wait_ticks for one in care):
        cared = [care_step(one, tripped, config) for one, tripped in zip(care, inputs.tripped, strict=True)]
        care, allowed = tuple(one for one, _ in cared), [may for _, may in cared]
    load_on = loads_on(loads, state.enabled, shed.level, allowed, inputs.payload_allowed)
    payload_on = any(on for load, on in zip(loads, load_on, strict=True) if load.name == "payload")
    if soc.soc is None or not payload_on:
        cap_w = 0.0
    else:
        budget_w = compute_budget_w(soc.soc, inputs.ahead, supply, state.reserve_soc, config)
        cap_w = slewed_w(state.cap_w, budget_w, config, dt_s)
    after = State(soc, shed, supply, care, state.enabled, state.reserve_soc, cap_w)
    return after, Outputs(load_on, cap_w)


def with_reserve(state: State, reserve_soc: float) -> State:
    """Ground sets the reserve."""
    return replace(state, reserve_soc=reserve_soc)


def with_load(state: State, place: int, on: bool) -> State:
    """Ground switches a load; its limiter's retries start anew."""
    enabled = tuple(on if index == place else wish for index, wish in enumerate(state.enabled))
    care = tuple(LclCare() if index == place else one for index, one in enumerate(state.care))
    return replace(state, enabled=enabled, care=care)


def with_shed(state: State, shed: ShedState) -> State:
    """The latch is set by hand."""
    return replace(state, shed=shed)


def restored(state: State, soc: SocState, shed: ShedState, reserve_soc: float, enabled: tuple[bool, ...]) -> State:
    """A warm start from critical data."""
    return replace(state, soc=soc, shed=shed, reserve_soc=reserve_soc, enabled=enabled)
