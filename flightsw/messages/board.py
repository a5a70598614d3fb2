"""Messages of a real board in the loop; a node without one has none of these topics.

`hw.board`: producer inference, which runs on the board, every tick that it answers; reader: plant, which lets what was
measured draw on the emulated battery and heat the emulated network. It carries all that the hardware told in the tick,
so that the application can be run again from the log alone. `truth.board`: the plant's account of what it counted
with, how old that was and how far it is to be believed; for the log.
"""

from __future__ import annotations

import enum

from flightsw.messages.base import (
    Celsius,
    Count,
    Fraction,
    Label,
    Megahertz,
    Message,
    Nanoseconds,
    Seconds,
    Watts,
)


class Quality(enum.IntEnum):
    """How far a value is to be believed."""

    MEASURED = 0
    """by a sensor of the board, or a meter on its supply"""
    MODELLED = 1
    """computed, from what the board does, by a model that says so"""
    HELD = 2
    """an older value, kept for as long as the bench allows"""
    STALE = 3
    """too old: the bench goes by its own model instead"""
    MISSING = 4
    """there is no such sensor, or it gives nothing"""


class BoardReading(Message, frozen=True):
    """What the board did and what its sensors said in one tick."""

    tick: Count
    """that it was granted; later than this by the time it arrives, if the board was late"""
    ready: bool
    """it accepts work: no interlock holds it, its worker lives"""
    power_w: Watts | None
    power_quality: Quality
    power_age_s: Seconds
    """between the middle of what the sensor averaged over and this message"""
    sensor_w: Watts | None
    """by the board's own sensor, where a meter on its supply gave `power_w`"""
    chip_c: Celsius | None
    """of the real silicon; flight software sees the emulated one"""
    chip_quality: Quality
    clock_mhz: Megahertz | None
    clock_quality: Quality
    cap_asked: Fraction
    """share of its top clock that the emulated node allows"""
    cap_applied: Fraction
    """share that the board took up by clock or mode, read back from it"""
    duty: Fraction
    """share of the time that batches may run, for what the clock doesn't do"""
    limited: bool
    """an interlock holds it below what was asked"""
    flags: tuple[Label, ...]
    """what its hardware complains of"""
    latency_quality: Quality
    latencies_s: tuple[Seconds, ...]
    """of the batches that were finished, as their completions count them"""
    asked_ns: tuple[Nanoseconds, ...]
    """instants at which the board was free and asked for work, in order"""
    spans_ns: tuple[tuple[Nanoseconds, Nanoseconds], ...]
    """start and end of each batch that was finished"""
    busy_s: Seconds
    """worked in this tick"""
    received_s: Seconds
    """when the grant came, on the board's monotonic clock"""
    answered_s: Seconds
    """when this was written, on the same clock"""
    queued_s: Seconds | None
    """since the answer before, its thread was ready for so long with no processor free; None: its system doesn't say"""


class BoardUse(Message, frozen=True):
    """What the plant counted with for the payload in this tick."""

    power_w: Watts | None
    """None: the silicon law's"""
    quality: Quality
    age_ticks: Count
    """since the board measured it"""
