"""Reference cases of cells and silicon: P16, P20.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from flightsw.devices.profiles import load_profile
from flightsw.devices.silicon import PowerMode, Silicon
from flightsw.plant.array import REFERENCE_FLUX_W_M2, CellConfig, cell_current_a, maximum_power
from flightsw.plant.constants import SOLAR_CONSTANT_W_M2
from flightsw.plant.thermal import HIGHEST_K, ZERO_C_K
from flightsw.plant.thermal_kernel import compile_step
from flightsw.validation.case import Case
from flightsw.validation.networks import FIXED_J_K, lumps


def p16(case: Case) -> None:
    """A solar cell's maximum power, and direct transfer."""
    given = case.inputs
    isc_per_k, voc_per_k, imp_per_k, vmp_per_k = given["coeffs"]
    cell = CellConfig(
        isc_a=given["Isc"],
        voc_v=given["Voc"],
        imp_a=given["Imp"],
        vmp_v=given["Vmp"],
        isc_per_k=isc_per_k,
        voc_per_k=voc_per_k,
        imp_per_k=imp_per_k,
        vmp_per_k=vmp_per_k,
        area_m2=given["A_m2"],
    )
    for name, flux, cell_c, quantity in case.asked("G#_T#_(Pmp_W|Vmp_V|Imp_A)"):
        watts, volts = maximum_power(cell, float(flux), float(cell_c))
        case.found(name, {"Pmp_W": watts, "Vmp_V": volts, "Imp_A": watts / volts}[quantity])
    for name, flux, cell_c in case.asked("G#_T#_Isc_A"):
        case.found(name, cell_current_a(cell, float(flux), float(cell_c), 0.0))
    for name, flux, cell_c in case.asked("G#_T#_Voc_V"):
        case.found(name, _open_circuit_v(cell, float(flux), float(cell_c)))
    for name, cell_c, flux in case.asked("eta_#C_#"):
        case.found(name, maximum_power(cell, float(flux), float(cell_c))[0] / (float(flux) * cell.area_m2))
    for name, low_c, high_c in case.asked("relative_temp_coeff_#_to_#C_per_K"):
        low_w, high_w = (maximum_power(cell, REFERENCE_FLUX_W_M2, float(at_c))[0] for at_c in (low_c, high_c))
        case.found(name, (high_w / low_w - 1.0) / (float(high_c) - float(low_c)))
    # At the solar constant, which isn't among the inputs.
    for name, volts_all, cells, cell_c in case.asked("DET_#V_#s_T#_W"):
        bus_v = float(volts_all)
        amps = cell_current_a(cell, SOLAR_CONSTANT_W_M2, float(cell_c), bus_v / float(cells))
        case.found(name, bus_v * amps)
    for name, cells, cell_c in case.asked("MPPT_#s_T#_W"):
        case.found(name, float(cells) * maximum_power(cell, SOLAR_CONSTANT_W_M2, float(cell_c))[0])


def _bisected(low: float, high: float, above: Callable[[float], bool]) -> float:
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if above(middle) else (middle, high)
    return 0.5 * (low + high)


def _open_circuit_v(cell: CellConfig, flux_w_m2: float, cell_c: float) -> float:
    """Voltage from which the cell gives no current."""
    return _bisected(0.0, 2.0 * cell.voc_v + 10.0, lambda v: cell_current_a(cell, flux_w_m2, cell_c, v) <= 0.0)


def p20(case: Case) -> None:
    """Leakage: fixed points and runaway."""
    given = case.inputs
    silicon = replace(
        load_profile("orin-nano").silicon(),
        modes=(PowerMode("only", 100.0, given["Pd"]),),
        leakage_w=given["PL0"],
        leakage_per_k=given["b"],
        leakage_reference_c=given["T0"],
    )
    ambient_c: float = given["Ta"]
    for (resistance,) in dict.fromkeys(row[1:2] for row in case.asked("R#_(?:T_stable_C|T_unstable_C|P_total_W)")):
        _fixed_points(case, silicon, float(resistance), f"R{resistance}")
    limit_k_w = silicon.runs_away_above_k_w(ambient_c, given["Pd"])
    case.found("R_runaway_K_W", limit_k_w)
    tangent_c = given["T0"] - math.log(given["b"] * limit_k_w * given["PL0"]) / given["b"]
    case.found("T_at_runaway_C", tangent_c)
    balance_c = silicon.idle_w(0, tangent_c) * limit_k_w + ambient_c
    case.require(abs(balance_c - tangent_c) < 1e-6, "both sides meet at the limit")
    for name, resistance in case.asked("Ta_runaway_R#_C"):
        case.found(name, _hottest_surroundings_c(silicon, float(resistance), given["Pd"]))


def _hottest_surroundings_c(silicon: Silicon, resistance_k_w: float, dynamic_w: float) -> float:
    """In which it has a stable temperature yet."""
    return _bisected(-300.0, 300.0, lambda at_c: silicon.runs_away_above_k_w(at_c, dynamic_w) < resistance_k_w)


def _fixed_points(case: Case, silicon: Silicon, resistance_k_w: float, name: str) -> None:
    """Where heating and cooling balance: met by stepping, and the one above it from which it runs away."""
    given = case.inputs
    ambient_c: float = given["Ta"]
    step = compile_step(lumps([6.0, FIXED_J_K], [(0, 1, 1.0 / resistance_k_w)]), 1.0)
    nodes_k: tuple[float, ...] = (ambient_c + ZERO_C_K,) * 2
    for _ in range(10000):
        nodes_k, _ = step(nodes_k, [silicon.idle_w(0, nodes_k[0] - ZERO_C_K), 0.0])
        case.require(nodes_k[0] < HIGHEST_K, f"{resistance_k_w} K/W have a stable temperature")
    chip_c = nodes_k[0] - ZERO_C_K
    case.found(f"{name}_T_stable_C", chip_c)
    case.found(f"{name}_P_total_W", silicon.idle_w(0, chip_c))

    def heats_up(at_c: float) -> bool:
        return silicon.idle_w(0, at_c) * resistance_k_w + ambient_c > at_c

    # Between the two fixed points it cools; the least excess lies where leakage grows 1 K/K.
    least_c = given["T0"] - math.log(given["b"] * resistance_k_w * given["PL0"]) / given["b"]
    case.require(not heats_up(least_c), "a range in which it cools")
    case.found(f"{name}_T_unstable_C", _bisected(least_c, least_c + 20.0 / given["b"], heats_up))
