"""Care of tripped latching current limiters: open, wait, close again; after a few tries locked out. Pure.

A trip stays until the limiter is commanded off (ECSS-E-ST-20-20C). Once it is, telemetry shows OFF and no trip, so
the lock-out is remembered here. A limiter of an essential load is tried for ever: without it the node is lost anyway.
Called by `law`.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.power.config import PowerConfig
from flightsw.messages.plant import LclState


class LclCare(msgspec.Struct, frozen=True, gc=False):
    """One load's limiter."""

    wait_ticks: int = 0
    """until it is closed again; 0: it may be closed"""
    retries: int = 0
    """closings tried since ground last switched the load"""
    locked: bool = False
    """tripped once too often: open until ground switches the load"""

    @property
    def closable(self) -> bool:
        """Whether it may be commanded on."""
        return self.wait_ticks == 0 and not self.locked


HEALTHY = LclCare()


def care_step(care: LclCare, state: LclState, config: PowerConfig, *, essential: bool) -> LclCare:
    """One limiter after one tick. A trip seen while it is held open is the old one, not yet cleared."""
    if care.locked:
        return care
    if care.wait_ticks > 0:
        if care.wait_ticks == 1 and state is LclState.TRIPPED:
            return care  # the command to open has not got through: closing now would do nothing
        return LclCare(care.wait_ticks - 1, care.retries)
    if state is not LclState.TRIPPED:
        return care
    if care.retries >= config.lcl_retries and not essential:
        return LclCare(0, care.retries, locked=True)
    return LclCare(config.lcl_retry_ticks, min(care.retries + 1, max(config.lcl_retries, 1)))
