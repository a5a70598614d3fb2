"""A whole node over 15 orbits against reference case P25: array, battery, bus and heat composed as the plant does it.

Light, Earth loads and the payload's duty are prescribed by the case, and its array is a flat efficiency with one
temperature coefficient; everything else is what the plant steps with, at its usual step of 1 s. Read off from the
values, as the inputs don't say: the run starts at orbit noon; the array turns about one axis, so that its light goes
with the cosine of beta; the payload works from `t_on` to `t_off` of every orbit; `E_avail` and `E_used` stand behind
the MPPT, whose loss heats the bus and isn't part of `E_conv`.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flightsw.devices.profiles import load_profile
from flightsw.devices.silicon import PowerMode
from flightsw.plant import orbit, shadow
from flightsw.plant.battery import Battery, BatteryConfig
from flightsw.plant.distribution import DistributionConfig, Flows, LoadConfig, PowerBus
from flightsw.plant.ledger import Ledger
from flightsw.plant.thermal import ZERO_C_K, CouplingConfig, NodeConfig, SurfaceConfig, ThermalNetwork
from flightsw.plant.thermal import ThermalNetworkConfig as NetworkConfig

CASE: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "node_cases.json").read_text())["P25"]
GIVEN: dict[str, Any] = CASE["inputs"]
DT_S = 1.0
NODES = tuple(GIVEN["C"])
DIE, BOARD, BUS, BATTERY, RADIATOR, ARRAY = range(6)
ARRAY_REFERENCE_C = 28.0


class Node:
    """The case's spacecraft."""

    def __init__(self) -> None:
        emitting_m2 = {
            "rad": GIVEN["Arad"] * GIVEN["erad"],
            "bus": GIVEN["mli"],
            "arr": 2.0 * GIVEN["A"] * GIVEN["eps"],
        }
        self.network = ThermalNetwork(
            NetworkConfig(
                nodes=tuple(
                    NodeConfig(
                        name=name,
                        capacity_j_k=capacity_j_k,
                        initial_c=(GIVEN["Tarr0"] if name == "arr" else GIVEN["T0"]) - ZERO_C_K,
                        surfaces=(SurfaceConfig(area_m2=emitting_m2.get(name, 0.0), emissivity=1.0),),
                    )
                    for name, capacity_j_k in GIVEN["C"].items()
                ),
                couplings=tuple(
                    CouplingConfig(a=pair.split("_")[0], b=pair.split("_")[1], w_k=w_k)
                    for pair, w_k in GIVEN["G"].items()
                ),
            ),
            DT_S,
        )
        battery = Battery(
            BatteryConfig(
                capacity_ah=GIVEN["Q"],
                r0_ohm=GIVEN["R"],
                temperature_dependent=False,
                coulombic_efficiency=GIVEN["etac"],
                charge_limit_a=GIVEN["Imax"],
                charge_limit_v=GIVEN["Vmax"],
                initial_soc=GIVEN["s0"],
            ),
            DT_S,
        )
        loads = [LoadConfig(name=name) for name in ("platform", "payload", "heater")]
        self.bus = PowerBus(DistributionConfig(efficiency=GIVEN["eta_load"]), loads, battery, GIVEN["mppt"])
        self.state = battery.initial()
        self.nodes_k = self.network.initial_k()
        self.start_j = self.network.stored_j(self.nodes_k)
        self.silicon = replace(
            load_profile("orin-nano").silicon(),
            modes=(PowerMode("idle", 1.0, GIVEN["P_idle"]), PowerMode("active", 2.0, GIVEN["P_idle"] + GIVEN["P_act"])),
            leakage_w=GIVEN["PL0"],
            leakage_per_k=GIVEN["bL"],
            leakage_reference_c=GIVEN["TL"] - ZERO_C_K,
        )
        self.ledger = Ledger()
        self.heater_on = False
        self.heater_s = self.environment_j = self.mppt_loss_j = 0.0

    def tick(self, orbit_s: float, lit: float) -> None:
        """One step at a time of the orbit, a share of it in sunlight."""
        sun_w_m2 = lit * GIVEN["S"] * math.cos(math.radians(GIVEN["beta"]))
        warm_k = self.nodes_k[ARRAY] - ZERO_C_K - ARRAY_REFERENCE_C
        available_w = sun_w_m2 * GIVEN["A"] * GIVEN["pack"] * GIVEN["eta"] * (1.0 - GIVEN["tc"] * warm_k)
        battery_k = self.nodes_k[BATTERY]
        self.heater_on = battery_k <= GIVEN["T_lo"] or (self.heater_on and battery_k < GIVEN["T_hi"])
        mode = int(GIVEN["t_on"] <= orbit_s < GIVEN["t_off"])
        load_w = [
            GIVEN["P_bus"],
            self.silicon.idle_w(mode, self.nodes_k[DIE] - ZERO_C_K),
            GIVEN["P_heat"] if self.heater_on else 0.0,
        ]
        self.state, flows = self.bus.balance(available_w, load_w, self.state, battery_k - ZERO_C_K)
        assert not flows.brownout
        self.ledger.add_electrical(flows, available_w, load_w[1], DT_S)
        self._heat(lit, sun_w_m2, flows)

    def _heat(self, lit: float, sun_w_m2: float, flows: Flows) -> None:
        environment_w = [0.0] * 6
        environment_w[RADIATOR] = GIVEN["Qrad_ir"] + lit * GIVEN["Qrad_sun"]
        environment_w[ARRAY] = GIVEN["Qenv_arr"] + GIVEN["alpha"] * GIVEN["A"] * sun_w_m2
        heat_w = environment_w.copy()
        for node, power_w in zip((BUS, DIE, BATTERY), flows.load_w, strict=True):
            heat_w[node] += power_w
        heat_w[BUS] += flows.conversion_loss_w
        heat_w[BATTERY] += flows.battery.heat_j / DT_S
        heat_w[ARRAY] -= flows.array_used_w
        self.nodes_k, radiated_j = self.network.step(self.nodes_k, heat_w)
        self.ledger.add_thermal(heat_w, radiated_j, self.network.stored_j(self.nodes_k) - self.start_j, DT_S)
        self.environment_j += sum(environment_w) * DT_S
        self.heater_s += DT_S if self.heater_on else 0.0
        self.mppt_loss_j += flows.array_used_w * (1.0 - GIVEN["mppt"]) * DT_S


@pytest.fixture(scope="module")
def values() -> dict[str, float]:
    """The run's value of every reference row."""
    period_s, orbits, node = GIVEN["T"], GIVEN["orbits"], Node()
    dark_s = period_s * shadow.cylindrical_eclipse_fraction(orbit.semi_major_axis_km(GIVEN["h"]), GIVEN["beta"])
    entry_s, exit_s = 0.5 * (period_s - dark_s), 0.5 * (period_s + dark_s)
    socs, nodes_k = [], []
    for tick in range(round(orbits * period_s / DT_S)):
        orbit_s = tick * DT_S % period_s
        node.tick(orbit_s, 1.0 - max(0.0, min(orbit_s + DT_S, exit_s) - max(orbit_s, entry_s)) / DT_S)
        socs.append(node.state.soc)
        nodes_k.append(node.nodes_k)
    per_orbit = round(period_s / DT_S)
    found = {f"soc_end_orbit{count}": socs[count * per_orbit - 1] for count in (1, 5, 10, 15)}
    found |= {"soc_min_last_orbit": min(socs[-per_orbit:]), "soc_max_last_orbit": max(socs[-per_orbit:])}
    for name, course_k in zip(NODES, zip(*nodes_k[-per_orbit:], strict=True), strict=True):
        found |= {f"T_{name}_max_last_orbit_K": max(course_k), f"T_{name}_min_last_orbit_K": min(course_k)}
    ledger, mppt = node.ledger, GIVEN["mppt"]
    energies_j = {
        "avail": (ledger.array_j + ledger.curtailed_j) * mppt,
        "used": ledger.array_j * mppt,
        "load": ledger.load_j,
        "conv": ledger.conversion_loss_j - node.mppt_loss_j,
        "batt_heat": ledger.battery_heat_j,
        "rad_out": ledger.heat_out_j,
        "env": node.environment_j,
    }
    found |= {f"E_{name}_24h_Wh": energy_j / 3600 for name, energy_j in energies_j.items()}
    return found | {
        "eclipse_s": dark_s,
        "heater_on_s": node.heater_s,
        "ledger_electrical_residual_J": ledger.electrical_residual_j,
        "ledger_thermal_residual_J": ledger.thermal_residual_j,
    }


def test_every_reference_row_has_a_value(values: dict[str, float]) -> None:
    assert values.keys() == CASE["refs"].keys()


@pytest.mark.parametrize("row", list(CASE["refs"]))
def test_fifteen_orbits_agree_with_the_reference(values: dict[str, float], row: str) -> None:
    reference = CASE["refs"][row]
    relative = reference["tol_kind"] == "rel"
    assert values[row] == pytest.approx(
        reference["value"], rel=reference["tol"] if relative else 0.0, abs=0.0 if relative else reference["tol"]
    )


def test_both_ledgers_close_to_rounding(values: dict[str, float]) -> None:
    assert values["E_load_24h_Wh"] > 0.0
    assert abs(values["ledger_electrical_residual_J"]) < 1e-5
    assert abs(values["ledger_thermal_residual_J"]) < 1e-5
