"""Reference cases of the battery: P13 to P15.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flightsw.plant.battery import Battery, BatteryState, BatteryStep
from flightsw.plant.battery_config import BatteryConfig, OcvPoint
from flightsw.plant.distribution import DistributionConfig, PowerBus
from flightsw.validation.case import Case
from flightsw.validation.inputs import MOST_HOURS, ocv_points
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
    cell: dict[str, Any] = {
        "capacity_ah": given["Q_Ah"],
        "r0_ohm": given["R0"],
        "ocv": ocv_points(given["ocv"]),
        "charge_limit_v": 1e4,
    }
    # Where not among the inputs: 1 A from full, which gives the reference soc exactly.
    for name, quantity, hours in case.asked("cc_(soc|V)_#h"):
        pack = Pack(1.0, 1.0, discharge_limit_a=given.get("I_cc", 1.0), **cell)
        end = [pack.discharge() for _ in range(round(float(hours) * 3600))][-1]
        case.found(name, pack.state.soc if quantity == "soc" else end.terminal_v)
        case.found("cc_E_terminal_Wh", pack.terminal_j / 3600)
        case.found("cc_heat_Wh", pack.heat_j / 3600)
    for name, load, hours in case.asked("cp#_soc_#h"):
        pack = Pack(1.0, given["s0"], **cell)
        case.found(f"cp{load}_I_start_A", _current_a(pack, float(load)))
        for _ in range(round(float(hours) * 3600)):
            pack.draw(float(load))
        case.found(name, pack.state.soc)
        case.found(f"cp{load}_I_end_A", _current_a(pack, float(load)))
        case.found(f"cp{load}_heat_Wh_{hours}h", pack.heat_j / 3600)
        case.found(f"cp{load}_chemical_energy_removed_Wh", -pack.stored_j / 3600)
    _round_trip(case, cell)
    for name, soc in case.asked("max_power_s#_W"):
        pack = Pack(1e-3, float(soc), **cell)
        case.found(name, pack.battery.feasible_w(pack.state, ROOM_C))


def _current_a(pack: Pack, power_w: float) -> float:
    """Of a power, at this moment."""
    given = pack.battery.over(1e-6).exchange(pack.state, ROOM_C, power_w)
    assert given is not None, "the case asks for what the pack can give"
    return given[1].current_a


def _round_trip(case: Case, cell: dict[str, Any]) -> None:
    """Between 0.4 and 0.7, and where the current is not among the inputs 1.5 A both ways: both rows agree on them."""
    given = case.inputs
    amps = given.get("I_round_trip", 1.5)
    charge_s = 0.3 * given["Q_Ah"] * 3600 / (amps * given["eta_c"])
    pack = Pack(charge_s / 6000, 0.4, coulombic_efficiency=given["eta_c"], charge_limit_a=amps, **cell)
    for _ in range(6000):
        pack.charge()
    case.require(abs(pack.state.soc - 0.7) < 1e-9, "charged to 0.7")
    charged_j = -pack.terminal_j
    back = Pack(charge_s * given["eta_c"] / 6000, pack.state.soc, discharge_limit_a=amps, **cell)
    for _ in range(6000):
        back.discharge()
    case.require(abs(back.state.soc - 0.4) < 1e-9, "discharged to 0.4")
    case.found("round_trip_energy_efficiency", back.terminal_j / charged_j)
    case.found("round_trip_loss_Wh", (pack.heat_j + back.heat_j) / 3600)


def p14(case: Case) -> None:
    """Battery pulse: relaxation, heat split, under-voltage. The pulse, where not among the inputs: 5 A for 120 s."""
    given = case.inputs
    middle_v, half_v = given["V0"], 0.5 * given["slope"]
    cell: dict[str, Any] = {
        "capacity_ah": given["Q_Ah"],
        "r0_ohm": given["R0"],
        "c1_f": given["C1"],
        "ocv": (OcvPoint(0.0, middle_v - half_v), OcvPoint(1.0, middle_v + half_v)),
        "charge_limit_v": 1e4,
    }
    pulse: dict[str, Any] = {"r1_ohm": given["R1"], "discharge_limit_a": given.get("I", 5.0)}
    pulse_s = given.get("t_pulse", 120.0)
    for name, at in case.asked("V_load_#s"):
        _, volts = _held(Pack(1.0, 0.5, **cell, **pulse), float(at) or 1e-6)
        case.found(name, volts)
    loaded, _ = _held(Pack(1.0, 0.5, **cell, **pulse), pulse_s)
    for name, at in case.asked("V_rest_#s"):
        rested = _rested(loaded, float(at), cell, pulse)
        case.found(name, rested.battery.terminal_v(rested.state))
    tau_s = given["R1"] * given["C1"]
    case.found("heat_R1_after_J", _rested(loaded, 20.0 * tau_s, cell, pulse).heat_j)
    left_v = _rested(loaded, 10.0, cell, pulse).state.v1_v
    case.found("tau_s", -10.0 / math.log(left_v / loaded.state.v1_v))
    plain, _ = _held(Pack(1.0, 0.5, **cell, discharge_limit_a=pulse["discharge_limit_a"]), pulse_s)
    case.found("heat_R0_J", plain.heat_j)
    case.found("heat_R1_pulse_J", loaded.heat_j - plain.heat_j)
    for name, amps, limit_v in case.asked("uv_trip_time_#A_V#_s"):
        hard = Pack(0.1, 0.5, **cell, r1_ohm=given["R1"], discharge_limit_a=float(amps))
        volts_at, times_s = [hard.battery.terminal_v(hard.state)], [0.0]
        while volts_at[-1] > float(limit_v) and hard.state.soc > 0.01:
            volts_at.append(hard.discharge().terminal_v)
            times_s.append(0.1 * len(times_s))
        case.require(volts_at[-1] <= float(limit_v), f"{limit_v} V is met")
        case.found(name, crossing(times_s[-2:], volts_at[-2:], float(limit_v)))


def _held(pack: Pack, for_s: float) -> tuple[Pack, float]:
    """(the pack after a time at its current limit, its voltage at the end), in equal steps of at most its own."""
    steps = math.ceil(for_s / pack.dt_s)
    pack.dt_s = for_s / steps
    pack.battery = pack.battery.over(pack.dt_s)
    return pack, [pack.discharge() for _ in range(steps)][-1].terminal_v


def _rested(loaded: Pack, for_s: float, cell: dict[str, Any], pulse: dict[str, Any]) -> Pack:
    """A pack that has stood without a load since a pulse, in equal steps of at most 1 s."""
    steps = math.ceil(for_s)
    pack = Pack(for_s / steps if steps else 1.0, 0.5, **cell, **pulse)
    pack.state = loaded.state
    for _ in range(steps):
        pack.draw(0.0)
    return pack


def p15(case: Case) -> None:
    """Constant current, then the taper at constant voltage: in steps of at most 1 s and a thousandth of the taper's
    time constant, the taper's onset found within one."""
    given = case.inputs
    ocv = ocv_points(given["ocv"])
    tau_s = given["R0"] * given["Q_Ah"] * 3600.0 / (ocv[1].volts - ocv[0].volts)
    dt_s = min(1.0, 1e-3 * tau_s)
    pack = Pack(
        dt_s,
        given["s0"],
        capacity_ah=given["Q_Ah"],
        r0_ohm=given["R0"],
        ocv=ocv,
        coulombic_efficiency=1.0,
        charge_limit_a=given["Ic"],
        charge_limit_v=given["Vmax"],
    )
    amps: list[float] = []
    states = [pack.state]
    while not amps or amps[-1] > given["Icut"]:
        amps.append(-pack.charge().current_a)
        states.append(pack.state)
        case.require(len(amps) * dt_s < MOST_HOURS * 3600, f"Icut is met within {MOST_HOURS} h")
    below = [n for n, current in enumerate(amps) if current < given["Ic"] * (1.0 - 1e-9)]
    case.require(bool(below) and below[0] + 2 < len(amps), "there is a taper")
    onset_share, onset_soc = _taper_onset(pack.battery, states[below[0]], given["Ic"])
    onset_s = (below[0] + onset_share) * dt_s
    middle_s = (np.arange(len(amps)) + 0.5) * dt_s
    case.found("cv_onset_soc", onset_soc)
    case.found("cv_onset_h", onset_s / 3600.0)
    for name, hours in case.asked("I_#h_after_onset_A"):
        case.found(name, np.interp(onset_s + float(hours) * 3600.0, middle_s, amps))
    first, last = below[0] + (len(amps) - below[0]) // 3, below[0] + 2 * (len(amps) - below[0]) // 3
    case.found("cv_tau_h", -(last - first) * dt_s / 3600.0 / math.log(amps[last] / amps[first]))
    case.found("t_cut_h", crossing(middle_s[-2:].tolist(), amps[-2:], given["Icut"]) / 3600.0)
    case.found("soc_cut", pack.state.soc)
    case.found("heat_Wh", pack.heat_j / 3600)
    bus = PowerBus(DistributionConfig(), [], pack.battery, 1.0)
    for name, hours, offered in case.asked("array_power_refused_at_#h_after_onset_W_of_#W"):
        state = states[round((onset_s + float(hours) * 3600.0) / dt_s)]
        _, flows = bus.balance(float(offered), [], state, ROOM_C)
        case.found(name, float(offered) - flows.array_used_w)


def _taper_onset(battery: Battery, state: BatteryState, limit_a: float) -> tuple[float, float]:
    """(share of a step, state of charge) at which a charge at constant current meets the voltage limit."""
    low, high, soc = 0.0, 1.0, state.soc
    for _ in range(50):
        middle = 0.5 * (low + high)
        shorter = battery.over(middle * battery.dt_s)
        given = shorter.exchange(state, ROOM_C, -shorter.acceptance_w(state, ROOM_C))
        assert given is not None, "a charge is always feasible"
        still = -given[1].current_a >= limit_a * (1.0 - 1e-12)
        low, high, soc = (middle, high, given[0].soc) if still else (low, middle, soc)
    return low, soc
