"""Power distribution: latching current limiters, converters, under-voltage protection and the bus balance of a step.

    array used * mppt + battery = sum of loads / converter efficiency       (battery positive discharging)
    array available = used + curtailed

An LCL holds an overload at `limit_w` (ECSS-E-ST-20-20C: 1.1-1.5 x class) and trips when that has lasted its trip time
(10-20 ms): within the first tick, as ticks go, and what flowed until then is booked. A tripped LCL stays open until it
is commanded off and then on. Under-voltage protection opens the limiters of all loads that may be shed when the bus
falls below its threshold, and they stay open too: shedding makes the bus rebound, and a limiter that closed by itself
would cycle. Where array and battery can't cover the loads, the bus browns out: every load that may be shed drops off
for the step, and if that is not enough, all of them.

Called by the spacecraft every tick. Pure: state in, state and flows out.
"""

from __future__ import annotations

import math
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
    trip_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 0.015
    """of limiting until it trips (ECSS-E-ST-20-20C: 10-20 ms for most classes)"""
    efficiency: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    """of its own converter; None: as all others"""
    leakage_w: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    """drawn beside, growing with the temperature of its node, as silicon does; stated at `leakage_reference_c`"""
    leakage_per_k: Annotated[float, Meta(ge=0.0, le=0.2)] = 0.0
    leakage_reference_c: Annotated[float, Meta(ge=-100.0, le=200.0)] = 40.0
    shed_tier: Annotated[int, Meta(ge=1, le=9)] | None = None
    """1 is shed first; None: essential, never shed, and stays on in a brown-out as long as there is power"""
    initially_on: bool = True

    def leak_w(self, node_c: float) -> float:
        """What is drawn beside, at a temperature of the load's node."""
        return self.leakage_w * math.exp(self.leakage_per_k * (node_c - self.leakage_reference_c))


class DistributionConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lies between the battery bus and the loads."""

    efficiency: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.90
    """of the converters, 0.90-0.95 (reference: usual DC/DC at these powers)"""
    undervoltage_v: Annotated[float, Meta(ge=0.0, le=1e4)] = 0.0
    """of the battery under load, below which protection opens what may be shed; 0: none"""
    node: str = "bus"
    """thermal node that the converters' loss goes to"""


class Flows(msgspec.Struct, frozen=True, gc=False):
    """The bus over one step, mean powers."""

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


class Limiters:
    """The LCLs of all loads: how much of a demand they let through, and which of them open."""

    def __init__(self, loads: Sequence[LoadConfig]) -> None:
        self._limits_w = [load.limit_w for load in loads]
        self._trip_s = [load.trip_s for load in loads]
        self._essential = [load.shed_tier is None for load in loads]
        self._states: tuple[LclState, ...] = ()
        self._watched: list[tuple[int, float]] = []
        """(place, most power that needs no second look) of what isn't open in these states, worked out once for them"""

    def pass_through(
        self, states: tuple[LclState, ...], limited_s: tuple[float, ...], demand_w: Sequence[float], dt_s: float
    ) -> tuple[tuple[LclState, ...], tuple[float, ...], list[float]]:
        """(states, seconds each has been limiting, mean power let through) of a step."""
        if states is not self._states:
            self._states, self._watched = states, self._to_watch(states)
        powers_w = [0.0] * len(states)
        for place, calm_w in self._watched:
            wanted_w = demand_w[place]
            if wanted_w > calm_w:
                break
            powers_w[place] = wanted_w
        else:
            return states, limited_s, powers_w
        return self._limited(states, limited_s, demand_w, dt_s)

    def _to_watch(self, states: tuple[LclState, ...]) -> list[tuple[int, float]]:
        """One that limits already is never calm."""
        return [
            (place, limit_w if state is ON else -math.inf)
            for place, (state, limit_w) in enumerate(zip(states, self._limits_w, strict=True))
            if state is ON or state is LIMITING
        ]

    def _limited(
        self, states: tuple[LclState, ...], limited_s: tuple[float, ...], demand_w: Sequence[float], dt_s: float
    ) -> tuple[tuple[LclState, ...], tuple[float, ...], list[float]]:
        after, times_s, powers_w = list(states), [0.0] * len(states), [0.0] * len(states)
        for place, state in enumerate(states):
            if state is not ON and state is not LIMITING:
                continue
            if demand_w[place] <= self._limits_w[place]:
                after[place], powers_w[place] = ON, demand_w[place]
                continue
            left_s = max(0.0, self._trip_s[place] - limited_s[place])
            after[place] = TRIPPED if left_s <= dt_s else LIMITING
            powers_w[place] = self._limits_w[place] * min(1.0, left_s / dt_s)
            times_s[place] = limited_s[place] + dt_s if after[place] is LIMITING else 0.0
        return tuple(after), tuple(times_s), powers_w

    def open_sheddable(self, states: tuple[LclState, ...]) -> tuple[LclState, ...]:
        """States after under-voltage protection has opened what may be shed."""
        return tuple(
            [
                state if essential or state is OFF else TRIPPED
                for state, essential in zip(states, self._essential, strict=True)
            ]
        )


class PowerBus:
    """The balance of a step for one configuration and battery."""

    def __init__(
        self, config: DistributionConfig, loads: Sequence[LoadConfig], battery: Battery, mppt_efficiency: float
    ) -> None:
        self.battery = battery
        self._config, self._loads = config, loads
        self._efficiency = config.efficiency
        self._mppt = mppt_efficiency
        self._essential = [load.shed_tier is None for load in loads]
        own = [load.efficiency for load in loads]
        self._gross = None if own.count(None) == len(own) else [1.0 / (each or config.efficiency) for each in own]
        """watts at the bus a watt at the load, where loads have converters of their own"""

    def with_battery(self, battery: Battery) -> PowerBus:
        """The same bus on another pack, or on the same for another step length."""
        return PowerBus(self._config, self._loads, battery, self._mppt)

    def balance(
        self, available_w: float, load_w: list[float], state: BatteryState, battery_c: float
    ) -> tuple[BatteryState, Flows]:
        """Share out one step: array first, then battery, then brown-out; what nobody takes is curtailed."""
        array_w = available_w * self._mppt
        drawn_w = sum(load_w)
        need_w = drawn_w / self._efficiency if self._gross is None else self._gross_w(load_w)
        given = self.battery.exchange(state, battery_c, need_w - array_w)
        brownout = given is None
        if given is None:
            load_w = [power if kept else 0.0 for power, kept in zip(load_w, self._essential, strict=True)]
            need_w = self._gross_w(load_w)
            given = self.battery.exchange(state, battery_c, need_w - array_w)
            if given is None:
                load_w, need_w = [0.0] * len(load_w), 0.0
                given = self.battery.exchange(state, battery_c, -array_w)
                assert given is not None, "a battery takes what it is offered, or leaves it"
            drawn_w = sum(load_w)
        state, step = given
        bus_w = need_w - step.power_w
        used_w = bus_w / self._mppt
        return state, Flows(used_w, tuple(load_w), drawn_w, used_w - bus_w + need_w - drawn_w, step, brownout)

    def _gross_w(self, load_w: Sequence[float]) -> float:
        if self._gross is None:
            return sum(load_w) / self._efficiency
        return sum([power * gross for power, gross in zip(load_w, self._gross, strict=True)])


def mean_flows(parts: Sequence[tuple[float, Flows]]) -> Flows:
    """One tick's flows from those of its parts: [(seconds, flows)], in time."""
    total_s = sum(share_s for share_s, _ in parts)

    def mean(values: Sequence[float]) -> float:
        return sum(share_s * value for (share_s, _), value in zip(parts, values, strict=True)) / total_s

    steps = [flows.battery for _, flows in parts]
    return Flows(
        mean([flows.array_used_w for _, flows in parts]),
        tuple([mean(loads) for loads in zip(*(flows.load_w for _, flows in parts), strict=True)]),
        mean([flows.drawn_w for _, flows in parts]),
        mean([flows.conversion_loss_w for _, flows in parts]),
        BatteryStep(
            mean([step.current_a for step in steps]),
            steps[-1].terminal_v,
            mean([step.power_w for step in steps]),
            sum(step.heat_j for step in steps),
            sum(step.stored_j for step in steps),
        ),
        any(flows.brownout for _, flows in parts),
    )
