"""Messages of communications: telecommands in, telemetry and products out.

`tc.request` comes from outside (a scenario's `[[commands]]` or the bench umbilical), `tc.request.health` from a stored
command sequence. comms checks it, answers on
`tc.verification` (PUS service 1: acceptance, completion) and passes an accepted one on as `tc.dispatch`; the owner
reports on `tc.report.<app>`. `comms.radio` is read by the plant (its only writer is comms; it goes out on change
and every tenth tick).
"""

from __future__ import annotations

import enum

from flightsw.messages.base import BitsPerSecond, Count, Label, Message, Nanoseconds, Scalar, Text
from flightsw.messages.commands import Command
from flightsw.messages.time import TimeSync


class TcRequest(Message, frozen=True):
    """A telecommand as it arrives, not yet believed."""

    request: Count
    name: Label
    args: dict[Label, Scalar]


class TcDispatch(Message, frozen=True):
    """An accepted telecommand on its way to its owner."""

    request: Count
    command: Command


class TcStage(enum.IntEnum):
    """Stage of verification, numbered as the PUS service 1 report subtypes."""

    ACCEPTED = 1
    REJECTED = 2
    COMPLETED = 7
    FAILED = 8


class TcReport(Message, frozen=True):
    """The owner's word on a dispatched telecommand: COMPLETED or FAILED."""

    request: Count
    stage: TcStage
    reason: Text | None


class TcVerification(Message, frozen=True):
    """What the ground is told of a telecommand."""

    request: Count
    name: Label
    stage: TcStage
    reason: Text | None


def already_seen(request: int) -> str:
    """The reason for which a repeated request is rejected: its sender learns that the first one came through."""
    return f"request {request} was already seen"


class RadioCommand(Message, frozen=True):
    """Wanted state of the transmitter."""

    transmitter_on: bool


class CommsStatus(Message, frozen=True):
    """Housekeeping of communications. Counters run from the start of the run and survive a restart."""

    in_pass: bool
    station: Count | None
    rate_bps: BitsPerSecond
    queue_bytes: Count
    sent_bytes: Count
    dropped_products: Count
    """results that found the store full, or never reached it"""
    tc_accepted: Count
    tc_rejected: Count


class DownlinkFrame(Message, frozen=True):
    """What left for the ground in one tick of a pass."""

    station: Count
    housekeeping_bytes: Count
    product_bytes: Count
    products: Count
    """results completed by this frame"""
    last_batch: Count | None
    """batch number of the last result completed"""


class FrameTime(Message, frozen=True):
    """On-board time of the frame that it goes with, at the beginning of the tick."""

    met_ns: Nanoseconds
    utc_ns: Nanoseconds | None
    """None: no correlation"""
    sync: TimeSync


class CommsCriticalData(Message, frozen=True):
    """What comms must not forget through a restart. The store itself is lost, and counted as dropped."""

    sent_bytes: Count
    dropped_products: Count
    queued_products: Count
    next_batch: Count
    """number that the next result is expected to bear"""
    transmitter_allowed: bool
    tc_accepted: Count
    tc_rejected: Count
    seen_requests: tuple[Count, ...]
    """the newest ones, oldest first"""
    open_requests: tuple[Count, ...]
    """accepted, and not yet reported on"""
    open_names: tuple[Label, ...]
    """with the owner behind it, where the name alone doesn't say"""
    open_due_ticks: tuple[Count, ...]
