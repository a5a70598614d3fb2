"""Power distribution: latching current limiters, the converter to the loads, and the bus balance of a tick.

    array used * mppt + battery = loads / converter efficiency          (battery positive discharging)
    array available = used + curtailed

An LCL limits at `limit_factor` x its class current's power and trips when that lasts longer than its trip time
(ECSS-E-ST-20-20C: 1.1-1.5 x class, 10-20 ms); at a tick of 0.1 s or more an overload therefore trips within its
first tick. A tripped LCL stays open until it is commanded off and then on. The battery covers what the array can't;
where it can't either, the bus browns out: every load that may be shed drops off for the tick, and if that is not
enough, all of them.

Called by the plant process every tick. Pure: state in, state and flows out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.messages.plant import LclState
from flightsw.plant.battery import Battery, BatteryState, BatteryStep

OFF, ON, LIMITING, TRIPPED = LclState.OFF, LclState.ON, LclState.LIMITING, LclState.TRIPPED


class LoadConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A switched load behind its own LCL."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
    power_w: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    """drawn while on; the payload, heaters and transmitter draw what their own models say"""
    node: str = "bus"
    """thermal node that its dissipation goes to"""
    limit_w: Annotated[float, Meta(gt=0.0, le=1e7)] = 1e6
    """power at which the LCL limits"""
    shed_tier: Annotated[int, Meta(ge=1, le=9)] | None = None
    """1 is shed first; None: essential, never shed, and stays on in a brown-out as long as there is power"""
    initially_on: bool = True


class DistributionConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lies between the battery bus and the loads."""

    efficiency: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.90
    """of the converters, 0.90-0.95 (reference: usual DC/DC at these powers)"""


class Flows(msgspec.Struct, frozen=True, gc=False):
    """The bus over one tick, mean powers."""

    array_used_w: float
    """at the array's terminals"""
    load_w: tuple[float, ...]
    drawn_w: float
    """by all loads together"""
    conversion_loss_w: float
    """in the MPPT and in the load converters"""
    battery: BatteryStep
    brownout: bool


def switch_lcls(states: tuple[LclState, ...], wanted: Sequence[bool]) -> tuple[LclState, ...]:
    """States after a switch command: off opens and clears a trip, on closes only what is off."""
    for state, want in zip(states, wanted, strict=True):
        if (state is OFF) is want:
            break
    else:
        return states
    return tuple(
        [OFF if not want else (ON if state is OFF else state) for state, want in zip(states, wanted, strict=True)]
    )


def draw(
    loads: Sequence[LoadConfig], states: tuple[LclState, ...], demand_w: Sequence[float]
) -> tuple[tuple[LclState, ...], list[float]]:
    """(states, power) after the LCLs have seen the demand: an overload trips and draws nothing."""
    powers = [0.0] * len(states)
    tripped = False
    for place, state in enumerate(states):
        if state is ON:
            if demand_w[place] > loads[place].limit_w:
                tripped = True
            else:
                powers[place] = demand_w[place]
    if tripped:
        states = tuple(
            TRIPPED if state is ON and demand_w[place] > loads[place].limit_w else state
            for place, state in enumerate(states)
        )
    return states, powers


class PowerBus:
    """The balance of a tick for one configuration."""

    def __init__(
        self, config: DistributionConfig, loads: Sequence[LoadConfig], battery: Battery, mppt_efficiency: float
    ) -> None:
        self._efficiency = config.efficiency
        self._mppt = mppt_efficiency
        self._battery = battery
        self._essential = [load.shed_tier is None for load in loads]

    def balance(
        self, available_w: float, load_w: list[float], state: BatteryState, battery_c: float
    ) -> tuple[BatteryState, Flows]:
        """Share out one tick: array first, then battery, then brown-out; what nobody takes is curtailed."""
        brownout = False
        circuit = self._battery.circuit(state, battery_c)
        array_w = available_w * self._mppt
        drawn_w = sum(load_w)
        need_w = drawn_w / self._efficiency
        if need_w > array_w and need_w - array_w > self._battery.feasible_w(state, circuit):
            brownout = True
            load_w = [power if kept else 0.0 for power, kept in zip(load_w, self._essential, strict=True)]
            drawn_w = sum(load_w)
            need_w = drawn_w / self._efficiency
            if need_w > array_w and need_w - array_w > self._battery.feasible_w(state, circuit):
                load_w = [0.0] * len(load_w)
                drawn_w = need_w = 0.0
        spare_w = array_w - need_w
        if spare_w > 0.0:
            charge_w = min(spare_w, self._battery.acceptance_w(state, circuit, battery_c))
            battery_w, bus_w = -charge_w, need_w + charge_w
        else:
            battery_w, bus_w = -spare_w, array_w
        state, step = self._battery.step(state, circuit, battery_w)
        used_w = bus_w / self._mppt
        loss_w = used_w - bus_w + need_w - drawn_w
        return state, Flows(used_w, tuple(load_w), drawn_w, loss_w, step, brownout)
