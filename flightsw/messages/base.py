"""The root of all messages and the ranged number types that their fields are made of.

A message is a frozen MessagePack array (field names live in the schema, once, in the header of a log). Ranges are
checked when a message is decoded, which the sending port does before anything leaves the process; a bounded float
also refuses NaN. Unknown is None. The bounds are those of the sensor or of the wire, far outside what a healthy
node shows: a limit that means something belongs to a law's configuration, not here.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Celsius = Annotated[float, Meta(ge=-273.15, le=1000.0)]
Watts = Annotated[float, Meta(ge=0.0, le=1e7)]
SignedWatts = Annotated[float, Meta(ge=-1e7, le=1e7)]
Volts = Annotated[float, Meta(ge=0.0, le=1e5)]
SignedVolts = Annotated[float, Meta(ge=-1e5, le=1e5)]
Charge = Annotated[float, Meta(ge=0.0, le=1e7)]
Amps = Annotated[float, Meta(ge=-1e5, le=1e5)]
Joules = Annotated[float, Meta(ge=-1e15, le=1e15)]
Seconds = Annotated[float, Meta(ge=0.0, le=1e9)]
Megahertz = Annotated[float, Meta(ge=0.0, le=1e5)]
Degrees = Annotated[float, Meta(ge=-360.0, le=360.0)]
Kilometres = Annotated[float, Meta(ge=-1e6, le=1e6)]
KilometresPerSecond = Annotated[float, Meta(ge=-100.0, le=100.0)]
UnitComponent = Annotated[float, Meta(ge=-1.001, le=1.001)]
BitsPerSecond = Annotated[float, Meta(ge=0.0, le=1e13)]
WattsPerSquareMetre = Annotated[float, Meta(ge=0.0, le=1e5)]
AnyNumber = Annotated[float, Meta(ge=-1e18, le=1e18)]
Count = Annotated[int, Meta(ge=0, le=2**62)]
Nanoseconds = Annotated[int, Meta(ge=0, le=2**62)]
Label = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=256)]

Scalar = bool | int | AnyNumber | Text
"""A value in an event's or a command's arguments."""

PositionKm = tuple[Kilometres, Kilometres, Kilometres]
VelocityKmS = tuple[KilometresPerSecond, KilometresPerSecond, KilometresPerSecond]
UnitVector = tuple[UnitComponent, UnitComponent, UnitComponent]


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Root of all messages. Fields are numbers, enums, strings, None, and tuples of these."""
