"""What a case's inputs may be: the types and ranges that all cases share.

Read by `sky_inputs` and `node_inputs`, which have a struct a case; `runner` holds a file's inputs to them before
anything runs. Names keep the file's keys by `msgspec.field(name=...)`, so that ours carry their units.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError

Positive = Annotated[float, Meta(gt=0.0, le=1e9)]
Kelvin = Annotated[float, Meta(gt=3.0, le=1200.0)]
"""what the thermal network holds for"""
Celsius = Annotated[float, Meta(ge=-250.0, le=500.0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
AboveZeroShare = Annotated[float, Meta(gt=0.0, le=1.0)]
FluxWM2 = Annotated[float, Meta(gt=0.0, le=1e4)]
Nought = Annotated[float, Meta(ge=0.0, le=0.0)]
"""a figure that the plant has built in as 0"""


class Inputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A case's inputs: root of the structs that each case has."""


def require_constants(**figures: tuple[float, float]) -> None:
    """Hold inputs to figures that a case can't change, name=(given, ours), within 1e-9. Raises ConfigError."""
    for name, (given, ours) in figures.items():
        if not math.isclose(given, ours, rel_tol=1e-9):
            raise ConfigError(f"{name} = {given}: must be {ours}, which the case or the plant has built in")
