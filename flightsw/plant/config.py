"""What a scenario says of the spacecraft: every plant section in one place, with the checks across sections."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.plant.array import ArrayConfig
from flightsw.plant.battery import BatteryConfig
from flightsw.plant.distribution import DistributionConfig, LoadConfig
from flightsw.plant.passes import LinkBudget, RateStep
from flightsw.plant.sky_config import SkyConfig
from flightsw.plant.thermal import ThermalNetworkConfig

PAYLOAD, HEATER, TRANSMITTER = "payload", "battery_heater", "transmitter"
"""Loads whose power has a model of its own; every node has them."""
CHIP, BOARD, BUS, BATTERY, RADIATOR, ARRAY = "chip", "board", "bus", "battery", "radiator", "array"
"""Thermal nodes that the plant knows by name: `chip`, `bus`, `battery` and `array` must be there."""


class SensorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One standard deviation of noise, and the step of the converter behind it."""

    temperature_sigma_k: Annotated[float, Meta(ge=0.0, le=20.0)] = 0.1
    """platinum thermistor and conditioning, usual class A figure"""
    temperature_step_k: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.0625
    """12 bit over 256 K, as of a TMP100-class digital sensor"""
    chip_step_k: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.5
    """Tegra's on-die sensors report in half kelvins"""
    current_sigma_a: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.005
    current_step_a: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.001
    """INA226-class shunt monitor, 1 mA a count"""
    voltage_sigma_v: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.003
    voltage_step_v: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.00125
    """INA226: 1.25 mV a count"""
    power_step_w: Annotated[float, Meta(gt=0.0, le=100.0)] = 0.025
    """INA226: 25 times the current step"""
    position_sigma_km: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.005
    """single-frequency GNSS receiver in low orbit, 5 m"""


class RadioConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The transmitter and the link budget to every station."""

    transmit_w: Annotated[float, Meta(gt=0.0, le=1e4)] = 2.0
    """radiated; an X-band CubeSat transmitter"""
    dc_w: Annotated[float, Meta(gt=0.0, le=1e5)] = 10.0
    """drawn while it sends"""
    antenna_gain_dbi: Annotated[float, Meta(ge=-20.0, le=80.0)] = 12.0
    frequency_hz: Annotated[float, Meta(gt=1e8, le=1e11)] = 8.2e9
    losses_db: Annotated[float, Meta(ge=0.0, le=40.0)] = 2.3
    g_over_t_db_k: Annotated[float, Meta(ge=-40.0, le=60.0)] = 26.0
    """a 3.7 m X-band station"""
    margin_db: Annotated[float, Meta(ge=0.0, le=20.0)] = 3.0
    required_eb_n0_db: Annotated[float, Meta(ge=-2.0, le=30.0)] = 4.5
    rates_bps: tuple[Annotated[float, Meta(gt=0.0, le=1e12)], ...] = (2.5e6, 5e6, 10e6, 25e6)
    """X-band cubesat transmitters reach 2.5-25 Mbit/s"""


class PlantConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The spacecraft and its surroundings."""

    sky: SkyConfig
    array: ArrayConfig
    battery: BatteryConfig
    distribution: DistributionConfig = DistributionConfig()
    loads: tuple[LoadConfig, ...]
    thermal: ThermalNetworkConfig
    radio: RadioConfig = RadioConfig()
    sensors: SensorConfig = SensorConfig()
    heater_w: Annotated[float, Meta(ge=0.0, le=1e5)] = 4.0
    """battery heater"""
    profile: str = "orin-nano"
    """the payload computer"""

    def __post_init__(self) -> None:
        names = [load.name for load in self.loads]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"loads: {name!r} is given twice")
        for name in (PAYLOAD, HEATER, TRANSMITTER):
            if name not in names:
                raise ConfigError(f"loads: {name!r} is missing: every node has {PAYLOAD}, {HEATER} and {TRANSMITTER}")
        nodes = [node.name for node in self.thermal.nodes]
        for name in (CHIP, BUS, BATTERY, ARRAY):
            if name not in nodes:
                raise ConfigError(
                    f"thermal.nodes: {name!r} is missing: a node has {CHIP}, {BUS}, {BATTERY} and {ARRAY}"
                )
        for load in self.loads:
            if load.node not in nodes:
                raise ConfigError(f"loads.{load.name}.node = {load.node!r}: must be one of {', '.join(nodes)}")


def link_budget(config: RadioConfig, eirp_dbw: float) -> tuple[LinkBudget, tuple[RateStep, ...]]:
    """The link's figures as `passes` takes them."""
    budget = LinkBudget(eirp_dbw, config.frequency_hz, config.losses_db, config.g_over_t_db_k)
    return budget, tuple(RateStep(rate, config.required_eb_n0_db) for rate in sorted(config.rates_bps))
