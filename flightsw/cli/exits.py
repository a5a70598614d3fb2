"""Exit codes of every command, and how a command ends early."""

from __future__ import annotations

GOOD = 0
FAILED = 1
"""a requirement failed, a replay diverged, a command was refused on board"""
BAD_INPUT = 2
INTERNAL = 3
"""internal error, or a run that failed"""
INTERRUPTED = 130
"""ended in order after Ctrl-C, as shells report SIGINT"""


class ReaderGoneError(Exception):
    """Whoever read the output has had enough (`| head`). Its own class: typer would make an exit 1 of EPIPE."""
