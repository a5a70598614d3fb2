"""Frames of the sky: GCRS, TEME (true equator, mean equinox of date) and Earth-fixed, and the WGS-84
ellipsoid.

Everything inertial that the plant publishes (position, velocity, Sun) is in TEME, because that is what SGP4
gives. GCRS -> TEME is the IAU 2006/2000A bias-precession-nutation matrix turned by the equation of the
equinoxes; TEME -> Earth-fixed is a turn by Greenwich mean sidereal time (Vallado et al., "Revisiting
Spacetrack Report #3", AIAA 2006-6753, appendix C).

Reads an `Epoch` and seconds after it. Called by the Sun, the orbit, the passes and the sky when they fill a
block.

Assumptions: no polar motion (0.3 arcsec, 10 m on the ground); UT1 = UTC (see `epoch`).
"""

from __future__ import annotations

import math

import erfa
import numpy as np

from flightsw.plant.arrays import FloatArray
from flightsw.plant.constants import EARTH_FLATTENING, EARTH_RADIUS_KM
from flightsw.plant.epoch import Epoch

_E2 = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
_POLAR_RADIUS_KM = EARTH_RADIUS_KM * (1.0 - EARTH_FLATTENING)
_EP2 = _E2 / (1.0 - _E2)


def gcrs_to_teme(epoch: Epoch, t_s: FloatArray) -> FloatArray:
    """Rotation matrices (n, 3, 3) that take GCRS columns to TEME."""
    tt1, tt2 = epoch.tt(t_s)
    nutation_rad, _, obliquity_rad, *_, to_true_of_date = erfa.pn06a(tt1, tt2)
    equation_of_equinoxes = erfa.ee00(tt1, tt2, obliquity_rad, nutation_rad)
    matrix: FloatArray = erfa.rz(equation_of_equinoxes, to_true_of_date)
    return matrix


def gmst_rad(epoch: Epoch, t_s: FloatArray) -> FloatArray:
    """Greenwich mean sidereal time, IAU 1982: the one that TEME is defined with."""
    ut1, ut2 = epoch.ut1(t_s)
    angle: FloatArray = erfa.gmst82(ut1, ut2)
    return angle


def teme_to_earth_fixed(position_km: FloatArray, gmst: FloatArray) -> FloatArray:
    """Rows (n, 3) from TEME to Earth-fixed, `gmst` in radians."""
    c, s = np.cos(gmst), np.sin(gmst)
    x, y = position_km[:, 0], position_km[:, 1]
    return np.stack((c * x + s * y, c * y - s * x, position_km[:, 2]), axis=1)


def geodetic(fixed_km: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """WGS-84 latitude (deg), longitude (deg, -180 to 180) and height (km) of Earth-fixed rows (n, 3).

    Bowring, "Transformation from spatial to geographical coordinates", Survey Review 23 (1976), iterated
    twice: below 1e-10 deg for orbits up to geostationary.
    """
    x, y, z = fixed_km[:, 0], fixed_km[:, 1], fixed_km[:, 2]
    rho = np.sqrt(x * x + y * y)
    parametric = np.arctan2(z * EARTH_RADIUS_KM, rho * _POLAR_RADIUS_KM)
    for _ in range(2):
        c, s = np.cos(parametric), np.sin(parametric)
        above = z + _EP2 * _POLAR_RADIUS_KM * s * s * s
        outward = rho - _E2 * EARTH_RADIUS_KM * c * c * c
        parametric = np.arctan2((1.0 - EARTH_FLATTENING) * above, outward)
    latitude = np.arctan2(above, outward)
    c, s = np.cos(latitude), np.sin(latitude)
    # This form of the height holds at the poles too, where rho / cos(latitude) does not.
    height_km = rho * c + z * s - EARTH_RADIUS_KM * np.sqrt(1.0 - _E2 * s * s)
    return np.degrees(latitude), np.degrees(np.arctan2(y, x)), height_km


def earth_fixed(latitude_deg: float, longitude_deg: float, height_km: float) -> tuple[float, float, float]:
    """Earth-fixed position (km) of a WGS-84 latitude, longitude and height."""
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    c, s = math.cos(latitude), math.sin(latitude)
    n_km = EARTH_RADIUS_KM / math.sqrt(1.0 - _E2 * s * s)
    r_km = (n_km + height_km) * c
    return r_km * math.cos(longitude), r_km * math.sin(longitude), (n_km * (1.0 - _E2) + height_km) * s
