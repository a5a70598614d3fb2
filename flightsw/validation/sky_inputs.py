"""Inputs of the cases of orbit, Sun, shadow, light, cells and link: P01-P09, P16, P17, P22, P23."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

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
from flightsw.validation.inputs import AboveZeroShare, FluxWM2, Inputs, Nought, Positive, Share, require_constants

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
    epochs: Literal["12:00 UTC"]

    def __post_init__(self) -> None:
        require_constants(S0=(self.solar_constant_w_m2, SOLAR_CONSTANT_W_M2))


class P05Inputs(Inputs, frozen=True):
    """How the year is sampled and which shadow is meant."""

    sampling: Annotated[str, Meta(pattern="^every ([1-9]|1[0-9]|2[0-4]) h from [0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    shadow: Literal["cylinder, Re"]


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
    space_k: Nought = field(name="Tspace")


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


class P22Inputs(Inputs, frozen=True):
    """The orbit's height, and the station's end of the link."""

    altitude_km: AltitudeKm = field(name="h_km")
    boltzmann_db: Decibel = field(name="k_dB")
    g_over_t_db_k: Decibel = field(name="G_T")
    losses_db: Decibel = field(name="losses_dB")

    def __post_init__(self) -> None:
        require_constants(k_dB=(self.boltzmann_db, BOLTZMANN_DB))


class P23Inputs(Inputs, frozen=True):
    """Elements, a span of time, and stations by name."""

    tle: tuple[TleLine, TleLine]
    start: str
    hours: Annotated[float, Meta(gt=0.0, le=240.0)]
    mask_deg: Annotated[float, Meta(ge=0.0, lt=90.0)]
    stations: Annotated[dict[str, Place], Meta(min_length=1, max_length=100)]
