"""What a scenario says of the spacecraft: every plant section in one place, with the checks across sections."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from flightsw.errors import ConfigError
from flightsw.messages.times import parse_utc_ns
from flightsw.plant.array import ArrayConfig
from flightsw.plant.attitude_config import AttitudeConfig
from flightsw.plant.battery_config import BatteryConfig
from flightsw.plant.distribution import DistributionConfig, LoadConfig
from flightsw.plant.epoch import parse_epoch
from flightsw.plant.oscillator import ClockConfig
from flightsw.plant.panels import PanelConfig
from flightsw.plant.passes import LinkBudget, RateStep
from flightsw.plant.prescribed import PrescribedSky, PrescribedSkyConfig
from flightsw.plant.radiation import RadiationConfig
from flightsw.plant.schedules import BoundaryCourseConfig, LoadScheduleConfig, NodeHeatConfig
from flightsw.plant.sky import Sky, SkyModel
from flightsw.plant.sky_config import SkyConfig, StationConfig
from flightsw.plant.thermal import ThermalNetworkConfig
from flightsw.streams import Stream

PAYLOAD, HEATER, TRANSMITTER = "payload", "battery_heater", "transmitter"
"""Loads whose power has a model of its own; every node has them."""
CHIP, BOARD, BUS, BATTERY, RADIATOR, ARRAY = "chip", "board", "bus", "battery", "radiator", "array"
"""Thermal nodes that sensors and flight software know by name."""

ARRAY_FACES = ("array_front", "array_back")
"""Faces that move with the array; sunlight on its front is booked by the array's own model."""


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


class FailureConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of hardware that fails for good."""

    at_s: Annotated[float, Meta(ge=0.0, le=1e10)]
    what: Literal["array.string", "battery.string"]
    count: Annotated[int, Meta(ge=1, le=10_000_000)] = 1


class PlantConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The spacecraft and its surroundings: a `sky` by orbit, or one `prescribed` by figures."""

    sky: SkyConfig | None = None
    prescribed: PrescribedSkyConfig | None = None
    array: ArrayConfig | None = None
    """None: none; the battery, or the bench that charges it, is all there is"""
    panels: tuple[PanelConfig, ...] = ()
    """sets of cells beside the array's, on faces of the body"""
    battery: BatteryConfig
    distribution: DistributionConfig = DistributionConfig()
    loads: tuple[LoadConfig, ...] = ()
    thermal: ThermalNetworkConfig
    attitude: AttitudeConfig | None = None
    """None: the array tracks the Sun, and surfaces see it by their own fixed figures"""
    heat: tuple[NodeHeatConfig, ...] = ()
    """that the surroundings put into nodes"""
    boundaries: tuple[BoundaryCourseConfig, ...] = ()
    """temperatures of boundaries, by the clock"""
    schedules: tuple[LoadScheduleConfig, ...] = ()
    """of loads, by the clock"""
    failures: tuple[FailureConfig, ...] = ()
    radiation: RadiationConfig = RadiationConfig()
    """on the payload computer"""
    radio: RadioConfig = RadioConfig()
    sensors: SensorConfig = SensorConfig()
    clock: ClockConfig | UnsetType = UNSET
    """the on-board oscillator and the GNSS receiver's time; left out, on-board time is exact"""
    heater_w: Annotated[float, Meta(ge=0.0, le=1e5)] = 4.0
    """battery heater, as flight software switches it"""
    battery_node: str = BATTERY
    """thermal node of the pack"""
    profile: str = "orin-nano"
    """the payload computer"""

    def __post_init__(self) -> None:
        if (self.sky is None) is (self.prescribed is None):
            raise ConfigError(f"{'neither' if self.sky is None else 'both'} of sky and prescribed: must have one")
        loads = [load.name for load in self.loads]
        for name in loads:
            if loads.count(name) > 1:
                raise ConfigError(f"loads: {name!r} is given twice")
        nodes = [node.name for node in self.thermal.nodes]
        wanted_nodes = {
            "battery_node": self.battery_node,
            **({} if self.array is None else {"array.node": self.array.node}),
            **{f"panels.{place}.node": panel.node for place, panel in enumerate(self.panels)},
            "distribution.node": self.distribution.node,
            **{f"loads.{load.name}.node": load.node for load in self.loads},
            **{f"heat.{place}.node": heat.node for place, heat in enumerate(self.heat)},
        }
        for where, name in wanted_nodes.items():
            if name not in nodes:
                raise ConfigError(f"{where} = {name!r}: must be one of {', '.join(nodes)}")
        self._check_voltages()
        held = [node.name for node in self.thermal.nodes if node.held_c is not None]
        for place, boundary in enumerate(self.boundaries):
            if boundary.node not in held:
                known = ", ".join(held) or "none is there"
                raise ConfigError(f"boundaries.{place}.node = {boundary.node!r}: must be a node with held_c: {known}")
        self._check_drivers(loads)
        self._check_attitude()
        self._check_panels()

    def _check_voltages(self) -> None:
        """Protection that would act on a full pack would act always."""
        highest_v = min(self.battery.charge_limit_v, self.battery.ocv[-1].volts)
        if self.distribution.undervoltage_v >= highest_v:
            raise ConfigError(
                f"distribution.undervoltage_v = {self.distribution.undervoltage_v}: must be below the full pack's "
                f"{highest_v} V"
            )

    def _check_drivers(self, loads: list[str]) -> None:
        """Each load has at most one that says what it draws."""
        driven = {PAYLOAD, HEATER, TRANSMITTER}
        for where, name in (
            *((f"schedules.{s.load}", s.load) for s in self.schedules),
            *((f"thermal.thermostats.{n}", t.load) for n, t in enumerate(self.thermal.thermostats)),
        ):
            if name not in loads:
                raise ConfigError(f"{where}: {name!r} is no load: must be one of {', '.join(loads)}")
            if name in driven:
                raise ConfigError(f"{where}: {name!r} has its own model, or is driven already")
            driven.add(name)
        for place, loop in enumerate(self.thermal.loops):
            if loop.pump_load not in loads:
                raise ConfigError(
                    f"thermal.loops.{place}.pump_load = {loop.pump_load!r}: must be one of {', '.join(loads)}"
                )

    def _check_attitude(self) -> None:
        if self.attitude is None:
            return
        if self.array is not None and self.array.pointing_cos != 1.0:
            raise ConfigError(
                f"array.pointing_cos = {self.array.pointing_cos}: must be left out where attitude says how it points"
            )
        known = [*self.faces, *ARRAY_FACES]
        for node in self.thermal.nodes:
            for surface in node.surfaces:
                if surface.face is not None and surface.face not in known:
                    raise ConfigError(
                        f"thermal.nodes.{node.name}.surfaces.face = {surface.face!r}: must be one of {', '.join(known)}"
                    )

    def _check_panels(self) -> None:
        if self.panels and self.array is None:
            raise ConfigError("panels: must have an array beside them, whose MPPT they go through")
        if self.array is not None and self.array.albedo and self.attitude is None:
            raise ConfigError("array.albedo = true: must have an attitude, which says what the array sees of the Earth")
        names = [panel.name for panel in self.panels]
        for place, panel in enumerate(self.panels):
            if names.count(panel.name) > 1:
                raise ConfigError(f"panels.{place}.name = {panel.name!r}: is given twice")
            if panel.face is not None and panel.face not in self.faces:
                known = ", ".join(self.faces) or "none is there without an attitude"
                raise ConfigError(f"panels.{place}.face = {panel.face!r}: must be one of {known}")
            if self.array is not None and self.array.transfer == "direct" and panel.cells_per_string is None:
                raise ConfigError(f"panels.{place}: must have cells_per_string, as array.transfer is direct")

    @property
    def faces(self) -> tuple[str, ...]:
        """Of the body, in the order of `FaceViews`; none without an attitude."""
        return () if self.attitude is None else tuple(self.attitude.face_normals)

    @property
    def array_or_none(self) -> ArrayConfig:
        """The array; where there is none, one that gives and takes nothing."""
        if self.array is not None:
            return self.array
        return ArrayConfig(area_m2=1e-9, degradation=1e-9, absorptance=0.0, node=self.battery_node)

    @property
    def stations(self) -> tuple[StationConfig, ...]:
        """Ground stations."""
        return () if self.sky is None else self.sky.stations

    @property
    def epoch_utc_ns(self) -> int | None:
        """UTC of tick 0; None: the sky is prescribed, without a date."""
        return None if self.sky is None else parse_utc_ns(self.sky.epoch)

    @property
    def orbit_period_s(self) -> float:
        """Nodal period."""
        if self.prescribed is not None:
            return self.prescribed.period_s
        assert self.sky is not None
        return self.sky.orbit.build(parse_epoch(self.sky.epoch)).nodal_period_s

    def check_flyable(self) -> None:
        """Flight software needs more than physics does. Raises ConfigError: a load or node that it works with is not
        there."""
        if self.array is None:
            raise ConfigError("array is missing: flight software plans by it")
        loads, nodes = [load.name for load in self.loads], [node.name for node in self.thermal.nodes]
        for name in (PAYLOAD, HEATER, TRANSMITTER):
            if name not in loads:
                raise ConfigError(f"loads: {name!r} is missing: every node has {PAYLOAD}, {HEATER} and {TRANSMITTER}")
        for name in (CHIP, BUS, BATTERY, ARRAY):
            if name not in nodes:
                raise ConfigError(
                    f"thermal.nodes: {name!r} is missing: a node has {CHIP}, {BUS}, {BATTERY} and {ARRAY}"
                )


def sky_of(config: PlantConfig, dt_s: float, variation: Stream | None = None) -> SkyModel:
    """The sky that a configuration says. Without `variation` a sky by orbit keeps its Earth steady."""
    if config.prescribed is not None:
        return PrescribedSky(config.prescribed, dt_s)
    assert config.sky is not None
    if variation is None:
        steady = msgspec.structs.replace(config.sky.environment, ir_sigma_w_m2=0.0, albedo_sigma=0.0)
        return Sky(msgspec.structs.replace(config.sky, environment=steady), dt_s)
    return Sky(config.sky, dt_s, variation)


def link_budget(config: RadioConfig, eirp_dbw: float) -> tuple[LinkBudget, tuple[RateStep, ...]]:
    """The link's figures as `passes` takes them."""
    budget = LinkBudget(eirp_dbw, config.frequency_hz, config.losses_db, config.g_over_t_db_k)
    return budget, tuple(RateStep(rate, config.required_eb_n0_db) for rate in sorted(config.rates_bps))
