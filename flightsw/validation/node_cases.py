"""Reference case of a whole spacecraft over many orbits: P25, run by the code that the plant process steps.

The spacecraft is made from the case's inputs as any user would make one (`flightsw.satellite`). Read off from the
reference values, as the inputs don't say: the run starts at orbit noon; the array turns about one axis, so that its
light goes with the cosine of beta; the payload works from `t_on` to `t_off` of every orbit,
over its end where `t_off` is the lesser; `E_avail` and `E_used`
stand behind the MPPT, whose loss heats the bus and isn't part of `E_conv`.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from flightsw.node.satellite import Satellite, Series, open_satellite
from flightsw.plant.thermal import ZERO_C_K
from flightsw.validation.case import Case
from flightsw.validation.inputs import ocv_points
from flightsw.validation.node_inputs import ends_of

DT_S = 1.0


def p25(case: Case) -> None:
    """A 6U node over 15 orbits, all forcing prescribed."""
    given = case.inputs
    satellite = open_satellite({"dt_s": DT_S, "plant": plant_table(given)})
    series = satellite.run(f"{given['orbits']}orbits")
    _states(case, satellite, series)
    totals, mppt = satellite.totals, given["mppt"]
    energies_j = {
        "avail": (totals["array_j"] + totals["curtailed_j"]) * mppt,
        "used": totals["array_j"] * mppt,
        "load": totals["load_j"],
        "conv": totals["conversion_loss_j"] - totals["array_j"] * (1.0 - mppt),
        "batt_heat": totals["battery_heat_j"],
        "rad_out": totals["heat_out_j"],
        "env": totals["environment_j"],
    }
    for row, name in case.asked("E_([a-z_]+)_(?:24h_)?Wh"):
        if name in energies_j:
            case.found(row, energies_j[name] / 3600.0)
    case.found("eclipse_s", float((1.0 - series["sunlit"]).sum()) * satellite.config.dt_s / given["orbits"])
    heater_w = given["P_heat"]
    heated_j = float(series["load_w.heater"].sum()) * satellite.config.dt_s
    case.found("heater_on_s", heated_j / heater_w if heater_w > 0.0 else 0.0)
    case.found("ledger_electrical_residual_J", totals["electrical_residual_j"])
    case.found("ledger_thermal_residual_J", totals["thermal_residual_j"])


_SUMMARY: dict[str, Any] = {"max": np.max, "min": np.min, "mean": np.mean}


def _states(case: Case, satellite: Satellite, series: Series) -> None:
    period_s, dt_s, soc = case.inputs["T"], satellite.config.dt_s, series["soc"]
    for name, count in case.asked("soc_end_orbit#"):
        case.found(name, soc[round(float(count) * period_s / dt_s) - 1])
    last = round(period_s / dt_s)
    case.found("soc_min_last_orbit", soc[-last:].min())
    case.found("soc_max_last_orbit", soc[-last:].max())
    for name, node, which in case.asked("T_([a-z0-9_]+)_(max|min|mean)_last_orbit_K"):
        case.found(name, _SUMMARY[which](series[f"node_c.{node}"][-last:] + ZERO_C_K))
    for name, which in case.asked("V_batt_(max|min|mean)_last_orbit_V"):
        case.found(name, _SUMMARY[which](series["battery_v"][-last:]))
    case.found("soc_mean_last_orbit", soc[-last:].mean())
    for name, count in case.asked("V_batt_end_orbit#_V"):
        case.found(name, series["battery_v"][round(float(count) * period_s / dt_s) - 1])


SPACE = "deep_space"


def plant_table(given: dict[str, Any]) -> dict[str, Any]:
    """The case's spacecraft as a `[plant]` table. A sink above 0 K is a boundary that surfaces exchange with."""
    areas_m2 = {
        "rad": (given["Arad"], given["erad"]),
        "bus": (given["mli"], 1.0),
        "arr": (2.0 * given["A"], given["eps"]),
    }
    table = _electrical_table(given)
    nodes = [
        {
            "name": name,
            "capacity_j_k": capacity_j_k,
            "initial_c": given["Tarr0" if name == "arr" else "T0"] - ZERO_C_K,
            "surfaces": [],
        }
        for name, capacity_j_k in given["C"].items()
    ]
    couplings: list[dict[str, Any]] = []
    for pair, w_k in given["G"].items():
        a, b = ends_of(pair, given["C"])
        couplings.append({"a": a, "b": b, "w_k": w_k})
    for name, (area_m2, emissivity) in areas_m2.items():
        if given["sink_K"] > 0.0:
            couplings.append({"a": name, "b": SPACE, "radiative_m2": area_m2 * emissivity})
        else:
            node = next(node for node in nodes if node["name"] == name)
            node["surfaces"] = [{"area_m2": area_m2, "emissivity": emissivity}]
    if given["sink_K"] > 0.0:
        nodes.append({"name": SPACE, "held_c": given["sink_K"] - ZERO_C_K})
    switch = {
        "node": "batt",
        "load": "heater",
        "on_below_c": given["T_lo"] - ZERO_C_K,
        "off_above_c": given["T_hi"] - ZERO_C_K,
    }
    return table | {"thermal": {"nodes": nodes, "couplings": couplings, "thermostats": [switch]}}


def _duty(on_s: float, off_s: float, period_s: float, idle_w: float, active_w: float) -> list[list[float]]:
    """The payload's staircase over an orbit."""
    works_at_start = on_s == 0.0 or 0.0 < off_s < on_s
    edges = [[on_s, active_w], [off_s, idle_w]]
    inside = sorted(edge for edge in edges if 0.0 < edge[0] < period_s)
    return [[0.0, active_w if works_at_start else idle_w], *inside]


def _electrical_table(given: dict[str, Any]) -> dict[str, Any]:
    idle_w, active_w = given["P_idle"], given["P_idle"] + given["P_act"]
    return {
        "battery_node": "batt",
        "prescribed": {
            "period_s": given["T"],
            "altitude_km": given["h"],
            "beta_deg": given["beta"],
            "flux_w_m2": given["S"],
            "shadow": given["shadow"],
        },
        "array": {
            "node": "arr",
            "area_m2": given["A"],
            "packing": given["pack"],
            "efficiency": given["eta"],
            "power_per_k": -given["tc"],
            "mppt_efficiency": given["mppt"],
            "absorptance": given["alpha"],
            "pointing_cos": math.cos(math.radians(given["beta"])),
        },
        "battery": {
            "capacity_ah": given["Q"],
            "r0_ohm": given["R"],
            "temperature_dependent": False,
            "coulombic_efficiency": given["etac"],
            "charge_limit_a": given["Imax"],
            "charge_limit_v": given["Vmax"],
            "initial_soc": given["s0"],
            "ocv": msgspec.to_builtins(ocv_points(given.get("ocv", "12.8+3.6 s"))),
            "r1_ohm": given.get("R1", 0.0),
            "c1_f": given.get("C1", 1500.0),
        },
        "distribution": {"efficiency": given["eta_load"]},
        "loads": [
            {"name": "platform", "power_w": given["P_bus"]},
            {
                "name": "compute",
                "node": "die",
                "leakage_w": given["PL0"],
                "leakage_per_k": given["bL"],
                "leakage_reference_c": given["TL"] - ZERO_C_K,
            },
            {"name": "heater", "node": "batt", "power_w": given["P_heat"]},
        ],
        "schedules": [
            {
                "load": "compute",
                "period_s": given["T"],
                "steps": _duty(given["t_on"], given["t_off"], given["T"], idle_w, active_w),
            }
        ],
        "heat": [
            {"node": "rad", "always_w": given["Qrad_ir"], "sunlit_w": given["Qrad_sun"]},
            {"node": "arr", "always_w": given["Qenv_arr"]},
        ],
    }
