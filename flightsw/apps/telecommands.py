"""What every application does with telecommands: pick its own, execute, report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flightsw.bus.application import Inbox
from flightsw.messages.base import Message
from flightsw.messages.comms import TcDispatch, TcReport, TcStage


class Executed(NamedTuple):
    """A command executed, and what is to be told beside its completion."""

    told: tuple[Message, ...]


class NotMine(NamedTuple):
    """A command of a kind that several applications own, addressed to another of them."""


NOT_MINE = NotMine()
Outcome = str | Executed | NotMine | None
"""None: executed; text: why not."""
Handlers = dict[type[Any], Callable[[Any], Outcome]]
"""By command type: executes one."""


def execute_own(inbox: Inbox, handlers: Handlers) -> list[Message]:
    """Run the handler of each dispatched command that this application owns: their reports, and what they tell."""
    out: list[Message] = []
    for dispatch in inbox.all(TcDispatch):
        handler = handlers.get(type(dispatch.command))
        if handler is None or (outcome := handler(dispatch.command)) is NOT_MINE:
            continue
        if isinstance(outcome, Executed):
            out += outcome.told
        reason = outcome if isinstance(outcome, str) else None
        out.append(TcReport(dispatch.request, TcStage.COMPLETED if reason is None else TcStage.FAILED, reason))
    return out
