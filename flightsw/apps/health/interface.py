"""What a law of health is: a user's own replaces ours by `[apps.health] law = "package.module:Class"`.

A tick is `observed`, then `commanded` for what ground asks, then `decided`. A law is pure: its answers follow from its
arguments and from what it was made with, and it changes nothing. What it remembers from tick to tick is its state, and
nothing else. It is made anew at every (re)start, with its `Config` where it declares one.
"""

from __future__ import annotations

from typing import Protocol

from flightsw.apps.health import law
from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.state import Inputs, State
from flightsw.messages.health import AttitudeCommand, HealthCriticalData, Mode

__all__ = [
    "AttitudeCommand",
    "HealthConfig",
    "HealthCriticalData",
    "HealthLaw",
    "Inputs",
    "Mode",
    "StandardHealthLaw",
    "State",
]


class HealthLaw(Protocol):
    """The law's side of the contract. `apps`: whose heartbeats are watched, in the order of `inputs.heard`."""

    CriticalData: type[HealthCriticalData]
    """what survives a restart: the standard message, or a subclass with fields of the law's own"""

    def initial(self, config: HealthConfig, apps: tuple[str, ...]) -> State:
        """The state of a cold start. A law that remembers more subclasses `State`, fields behind ours with defaults.

        Ours makes a plain `State` in `observed`: who carries more says `observed` too.
        """
        ...

    def observed(self, state: State, inputs: Inputs, apps: tuple[str, ...], config: HealthConfig) -> State:
        """The first half of a tick: who was heard, what the watchpoints' values are, state of charge, brown-out."""
        ...

    def commanded(
        self, state: State, asked: Mode, tick: int, apps: tuple[str, ...], config: HealthConfig
    ) -> State | str:
        """Ground asks for a mode; or why not."""
        ...

    def decided(self, state: State, tick: int, apps: tuple[str, ...], config: HealthConfig) -> State:
        """The second half of a tick: the mode that follows. Of the state, the application tells `mode`, `since_tick`,
        `reason` and `pulse.overdue`, and the changes of mode, `watches` and heartbeats as events."""
        ...

    def attitude_of(self, mode: Mode, wanted: AttitudeCommand) -> AttitudeCommand:
        """What is held in a mode, where ground or the mission plan wants `wanted`."""
        ...

    def stored(self, state: State, standard: HealthCriticalData) -> HealthCriticalData:
        """What to keep for a restart, a `CriticalData`; `standard` is what our own law keeps. Asked for when mode or
        pointing change, and every tenth tick."""
        ...

    def restored(self, state: State, stored: HealthCriticalData, apps: tuple[str, ...]) -> State:
        """The state of a warm start; `state` is that of a cold one."""
        ...


class StandardHealthLaw(HealthLaw):
    """The shipped law. A user's own may subclass it and say only what differs."""

    CriticalData: type[HealthCriticalData] = HealthCriticalData
    initial = staticmethod(law.initial)
    observed = staticmethod(law.observed)
    commanded = staticmethod(law.commanded)
    decided = staticmethod(law.decided)
    attitude_of = staticmethod(law.attitude_of)
    restored = staticmethod(law.restored)

    def stored(self, _state: State, standard: HealthCriticalData) -> HealthCriticalData:
        """Nothing beyond the standard."""
        return standard


STANDARD = StandardHealthLaw()
