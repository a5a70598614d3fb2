"""Messages of time: what the on-board clock shows, and what the node makes of it.

Producer of `sensor.clock`: plant, every tenth tick and at once after a jump, where a clock is fitted. Producer of
`time.status`: health, with each reading; readers: comms. The counter is that of the on-board oscillator, with its
drift; MET (mission elapsed time) is the counter with its jumps taken out; UTC follows from MET by the correlation, in
nanoseconds since 1970-01-01 in days of 86 400 s.
"""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta

from flightsw.messages.base import Count, Message, Nanoseconds

PartsPerBillion = Annotated[float, Meta(ge=-1e6, le=1e6)]
SignedNanoseconds = Annotated[int, Meta(ge=-(2**62), le=2**62)]


class ClockSensors(Message, frozen=True):
    """The oscillator's counter and the GNSS receiver's time, at the same instant: the end of the tick."""

    counter_ns: Nanoseconds
    gnss_utc_ns: Nanoseconds | None
    """None: not fitted, or no fix"""


class TimeSync(enum.IntEnum):
    """What UTC on board rests on."""

    NONE = 0
    """no correlation: MET alone"""
    FREE = 1
    """the correlation that the node started with, or its last one, and the oscillator"""
    GROUND = 2
    """ground's correlation"""
    GNSS = 3
    """disciplined by GNSS"""


class TimeStatus(Message, frozen=True):
    """On-board time at the beginning of a tick: what a time report packet (PUS service 9) says."""

    tick: Count
    met_ns: Nanoseconds
    utc_ns: Nanoseconds | None
    rate_ppb: PartsPerBillion
    """what UTC gains on MET"""
    sync: TimeSync
    gnss_error_ns: SignedNanoseconds | None
    """GNSS time less UTC on board, before it was corrected; None: no GNSS"""
    jumps: Count
    """of the oscillator's counter, found and taken out"""


class TimeCriticalData(Message, frozen=True):
    """What must survive a restart: the last reading, and how it becomes MET and UTC."""

    tick: Count
    counter_ns: Nanoseconds
    offset_ns: SignedNanoseconds
    """MET less the counter"""
    reference_met_ns: Nanoseconds
    reference_utc_ns: Nanoseconds | None
    rate_ppb: PartsPerBillion
    slew_ns: SignedNanoseconds
    """of UTC, still to be made"""
    sync: TimeSync
    gnss_rejected: bool
    jumps: Count
