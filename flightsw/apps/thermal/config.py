"""What the TCS manager is told: decoded from `[apps.thermal]` of a scenario, ranges checked here."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from flightsw.apps.own import AppConfig
from flightsw.apps.thermal.pump import PumpConfig
from flightsw.errors import ConfigError

LimitC = Annotated[float, Meta(ge=-100.0, le=150.0)]
Ticks = Annotated[int, Meta(ge=0, le=100000)]


class ThermalConfig(AppConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """TCS manager."""

    heater_on_c: LimitC = 5.0
    """battery below: heater on (charging below 0 C plates lithium; 5 K for gradients and the thermistor)"""
    heater_off_c: LimitC = 8.0
    """battery above: heater off; a few kelvin of hysteresis keep the switch from wearing"""
    survival_on_c: LimitC = 1.0
    """while loads are shed: 1 K above the 0 C below which the battery takes no charge and could not come back"""
    survival_off_c: LimitC = 3.0
    survival_shed_level: Annotated[int, Meta(ge=1, le=100)] = 1
    """load-shed level from which the survival thresholds hold"""
    heater_law: Literal["hysteresis", "duty"] = "hysteresis"
    """`duty`: on for a share of each period, set by a PI on the middle of the thresholds"""
    heater_gain_per_k: Annotated[float, Meta(gt=0.0, le=100.0)] = 0.3
    """full power about 3 K below the set point, which is the width of the hysteresis"""
    heater_reset_s: Annotated[float, Meta(gt=0.0, le=1e6)] = 1800.0
    """integral time: a quarter of a small pack's time constant, 420 J/K at 0.05 to 0.15 W/K"""
    heater_period_s: Annotated[float, Meta(gt=0.0, le=1e5)] = 120.0
    """short beside that time constant, long beside what a relay wears by"""
    chip_limit_c: LimitC = 75.0
    """temperature that the compute cap holds the chip to"""
    chip_limit_max_c: LimitC = 95.0
    """the highest limit that ground may command: below the 99 C at which Jetson software throttles by itself"""
    gain_w_k: Annotated[float, Meta(ge=0.0, le=1e4)] = 1.2
    integral_w_k_s: Annotated[float, Meta(ge=0.0, le=1e3)] = 0.004
    """over the gain: a reset time of minutes, that of board and radiator"""
    cap_min_w: Annotated[float, Meta(ge=0.0, le=1e6)] = 5.0
    cap_max_w: Annotated[float, Meta(gt=0.0, le=1e6)] = 30.0
    hot_assumption_c: LimitC = 110.0
    """a chip that gives no reading is taken to be so hot"""
    pump: PumpConfig | UnsetType = UNSET
    """of the coolant loops' pumps; left out, they run at full speed"""
    lost_ticks: Annotated[int, Meta(ge=1, le=100000)] = 3
    """a reading missing for so long is an event"""
    blind_ticks: Ticks = 60
    """how long the heater goes on as it was without a battery reading; then it is switched off"""

    def __post_init__(self) -> None:
        if self.heater_off_c <= self.heater_on_c:
            raise ConfigError(
                f"apps.thermal.heater_off_c = {self.heater_off_c}: must be above heater_on_c = {self.heater_on_c}"
            )
        if self.survival_off_c <= self.survival_on_c:
            raise ConfigError(
                f"apps.thermal.survival_off_c = {self.survival_off_c}: must be above survival_on_c = "
                f"{self.survival_on_c}"
            )
        if self.cap_max_w <= self.cap_min_w:
            raise ConfigError(f"apps.thermal.cap_max_w = {self.cap_max_w}: must be above cap_min_w = {self.cap_min_w}")
        for field in ("chip_limit_c", "chip_limit_max_c"):
            if getattr(self, field) >= self.hot_assumption_c:
                raise ConfigError(
                    f"apps.thermal.{field} = {getattr(self, field)}: must be below hot_assumption_c = "
                    f"{self.hot_assumption_c}, which a missing reading is taken for"
                )
