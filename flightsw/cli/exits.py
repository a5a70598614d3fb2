"""Exit codes of every command."""

from __future__ import annotations

GOOD = 0
FAILED = 1
"""a requirement failed, a replay diverged, a command was refused on board"""
BAD_INPUT = 2
INTERNAL = 3
"""internal error, or a run that failed"""
INTERRUPTED = 130
"""ended in order after Ctrl-C, as shells report SIGINT"""
