"""Device profiles: the data sheet of a payload computer, as a TOML file with a source per figure.

Read by scenarios (`[device] profile = "orin-nano"`), the plant and the inference process. A figure without a source
is refused; an estimate says that it is one. Shipped profiles are package data under `scenarios/profiles`.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.devices.silicon import PowerMode, Silicon
from flightsw.errors import ConfigError

Source = Annotated[str, Meta(min_length=8)]
"""Where a figure comes from; "estimate: ..." when it is one."""


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number and its origin."""

    value: Annotated[float, Meta(ge=-1e3, le=1e7)]
    source: Source


class ModeRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A power mode; rows ascend in clock."""

    name: Annotated[str, Meta(min_length=1, max_length=32)]
    cap_w: Annotated[float, Meta(gt=0.0, le=1e6)]
    """the vendor's name for it, which is a cap and not what it draws"""
    clock_mhz: Annotated[float, Meta(gt=0.0, le=1e5)]
    base_w: Annotated[float, Meta(ge=0.0, le=1e6)]
    source: Source


class VoltagePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point of the voltage-frequency curve; points ascend in clock."""

    clock_mhz: Annotated[float, Meta(gt=0.0, le=1e5)]
    volts: Annotated[float, Meta(gt=0.0, le=5.0)]
    source: Source


class DeviceProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payload computer."""

    name: str
    description: str
    modes: tuple[ModeRow, ...]
    dvfs: tuple[VoltagePoint, ...]
    switched_w_per_mhz_v2: Figure
    leakage_w: Figure
    leakage_per_k: Figure
    leakage_reference_c: Figure
    launch_s: Figure
    gop_per_s_mhz: Figure
    gated_w: Figure
    boot_w: Figure
    boot_s: Figure
    throttle_c: Figure
    throttle_hysteresis_k: Figure
    throttle_clock_mhz: Figure
    shutdown_c: Figure

    def silicon(self) -> Silicon:
        """The figures alone, as the silicon law takes them."""
        return Silicon(
            modes=tuple(PowerMode(row.name, row.clock_mhz, row.base_w) for row in self.modes),
            dvfs=tuple((point.clock_mhz, point.volts) for point in self.dvfs),
            **{name: getattr(self, name).value for name in _FIGURES},
        )


SIGNED, ABOVE_ZERO = ("leakage_reference_c",), ("gop_per_s_mhz", "throttle_clock_mhz")
"""Figures that may be negative, and such that something is divided by or that stand for a running clock."""
_FIGURES = tuple(field.name for field in msgspec.structs.fields(DeviceProfile) if field.type is Figure)


def shipped_profiles() -> list[str]:
    """Names of the profiles that come with flightsw."""
    folder = resources.files("flightsw.scenarios") / "profiles"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_profile(name_or_path: str) -> DeviceProfile:
    """A shipped profile by name, or a file's. Raises ConfigError: missing, unreadable, or a figure is wrong."""
    if name_or_path in shipped_profiles():
        data = (resources.files("flightsw.scenarios") / "profiles" / f"{name_or_path}.toml").read_bytes()
    else:
        path = Path(name_or_path)
        if not path.is_file():
            allowed = ", ".join(shipped_profiles())
            raise ConfigError(f"device.profile = {name_or_path!r}: no such profile or file; shipped: {allowed}")
        data = path.read_bytes()
    try:
        profile = msgspec.convert(tomllib.loads(data.decode()), DeviceProfile)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"device profile {name_or_path}: {error}") from None
    _check(profile)
    return profile


def _check(profile: DeviceProfile) -> None:
    where = f"device profile {profile.name}"
    clocks = [row.clock_mhz for row in profile.modes]
    if not clocks or clocks != sorted(set(clocks)):
        raise ConfigError(f"{where}: modes: clock_mhz = {clocks}: must ascend, at least one")
    points = [point.clock_mhz for point in profile.dvfs]
    if len(points) < 2 or points != sorted(set(points)):
        raise ConfigError(f"{where}: dvfs: clock_mhz = {points}: must ascend, at least two")
    for name in _FIGURES:
        value = getattr(profile, name).value
        if (value < 0.0 and name not in SIGNED) or (value == 0.0 and name in ABOVE_ZERO):
            raise ConfigError(f"{where}: {name} = {value}: must be {'above' if name in ABOVE_ZERO else 'at least'} 0")
    volts = [point.volts for point in profile.dvfs]
    if volts != sorted(volts):
        raise ConfigError(f"{where}: dvfs: volts = {volts}: must not fall with clock_mhz")
    if profile.throttle_c.value >= profile.shutdown_c.value:
        raise ConfigError(
            f"{where}: throttle_c = {profile.throttle_c.value}: must be below shutdown_c = {profile.shutdown_c.value}"
        )
