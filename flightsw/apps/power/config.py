"""What the EPS manager knows of its own spacecraft: an on-board model, which need not be the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError

Soc = Annotated[float, Meta(ge=0.0, le=1.0)]


@dataclass(frozen=True)
class LoadRow:
    """A switched load, as the EPS knows it."""

    name: str
    shed_tier: int | None
    """1 is shed first; None: essential"""
    initially_on: bool


class PowerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """EPS manager."""

    capacity_ah: Annotated[float, Meta(gt=0.0, le=1e6)]
    ocv_empty_v: Annotated[float, Meta(gt=0.0, le=1e4)] = 12.8
    ocv_full_v: Annotated[float, Meta(gt=0.0, le=1e4)] = 16.4
    """on-board, open-circuit voltage is a straight line between the two"""
    r0_ohm: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.15
    coulombic_efficiency: Annotated[float, Meta(gt=0.5, le=1.0)] = 0.995
    current_sigma_a: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.12
    """of the current sensor, and above all of its bias, which counting would integrate"""
    ocv_sigma_v: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.10
    """of the voltage model at rest"""
    ocv_sigma_ohm: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.15
    """what the voltage model loses per ampere that flows"""
    reserve_soc: Soc = 0.30
    """no eclipse may end below"""
    eclipse_compute_w: Annotated[float, Meta(ge=0.0, le=1e6)] = 8.0
    """compute power that the charge kept for an eclipse is meant to sustain in it"""
    array_peak_w: Annotated[float, Meta(gt=0.0, le=1e7)]
    """behind the MPPT, in full sun; only until it has been measured"""
    load_efficiency: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.90
    compute_max_w: Annotated[float, Meta(gt=0.0, le=1e7)] = 30.0
    """cap that is never exceeded"""
    cap_slew_w_s: Annotated[float, Meta(gt=0.0, le=1e6)] = 0.5
    """how fast the cap may rise; it falls at once"""
    shed_soc: tuple[Soc, ...] = (0.28, 0.20)
    """state of charge below which tier 1, 2, ... is shed and latched"""
    release_soc: tuple[Soc, ...] = (0.45, 0.35)
    """state of charge above which the latch may be released"""
    auto_release: bool = True
    """release by itself; otherwise only by command"""
    shed_persistence_ticks: Annotated[int, Meta(ge=1, le=10000)] = 5
    lcl_retry_ticks: Annotated[int, Meta(ge=1, le=100000)] = 30
    lcl_retries: Annotated[int, Meta(ge=0, le=100)] = 3

    def __post_init__(self) -> None:
        if self.ocv_full_v <= self.ocv_empty_v:
            raise ConfigError(
                f"apps.power.ocv_full_v = {self.ocv_full_v}: must be above ocv_empty_v = {self.ocv_empty_v}"
            )
        if len(self.shed_soc) != len(self.release_soc):
            raise ConfigError(f"apps.power.release_soc: {len(self.release_soc)} values: must be {len(self.shed_soc)}")
        if list(self.shed_soc) != sorted(self.shed_soc, reverse=True):
            raise ConfigError(f"apps.power.shed_soc = {self.shed_soc}: must not rise from tier to tier")
        for tier, (shed, release) in enumerate(zip(self.shed_soc, self.release_soc, strict=True), 1):
            if release <= shed:
                raise ConfigError(f"apps.power.release_soc of tier {tier} = {release}: must be above shed_soc = {shed}")
