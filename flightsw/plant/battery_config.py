"""What a scenario says of the battery pack. Figures are for the pack as built, at its terminals.

Decoded from the scenario's `[plant.battery]`; read by `battery` and `wear`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError


class OcvPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open-circuit voltage of the pack at a state of charge."""

    soc: Annotated[float, Meta(ge=0.0, le=1.0)]
    volts: Annotated[float, Meta(gt=0.0, le=1e4)]


class AgeingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the pack wears, and how worn it starts. The defaults are a pack that doesn't."""

    calendar_per_year: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.0
    """share of capacity lost in the first year at 25 C, growing with the root of time"""
    calendar_activation_k: Annotated[float, Meta(ge=0.0, le=2e4)] = 3000.0
    """Arrhenius, 25 kJ/mol: doubles over about 20 K (Schmalstieg et al., J. Power Sources 257, 2014: of this order)"""
    cycling_per_1000: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    """share of capacity lost in 1000 equivalent full cycles"""
    resistance_growth: Annotated[float, Meta(ge=0.0, le=10.0)] = 2.0
    """relative growth of resistance per share of capacity lost (estimate: +40 % at 20 % loss)"""
    start_years: Annotated[float, Meta(ge=0.0, le=50.0)] = 0.0
    """spent at 25 C before the run"""
    start_cycles: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0


class BatteryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pack."""

    capacity_ah: Annotated[float, Meta(ge=0.01, le=1e6)]
    ocv: tuple[OcvPoint, ...] = (OcvPoint(0.0, 12.8), OcvPoint(1.0, 16.4))
    """ascending from 0 to 1; default: 4S lithium-ion, linear"""
    r0_ohm: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.15
    """at 25 C"""
    r1_ohm: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.0
    """0: no RC pair"""
    c1_f: Annotated[float, Meta(gt=0.0, le=1e9)] = 1500.0
    temperature_dependent: bool = True
    coulombic_efficiency: Annotated[float, Meta(gt=0.5, le=1.0)] = 0.995
    charge_limit_a: Annotated[float, Meta(gt=0.0, le=1e5)] = 4.0
    charge_limit_v: Annotated[float, Meta(gt=0.0, le=1e4)] = 16.4
    discharge_limit_a: Annotated[float, Meta(gt=0.0, le=1e5)] = 1e5
    cutoff_v: Annotated[float, Meta(ge=0.0, le=1e4)] = 0.0
    """the protection circuit opens below it"""
    lowest_charge_c: Annotated[float, Meta(ge=-50.0, le=50.0)] = 0.0
    initial_soc: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.85
    strings: Annotated[int, Meta(ge=1, le=10000)] = 1
    """of cells in parallel; one that fails open takes its share of capacity and conductance with it"""
    ageing: AgeingConfig = AgeingConfig()

    def __post_init__(self) -> None:
        points = [point.soc for point in self.ocv]
        if len(points) < 2 or points != sorted(set(points)) or points[0] != 0.0 or points[-1] != 1.0:
            raise ConfigError(f"battery.ocv: soc = {points}: must ascend from 0.0 to 1.0")
        volts = [point.volts for point in self.ocv]
        if volts != sorted(volts):
            raise ConfigError(f"battery.ocv: volts = {volts}: must not fall with soc")
        if self.charge_limit_v <= volts[0]:
            raise ConfigError(
                f"battery.charge_limit_v = {self.charge_limit_v}: must be above the empty pack's ocv = {volts[0]}"
            )
        highest_v = min(volts[-1], self.charge_limit_v)
        if self.cutoff_v >= highest_v:
            raise ConfigError(f"battery.cutoff_v = {self.cutoff_v}: must be below the full pack's {highest_v} V")
