"""Configuration of the sky: epoch, orbit, Earth environment and ground stations, as a scenario's TOML gives
them.

Decoded by msgspec straight from the scenario, which checks types and ranges; what concerns several fields
together is checked after decoding and raises ConfigError. Read by `sky`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.plant.epoch import Epoch, parse_epoch
from flightsw.plant.orbit import (
    CircularOrbit,
    Orbit,
    TleOrbit,
    raan_of_ltan_deg,
    sun_synchronous_inclination_deg,
)

AltitudeKm = Annotated[float, Meta(ge=160.0, le=40000.0)]
"""From where drag brings a satellite down within a day, to above geostationary."""
Hours = Annotated[float, Meta(ge=0.0, le=24.0)]
FullTurnDeg = Annotated[float, Meta(ge=-360.0, le=360.0)]
TleLine = Annotated[str, Meta(min_length=69, max_length=69)]


class OrbitConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either circular elements (`altitude_km` and one of `ltan_h` and `raan_deg`) or `tle`."""

    altitude_km: AltitudeKm | None = None
    """above the equatorial radius"""
    ltan_h: Hours | None = None
    """local mean solar time of the ascending node at the epoch"""
    raan_deg: FullTurnDeg | None = None
    """right ascension of the ascending node at the epoch, from the mean equinox of date"""
    inclination_deg: Annotated[float, Meta(ge=0.0, le=180.0)] | None = None
    """None: sun-synchronous"""
    arg_latitude_deg: FullTurnDeg | None = None
    """angle from the ascending node at the epoch; None: 0"""
    tle: tuple[TleLine, TleLine] | None = None

    def __post_init__(self) -> None:
        elements = (self.altitude_km, self.ltan_h, self.raan_deg, self.inclination_deg, self.arg_latitude_deg)
        if self.tle is not None:
            if any(value is not None for value in elements):
                raise ConfigError("orbit.tle is given with elements: must be one or the other")
        elif self.altitude_km is None:
            raise ConfigError("orbit.altitude_km is missing: must be given, or orbit.tle instead")
        elif (self.ltan_h is None) == (self.raan_deg is None):
            raise ConfigError("orbit.ltan_h and orbit.raan_deg: exactly one of them must be given")

    def build(self, epoch: Epoch) -> Orbit:
        """The orbit, with its angles as at the epoch."""
        if self.tle is not None:
            return TleOrbit(self.tle[0], self.tle[1], epoch)
        altitude_km, ltan_h, raan_deg, inclination_deg = (
            self.altitude_km,
            self.ltan_h,
            self.raan_deg,
            self.inclination_deg,
        )
        assert altitude_km is not None
        if raan_deg is None:
            assert ltan_h is not None
            raan_deg = raan_of_ltan_deg(ltan_h, epoch)
        if inclination_deg is None:
            inclination_deg = sun_synchronous_inclination_deg(altitude_km)
        return CircularOrbit(altitude_km, inclination_deg, raan_deg, self.arg_latitude_deg or 0.0, epoch)


class EnvironmentConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Earth's infrared and albedo: their means, and how they vary from orbit to orbit (AR(1))."""

    ir_w_m2: Annotated[float, Meta(ge=100.0, le=400.0)] = 237.0
    """nominal of `earth_loads.ENVIRONMENTS`"""
    albedo: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.30
    flux_w_m2: Annotated[float, Meta(ge=100.0, le=1e5)] | None = None
    """of sunlight at the Earth; None: as the season has it"""
    ir_sigma_w_m2: Annotated[float, Meta(ge=0.0, le=50.0)] = 0.0
    """standard deviation over orbits"""
    albedo_sigma: Annotated[float, Meta(ge=0.0, le=0.3)] = 0.0
    orbit_correlation: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.5
    """of one orbit with the next; 0.5 is an assumption: the swaths of neighbouring orbits overlap in part"""


class StationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ground station."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    latitude_deg: Annotated[float, Meta(ge=-90.0, le=90.0)]
    longitude_deg: Annotated[float, Meta(ge=-180.0, le=180.0)]
    altitude_m: Annotated[float, Meta(ge=-500.0, le=9000.0)] = 0.0
    mask_deg: Annotated[float, Meta(ge=0.0, lt=90.0)] = 10.0
    """elevation below which there is no contact"""


class SkyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and when the node flies, and what is around it."""

    epoch: str
    """ISO UTC, the time of tick 0: "2026-01-03T12:00:00Z\""""
    orbit: OrbitConfig
    environment: EnvironmentConfig = EnvironmentConfig()
    stations: tuple[StationConfig, ...] = ()

    def __post_init__(self) -> None:
        self.orbit.build(parse_epoch(self.epoch))  # refuses a bad epoch, TLE or inclination before anything starts
        names = [station.name for station in self.stations]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"stations.name = {name!r}: must be given once")
