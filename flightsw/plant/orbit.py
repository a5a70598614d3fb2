"""The node's orbit, circular with secular J2 drift or a TLE by SGP4: seconds after the epoch to position.

Frame: TEME (true equator, mean equinox of date), km and km/s. A circular orbit's node is measured from the
mean equinox of date, so it is TEME as well.

Equations (circular, Vallado, Fundamentals of Astrodynamics, 4th ed., sec. 9.6, e = 0, k = J2 (Re/a)^2):
    n = sqrt(mu / a^3);  dOmega/dt = -3/2 k n cos i;  du/dt = n [1 + 3/4 k (6 - 8 sin^2 i)]

Called by `sky` and `passes`, on arrays, ahead of the ticks.

Assumptions: no drag, no J2 short-period terms (a J2-Kepler orbit stays within some 15 km of SGP4 over a day).
Valid for altitudes of 160 km and up; a sun-synchronous inclination exists up to 5970 km.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from sgp4.api import SGP4_ERRORS, WGS72, Satrec

from flightsw.errors import ConfigError, PhysicsError
from flightsw.plant.arrays import FloatArray
from flightsw.plant.constants import EARTH_RADIUS_KM, J2, MU_KM3_S2, TROPICAL_YEAR_D
from flightsw.plant.epoch import DAY_S, Epoch, epoch_of_julian_date

SUN_SYNCHRONOUS_RATE_RAD_S = 2.0 * math.pi / (TROPICAL_YEAR_D * DAY_S)


class Orbit(Protocol):
    """What the sky asks of an orbit."""

    @property
    def nodal_period_s(self) -> float:
        """Time from one ascending node to the next."""

    def positions(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Position (n, 3) km and velocity (n, 3) km/s in TEME at `t_s` seconds after the epoch."""


def semi_major_axis_km(altitude_km: float) -> float:
    """Radius of a circular orbit at a height above the equatorial radius."""
    return EARTH_RADIUS_KM + altitude_km


def mean_motion_rad_s(altitude_km: float) -> float:
    """Kepler's mean motion."""
    a_km = semi_major_axis_km(altitude_km)
    return math.sqrt(MU_KM3_S2 / (a_km * a_km * a_km))


def kepler_period_s(altitude_km: float) -> float:
    """Period without J2."""
    return 2.0 * math.pi / mean_motion_rad_s(altitude_km)


def circular_speed_km_s(altitude_km: float) -> float:
    """Speed on a circular orbit without J2."""
    return math.sqrt(MU_KM3_S2 / semi_major_axis_km(altitude_km))


def _oblateness(altitude_km: float) -> float:
    ratio = EARTH_RADIUS_KM / semi_major_axis_km(altitude_km)
    return J2 * ratio * ratio


def raan_rate_rad_s(altitude_km: float, inclination_deg: float) -> float:
    """Secular J2 precession of the node."""
    n = mean_motion_rad_s(altitude_km)
    return -1.5 * _oblateness(altitude_km) * n * math.cos(math.radians(inclination_deg))


def arg_latitude_rate_rad_s(altitude_km: float, inclination_deg: float) -> float:
    """Secular rate of the argument of latitude (mean anomaly plus perigee), J2 included."""
    sin_i = math.sin(math.radians(inclination_deg))
    k = _oblateness(altitude_km)
    return mean_motion_rad_s(altitude_km) * (1.0 + 0.75 * k * (6.0 - 8.0 * sin_i * sin_i))


def nodal_period_s(altitude_km: float, inclination_deg: float) -> float:
    """Draconitic period: from node to node."""
    return 2.0 * math.pi / arg_latitude_rate_rad_s(altitude_km, inclination_deg)


def sun_synchronous_inclination_deg(altitude_km: float) -> float:
    """Inclination whose node keeps up with the mean Sun. Raises ConfigError where none exists."""
    cos_i = -SUN_SYNCHRONOUS_RATE_RAD_S / (1.5 * _oblateness(altitude_km) * mean_motion_rad_s(altitude_km))
    if cos_i < -1.0:
        raise ConfigError(f"orbit.altitude_km = {altitude_km}: a sun-synchronous orbit must be below 5970")
    return math.degrees(math.acos(cos_i))


def mean_sun_deg(epoch: Epoch) -> float:
    """Mean longitude of the Sun, which is the right ascension of the mean Sun, from the mean equinox of date.

    Vallado, 4th ed., algorithm 29. The equation of time is what the true Sun differs by: a node locked to a
    local *mean* time sees its beta angle swing by it over the year.
    """
    jd, fraction = epoch.ut1(np.zeros(1))
    century = (jd - 2451545.0 + float(fraction[0])) / 36525.0
    return (280.4606184 + 36000.77005361 * century) % 360.0


def raan_of_ltan_deg(ltan_h: float, epoch: Epoch) -> float:
    """Right ascension of an ascending node that is crossed at local mean solar time `ltan_h`."""
    return (mean_sun_deg(epoch) + (ltan_h - 12.0) * 15.0) % 360.0


@dataclass(frozen=True)
class CircularOrbit:
    """Circular orbit, node and argument of latitude drifting at secular J2 rates; angles as at the epoch."""

    altitude_km: float
    inclination_deg: float
    raan_deg: float
    arg_lat_deg: float
    epoch: Epoch

    @property
    def nodal_period_s(self) -> float:
        """Time from one ascending node to the next."""
        return nodal_period_s(self.altitude_km, self.inclination_deg)

    def positions(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Position (n, 3) km and velocity (n, 3) km/s, the exact derivative of the position."""
        a_km = semi_major_axis_km(self.altitude_km)
        u_rate = arg_latitude_rate_rad_s(self.altitude_km, self.inclination_deg)
        node_rate = raan_rate_rad_s(self.altitude_km, self.inclination_deg)
        u = math.radians(self.arg_lat_deg) + u_rate * t_s
        node = math.radians(self.raan_deg) + node_rate * t_s
        inclination = math.radians(self.inclination_deg)
        cos_i, sin_i = math.cos(inclination), math.sin(inclination)
        cu, su, cn, sn = np.cos(u), np.sin(u), np.cos(node), np.sin(node)
        r = np.empty((len(t_s), 3))
        v = np.empty((len(t_s), 3))
        r[:, 0] = a_km * (cn * cu - sn * su * cos_i)
        r[:, 1] = a_km * (sn * cu + cn * su * cos_i)
        r[:, 2] = a_km * (su * sin_i)
        speed = a_km * u_rate
        v[:, 0] = speed * (-cn * su - sn * cu * cos_i) - node_rate * r[:, 1]
        v[:, 1] = speed * (-sn * su + cn * cu * cos_i) + node_rate * r[:, 0]
        v[:, 2] = speed * (cu * sin_i)
        return r, v


class TleOrbit:
    """A two-line element set propagated by SGP4 (WGS-72, as TLEs are made). Raises ConfigError on a bad
    set."""

    def __init__(self, line1: str, line2: str, epoch: Epoch) -> None:
        for number, line in ((1, line1), (2, line2)):
            _check_tle_line(number, line)
        if line1[2:7] != line2[2:7]:
            raise ConfigError(f"orbit.tle: satellite {line1[2:7]!r} and {line2[2:7]!r}: must be the same")
        try:
            self._satellite = Satrec.twoline2rv(line1, line2, WGS72)
        except ValueError as error:
            raise ConfigError(f"orbit.tle = {line1!r}: must be a two-line element set ({error})") from None
        if self._satellite.error:
            raise ConfigError(f"orbit.tle: {SGP4_ERRORS[self._satellite.error]}: must be a valid set")
        self.epoch = epoch

    @property
    def elements_epoch(self) -> Epoch:
        """The instant that the elements themselves are given for."""
        return epoch_of_julian_date(self._satellite.jdsatepoch, self._satellite.jdsatepochF)

    @property
    def nodal_period_s(self) -> float:
        """Time from one ascending node to the next, from the mean elements."""
        nodal_rate_rad_min = float(self._satellite.mdot + self._satellite.argpdot)
        return 120.0 * math.pi / nodal_rate_rad_min

    def positions(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Position (n, 3) km and velocity (n, 3) km/s. Raises PhysicsError when SGP4 gives up (decay)."""
        day_jd, fraction = self.epoch.utc(t_s)
        error, r, v = self._satellite.sgp4_array(np.full(len(t_s), day_jd), fraction)
        if error.any():
            first = int(np.flatnonzero(error)[0])
            raise PhysicsError(f"orbit.tle at t = {t_s[first]} s: {SGP4_ERRORS[int(error[first])]}")
        return r, v


def _check_tle_line(number: int, line: str) -> None:
    """Length, line number and the modulo-10 checksum (Spacetrack Report #3: digits, and 1 for each minus)."""
    if len(line) != 69 or not line.isascii() or line[0] != str(number):
        raise ConfigError(f"orbit.tle line {number} = {line!r}: must be 69 characters starting with {number}")
    total = sum(int(c) if c.isdigit() else c == "-" for c in line[:68]) % 10
    if line[68] != str(total):
        raise ConfigError(f"orbit.tle line {number} = {line!r}: checksum is {line[68]}: must be {total}")
