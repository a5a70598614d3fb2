"""On-board eclipse prediction: when the next shadow comes and how long it lasts.

Circular orbit from one navigation fix, cylindrical shadow of the Earth's radius, Sun fixed over an orbit. With the
Sun's direction split into its part in the orbital plane, the node is in shadow while its angle from the anti-solar
point is below acos(sqrt(1 - (Re/r)^2) / cos(beta)). Against the plant's conical shadow this is early at entry and
late at exit by about 5 s: on the safe side. Source: Wertz et al., Space Mission Engineering, sec. 10.1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

EARTH_RADIUS_KM = 6378.137
"""equatorial, WGS-84"""
MU_KM3_S2 = 398600.4418


class EclipseForecast(NamedTuple):
    """The coming eclipse, or this one."""

    inside: bool
    starts_in_s: float | None
    """0 inside; None: this orbit has none"""
    lasts_s: float
    """from its start, or from now when inside"""


NONE_AHEAD = EclipseForecast(False, None, 0.0)


def forecast(
    position_km: tuple[float, float, float],
    velocity_km_s: tuple[float, float, float],
    sun: tuple[float, float, float],
) -> EclipseForecast:
    """The coming eclipse from one fix; all vectors in one frame."""
    x, y, z = position_km
    u, v, w = velocity_km_s
    hx, hy, hz = y * w - z * v, z * u - x * w, x * v - y * u
    h = math.sqrt(hx * hx + hy * hy + hz * hz)
    r = math.sqrt(x * x + y * y + z * z)
    sin_beta = (hx * sun[0] + hy * sun[1] + hz * sun[2]) / h
    cos_beta = math.sqrt(max(0.0, 1.0 - sin_beta * sin_beta))
    edge = math.sqrt(max(0.0, 1.0 - (EARTH_RADIUS_KM / r) ** 2))
    if cos_beta <= edge:
        return NONE_AHEAD
    half_angle = math.acos(edge / cos_beta)
    rate_rad_s = math.sqrt(MU_KM3_S2 / r) / r
    radial = (x * sun[0] + y * sun[1] + z * sun[2]) / r
    along = ((hy * z - hz * y) * sun[0] + (hz * x - hx * z) * sun[1] + (hx * y - hy * x) * sun[2]) / (h * r)
    # angle travelled since the anti-solar point, in [0, 2 pi)
    since = math.atan2(along, -radial) % (2.0 * math.pi)
    if since <= half_angle:
        return EclipseForecast(True, 0.0, (half_angle - since) / rate_rad_s)
    to_entry = 2.0 * math.pi - half_angle - since
    if to_entry <= 0.0:
        return EclipseForecast(True, 0.0, (2.0 * math.pi - since + half_angle) / rate_rad_s)
    return EclipseForecast(False, to_entry / rate_rad_s, 2.0 * half_angle / rate_rad_s)


def coasted(before: EclipseForecast, elapsed_s: float) -> EclipseForecast:
    """The forecast some seconds later, without a new fix. Past the eclipse's end it knows of no other."""
    if before.starts_in_s is None:
        return before
    if before.inside:
        left_s = before.lasts_s - elapsed_s
        return EclipseForecast(True, 0.0, left_s) if left_s > 0.0 else NONE_AHEAD
    starts_in_s = before.starts_in_s - elapsed_s
    if starts_in_s > 0.0:
        return EclipseForecast(False, starts_in_s, before.lasts_s)
    left_s = before.lasts_s + starts_in_s
    return EclipseForecast(True, 0.0, left_s) if left_s > 0.0 else NONE_AHEAD
