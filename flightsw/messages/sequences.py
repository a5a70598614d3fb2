"""Stored command sequences: what a `*.seq.toml` file, a scenario or an upload says, and what health tells of them.

A relative sequence (cFS RTS) counts from its start, an absolute one (ATS) by MET or UTC. Each is checked whole when it
is decoded, on the ground and on board by the same code: names, times and their order, commands with their arguments.
Producer of `sequence.status`: health, on change. Read by operators; the critical data by health alone.
"""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.messages.base import Count, Label, Message, Nanoseconds, Scalar, Text
from flightsw.messages.commands import parse_command
from flightsw.messages.times import parse_span_ns, parse_utc_ns

MAX_STEPS = 64
MET = "MET+"
"""before the span, in a step's time by MET"""

SequenceName = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]


class Scale(enum.IntEnum):
    """What the times of a sequence count."""

    ELAPSED = 0
    """since its start"""
    MET = 1
    UTC = 2


class SequenceStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One telecommand, and when it goes out."""

    at: Label
    """"30s" after the start of a relative sequence; "MET+1200s" or "2026-01-03T10:20:00Z" in an absolute one"""
    command: Label
    args: dict[Label, Scalar] = {}
    on_failure: Literal["stop", "continue"] = "stop"
    """what becomes of the rest if this step is refused, fails, or is late"""

    def __post_init__(self) -> None:
        try:
            parse_command(self.command, self.args)
        except ValueError as error:
            raise ConfigError(f"command: {error}") from None


class Sequence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stored command sequence."""

    name: SequenceName
    kind: Literal["relative", "absolute"]
    description: Text = ""
    enabled: bool = True
    """a disabled one can't be started"""
    start: Literal["command", "boot"] = "command"
    """"boot": also at the node's cold start"""
    late: Label = "30s"
    """a step of an absolute sequence that is later than this is not executed, and told"""
    steps: Annotated[tuple[SequenceStep, ...], Meta(min_length=1, max_length=MAX_STEPS)]

    def __post_init__(self) -> None:
        try:
            parse_span_ns(self.late)
        except ValueError as error:
            raise ConfigError(f'late = "{self.late}": {error}') from None
        times = self.times()
        for place in range(1, len(times)):
            before, this = times[place - 1], times[place]
            at = f'steps[{place}].at = "{self.steps[place].at}"'
            if this[0] is not before[0]:
                raise ConfigError(f"{at}: by {this[0].name}: must be by {before[0].name}, as the steps before it")
            if this[1] < before[1]:
                raise ConfigError(f'{at}: must not be before "{self.steps[place - 1].at}" of the step before it')

    def times(self) -> tuple[tuple[Scale, int], ...]:
        """(scale, nanoseconds) of each step. Raises ConfigError, naming step and field."""
        found = []
        for place, step in enumerate(self.steps):
            try:
                found.append(_time(step.at, self.kind))
            except ValueError as error:
                raise ConfigError(f'steps[{place}].at = "{step.at}": {error}') from None
        return tuple(found)


def _time(text: str, kind: str) -> tuple[Scale, int]:
    if kind == "relative":
        return Scale.ELAPSED, parse_span_ns(text)
    if text.startswith(MET):
        return Scale.MET, parse_span_ns(text.removeprefix(MET))
    try:
        return Scale.UTC, parse_utc_ns(text)
    except ValueError as error:
        raise ValueError(f'{error}, or MET like "{MET}1200s"') from None


class SequenceTrigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event that starts a sequence (PUS service 19); not while it runs already."""

    app: Literal["power", "thermal", "inference", "comms", "health"]
    event: Annotated[str, Meta(min_length=1, max_length=64)]
    args: dict[Label, Scalar] = {}
    """arguments that the event must have; others it may"""
    sequence: SequenceName

    def __post_init__(self) -> None:
        if self.event.startswith("sequence."):
            raise ConfigError(f'event = "{self.event}": must not be an event of the sequences themselves')


class SequenceRun(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A sequence under way."""

    name: Label
    base_ns: Nanoseconds
    """MET at its start"""
    step: Count = 0
    """the next to go out, or the one that waits for its verification"""
    request: Count = 0
    """of the step that waits for its verification; 0: none does"""
    sent_tick: Count = 0
    """0: before a restart"""
    repeated: bool = False
    """the request was sent a second time, since no verification came"""


class SequenceStatus(Message, frozen=True):
    """What is stored and what runs. Counts are since the cold start."""

    sequences: tuple[Label, ...]
    enabled: tuple[bool, ...]
    running: tuple[Label, ...]
    steps: tuple[Count, ...]
    """of each that runs: the next step, or the one under way"""
    started: Count
    completed: Count
    stopped: Count
    """before their last step, whatever the reason"""


class SequenceCriticalData(Message, frozen=True):
    """What must survive a restart of health; what the scenario says is told anew."""

    next_request: Count
    loaded: tuple[Sequence, ...]
    """by telecommand"""
    enabled: tuple[Label, ...]
    runs: tuple[SequenceRun, ...]
    started: Count
    completed: Count
    stopped: Count
