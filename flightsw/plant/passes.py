"""Ground stations and the link to them: where the satellite stands in the sky, when it passes, what rate it
holds.

Elevation, azimuth and slant range are from the station's WGS-84 position and vertical to an Earth-fixed
satellite position, without refraction (0.1 deg at 10 deg elevation).

Link budget (Wertz et al., Space Mission Engineering, sec. 16.2):
    C/N0 = EIRP - FSPL - losses + G/T - k;  Eb/N0 = C/N0 - 10 log10(rate);  FSPL = 20 log10(4 pi d f / c)
The rate is the fastest step of a table whose Eb/N0 keeps the margin.

`look_angles` and `find_passes` work on arrays and are called by `sky` and reports ahead of the ticks; the
link functions are plain float arithmetic, called by the space link inside a tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from flightsw.plant.arrays import FloatArray, norm
from flightsw.plant.constants import BOLTZMANN_DB, EARTH_RADIUS_KM, LIGHT_KM_S, MU_KM3_S2
from flightsw.plant.frames import earth_fixed
from flightsw.plant.roots import crossings

PASS_SCAN_STEP_S = 20.0


@dataclass(frozen=True)
class StationFrame:
    """A station's Earth-fixed position and its east, north and up directions, worked out once."""

    position_km: FloatArray
    east_north_up: FloatArray
    """(3, 3), rows east, north, up"""
    mask_deg: float


def station_frame(latitude_deg: float, longitude_deg: float, altitude_m: float, mask_deg: float) -> StationFrame:
    """The frame of a station given by WGS-84 coordinates."""
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    cos_lat, sin_lat = math.cos(latitude), math.sin(latitude)
    cos_lon, sin_lon = math.cos(longitude), math.sin(longitude)
    axes = np.array(
        (
            (-sin_lon, cos_lon, 0.0),
            (-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat),
            (cos_lat * cos_lon, cos_lat * sin_lon, sin_lat),
        )
    )
    return StationFrame(np.array(earth_fixed(latitude_deg, longitude_deg, altitude_m * 1e-3)), axes, mask_deg)


def look_angles(station: StationFrame, fixed_km: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Elevation (deg), azimuth (deg east of north, 0 to 360) and slant range (km) of Earth-fixed rows (n,
    3)."""
    east_north_up = (fixed_km - station.position_km) @ station.east_north_up.T
    range_km = norm(east_north_up)
    elevation = np.degrees(np.arcsin(np.clip(east_north_up[:, 2] / range_km, -1.0, 1.0)))
    azimuth = np.degrees(np.arctan2(east_north_up[:, 0], east_north_up[:, 1])) % 360.0
    return elevation, azimuth, range_km


class Pass(NamedTuple):
    """One passage above a station's mask, cut at the ends of the search."""

    rise_s: float
    set_s: float
    culmination_s: float
    max_elevation_deg: float


def find_passes(
    elevation_of: Callable[[FloatArray], FloatArray], mask_deg: float, first_s: float, last_s: float
) -> list[Pass]:
    """Passes in [first_s, last_s]; `elevation_of` maps times (n,) to elevations in degrees (n,)."""
    grid_s = np.linspace(first_s, last_s, max(4, math.ceil((last_s - first_s) / PASS_SCAN_STEP_S)) + 1)
    edges = np.concatenate(([first_s], crossings(lambda t: elevation_of(t) - mask_deg, grid_s), [last_s]))
    above = elevation_of(0.5 * (edges[:-1] + edges[1:])) > mask_deg
    found = []
    for rise_s, set_s, visible in zip(edges[:-1].tolist(), edges[1:].tolist(), above, strict=True):
        if visible and set_s > rise_s:
            top_s, top_deg = _highest(elevation_of, rise_s, set_s)
            found.append(Pass(rise_s, set_s, top_s, top_deg))
    return found


def _highest(of: Callable[[FloatArray], FloatArray], low_s: float, high_s: float) -> tuple[float, float]:
    """Time and value of the maximum, by zooming a grid onto its largest point down to 0.1 ms."""
    first_s, last_s = low_s, high_s
    while True:
        t_s = np.linspace(low_s, high_s, 33)
        level = of(t_s)
        best = int(np.argmax(level))
        step_s = float(t_s[1] - t_s[0])
        if step_s < 1e-4:
            return float(t_s[best]), float(level[best])
        low_s, high_s = max(first_s, float(t_s[best]) - step_s), min(last_s, float(t_s[best]) + step_s)


def slant_range_km(altitude_km: float, elevation_deg: float) -> float:
    """Distance to a satellite at a height over a spherical Earth, seen at an elevation from its surface."""
    radial = EARTH_RADIUS_KM * math.sin(math.radians(elevation_deg))
    return math.sqrt(radial**2 + 2.0 * EARTH_RADIUS_KM * altitude_km + altitude_km**2) - radial


def earth_central_angle_rad(altitude_km: float, elevation_deg: float) -> float:
    """Angle at the Earth's centre between a station and the satellite that it sees at an elevation."""
    elevation = math.radians(elevation_deg)
    return math.acos(EARTH_RADIUS_KM * math.cos(elevation) / (EARTH_RADIUS_KM + altitude_km)) - elevation


def overhead_pass_s(altitude_km: float, mask_deg: float) -> float:
    """Length of a pass through the zenith of a station on an Earth that does not turn."""
    n_rad_s = math.sqrt(MU_KM3_S2 / (EARTH_RADIUS_KM + altitude_km) ** 3)
    return 2.0 * earth_central_angle_rad(altitude_km, mask_deg) / n_rad_s


def doppler_hz(frequency_hz: float, range_rate_km_s: float) -> float:
    """Shift of a carrier received from a satellite; a closing range (negative rate) shifts it up."""
    return -frequency_hz * range_rate_km_s / LIGHT_KM_S


def free_space_loss_db(frequency_hz: float, range_km: float) -> float:
    """Free-space path loss."""
    return 20.0 * math.log10(4.0 * math.pi * range_km * frequency_hz / LIGHT_KM_S)


def eirp_dbw(transmit_w: float, antenna_gain_dbi: float) -> float:
    """Effective isotropic radiated power."""
    return 10.0 * math.log10(transmit_w) + antenna_gain_dbi


@dataclass(frozen=True)
class LinkBudget:
    """A transmitter, its path's fixed losses and the receiving station."""

    eirp_dbw: float
    frequency_hz: float
    losses_db: float
    """pointing, polarisation, atmosphere, implementation"""
    g_over_t_db_k: float

    def c_n0_dbhz(self, range_km: float) -> float:
        """Carrier to noise density at the receiver."""
        return (
            self.eirp_dbw
            - free_space_loss_db(self.frequency_hz, range_km)
            - self.losses_db
            + self.g_over_t_db_k
            - BOLTZMANN_DB
        )


def eb_n0_db(c_n0_dbhz: float, rate_bps: float) -> float:
    """Energy per bit to noise density at a bit rate."""
    return c_n0_dbhz - 10.0 * math.log10(rate_bps)


def max_rate_bps(c_n0_dbhz: float, required_eb_n0_db: float, margin_db: float) -> float:
    """Rate at which the Eb/N0 is just what is required plus the margin."""
    return math.pow(10.0, 0.1 * (c_n0_dbhz - required_eb_n0_db - margin_db))


class RateStep(NamedTuple):
    """A mode of the radio: its bit rate and the Eb/N0 that its modulation and coding need."""

    rate_bps: float
    required_eb_n0_db: float


def best_rate_bps(c_n0_dbhz: float, steps: Sequence[RateStep], margin_db: float) -> float:
    """The fastest step that closes with the margin; 0.0 where none does."""
    return max(
        (s.rate_bps for s in steps if eb_n0_db(c_n0_dbhz, s.rate_bps) >= s.required_eb_n0_db + margin_db),
        default=0.0,
    )


def qpsk_bit_error_rate(eb_n0: float) -> float:
    """Uncoded BPSK or QPSK over white noise; `eb_n0` in dB. Proakis, Digital Communications, sec. 4.3."""
    return 0.5 * math.erfc(math.sqrt(math.pow(10.0, 0.1 * eb_n0)))
