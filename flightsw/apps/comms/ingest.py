"""Telecommand ingest: believe nothing, answer everything. Pure.

Each request ends in exactly one of rejected, completed, failed.

PUS service 1 verification (ECSS-E-ST-70-41C): acceptance when the command is known, well-formed, new and allowed in the
node's mode; completion when its owner says so; failure when the owner says so or says nothing in time. Called by the
application for every request and report, and once a tick for what is overdue.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from flightsw.messages.base import Message
from flightsw.messages.commands import Command, InferSetPayload, addressed, owner_of, parse_command, plain
from flightsw.messages.comms import TcDispatch, TcReport, TcRequest, TcStage, TcVerification, already_seen
from flightsw.messages.health import Mode

SEEN_REQUESTS = 64
"""how many request numbers are remembered against repeats: more than a queue of requests can hold in a tick"""
FINAL = (TcStage.COMPLETED, TcStage.FAILED)


class OpenRequest(NamedTuple):
    """An accepted command that its owner has not reported on."""

    request: int
    name: str
    """with its owner behind it, where the name alone doesn't say"""
    due_tick: int
    """the last tick in which a report still counts"""


class IngestState(msgspec.Struct, frozen=True, gc=False):
    """What ingest carries from tick to tick."""

    open: tuple[OpenRequest, ...] = ()
    seen: tuple[int, ...] = ()
    accepted: int = 0
    rejected: int = 0


def forbidden(command: Command, mode: Mode) -> str | None:
    """Why this mode forbids a command; None: it doesn't. Switching something off is always allowed."""
    if isinstance(command, InferSetPayload) and command.on and mode <= Mode.SAFE:
        return f"mode {mode.name} forbids infer.set_payload on: must be STANDBY or above"
    return None


def receive(
    state: IngestState, request: TcRequest, mode: Mode, tick: int, report_ticks: int
) -> tuple[IngestState, list[Message]]:
    """Check one; accepted, it goes out to its owner."""
    number, name = request.request, request.name
    reason: str | None = None
    command: Command | None = None
    if number in state.seen:
        reason = already_seen(number)
    else:
        try:
            command = parse_command(name, request.args)
            reason = forbidden(command, mode)
        except ValueError as error:
            reason = str(error)[:256]
    seen = state.seen if number in state.seen else (*state.seen, number)[-SEEN_REQUESTS:]
    if command is None or reason is not None:
        after = replace(state, seen=seen, rejected=state.rejected + 1)
        return after, [TcVerification(number, name, TcStage.REJECTED, reason)]
    opened = (*state.open, OpenRequest(number, addressed(command), tick + report_ticks))
    after = IngestState(opened, seen, state.accepted + 1, state.rejected)
    return after, [TcVerification(number, name, TcStage.ACCEPTED, None), TcDispatch(number, command)]


def conclude(state: IngestState, source: str, report: TcReport) -> tuple[IngestState, list[Message]]:
    """An owner's last word; words of others, unasked-for or not final, are ignored."""
    for one in state.open:
        if one.request == report.request and owner_of(one.name) == source and report.stage in FINAL:
            after = replace(state, open=tuple([other for other in state.open if other is not one]))
            return after, [TcVerification(one.request, plain(one.name), report.stage, report.reason)]
    return state, []


def time_out(state: IngestState, tick: int) -> tuple[IngestState, list[Message]]:
    """Requests whose owner has kept silent for too long have failed."""
    late = [one for one in state.open if tick > one.due_tick]
    after = replace(state, open=tuple([one for one in state.open if tick <= one.due_tick]))
    return after, [
        TcVerification(one.request, plain(one.name), TcStage.FAILED, f"no report from {owner_of(one.name)}")
        for one in late
    ]
