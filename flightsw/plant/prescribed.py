"""A prescribed sky: light and shadow given by figures in place of an orbit's ephemeris.

A circular orbit of a given period and height whose plane stands at a fixed beta to a Sun that doesn't move. Shadow is
the Earth's cylinder or cone for that geometry, none at all, or given as times within each period. What flight software
sees of it (position, velocity, Sun vector) is consistent with it.

    cos(Sun, local vertical) = cos(beta) cos(2 pi (t - noon) / T)

Reads `PrescribedSkyConfig`; gives the same `SkySample` as `sky.Sky`, so that the plant can't tell them apart. Case P25
runs on it, and so do a user's own thermal-vacuum or power-budget cases.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from flightsw.errors import ConfigError, PhysicsError
from flightsw.plant.arrays import FloatArray
from flightsw.plant.constants import AU_KM, EARTH_RADIUS_KM, EARTH_ROTATION_RAD_S
from flightsw.plant.epoch import parse_epoch
from flightsw.plant.shadow import (
    Exposure,
    cuts_inside,
    cylindrical_eclipse_fraction,
    eclipses,
    exposure,
    in_stretches,
)
from flightsw.plant.sky import SkySample, SkyVectors, in_south_atlantic_anomaly

BLOCK_TICKS = 1024
EPOCH = parse_epoch("2026-09-22T00:00:00Z")
"""The Earth's prime meridian stands at x then, within half a degree, as it does at tick 0 of a prescribed sky."""
TimeS = Annotated[float, Meta(ge=0.0, le=1e9)]


class PrescribedSkyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Light by figures."""

    period_s: Annotated[float, Meta(gt=0.0, le=1e9)]
    altitude_km: Annotated[float, Meta(ge=160.0, le=400000.0)] = 550.0
    """above the equatorial radius: sets the shadow's length and the view of the Earth"""
    beta_deg: Annotated[float, Meta(ge=-90.0, le=90.0)] = 0.0
    """of the Sun over the orbit's plane"""
    noon_s: Annotated[float, Meta(ge=-1e9, le=1e9)] = 0.0
    """when the satellite passes nearest below the Sun"""
    shadow: Literal["cylinder", "cone", "none"] = "cylinder"
    shadow_s: tuple[tuple[TimeS, TimeS], ...] | None = None
    """(entry, exit) within each period, in place of the geometry's; an exit behind the period's end is fine"""
    flux_w_m2: Annotated[float, Meta(ge=0.0, le=1e5)] = 1361.0
    ir_w_m2: Annotated[float, Meta(ge=0.0, le=1000.0)] = 0.0
    """leaving the Earth; 0 where the heat of the surroundings is prescribed by `[[plant.heat]]`"""
    albedo: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0

    def __post_init__(self) -> None:
        before_s = 0.0
        for entry_s, exit_s in self.shadow_s or ():
            if not before_s <= entry_s < exit_s or entry_s >= self.period_s or exit_s > entry_s + self.period_s:
                raise ConfigError(
                    f"prescribed.shadow_s: ({entry_s}, {exit_s}): entries and exits must ascend, entries below "
                    f"period_s = {self.period_s}"
                )
            before_s = exit_s
        if self.shadow_s and self.shadow_s[-1][1] - self.period_s > self.shadow_s[0][0]:
            raise ConfigError(f"prescribed.shadow_s: {self.shadow_s}: the last reaches into the next period's first")


class PrescribedSky:
    """The sky of a configuration, a sample a tick."""

    def __init__(self, config: PrescribedSkyConfig, dt_s: float) -> None:
        self.config = config
        self.dt_s = dt_s
        self.epoch = EPOCH
        self.nodal_period_s = config.period_s
        self._radius_km = EARTH_RADIUS_KM + config.altitude_km
        self._first_tick = 0
        self._rows: list[SkySample] = []
        self._vectors: SkyVectors | None = None

    def at(self, tick: int) -> SkySample:
        """The sky at a tick. Raises PhysicsError below 0."""
        if tick < 0:
            raise PhysicsError(f"tick = {tick}: must be at least 0")
        offset = tick - self._first_tick
        if offset < 0 or offset >= len(self._rows):
            self._first_tick = tick - tick % BLOCK_TICKS
            self._rows = self._tabulate(self._first_tick)
            offset = tick - self._first_tick
        return self._rows[offset]

    def vectors(self, tick: int) -> SkyVectors:
        """The block that a tick lies in, as `sky.Sky.vectors`."""
        first_tick = tick - tick % BLOCK_TICKS
        if self._vectors is None or self._vectors.first_tick != first_tick:
            t_s = np.arange(first_tick, first_tick + BLOCK_TICKS, dtype=np.float64) * self.dt_s
            sun = np.broadcast_to(np.array([1.0, 0.0, 0.0]), (BLOCK_TICKS, 3))
            self._vectors = SkyVectors(first_tick, t_s, *self.positions(t_s), sun)
        return self._vectors

    def eclipses(self, first_tick: int, last_tick: int) -> list[tuple[float, float]]:
        """(entry_s, exit_s) of each passage through the shadow, cut at the ends."""
        config, first_s, last_s = self.config, first_tick * self.dt_s, last_tick * self.dt_s
        if config.shadow_s is None and config.shadow == "cone":
            return [(e.entry_s, e.exit_s) for e in eclipses(self._scan, first_s, last_s)]
        return self.eclipses_s(first_s, last_s)

    def eclipses_s(self, first_s: float, last_s: float) -> list[tuple[float, float]]:
        """Those of shadows with times, cut at the ends."""
        period_s, found = self.config.period_s, []
        for turn in range(math.floor(first_s / period_s) - 1, math.ceil(last_s / period_s)):
            for entry_s, exit_s in self.shadows_s():
                start_s, end_s = entry_s + turn * period_s, exit_s + turn * period_s
                if start_s < last_s and end_s > first_s:
                    found.append((max(start_s, first_s), min(end_s, last_s)))
        return found

    def _scan(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.positions(t_s)[0], np.broadcast_to(np.array([AU_KM, 0.0, 0.0]), (len(t_s), 3))

    def positions(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Position (n, 3) km and velocity (n, 3) km/s; the Sun stands along x."""
        config = self.config
        beta = math.radians(config.beta_deg)
        rate = 2.0 * math.pi / config.period_s
        angle = rate * (t_s - config.noon_s)
        noon, ahead = np.array([math.cos(beta), 0.0, -math.sin(beta)]), np.array([0.0, 1.0, 0.0])
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        return self._radius_km * (cos * noon + sin * ahead), self._radius_km * rate * (cos * ahead - sin * noon)

    def _tabulate(self, first_tick: int) -> list[SkySample]:
        config = self.config
        edges_s = np.arange(first_tick, first_tick + BLOCK_TICKS + 1, dtype=np.float64) * self.dt_s
        t_s = edges_s[:-1]
        position_km, velocity_km_s = self.positions(t_s)
        latitude = np.degrees(np.arcsin(position_km[:, 2] / self._radius_km))
        right_ascension = np.arctan2(position_km[:, 1], position_km[:, 0])
        longitude = (np.degrees(right_ascension - EARTH_ROTATION_RAD_S * t_s) + 180.0) % 360.0 - 180.0
        saa = in_south_atlantic_anomaly(latitude, longitude, config.altitude_km)
        light = self._light(edges_s)
        view = (EARTH_RADIUS_KM / self._radius_km) ** 2
        return [
            SkySample(
                t_s=at_s,
                position_km=(x, y, z),
                velocity_km_s=(u, v, w),
                sun=(1.0, 0.0, 0.0),
                solar_flux_w_m2=config.flux_w_m2,
                sunlit_fraction=lit,
                albedo_cos=max(0.0, x / self._radius_km),
                earth_view_factor=view,
                ir_w_m2=config.ir_w_m2,
                albedo=config.albedo,
                beta_deg=config.beta_deg,
                latitude_deg=lat,
                longitude_deg=lon,
                altitude_km=config.altitude_km,
                station_index=None,
                elevation_deg=None,
                slant_range_km=None,
                in_saa=inside,
                stretches=stretches,
            )
            for at_s, (x, y, z), (u, v, w), lit, lat, lon, inside, stretches in zip(
                t_s.tolist(),
                position_km.tolist(),
                velocity_km_s.tolist(),
                light.mean.tolist(),
                latitude.tolist(),
                longitude.tolist(),
                saa.tolist(),
                light.stretches,
                strict=True,
            )
        ]

    def _light(self, edges_s: FloatArray) -> Exposure:
        """Of each tick between edges."""
        config = self.config
        if config.shadow_s is None and config.shadow == "cone":
            return exposure(self._scan, edges_s)
        shadows = self.eclipses_s(float(edges_s[0]), float(edges_s[-1]))
        fine_s = np.sort(np.concatenate((edges_s, cuts_inside(np.array(shadows).ravel(), edges_s))))
        middle_s, lit = 0.5 * (fine_s[:-1] + fine_s[1:]), np.ones(len(fine_s) - 1)
        for entry_s, exit_s in shadows:
            lit[np.searchsorted(middle_s, entry_s) : np.searchsorted(middle_s, exit_s)] = 0.0
        return in_stretches(edges_s, fine_s, lit)

    def shadows_s(self) -> tuple[tuple[float, float], ...]:
        """(entry, exit) of each shadow within a period, the cylinder's where no times are given."""
        config = self.config
        if config.shadow_s is None and config.shadow == "none":
            return ()
        if config.shadow_s is not None:
            return config.shadow_s
        dark_s = config.period_s * cylindrical_eclipse_fraction(self._radius_km, config.beta_deg)
        if dark_s <= 0.0:
            return ()
        entry_s = (config.noon_s + 0.5 * (config.period_s - dark_s)) % config.period_s
        return ((entry_s, entry_s + dark_s),)
