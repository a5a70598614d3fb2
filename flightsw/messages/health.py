"""Messages of health: the node's mode, and the events that every application emits.

Producer of `health.mode`: health, every tick; readers: every flight application. `health.anomaly`: health's word on
the telemetry as a whole, for the ground, where a scenario has it watched. `health.attitude`: the attitude
asked of the plant (its only writer is health). Events: `event.<app>`, queued, read by health and logged. `bus.event`:
the bus's own word on a lost or returned process. Of recovery, none of them said while all is well: `health.restart` is
read by the bus itself, `health.recovery` by power (rails) and inference (its device);
`health.validity` by the users of the sensors, on change and every tenth tick while one is voted out.
"""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta

from flightsw.messages.base import Celsius, Count, Label, Message, Scalar, Text


class Mode(enum.IntEnum):
    """Mode of the node. Eclipse and ground pass are conditions, not modes."""

    OFF = 0
    """not powered"""
    BOOT = 1
    """waiting for every application's first heartbeat"""
    SURVIVAL = 2
    """below SAFE: essential loads and survival heating alone; silent, but it hears"""
    SAFE = 3
    """Sun-pointing, payload off, housekeeping only"""
    STANDBY = 4
    """healthy, payload off"""
    NOMINAL = 5
    """payload powered, not working"""
    PAYLOAD = 6
    """payload working"""


class Attitude(enum.IntEnum):
    """What the body is held to; which body axis points where belongs to the scenario."""

    SUN = 0
    """a body axis to the Sun"""
    NADIR = 1
    """a body axis to the Earth's centre"""
    TARGET = 2
    """a body axis to a place on the ground"""
    INERTIAL = 3
    """at rest among the stars, or spinning about an axis that is"""
    PRESCRIBED = 4
    """as the scenario's table of attitude by time says"""


class Severity(enum.IntEnum):
    """F Prime's event severities, ascending."""

    DIAGNOSTIC = 0
    ACTIVITY_LO = 1
    ACTIVITY_HI = 2
    COMMAND = 3
    WARNING_LO = 4
    WARNING_HI = 5
    FATAL = 6


class ModeStatus(Message, frozen=True):
    """Mode, why, and the conditions beside it."""

    mode: Mode
    since_tick: Count
    reason: Text
    eclipse: bool
    ground_pass: bool
    silent: tuple[Label, ...]
    """applications whose heartbeat is overdue"""


class AttitudeCommand(Message, frozen=True):
    """Wanted attitude. Held until the next one."""

    attitude: Attitude
    latitude_deg: Annotated[float, Meta(ge=-90.0, le=90.0)] | None = None
    """of the target; None: the scenario's own"""
    longitude_deg: Annotated[float, Meta(ge=-180.0, le=180.0)] | None = None


class HealthCriticalData(Message, frozen=True):
    """What health must not forget through a restart."""

    mode: Mode
    since_tick: Count
    reason: Text
    wanted: Mode
    """the mode that ground or the mission plan asks for"""
    pointing: Attitude
    """the attitude that they ask for"""
    latitude_deg: Annotated[float, Meta(ge=-90.0, le=90.0)] | None
    """of a target"""
    longitude_deg: Annotated[float, Meta(ge=-180.0, le=180.0)] | None


class Event(Message, frozen=True):
    """Something worth telling: what happened, how bad it is, and its figures."""

    severity: Severity
    id: Label
    args: dict[Label, Scalar]


class AnomalyStatus(Message, frozen=True):
    """What the telemetry network made of the last window. Goes out with each look: every three minutes."""

    score: Annotated[float, Meta(ge=0.0, le=1e6)]
    """the largest share of its allowed residual that a channel has come to, rounded to 0.001"""
    channel: Label
    """the signal that contributes most"""
    alarm: bool
    """told, and not yet taken back; nothing on board acts on it"""


class BusEventKind(enum.IntEnum):
    """What the bus has to say of a process."""

    APP_LOST = 0
    REJOIN = 1
    LOCKED_OUT = 2
    """lost once too often: it stays down (see `bus.restarts`)"""


class BusEvent(Message, frozen=True):
    """A process was lost, or came back."""

    kind: BusEventKind
    process: Label
    incarnation: Count


class RestartRequest(Message, frozen=True):
    """The bus is to lose this flight application at the next tick, and start it again as after any loss."""

    process: Label
    reason: Text
    fresh: bool
    """ground's word: earlier losses are forgotten, a lock-out ends"""


class RecoveryAction(enum.IntEnum):
    """What another application is to do for a recovery."""

    RESET_DEVICE = 0
    """inference: switch its device off and on"""
    CYCLE_RAIL = 1
    """power: open a load's limiter for a while"""


class RecoveryRequest(Message, frozen=True):
    """One action of a recovery."""

    action: RecoveryAction
    target: Label
    """the load; nothing for the device"""
    reason: Text


class RecoveryCriticalData(Message, frozen=True):
    """What recovery must not forget through a restart of health; sent on change alone."""

    rungs: tuple[Count, ...]
    """per ladder: steps taken"""
    since_ticks: tuple[Count, ...]
    """of the last one"""
    fired: tuple[bool, ...]
    """per actionpoint: it is passive"""
    locked_out: tuple[bool, ...]
    """per application, as the bus says"""


class SensorValidity(Message, frozen=True):
    """Readings that are not to be believed. Held until the next one."""

    invalid: tuple[Label, ...]
    """signals by their full names (`sensor.power.battery_current_a`)"""
    battery_c: Celsius | None
    """of the sensors that are left; None: none is"""
