"""What a law of the TCS manager is: a user's own replaces ours by `[apps.thermal] law = "package.module:Class"`.

A law is pure: its answers follow from its arguments and from what it was made with, and it changes nothing. What it
remembers from tick to tick is its state, and nothing else. It is made anew at every (re)start, with its `Config` where
it declares one.
"""

from __future__ import annotations

from typing import Protocol

from flightsw.apps.thermal import law
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.law import Inputs, Outputs, State
from flightsw.messages.thermal import ThermalCriticalData

__all__ = ["Inputs", "Outputs", "StandardThermalLaw", "State", "ThermalConfig", "ThermalCriticalData", "ThermalLaw"]


class ThermalLaw(Protocol):
    """The law's side of the contract. Temperatures in degC, powers in W, times in s or ticks, as the names say."""

    CriticalData: type[ThermalCriticalData]
    """what survives a restart: the standard message, or a subclass with fields of the law's own"""

    def initial(self, config: ThermalConfig) -> State:
        """The state of a cold start. A law that remembers more subclasses `State`, fields behind ours with defaults."""
        ...

    def step(self, state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
        """One tick. `inputs`: chip and battery, None where there is no reading (as in the first tick).

        The outputs are the chip's power cap (0 W and up), whether the battery heater is wanted on, and how far the cap
        is throttled (0 to 1); out of range they are refused as the message is sent, and the application is lost. Of the
        state, the application tells `integral_w` and `chip_limit_c`, and the changes of `heater_on` and of the counts
        of missing readings as events.
        """
        ...

    def with_limit(self, state: State, limit_c: float, config: ThermalConfig) -> State | str:
        """Ground sets the chip's limit; or why not."""
        ...

    def stored(self, state: State, standard: ThermalCriticalData) -> ThermalCriticalData:
        """What to keep for a restart, a `CriticalData`; `standard` is what our own law keeps. Asked for at changes of
        `standard`'s limit and heater, and every tenth tick."""
        ...

    def restored(self, state: State, stored: ThermalCriticalData) -> State:
        """The state of a warm start; `state` is that of a cold one."""
        ...


class StandardThermalLaw(ThermalLaw):
    """The shipped law. A user's own may subclass it and say only what differs."""

    CriticalData: type[ThermalCriticalData] = ThermalCriticalData
    initial = staticmethod(law.initial)
    step = staticmethod(law.step)
    with_limit = staticmethod(law.with_limit)
    restored = staticmethod(law.restored)

    def stored(self, _state: State, standard: ThermalCriticalData) -> ThermalCriticalData:
        """Nothing beyond the standard."""
        return standard


STANDARD = StandardThermalLaw()
