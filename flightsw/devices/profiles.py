"""Device profiles: the data sheet of a payload computer, as a TOML file with a source per figure.

Read by scenarios (`[device] profile = "orin-nano"`), the plant and the inference process. A figure without a source
is refused; an estimate says that it is one. Shipped profiles are package data under `scenarios/profiles`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.backports import tomllib
from flightsw.devices.silicon import PowerMode, Silicon
from flightsw.errors import ConfigError

Source = Annotated[str, Meta(min_length=8)]
"""Where a figure comes from; "estimate: ..." when it is one."""


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number and its origin."""

    value: Annotated[float, Meta(ge=-1e3, le=1e7)]
    source: Source


class ModeRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A power mode; rows ascend in what they draw at work, and their clocks don't fall."""

    name: Annotated[str, Meta(min_length=1, max_length=32)]
    cap_w: Annotated[float, Meta(gt=0.0, le=1e6)]
    """the vendor's name for it, which is a cap and not what it draws"""
    clock_mhz: Annotated[float, Meta(gt=0.0, le=1e5)]
    base_w: Annotated[float, Meta(ge=0.0, le=1e6)]
    """idle, leakage apart"""
    source: Source
    host_w: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    """on top while it works, apart from the switching power of this clock's domain"""


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
    throttle_full_c: Figure | None = None
    """where progressive throttling ends, at `throttle_clock_mhz`; left out: one step at `throttle_c`"""
    int8_speedup: Figure | None = None
    """how much faster a network runs in int8 than in fp32; left out: not known, and then not faster"""

    def silicon(self) -> Silicon:
        """The figures alone, as the silicon law takes them."""
        return Silicon(
            modes=tuple(PowerMode(row.name, row.clock_mhz, row.base_w, row.host_w) for row in self.modes),
            dvfs=tuple((point.clock_mhz, point.volts) for point in self.dvfs),
            throttle_full_c=None if self.throttle_full_c is None else self.throttle_full_c.value,
            int8_speedup=1.0 if self.int8_speedup is None else self.int8_speedup.value,
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
    try:
        profile = msgspec.convert(tomllib.loads(_read(name_or_path).decode()), DeviceProfile)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"device profile {name_or_path}: {error}") from None
    _check(profile)
    return profile


def profile_sha256(name_or_path: str) -> str:
    """Of the file of a profile. Raises ConfigError: missing."""
    return hashlib.sha256(_read(name_or_path)).hexdigest()


def placed_profile(name_or_path: str, folders: Sequence[Path]) -> str:
    """A profile's path made absolute, by the first folder that it is in; the name of one that is shipped stays."""
    if name_or_path not in shipped_profiles():
        for folder in folders:
            if (folder / name_or_path).is_file():
                return str((folder / name_or_path).resolve())
    return name_or_path


def _read(name_or_path: str) -> bytes:
    if name_or_path in shipped_profiles():
        return (resources.files("flightsw.scenarios") / "profiles" / f"{name_or_path}.toml").read_bytes()
    path = Path(name_or_path)
    if not path.is_file():
        allowed = ", ".join(shipped_profiles())
        raise ConfigError(f"device.profile = {name_or_path!r}: no such profile or file; shipped: {allowed}")
    return path.read_bytes()


def _check(profile: DeviceProfile) -> None:
    where = f"device profile {profile.name}"
    clocks = [row.clock_mhz for row in profile.modes]
    if not clocks or clocks != sorted(clocks):
        raise ConfigError(f"{where}: modes: clock_mhz = {clocks}: must not fall, at least one")
    points = [point.clock_mhz for point in profile.dvfs]
    if len(points) < 2 or points != sorted(set(points)):
        raise ConfigError(f"{where}: dvfs: clock_mhz = {points}: must ascend, at least two")
    for name in _FIGURES:
        value = getattr(profile, name).value
        if (value < 0.0 and name not in SIGNED) or (value == 0.0 and name in ABOVE_ZERO):
            raise ConfigError(f"{where}: {name} = {value}: must be {'above' if name in ABOVE_ZERO else 'at least'} 0")
    if profile.int8_speedup is not None and profile.int8_speedup.value < 1.0:
        raise ConfigError(f"{where}: int8_speedup = {profile.int8_speedup.value}: must be at least 1")
    volts = [point.volts for point in profile.dvfs]
    if volts != sorted(volts):
        raise ConfigError(f"{where}: dvfs: volts = {volts}: must not fall with clock_mhz")
    working_w = profile.silicon().working_w
    if any(high_w <= low_w for low_w, high_w in pairwise(working_w)):
        drawn = ", ".join(f"{watts:.4g}" for watts in working_w)
        raise ConfigError(f"{where}: modes: draw {drawn} W at work: each must draw more than the one before")
    trips = [
        (name, figure.value)
        for name in ("throttle_c", "throttle_full_c", "shutdown_c")
        if (figure := getattr(profile, name)) is not None
    ]
    for (low, low_c), (high, high_c) in pairwise(trips):
        if low_c >= high_c:
            raise ConfigError(f"{where}: {low} = {low_c}: must be below {high} = {high_c}")
    top_mhz, floor_mhz = clocks[-1], profile.throttle_clock_mhz.value
    if profile.throttle_full_c is not None and floor_mhz > top_mhz:
        raise ConfigError(f"{where}: throttle_clock_mhz = {floor_mhz}: must be at most the highest mode's {top_mhz}")
