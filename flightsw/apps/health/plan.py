"""What health works out of its configuration once: watchpoints' values, ladders, actionpoints, times. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.fdirconfig import FdirConfig
from flightsw.apps.health.ladders import Ladder, boot_ticks, ladders_of
from flightsw.apps.health.signals import watched
from flightsw.apps.health.steps import Step, parse_step
from flightsw.messages.base import Message


class Plan(NamedTuple):
    """Of one node."""

    config: FdirConfig
    apps: tuple[str, ...]
    ladders: tuple[Ladder, ...]
    """the payload's first, then one an application, in their order"""
    boot_ticks: int
    point_steps: tuple[Step, ...]
    point_places: tuple[tuple[int, ...], ...]
    """per actionpoint: its watchpoints"""


def plan_of(config: HealthConfig, apps: tuple[str, ...], profile_boot_s: float, dt_s: float) -> Plan:
    """Of this node. Raises ConfigError."""
    labels = [watchpoint.label for watchpoint in config.watchpoints]
    points = config.fdir.actionpoints
    boot = boot_ticks(config.fdir, profile_boot_s, dt_s)
    return Plan(
        config.fdir,
        apps,
        ladders_of(apps, config.fdir, boot),
        boot,
        tuple([parse_step(point.step, point.name) for point in points]),
        tuple([tuple([labels.index(name) for name in point.watchpoints]) for point in points]),
    )


def getters(config: HealthConfig) -> tuple[tuple[type[Message], Callable[[Message], float | None]], ...]:
    """Per watchpoint: the message and what picks its value."""
    found = [watched(limits.signal) for limits in config.watchpoints]
    return tuple([(one.kind, one.value_of) for one in found])
