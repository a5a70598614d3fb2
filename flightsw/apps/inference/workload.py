"""The scenario's sources put to work: what arrives in a tick, and what is to come.

Reads navigation for what lies below; all else follows from seed and time. Its memory is the last fix alone. Called by
the application, every tick.
"""

from __future__ import annotations

import math

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.places import ALWAYS, EARTH_RADIUS_KM, NEVER, Stretch, daylight
from flightsw.apps.inference.queue import END_NS, SceneQueue, WorkClass
from flightsw.apps.inference.source import (
    Frame,
    Requests,
    View,
    images_in,
    mean_rate_per_s,
    sees,
    sources_of,
    view_below,
)
from flightsw.apps.inference.sourceconfig import Box, Circle, Imaging
from flightsw.apps.inference.work import SourceWork
from flightsw.bus.application import Now
from flightsw.messages.plant import NavSensors

DARK = View(-1.0, 0.0)
FORECAST_TICKS = 30
"""between two forecasts of daylight: it turns by a fraction of a degree"""


class Workload:
    """All sources of a configuration."""

    def __init__(self, config: InferenceConfig, seed: int) -> None:
        self._seed = seed
        self._view = DARK
        self._stretches: list[Stretch]
        self._forecast_in_ticks: int
        self.reconfigure(config)

    def reconfigure(self, config: InferenceConfig) -> None:
        """Go on with another configuration of as many sources."""
        sources = self._sources = sources_of(config)
        self._requests = tuple(
            None if isinstance(source, Imaging) else Requests(source, place, self._seed)
            for place, source in enumerate(sources)
        )
        self._rates_per_s = tuple(
            mean_rate_per_s(source) * (share_of_ground(source.regions) if isinstance(source, Imaging) else 1.0)
            for source in sources
        )
        self._deadlines_s = tuple(
            config.deadline_s if source.deadline_s is None else source.deadline_s for source in sources
        )
        self.weights = tuple(config.priority_weights[source.priority - 1] for source in sources)
        self._stretches = [NEVER if isinstance(source, Imaging) else ALWAYS for source in sources]
        self._forecast_in_ticks = 0
        self.classes = tuple(
            WorkClass(
                round(deadline_s * 1e9),
                source.priority,
                END_NS if source.quota_scenes is None else source.quota_scenes,
                joins=not isinstance(source, Imaging),
            )
            for source, deadline_s in zip(sources, self._deadlines_s, strict=True)
        )

    def observe(self, fix: NavSensors) -> None:
        """Take a fix."""
        self._view = view_below(fix.position_km, fix.sun_direction, fix.latitude_deg, fix.longitude_deg)
        if self._forecast_in_ticks <= 0:
            self._forecast_in_ticks = FORECAST_TICKS
            for place, source in enumerate(self._sources):
                if isinstance(source, Imaging):
                    self._stretches[place] = daylight(
                        fix.position_km, fix.velocity_km_s, fix.sun_direction, source.min_cos_zenith
                    )
        self._forecast_in_ticks -= 1

    def frames(self, now: Now, *, imaging: bool) -> list[Frame]:
        """What arrives in this tick, in order; `imaging`: the camera is on."""
        frames: list[Frame] = []
        for place, source in enumerate(self._sources):
            requests = self._requests[place]
            if requests is not None:
                frames += requests.frames_in(now.t_ns, now.dt_s)
            elif imaging and isinstance(source, Imaging):
                frames += images_in(now.t_ns, now.dt_s, self._view, source, place)
        frames.sort()
        return frames

    def arriving_per_s(self, *, imaging: bool) -> float:
        """Scenes a second that are added at present."""
        total_per_s = 0.0
        for place, source in enumerate(self._sources):
            if not isinstance(source, Imaging) or (imaging and sees(self._view, source)):
                total_per_s += self._rates_per_s[place]
        return total_per_s

    def work(self, queue: SceneQueue, t_ns: int) -> tuple[SourceWork, ...]:
        """What waits and what is to come, by source."""
        work = []
        for place, rate_per_s in enumerate(self._rates_per_s):
            oldest_ns = queue.oldest_ns(place)
            work.append(
                SourceWork(
                    queue.waiting_by[place],
                    0.0 if oldest_ns is None else max(0.0, (t_ns - oldest_ns) * 1e-9),
                    rate_per_s,
                    self._stretches[place],
                    self._deadlines_s[place],
                    self.weights[place],
                )
            )
        return tuple(work)


def share_of_ground(regions: tuple[Box | Circle, ...]) -> float:
    """The part of the globe that regions cover, at most 1; all of it where none are named. Overlaps count twice."""
    if not regions:
        return 1.0
    share = 0.0
    for region in regions:
        if isinstance(region, Box):
            width_deg = (region.east_deg - region.west_deg) % 360.0 or 360.0
            tall = math.sin(math.radians(region.north_deg)) - math.sin(math.radians(region.south_deg))
            share += 0.5 * tall * width_deg / 360.0
        else:
            share += 0.5 * (1.0 - math.cos(min(math.pi, region.radius_km / EARTH_RADIUS_KM)))
    return min(1.0, share)
