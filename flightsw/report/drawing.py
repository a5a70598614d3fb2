"""What there is to draw, without how: panels over time, strips of states, marks of events, charts without time.

Sections make these; `panels`, `strips`, `charts` and `groundtrack` draw them. The `key` of a drawing names it in the
page and pairs it with the same one of another run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# Okabe and Ito's palette, which the colour-blind can tell apart; its yellow is darkened, to be seen on white.
BLUE, ORANGE, GREEN, RED, SKY, PINK, OLIVE, BLACK = (
    "#0072b2",
    "#d98800",
    "#009e73",
    "#d55e00",
    "#56b4e9",
    "#b8629b",
    "#8f7a00",
    "#333333",
)
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, OLIVE, RED, BLACK)
GREY = "#8a8f98"


@dataclass(frozen=True)
class Line:
    """A signal: a value a tick."""

    label: str
    values: FloatArray
    color: str = BLUE
    step: bool = False
    """it jumps from value to value"""
    dashed: bool = False
    faint: bool = False
    """of secondary interest: thin, beneath the others"""


@dataclass(frozen=True)
class Limit:
    """A level that means something."""

    value: float
    label: str
    color: str = RED


@dataclass(frozen=True)
class Panel:
    """Lines over time, of one unit."""

    key: str
    title: str
    unit: str
    lines: tuple[Line, ...]
    limits: tuple[Limit, ...] = ()
    stacked: bool = False
    """areas on top of each other, of means: a share of the whole each"""
    height: int = 150
    floor: float | None = None
    """the axis goes down to it at least"""
    note: str = ""


@dataclass(frozen=True)
class Span:
    """A stretch of time in one state."""

    begin_s: float
    end_s: float
    text: str
    color: str


@dataclass(frozen=True)
class Row:
    """A row of a strip."""

    label: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Strip:
    """States over time, a row each."""

    key: str
    title: str
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True)
class Mark:
    """Something that happened."""

    time_s: float
    color: str
    text: str


@dataclass(frozen=True)
class Marks:
    """Events over time, a row a source."""

    key: str
    title: str
    rows: Mapping[str, tuple[Mark, ...]]
    legend: tuple[tuple[str, str], ...] = ()
    """(name, colour)"""


@dataclass(frozen=True)
class Bars:
    """Amounts by name, the first on top."""

    key: str
    title: str
    unit: str
    amounts: tuple[tuple[str, float], ...]
    color: str = BLUE


@dataclass(frozen=True)
class Histogram:
    """How often which value occurred."""

    key: str
    title: str
    unit: str
    edges: FloatArray
    counts: FloatArray
    marks: tuple[tuple[str, float], ...] = ()
    """(name, value): percentiles"""


@dataclass(frozen=True)
class Html:
    """Markup that is safe already."""

    text: str


@dataclass(frozen=True)
class Track:
    """The ground track. Angles in degrees, a value a tick."""

    key: str
    title: str
    latitude_deg: FloatArray
    longitude_deg: FloatArray
    sunlit: npt.NDArray[np.bool_]
    worked: npt.NDArray[np.bool_]
    """the payload worked in this tick"""
    in_pass: npt.NDArray[np.bool_]
    stations: tuple[tuple[str, float, float], ...]
    """(name, latitude, longitude)"""
    saa_deg: tuple[float, float, float, float]
    """south, north, west, east"""


Drawn = Panel | Strip | Marks | Bars | Histogram | Track
Part = Html | Drawn


@dataclass(frozen=True)
class Section:
    """A part of the report, with an anchor of its own."""

    key: str
    title: str
    parts: tuple[Part, ...]
