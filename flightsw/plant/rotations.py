"""Rotations in plain floats: attitude matrices and quaternions, one at a time, and the slerp between two.

A quaternion (w, x, y, z), scalar first, stands for the attitude matrix A that takes components in one frame to those
in a turned frame: v_turned = A(q) v. Its rows are the turned frame's axes seen from the first. q and -q are the same
attitude. Source: Markley & Crassidis, Fundamentals of Spacecraft Attitude Determination and Control (2014), sec. 2.9
(there with the scalar last).

Called by the attitude model during slews and for prescribed attitudes.
"""

from __future__ import annotations

import math
from typing import TypeAlias

Vector: TypeAlias = tuple[float, float, float]
Quaternion: TypeAlias = tuple[float, float, float, float]
Matrix: TypeAlias = tuple[Vector, Vector, Vector]

IDENTITY: Quaternion = (1.0, 0.0, 0.0, 0.0)


def unit(v: Vector) -> Vector:
    """The vector at length 1; it must not be null."""
    length = math.hypot(*v)
    return v[0] / length, v[1] / length, v[2] / length


def dot(a: Vector, b: Vector) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def turned(matrix: Matrix, v: Vector) -> Vector:
    """Components in the turned frame."""
    return dot(matrix[0], v), dot(matrix[1], v), dot(matrix[2], v)


def normalised(q: Quaternion) -> Quaternion:
    """The quaternion at length 1; it must not be null."""
    length = math.hypot(*q)
    return q[0] / length, q[1] / length, q[2] / length, q[3] / length


def matrix_of(q: Quaternion) -> Matrix:
    """The attitude matrix of a unit quaternion (Markley & Crassidis, eq. 2.125)."""
    w, x, y, z = q
    return (
        (w * w + x * x - y * y - z * z, 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)),
        (2.0 * (x * y - w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z + w * x)),
        (2.0 * (x * z + w * y), 2.0 * (y * z - w * x), w * w - x * x - y * y + z * z),
    )


def quaternion_of(a: Matrix) -> Quaternion:
    """The quaternion, w >= 0, of an attitude matrix, by its largest component (Shepperd, J. Guidance and Control 1,
    1978)."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = a
    candidates = (
        (1.0 + xx + yy + zz, yz - zy, zx - xz, xy - yx),
        (yz - zy, 1.0 + xx - yy - zz, xy + yx, zx + xz),
        (zx - xz, xy + yx, 1.0 - xx + yy - zz, yz + zy),
        (xy - yx, zx + xz, yz + zy, 1.0 - xx - yy + zz),
    )
    largest = max(range(4), key=lambda place: candidates[place][place])
    q = normalised(candidates[largest])
    return q if q[0] >= 0.0 else (-q[0], -q[1], -q[2], -q[3])


def relative(from_matrix: Matrix, to_matrix: Matrix) -> Quaternion:
    """The attitude of one turned frame seen from another: A(q) = to_matrix from_matrix^T, w >= 0."""
    x, y, z = (turned(from_matrix, row) for row in to_matrix)
    return quaternion_of((x, y, z))


def angle_rad(q: Quaternion) -> float:
    """The turn about the eigenaxis, 0 to pi."""
    return 2.0 * math.atan2(math.hypot(q[1], q[2], q[3]), abs(q[0]))


def scaled(q: Quaternion, share: float) -> Quaternion:
    """The same eigenaxis, turned by a share of the angle; `q` a unit quaternion with w >= 0."""
    sine = math.hypot(q[1], q[2], q[3])
    if sine == 0.0:
        return IDENTITY
    half_rad = share * math.atan2(sine, q[0])
    scale = math.sin(half_rad) / sine
    return math.cos(half_rad), scale * q[1], scale * q[2], scale * q[3]


def slerp(a: Quaternion, b: Quaternion, share: float) -> Quaternion:
    """Between two attitudes at an even rate, the short way round (Shoemake, SIGGRAPH 1985); `share` 0: a, 1: b."""
    cosine = sum(p * q for p, q in zip(a, b, strict=True))
    if cosine < 0.0:
        b, cosine = (-b[0], -b[1], -b[2], -b[3]), -cosine
    half_rad = math.acos(min(1.0, cosine))
    sine = math.sin(half_rad)
    if sine < 1e-9:
        return a
    first, second = math.sin((1.0 - share) * half_rad) / sine, math.sin(share * half_rad) / sine
    return normalised(
        (
            first * a[0] + second * b[0],
            first * a[1] + second * b[1],
            first * a[2] + second * b[2],
            first * a[3] + second * b[3],
        )
    )
