"""What recovery keeps through a restart of health. Pure; called by `fdir`."""

from __future__ import annotations

from flightsw.apps.health.actionpoints import READY, Point
from flightsw.apps.health.ladder import AT_FOOT, Climb
from flightsw.apps.health.plan import Plan
from flightsw.apps.health.recovery import Recovery, ceiling_of, initial
from flightsw.messages.health import RecoveryCriticalData


def kept(recovery: Recovery) -> RecoveryCriticalData:
    """What is to be remembered."""
    return RecoveryCriticalData(
        tuple([climb.rung for climb in recovery.climbs]),
        tuple([climb.since_tick for climb in recovery.climbs]),
        tuple([point.passive for point in recovery.points]),
        recovery.locked,
    )


def restored(stored: RecoveryCriticalData, plan: Plan) -> Recovery:
    """A warm start. What is away shows by itself; memory of another configuration is none."""
    cold = initial(plan)
    lengths = len(stored.rungs), len(stored.fired), len(stored.locked_out)
    if lengths != (len(cold.climbs), len(cold.points), len(cold.locked)):
        return cold
    climbs = [
        Climb(min(rung, len(ladder.steps)), since) if rung else AT_FOOT
        for ladder, rung, since in zip(plan.ladders, stored.rungs, stored.since_ticks, strict=True)
    ]
    points = [Point(0, passive=True) if fired else READY for fired in stored.fired]
    ceiling, cause = ceiling_of(climbs, points, stored.locked_out, plan)
    return Recovery(
        tuple(climbs), cold.misses, stored.locked_out, stored.locked_out, tuple(points), ceiling, cause, busy=True
    )
