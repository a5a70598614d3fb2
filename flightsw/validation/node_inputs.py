"""Inputs of the cases of heat, battery, silicon and the whole node: P10-P15, P18-P21, P24, P25."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from msgspec import Meta, field

from flightsw.errors import ConfigError
from flightsw.plant.sky_config import AltitudeKm
from flightsw.plant.thermal_config import NodeName
from flightsw.validation.inputs import (
    MOST_HOURS,
    AboveZeroShare,
    Celsius,
    FluxWM2,
    Inputs,
    Kelvin,
    LinearOcv,
    Positive,
    Share,
    SinkK,
)

NotNegative = Annotated[float, Meta(ge=0.0, le=1e6)]
NodePair = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*_[a-z0-9_]+$")]
MilliInteger = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class P10Inputs(Inputs, frozen=True):
    """A radiating lump."""

    mass_kg: Positive = field(name="m")
    heat_capacity_j_kg_k: Positive = field(name="c")
    area_m2: Positive = field(name="A")
    emissivity: AboveZeroShare = field(name="eps")
    cooling_from_k: Kelvin = field(name="T0")
    heat_w: Positive = field(name="Q")
    heating_from_k: Kelvin = field(name="Ti_heat")
    sink_k: SinkK = field(name="sink_K")


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
    """A payload's network: its first node makes heat, `radiating` couples to a fixed 0 K rise. `C` by node."""

    nodes: Annotated[tuple[str, ...], Meta(min_length=2, max_length=100)]
    capacities_j_k: tuple[Positive, ...] = field(name="C")
    couplings_w_k: dict[Annotated[str, Meta(pattern="^[^-]+-[^-]+$")], Positive] = field(name="G")
    radiator_w_k: Positive = field(name="Grad_radiator")
    die_w: Positive = field(name="P_die")
    radiating: str = "radiator"

    def __post_init__(self) -> None:
        if len(self.capacities_j_k) != len(self.nodes) or len(set(self.nodes)) != len(self.nodes):
            raise ConfigError(f"C: {len(self.capacities_j_k)} values: must be one for each of the distinct nodes")
        for pair in self.couplings_w_k:
            if not set(pair.split("-")) <= set(self.nodes):
                raise ConfigError(f"G: {pair!r}: must join two of {', '.join(self.nodes)}")
        if self.radiating not in self.nodes:
            raise ConfigError(f"nodes = {', '.join(self.nodes)}: one must be {self.radiating}, or as `radiating` says")


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
    fin_w_m_k: Positive = field(name="k", default=167.0)
    fin_root_c: Celsius = field(name="T_root_C", default=60.0)


class P19Inputs(Inputs, frozen=True):
    """A data sheet's Foster pairs on a base at one temperature."""

    resistances_k_w: Annotated[tuple[Positive, ...], Meta(min_length=1, max_length=10)] = field(name="R")
    taus_s: Annotated[tuple[Annotated[float, Meta(ge=1e-3, le=1e5)], ...], Meta(min_length=1)] = field(name="tau")
    power_w: Positive = field(name="P")
    base_c: Celsius = field(name="Tb")

    def __post_init__(self) -> None:
        if len(self.resistances_k_w) != len(self.taus_s):
            raise ConfigError(f"tau: {len(self.taus_s)} values: must be one for each of R")


class P13Inputs(Inputs, frozen=True):
    """A pack and a load."""

    capacity_ah: Positive = field(name="Q_Ah")
    ocv: LinearOcv
    r0_ohm: Positive = field(name="R0")
    load_w: Positive = field(name="P")
    start_soc: Share = field(name="s0")
    coulombic_efficiency: AboveZeroShare = field(name="eta_c")
    constant_a: Positive = field(name="I_cc", default=1.0)
    """drawn from full"""
    round_trip_a: Positive = field(name="I_round_trip", default=1.5)


class P14Inputs(Inputs, frozen=True):
    """A pack with an RC pair, at rest at a voltage."""

    r0_ohm: Positive = field(name="R0")
    r1_ohm: Positive = field(name="R1")
    c1_f: Positive = field(name="C1")
    rest_v: Positive = field(name="V0")
    capacity_ah: Positive = field(name="Q_Ah")
    slope_v: Positive = field(name="slope")
    pulse_a: Positive = field(name="I", default=5.0)
    pulse_s: Annotated[float, Meta(gt=0.0, le=1e5)] = field(name="t_pulse", default=120.0)

    def __post_init__(self) -> None:
        if self.slope_v >= 2.0 * self.rest_v:
            raise ConfigError(f"slope = {self.slope_v}: must be below 2 V0 = {2.0 * self.rest_v}")
        if self.pulse_a * self.pulse_s > 0.5 * 3600.0 * self.capacity_ah:
            raise ConfigError(f"I = {self.pulse_a}: must take at most half of Q_Ah = {self.capacity_ah} in t_pulse")


class P15Inputs(Inputs, frozen=True):
    """A pack and its charger."""

    capacity_ah: Positive = field(name="Q_Ah")
    ocv: LinearOcv
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
    resistance_k_w: Positive = field(name="R_K_W", default=4.0)
    ambient_c: Celsius = field(name="Ta_C", default=40.0)

    def __post_init__(self) -> None:
        if self.control_mc <= self.switch_on_mc:
            raise ConfigError(f"control_mC = {self.control_mc}: must be above switch_on_mC = {self.switch_on_mc}")


ROLES = ("die", "bus", "batt", "rad", "arr")
"""Nodes that the other inputs speak of: where power goes, and which radiate."""


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
    """below `on_s`: the work goes on over the end of the orbit"""
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
    capacities_j_k: dict[NodeName, Positive] = field(name="C")
    couplings_w_k: dict[NodePair, Positive] = field(name="G")
    start_soc: Share = field(name="s0")
    start_k: Kelvin = field(name="T0")
    array_start_k: Kelvin = field(name="Tarr0")
    orbits: Annotated[int, Meta(ge=1, le=100)]
    shadow: Literal["cylinder", "cone", "none"]
    sink_k: SinkK = field(name="sink_K")
    ocv: LinearOcv = "12.8+3.6 s"
    r1_ohm: NotNegative = field(name="R1", default=0.0)
    c1_f: Positive = field(name="C1", default=1500.0)

    def __post_init__(self) -> None:
        nodes = list(self.capacities_j_k)
        if missing := [role for role in ROLES if role not in nodes]:
            raise ConfigError(f"C: {', '.join(missing)} missing: must have {', '.join(ROLES)}, and may have others")
        for pair in self.couplings_w_k:
            ends_of(pair, nodes)
        if self.on_s >= self.orbit_s:
            raise ConfigError(f"t_on = {self.on_s}: must be below T = {self.orbit_s}")
        if self.off_s == self.on_s or self.off_s > self.orbit_s:
            raise ConfigError(
                f"t_off = {self.off_s}: must be other than t_on = {self.on_s} and at most T = {self.orbit_s}"
            )


def ends_of(pair: str, nodes: Collection[str]) -> tuple[str, str]:
    """The two nodes that a coupling's name joins by an underscore, which their own names may have. Raises
    ConfigError."""
    parts = pair.split("_")
    for place in range(1, len(parts)):
        a, b = "_".join(parts[:place]), "_".join(parts[place:])
        if a in nodes and b in nodes and a != b:
            return a, b
    raise ConfigError(f"G: {pair!r}: must join two of {', '.join(nodes)}")
