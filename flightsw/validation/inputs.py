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
from flightsw.plant.battery_config import OcvPoint

MOST_HOURS = 100.0
"""Longest charge and slowest thermostat that are stepped: a bound on the time that an answer takes."""
Positive = Annotated[float, Meta(gt=0.0, le=1e9)]
Kelvin = Annotated[float, Meta(gt=3.0, le=1200.0)]
"""what the thermal network holds for"""
Celsius = Annotated[float, Meta(ge=-250.0, le=500.0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
AboveZeroShare = Annotated[float, Meta(gt=0.0, le=1.0)]
FluxWM2 = Annotated[float, Meta(gt=0.0, le=1e4)]
SinkK = Annotated[float, Meta(ge=0.0, le=400.0)]
"""what a surface sees; 0: empty space"""


class Inputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A case's inputs: root of the structs that each case has."""


LinearOcv = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)? ?\+ ?[0-9]+(\.[0-9]+)? ?\*? ?s$")]
"""Open-circuit voltage, as 12.8+3.6 s."""


def ocv_points(text: str) -> tuple[OcvPoint, OcvPoint]:
    """A linear open-circuit voltage as the battery takes it."""
    empty_v, rise_v = (float(part.strip(" *s")) for part in text.split("+"))
    return OcvPoint(0.0, empty_v), OcvPoint(1.0, empty_v + rise_v)


def require_constants(**figures: tuple[float, float]) -> None:
    """Hold inputs to figures that a case can't change, name=(given, ours), within 1e-9. Raises ConfigError."""
    for name, (given, ours) in figures.items():
        if not math.isclose(given, ours, rel_tol=1e-9):
            raise ConfigError(f"{name} = {given}: must be {ours}, which the case or the plant has built in")
