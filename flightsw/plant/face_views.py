"""What the body's faces and the solar array see of Sun and Earth, given where both stand in body axes.

Reads unit vectors to the Sun and to nadir in body axes and the orbit's radius, for one moment in plain floats
(during a slew) or as rows over a block (held attitudes; ahead of the ticks). Gives `FaceViews`. Called by the
attitude model; read by the thermal network and the array through the plant.

    face:   max(0, n.s), and `earth_loads.plate_view_factor` at the tilt between n and nadir
    array:  fixed max(0, n.s);  one axis a: sqrt(1 - (a.s)^2);  two axes: 1

all of the array times cos(pointing error): the mean of n.s over a cone of that half angle about where n should be
(exact while none of the cone faces away from the Sun). Faces are taken to point as commanded.

Assumptions: faces are flat and convex to each other: no part of the body shades or warms another. Shadow of the Earth
is not in here: the Sun's part is to be multiplied by the sky's sunlit fraction. Albedo on a face is its Earth view in
`earth_loads.albedo_w_m2`, which see for what that leaves out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np

from flightsw.plant.arrays import FloatArray, norm
from flightsw.plant.attitude_config import ArrayMountConfig, axis_vector
from flightsw.plant.earth_loads import plate_view_factor, plate_view_factors
from flightsw.plant.rotations import Vector, cross, dot, unit


class FaceViews(NamedTuple):
    """What is seen at the start of a tick, faces in the order that they were given in."""

    sun_cos: tuple[float, ...]
    """cosine between each face's normal and the Sun, at least 0; shadow apart"""
    earth_view: tuple[float, ...]
    """view factor of each face to the Earth"""
    array_cos: float
    """the same as `sun_cos` for the array's cells, pointing error included"""
    array_earth_view: tuple[float, float]
    """of the array's front and back"""
    slewing: bool
    attitude_error_deg: float
    """between the body and the attitude that is commanded: what is left of a slew and the pointing error, root sum
    square"""


class Facets:
    """The faces, by unit normals in body axes, and the array."""

    def __init__(self, normals: Sequence[Vector], mount: ArrayMountConfig, pointing_error_deg: float) -> None:
        self._normals = tuple(normals)
        self._normal_rows = np.array(self._normals).reshape(-1, 3)
        self._drive = mount.drive
        self._cells = axis_vector("attitude.array.normal", mount.normal)
        self._axis = axis_vector("attitude.array.axis", mount.axis)
        self._error_deg = pointing_error_deg
        self._error_cos = math.cos(math.radians(pointing_error_deg))
        # With the Sun along the drive's axis every position is as good; this one is taken.
        self._parked = _perpendicular(self._axis)

    def at(self, sun: Vector, nadir: Vector, radius_km: float, remaining_deg: float) -> FaceViews:
        """The views at one moment of a slew."""
        cells = self._cell_normal(sun)
        front = dot(cells, nadir)
        return FaceViews(
            tuple([max(0.0, dot(normal, sun)) for normal in self._normals]),
            tuple([_earth_view(radius_km, dot(normal, nadir)) for normal in self._normals]),
            max(0.0, dot(cells, sun)) * self._error_cos,
            (_earth_view(radius_km, front), _earth_view(radius_km, -front)),
            True,
            math.hypot(remaining_deg, self._error_deg),
        )

    def rows(self, sun: FloatArray, nadir: FloatArray, radius_km: FloatArray) -> FaceColumns:
        """The views of a held attitude, unit rows (n, 3) in."""
        cells = self._cell_normals(sun)
        front = (cells * nadir).sum(axis=1)
        # Unit vectors are so to a rounding, and their products with it.
        cosines = np.clip(nadir @ self._normal_rows.T, -1.0, 1.0)
        array = np.clip(np.stack((front, -front), axis=1), -1.0, 1.0)
        return FaceColumns(
            np.clip(sun @ self._normal_rows.T, 0.0, 1.0),
            plate_view_factors(radius_km, cosines),
            np.clip((cells * sun).sum(axis=1), 0.0, 1.0) * self._error_cos,
            plate_view_factors(radius_km, array),
            self._error_deg,
        )

    def _cell_normal(self, sun: Vector) -> Vector:
        if self._drive == "fixed":
            return self._cells
        if self._drive == "two_axis":
            return sun
        along = dot(self._axis, sun)
        across = tuple([s - along * a for s, a in zip(sun, self._axis, strict=True)])
        return unit((across[0], across[1], across[2])) if math.hypot(*across) > 1e-9 else self._parked

    def _cell_normals(self, sun: FloatArray) -> FloatArray:
        """`_cell_normal` of rows."""
        if self._drive == "fixed":
            return np.broadcast_to(np.array(self._cells), sun.shape)
        if self._drive == "two_axis":
            return sun
        axis = np.array(self._axis)
        across = sun - (sun @ axis)[:, None] * axis
        length = norm(across)[:, None]
        return np.where(length > 1e-9, across / np.maximum(length, 1e-9), np.array(self._parked))


class FaceColumns(NamedTuple):
    """`FaceViews` of a held attitude over a block, as arrays."""

    sun_cos: FloatArray
    """(n, faces), as `earth_view`"""
    earth_view: FloatArray
    array_cos: FloatArray
    array_earth_view: FloatArray
    """(n, 2)"""
    error_deg: float

    def views(self, start: int, stop: int) -> list[FaceViews]:
        """Rows `start` to `stop` in plain floats."""
        sun_cos, earth_view, array_cos, sides = (column[start:stop].tolist() for column in self[:4])
        tuples = map(tuple, sun_cos), map(tuple, earth_view), array_cos, map(tuple, sides)
        # Not strict: what is the same in every row is repeated without end.
        return list(map(FaceViews._make, zip(*tuples, repeat(False), repeat(self.error_deg), strict=False)))


def _earth_view(radius_km: float, cos_tilt: float) -> float:
    return plate_view_factor(radius_km, math.degrees(math.acos(max(-1.0, min(1.0, cos_tilt)))))


def _perpendicular(axis: Vector) -> Vector:
    least = min(range(3), key=lambda place: abs(axis[place]))
    helper = (float(least == 0), float(least == 1), float(least == 2))
    return unit(cross(axis, helper))
