"""Where the node looks: regions on the ground, and when it flies over the day side. Pure.

Daylight, from one navigation fix on a circular orbit with the Sun fixed over it: the Sun's zenith angle below is that
between position and Sun, whose cosine is cos(beta) cos(phase from noon). It is at least a given one within
acos(that / cos(beta)) of noon. Called by `source` (regions) and by the application (daylight, for the forecast).
"""

from __future__ import annotations

import math

import msgspec

from flightsw.apps.inference.sourceconfig import Box, Circle

EARTH_RADIUS_KM = 6371.0
"""mean: great circles on the ground"""
MU_KM3_S2 = 398600.4418
"""WGS-84"""
ALWAYS_S = 1e9


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """The stretch of time, now or coming, in which a source gives work."""

    starts_in_s: float
    """0: it is on"""
    lasts_s: float
    """from its start, or from now where it is on"""


ALWAYS, NEVER = Stretch(0.0, ALWAYS_S), Stretch(ALWAYS_S, 0.0)


def is_inside(latitude_deg: float, longitude_deg: float, region: Box | Circle) -> bool:
    """Whether a point on the ground lies in a region; its borders are in it."""
    if isinstance(region, Box):
        if not region.south_deg <= latitude_deg <= region.north_deg:
            return False
        west_deg, east_deg = region.west_deg, region.east_deg
        if west_deg <= east_deg:
            return west_deg <= longitude_deg <= east_deg
        return longitude_deg >= west_deg or longitude_deg <= east_deg
    here, there = math.radians(latitude_deg), math.radians(region.latitude_deg)
    apart = math.radians(longitude_deg - region.longitude_deg)
    half = math.sin(0.5 * (here - there)) ** 2 + math.cos(here) * math.cos(there) * math.sin(0.5 * apart) ** 2
    return 2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half))) <= region.radius_km


def daylight(
    position_km: tuple[float, float, float],
    velocity_km_s: tuple[float, float, float],
    sun: tuple[float, float, float],
    min_cos_zenith: float,
) -> Stretch:
    """When the Sun stands high enough below. A fix that is no orbit has none."""
    r = math.hypot(*position_km)
    x, y, z = position_km
    u, v, w = velocity_km_s
    hx, hy, hz = y * w - z * v, z * u - x * w, x * v - y * u
    h = math.hypot(hx, hy, hz)
    if h <= 0.0:
        return NEVER
    up = (x * sun[0] + y * sun[1] + z * sun[2]) / r
    ahead = ((hy * z - hz * y) * sun[0] + (hz * x - hx * z) * sun[1] + (hx * y - hy * x) * sun[2]) / (h * r)
    cos_beta = math.hypot(up, ahead)
    if min_cos_zenith <= -cos_beta:
        return ALWAYS
    if min_cos_zenith >= cos_beta:
        return NEVER
    half = math.acos(min_cos_zenith / cos_beta)
    rate_rad_s = math.sqrt(MU_KM3_S2 / r) / r
    to_noon = math.atan2(ahead, up)
    left = to_noon + half
    if -half <= to_noon <= half:
        return Stretch(0.0, left / rate_rad_s)
    return Stretch(((to_noon - half) % (2.0 * math.pi)) / rate_rad_s, 2.0 * half / rate_rad_s)
