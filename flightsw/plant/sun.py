"""The Sun as the spacecraft sees it: direction, distance and flux. Seconds since the epoch in, vectors out.

The Earth's heliocentric position is that of VSOP2000 as shortened in erfa's `epv00` (below 5 km and 0.1
arcsec, 1900-2100), turned round and corrected for annual aberration (20.5 arcsec), because light is what
arrives. Given in GCRS, or in TEME to match the orbit: the two differ by 0.38 deg in 2026, so frames are never
mixed.

`SunTable` is what the sky steps with: five exact evaluations spread over a span, and the polynomial through
them between. Over a day and a half the interpolation error is below 1e-9 of the unit vector.

Called by `sky` when it fills a block, and by reports and tests; never inside a tick.

Assumption: the Sun is taken from the Earth's centre (parallax of a low orbit: 10 arcsec), except in the
shadow.
"""

from __future__ import annotations

import erfa
import numpy as np

from flightsw.plant.arrays import FloatArray, dot, norm
from flightsw.plant.constants import AU_KM, LIGHT_KM_S, SOLAR_CONSTANT_W_M2
from flightsw.plant.epoch import DAY_S, Epoch
from flightsw.plant.frames import gcrs_to_teme

_NODES = 5


def sun_gcrs_km(epoch: Epoch, t_s: FloatArray) -> FloatArray:
    """Apparent geocentric Sun (n, 3) km in GCRS at `t_s` seconds after the epoch."""
    tt1, tt2 = epoch.tt(t_s)  # TT for TDB: within 2 ms
    heliocentric, barycentric = erfa.epv00(tt1, tt2)
    sun_km = -heliocentric["p"] * AU_KM
    distance_km = norm(sun_km)[:, None]
    earth_km_s = barycentric["v"] * (AU_KM / DAY_S)
    seen = sun_km / distance_km + earth_km_s / LIGHT_KM_S
    apparent_km: FloatArray = distance_km * seen / norm(seen)[:, None]
    return apparent_km


def sun_teme_km(epoch: Epoch, t_s: FloatArray) -> FloatArray:
    """Apparent geocentric Sun (n, 3) km in TEME."""
    turned: FloatArray = np.einsum("nij,nj->ni", gcrs_to_teme(epoch, t_s), sun_gcrs_km(epoch, t_s))
    return turned


def solar_flux_w_m2(distance_km: FloatArray) -> FloatArray:
    """Flux at a distance: S0 (1 AU / r)^2."""
    flux: FloatArray = SOLAR_CONSTANT_W_M2 * (AU_KM / distance_km) ** 2
    return flux


def beta_deg(position_km: FloatArray, velocity_km_s: FloatArray, sun_unit: FloatArray) -> FloatArray:
    """Angle of the Sun out of the orbit plane, positive on the side of the angular momentum; rows (n, 3)."""
    momentum = np.cross(position_km, velocity_km_s)
    angle: FloatArray = np.degrees(np.arcsin(np.clip(dot(momentum, sun_unit) / norm(momentum), -1.0, 1.0)))
    return angle


class SunTable:
    """The Sun in TEME over [first_s, last_s], interpolated. Same span, same numbers, whoever asks."""

    def __init__(self, epoch: Epoch, first_s: float, last_s: float) -> None:
        self._middle_s = 0.5 * (first_s + last_s)
        self._half_span_s = 0.5 * (last_s - first_s)
        nodes = np.linspace(-1.0, 1.0, _NODES)
        exact_km = sun_teme_km(epoch, self._middle_s + self._half_span_s * nodes)
        self._coefficients = np.linalg.solve(np.vander(nodes, increasing=True), exact_km)

    def at(self, t_s: FloatArray) -> FloatArray:
        """Apparent geocentric Sun (n, 3) km, `t_s` inside the span."""
        x = (t_s - self._middle_s) / self._half_span_s
        powers = np.empty((_NODES, len(t_s)))
        powers[0] = 1.0
        for order in range(1, _NODES):
            np.multiply(powers[order - 1], x, out=powers[order])
        interpolated: FloatArray = powers.T @ self._coefficients
        return interpolated
