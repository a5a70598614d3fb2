"""Inputs of the cases of orbit, Sun, shadow, light, cells and link: P01-P09, P16, P17, P22, P23."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from flightsw.errors import ConfigError
from flightsw.plant import orbit
from flightsw.plant.constants import (
    BOLTZMANN_DB,
    EARTH_RADIUS_KM,
    J2,
    MU_KM3_S2,
    SOLAR_CONSTANT_W_M2,
    SUN_RADIUS_KM,
)
from flightsw.plant.sky_config import AltitudeKm, TleLine
from flightsw.validation.inputs import AboveZeroShare, FluxWM2, Inputs, Positive, Share, SinkK, require_constants

AreaM2 = Annotated[float, Meta(ge=0.0, le=1e6)]
PerK = Annotated[float, Meta(ge=-0.1, le=0.1)]
Decibel = Annotated[float, Meta(ge=-300.0, le=300.0)]
Place = tuple[
    Annotated[float, Meta(ge=-90.0, le=90.0)],
    Annotated[float, Meta(ge=-180.0, le=180.0)],
    Annotated[float, Meta(ge=-500.0, le=9000.0)],
]
"""latitude (deg), longitude (deg), height (m)"""


class P01Inputs(Inputs, frozen=True):
    """Heights whose Kepler periods are asked for, and the Earth."""

    altitudes_km: tuple[AltitudeKm, ...] = field(name="h_km")
    mu_km3_s2: Positive = field(name="mu")
    earth_radius_km: Positive = field(name="Re")
    j2: Positive = field(name="J2")

    def __post_init__(self) -> None:
        require_constants(mu=(self.mu_km3_s2, MU_KM3_S2), Re=(self.earth_radius_km, EARTH_RADIUS_KM), J2=(self.j2, J2))


class P02Inputs(Inputs, frozen=True):
    """The mean Sun's rate in right ascension."""

    rate_rad_s: Positive

    def __post_init__(self) -> None:
        require_constants(rate_rad_s=(self.rate_rad_s, orbit.SUN_SYNCHRONOUS_RATE_RAD_S))


P03Inputs = dict[
    Annotated[str, Meta(pattern="^(tle[a-z0-9_]*|frame|gravity)$")],
    tuple[TleLine, TleLine] | Literal["TEME", "WGS-72"],
]
"""Element sets by name, and what SGP4 gives and takes."""


class P04Inputs(Inputs, frozen=True):
    """The solar constant."""

    solar_constant_w_m2: FluxWM2 = field(name="S0")
    epochs: Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9] UTC$")]
    """hour of every day that the rows ask for"""

    def __post_init__(self) -> None:
        require_constants(S0=(self.solar_constant_w_m2, SOLAR_CONSTANT_W_M2))


class P05Inputs(Inputs, frozen=True):
    """How the year is sampled and which shadow is meant."""

    sampling: Annotated[str, Meta(pattern="^every ([1-9]|1[0-9]|2[0-4]) h from [0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    shadow: Annotated[str, Meta(pattern=r"^cylinder, (Re|[1-9][0-9]{0,4}(\.[0-9]+)? km)$")]
    """the cylinder's radius: the Earth's, or with an atmosphere's"""

    def __post_init__(self) -> None:
        cylinder_km(self.shadow)


def cylinder_km(shadow: str) -> float:
    """Radius of a cylindrical shadow. Raises ConfigError below the Earth's or at the lowest orbit and above."""
    text = shadow.removeprefix("cylinder, ")
    radius_km = EARTH_RADIUS_KM if text == "Re" else float(text.removesuffix(" km"))
    if not EARTH_RADIUS_KM - 30.0 <= radius_km <= EARTH_RADIUS_KM + 150.0:
        raise ConfigError(f"shadow = {shadow!r}: must be within -30 and 150 km of Re = {EARTH_RADIUS_KM} km")
    return radius_km


class P06Inputs(Inputs, frozen=True):
    """The orbit's height."""

    altitude_km: AltitudeKm = field(name="h_km")
    earth_radius_km: Positive = field(name="Re")

    def __post_init__(self) -> None:
        require_constants(Re=(self.earth_radius_km, EARTH_RADIUS_KM))


class P07Inputs(Inputs, frozen=True):
    """The orbit's height and both bodies."""

    altitude_km: AltitudeKm = field(name="h_km")
    earth_radius_km: Positive = field(name="Re")
    sun_radius_km: Positive = field(name="Rsun")
    note: Literal["theta measured from the sub-solar direction, beta=0"]

    def __post_init__(self) -> None:
        require_constants(Re=(self.earth_radius_km, EARTH_RADIUS_KM), Rsun=(self.sun_radius_km, SUN_RADIUS_KM))


class P08Inputs(Inputs, frozen=True):
    """Surface and surroundings."""

    flux_w_m2: FluxWM2 = field(name="S")
    absorptance: AboveZeroShare = field(name="alpha")
    emissivity: AboveZeroShare = field(name="eps")
    ir_w_m2: FluxWM2 = field(name="IR")
    albedo: Share
    altitude_km: AltitudeKm = field(name="h_km")
    space_k: SinkK = field(name="Tspace")


class P09Inputs(Inputs, frozen=True):
    """Distance from the Earth's centre in its radii, and its light."""

    h_ratio: Positive = field(name="H")
    ir_w_m2: FluxWM2 = field(name="IR")
    albedo: Share
    flux_w_m2: FluxWM2 = field(name="S")


class P16Inputs(Inputs, frozen=True):
    """A cell's data sheet."""

    cell: str
    isc_a: Positive = field(name="Isc")
    voc_v: Positive = field(name="Voc")
    imp_a: Positive = field(name="Imp")
    vmp_v: Positive = field(name="Vmp")
    coefficients_per_k: tuple[PerK, PerK, PerK, PerK] = field(name="coeffs")
    """of Isc, Voc, Imp and Vmp"""
    area_m2: Positive = field(name="A_m2")
    model: Literal["I=Isc[1-C1(exp(V/(C2 Voc))-1)]"]


class P17Inputs(Inputs, frozen=True):
    """The orbit's height, the light and a flat efficiency."""

    altitude_km: AltitudeKm = field(name="h_km")
    flux_w_m2: FluxWM2 = field(name="S")
    efficiency: AboveZeroShare = field(name="eff")
    shadow: Literal["cylinder"]
    array_sizing: Literal["Psa=[Pe Te/Xe + Pd Td/Xd]/Td, Xe=.85 Xd=.90"]
    zenith_m2: AreaM2 = field(name="A_zenith", default=0.06)
    ram_m2: AreaM2 = field(name="A_ram", default=0.02)
    """of ram and of wake"""
    side_m2: AreaM2 = field(name="A_side", default=0.03)
    """of either side"""


class P22Inputs(Inputs, frozen=True):
    """The orbit's height, and the station's end of the link."""

    altitude_km: AltitudeKm = field(name="h_km")
    boltzmann_db: Decibel = field(name="k_dB")
    g_over_t_db_k: Decibel = field(name="G_T")
    losses_db: Decibel = field(name="losses_dB")
    transmit_w: Positive = field(name="P_tx_W", default=2.0)
    gain_dbi: Decibel = field(name="G_tx_dBi", default=12.0)
    eirp_dbw: Decibel | None = field(name="EIRP_dBW", default=None)
    """in place of the two"""
    frequency_ghz: Annotated[float, Meta(gt=0.0, le=1e6)] = field(name="f_GHz", default=8.2)
    required_db: Decibel = field(name="EbN0_req_dB", default=4.5)
    margin_db: Decibel = field(name="margin_dB", default=3.0)

    def __post_init__(self) -> None:
        require_constants(k_dB=(self.boltzmann_db, BOLTZMANN_DB))


class P23Inputs(Inputs, frozen=True):
    """Elements, a span of time, and stations by name."""

    tle: tuple[TleLine, TleLine]
    start: str
    hours: Annotated[float, Meta(gt=0.0, le=240.0)]
    mask_deg: Annotated[float, Meta(ge=0.0, lt=90.0)]
    stations: Annotated[dict[str, Place], Meta(min_length=1, max_length=100)]
