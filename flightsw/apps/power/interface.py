"""What a law of the EPS manager is: a user's own replaces ours by `[apps.power] law = "package.module:Class"`.

A law is pure: its answers follow from its arguments and from what it was made with, and it changes nothing. What it
remembers from tick to tick is its state, and nothing else. It is made anew at every (re)start, with its `Config` where
it declares one.
"""

from __future__ import annotations

from typing import Protocol

from flightsw.apps.power import law, orders
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.law import Inputs, Outputs, State
from flightsw.apps.power.shedding import LoadTable
from flightsw.messages.power import PowerCriticalData

__all__ = [
    "Inputs",
    "LoadTable",
    "Outputs",
    "PowerConfig",
    "PowerCriticalData",
    "PowerLaw",
    "StandardPowerLaw",
    "State",
]


class PowerLaw(Protocol):
    """The law's side of the contract. `table`: the switched loads, in the order of every tuple over loads."""

    CriticalData: type[PowerCriticalData]
    """what survives a restart: the standard message, or a subclass with fields of the law's own"""

    def initial(self, table: LoadTable, config: PowerConfig) -> State:
        """The state of a cold start. A law that remembers more subclasses `State`, fields behind ours with defaults."""
        ...

    def step(
        self, state: State, inputs: Inputs, table: LoadTable, config: PowerConfig, dt_s: float
    ) -> tuple[State, Outputs]:
        """One tick. `inputs`: EPS sensors, navigation and the node's mode, None where nothing came in this tick.

        The outputs are the wanted state of every load, the payload's power cap in W (0 and up) and the charger's set
        points (None: it keeps its own). Of the state, the application tells `soc` (estimate and variance), `shed`,
        `reserve_soc` and `ahead` (the eclipse foreseen), and changes of `shed`, `care` (limiters), `array`, `pack`
        and `blind_ticks` as events.
        """
        ...

    def with_reserve(self, state: State, reserve_soc: float) -> State:
        """Ground sets the state of charge that no eclipse may end below."""
        ...

    def with_charge(self, state: State, most_a: float, config: PowerConfig) -> State | str:
        """Ground limits the charging current; or why not."""
        ...

    def with_load(self, state: State, load: str, table: LoadTable, *, on: bool) -> State | str:
        """Ground switches a load; or why not."""
        ...

    def with_shed_cleared(self, state: State, config: PowerConfig) -> State | str:
        """Ground releases the latched tiers; or why not."""
        ...

    def stored(self, state: State, standard: PowerCriticalData) -> PowerCriticalData:
        """What to keep for a restart, a `CriticalData`; `standard` is what our own law keeps. Asked for when shed
        level, switches, reserve or lock-outs change, and every tenth tick."""
        ...

    def restored(self, state: State, stored: PowerCriticalData) -> State:
        """The state of a warm start; `state` is that of a cold one."""
        ...


class StandardPowerLaw(PowerLaw):
    """The shipped law. A user's own may subclass it and say only what differs."""

    CriticalData: type[PowerCriticalData] = PowerCriticalData
    initial = staticmethod(law.initial)
    step = staticmethod(law.step)
    with_reserve = staticmethod(orders.with_reserve)
    with_charge = staticmethod(orders.with_charge)
    with_load = staticmethod(orders.with_load)
    with_shed_cleared = staticmethod(orders.with_shed_cleared)
    restored = staticmethod(orders.restored)

    def stored(self, _state: State, standard: PowerCriticalData) -> PowerCriticalData:
        """Nothing beyond the standard."""
        return standard


STANDARD = StandardPowerLaw()
