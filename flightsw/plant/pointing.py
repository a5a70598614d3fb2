"""Where the body axes stand when an attitude is held: rows of attitude matrices over a block of the sky.

Reads a `SkyVectors` block and the configuration; gives (n, 3, 3) matrices from TEME to body, whose rows are the body
axes in TEME. Called by the attitude model when it opens a block; never inside a tick.

Two directions make an attitude (TRIAD: Black, AIAA Journal 2, 1964; Markley & Crassidis 2014, sec. 5.1): the body's
first axis lies exactly along the first, its second axis as near to the second as that leaves it.

Assumptions: nadir is geocentric (up to 0.2 deg from the vertical). The Sun is as seen from the Earth's centre (0.003
deg in low orbit). Where the Sun stands on the orbit normal, to 1e-6, the turn about it is open and is settled by the
TEME axis that lies farthest from it.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec
import numpy as np

from flightsw.errors import ConfigError
from flightsw.messages.health import Attitude
from flightsw.plant.arrays import FloatArray, dot, norm
from flightsw.plant.attitude_config import (
    AttitudeConfig,
    Axis,
    InertialAttitude,
    PrescribedRow,
    axis_vector,
    unit_quaternion,
)
from flightsw.plant.epoch import Epoch
from flightsw.plant.frames import earth_fixed, gmst_rad, teme_to_earth_fixed
from flightsw.plant.rotations import Quaternion, matrix_of, slerp
from flightsw.plant.sky import SkyVectors

_OPEN_SINE = 1e-6


class Pointing(msgspec.Struct, frozen=True, gc=False):
    """An attitude to hold, with its place on the ground if it is `TARGET`."""

    attitude: Attitude
    latitude_deg: float | None = None
    longitude_deg: float | None = None


def pointing_of(
    config: AttitudeConfig, attitude: Attitude, latitude_deg: float | None = None, longitude_deg: float | None = None
) -> Pointing:
    """The pointing that is asked for. Raises ConfigError where it can't be flown: no target is known, no attitudes
    are prescribed."""
    if attitude is Attitude.PRESCRIBED and not config.prescribed:
        raise ConfigError("attitude prescribed: attitude.prescribed has no rows")
    if attitude is not Attitude.TARGET:
        return Pointing(attitude)
    if latitude_deg is None and longitude_deg is None:
        latitude_deg, longitude_deg = config.target.latitude_deg, config.target.longitude_deg
    if latitude_deg is None or longitude_deg is None:
        raise ConfigError(
            f"attitude target: latitude_deg = {latitude_deg}, longitude_deg = {longitude_deg}: "
            "must be given both, or both by attitude.target"
        )
    return Pointing(attitude, latitude_deg, longitude_deg)


def attitude_matrices(config: AttitudeConfig, pointing: Pointing, epoch: Epoch, sky: SkyVectors) -> FloatArray:
    """(n, 3, 3) from TEME to body while a pointing is held."""
    position_km, velocity_km_s = sky.position_km, sky.velocity_km_s
    match pointing.attitude:
        case Attitude.SUN:
            orbit_normal = np.cross(position_km, velocity_km_s)
            return _triads(config.sun.axis, config.sun.second_axis, sky.sun, orbit_normal)
        case Attitude.NADIR:
            return _triads(config.nadir.axis, config.nadir.second_axis, -position_km, velocity_km_s)
        case Attitude.TARGET:
            sight_km = _target_km(pointing, epoch, sky.t_s) - position_km
            return _triads(config.target.axis, config.target.second_axis, sight_km, velocity_km_s)
        case Attitude.INERTIAL:
            return _spinning(config.inertial, sky.t_s)
        case Attitude.PRESCRIBED:
            times_s: list[float] = sky.t_s.tolist()
            return np.array([matrix_of(prescribed_quaternion(config.prescribed, t_s)) for t_s in times_s])


def prescribed_quaternion(rows: tuple[PrescribedRow, ...], t_s: float) -> Quaternion:
    """The table's attitude at a moment: slerped, held before its first row and after its last."""
    place = bisect_right(rows, t_s, key=lambda row: row.t_s)
    before, after = rows[max(place - 1, 0)], rows[min(place, len(rows) - 1)]
    first = unit_quaternion("attitude.prescribed.quaternion", before.quaternion)
    if before is after:
        return first
    last = unit_quaternion("attitude.prescribed.quaternion", after.quaternion)
    return slerp(first, last, (t_s - before.t_s) / (after.t_s - before.t_s))


def _spinning(config: InertialAttitude, t_s: FloatArray) -> FloatArray:
    """(n, 3, 3): the quaternion's attitude, turned about a body axis at an even rate (Rodrigues)."""
    start = np.array(matrix_of(unit_quaternion("attitude.inertial.quaternion", config.quaternion)))
    if config.spin_deg_s == 0.0:
        return np.broadcast_to(start, (len(t_s), 3, 3))
    x, y, z = axis_vector("attitude.inertial.spin_axis", config.spin_axis)
    across = np.array(((0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)))
    # Components in the turned body are those before, turned back.
    turn_rad = -np.radians(np.fmod(config.spin_deg_s * t_s, 360.0))[:, None, None]
    turns = np.eye(3) + np.sin(turn_rad) * across + (1.0 - np.cos(turn_rad)) * (across @ across)
    matrices: FloatArray = turns @ start
    return matrices


def _target_km(pointing: Pointing, epoch: Epoch, t_s: FloatArray) -> FloatArray:
    """The target in TEME, rows (n, 3)."""
    assert pointing.latitude_deg is not None
    assert pointing.longitude_deg is not None
    fixed_km = np.array(earth_fixed(pointing.latitude_deg, pointing.longitude_deg, 0.0))
    # The inverse of a turn by the sidereal time is a turn by its negative.
    return teme_to_earth_fixed(np.broadcast_to(fixed_km, (len(t_s), 3)), -gmst_rad(epoch, t_s))


def _triads(axis: Axis, second_axis: Axis, primary: FloatArray, secondary: FloatArray) -> FloatArray:
    """Matrices that lay a body axis along `primary` and turn a second one towards `secondary`, rows (n, 3)."""
    body = _orthonormal(
        np.array([axis_vector("attitude axis", axis)]), np.array([axis_vector("attitude second axis", second_axis)])
    )[0]
    matrices: FloatArray = body.T @ _orthonormal(primary / norm(primary)[:, None], secondary / norm(secondary)[:, None])
    return matrices


def _orthonormal(first: FloatArray, second: FloatArray) -> FloatArray:
    """(n, 3, 3) whose rows are `first`, the part of `second` perpendicular to it, and their product; unit rows in."""
    rest = second - _along(second, first)
    parallel = norm(rest) < _OPEN_SINE
    if parallel.any():
        settled = np.eye(3)[np.argmin(np.abs(first), axis=1)]
        rest = np.where(parallel[:, None], settled - _along(settled, first), rest)
    rest = rest / norm(rest)[:, None]
    return np.stack((first, rest, np.cross(first, rest)), axis=1)


def _along(vectors: FloatArray, first: FloatArray) -> FloatArray:
    """The part of each row that lies along a unit row."""
    part: FloatArray = dot(vectors, first)[:, None] * first
    return part
