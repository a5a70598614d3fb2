"""Two thermometers on one battery: which of them is to be believed. Pure; called by `plausibility`.

Where they agree, their mean is remembered. Where they don't, for `persistence` samples in a row, the one that has moved
further from what both last agreed on is voted out: a battery is slow, a broken sensor need not be. It is let in again
when they have agreed, to half of the difference, for as long.
"""

from __future__ import annotations

import msgspec


class Vote(msgspec.Struct, frozen=True, gc=False):
    """State of one pair."""

    agreed_c: float | None = None
    """mean of both, when they last agreed"""
    apart: int = 0
    """samples in a row that they have disagreed; negative: agreed again while one is out"""
    out: int | None = None
    """which of them is voted out: 0, 1, or None"""


def vote_step(vote: Vote, pair: tuple[float | None, float | None], apart_k: float, persistence: int) -> Vote:
    """After one sample of both; a missing one leaves nothing to compare."""
    first, second = pair
    if first is None or second is None:
        return vote
    mean_c, difference_k = 0.5 * (first + second), abs(first - second)
    if vote.out is None:
        if difference_k <= apart_k:
            return Vote(mean_c)
        if vote.agreed_c is None:
            return vote  # nothing to measure a move from
        apart = vote.apart + 1
        if apart < persistence:
            return Vote(vote.agreed_c, apart)
        return Vote(vote.agreed_c, 0, 0 if abs(first - vote.agreed_c) >= abs(second - vote.agreed_c) else 1)
    if difference_k > 0.5 * apart_k:
        return Vote(vote.agreed_c, 0, vote.out)
    apart = vote.apart - 1
    return Vote(mean_c) if apart <= -persistence else Vote(vote.agreed_c, apart, vote.out)
