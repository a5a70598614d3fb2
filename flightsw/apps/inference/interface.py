"""What a law of the payload manager is: a user's own replaces ours by `[apps.inference] law = "package.module:Class"`.

A law is pure: its answers follow from its arguments and from what it was made with, and it changes nothing. What it
remembers from tick to tick is its state, and nothing else. It is made anew at every (re)start, with its `Config` where
it declares one. It must not branch on what a network computed; it is not given it.
"""

from __future__ import annotations

from typing import Protocol

from flightsw.apps.inference import law
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.governor import Decision
from flightsw.apps.inference.ladder import Ladder
from flightsw.apps.inference.law import Choice, Inputs, Outputs, State, applied, heard
from flightsw.apps.inference.work import SourceWork
from flightsw.devices.silicon import Silicon
from flightsw.messages.inference import InferenceCriticalData

__all__ = [
    "Choice",
    "Decision",
    "InferenceConfig",
    "InferenceCriticalData",
    "InferenceLaw",
    "Inputs",
    "Ladder",
    "Outputs",
    "Silicon",
    "SourceWork",
    "StandardInferenceLaw",
    "State",
    "applied",
    "heard",
]


class InferenceLaw(Protocol):
    """The law's side of the contract. `silicon`: the device's data sheet; `ladder`: the model's variants, with the
    scenes/s that each serves in each mode."""

    CriticalData: type[InferenceCriticalData]
    """what survives a restart: the standard message, or a subclass with fields of the law's own"""

    def initial(self) -> State:
        """The state of a cold start. A law that remembers more subclasses `State`, fields behind ours with defaults."""
        ...

    def step(
        self, state: State, inputs: Inputs, silicon: Silicon, ladder: Ladder, config: InferenceConfig
    ) -> tuple[State, Outputs]:
        """One tick. `inputs`: the node's mode, ground's wish, both caps in W (None: not heard in this tick), the
        device's telemetry, scenes waiting and scenes/s arriving; the same by source, with what a scene is worth and
        how long it may take; what power publishes of charge, eclipse and energy ahead.

        The outputs are whether the device is wanted on, a `Decision` (power mode by its place in `silicon.modes`,
        whether batches may start, what is demanded, granted and predicted in W, variant by source, size of a batch)
        and whether a cap has grown stale. A law that only chooses makes a `Choice` of what `heard` gives, and lets
        `applied` keep it inside the caps.
        """
        ...

    def stored(self, state: State, standard: InferenceCriticalData) -> InferenceCriticalData:
        """What to keep for a restart, a `CriticalData`; `standard` is what the application itself keeps. Asked for when
        `standard` changes, and every tenth tick."""
        ...

    def restored(self, state: State, stored: InferenceCriticalData) -> State:
        """The state of a warm start; `state` is that of a cold one."""
        ...


class StandardInferenceLaw(InferenceLaw):
    """The shipped law. A user's own may subclass it and say only what differs."""

    CriticalData: type[InferenceCriticalData] = InferenceCriticalData
    step = staticmethod(law.step)

    def initial(self) -> State:
        """Nothing is known."""
        return State()

    def stored(self, _state: State, standard: InferenceCriticalData) -> InferenceCriticalData:
        """Nothing beyond the standard."""
        return standard

    def restored(self, state: State, _stored: InferenceCriticalData) -> State:
        """Caps and the device are heard anew."""
        return state


STANDARD = StandardInferenceLaw()
