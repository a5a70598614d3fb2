"""Optical crosslink: what rate a pair of laser terminals holds over a range, and whether the Earth is in between.

    P_r = P_t G_t G_r (lambda / (4 pi d))^2 * losses,   G_t = 32 / theta^2,   G_r = (pi D / lambda)^2
    rate <= P_r / (photons a bit * h c / lambda * margin)

(Hemmati ed., Near-Earth Laser Communications, 2nd ed. 2020, ch. 1 and 3; theta: full 1/e^2 divergence of a Gaussian
beam, whose peak is twice its mean.) The rate is the fastest step of a table that the received power carries. A ray that
comes nearer to the Earth than the grazing height is cut off. Defaults are of the class of coherent 1.55-um terminals as
announced for low orbits (100 Gbit/s to 5,400 km); the split into power, aperture and sensitivity is an estimate that
meets that figure.

Pure functions, called by studies and by a scenario's tools ahead of a run.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import PhysicsError
from flightsw.plant.constants import EARTH_RADIUS_KM

PLANCK_J_S = 6.62607015e-34
"""exact in the revised SI"""
LIGHT_M_S = 299_792_458.0


class CrosslinkConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pair of like terminals."""

    transmit_w: Annotated[float, Meta(gt=0.0, le=1e3)] = 2.0
    wavelength_m: Annotated[float, Meta(ge=4e-7, le=1.1e-5)] = 1.55e-6
    divergence_rad: Annotated[float, Meta(gt=0.0, le=0.1)] = 25e-6
    """full angle to 1/e^2 of the peak"""
    aperture_m: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.10
    losses_db: Annotated[float, Meta(ge=0.0, le=60.0)] = 5.0
    """optics of both ends, pointing, splitting"""
    photons_per_bit: Annotated[float, Meta(ge=0.1, le=1e6)] = 25.0
    """that the receiver needs for its error rate (coherent receivers with coding: 5-50)"""
    margin_db: Annotated[float, Meta(ge=0.0, le=30.0)] = 3.0
    rates_bps: tuple[Annotated[float, Meta(gt=0.0, le=1e14)], ...] = (2.5e9, 10e9, 25e9, 50e9, 100e9)
    grazing_km: Annotated[float, Meta(ge=0.0, le=1000.0)] = 100.0
    """height over the ground below which the atmosphere cuts the ray off"""


def received_w(config: CrosslinkConfig, range_km: float) -> float:
    """Optical power at the receiver. Raises PhysicsError: a range not above 0."""
    if range_km <= 0.0:
        raise PhysicsError(f"range_km = {range_km}: must be above 0")
    spreading = config.wavelength_m / (4.0 * math.pi * range_km * 1e3)
    transmit_gain = 32.0 / (config.divergence_rad * config.divergence_rad)
    receive_gain = (math.pi * config.aperture_m / config.wavelength_m) ** 2
    kept = math.pow(10.0, -0.1 * config.losses_db)
    return config.transmit_w * transmit_gain * receive_gain * spreading * spreading * kept


def carried_bps(config: CrosslinkConfig, range_km: float) -> float:
    """Rate that the received power would carry, with the margin, were every rate possible."""
    photon_j = PLANCK_J_S * LIGHT_M_S / config.wavelength_m
    needed_j = config.photons_per_bit * photon_j * math.pow(10.0, 0.1 * config.margin_db)
    return received_w(config, range_km) / needed_j


def crosslink_rate_bps(config: CrosslinkConfig, range_km: float) -> float:
    """The fastest of the terminals' rates at a range; 0.0 where none holds."""
    carried = carried_bps(config, range_km)
    return max((rate_bps for rate_bps in config.rates_bps if rate_bps <= carried), default=0.0)


def in_plane_range_km(altitude_km: float, apart_deg: float) -> float:
    """Distance between two satellites on one circular orbit, by the angle between them."""
    return 2.0 * (EARTH_RADIUS_KM + altitude_km) * math.sin(math.radians(0.5 * apart_deg))


Position = tuple[float, float, float]


def lowest_height_km(a_km: Position, b_km: Position) -> float:
    """Height over the ground of the point of the ray between two geocentric positions that is nearest to the Earth."""
    along = [b - a for a, b in zip(a_km, b_km, strict=True)]
    length2 = sum(part * part for part in along)
    share = 0.0 if length2 == 0.0 else -sum(a * part for a, part in zip(a_km, along, strict=True)) / length2
    share = min(1.0, max(0.0, share))
    return math.hypot(*(a + share * part for a, part in zip(a_km, along, strict=True))) - EARTH_RADIUS_KM


def link_rate_bps(config: CrosslinkConfig, a_km: Position, b_km: Position) -> float:
    """Rate between two geocentric positions; 0.0 behind the Earth or out of reach."""
    if lowest_height_km(a_km, b_km) < config.grazing_km:
        return 0.0
    return crosslink_rate_bps(config, math.dist(a_km, b_km))
