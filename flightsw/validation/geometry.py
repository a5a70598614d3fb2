"""A circular orbit without J2 and a Sun at rest, as cases of shadow and light have it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flightsw.plant import orbit
from flightsw.plant.constants import AU_KM


def circle(beta_deg: float, altitude_km: float = 550.0) -> tuple[Any, Any, float]:
    """An orbit in the xz plane without J2, the Sun at 1 AU `beta_deg` out of that plane, and its period."""
    period_s = orbit.kepler_period_s(altitude_km)
    radius_km = orbit.semi_major_axis_km(altitude_km)
    beta = math.radians(beta_deg)
    sun_km = AU_KM * np.array([math.cos(beta), math.sin(beta), 0.0])

    def position_km(t_s: Any) -> Any:
        u = 2.0 * np.pi * t_s / period_s
        return radius_km * np.stack((np.cos(u), np.zeros_like(u), np.sin(u)), axis=1)

    return position_km, sun_km, period_s
