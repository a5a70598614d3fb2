"""The steps that a recovery is made of, by their names in a scenario: `reset_device`, `restart:comms`, `safe`. Pure."""

from __future__ import annotations

import enum
from typing import NamedTuple

from flightsw.errors import ConfigError
from flightsw.messages.health import Mode


class StepKind(enum.Enum):
    """What is done."""

    RESET_DEVICE = "reset_device"
    """the payload computer is switched off and on"""
    RESTART = "restart"
    """an application is lost by order, and comes back"""
    CYCLE_RAIL = "cycle_rail"
    """a load's limiter is opened for a while"""
    SEQUENCE = "sequence"
    """a relative command sequence is started"""
    STANDBY = "standby"
    """the node goes no higher, as long as the step holds"""
    SAFE = "safe"
    SURVIVAL = "survival"


CEILINGS = {StepKind.STANDBY: Mode.STANDBY, StepKind.SAFE: Mode.SAFE, StepKind.SURVIVAL: Mode.SURVIVAL}
_WITH_TARGET = (StepKind.RESTART, StepKind.CYCLE_RAIL, StepKind.SEQUENCE)


class Step(NamedTuple):
    """One step."""

    kind: StepKind
    target: str = ""

    @property
    def name(self) -> str:
        """As a scenario says it."""
        return f"{self.kind.value}:{self.target}" if self.target else self.kind.value


def parse_step(text: str, where: str) -> Step:
    """The step of this name. Raises ConfigError."""
    word, colon, target = text.partition(":")
    kinds = {kind.value: kind for kind in StepKind}
    kind = kinds.get(word)
    if kind is None or (kind in _WITH_TARGET) is not bool(target) or bool(colon) is not bool(target):
        names = [f"{name}:NAME" if kinds[name] in _WITH_TARGET else name for name in kinds]
        raise ConfigError(f'{where} = "{text}": must be one of {", ".join(names)}')
    return Step(kind, target)
