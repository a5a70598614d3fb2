"""Sources of work: which scenes arrive in a tick, from whom, and under which light. Pure.

What arrives at a time follows from the seed and that time alone, so that a payload that was off, or restarted, sees the
same world as one that wasn't. Chance is drawn by blocks of time from the source's own stream: within a block the
number of requests is Poisson's and their instants are uniform, which is a Poisson process (Kingman, Poisson Processes,
1993, sec. 2.4). A frame is a count of consecutive scenes, however many. Called by the application, every tick.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import msgspec

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.places import is_inside
from flightsw.apps.inference.sourceconfig import MOST_SCENES, AnySource, Imaging, Periodic, Tenant, Trace
from flightsw.streams import Stream

BLOCK_S = 256
"""of a tenant's draws"""
BLOCK_NS = BLOCK_S * 1_000_000_000
SOURCE_SCENES = 57
"""Bits of a scene's number: above them stands its source, so that no two sources share a scene."""
BLOCK_SCENES = 33
"""of these, bits of a tenant's scene within a block"""
TENANT_COS_ZENITH, TENANT_LATITUDE_DEG = 0.8, 45.0
"""A tenant's image was taken elsewhere, by day: the light of the models' golden scenes."""


class Frame(NamedTuple):
    """An image or a request: consecutive scenes that arrive together."""

    arrived_ns: int
    first_scene: int
    scenes: int
    cos_zenith: float
    latitude_deg: float
    source: int = 0


class View(msgspec.Struct, frozen=True, gc=False):
    """What lies below, rounded to what a result logs: the camera's inputs must be found again in the log."""

    cos_zenith: float
    latitude_deg: float
    longitude_deg: float = 0.0


def view_below(
    position_km: tuple[float, float, float],
    sun: tuple[float, float, float],
    latitude_deg: float,
    longitude_deg: float = 0.0,
) -> View:
    """Light and place at the sub-satellite point (zenith along the radius: within 0.2 degrees of the geodetic)."""
    x, y, z = position_km
    sun_x, sun_y, sun_z = sun
    cos_zenith = (x * sun_x + y * sun_y + z * sun_z) / (x * x + y * y + z * z) ** 0.5
    return View(min(1.0, max(-1.0, round(cos_zenith, 3))), round(latitude_deg, 2), longitude_deg)


def sources_of(config: InferenceConfig) -> tuple[AnySource, ...]:
    """The scenario's sources; where it names none, imaging by `frame_*`."""
    if config.sources:
        return config.sources
    imaging = Imaging(
        name="imaging",
        period_s=config.frame_period_s,
        scenes=config.frame_scenes,
        min_cos_zenith=config.min_cos_zenith,
    )
    return (imaging,)


def images_in(t_ns: int, dt_s: float, view: View, imaging: Imaging, place: int = 0) -> list[Frame]:
    """Images taken in [t, t + dt): at whole multiples of the period, by day, over the regions."""
    if not sees(view, imaging):
        return []
    base, scenes, period_ns = place << SOURCE_SCENES, imaging.scenes, round(imaging.period_s * 1e9)
    return [
        Frame(number * period_ns, base + number * scenes, scenes, view.cos_zenith, view.latitude_deg, place)
        for number in _multiples(t_ns, dt_s, period_ns)
    ]


def sees(view: View, imaging: Imaging) -> bool:
    """Whether there is something to image: light, and a region where some are named."""
    if view.cos_zenith < imaging.min_cos_zenith:
        return False
    regions = imaging.regions
    return not regions or any(is_inside(view.latitude_deg, view.longitude_deg, region) for region in regions)


class Requests:
    """Work that doesn't depend on what lies below: one source's frames by time. Its memory is a cache alone."""

    def __init__(self, source: Tenant | Periodic | Trace, place: int, seed: int) -> None:
        self._source = source
        self._place = place
        self._stream = Stream(seed, f"apps.inference.source.{source.name}", 1)
        self._block = -1
        self._times_ns: list[int] = []

    def frames_in(self, t_ns: int, dt_s: float) -> list[Frame]:
        """What arrives in [t, t + dt)."""
        source, base, end_ns = self._source, self._place << SOURCE_SCENES, t_ns + round(dt_s * 1e9)
        if isinstance(source, Tenant):
            return self._drawn(source, t_ns, end_ns)
        if isinstance(source, Periodic):
            shift_ns, period_ns = round(source.start_s * 1e9), round(source.period_s * 1e9)
            return [
                self._frame(number * period_ns + shift_ns, base + number * source.scenes, source.scenes)
                for number in _multiples(t_ns - shift_ns, dt_s, period_ns)
                if number >= 0
            ]
        return self._recorded(source, t_ns, end_ns)

    def _drawn(self, source: Tenant, t_ns: int, end_ns: int) -> list[Frame]:
        frames = []
        for block in range(t_ns // BLOCK_NS, -(-end_ns // BLOCK_NS)):
            times_ns = self._times_of(block, source.rate_per_s)
            base = (self._place << SOURCE_SCENES) + (block << BLOCK_SCENES)
            first, beyond = bisect_left(times_ns, t_ns), bisect_left(times_ns, end_ns)
            frames += [
                self._frame(times_ns[number], base + number * source.scenes, source.scenes)
                for number in range(first, beyond)
            ]
        return frames

    def _times_of(self, block: int, rate_per_s: float) -> list[int]:
        """Instants of a block's requests, ascending."""
        if block != self._block:
            generator = self._stream.generator(block)
            count = int(generator.poisson(rate_per_s * BLOCK_S))
            shares = generator.random(count)
            shares.sort()
            self._times_ns = [block * BLOCK_NS + int(share * BLOCK_NS) for share in shares.tolist()]
            self._block = block
        return self._times_ns

    def _recorded(self, source: Trace, t_ns: int, end_ns: int) -> list[Frame]:
        if not self._times_ns:
            self._times_ns = [round(t_s * 1e9) for t_s, _ in source.arrivals]
        times_ns = self._times_ns
        return [
            self._frame(times_ns[n], (self._place << SOURCE_SCENES) + n * MOST_SCENES, source.arrivals[n][1])
            for n in range(bisect_left(times_ns, t_ns), bisect_left(times_ns, end_ns))
        ]

    def _frame(self, at_ns: int, first_scene: int, scenes: int) -> Frame:
        return Frame(at_ns, first_scene, scenes, TENANT_COS_ZENITH, TENANT_LATITUDE_DEG, self._place)


def mean_rate_per_s(source: AnySource) -> float:
    """Scenes a second while it is active; a trace's over its whole length."""
    if isinstance(source, Tenant):
        return source.rate_per_s * source.scenes
    if isinstance(source, Trace):
        span_s = source.arrivals[-1][0] - source.arrivals[0][0]
        return sum(scenes for _, scenes in source.arrivals) / span_s if span_s > 0.0 else 0.0
    return source.scenes / source.period_s


def _multiples(t_ns: int, dt_s: float, period_ns: int) -> range:
    """Which whole multiples of a period lie in [t, t + dt)."""
    return range(-(-t_ns // period_ns), -(-(t_ns + round(dt_s * 1e9)) // period_ns))
