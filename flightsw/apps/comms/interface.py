"""What a law of communications is: a user's own replaces ours by `[apps.comms] law = "package.module:Class"`.

It decides on the link; telecommands and the store are not its business. A law is pure: its answers follow from its
arguments and from what it was made with, and it changes nothing. What it remembers from tick to tick is its state, and
nothing else. It is made anew at every (re)start, with its `Config` where it declares one.
"""

from __future__ import annotations

from typing import Protocol

from flightsw.apps.comms import law
from flightsw.apps.comms.law import Inputs, Outputs, State
from flightsw.messages.comms import CommsCriticalData

__all__ = ["CommsCriticalData", "CommsLaw", "Inputs", "Outputs", "StandardCommsLaw", "State"]


class CommsLaw(Protocol):
    """The law's side of the contract."""

    CriticalData: type[CommsCriticalData]
    """what survives a restart: the standard message, or a subclass with fields of the law's own"""

    def initial(self) -> State:
        """The state of a cold start. A law that remembers more subclasses `State`, fields behind ours with defaults."""
        ...

    def step(self, state: State, inputs: Inputs, dt_s: float) -> tuple[State, Outputs]:
        """One tick. `inputs`: station in view by number (None: none), its rate in bit/s, the node's mode, whether the
        transmitter's rail is on, and the bytes that wait.

        The outputs are whether to transmit, how many bytes this tick has room for, whether results may go beside
        housekeeping, and the station whose pass began or ended. Of the state, the application reads `allowed` and
        `pass_bytes`.
        """
        ...

    def counted(self, state: State, sent_bytes: int) -> State:
        """So much was sent in this tick."""
        ...

    def with_transmitter(self, state: State, *, allowed: bool) -> State:
        """Ground allows or forbids the transmitter; also at a warm start, as it was."""
        ...

    def stored(self, state: State, standard: CommsCriticalData) -> CommsCriticalData:
        """What to keep for a restart, a `CriticalData`; `standard` is what the application itself keeps. Asked for when
        something was sent or a telecommand moved on, and every tenth tick."""
        ...

    def restored(self, state: State, stored: CommsCriticalData) -> State:
        """The state of a warm start; `state` is that of a cold one."""
        ...


class StandardCommsLaw(CommsLaw):
    """The shipped law. A user's own may subclass it and say only what differs."""

    CriticalData: type[CommsCriticalData] = CommsCriticalData
    step = staticmethod(law.step)
    counted = staticmethod(law.counted)
    with_transmitter = staticmethod(law.with_transmitter)

    def initial(self) -> State:
        """Nothing is known."""
        return State()

    def stored(self, _state: State, standard: CommsCriticalData) -> CommsCriticalData:
        """Nothing beyond the standard."""
        return standard

    def restored(self, state: State, stored: CommsCriticalData) -> State:
        """Ground's wish is kept; a pass under way begins anew."""
        return law.with_transmitter(state, allowed=stored.transmitter_allowed)


STANDARD = StandardCommsLaw()
