"""Faults that come in while a run goes on, and what they become: pure, the same on every host and in every replay.

A fault that is injected is a message from outside (`messages.faults`). The plant and the Exchange each take those that
are theirs to make, from the tick in which it comes in; `node.injection` has checked it before.
"""

from __future__ import annotations

from typing import get_args

import msgspec

from flightsw.bus.fault_config import (
    BusFaultConfig,
    Crash,
    FaultConfig,
    Hang,
    MessageCorrupt,
    MessageDelay,
    MessageDrop,
    MessageDuplicate,
    MessageReorder,
    Slow,
)
from flightsw.bus.faults import CORRUPT, CRASH, DELAY, DROP, DUPLICATE, HANG, REORDER, SLOW, BusFault
from flightsw.bus.occurrence import Occurrence
from flightsw.messages.faults import FaultInjection
from flightsw.messages.topics import TopicTable

_KINDS: dict[type[FaultConfig], str] = {
    Crash: CRASH,
    Hang: HANG,
    Slow: SLOW,
    MessageDrop: DROP,
    MessageDelay: DELAY,
    MessageDuplicate: DUPLICATE,
    MessageCorrupt: CORRUPT,
    MessageReorder: REORDER,
}
_TAGS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(BusFaultConfig))


def occurrence_of(injection: FaultInjection, tick: int) -> Occurrence:
    """It begins in the tick in which it comes in."""
    return Occurrence(first_tick=tick, lasts_ticks=injection.lasts_ticks, stream=f"injection.{injection.number}")


def bus_fault_of(fault: BusFaultConfig, occurrence: Occurrence, topics: TopicTable) -> BusFault:
    """A fault of the bus, resolved."""
    return BusFault(
        _KINDS[type(fault)],
        occurrence,
        process=getattr(fault, "process", ""),
        topic=-1 if isinstance(fault, Crash | Hang | Slow) else topics.number[fault.topic],
        ticks=getattr(fault, "ticks", 0),
        share=getattr(fault, "share", 1.0),
    )


def injected_bus_fault(injection: FaultInjection, tick: int, topics: TopicTable) -> BusFault | None:
    """What the Exchange is to do from this tick on; None: it is the plant's."""
    if injection.kind not in _TAGS:
        return None
    fault: BusFaultConfig = msgspec.convert({"kind": injection.kind, **injection.args}, BusFaultConfig)
    return bus_fault_of(fault, occurrence_of(injection, tick), topics)
