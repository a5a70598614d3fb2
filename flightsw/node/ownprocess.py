"""A user's additional process: its row of the process table, and the topics that its application declares.

    [[processes]]
    name = "tracker"
    app = "mypkg.tracker:TrackerApp"
    subscribes = ["sensor.nav", "power.status"]

Called by the process table. What is refused here would let one application speak for another, or see the truth.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from flightsw.bus.table import ProcessRow, Role
from flightsw.errors import ConfigError
from flightsw.messages.base import Label, Message
from flightsw.messages.health import Event
from flightsw.messages.schema import unfit
from flightsw.messages.topics import BUS, FLIGHT_APPS, OUTSIDE, Topic, shipped_topics
from flightsw.node.imports import find_class

EVENT_DEPTH = 256
FIRST_RANK = 100
"""behind the shipped processes: what they say in a tick comes first"""
_TOPIC = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")

Ticks = Annotated[int, Meta(ge=1, le=1_000_000)]


class ProcessConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user's application that joins the node beside the shipped ones, as a flight application."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
    app: str
    """its class, "package.module:Class"; the class declares its own `topics`"""
    subscribes: tuple[Label, ...] = ()
    """topics that it hears; never the truth, nor another's critical data"""
    period_ticks: Ticks = 1
    """it runs when tick % period_ticks == phase_ticks, or when woken"""
    phase_ticks: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    restart_ticks: Ticks = 10
    """from its loss to its return"""
    heartbeat: Label | None = None
    """its topic that says it is alive, sent in every period: health watches it as it does the others; None: not
    watched, and its silence is no reason for SAFE"""
    config: dict[str, Any] = {}
    """what the application is told: its `Config`"""

    @property
    def field(self) -> str:
        """Its place in the scenario, for refusals."""
        return f"processes.{self.name}"


def row_of(process: ProcessConfig, place: int) -> ProcessRow:
    """The row of the `place`-th additional process."""
    return ProcessRow(
        process.name,
        rank=FIRST_RANK + place,
        role=Role.FLIGHT,
        subscribes=process.subscribes,
        period_ticks=process.period_ticks,
        phase_ticks=process.phase_ticks,
        restart_ticks=process.restart_ticks,
    )


def topics_of_process(process: ProcessConfig) -> tuple[Topic, ...]:
    """What its application declares, and the topic of its events. Raises ConfigError, naming the process."""
    _check_name(process)
    declared = getattr(find_class(f"{process.field}.app", process.app), "topics", ())
    if not (isinstance(declared, tuple) and all(isinstance(topic, Topic) for topic in declared)):
        raise ConfigError(f"{process.field}.app: its topics are {declared!r}: must be a tuple of Topic(...)")
    for topic in declared:
        _check_topic(process, topic)
    if process.heartbeat is not None and process.heartbeat not in [topic.name for topic in declared]:
        known = ", ".join(topic.name for topic in declared) or "(it declares none)"
        raise ConfigError(f'{process.field}.heartbeat = "{process.heartbeat}": must be one of its own topics: {known}')
    return (*declared, Topic(f"event.{process.name}", Event, process.name, depth=EVENT_DEPTH))


def heartbeat_kind(process: ProcessConfig) -> type[Message] | None:
    """The message that says it is alive; None: it isn't watched."""
    return next((topic.kind for topic in topics_of_process(process) if topic.name == process.heartbeat), None)


def _check_name(process: ProcessConfig) -> None:
    taken = {BUS, OUTSIDE, "plant", *FLIGHT_APPS, *(topic.name.partition(".")[0] for topic in shipped_topics())}
    if process.name in taken:
        raise ConfigError(
            f"{process.field}.name: taken by the shipped node: must be none of {', '.join(sorted(taken))}"
        )


def _check_topic(process: ProcessConfig, topic: Topic) -> None:
    """A topic under its own name, with a message of its own, that commands no hardware."""
    what = f"{process.field}.app: topic {topic.name!r}"
    if not _TOPIC.fullmatch(topic.name) or not (
        topic.name.startswith(f"{process.name}.") or topic.name == f"cds.{process.name}"
    ):
        raise ConfigError(f'{what}: must be like "{process.name}.status", or "cds.{process.name}" for critical data')
    if topic.producer != process.name:
        raise ConfigError(f"{what}: its producer is {topic.producer!r}: must be {process.name!r}")
    if topic.actuator:
        raise ConfigError(f"{what}: an actuator: must not be one: no hardware hears it")
    if not (isinstance(topic.kind, type) and issubclass(topic.kind, Message)):
        raise ConfigError(f"{what}: carries {topic.kind!r}: must be a subclass of flightsw.messages.base.Message")
    if topic.kind in {shipped.kind for shipped in shipped_topics()}:
        raise ConfigError(f"{what}: carries {topic.kind.__name__}: must be a message of its own, not a shipped one")
    if (reason := unfit(topic.kind)) is not None:
        raise ConfigError(f"{what}: {topic.kind.__name__}: {reason}")
