"""On-board eclipse prediction: when the next shadow comes and how long it lasts. Pure.

Circular orbit from one navigation fix, penumbra of a spherical Earth, Sun fixed over an orbit. As seen from the node
the discs touch when Sun and nadir are asin(Re / r) + Sun's radius apart; split along the orbital plane, the node is in
shadow while its angle from the anti-solar point is below acos(cos(that) / cos(beta)). Penumbra counts as shadow, the
safe side. Just before a contact it agrees with the plant's within 0.5 s, half an orbit ahead within 10 s.
Source: Wertz et al., Space Mission Engineering, sec. 10.1, with the Sun's disc added.
Between two fixes the forecast is counted down, for as long as it takes. Called by `law`.
"""

from __future__ import annotations

import math

import msgspec

EARTH_RADIUS_KM = 6378.137
"""equatorial, WGS-84"""
MU_KM3_S2 = 398600.4418
"""WGS-84"""
SUN_RADIUS_RAD = 0.00475
"""apparent, at perihelion: 696,000 km at 147.1 million km, rounded up"""
_COS_SUN, _SIN_SUN = math.cos(SUN_RADIUS_RAD), math.sin(SUN_RADIUS_RAD)


class EclipseForecast(msgspec.Struct, frozen=True, gc=False):
    """The coming eclipse, or this one."""

    inside: bool
    starts_in_s: float | None
    """0 inside; None: this orbit has none"""
    lasts_s: float
    """from its start, or from now when inside"""
    length_s: float
    """of a whole eclipse"""
    period_s: float
    """of the orbit"""


NONE_AHEAD = EclipseForecast(False, None, 0.0, 0.0, 0.0)


def forecast(
    position_km: tuple[float, float, float],
    velocity_km_s: tuple[float, float, float],
    sun: tuple[float, float, float],
) -> EclipseForecast:
    """The coming eclipse from one fix; all vectors in one frame. A fix that is no orbit around the Earth has none."""
    x, y, z = position_km
    u, v, w = velocity_km_s
    hx, hy, hz = y * w - z * v, z * u - x * w, x * v - y * u
    h = math.sqrt(hx * hx + hy * hy + hz * hz)
    r = math.sqrt(x * x + y * y + z * z)
    if r <= EARTH_RADIUS_KM or h <= 0.0:
        return NONE_AHEAD
    sin_beta = (hx * sun[0] + hy * sun[1] + hz * sun[2]) / h
    cos_beta = math.sqrt(max(0.0, 1.0 - sin_beta * sin_beta))
    sin_earth = EARTH_RADIUS_KM / r
    edge = math.sqrt(1.0 - sin_earth * sin_earth) * _COS_SUN - sin_earth * _SIN_SUN
    if cos_beta <= abs(edge):  # below 0 only within 72 m of the ground, where nothing orbits
        return NONE_AHEAD
    half_angle = math.acos(edge / cos_beta)
    rate_rad_s = math.sqrt(MU_KM3_S2 / r) / r
    length_s, period_s = 2.0 * half_angle / rate_rad_s, 2.0 * math.pi / rate_rad_s
    radial = (x * sun[0] + y * sun[1] + z * sun[2]) / r
    along = ((hy * z - hz * y) * sun[0] + (hz * x - hx * z) * sun[1] + (hx * y - hy * x) * sun[2]) / (h * r)
    since_entry_rad = (math.atan2(along, -radial) + half_angle) % (2.0 * math.pi)
    just_entered = EclipseForecast(True, 0.0, length_s, length_s, period_s)
    return coasted(just_entered, since_entry_rad / rate_rad_s)


def coasted(before: EclipseForecast, elapsed_s: float) -> EclipseForecast:
    """The forecast so much later, without a new fix; past the end of an eclipse it looks to the next one."""
    if before.starts_in_s is None:
        return before
    length_s, period_s = before.length_s, before.period_s
    to_entry_s = before.lasts_s - length_s if before.inside else before.starts_in_s
    to_entry_s -= elapsed_s
    while to_entry_s <= -length_s:
        to_entry_s += period_s
    if to_entry_s > 0.0:
        return EclipseForecast(False, to_entry_s, length_s, length_s, period_s)
    return EclipseForecast(True, 0.0, length_s + to_entry_s, length_s, period_s)
