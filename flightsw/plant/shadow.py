"""The Earth's shadow: how much of the Sun's disc is seen, and when the shadow's edges are crossed.

Conical: overlap of the apparent discs of the Sun and the Earth as seen from the spacecraft, in [0, 1]
(Montenbruck and Gill, Satellite Orbits, sec. 3.4.2). Cylindrical: Sun or none, for comparison with closed
forms. `exposure` gives the mean over each tick, integrated between the exact contact times, so that a tick
holding a shadow edge is neither all sunlit nor all dark; a tick wholly in the umbra is exactly 0.
Such a tick is cut at its contacts, too: power isn't linear in light where some is curtailed.

Reads positions and the Sun in one frame. Called by `sky` when it fills a block, and by reports and tests.

Assumptions: spherical Earth of the equatorial radius, no atmosphere (refraction and dust shift an edge by
about a second); a uniformly bright Sun.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from flightsw.plant.arrays import FloatArray, dot, norm
from flightsw.plant.constants import EARTH_RADIUS_KM, SUN_RADIUS_KM
from flightsw.plant.roots import crossings

ScanFunction = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Times -> (position (n, 3) km, Sun (n, 3) km), both geocentric in one frame."""

SCAN_STEP_S = 10.0
"""Grid for the contacts: short beside a penumbra's passage (8.5 s and up) and an eclipse; see `roots`."""
LEAST_S = 1e-6
"""Contacts nearer than that to a tick's edge stand on it."""
_GAUSS_NODES, _GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(12)
"""Twelve points hold the mean of a tick to 1e-7: the seen fraction starts like t^1.5 at a contact."""


class Discs(NamedTuple):
    """Apparent radii of the Sun and the Earth, and the angle between their centres (n,), radians."""

    sun_rad: FloatArray
    earth_rad: FloatArray
    apart_rad: FloatArray


class Eclipse(NamedTuple):
    """One passage through the shadow; umbra times are None where only the penumbra is met."""

    entry_s: float
    exit_s: float
    umbra_entry_s: float | None
    umbra_exit_s: float | None


def apparent_discs(position_km: FloatArray, sun_km: FloatArray) -> Discs:
    """The two discs seen from each position (n, 3); `sun_km` (n, 3) is geocentric. Positions above the
    surface."""
    to_sun = sun_km - position_km
    sun_distance, distance = norm(to_sun), norm(position_km)
    cos_apart = -dot(position_km, to_sun) / (distance * sun_distance)
    return Discs(
        np.arcsin(SUN_RADIUS_KM / sun_distance),
        np.arcsin(np.minimum(EARTH_RADIUS_KM / distance, 1.0)),
        np.arccos(np.clip(cos_apart, -1.0, 1.0)),
    )


def sunlit_fraction(position_km: FloatArray, sun_km: FloatArray) -> FloatArray:
    """Fraction of the Sun's disc seen from each position, in [0, 1]."""
    return _seen(apparent_discs(position_km, sun_km))


def _seen(discs: Discs) -> FloatArray:
    a, b, c = discs
    inner = np.abs(b - a)
    # Where the discs overlap in part, the formula holds; elsewhere it is fed a harmless value and overruled.
    partial = (c < a + b) & (c > inner)
    c_safe = np.where(partial, c, a + b)
    x = (c_safe * c_safe + a * a - b * b) / (2.0 * c_safe)
    y = np.sqrt(np.maximum(a * a - x * x, 0.0))
    lens = (
        a * a * np.arccos(np.clip(x / a, -1.0, 1.0))
        + b * b * np.arccos(np.clip((c_safe - x) / b, -1.0, 1.0))
        - c_safe * y
    )
    covered = np.where(partial, lens / (math.pi * a * a), 0.0)
    covered = np.where(c <= inner, np.minimum(1.0, (b / a) ** 2), covered)
    seen: FloatArray = np.clip(1.0 - covered, 0.0, 1.0)
    return seen


def cylindrical_sunlit(position_km: FloatArray, sun_unit: FloatArray) -> FloatArray:
    """1.0 in the Sun, 0.0 behind the Earth inside a cylinder of its radius; rows (n, 3)."""
    along = dot(position_km, sun_unit)
    across2 = dot(position_km, position_km) - along * along
    return np.where((along < 0.0) & (across2 < EARTH_RADIUS_KM * EARTH_RADIUS_KM), 0.0, 1.0)


def critical_beta_deg(radius_km: float) -> float:
    """Beta angle above which a circular orbit of this radius has no eclipse; cylindrical shadow."""
    return math.degrees(math.asin(EARTH_RADIUS_KM / radius_km))


def cylindrical_eclipse_fraction(radius_km: float, beta: float) -> float:
    """Part of a circular orbit spent in a cylindrical shadow at a beta angle in degrees; closed form."""
    if abs(beta) >= critical_beta_deg(radius_km):
        return 0.0
    cos_half = math.sqrt(radius_km**2 - EARTH_RADIUS_KM**2) / (radius_km * math.cos(math.radians(beta)))
    return math.acos(min(1.0, cos_half)) / math.pi


class Contacts(NamedTuple):
    """Ascending times at which the penumbra's and the umbra's edges are crossed."""

    penumbra_s: FloatArray
    umbra_s: FloatArray


def find_contacts(scan: ScanFunction, grid_s: FloatArray) -> Contacts:
    """All contacts within the ascending `grid_s` (steps up to SCAN_STEP_S)."""

    def into_penumbra(t_s: FloatArray) -> FloatArray:
        sun, earth, apart = apparent_discs(*scan(t_s))
        return earth + sun - apart

    def into_umbra(t_s: FloatArray) -> FloatArray:
        sun, earth, apart = apparent_discs(*scan(t_s))
        return earth - sun - apart

    sun, earth, apart = apparent_discs(*scan(grid_s))
    return Contacts(
        crossings(into_penumbra, grid_s, earth + sun - apart),
        crossings(into_umbra, grid_s, earth - sun - apart),
    )


def scan_grid(first_s: float, last_s: float) -> FloatArray:
    """Even grid over the span with steps of at most SCAN_STEP_S and at least five points."""
    return np.linspace(first_s, last_s, max(4, math.ceil((last_s - first_s) / SCAN_STEP_S)) + 1)


def eclipses(scan: ScanFunction, first_s: float, last_s: float) -> list[Eclipse]:
    """Passages through the shadow in [first_s, last_s]; one that is under way at an end is cut there."""
    contacts = find_contacts(scan, scan_grid(first_s, last_s))
    penumbra = _intervals(scan, contacts.penumbra_s, first_s, last_s, dark_below=1.0)
    umbra = _intervals(scan, contacts.umbra_s, first_s, last_s, dark_below=1e-12)
    found = []
    for entry_s, exit_s in penumbra:
        inside = [u for u in umbra if entry_s <= u[0] and u[1] <= exit_s]
        first, last = (inside[0][0], inside[-1][1]) if inside else (None, None)
        found.append(Eclipse(entry_s, exit_s, first, last))
    return found


def _intervals(
    scan: ScanFunction, at_s: FloatArray, first_s: float, last_s: float, dark_below: float
) -> list[tuple[float, float]]:
    edges = np.concatenate(([first_s], at_s, [last_s]))
    middle = sunlit_fraction(*scan(0.5 * (edges[:-1] + edges[1:])))
    return [
        (float(a), float(b))
        for a, b, seen in zip(edges[:-1], edges[1:], middle, strict=True)
        if seen < dark_below and b > a
    ]


Stretches = tuple[tuple[float, float], ...]
"""(seconds, mean sunlit fraction), in time"""


class Exposure(NamedTuple):
    """Light by tick."""

    mean: FloatArray
    """sunlit fraction (n,)"""
    stretches: list[Stretches]
    """of each tick that a contact falls into; () of any other, which is all sunlit, all dark or all penumbra"""


def exposure(scan: ScanFunction, edges_s: FloatArray) -> Exposure:
    """Light of each tick between consecutive ascending `edges_s` (n + 1), within 1e-6; ticks are cut where a contact
    falls into them."""
    contacts = find_contacts(scan, scan_grid(float(edges_s[0]), float(edges_s[-1])))
    cuts_s = cuts_inside(np.sort(np.concatenate(contacts)), edges_s)
    fine_s = np.sort(np.concatenate((edges_s, cuts_s)))
    return in_stretches(edges_s, fine_s, _mean_light(scan, fine_s, contacts))


def cuts_inside(times_s: FloatArray, edges_s: FloatArray) -> FloatArray:
    """Those of the times that fall into a tick and not, within LEAST_S, upon an edge or each other."""
    inside = times_s[(times_s > edges_s[0]) & (times_s < edges_s[-1])]
    place = np.searchsorted(edges_s, inside)
    inside = inside[np.minimum(inside - edges_s[place - 1], edges_s[place] - inside) > LEAST_S]
    apart: FloatArray = inside[np.diff(inside, prepend=-np.inf) > LEAST_S]
    return apart


def in_stretches(edges_s: FloatArray, fine_s: FloatArray, lit: FloatArray) -> Exposure:
    """Light by tick from light between `fine_s`, which holds all of `edges_s` and the cuts."""
    starts = np.searchsorted(fine_s, edges_s[:-1])
    span_s = np.diff(fine_s)
    mean = np.add.reduceat(lit * span_s, starts) / np.diff(edges_s)
    counts = np.diff(starts, append=len(lit))
    whole = counts == 1
    mean[whole] = lit[starts[whole]]
    stretches: list[Stretches] = [()] * len(starts)
    for tick in np.flatnonzero(~whole).tolist():
        within = slice(starts[tick], starts[tick] + counts[tick])
        stretches[tick] = tuple(zip(span_s[within].tolist(), lit[within].tolist(), strict=True))
    return Exposure(mean, stretches)


def _mean_light(scan: ScanFunction, edges_s: FloatArray, contacts: Contacts) -> FloatArray:
    cuts = np.concatenate((edges_s[:1], np.sort(np.concatenate(contacts)), edges_s[-1:]))
    states = sunlit_fraction(*scan(0.5 * (cuts[:-1] + cuts[1:])))
    seen_s = np.zeros(len(edges_s) - 1)
    for low, high, state in zip(cuts[:-1], cuts[1:], states, strict=True):
        start = np.clip(edges_s[:-1], low, high)
        span = np.clip(edges_s[1:], low, high) - start
        if state == 1.0:
            seen_s += span
        elif state > 0.0:
            touched = np.flatnonzero(span > 0.0)
            seen_s[touched] += _integral(scan, start[touched], span[touched])
    mean: FloatArray = np.clip(seen_s / np.diff(edges_s), 0.0, 1.0)
    return mean


def _integral(scan: ScanFunction, start_s: FloatArray, span_s: FloatArray) -> FloatArray:
    """Integral of the sunlit fraction over each [start, start + span], by Gauss-Legendre."""
    t_s = start_s[:, None] + span_s[:, None] * (0.5 * (_GAUSS_NODES + 1.0))
    seen = sunlit_fraction(*scan(t_s.ravel())).reshape(t_s.shape)
    integral: FloatArray = span_s * (seen @ (0.5 * _GAUSS_WEIGHTS))
    return integral
