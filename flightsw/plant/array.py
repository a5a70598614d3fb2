"""Solar array: strings of cells at their maximum power point.

    I = Isc [1 - C1 (exp(V / (C2 Voc)) - 1)]
    C2 = (Vmp/Voc - 1) / ln(1 - Imp/Isc),  C1 = (1 - Imp/Isc) exp(-Vmp / (C2 Voc))

(Rauschenbach, Solar Cell Array Design Handbook, 1980.) With x = V / (C2 Voc) the power is stationary where
(1 + x) exp(1 + x) = e (1 + C1) / C1: Lambert W. Currents are proportional to the flux, voltages are not; both move
linearly with temperature, down to where the currents meet. Valid up to 200 C; bypass and reverse behaviour are not
modelled.

`ArrayConfig`, and a `PanelConfig` for every further set (see `panels`), come from the scenario. The plant asks for
`SolarArray.available_w` every tick; the electrical power really drawn is taken from the cells' heat by the caller.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError, PhysicsError

REFERENCE_FLUX_W_M2 = 1367.0
"""AM0 flux that the cell's data sheet is stated at (ASTM E490 of its time)."""
REFERENCE_C = 28.0
LOWEST_C, HIGHEST_C, STEP_K = -273.5, 200.0, 0.5
COLDEST_FIT_C = -80.0
"""Down to here a cell's coefficients must hold."""
CLOSEST = 0.9998
"""Imp/Isc up to which they are taken to hold: see `coldest_fit_c`."""


class CellConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cell at 28 C and AM0. Defaults: a 30 % triple-junction cell, AzurSpace 3G30C class, begin of life."""

    isc_a: Annotated[float, Meta(gt=0.0, le=100.0)] = 0.5202
    voc_v: Annotated[float, Meta(gt=0.0, le=10.0)] = 2.700
    imp_a: Annotated[float, Meta(gt=0.0, le=100.0)] = 0.5044
    vmp_v: Annotated[float, Meta(gt=0.0, le=10.0)] = 2.411
    isc_per_k: Annotated[float, Meta(ge=-0.1, le=0.1)] = 0.00036
    voc_per_k: Annotated[float, Meta(ge=-0.1, le=0.1)] = -0.0062
    imp_per_k: Annotated[float, Meta(ge=-0.1, le=0.1)] = 0.00024
    vmp_per_k: Annotated[float, Meta(ge=-0.1, le=0.1)] = -0.0067
    area_m2: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.003018

    def __post_init__(self) -> None:
        """The curve must be one at the sheet's temperature, in the cold and in the heat: all is linear between."""
        for cell_c in (REFERENCE_C, COLDEST_FIT_C, HIGHEST_C):
            warm_k = cell_c - REFERENCE_C
            for inner, inner_per_k, outer, outer_per_k in (
                ("imp_a", self.imp_per_k, "isc_a", self.isc_per_k),
                ("vmp_v", self.vmp_per_k, "voc_v", self.voc_per_k),
            ):
                low = getattr(self, inner) + inner_per_k * warm_k
                high = getattr(self, outer) + outer_per_k * warm_k
                if not 0.0 < low < high:
                    raise ConfigError(
                        f"array.cell.{inner} = {low:.6g} at {cell_c} C: must be above 0 and below {outer} = {high:.6g}"
                    )


class CellsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cells that all face one way: `strings` in parallel of `cells_per_string`, or an area of one efficiency."""

    cell: CellConfig = CellConfig()
    cells_per_string: Annotated[int, Meta(ge=1, le=10000)] | None = None
    strings: Annotated[int, Meta(ge=1, le=10_000_000)] = 1
    """in parallel; one that fails takes its share of the power with it"""
    area_m2: Annotated[float, Meta(gt=0.0, le=1e6)] | None = None
    """in place of `cells_per_string`: of the lit face"""
    packing: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.9
    """share of `area_m2` that is cells"""
    efficiency: Annotated[float, Meta(gt=0.0, le=0.6)] = 0.295
    """of the cells of `area_m2` at `reference_c`: a triple-junction cell's"""
    power_per_k: Annotated[float, Meta(ge=-0.02, le=0.02)] = -0.0023
    """relative, of the cells of `area_m2`"""
    reference_c: Annotated[float, Meta(ge=-50.0, le=100.0)] = REFERENCE_C
    node: str = "array"
    """thermal node of the cells"""
    degradation: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    """remaining share of begin-of-life power"""
    absorptance: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.90
    """of the cover glass over cells (3G30C data sheet: at most 0.91)"""

    def __post_init__(self) -> None:
        if (self.cells_per_string is None) is (self.area_m2 is None):
            given = "neither" if self.area_m2 is None else "both"
            raise ConfigError(f"{self.where}: {given} of cells_per_string and area_m2: must have one")

    @property
    def where(self) -> str:
        """What these cells are, for messages."""
        return "array"

    @property
    def lit_area_m2(self) -> float:
        """Of the face that is lit."""
        if self.area_m2 is not None:
            return self.area_m2
        assert self.cells_per_string is not None
        return self.cell.area_m2 * self.cells_per_string * self.strings


class ArrayConfig(CellsConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The array. Other sets of cells, on faces of the body, are `panels`."""

    transfer: Literal["mppt", "direct"] = "mppt"
    """of array and panels: at their maximum power point, or at the battery's voltage, which a string then must be made
    for"""
    mppt_efficiency: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.95
    """tracking and converter, of panels too; 0.95-0.97 is usual. Of `direct`, what diodes and harness leave of the
    strings' voltage"""
    pointing_cos: Annotated[float, Meta(ge=0.0, le=1.0)] = 1.0
    """cosine of the angle to the Sun while it is tracked"""
    albedo: bool = False
    """whether sunlight from the Earth counts, as the attitude shows it to the front; what surfaces on the front take in
    of it is beside that"""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.transfer == "direct" and self.cells_per_string is None:
            raise ConfigError('array.transfer = "direct": must have cells_per_string, whose curve says what they give')


@cache
def coldest_fit_c(cell: CellConfig) -> float:
    """Temperature below which a cell is taken to be at it, for its linear coefficients would cross there (Imp > Isc or
    Vmp > Voc; 3G30C: at -103 C). An array is so cold only in the first minutes after a long eclipse."""
    met_c = [LOWEST_C]
    for inner, inner_per_k, outer, outer_per_k in (
        (cell.imp_a, cell.imp_per_k, cell.isc_a, cell.isc_per_k),
        (cell.vmp_v, cell.vmp_per_k, cell.voc_v, cell.voc_per_k),
    ):
        closing_per_k = CLOSEST * outer_per_k - inner_per_k
        if closing_per_k > 0.0:
            met_c.append(REFERENCE_C - (CLOSEST * outer - inner) / closing_per_k)
        if inner_per_k > 0.0:
            met_c.append(REFERENCE_C - CLOSEST * inner / inner_per_k)
    return math.ceil(max(met_c) / STEP_K) * STEP_K


def maximum_power(cell: CellConfig, flux_w_m2: float, cell_c: float) -> tuple[float, float]:
    """(watts, volts) of one cell at its maximum power point. Raises PhysicsError outside the valid range."""
    if not LOWEST_C <= cell_c <= HIGHEST_C:
        raise PhysicsError(f"solar cell at {cell_c:.1f} C: the model holds up to {HIGHEST_C} C")
    if flux_w_m2 <= 0.0:
        return 0.0, 0.0
    warm_k = max(cell_c, coldest_fit_c(cell)) - REFERENCE_C
    share = flux_w_m2 / REFERENCE_FLUX_W_M2
    isc_a = (cell.isc_a + cell.isc_per_k * warm_k) * share
    imp_a = (cell.imp_a + cell.imp_per_k * warm_k) * share
    voc_v = cell.voc_v + cell.voc_per_k * warm_k
    vmp_v = cell.vmp_v + cell.vmp_per_k * warm_k
    c2 = (vmp_v / voc_v - 1.0) / math.log(1.0 - imp_a / isc_a)
    c1 = (1.0 - imp_a / isc_a) * math.exp(-vmp_v / (c2 * voc_v))
    x = _lambert_w_of_exp(1.0 + math.log((1.0 + c1) / c1)) - 1.0
    volts = x * c2 * voc_v
    return volts * isc_a * (1.0 - c1 * math.expm1(x)), volts


def cell_current_a(cell: CellConfig, flux_w_m2: float, cell_c: float, volts: float) -> float:
    """Current of one cell held at a voltage (direct energy transfer), never below 0."""
    if flux_w_m2 <= 0.0:
        return 0.0
    warm_k = max(cell_c, coldest_fit_c(cell)) - REFERENCE_C
    share = flux_w_m2 / REFERENCE_FLUX_W_M2
    isc_a = (cell.isc_a + cell.isc_per_k * warm_k) * share
    ratio = (cell.imp_a + cell.imp_per_k * warm_k) * share / isc_a
    voc_v = cell.voc_v + cell.voc_per_k * warm_k
    vmp_v = cell.vmp_v + cell.vmp_per_k * warm_k
    c2 = (vmp_v / voc_v - 1.0) / math.log(1.0 - ratio)
    c1 = (1.0 - ratio) * math.exp(-vmp_v / (c2 * voc_v))
    return max(0.0, isc_a * (1.0 - c1 * math.expm1(volts / (c2 * voc_v))))


def _lambert_w_of_exp(log_argument: float) -> float:
    """W(exp(y)) by Newton on w + ln w = y, which neither overflows nor needs a good start."""
    w = max(log_argument - math.log(max(log_argument, 1.0)), 0.5)
    for _ in range(50):
        step = (w + math.log(w) - log_argument) * w / (w + 1.0)
        w -= step
        if abs(step) < 1e-14 * w:
            break
    return w


class SolarArray:
    """Cells' power by temperature, tabulated once: at fixed temperature it is proportional to the flux on them.

    Linear interpolation over 0.5 K is within 2e-6 of `maximum_power` (a test compares them).
    """

    def __init__(self, config: CellsConfig, strings_failed: int = 0, pointing_cos: float = 1.0) -> None:
        if not 0 <= strings_failed <= config.strings:
            raise PhysicsError(f"strings_failed = {strings_failed}: must be from 0 to {config.strings}")
        self.config = config
        alive = 1.0 - strings_failed / config.strings
        scale = alive * config.degradation * pointing_cos
        self._lit_strings = scale * config.strings
        count = round((HIGHEST_C - LOWEST_C) / STEP_K) + 1
        self._w_per_w_m2 = [scale * _peak_w_per_w_m2(config, LOWEST_C + STEP_K * n) for n in range(count)]
        self._absorbed_m2 = config.lit_area_m2 * config.absorptance * pointing_cos

    def available_w(self, flux_w_m2: float, array_c: float) -> float:
        """Power at the array's terminals if all of it is taken. Raises PhysicsError above 200 C."""
        if not LOWEST_C <= array_c < HIGHEST_C:
            raise PhysicsError(f"solar {self.config.where} at {array_c:.1f} C: the model holds up to {HIGHEST_C} C")
        table, place = self._w_per_w_m2, (array_c - LOWEST_C) / STEP_K
        index = int(place)
        low = table[index]
        return flux_w_m2 * (low + (table[index + 1] - low) * (place - index))

    def direct_w(self, flux_w_m2: float, array_c: float, volts: float) -> float:
        """Power at the array's terminals where they are held at a voltage. Raises PhysicsError above 200 C."""
        config = self.config
        assert config.cells_per_string is not None
        if not LOWEST_C <= array_c < HIGHEST_C:
            raise PhysicsError(f"solar {config.where} at {array_c:.1f} C: the model holds up to {HIGHEST_C} C")
        amps = cell_current_a(config.cell, flux_w_m2, array_c, volts / config.cells_per_string)
        return volts * amps * self._lit_strings

    def absorbed_w(self, flux_w_m2: float) -> float:
        """Light taken in by the cells, electricity included."""
        return flux_w_m2 * self._absorbed_m2


def _peak_w_per_w_m2(config: CellsConfig, cell_c: float) -> float:
    """Power of all cells facing the Sun, per unit of flux."""
    if config.area_m2 is not None:
        warm = 1.0 + config.power_per_k * (cell_c - config.reference_c)
        return config.area_m2 * config.packing * config.efficiency * max(0.0, warm)
    assert config.cells_per_string is not None
    watts, _ = maximum_power(config.cell, REFERENCE_FLUX_W_M2, cell_c)
    return config.cells_per_string * config.strings * watts / REFERENCE_FLUX_W_M2
