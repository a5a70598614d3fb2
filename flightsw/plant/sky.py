"""The sky: all that the plant needs of orbit, Sun, Earth and stations at a tick, tabulated ahead in blocks.

Reads a `SkyConfig`, the tick's length, and a random stream for the Earth's variation by orbit. Gives one
`SkySample` a tick, of plain numbers, by an index into a list; erfa, sgp4 and numpy run only when a block of
BLOCK_TICKS is filled. Blocks start at multiples of BLOCK_TICKS and depend on nothing before them, so a sample
is the same whatever was asked for before it.

Called by the plant process every tick, and by reports, the virtual camera (ground track) and tests. Another
class with the same `at` (see `SkyModel`) may stand in for it, to force the plant with prescribed light
instead of an orbit.

Frame of all vectors: TEME. A sample holds values at the start of its tick, t = tick * dt, but for the sunlit
fraction, which is the mean over [t, t + dt].
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Protocol, TypeAlias, cast

import msgspec
import numpy as np
import numpy.typing as npt

from flightsw.errors import ConfigError, PhysicsError
from flightsw.plant.arrays import BoolArray, FloatArray, dot, norm
from flightsw.plant.constants import EARTH_RADIUS_KM
from flightsw.plant.epoch import Epoch, parse_epoch
from flightsw.plant.frames import geodetic, gmst_rad, teme_to_earth_fixed
from flightsw.plant.passes import Pass, StationFrame, find_passes, look_angles, station_frame
from flightsw.plant.shadow import ScanFunction, Stretches, eclipses, exposure
from flightsw.plant.sky_config import SkyConfig
from flightsw.plant.sun import SunTable, beta_deg, solar_flux_w_m2
from flightsw.streams import Stream

BLOCK_TICKS: Final = 2048
ROW_TICKS: Final = 256
"""Rows are made from a block's arrays this many at a time: few enough that their memory is reused, not
returned."""
MAX_DT_S: Final = 60.0
"""Keeps a block's span (34 h) within what `SunTable` interpolates to 1e-9."""

SAA_LATITUDE_DEG: Final = (-50.0, 0.0)
SAA_LONGITUDE_DEG: Final = (-90.0, 40.0)
"""South Atlantic Anomaly as the customary box for 500-km orbits (bounds as given by Wikipedia, "South
Atlantic Anomaly"): wider than the flux contour that counts at high thresholds, and it does not grow with
altitude. An orbit of 420 km and 51.6 deg spends about 15 % of its time in it, a Sun-synchronous one of 550 km 10 %."""
SAA_ALTITUDE_KM: Final = (200.0, 2000.0)
"""Where the box stands for it: the inner belt dips to some 200 km there (Wikipedia, ibid.); from some 2000 km on,
the end of low orbits, the belts are met at all longitudes."""


Column: TypeAlias = FloatArray | BoolArray | list[object]
"""One field of the sample over a block; a list where it may be None."""


class SkySample(msgspec.Struct, frozen=True, gc=False):
    """The sky at the start of a tick; `sunlit_fraction` is the tick's mean. A struct, for its fields are read thirty
    times a tick: a named tuple's take several times as long."""

    t_s: float
    position_km: tuple[float, float, float]
    velocity_km_s: tuple[float, float, float]
    sun: tuple[float, float, float]
    """unit vector from the Earth's centre"""
    solar_flux_w_m2: float
    """at the Earth's distance, unshadowed"""
    sunlit_fraction: float
    albedo_cos: float
    """cosine of the Sun's zenith angle at the sub-satellite point, at least 0"""
    earth_view_factor: float
    """of a nadir-facing plate"""
    ir_w_m2: float
    """leaving the Earth, this orbit"""
    albedo: float
    """this orbit"""
    beta_deg: float
    latitude_deg: float
    longitude_deg: float
    altitude_km: float
    """above the WGS-84 ellipsoid"""
    station_index: int | None
    """the station that sees the satellite highest, above its own mask; None: no station does"""
    elevation_deg: float | None
    slant_range_km: float | None
    in_saa: bool
    stretches: Stretches = ()
    """where the shadow's edges cut the tick; () where none does"""


class SkyVectors(NamedTuple):
    """A block of the sky as arrays, for what is tabulated from it: the fields of its samples in TEME."""

    first_tick: int
    t_s: FloatArray
    """(n,)"""
    position_km: FloatArray
    """(n, 3), as the others"""
    velocity_km_s: FloatArray
    sun: FloatArray
    """unit rows"""


class SkyModel(Protocol):
    """What the plant steps with: a sky computed from an orbit, or one that is prescribed."""

    dt_s: float
    epoch: Epoch

    def at(self, tick: int) -> SkySample:
        """The sky at a tick, 0 being the epoch."""

    def vectors(self, tick: int) -> SkyVectors:
        """The block that a tick lies in."""

    def eclipses(self, first_tick: int, last_tick: int) -> list[tuple[float, float]]:
        """(entry_s, exit_s) of each passage through the shadow from the start of one tick to that of another."""


def in_south_atlantic_anomaly(
    latitude_deg: FloatArray, longitude_deg: FloatArray, altitude_km: FloatArray | float
) -> BoolArray:
    """Whether satellites (n,) are in the anomaly's box and between its heights; longitudes from -180 to 180."""
    south, north = SAA_LATITUDE_DEG
    west, east = SAA_LONGITUDE_DEG
    inside: BoolArray = (latitude_deg >= south) & (latitude_deg <= north)
    inside &= (longitude_deg >= west) & (longitude_deg <= east)
    lowest_km, highest_km = SAA_ALTITUDE_KM
    inside &= (altitude_km >= lowest_km) & (altitude_km <= highest_km)
    return inside


class EarthVariation:
    """Infrared and albedo of each orbit: AR(1) about the mean, x[k] = phi x[k-1] + sqrt(1 - phi^2) e[k]."""

    def __init__(self, config: SkyConfig, stream: Stream | None) -> None:
        self._environment = config.environment
        if stream is None and (self._environment.ir_sigma_w_m2 > 0.0 or self._environment.albedo_sigma > 0.0):
            raise ConfigError("environment.ir_sigma_w_m2, albedo_sigma: must be 0 where no random stream is given")
        if stream is not None and stream.width < 2:
            raise ValueError(f"stream {stream.name!r}: width = {stream.width}: must be at least 2")
        self._stream = stream
        self._states: list[tuple[float, float]] = []

    def of_orbit(self, orbit: int) -> tuple[float, float]:
        """Infrared (W/m2) and albedo of an orbit, counted from 0 at the epoch."""
        while len(self._states) <= orbit:
            self._states.append(self._next_state())
        ir, reflected = self._states[orbit]
        e = self._environment
        return max(0.0, e.ir_w_m2 + e.ir_sigma_w_m2 * ir), min(1.0, max(0.0, e.albedo + e.albedo_sigma * reflected))

    def _next_state(self) -> tuple[float, float]:
        if self._stream is None:
            return 0.0, 0.0
        fresh = self._stream.normals(len(self._states))
        if not self._states:
            return fresh[0], fresh[1]
        phi = self._environment.orbit_correlation
        rest = (1.0 - phi * phi) ** 0.5
        ir, reflected = self._states[-1]
        return phi * ir + rest * fresh[0], phi * reflected + rest * fresh[1]


class Sky:
    """The sky of an orbit. `variation` is a stream of width 2; it may be left out where the environment is
    steady."""

    def __init__(self, config: SkyConfig, dt_s: float, variation: Stream | None = None) -> None:
        if not 0.0 < dt_s <= MAX_DT_S:
            raise ConfigError(f"dt_s = {dt_s}: must be above 0 and at most {MAX_DT_S}")
        self.config = config
        self.dt_s = dt_s
        self.epoch = parse_epoch(config.epoch)
        self.orbit = config.orbit.build(self.epoch)
        self._variation = EarthVariation(config, variation)
        self._stations = tuple(
            station_frame(s.latitude_deg, s.longitude_deg, s.altitude_m, s.mask_deg) for s in config.stations
        )
        self._block = -1
        self._columns: tuple[Column, ...] = ()
        self._first_tick = 0
        self._rows: list[SkySample] = []

    def at(self, tick: int) -> SkySample:
        """The sky at a tick, 0 being the epoch."""
        offset = tick - self._first_tick
        if offset < 0 or offset >= len(self._rows):
            self._fill(tick)
            offset = tick - self._first_tick
        return self._rows[offset]

    def vectors(self, tick: int) -> SkyVectors:
        """The block that a tick lies in. Asked for beside `at` of the same tick it costs nothing."""
        self._open_block(tick)
        t_s, position_km, velocity_km_s, sun = cast("tuple[FloatArray, ...]", self._columns[:4])
        return SkyVectors(self._block * BLOCK_TICKS, t_s, position_km, velocity_km_s, sun)

    def eclipses(self, first_tick: int, last_tick: int) -> list[tuple[float, float]]:
        """(entry_s, exit_s) of each passage through the penumbra from the start of one tick to that of
        another."""
        first_s, last_s = first_tick * self.dt_s, last_tick * self.dt_s
        return [(e.entry_s, e.exit_s) for e in eclipses(self._scan(first_s, last_s), first_s, last_s)]

    def passes(self, station_index: int, first_tick: int, last_tick: int) -> list[Pass]:
        """Passes over a station from the start of one tick to that of another."""
        station = self._stations[station_index]

        def elevation_deg(t_s: FloatArray) -> FloatArray:
            return look_angles(station, self._earth_fixed(t_s))[0]

        return find_passes(elevation_deg, station.mask_deg, first_tick * self.dt_s, last_tick * self.dt_s)

    def ground_track(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sub-satellite latitude and longitude (deg) and height (km) at seconds after the epoch."""
        return geodetic(self._earth_fixed(t_s))

    def subpoint(self, t_s: float) -> tuple[float, float]:
        """Sub-satellite latitude and longitude (deg) at one moment."""
        latitude, longitude, _ = self.ground_track(np.array([t_s]))
        return float(latitude[0]), float(longitude[0])

    def _earth_fixed(self, t_s: FloatArray) -> FloatArray:
        return teme_to_earth_fixed(self.orbit.positions(t_s)[0], gmst_rad(self.epoch, t_s))

    def _scan(self, first_s: float, last_s: float) -> ScanFunction:
        """Position and Sun over a span of any length, the Sun by pieces no longer than a block's longest."""
        piece_s = BLOCK_TICKS * MAX_DT_S
        starts = np.arange(first_s, max(last_s, first_s + self.dt_s), piece_s)
        tables = [SunTable(self.epoch, float(start), float(start) + piece_s) for start in starts]

        def scan(t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
            sun_km = np.empty((len(t_s), 3))
            piece = np.clip(((t_s - first_s) // piece_s).astype(np.int64), 0, len(tables) - 1)
            for index in np.unique(piece):
                inside = piece == index
                sun_km[inside] = tables[index].at(t_s[inside])
            return self.orbit.positions(t_s)[0], sun_km

        return scan

    def _fill(self, tick: int) -> None:
        """Make the rows around a tick, from the block's arrays."""
        self._open_block(tick)
        block, offset = divmod(tick, BLOCK_TICKS)
        start = offset - offset % ROW_TICKS
        plain = (_plain(column[start : start + ROW_TICKS]) for column in self._columns)
        self._rows = list(map(SkySample, *plain))
        self._first_tick = block * BLOCK_TICKS + start

    def _open_block(self, tick: int) -> None:
        """Compute the arrays of a tick's block when the block is new."""
        if tick < 0:
            raise PhysicsError(f"tick = {tick}: must be at least 0, the epoch")
        block = tick // BLOCK_TICKS
        if block != self._block:
            ticks = np.arange(block * BLOCK_TICKS, (block + 1) * BLOCK_TICKS + 1)
            self._columns = self._tabulate(ticks.astype(np.float64) * self.dt_s)
            self._block = block

    def _tabulate(self, edges_s: FloatArray) -> tuple[Column, ...]:
        """The fields of SkySample, in its order, for each tick between consecutive edges."""
        t_s = edges_s[:-1]
        table = SunTable(self.epoch, float(edges_s[0]), float(edges_s[-1]))
        position_km, velocity_km_s = self.orbit.positions(t_s)
        radius_km = norm(position_km)
        sun_km = table.at(t_s)
        sun_distance_km = norm(sun_km)
        sun_unit = sun_km / sun_distance_km[:, None]
        fixed_km = teme_to_earth_fixed(position_km, gmst_rad(self.epoch, t_s))
        latitude, longitude, altitude_km = geodetic(fixed_km)
        light = exposure(lambda at_s: (self.orbit.positions(at_s)[0], table.at(at_s)), edges_s)
        return (
            t_s,
            position_km,
            velocity_km_s,
            sun_unit,
            self._flux_w_m2(sun_distance_km),
            light.mean,
            np.maximum(dot(position_km, sun_unit) / radius_km, 0.0),
            (EARTH_RADIUS_KM / radius_km) ** 2,
            *self._earth_by_tick(t_s),
            beta_deg(position_km, velocity_km_s, sun_unit),
            latitude,
            longitude,
            altitude_km,
            *_best_station(self._stations, fixed_km),
            in_south_atlantic_anomaly(latitude, longitude, altitude_km),
            cast("list[object]", light.stretches),
        )

    def _flux_w_m2(self, sun_distance_km: FloatArray) -> FloatArray:
        given_w_m2 = self.config.environment.flux_w_m2
        if given_w_m2 is None:
            return solar_flux_w_m2(sun_distance_km)
        return np.full(len(sun_distance_km), given_w_m2)

    def _earth_by_tick(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        orbits = (t_s // self.orbit.nodal_period_s).astype(np.int64)
        first, last = int(orbits[0]), int(orbits[-1])
        of_orbit = np.array([self._variation.of_orbit(orbit) for orbit in range(first, last + 1)])
        by_tick = of_orbit[orbits - first]
        return by_tick[:, 0], by_tick[:, 1]


def _plain(column: Column) -> list[object]:
    """A column's values as plain Python objects; rows of three become tuples."""
    if isinstance(column, list):
        return list(column)
    if column.ndim == 2:
        return list(zip(*column.T.tolist(), strict=True))
    values: list[object] = column.tolist()
    return values


def _best_station(stations: tuple[StationFrame, ...], fixed_km: FloatArray) -> tuple[Column, Column, Column]:
    """Index, elevation (deg) and slant range (km) of the station seen highest above its mask; None where none
    is."""
    n = len(fixed_km)
    best = np.full(n, -1)
    highest, its_range_km = np.full(n, -np.inf), np.empty(n)
    for index, station in enumerate(stations):
        elevation, _, range_km = look_angles(station, fixed_km)
        better = (elevation >= station.mask_deg) & (elevation > highest)
        best[better] = index
        highest[better] = elevation[better]
        its_range_km[better] = range_km[better]
    if not (best >= 0).any():
        return [None] * n, [None] * n, [None] * n
    unseen = best < 0
    return _or_none(best, unseen), _or_none(highest, unseen), _or_none(its_range_km, unseen)


def _or_none(values: npt.NDArray[Any], unknown: BoolArray) -> list[object]:
    plain = values.astype(object)
    plain[unknown] = None
    listed: list[object] = plain.tolist()
    return listed
