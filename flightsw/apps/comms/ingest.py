"""Telecommand ingest: believe nothing, answer everything.

Each request ends in exactly one of rejected, completed, failed.

PUS service 1 verification: acceptance when the command is known, well-formed and new; completion when its owner says
so; failure when the owner says so or says nothing in time.
"""

from __future__ import annotations

from flightsw.messages.base import Message
from flightsw.messages.commands import owner_of, parse_command
from flightsw.messages.comms import TcDispatch, TcReport, TcRequest, TcStage, TcVerification


class Ingest:
    """Open requests and the counters. `report_ticks`: patience with an owner."""

    def __init__(self, report_ticks: int) -> None:
        self._report_ticks = report_ticks
        self._open: dict[int, tuple[str, int]] = {}
        """request -> (name, tick by which its owner must have reported)"""
        self._seen: set[int] = set()
        self.accepted = 0
        self.rejected = 0

    def request(self, request: TcRequest, tick: int) -> list[Message]:
        """Check one; accepted, it goes out to its owner."""
        reason: str | None = None
        if request.request in self._seen:
            reason = f"request {request.request} was already seen"
        else:
            try:
                command = parse_command(request.name, request.args)
            except ValueError as error:
                reason = str(error)[:256]
        self._seen.add(request.request)
        if reason is not None:
            self.rejected += 1
            return [TcVerification(request.request, request.name, TcStage.REJECTED, reason)]
        self.accepted += 1
        self._open[request.request] = (request.name, tick + self._report_ticks)
        return [
            TcVerification(request.request, request.name, TcStage.ACCEPTED, None),
            TcDispatch(request.request, command),
        ]

    def report(self, report: TcReport) -> list[Message]:
        """An owner's word; unasked-for words are ignored."""
        if report.request not in self._open:
            return []
        name, _ = self._open.pop(report.request)
        return [TcVerification(report.request, name, report.stage, report.reason)]

    def overdue(self, tick: int) -> list[Message]:
        """Requests whose owner has kept silent for too long."""
        if not self._open:
            return []
        late = [number for number, (_, due) in self._open.items() if tick > due]
        failed: list[Message] = []
        for number in late:
            name, _ = self._open.pop(number)
            failed.append(TcVerification(number, name, TcStage.FAILED, f"no report from {owner_of(name)}"))
        return failed
