"""Inputs of the cases of heat, battery, silicon and the whole node: P10-P15, P18-P21, P24, P25."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from flightsw.errors import ConfigError
from flightsw.plant.sky_config import AltitudeKm
from flightsw.validation.inputs import (
    AboveZeroShare,
    Celsius,
    FluxWM2,
    Inputs,
    Kelvin,
    Nought,
    Positive,
    Share,
    require_constants,
)

NotNegative = Annotated[float, Meta(ge=0.0, le=1e6)]
NodePair = Annotated[str, Meta(pattern="^(die|board|bus|batt|rad|arr)_(die|board|bus|batt|rad|arr)$")]
MilliInteger = Annotated[int, Meta(ge=0, le=1_000_000_000)]
MOST_HOURS = 100.0
"""Longest charge and slowest thermostat that are stepped: a bound on the time that an answer takes."""


class P10Inputs(Inputs, frozen=True):
    """A radiating lump."""

    mass_kg: Positive = field(name="m")
    heat_capacity_j_kg_k: Positive = field(name="c")
    area_m2: Positive = field(name="A")
    emissivity: AboveZeroShare = field(name="eps")
    cooling_from_k: Kelvin = field(name="T0")
    heat_w: Positive = field(name="Q")
    heating_from_k: Kelvin = field(name="Ti_heat")
    sink_k: Nought = field(name="sink_K")


class PairStart(Inputs, frozen=True):
    """Temperatures that the two nodes start from, cut off from all else."""

    first_k: Kelvin = field(name="T1")
    second_k: Kelvin = field(name="T2")


class P11Inputs(Inputs, frozen=True):
    """Plate, bus and a boundary in a row."""

    plate_j_k: Positive = field(name="C1")
    bus_j_k: Positive = field(name="C2")
    plate_bus_w_k: Positive = field(name="G12")
    bus_boundary_w_k: Positive = field(name="G2b")
    boundary_k: Kelvin = field(name="Tb")
    plate_w: Positive = field(name="P1")
    start_k: Kelvin = field(name="T0")
    isolated: PairStart


class P12Inputs(Inputs, frozen=True):
    """A payload's network, heated at its first node; its radiator couples to a fixed 0 K rise."""

    nodes: Annotated[tuple[str, ...], Meta(min_length=5, max_length=5)]
    capacities_j_k: tuple[Positive, ...] = field(name="C")
    couplings_w_k: dict[Annotated[str, Meta(pattern="^[^-]+-[^-]+$")], Positive] = field(name="G")
    radiator_w_k: Positive = field(name="Grad_radiator")
    die_w: Positive = field(name="P_die")

    def __post_init__(self) -> None:
        if len(self.capacities_j_k) != len(self.nodes) or len(set(self.nodes)) != len(self.nodes):
            raise ConfigError(f"C: {len(self.capacities_j_k)} values: must be one for each of the distinct nodes")
        for pair in self.couplings_w_k:
            if not set(pair.split("-")) <= set(self.nodes):
                raise ConfigError(f"G: {pair!r}: must join two of {', '.join(self.nodes)}")
        if "radiator" not in self.nodes:
            raise ConfigError(f"nodes = {', '.join(self.nodes)}: one must be radiator")


class P21Inputs(Inputs, frozen=True):
    """A battery with a thermostat, and what it stands on."""

    capacity_j_k: Positive = field(name="C")
    base_w_k: Positive = field(name="G")
    base_k: Kelvin = field(name="Tb")
    heater_w: Positive = field(name="P")
    low_k: Kelvin = field(name="lo")
    high_k: Kelvin = field(name="hi")

    def __post_init__(self) -> None:
        if self.capacity_j_k > MOST_HOURS * 3600.0 * self.base_w_k:
            raise ConfigError(f"C = {self.capacity_j_k}: must follow Tb through G = {self.base_w_k} in {MOST_HOURS} h")
        highest_k = self.base_k + self.heater_w / self.base_w_k
        if not self.base_k < self.low_k < self.high_k < highest_k:
            raise ConfigError(
                f"lo = {self.low_k}, hi = {self.high_k}: must ascend between Tb = {self.base_k} and Tb + P/G = "
                f"{highest_k}"
            )


class P18Inputs(Inputs, frozen=True):
    """A load, the radiator's paint and the Earth below."""

    load_w: Positive = field(name="P")
    emissivity: AboveZeroShare = field(name="eps")
    ir_w_m2: FluxWM2 = field(name="IR")
    altitude_km: AltitudeKm = field(name="h_km")


class P19Inputs(Inputs, frozen=True):
    """A data sheet's Foster pairs on a base at one temperature."""

    resistances_k_w: tuple[Positive, Positive] = field(name="R")
    taus_s: tuple[Positive, Positive] = field(name="tau")
    power_w: Positive = field(name="P")
    base_c: Celsius = field(name="Tb")


class P13Inputs(Inputs, frozen=True):
    """A pack and a load."""

    capacity_ah: Positive = field(name="Q_Ah")
    ocv: Literal["12.8+3.6 s"]
    r0_ohm: Positive = field(name="R0")
    load_w: Positive = field(name="P")
    start_soc: Share = field(name="s0")
    coulombic_efficiency: AboveZeroShare = field(name="eta_c")


class P14Inputs(Inputs, frozen=True):
    """A pack with an RC pair, at rest at a voltage."""

    r0_ohm: Positive = field(name="R0")
    r1_ohm: Positive = field(name="R1")
    c1_f: Positive = field(name="C1")
    rest_v: Annotated[float, Meta(ge=13.0, le=16.4)] = field(name="V0")
    """on the curve 12.8 + 3.6 s V, with enough left for the pulses"""
    capacity_ah: Positive = field(name="Q_Ah")
    slope_v: Positive = field(name="slope")

    def __post_init__(self) -> None:
        require_constants(slope=(self.slope_v, 3.6))


class P15Inputs(Inputs, frozen=True):
    """A pack and its charger."""

    capacity_ah: Positive = field(name="Q_Ah")
    ocv: Literal["12.8+3.6 s"]
    r0_ohm: Positive = field(name="R0")
    limit_v: Positive = field(name="Vmax")
    limit_a: Positive = field(name="Ic")
    start_soc: Share = field(name="s0")
    cut_a: Positive = field(name="Icut")

    def __post_init__(self) -> None:
        if self.cut_a >= self.limit_a:
            raise ConfigError(f"Icut = {self.cut_a}: must be below Ic = {self.limit_a}")
        if self.capacity_ah > MOST_HOURS * self.limit_a:
            raise ConfigError(f"Q_Ah = {self.capacity_ah}: must be charged by Ic = {self.limit_a} in {MOST_HOURS} h")


class P20Inputs(Inputs, frozen=True):
    """A chip's figures and the air around it."""

    dynamic_w: Positive = field(name="Pd")
    leakage_w: Positive = field(name="PL0")
    leakage_per_k: Positive = field(name="b")
    reference_c: Celsius = field(name="T0")
    ambient_c: Celsius = field(name="Ta")


class P24Inputs(Inputs, frozen=True):
    """A power allocator, in its own integers."""

    sustainable_mw: MilliInteger = field(name="sustainable_mW")
    switch_on_mc: MilliInteger = field(name="switch_on_mC")
    control_mc: MilliInteger = field(name="control_mC")
    passive_delay_ms: Annotated[int, Meta(ge=1, le=1000)]
    max_mw: MilliInteger = field(name="max_mW")

    def __post_init__(self) -> None:
        if self.control_mc <= self.switch_on_mc:
            raise ConfigError(f"control_mC = {self.control_mc}: must be above switch_on_mC = {self.switch_on_mc}")


class Capacities(Inputs, frozen=True):
    """J/K of each node."""

    die: Positive
    board: Positive
    bus: Positive
    batt: Positive
    rad: Positive
    arr: Positive


class P25Inputs(Inputs, frozen=True):
    """The spacecraft, its light and its duty."""

    orbit_s: Annotated[float, Meta(ge=600.0, le=1e5)] = field(name="T")
    altitude_km: AltitudeKm = field(name="h")
    beta_deg: Annotated[float, Meta(ge=-90.0, le=90.0)] = field(name="beta")
    flux_w_m2: FluxWM2 = field(name="S")
    array_m2: Positive = field(name="A")
    packing: Share = field(name="pack")
    cell_efficiency: Share = field(name="eta")
    power_per_k: Annotated[float, Meta(ge=0.0, le=0.01)] = field(name="tc")
    """share of the array's power lost by each kelvin above 28 C"""
    mppt_efficiency: AboveZeroShare = field(name="mppt")
    absorptance: Share = field(name="alpha")
    emissivity: Share = field(name="eps")
    array_environment_w: NotNegative = field(name="Qenv_arr")
    platform_w: NotNegative = field(name="P_bus")
    idle_w: NotNegative = field(name="P_idle")
    active_w: NotNegative = field(name="P_act")
    """on top of `idle_w`"""
    on_s: NotNegative = field(name="t_on")
    off_s: NotNegative = field(name="t_off")
    leakage_w: NotNegative = field(name="PL0")
    leakage_per_k: NotNegative = field(name="bL")
    leakage_reference_k: Kelvin = field(name="TL")
    heater_w: NotNegative = field(name="P_heat")
    heater_on_k: Kelvin = field(name="T_lo")
    heater_off_k: Kelvin = field(name="T_hi")
    load_efficiency: AboveZeroShare = field(name="eta_load")
    capacity_ah: Positive = field(name="Q")
    r0_ohm: Positive = field(name="R")
    coulombic_efficiency: AboveZeroShare = field(name="etac")
    charge_limit_v: Positive = field(name="Vmax")
    charge_limit_a: Positive = field(name="Imax")
    radiator_m2: NotNegative = field(name="Arad")
    radiator_emissivity: Share = field(name="erad")
    radiator_infrared_w: NotNegative = field(name="Qrad_ir")
    radiator_sun_w: NotNegative = field(name="Qrad_sun")
    insulation_m2: NotNegative = field(name="mli")
    """effective emissivity x area of the bus"""
    capacities_j_k: Capacities = field(name="C")
    couplings_w_k: dict[NodePair, Positive] = field(name="G")
    start_soc: Share = field(name="s0")
    start_k: Kelvin = field(name="T0")
    array_start_k: Kelvin = field(name="Tarr0")
    orbits: Annotated[int, Meta(ge=1, le=100)]
    shadow: Literal["cylinder"]
    sink_k: Nought = field(name="sink_K")
