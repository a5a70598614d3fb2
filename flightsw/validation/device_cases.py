"""Reference cases of cells and silicon: P16, P20.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from flightsw.devices.profiles import load_profile
from flightsw.devices.silicon import PowerMode
from flightsw.plant.array import CellConfig, cell_current_a, maximum_power
from flightsw.plant.thermal import ZERO_C_K
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
    places = ((1367, 28), (1361, 28), (1361, 60), (1361, 80), (1361, -60), (1316.8, 70), (1407.6, 70), (680.5, 40))
    for flux_w_m2, cell_c in places:
        watts, volts = maximum_power(cell, flux_w_m2, cell_c)
        case.found(f"G{flux_w_m2}_T{cell_c}_Pmp_W", watts)
        case.found(f"G{flux_w_m2}_T{cell_c}_Vmp_V", volts)
    at_28_w, at_60_w = maximum_power(cell, 1367.0, 28.0)[0], maximum_power(cell, 1367.0, 60.0)[0]
    case.found("eta_28C_1367", at_28_w / (1367.0 * cell.area_m2))
    case.found("relative_temp_coeff_28_to_60C_per_K", (at_60_w / at_28_w - 1.0) / 32.0)
    for cell_c in (60, 80, -60):
        case.found(f"DET_16V_7s_T{cell_c}_W", 16.0 * cell_current_a(cell, 1361.0, cell_c, 16.0 / 7.0))
    for cell_c in (60, -60):
        case.found(f"MPPT_7s_T{cell_c}_W", 7.0 * maximum_power(cell, 1361.0, cell_c)[0])


def _bisected(low: float, high: float, above: Callable[[float], bool]) -> float:
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if above(middle) else (middle, high)
    return 0.5 * (low + high)


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
    for resistance_k_w in (0.5, 1.0, 1.5, 2.0):
        step = compile_step(lumps([6.0, FIXED_J_K], [(0, 1, 1.0 / resistance_k_w)]), 1.0)
        nodes_k: tuple[float, ...] = (ambient_c + ZERO_C_K,) * 2
        for _ in range(3000):
            nodes_k, _ = step(nodes_k, [silicon.idle_w(0, nodes_k[0] - ZERO_C_K), 0.0])
        chip_c = nodes_k[0] - ZERO_C_K
        case.found(f"R{resistance_k_w}_T_stable_C", chip_c)
        case.found(f"R{resistance_k_w}_P_total_W", silicon.idle_w(0, chip_c))

        def heats_up(at_c: float, r: float = resistance_k_w) -> bool:
            return silicon.idle_w(0, at_c) * r + ambient_c > at_c

        # Between the two fixed points it cools; the least excess lies where leakage grows 1 K/K.
        least_c = given["T0"] - math.log(given["b"] * resistance_k_w * given["PL0"]) / given["b"]
        case.require(not heats_up(least_c), "a range in which it cools")
        case.found(f"R{resistance_k_w}_T_unstable_C", _bisected(least_c, least_c + 300.0, heats_up))
    limit_k_w = silicon.runs_away_above_k_w(ambient_c, given["Pd"])
    case.found("R_runaway_K_W", limit_k_w)
    tangent_c = given["T0"] - math.log(given["b"] * limit_k_w * given["PL0"]) / given["b"]
    case.found("T_at_runaway_C", tangent_c)
    balance_c = silicon.idle_w(0, tangent_c) * limit_k_w + ambient_c
    case.require(abs(balance_c - tangent_c) < 1e-6, "both sides meet at the limit")
    hottest_c = _bisected(20.0, 200.0, lambda at_c: silicon.runs_away_above_k_w(at_c, given["Pd"]) < 1.5)
    case.found("Ta_runaway_R1.5_C", hottest_c)
