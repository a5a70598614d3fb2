"""What every application does with telecommands: pick its own, execute, report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flightsw.bus.application import Inbox
from flightsw.messages.base import Message
from flightsw.messages.comms import TcDispatch, TcReport, TcStage

Handlers = dict[type[Any], Callable[[Any], str | None]]
"""By command type: executes one, and gives None, or why not."""


def execute_own(inbox: Inbox, handlers: Handlers) -> list[Message]:
    """Run the handler of each dispatched command that this application owns; a handler gives None, or why not."""
    reports: list[Message] = []
    for dispatch in inbox.all(TcDispatch):
        handler = handlers.get(type(dispatch.command))
        if handler is not None:
            reason = handler(dispatch.command)
            stage = TcStage.COMPLETED if reason is None else TcStage.FAILED
            reports.append(TcReport(dispatch.request, stage, reason))
    return reports
