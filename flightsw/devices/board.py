"""What a bench may ask of a real payload computer: capabilities, each present, degraded or absent, with a reason.

In labgrid's manner a capability is a small protocol, and a board is what its driver found of them. Nothing here raises
because hardware misbehaves: a value that can't be had is a `Reading` without a value that says why. Drivers are in
`hil`; whether the tree they read is a board's or a stand-in's, they can't tell.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from flightsw.messages.board import Quality


class Standing(enum.Enum):
    """How a board does at something."""

    PRESENT = "present"
    DEGRADED = "degraded"
    """usable, with the reservation that is stated"""
    ABSENT = "absent"


@dataclass(frozen=True)
class Capability:
    """One thing that a bench would like of a board."""

    name: str
    standing: Standing
    source: str
    """what gives it, such as a driver and its rail"""
    reason: str = ""
    """why it is degraded or absent"""


@dataclass(frozen=True)
class Reading:
    """A value of the board's."""

    value: float | None
    quality: Quality
    source: str
    reason: str = ""
    age_s: float = 0.0
    """between the middle of what was averaged over and the reading"""


def missing(source: str, reason: str) -> Reading:
    """No value, and why."""
    return Reading(None, Quality.MISSING, source, reason)


@dataclass(frozen=True)
class Sample:
    """All that a tick wants to know."""

    power: Reading
    """W, of the whole board where its sensor allows"""
    chip: Reading
    """degC, of the hottest silicon"""
    clock: Reading
    """MHz, of what does the inference"""
    flags: tuple[str, ...] = ()
    """what the hardware complains of"""
    meter: Reading | None = None
    """W, by a meter on the supply; None: none is wired. Where it gives a value, `power` is that"""
    sensor: Reading | None = None
    """W, by the board's own sensor or a model; None: there is neither"""


@dataclass(frozen=True)
class ModeChange:
    """What came of asking for a power mode by its name."""

    asked: str
    found: str | None
    """read back afterwards"""
    reason: str = ""
    """why it isn't what was asked"""

    @property
    def taken(self) -> bool:
        """It is in force."""
        return self.asked == self.found


@dataclass(frozen=True)
class Limit:
    """What came of asking for a share of the top clock."""

    asked: float
    applied: float
    """read back; 1: the clock can't be limited here"""
    how: str
    reason: str = ""


NO_CLOCK = "none"
"""how a clock is limited where there is none"""


class PowerSensor(Protocol):
    """Watts of the board."""

    def capability(self) -> Capability: ...

    def power(self) -> Reading: ...


class Thermometer(Protocol):
    """Temperatures by the name of their zone."""

    def capability(self) -> Capability: ...

    def temperatures(self) -> dict[str, Reading]: ...


class ClockControl(Protocol):
    """The clock of what does the inference, and its upper limit."""

    def capability(self) -> Capability: ...

    def clock(self) -> Reading: ...

    def limit(self, share: float) -> Limit: ...

    def restore(self) -> None: ...


class PowerModes(Protocol):
    """Named power modes."""

    def capability(self) -> Capability: ...

    def names(self) -> tuple[str, ...]: ...

    def mode(self) -> str | None: ...

    def set_mode(self, name: str) -> ModeChange: ...

    def restore(self) -> None: ...


class Complaints(Protocol):
    """What the hardware complains of: under-voltage, over-current, throttling."""

    def capability(self) -> Capability: ...

    def flags(self) -> tuple[str, ...]: ...


class Board(Protocol):
    """A payload computer as its driver found it."""

    kind: str
    """jetson, raspberrypi or linux"""
    model: str
    top_mhz: float | None
    """nominal clock; None: not known"""
    sample_s: float
    """its sensors cost too much to be asked oftener"""

    def capabilities(self) -> tuple[Capability, ...]: ...

    def sample(self) -> Sample: ...

    def limit(self, share: float) -> Limit: ...

    def mode_names(self) -> tuple[str, ...]: ...

    def set_mode(self, name: str) -> ModeChange: ...

    def safe(self) -> None:
        """Bring it to its least draw."""

    def restore(self) -> None:
        """Put back what was changed."""

    def close(self) -> None:
        """End what was left running."""


class BoardConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[board]` of a bench's scenario: how the loop deals with a real board. Part of the log's header."""

    max_chip_c: Annotated[float, Meta(ge=0.0, le=150.0)] = 85.0
    """interlock: the real silicon is held idle above this, whatever the emulated one shows"""
    resume_below_k: Annotated[float, Meta(ge=0.0, le=50.0)] = 5.0
    """and let go so far below"""
    max_power_w: Annotated[float, Meta(gt=0.0, le=1e5)] = 100.0
    """interlock: the real board is held idle above this"""
    hold_ticks: Annotated[int, Meta(ge=1, le=100_000)] = 5
    """a measurement counts for so long; then it is stale, and the plant goes by the silicon law, idle"""
    answer_share: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.8
    """share of a tick after which the bus goes on without the board"""
    work_share: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.6
    """share of a tick that the board works at batches before it answers"""
    modes: dict[str, str] = {}
    """the board's own name for a mode of the profile, by that mode's name; one not given: the clock alone is limited"""
    lost_after_s: Annotated[float, Meta(ge=0.1, le=600.0)] = 2.0
    """without a word from the bench for so long, the board goes to its safe mode"""
