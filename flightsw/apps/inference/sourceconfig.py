"""What a scenario says of the payload's work: `[[apps.inference.sources]]`, each of one `kind`.

Data and its checks; what arrives when is `source`'s. A source is known by its place in the list, so that counts in
the log are by source.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError

MOST_SOURCES = 16
LOWEST_PRIORITY = 4
MOST_SCENES = 10_000_000
"""that arrive together"""

Scenes = Annotated[int, Meta(ge=1, le=MOST_SCENES)]
PeriodS = Annotated[float, Meta(gt=0.0, le=1e6)]
Latitude = Annotated[float, Meta(ge=-90.0, le=90.0)]
Longitude = Annotated[float, Meta(ge=-180.0, le=180.0)]


class Box(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="shape", tag="box"):
    """Between two parallels and two meridians; west of its east border across the date line, too."""

    south_deg: Latitude
    north_deg: Latitude
    west_deg: Longitude
    east_deg: Longitude

    def __post_init__(self) -> None:
        if self.south_deg >= self.north_deg:
            raise ConfigError(f"south_deg = {self.south_deg}: must be below north_deg = {self.north_deg}")


class Circle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="shape", tag="circle"):
    """Around a point on the ground."""

    latitude_deg: Latitude
    longitude_deg: Longitude
    radius_km: Annotated[float, Meta(gt=0.0, le=20_000.0)]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Root of all kinds."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    priority: Annotated[int, Meta(ge=1, le=LOWEST_PRIORITY)] = LOWEST_PRIORITY
    """1 is served first; what a scene is worth goes with it: `apps.inference.priority_weights`"""
    deadline_s: Annotated[float, Meta(gt=0.0, le=1e6)] | None = None
    """from arrival to the result; None: `apps.inference.deadline_s`"""
    quota_scenes: Scenes | None = None
    """of the queue it may hold so many at a time; None: as many as there is room for"""


class Imaging(Source, frozen=True, kw_only=True, tag="imaging"):
    """Images along the ground track, by day, in PAYLOAD mode."""

    period_s: PeriodS = 1.0
    scenes: Scenes = 16
    """tiles that an image is cut into"""
    min_cos_zenith: Annotated[float, Meta(ge=-1.0, le=1.0)] = 0.2
    """least cosine of the Sun's zenith angle below"""
    regions: tuple[Box | Circle, ...] = ()
    """over these alone; none: everywhere"""


class Tenant(Source, frozen=True, kw_only=True, tag="tenant"):
    """Requests that come by chance, at a constant mean rate (Poisson), by day and night."""

    rate_per_s: Annotated[float, Meta(gt=0.0, le=1000.0)]
    """requests a second"""
    scenes: Annotated[int, Meta(ge=1, le=100_000)] = 1
    """of a request"""


class Periodic(Source, frozen=True, kw_only=True, tag="periodic"):
    """A job at regular intervals, counted from the start of the run."""

    period_s: PeriodS
    start_s: Annotated[float, Meta(ge=0.0, le=1e7)] = 0.0
    scenes: Scenes


class Trace(Source, frozen=True, kw_only=True, tag="trace"):
    """Recorded arrivals. `file = "arrivals.csv"` in the scenario stands for what is in that file."""

    arrivals: Annotated[tuple[tuple[float, int], ...], Meta(min_length=1, max_length=100_000)]
    """(seconds since the start of the run, scenes), in order of time"""

    def __post_init__(self) -> None:
        for place, (t_s, scenes) in enumerate(self.arrivals):
            if not (0.0 <= t_s <= 1e9 and 1 <= scenes <= MOST_SCENES):
                allowed = f"0 to 1e9 s and 1 to {MOST_SCENES} scenes"
                raise ConfigError(f"arrivals[{place}] = [{t_s}, {scenes}]: must be {allowed}")
        if any(late[0] < early[0] for early, late in pairwise(self.arrivals)):
            raise ConfigError("arrivals: must be in order of time")


AnySource = Imaging | Tenant | Periodic | Trace


def check_names(sources: tuple[AnySource, ...]) -> None:
    """Raise ConfigError: too many, or two of one name."""
    if len(sources) > MOST_SOURCES:
        raise ConfigError(f"apps.inference.sources: {len(sources)} of them: must be at most {MOST_SOURCES}")
    names = [source.name for source in sources]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ConfigError(f'apps.inference.sources[{place}].name = "{name}": taken by another of the sources')
