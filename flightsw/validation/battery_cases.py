"""Reference cases of the battery: P13 to P15.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math
from typing import Any

from flightsw.plant.battery import Battery, BatteryState, BatteryStep
from flightsw.plant.battery_config import BatteryConfig
from flightsw.plant.distribution import DistributionConfig, PowerBus
from flightsw.validation.case import Case
from flightsw.validation.networks import crossing

ROOM_C = 25.0


class Pack:
    """A battery stepped at a wanted power, or at its own current limits, with its sums."""

    def __init__(self, dt_s: float, soc: float, **config: Any) -> None:
        self.dt_s = dt_s
        self.battery = Battery(BatteryConfig(temperature_dependent=False, **config), dt_s)
        self.state = BatteryState(soc)
        self.terminal_j = self.heat_j = self.stored_j = 0.0

    def draw(self, power_w: float) -> BatteryStep:
        """One step at a power that the pack can do."""
        given = self.battery.exchange(self.state, ROOM_C, power_w)
        assert given is not None, "the case asks for what the pack can give"
        self.state, done = given
        self.terminal_j += done.power_w * self.dt_s
        self.heat_j += done.heat_j
        self.stored_j += done.stored_j
        return done

    def discharge(self) -> BatteryStep:
        """At the current limit."""
        return self.draw(self.battery.feasible_w(self.state, ROOM_C))

    def charge(self) -> BatteryStep:
        """As fast as the pack takes it."""
        return self.draw(-self.battery.acceptance_w(self.state, ROOM_C))


def p13(case: Case) -> None:
    """Battery at constant current and power, and a round trip."""
    given = case.inputs
    cell: dict[str, Any] = {"capacity_ah": given["Q_Ah"], "r0_ohm": given["R0"]}
    pack = Pack(1.0, 1.0, discharge_limit_a=1.0, **cell)  # 1 A from full: gives the reference soc exactly
    end = [pack.discharge() for _ in range(4 * 3600)][-1]
    case.found("cc_soc_4h", pack.state.soc)
    case.found("cc_V_4h", end.terminal_v)
    case.found("cc_E_terminal_Wh", pack.terminal_j / 3600)
    case.found("cc_heat_Wh", pack.heat_j / 3600)
    pack = Pack(1.0, given["s0"], **cell)
    steps = [pack.draw(given["P"]) for _ in range(2 * 3600)]
    case.found("cp30_I_start_A", steps[0].current_a)
    case.found("cp30_I_end_A", steps[-1].current_a)
    case.found("cp30_soc_2h", pack.state.soc)
    case.found("cp30_heat_Wh_2h", pack.heat_j / 3600)
    case.found("cp30_chemical_energy_removed_Wh", -pack.stored_j / 3600)
    # Not among the inputs: 1.5 A both ways between 0.4 and 0.7, which both rows agree on.
    charge_s = 0.3 * given["Q_Ah"] * 3600 / (1.5 * given["eta_c"])
    pack = Pack(charge_s / 6000, 0.4, coulombic_efficiency=given["eta_c"], charge_limit_a=1.5, **cell)
    for _ in range(6000):
        pack.charge()
    case.require(abs(pack.state.soc - 0.7) < 1e-9, "charged to 0.7")
    charged_j = -pack.terminal_j
    back = Pack(charge_s * given["eta_c"] / 6000, pack.state.soc, discharge_limit_a=1.5, **cell)
    for _ in range(6000):
        back.discharge()
    case.require(abs(back.state.soc - 0.4) < 1e-9, "discharged to 0.4")
    case.found("round_trip_energy_efficiency", back.terminal_j / charged_j)
    case.found("round_trip_loss_Wh", (pack.heat_j + back.heat_j) / 3600)
    pack = Pack(0.1, 0.2, **cell)
    case.found("max_power_s0.2_W", pack.battery.feasible_w(pack.state, ROOM_C))


def p14(case: Case) -> None:
    """Battery pulse: relaxation, heat split, under-voltage."""
    given = case.inputs
    cell: dict[str, Any] = {"capacity_ah": given["Q_Ah"], "r0_ohm": given["R0"], "c1_f": given["C1"]}
    soc = (given["V0"] - 12.8) / given["slope"]
    pulse: dict[str, Any] = {"r1_ohm": given["R1"], "discharge_limit_a": 5.0}  # 0.3 V over R0, see V_load_0s
    case.found("V_load_0s", Pack(1e-6, soc, **cell, **pulse).discharge().terminal_v)
    pack = Pack(1.0, soc, **cell, **pulse)
    loaded = [pack.discharge() for _ in range(120)]
    for at_s in (10, 60, 120):
        case.found(f"V_load_{at_s}s", loaded[at_s - 1].terminal_v)
    pulse_j = pack.heat_j
    case.found("V_rest_0s", pack.battery.terminal_v(pack.state))
    left_v = pack.state.v1_v
    resting = [pack.draw(0.0) for _ in range(1200)]
    for at_s in (10, 60, 300):
        case.found(f"V_rest_{at_s}s", resting[at_s - 1].terminal_v)
    case.found("heat_R1_after_J", pack.heat_j - pulse_j)
    case.found("tau_s", -10.0 / math.log(_relaxed(left_v, 10, cell, pulse) / left_v))
    plain = Pack(1.0, soc, **cell, discharge_limit_a=5.0)
    for _ in range(120):
        plain.discharge()
    case.found("heat_R0_J", plain.heat_j)
    case.found("heat_R1_pulse_J", pulse_j - plain.heat_j)
    hard = Pack(0.1, soc, **cell, r1_ohm=given["R1"], discharge_limit_a=12.0)
    volts = [hard.discharge().terminal_v for _ in range(1200)]
    case.found("uv_trip_time_12A_V14.2_s", crossing([0.1 * (n + 1) for n in range(1200)], volts, 14.2))


def _relaxed(v1_v: float, steps: int, cell: dict[str, Any], pulse: dict[str, Any]) -> float:
    pack = Pack(1.0, 0.5, **cell, **pulse)
    pack.state = BatteryState(0.5, v1_v)
    for _ in range(steps):
        pack.draw(0.0)
    return pack.state.v1_v


def p15(case: Case) -> None:
    """Constant current, then the taper at constant voltage."""
    given = case.inputs
    dt_s = 1.0
    per_hour = round(3600 / dt_s)
    pack = Pack(
        dt_s,
        given["s0"],
        capacity_ah=given["Q_Ah"],
        r0_ohm=given["R0"],
        coulombic_efficiency=1.0,
        charge_limit_a=given["Ic"],
        charge_limit_v=given["Vmax"],
    )
    amps: list[float] = []
    socs = [pack.state.soc]
    while not amps or amps[-1] > given["Icut"]:
        amps.append(-pack.charge().current_a)
        socs.append(pack.state.soc)
    below = [n for n, current in enumerate(amps) if current < given["Ic"] - 1e-9]
    case.require(bool(below) and below[0] + per_hour < len(amps), "the taper lasts an hour")
    onset = below[0]
    case.found("cv_onset_soc", socs[onset])
    case.found("cv_onset_h", onset / per_hour)
    for hours in (0.25, 0.5, 1.0):
        case.found(f"I_{hours}h_after_onset_A", amps[onset + round(hours * per_hour)])
    case.found("cv_tau_h", -0.5 / math.log(amps[onset + per_hour] / amps[onset + per_hour // 2]))
    case.found("t_cut_h", len(amps) / per_hour)
    case.found("soc_cut", pack.state.soc)
    case.found("heat_Wh", pack.heat_j / 3600)
    bus = PowerBus(DistributionConfig(), [], pack.battery, 1.0)
    _, flows = bus.balance(30.0, [], BatteryState(socs[onset + per_hour // 2]), ROOM_C)
    case.found("array_power_refused_at_0.5h_after_onset_W_of_30W", 30.0 - flows.array_used_w)
