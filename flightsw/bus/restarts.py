"""Restarts of lost flight applications: back-off, and when one is left down. Pure; asked by the Exchange.

Each further loss within the window doubles the wait. One too many, and the process is locked out: one that the node
can do without stays down until ground asks for it; one that keeps the node alive is tried again after a long wait,
since without it the node is lost anyway.
"""

from __future__ import annotations

WINDOW_TICKS = 3600
"""losses that lie further back are forgotten"""
MOST_RESTARTS = 5
"""in the window; the next loss locks the process out"""
LOCKOUT_TICKS = 640
"""an essential process is tried again after so long: beyond the longest back-off of the usual 10 ticks"""
FOR_GOOD = 2**62
"""a tick that no run reaches"""


def recent(losses: tuple[int, ...], tick: int) -> tuple[int, ...]:
    """Ticks of the losses that still count, this one's included."""
    return (*(lost for lost in losses if tick - lost < WINDOW_TICKS), tick)


def is_locked_out(losses: tuple[int, ...]) -> bool:
    """Whether these losses were one too many."""
    return len(losses) > MOST_RESTARTS


def rejoin_tick(losses: tuple[int, ...], restart_ticks: int, *, essential: bool) -> int:
    """When the process comes back; `losses`: the recent ones, the last of them now."""
    if not is_locked_out(losses):
        return losses[-1] + (restart_ticks << (len(losses) - 1))
    return losses[-1] + max(LOCKOUT_TICKS, restart_ticks) if essential else FOR_GOOD
