"""What each mode of the node asks of its applications: one table, and what is done as a mode is entered. Pure data.

Read by health (attitude) and power (rails); comms' and inference's laws follow it by the order of the modes, which
their tests hold against this table. A duty holds as long as its mode does, so that a restarted application takes it up
again; nothing depends on a message that might be lost.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from flightsw.messages.health import Mode


class Payload(enum.IntEnum):
    """What the payload computer may do."""

    OFF = 0
    IDLE = 1
    """powered"""
    WORKING = 2


class Transmitter(enum.IntEnum):
    """What may be sent in a pass."""

    OFF = 0
    HOUSEKEEPING = 1
    ALL = 2


class Duty(NamedTuple):
    """One mode's row."""

    sun_pointing: bool
    """whatever attitude was asked for"""
    payload_rail: bool
    """the payload's limiter may be closed"""
    payload: Payload
    transmitter: Transmitter
    essential_only: bool = False
    """every load that can be shed is off but the battery's heater"""


DUTIES: dict[Mode, Duty] = {
    Mode.OFF: Duty(False, False, Payload.OFF, Transmitter.OFF),
    Mode.BOOT: Duty(False, True, Payload.OFF, Transmitter.OFF),
    Mode.SURVIVAL: Duty(True, False, Payload.OFF, Transmitter.OFF, essential_only=True),
    Mode.SAFE: Duty(True, False, Payload.OFF, Transmitter.HOUSEKEEPING),
    Mode.STANDBY: Duty(False, True, Payload.OFF, Transmitter.ALL),
    Mode.NOMINAL: Duty(False, True, Payload.IDLE, Transmitter.ALL),
    Mode.PAYLOAD: Duty(False, True, Payload.WORKING, Transmitter.ALL),
}
"""Read only."""
