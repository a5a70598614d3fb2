"""What a scenario says of a fault: when it acts, and of those on the bus, what they do.

Each kind is a struct, told apart by its `kind`; the hardware's are in `plant.fault_config`, and both are checked and
resolved into ticks and places by `node.faults`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.messages.base import Label

TopicName = Annotated[str, Meta(max_length=64)]
Ticks = Annotated[int, Meta(ge=1, le=1_000_000)]
Share = Annotated[float, Meta(gt=0.0, le=1.0)]


class FaultConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Root of all kinds. One of `at`, `when` and `per_day` says when the fault begins."""

    at: str | None = None
    """after the start, like "600s", "90min" or "1.5h" """
    when: str | None = None
    """what must be true of the plant: "eclipse 2", "soc < 0.5", "node_c.chip > 70"; it begins once"""
    per_day: Annotated[float, Meta(gt=0.0, le=1e5)] | None = None
    """how often it begins, by chance"""
    lasts: str | None = None
    """how long each time, like "60s"; left out, for good"""


class Crash(FaultConfig, frozen=True, kw_only=True, tag="crash"):
    """A flight application is lost in a tick, which it never answers, and comes back as after any loss."""

    process: Label


class Hang(FaultConfig, frozen=True, kw_only=True, tag="hang"):
    """A flight application answers no tick, and stays as it is, until it is over or somebody restarts it."""

    process: Label


class Slow(FaultConfig, frozen=True, kw_only=True, tag="slow"):
    """A flight application is heard late in all that it says."""

    process: Label
    ticks: Ticks


class MessageFaultConfig(FaultConfig, frozen=True, kw_only=True):
    """Root of what befalls the messages of a topic on their way."""

    topic: TopicName
    share: Share = 1.0
    """of its messages, by chance"""


class MessageDrop(MessageFaultConfig, frozen=True, kw_only=True, tag="message_drop"):
    """They never arrive."""


class MessageDelay(MessageFaultConfig, frozen=True, kw_only=True, tag="message_delay"):
    """They arrive later."""

    ticks: Ticks


class MessageDuplicate(MessageFaultConfig, frozen=True, kw_only=True, tag="message_duplicate"):
    """They arrive twice."""

    ticks: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """how much later the second time; 0: behind the first"""


class MessageCorrupt(MessageFaultConfig, frozen=True, kw_only=True, tag="message_corrupt"):
    """One bit of them flips: what is no message then is dropped, as by a link's CRC; the rest arrives changed."""


class MessageReorder(MessageFaultConfig, frozen=True, kw_only=True, tag="message_reorder"):
    """They arrive a tick later, behind what was said after them."""


BusFaultConfig = Crash | Hang | Slow | MessageDrop | MessageDelay | MessageDuplicate | MessageCorrupt | MessageReorder
