"""A board put together of what its driver found. The one `Board` there is; drivers differ in what they hand to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from flightsw.devices.board import (
    NO_CLOCK,
    Capability,
    ClockControl,
    Complaints,
    Limit,
    ModeChange,
    PowerModes,
    PowerSensor,
    Reading,
    Sample,
    Standing,
    Thermometer,
    missing,
)
from hil.drivers.thermal import hottest
from hil.tree import Unavailable

MOST_W, MOST_MHZ = 1e5, 1e5
"""more than any computer on a bench draws, and clocks at"""
LEAST_C, MOST_C = -100.0, 250.0
"""no silicon works beyond"""


def plausible(reading: Reading, least: float, most: float) -> Reading:
    """The reading, where its value can be one; a sensor may say anything, and a node must not be lost over it."""
    if reading.value is None or least <= reading.value <= most:
        return reading
    return missing(reading.source, f"implausible: {reading.value:g}")


class Closing(Protocol):
    """Something to be ended with the board."""

    def close(self) -> None: ...


@dataclass
class ComposedBoard:
    """The parts of a board that a driver found."""

    kind: str
    model: str
    power: Sequence[PowerSensor]
    """by preference: the first that gives a value counts"""
    thermometer: Thermometer
    meters: Sequence[PowerSensor] = ()
    """wired to the supply from outside: before all others"""
    clock: ClockControl | None = None
    top_mhz: float | None = None
    """nominal clock; None: not known"""
    modes: PowerModes | None = None
    complaints: Sequence[Complaints] = ()
    safe_mode: str | None = None
    """what it is put in when nobody leads it, beside its lowest clock"""
    sample_s: float = 0.02
    """its sensors cost too much to be asked oftener"""
    parts: Sequence[PowerSensor] = ()
    """of what `power` sums up: each has a capability of its own"""
    closing: Sequence[Closing] = ()
    """tools that were left running"""

    def capabilities(self) -> tuple[Capability, ...]:
        """All that a bench could ask for; what is absent says why."""
        found = [sensor.capability() for sensor in (*self.meters, *self.power, *self.parts)]
        if not self.meters:
            found.insert(0, Capability("power.meter", Standing.ABSENT, "", "none is wired: see docs/hil.md"))
        found.append(self.thermometer.capability())
        found.append(
            Capability("clock", Standing.ABSENT, "", "no cpufreq and no devfreq: batches are duty-cycled instead")
            if self.clock is None
            else self.clock.capability()
        )
        found.append(
            Capability("modes", Standing.ABSENT, "", "no named power modes")
            if self.modes is None
            else self.modes.capability()
        )
        return (*found, *(one.capability() for one in self.complaints))

    def sample(self) -> Sample:
        """All sensors once."""
        meter = _first(self.meters)
        sensor = _first(self.power)
        power = sensor if meter is None or meter.value is None else meter
        return Sample(
            power=power or missing("power", "no sensor"),
            chip=plausible(hottest(self.thermometer.temperatures()), LEAST_C, MOST_C),
            clock=missing("clock", "none") if self.clock is None else plausible(self.clock.clock(), 0.0, MOST_MHZ),
            flags=tuple(flag for one in self.complaints for flag in one.flags()),
            meter=meter,
            sensor=sensor,
        )

    def limit(self, share: float) -> Limit:
        """Hold the clock to this share of the top."""
        if self.clock is None:
            return Limit(share, 1.0, NO_CLOCK, "no clock to limit")
        return self.clock.limit(share)

    def mode_names(self) -> tuple[str, ...]:
        """Named power modes."""
        return () if self.modes is None else self.modes.names()

    def set_mode(self, name: str) -> ModeChange:
        """Ask for a power mode."""
        if self.modes is None:
            return ModeChange(name, None, "no named power modes")
        return self.modes.set_mode(name)

    def safe(self) -> None:
        """The lowest clock, and the safe mode if one is named."""
        change = None if self.safe_mode is None else self.set_mode(self.safe_mode)
        limit = self.limit(0.0)
        structlog.get_logger().warning(
            "board.safe",
            clock=limit.applied,
            mode=None if change is None else change.found,
            reason=limit.reason or ("" if change is None else change.reason),
        )

    def restore(self) -> None:
        """Put back what was changed; what can't be is told."""
        for what in (self.modes, self.clock):
            if what is not None:
                try:
                    what.restore()
                except Unavailable as error:
                    structlog.get_logger().error("board.not_restored", reason=str(error))

    def close(self) -> None:
        """End what was left running."""
        for one in self.closing:
            one.close()


def _first(sensors: Sequence[PowerSensor]) -> Reading | None:
    """The first that gives a value; the first one's refusal where none does; None: there are none."""
    refusal: Reading | None = None
    for sensor in sensors:
        reading = plausible(sensor.power(), 0.0, MOST_W)
        if reading.value is not None:
            return reading
        refusal = refusal or reading
    return refusal
