"""The message of a fault that is injected while a run goes on.

Producer: outside, over the bench umbilical. Readers: the plant (hardware) and the bus itself (processes, messages);
no flight application may hear it, and no fault of the bus touches it. It is in the log as an outside input of its
tick, so that log and seed still give the run.
"""

from __future__ import annotations

from flightsw.messages.base import Count, Label, Message, Scalar

INJECTION = "truth.injection"


class FaultInjection(Message, frozen=True):
    """A fault that begins in the tick in which this comes in. Checked before it may come in."""

    number: Count
    """names its random stream; numbered through with the telecommands from outside"""
    kind: Label
    """as in `[[faults]]` of a scenario"""
    args: dict[Label, Scalar]
    """the kind's own fields"""
    lasts_ticks: Count | None
    """None: for good"""
