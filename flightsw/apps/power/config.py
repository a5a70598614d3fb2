"""What the EPS manager knows of its own spacecraft: an on-board model, which need not be the truth.

Decoded from `[apps.power]` of a scenario, ranges checked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from msgspec import Meta

from flightsw.apps.own import AppConfig
from flightsw.errors import ConfigError

PAYLOAD = "payload"
"""the load that the compute budget is for"""
HEATER = "battery_heater"
"""the load that SURVIVAL keeps beside the essential ones: a frozen battery is a lost node"""

Soc = Annotated[float, Meta(ge=0.0, le=1.0)]
Volts = Annotated[float, Meta(gt=0.0, le=1e4)]
Ticks = Annotated[int, Meta(ge=1, le=1_000_000)]


@dataclass(frozen=True)
class LoadRow:
    """A switched load, as the EPS knows it."""

    name: str
    shed_tier: int | None
    """1 is shed first; None: essential"""
    initially_on: bool


class PowerConfig(AppConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """EPS manager."""

    capacity_ah: Annotated[float, Meta(gt=0.0, le=1e6)]
    ocv_v: Annotated[tuple[Volts, ...], Meta(min_length=2, max_length=101)] = (12.8, 16.4)
    """open-circuit voltage at evenly spaced states of charge, from 0 to 1; default: 4S lithium-ion, linear"""
    r0_ohm: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.15
    """series resistance, the slow part included: two rows of 4S 18650 cells with their interconnect"""
    coulombic_efficiency: Annotated[float, Meta(gt=0.5, le=1.0)] = 0.995
    """lithium-ion: 0.99 and above (Plett, Battery Management Systems II, 2015, ch. 3)"""
    current_sigma_a: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.12
    """of the current sensor, and above all of its bias, which counting would integrate"""
    ocv_sigma_v: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.10
    """of the voltage model at rest"""
    ocv_sigma_ohm: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.15
    """what the voltage model loses per ampere that flows"""
    believed_sigma: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.25
    """an estimate whose sigma is above this grants no compute power"""
    blind_ticks: Ticks = 3
    """battery readings missing for so long are an event"""
    reserve_soc: Soc = 0.30
    """no eclipse may end below; keeps cycles in LEO shallow, and a lost pass or two survivable"""
    reserve_sigmas: Annotated[float, Meta(ge=0.0, le=10.0)] = 1.0
    """of the estimate: the budget counts on so much less charge, so that an error doesn't take an eclipse below"""
    eclipse_compute_w: Annotated[float, Meta(ge=0.0, le=1e6)] = 8.0
    """compute power that the charge kept for an eclipse is meant to sustain in it"""
    array_peak_w: Annotated[float, Meta(gt=0.0, le=1e7)]
    """behind the MPPT, in full sun; only until it has been measured"""
    array_loss_share: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.10
    """of the array's power at full use: a step of more is a loss of strings or of its converter; ten times the noise"""
    pack_apart_share: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.03
    """of the voltage that the charge stands for: further apart, one of both is wrong. A cell of four is 0.25, of eight
    0.125; what the model loses to temperature and load is 0.012 at most, in the shipped scenarios and design cases"""
    charge_limit_a: Annotated[float, Meta(gt=0.0, le=1e5)] | None = None
    """of the charger; near it the array may be curtailed. None: C/2, the usual limit for long life"""
    charge_cold_c: Annotated[float, Meta(ge=-40.0, lt=10.0)] = 0.0
    """below, nothing is charged; JEITA and any cell's data sheet"""
    charge_cold_share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.4
    """of the charging current there: 0.2 C of 0.5 C (JEITA)"""
    charge_hot_c: Annotated[float, Meta(ge=45.0, le=100.0)] = 60.0
    """above, nothing is charged (JEITA)"""
    discharge_limit_a: Annotated[float, Meta(gt=0.0, le=1e5)] | None = None
    """the battery is never asked for more; None: no limit below its cells'"""
    load_efficiency: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.90
    """of the converters between bus and loads, usual DC/DC: 0.90 to 0.95"""
    compute_max_w: Annotated[float, Meta(gt=0.0, le=1e7)] = 30.0
    """cap that is never exceeded"""
    cap_slew_w_s: Annotated[float, Meta(gt=0.0, le=1e6)] = 0.5
    """how fast the cap may rise; it falls at once"""
    cap_deadband_w: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.3
    """how far the budget must rise above the cap before the cap follows: above the sensors' noise"""
    shed_soc: tuple[Soc, ...] = (0.28, 0.20)
    """state of charge below which tier 1, 2, ... is shed and latched"""
    release_soc: tuple[Soc, ...] = (0.45, 0.35)
    """state of charge above which the latch may be released"""
    auto_release: bool = True
    """release by itself; otherwise only by command"""
    shed_persistence_ticks: Annotated[int, Meta(ge=1, le=10000)] = 5
    release_ticks: Ticks = 60
    """a level is held for so long at least, whatever the charge: a brown-out is no matter of charge alone"""
    lcl_retry_ticks: Annotated[int, Meta(ge=1, le=100000)] = 30
    """a tripped limiter stays open for so long"""
    lcl_retries: Annotated[int, Meta(ge=0, le=100)] = 3
    """then it is locked out; an essential load's limiter never is"""

    def __post_init__(self) -> None:
        if any(high <= low for low, high in pairwise(self.ocv_v)):
            raise ConfigError(f"apps.power.ocv_v = {self.ocv_v}: must rise with the state of charge")
        if len(self.shed_soc) != len(self.release_soc):
            raise ConfigError(f"apps.power.release_soc: {len(self.release_soc)} values: must be {len(self.shed_soc)}")
        if list(self.shed_soc) != sorted(self.shed_soc, reverse=True):
            raise ConfigError(f"apps.power.shed_soc = {self.shed_soc}: must not rise from tier to tier")
        for tier, (shed, release) in enumerate(zip(self.shed_soc, self.release_soc, strict=True), 1):
            if release <= shed:
                raise ConfigError(f"apps.power.release_soc of tier {tier} = {release}: must be above shed_soc = {shed}")
