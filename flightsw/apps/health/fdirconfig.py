"""What FDIR is told: ladders, actionpoints, times. Decoded from `[apps.health.fdir]` of a scenario, checked here."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from flightsw.apps.health.steps import parse_step
from flightsw.errors import ConfigError
from flightsw.messages.base import Label

Ticks = Annotated[int, Meta(ge=1, le=10_000_000)]
StepName = Annotated[str, Meta(min_length=1, max_length=96)]


class LadderConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ladder in place of a monitor's standard one."""

    monitor: Label
    """`payload`, or the name of an application"""
    steps: Annotated[tuple[StepName, ...], Meta(min_length=1, max_length=16)]
    wait_ticks: tuple[Ticks, ...]
    """each step's time before the next"""
    latches: bool = False
    """the last step holds until ground arms the monitor"""

    def __post_init__(self) -> None:
        where = f"apps.health.fdir.ladders: {self.monitor}"
        for step in self.steps:
            parse_step(step, f"{where}: step")
        if len(self.wait_ticks) != len(self.steps):
            raise ConfigError(f"{where}: wait_ticks: {len(self.wait_ticks)} values: must be {len(self.steps)}")


class ActionpointConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition over watchpoints, and the step that it fires."""

    name: Label
    watchpoints: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=16)]
    """by their names; a watchpoint without one bears its signal's"""
    zone: Literal["YELLOW", "RED", "STALE"]
    every: bool = False
    """all of them must lie there; otherwise one is enough"""
    fails: Ticks = 1
    """in a row before it fires"""
    step: StepName
    rearm: Literal["recovery", "command"] = "recovery"
    """ready again when the condition ends, or only at ground's word"""

    def __post_init__(self) -> None:
        parse_step(self.step, f"apps.health.fdir.actionpoints: {self.name}: step")


class FdirConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Monitors of applications and payload, and their recoveries."""

    hang_ticks: Ticks = 12
    """an application that the bus holds for alive and that is unheard for longer is hung"""
    slow_misses: Annotated[int, Meta(ge=1, le=100_000)] = 40
    """missed heartbeats, less a tenth of those that came: so many and it is slow"""
    restart_wait_ticks: Ticks = 40
    """what a restart is given before the next step; the bus's first back-offs are 10 and 20 ticks"""
    settle_ticks: Ticks = 600
    """peace for so long, and a ladder begins at its foot again"""
    payload_lost_ticks: Ticks = 10
    """a payload that has worked, has work, power and leave, and does nothing for so long, is stopped"""
    payload_boot_s: Annotated[float, Meta(gt=0.0, le=1e5)] | None = None
    """so long after it was switched on it should work; None: the boot that its profile states, a quarter, and 10 s"""
    payload_settle_ticks: Ticks = 60
    """up for so long, and its ladder begins at its foot again: a later strike is another one"""
    latch_margin_w: Annotated[float, Meta(gt=0.0, le=1e6)] = 3.0
    """more than this on the rail of a device that is off is a latch-up; of the order of an ampere on 5 V"""
    criticality: dict[Label, Literal["SAFE", "STANDBY", "NONE"]] = {}
    """where the node goes when an application stays down; not named: inference STANDBY, all others SAFE"""
    ladders: tuple[LadderConfig, ...] = ()
    actionpoints: tuple[ActionpointConfig, ...] = ()

    def __post_init__(self) -> None:
        for what, names in (
            ("ladders", [ladder.monitor for ladder in self.ladders]),
            ("actionpoints", [point.name for point in self.actionpoints]),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise ConfigError(f"apps.health.fdir.{what}: {name}: stands there twice")

    def criticality_of(self, app: str) -> str:
        """SAFE, STANDBY or NONE."""
        return self.criticality.get(app, "STANDBY" if app == "inference" else "SAFE")
