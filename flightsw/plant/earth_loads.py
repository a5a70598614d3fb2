"""Heat from the Earth: view factors, infrared and reflected sunlight on plates and spheres.

View factors are the closed forms of ECSS-E-HB-31-01 part 1A / Martinez, "Radiative view factors" (UPM): patch
to sphere at any tilt, small sphere to large sphere, with H = r / Re.

Albedo is the *cosine form*: a S F max(0, cos z), z the Sun's zenith angle at the sub-satellite point. Against
the integral over the visible cap it is within 0.7 % up to z = 60 deg, and nought at and past the terminator,
where the integral still gives some 10 W/m2 (z = 90 deg, 550 km).

A tilted face's albedo is its view factor times the same sub-satellite cosine: that the part of the Earth which it
sees is lit otherwise than the point below is left out. Near the terminator it is therefore too even over the faces.

Called by `sky` (the nadir view factor and the zenith cosine), by `face_views` (view factors of faces) and by the
thermal network (loads on faces).

Assumptions: Earth a uniform diffuse sphere of the equatorial radius; albedo and infrared constant over an
orbit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from flightsw.errors import PhysicsError
from flightsw.plant.arrays import FloatArray
from flightsw.plant.constants import EARTH_RADIUS_KM, STEFAN_BOLTZMANN_W_M2_K4


@dataclass(frozen=True)
class EarthEnvironment:
    """What the Earth sends: infrared leaving its surface, and the part of sunlight that it reflects."""

    ir_w_m2: float
    albedo: float


ENVIRONMENTS: Final = MappingProxyType(
    {
        # Orbit-averaged design values, NASA/TM-2001-211221 (Anderson et al.) as rounded for system studies.
        "hot": EarthEnvironment(ir_w_m2=260.0, albedo=0.35),
        "nominal": EarthEnvironment(ir_w_m2=237.0, albedo=0.30),
        "cold": EarthEnvironment(ir_w_m2=220.0, albedo=0.22),
    }
)


def _h_ratio(radius_km: float) -> float:
    if radius_km <= EARTH_RADIUS_KM:
        raise PhysicsError(f"radius_km = {radius_km}: must be above {EARTH_RADIUS_KM}")
    return radius_km / EARTH_RADIUS_KM


def plate_view_factor(radius_km: float, tilt_deg: float = 0.0) -> float:
    """View factor of a small flat face to the Earth; `tilt_deg` in [0, 180] between its normal and nadir."""
    if not 0.0 <= tilt_deg <= 180.0:
        raise PhysicsError(f"tilt_deg = {tilt_deg}: must be from 0 to 180")
    h = _h_ratio(radius_km)
    tilt = math.radians(tilt_deg)
    earth_half_angle = math.asin(1.0 / h)
    if tilt <= 0.5 * math.pi - earth_half_angle:
        return math.cos(tilt) / (h * h)
    if tilt >= 0.5 * math.pi + earth_half_angle:
        return 0.0
    x = math.sqrt(h * h - 1.0)
    y = -x * math.cos(tilt) / math.sin(tilt)
    chord = math.sqrt(max(0.0, 1.0 - y * y))
    direct = math.cos(tilt) * math.acos(max(-1.0, min(1.0, y))) - x * math.sin(tilt) * chord
    factor = direct / (math.pi * h * h) + math.atan(math.sin(tilt) * chord / x) / math.pi
    return max(0.0, factor)


def plate_view_factors(radius_km: FloatArray, cos_tilt: FloatArray) -> FloatArray:
    """`plate_view_factor` of many faces at once: radii (n,), cosines between normals and nadir (n, m); gives (n, m).

    Its closed form, by the cosine instead of the angle; a test holds the two equal to rounding.
    """
    h = np.broadcast_to((radius_km / EARTH_RADIUS_KM)[:, None], cos_tilt.shape)
    if h.size and not h.min() > 1.0:
        raise PhysicsError(f"radius_km = {radius_km.min()}: must be above {EARTH_RADIUS_KM}")
    factor = np.maximum(cos_tilt, 0.0) / (h * h)
    cut = np.abs(cos_tilt) * h < 1.0  # the horizon cuts the face's plane
    if cut.any():
        h, cos = h[cut], cos_tilt[cut]
        sin, x = np.sqrt(1.0 - cos * cos), np.sqrt(h * h - 1.0)
        y = np.clip(-x * cos / sin, -1.0, 1.0)
        chord = np.sqrt(1.0 - y * y)
        direct = cos * np.arccos(y) - x * sin * chord
        factor[cut] = np.maximum(direct / (np.pi * h * h) + np.arctan(sin * chord / x) / np.pi, 0.0)
    return factor


def sphere_view_factor(radius_km: float) -> float:
    """View factor of a small sphere's whole surface to the Earth."""
    h = _h_ratio(radius_km)
    return 0.5 * (1.0 - math.sqrt(1.0 - 1.0 / (h * h)))


def infrared_w_m2(view_factor: float, ir_w_m2: float) -> float:
    """Infrared falling on a surface, per unit of its area."""
    return view_factor * ir_w_m2


def albedo_w_m2(view_factor: float, albedo: float, flux_w_m2: float, cos_zenith: float) -> float:
    """Reflected sunlight falling on a surface, per unit of its area; cosine form."""
    return albedo * flux_w_m2 * view_factor * max(0.0, cos_zenith)


def blackbody_w_m2(at_k: float) -> float:
    """What a black surface sends out: sigma T^4."""
    return STEFAN_BOLTZMANN_W_M2_K4 * at_k**4


def equilibrium_k(absorbed_w: float, emittance_area_m2: float) -> float:
    """Temperature at which a body radiates what it absorbs: (Q / (sigma eps A))^1/4."""
    if absorbed_w < 0.0 or emittance_area_m2 <= 0.0:
        raise PhysicsError(
            f"absorbed_w = {absorbed_w}: must be at least 0; emittance_area_m2 = {emittance_area_m2}: must be above 0"
        )
    return math.sqrt(math.sqrt(absorbed_w / (STEFAN_BOLTZMANN_W_M2_K4 * emittance_area_m2)))
