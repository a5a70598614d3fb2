"""The ladders of a node: which monitor climbs which steps. Pure data from the configuration; read by `recovery`.

| monitor | standard steps |
| --- | --- |
| `payload` | reset its device, restart its application, cycle its rail, once more, STANDBY until ground arms it |
| an application that the node is lost without | restart, restart, SAFE |
| `power` | the same, then SURVIVAL |
| another one | restart, restart, and its criticality |
"""

from __future__ import annotations

import math
from typing import NamedTuple

from flightsw.apps.health.fdirconfig import FdirConfig, LadderConfig
from flightsw.apps.health.steps import Step, StepKind, parse_step
from flightsw.errors import ConfigError

PAYLOAD = "payload"
PAYLOAD_APP = "inference"


class Ladder(NamedTuple):
    """One monitor's steps."""

    monitor: str
    steps: tuple[Step, ...]
    wait_ticks: tuple[int, ...]
    settle_ticks: int
    latches: bool = False


def ladders_of(apps: tuple[str, ...], config: FdirConfig, boot_ticks: int) -> tuple[Ladder, ...]:
    """The payload's ladder, then each application's, in their order. Raises ConfigError: a ladder of nobody's."""
    own = {ladder.monitor: ladder for ladder in config.ladders}
    known = (PAYLOAD, *apps)
    for monitor in own:
        if monitor not in known:
            raise ConfigError(f"apps.health.fdir.ladders: monitor {monitor!r}: must be one of {', '.join(known)}")
    standard = (_payload(config, boot_ticks), *(_application(app, config) for app in apps))
    return tuple([_own(own[one.monitor], one.settle_ticks) if one.monitor in own else one for one in standard])


def boot_ticks(config: FdirConfig, profile_boot_s: float, dt_s: float) -> int:
    """How long the payload may take to be at work."""
    told_s = config.payload_boot_s
    return math.ceil((1.25 * profile_boot_s + 10.0 if told_s is None else told_s) / dt_s)


def rail_step(ladder: Ladder) -> int:
    """The number of the first step that opens the payload's rail; 0: there is none."""
    for number, step in enumerate(ladder.steps, 1):
        if step.kind is StepKind.CYCLE_RAIL:
            return number
    return 0


def _payload(config: FdirConfig, boot_ticks: int) -> Ladder:
    settled = boot_ticks + 2 * config.payload_lost_ticks
    cycle = Step(StepKind.CYCLE_RAIL, PAYLOAD)
    steps = (
        Step(StepKind.RESET_DEVICE),
        Step(StepKind.RESTART, PAYLOAD_APP),
        cycle,
        cycle,  # what struck it as it booted is another strike, not a reason to give it up
        Step(StepKind.STANDBY),
    )
    waits = (settled, config.restart_wait_ticks, settled, settled, settled)
    return Ladder(PAYLOAD, steps, waits, config.payload_settle_ticks, latches=True)


def _application(app: str, config: FdirConfig) -> Ladder:
    again, wait = Step(StepKind.RESTART, app), config.restart_wait_ticks
    kind = {"SAFE": StepKind.SAFE, "STANDBY": StepKind.STANDBY, "NONE": None}[config.criticality_of(app)]
    steps = (again, again) if kind is None else (again, again, Step(kind))
    waits = (wait, 2 * wait, config.settle_ticks)[: len(steps)]
    if app == "power" and kind is StepKind.SAFE:
        return Ladder(app, (*steps, Step(StepKind.SURVIVAL)), (*waits, config.settle_ticks), config.settle_ticks)
    return Ladder(app, steps, waits, config.settle_ticks)


def _own(config: LadderConfig, settle_ticks: int) -> Ladder:
    steps = tuple([parse_step(step, "apps.health.fdir.ladders") for step in config.steps])
    return Ladder(config.monitor, steps, config.wait_ticks, settle_ticks, config.latches)
