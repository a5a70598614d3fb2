"""Reference case of a whole spacecraft over many orbits: P25, run by the code that the plant process steps.

The spacecraft is made from the case's inputs as any user would make one (`flightsw.satellite`). Read off from the
reference values, as the inputs don't say: the run starts at orbit noon; the array turns about one axis, so that its
light goes with the cosine of beta; the payload works from `t_on` to `t_off` of every orbit; `E_avail` and `E_used`
stand behind the MPPT, whose loss heats the bus and isn't part of `E_conv`.
"""

from __future__ import annotations

import math
from typing import Any

from flightsw.node.satellite import Satellite, Series, open_satellite
from flightsw.plant.thermal import ZERO_C_K
from flightsw.validation.case import Case

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
    for name, energy_j in energies_j.items():
        case.found(f"E_{name}_24h_Wh", energy_j / 3600.0)
    case.found("eclipse_s", float((1.0 - series["sunlit"]).sum()) * satellite.config.dt_s / given["orbits"])
    case.found("heater_on_s", float(series["load_w.heater"].sum()) * satellite.config.dt_s / given["P_heat"])
    case.found("ledger_electrical_residual_J", totals["electrical_residual_j"])
    case.found("ledger_thermal_residual_J", totals["thermal_residual_j"])


def _states(case: Case, satellite: Satellite, series: Series) -> None:
    per_orbit = round(case.inputs["T"] / satellite.config.dt_s)
    soc = series["soc"]
    for count in (1, 5, 10, 15):
        case.found(f"soc_end_orbit{count}", soc[count * per_orbit - 1])
    case.found("soc_min_last_orbit", soc[-per_orbit:].min())
    case.found("soc_max_last_orbit", soc[-per_orbit:].max())
    for node in case.inputs["C"]:
        course_k = series[f"node_c.{node}"][-per_orbit:] + ZERO_C_K
        case.found(f"T_{node}_max_last_orbit_K", course_k.max())
        case.found(f"T_{node}_min_last_orbit_K", course_k.min())


def plant_table(given: dict[str, Any]) -> dict[str, Any]:
    """The case's spacecraft as a `[plant]` table."""
    surfaces = {
        "rad": {"area_m2": given["Arad"], "emissivity": given["erad"]},
        "bus": {"area_m2": given["mli"], "emissivity": 1.0},
        "arr": {"area_m2": 2.0 * given["A"], "emissivity": given["eps"]},
    }
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
                "steps": [[0.0, idle_w], [given["t_on"], active_w], [given["t_off"], idle_w]],
            }
        ],
        "heat": [
            {"node": "rad", "always_w": given["Qrad_ir"], "sunlit_w": given["Qrad_sun"]},
            {"node": "arr", "always_w": given["Qenv_arr"]},
        ],
        "thermal": {
            "nodes": [
                {
                    "name": name,
                    "capacity_j_k": capacity_j_k,
                    "initial_c": given["Tarr0" if name == "arr" else "T0"] - ZERO_C_K,
                    "surfaces": [surfaces[name]] if name in surfaces else [],
                }
                for name, capacity_j_k in given["C"].items()
            ],
            "couplings": [
                {"a": pair.split("_")[0], "b": pair.split("_")[1], "w_k": w_k} for pair, w_k in given["G"].items()
            ],
            "thermostats": [
                {
                    "node": "batt",
                    "load": "heater",
                    "on_below_c": given["T_lo"] - ZERO_C_K,
                    "off_above_c": given["T_hi"] - ZERO_C_K,
                }
            ],
        },
    }
