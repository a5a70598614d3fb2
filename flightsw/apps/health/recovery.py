"""Recovery, composed: monitors look, ladders climb, actionpoints fire; what is done, and how high the node may go.

Pure; called by `app` in every tick in which something may have changed: while all is well nothing is looked at but the
payload's progress.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from flightsw.apps.health.actionpoints import READY, Point, holds, is_true, point_step
from flightsw.apps.health.hangs import misses_step, trouble
from flightsw.apps.health.heartbeats import Pulse
from flightsw.apps.health.ladder import AT_FOOT, FOOT, Climb, climb_step
from flightsw.apps.health.ladders import rail_step
from flightsw.apps.health.limits import Watch
from flightsw.apps.health.plan import Plan
from flightsw.apps.health.progress import Progress, is_stopped
from flightsw.apps.health.steps import CEILINGS, Step
from flightsw.messages.health import BusEvent, BusEventKind, Mode

HIGHEST = Mode.PAYLOAD


class Recovery(msgspec.Struct, frozen=True, gc=False):
    """What recovery carries from tick to tick."""

    climbs: tuple[Climb, ...]
    misses: tuple[int, ...]
    away: tuple[bool, ...]
    """lost, as the bus says"""
    locked: tuple[bool, ...]
    """locked out, as the bus says"""
    points: tuple[Point, ...]
    ceiling: Mode = HIGHEST
    """how high the node may go"""
    cause: str = ""
    """of the ceiling"""
    busy: bool = False
    """somebody is above a ladder's foot, missed or away, or a condition is true"""


class Taken(NamedTuple):
    """A step that is taken in this tick."""

    monitor: str
    step: Step
    level: int
    """on the monitor's ladder; 0: an actionpoint"""
    cause: str


class Seen(NamedTuple):
    """What recovery looks at in one tick."""

    tick: int
    heard: tuple[bool, ...]
    pulse: Pulse
    watches: tuple[Watch, ...]
    progress: Progress
    bus: tuple[BusEvent, ...]


def initial(plan: Plan) -> Recovery:
    """Nothing is wrong."""
    nobody = (False,) * len(plan.apps)
    points = (READY,) * len(plan.config.actionpoints)
    return Recovery((AT_FOOT,) * len(plan.ladders), (0,) * len(plan.apps), nobody, nobody, points)


def recovery_step(before: Recovery, seen: Seen, plan: Plan) -> tuple[Recovery, list[Taken], list[str]]:
    """(state, steps taken, monitors whose trouble is over) after one tick."""
    away, locked = _of_bus(before, seen.bus, plan)
    misses = misses_step(before.misses, seen.heard, away, plan.config.slow_misses)
    taken: list[Taken] = []
    over: list[str] = []
    climbs = []
    for place, (ladder, climb) in enumerate(zip(plan.ladders, before.climbs, strict=True)):
        cause = _trouble(place, seen, misses, away, plan)
        skip_to = rail_step(ladder) if place == 0 and seen.progress.latched else FOOT
        after = climb_step(
            climb,
            seen.tick,
            ladder.wait_ticks,
            ladder.settle_ticks,
            failing=_failing(place, cause, seen, away),
            latches=ladder.latches,
            skip_to=skip_to,
        )
        if after.rung > climb.rung:
            taken.append(Taken(ladder.monitor, ladder.steps[after.rung - 1], after.rung, cause or ""))
        elif after.rung < climb.rung:
            over.append(ladder.monitor)
        climbs.append(after)
    points, fired = _points(before, seen, plan)
    ceiling, why = ceiling_of(climbs, points, locked, plan)
    busy = (
        any(climb is not AT_FOOT for climb in climbs) or any(misses) or any(away) or any(p is not READY for p in points)
    )
    after_all = Recovery(tuple(climbs), misses, away, locked, tuple(points), ceiling, why, busy)
    return after_all, taken + fired, over


def armed(recovery: Recovery, monitor: str, plan: Plan) -> Recovery | str:
    """Ground arms a monitor or an actionpoint; or why not."""
    monitors = [ladder.monitor for ladder in plan.ladders]
    points = [point.name for point in plan.config.actionpoints]
    if monitor not in monitors + points:
        return f"unknown monitor {monitor!r}: must be one of {', '.join(monitors + points)}"
    climbs = [AT_FOOT if name == monitor else climb for name, climb in zip(monitors, recovery.climbs, strict=True)]
    ready = [READY if name == monitor else point for name, point in zip(points, recovery.points, strict=True)]
    ceiling, cause = ceiling_of(climbs, ready, recovery.locked, plan)
    held = recovery.misses, recovery.away, recovery.locked
    return Recovery(tuple(climbs), *held, tuple(ready), ceiling, cause, recovery.busy)


def _of_bus(before: Recovery, events: tuple[BusEvent, ...], plan: Plan) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    away, locked = list(before.away), list(before.locked)
    for event in events:
        if event.process in plan.apps:
            place = plan.apps.index(event.process)
            away[place] = event.kind is not BusEventKind.REJOIN
            locked[place] = event.kind is BusEventKind.LOCKED_OUT
    return tuple(away), tuple(locked)


def _trouble(place: int, seen: Seen, misses: tuple[int, ...], away: tuple[bool, ...], plan: Plan) -> str | None:
    config = plan.config
    if place == 0:
        if seen.progress.latched:
            return "latched up"
        return "stopped" if is_stopped(seen.progress, config.payload_lost_ticks, plan.boot_ticks) else None
    app = place - 1
    if away[app]:
        return None
    return trouble(app, seen.pulse, misses, hang_ticks=config.hang_ticks, slow_misses=config.slow_misses)


def _failing(place: int, cause: str | None, seen: Seen, away: tuple[bool, ...]) -> bool | None:
    """None: a payload that isn't up yet, or an application that is away, is neither well nor failing."""
    if cause is not None:
        return True
    known = seen.progress.up if place == 0 else not away[place - 1]
    return False if known else None


def _points(before: Recovery, seen: Seen, plan: Plan) -> tuple[list[Point], list[Taken]]:
    points, fired = [], []
    for config, step, places, point in zip(
        plan.config.actionpoints, plan.point_steps, plan.point_places, before.points, strict=True
    ):
        after = point_step(point, config, true=is_true(config, seen.watches, places))
        if after.passive and not point.passive:
            cause = f"{', '.join(config.watchpoints)} {config.zone}"
            fired.append(Taken(config.name, step, 0, cause))
        points.append(after)
    return points, fired


def ceiling_of(climbs: list[Climb], points: list[Point], locked: tuple[bool, ...], plan: Plan) -> tuple[Mode, str]:
    """The lowest ceiling in force, and its cause."""
    found: list[tuple[Mode, str]] = []
    for ladder, climb in zip(plan.ladders, climbs, strict=True):
        if climb.rung and (mode := CEILINGS.get(ladder.steps[climb.rung - 1].kind)) is not None:
            found.append((mode, f"{ladder.monitor}: recovery at level {climb.rung}"))
    for config, step, point in zip(plan.config.actionpoints, plan.point_steps, points, strict=True):
        if (mode := CEILINGS.get(step.kind)) is not None and holds(point, config):
            found.append((mode, f"actionpoint {config.name}"))
    for app, is_locked in zip(plan.apps, locked, strict=True):
        if is_locked and (name := plan.config.criticality_of(app)) != "NONE":
            found.append((Mode[name], f"{app} is locked out"))
    return min(found, default=(HIGHEST, ""))
