"""Configuration of the attitude, `[plant.attitude]` of a scenario: what each attitude points where, how fast the body
turns, how well it points, and how the solar array is mounted.

Axes and normals are in body axes: a name ("+x", "-x", ... "-z") or a vector of any length. Quaternions are
(w, x, y, z) and take TEME components to body components, see `rotations`. Decoded by msgspec; what concerns several
fields together raises ConfigError. Read by `pointing`, `face_views`, `slew` and `attitude`.
"""

from __future__ import annotations

import math
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.messages.health import Attitude
from flightsw.plant.rotations import Quaternion, Vector, cross, normalised, unit

AXES: Final = MappingProxyType(
    {
        "+x": (1.0, 0.0, 0.0),
        "-x": (-1.0, 0.0, 0.0),
        "+y": (0.0, 1.0, 0.0),
        "-y": (0.0, -1.0, 0.0),
        "+z": (0.0, 0.0, 1.0),
        "-z": (0.0, 0.0, -1.0),
    }
)
BOX_FACES: Final = MappingProxyType(
    {name.replace("+", "plus_").replace("-", "minus_"): normal for name, normal in AXES.items()}
)
PARALLEL_SINE: Final = 0.01
"""Axes closer than 0.6 deg leave the turn about the first to rounding and to the drawing's accuracy."""
MOST_SPIN_DEG: Final = 45.0
"""Of a step: what faces see is taken at its start, and of a quicker spin too few sides would be seen."""
UNIT_TOLERANCE: Final = 1e-3
"""A quaternion given to four decimals is a unit quaternion; it is normalised to the last bit when it is used."""

Component = Annotated[float, Meta(ge=-1e3, le=1e3)]
Axis = str | tuple[Component, Component, Component]
QuaternionComponent = Annotated[float, Meta(ge=-1.1, le=1.1)]
QuaternionConfig = tuple[QuaternionComponent, QuaternionComponent, QuaternionComponent, QuaternionComponent]
AttitudeName = Literal["sun", "nadir", "target", "inertial", "prescribed"]
Latitude = Annotated[float, Meta(ge=-90.0, le=90.0)]
Longitude = Annotated[float, Meta(ge=-180.0, le=180.0)]


def axis_vector(field: str, axis: Axis) -> Vector:
    """The unit vector of an axis. Raises ConfigError that names `field`: an unknown name, a null vector."""
    if isinstance(axis, str):
        if axis not in AXES:
            raise ConfigError(f"{field} = {axis!r}: must be one of {', '.join(AXES)}, or a vector in body axes")
        return AXES[axis]
    if math.hypot(*axis) < 1e-6:
        raise ConfigError(f"{field} = {list(axis)}: must be longer than 1e-6")
    return unit(axis)


def unit_quaternion(field: str, q: QuaternionConfig) -> Quaternion:
    """The quaternion, normalised. Raises ConfigError that names `field` where it is no unit quaternion."""
    length = math.hypot(*q)
    if abs(length - 1.0) > UNIT_TOLERANCE:
        raise ConfigError(f"{field} = {list(q)}: its length is {length:.6g}: must be 1 within {UNIT_TOLERANCE}")
    return normalised(q)


def _check_pair(field: str, axis: Axis, second: Axis) -> None:
    first_unit = axis_vector(f"{field}.axis", axis)
    second_unit = axis_vector(f"{field}.second_axis", second)
    if math.hypot(*cross(first_unit, second_unit)) < PARALLEL_SINE:
        raise ConfigError(
            f"{field}.second_axis = {second!r}: must not be parallel to {field}.axis = {axis!r}: at least 0.6 deg off"
        )


class SunAttitude(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`axis` to the Sun, `second_axis` as near to the orbit normal as that leaves it."""

    axis: Axis = "+x"
    second_axis: Axis = "+y"

    def __post_init__(self) -> None:
        _check_pair("attitude.sun", self.axis, self.second_axis)


class NadirAttitude(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`axis` to the Earth's centre, `second_axis` as near to the velocity as that leaves it."""

    axis: Axis = "+z"
    second_axis: Axis = "+x"

    def __post_init__(self) -> None:
        _check_pair("attitude.nadir", self.axis, self.second_axis)


class TargetAttitude(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`axis` to a place on the WGS-84 ellipsoid, `second_axis` as near to the velocity as that leaves it. A target
    below the horizon is pointed at through the Earth."""

    axis: Axis = "+z"
    second_axis: Axis = "+x"
    latitude_deg: Latitude | None = None
    """None, as the longitude: a command has to say where"""
    longitude_deg: Longitude | None = None

    def __post_init__(self) -> None:
        _check_pair("attitude.target", self.axis, self.second_axis)
        if (self.latitude_deg is None) is not (self.longitude_deg is None):
            raise ConfigError(
                f"attitude.target.latitude_deg = {self.latitude_deg}, longitude_deg = {self.longitude_deg}: "
                "must be given both or neither"
            )


class InertialAttitude(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At rest in TEME, or spinning about a body axis that is."""

    quaternion: QuaternionConfig = (1.0, 0.0, 0.0, 0.0)
    """at the epoch, if it spins"""
    spin_axis: Axis = "+z"
    spin_deg_s: Annotated[float, Meta(ge=-60.0, le=60.0)] = 0.0
    """right-handed about `spin_axis`"""

    def __post_init__(self) -> None:
        unit_quaternion("attitude.inertial.quaternion", self.quaternion)
        axis_vector("attitude.inertial.spin_axis", self.spin_axis)


class PrescribedRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The attitude at a moment."""

    t_s: Annotated[float, Meta(ge=0.0, le=1e9)]
    """after the epoch"""
    quaternion: QuaternionConfig


class SlewConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the body turns from one attitude to another, see `slew`. Defaults: an estimate for a 12-kg 6U (0.13 kg m2)
    with wheels of 15 mN m s and 4 mN m (6.6 deg/s, 1.8 deg/s2 at their limits), held well below them."""

    rate_deg_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 1.0
    acceleration_deg_s2: Annotated[float, Meta(gt=0.0, le=1000.0)] = 0.1
    settle_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 0.0
    """on the target, but not yet called settled"""


class ArrayMountConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the solar array hangs on the body. Drives are ideal: no end stops, and quick enough for every slew."""

    drive: Literal["fixed", "one_axis", "two_axis"] = "fixed"
    normal: Axis = "+x"
    """of `fixed`: where its cells face"""
    axis: Axis = "+y"
    """of `one_axis`: what it turns about, perpendicular to the cells' normal"""

    def __post_init__(self) -> None:
        axis_vector("attitude.array.normal", self.normal)
        axis_vector("attitude.array.axis", self.axis)


class AttitudeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Attitude control, as far as power and heat can tell."""

    initial: AttitudeName = "sun"
    faces: dict[str, Axis] = {}
    """normals of faces beside the six of a box (`plus_x`, `minus_x` ...), by name"""
    sun: SunAttitude = SunAttitude()
    nadir: NadirAttitude = NadirAttitude()
    target: TargetAttitude = TargetAttitude()
    inertial: InertialAttitude = InertialAttitude()
    prescribed: tuple[PrescribedRow, ...] = ()
    """slerped between rows, held before the first and after the last"""
    slew: SlewConfig = SlewConfig()
    array: ArrayMountConfig = ArrayMountConfig()
    pointing_error_deg: Annotated[float, Meta(ge=0.0, lt=90.0)] = 0.0
    """one standard deviation, taken as the half angle of a cone on which the body always lies"""

    def __post_init__(self) -> None:
        self.face_normals  # noqa: B018  raises for a normal that is none
        for index, row in enumerate(self.prescribed):
            unit_quaternion(f"attitude.prescribed.{index}.quaternion", row.quaternion)
        for index, (before, after) in enumerate(pairwise(self.prescribed), start=1):
            if after.t_s <= before.t_s:
                raise ConfigError(
                    f"attitude.prescribed.{index}.t_s = {after.t_s}: must be above the row before's {before.t_s}"
                )
        if self.initial == "prescribed" and not self.prescribed:
            raise ConfigError('attitude.initial = "prescribed": must have rows in attitude.prescribed')
        if self.initial == "target" and self.target.latitude_deg is None:
            raise ConfigError('attitude.initial = "target": must have attitude.target.latitude_deg and longitude_deg')

    @property
    def face_normals(self) -> dict[str, Vector]:
        """Unit normals of all faces, by name."""
        own = {name: axis_vector(f"attitude.faces.{name}", axis) for name, axis in self.faces.items()}
        return {**BOX_FACES, **own}

    @property
    def initial_attitude(self) -> Attitude:
        """The attitude at the epoch."""
        return Attitude[self.initial.upper()]
