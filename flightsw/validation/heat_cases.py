"""Reference cases of heat: P10 to P12, P18, P19, P21.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math

import msgspec

from flightsw.plant import earth_loads, orbit
from flightsw.plant.thermal import ZERO_C_K, ThermalNetwork, foster_to_cauer
from flightsw.plant.thermal_config import FinConfig, ThermalNetworkConfig
from flightsw.plant.thermal_elements import fin_efficiency
from flightsw.plant.thermal_kernel import compile_step
from flightsw.validation.case import Case
from flightsw.validation.networks import FIXED_J_K, crossing, history, lumps, rates_1_s


def p10(case: Case) -> None:
    """One radiating node cools and warms."""
    given = case.inputs
    capacity_j_k, emitting_m2 = given["m"] * given["c"], given["A"] * given["eps"]
    node = lumps([capacity_j_k], emitting_m2=[emitting_m2])
    step = compile_step(node, 10.0)
    cooling = [row[0] for row in history(step, [given["T0"]], [0.0], 3600)]
    warming = [row[0] for row in history(step, [given["Ti_heat"]], [given["Q"]], 3600)]
    for at_s in (600, 1800, 2130, 3600, 10800, 36000):
        case.found(f"cool_T_{at_s}s_K", cooling[at_s // 10])
    for at_s in (600, 3600, 10800, 36000):
        case.found(f"heat30W_T_{at_s}s_K", warming[at_s // 10])
    case.found("time_310_to_270K_s", crossing([10.0 * n for n in range(3601)], cooling, 270.0))
    case.found("Te_30W_K", earth_loads.equilibrium_k(given["Q"], emitting_m2))
    settled_k = history(compile_step(node, 1000.0), [given["Ti_heat"]], [given["Q"]], 500)[-1][0]
    case.found("Te_30W_K", settled_k)
    above, below = (step([settled_k + push_k], [given["Q"]])[0][0] for push_k in (0.01, -0.01))
    case.found("linearised_time_constant_at_Te_s", -10.0 / math.log((above - below) / 0.02))


def p11(case: Case) -> None:
    """Two conductive nodes answer a step."""
    given = case.inputs
    paths = [(0, 1, given["G12"]), (1, 2, given["G2b"])]
    network = lumps([given["C1"], given["C2"], FIXED_J_K], paths)
    heat_w, start_k = [given["P1"], 0.0, 0.0], [given["T0"], given["T0"], given["Tb"]]
    rows = history(compile_step(network, 1.0), start_k, heat_w, 21600)
    for at_s in (30, 60, 120, 300, 900, 3600, 21600):
        case.found(f"T_plate_{at_s}s_K", rows[at_s][0])
        case.found(f"T_bus_{at_s}s_K", rows[at_s][1])
    settled = history(compile_step(network, 2000.0), start_k, heat_w, 100)[-1]
    case.found("Tss_plate_K", settled[0])
    case.found("Tss_bus_K", settled[1])
    _, slow, fast = rates_1_s(network, 1.0)
    case.found("tau_fast_s", 1.0 / fast)
    case.found("tau_slow_s", 1.0 / slow)
    pair = lumps([given["C1"], given["C2"]], paths[:1])
    tau_s = 1.0 / rates_1_s(pair, 1.0)[1]
    case.found("isolated_pair_tau_s", tau_s)
    start_k = [given["isolated"]["T1"], given["isolated"]["T2"]]
    case.found("isolated_pair_Tfinal_K", history(compile_step(pair, 1.0), start_k, [0.0, 0.0], 3000)[-1][0])
    at_tau = history(compile_step(pair, tau_s / 200), start_k, [0.0, 0.0], 200)[-1]
    case.found("isolated_pair_T1_at_tau_K", at_tau[0])


def p12(case: Case) -> None:
    """A stiff payload network has the rates that explicit schemes fail at."""
    given = case.inputs
    place = {name: index for index, name in enumerate(given["nodes"])}
    paths = [(place[a], place[b], g) for pair, g in given["G"].items() for a, b in [pair.split("-")]]
    paths.append((place["radiator"], 5, given["Grad_radiator"]))
    network = lumps([*given["C"], FIXED_J_K], paths)
    slowest, fastest = rates_1_s(network, 0.001)[1], rates_1_s(network, 0.001)[-1]
    case.found("lambda_min_1_s", -fastest)
    case.found("euler_dt_limit_s", 2.0 / fastest)
    # Where |1 + z + z^2/2 + z^3/6 + z^4/24| = 1 on the negative axis (Hairer & Wanner, Solving ODEs II, IV.2).
    case.found("rk4_dt_limit_s", 2.785293563405282 / fastest)
    case.found("slowest_tau_s", 1.0 / slowest)
    case.found("stiffness_ratio", fastest / slowest)
    leaving_w_k = [sum(g for a, b, g in paths if node in (a, b)) for node in range(5)]
    case.found("gershgorin_dt_bound_s", min(c / g for c, g in zip(given["C"], leaving_w_k, strict=True)))
    heat_w = [given["P_die"], 0.0, 0.0, 0.0, 0.0, 0.0]
    for dt_s in (0.1, 0.5, 1.0):
        rise_k = history(compile_step(network, dt_s), [0.0] * 6, heat_w, round(300 / dt_s))[-1][0]
        case.found("die_rise_300s_exact_K", rise_k)
    # Steps at which explicit Euler diverges.
    for dt_s in (2.0, 5.0):
        rise_k = history(compile_step(network, dt_s), [0.0] * 6, heat_w, round(300 / dt_s))[-1][0]
        case.require(abs(rise_k - case.rows["die_rise_300s_exact_K"]["value"]) < 0.005, f"die rise at {dt_s} s steps")


def _radiated_w_m2(eps: float, surface_c: float) -> float:
    return compile_step(lumps([FIXED_J_K], emitting_m2=[eps]), 1.0)([surface_c + ZERO_C_K], [0.0])[1]


def _fin_efficiency(k_w_m_k: float, root_c: float) -> float:
    """A plate 0.15 m long, 1 mm thick, 1 m wide, radiating from both faces: what it sends out over what it would send
    if all of it were at its root's temperature."""
    count, length_m, thickness_m, eps = 60, 0.15, 0.001, 0.85
    across_m = length_m / count
    link_w_k = k_w_m_k * thickness_m / across_m
    paths = [(0, 1, 2.0 * link_w_k), *[(n, n + 1, link_w_k) for n in range(1, count)]]
    emitting_m2 = [0.0, *[2.0 * eps * across_m] * count]
    step = compile_step(lumps([FIXED_J_K, *[1.0] * count], paths, emitting_m2), 20.0)
    nodes_k = history(step, [root_c + ZERO_C_K] * (count + 1), [0.0] * (count + 1), 200)[-1]
    return step(nodes_k, [0.0] * (count + 1))[1] / 20.0 / (2.0 * length_m * _radiated_w_m2(eps, root_c))


def p18(case: Case) -> None:
    """Radiator area for a load, fins among it."""
    load_w, eps, infrared_w_m2 = case.inputs["P"], case.inputs["eps"], case.inputs["IR"]
    for surface_c in (20, 40, 60, 80):
        face_w_m2 = _radiated_w_m2(eps, surface_c)
        case.found(f"area_1side_deepspace_{surface_c}C_m2", load_w / face_w_m2)
        case.found(f"area_2side_deepspace_{surface_c}C_m2_planform", load_w / (2.0 * face_w_m2))
        at_k = earth_loads.equilibrium_k(load_w, eps * load_w / face_w_m2)
        case.require(math.isclose(at_k, surface_c + ZERO_C_K, rel_tol=1e-6), "equilibrium is the radiator's")
    view = earth_loads.plate_view_factor(orbit.semi_major_axis_km(case.inputs["h_km"]), 90.0)
    case.found("F_edge_600km", view)
    face_w_m2 = _radiated_w_m2(eps, 60.0)
    edge_on_w_m2 = 2.0 * (face_w_m2 - eps * earth_loads.infrared_w_m2(view, infrared_w_m2))
    case.found("area_2side_edgeon_600km_60C_m2_planform", load_w / edge_on_w_m2)
    case.found("area_2side_onefaceSun_a0.15_60C_m2_planform", load_w / (edge_on_w_m2 - 0.15 * 1361.0))
    case.found("blackbody_2face_20C_W_m2", 2.0 * _radiated_w_m2(1.0, 20.0))
    case.found("e0.92_2face_20C_W_m2", 2.0 * _radiated_w_m2(0.92, 20.0))
    # Not among the inputs: aluminium (167 W/m/K) rooted at 60 C, which both rows agree on.
    case.found("fin_efficiency_nonlinear_L0.15_t1mm", _fin_efficiency(167.0, 60.0))
    fin = FinConfig(length_m=0.15, thickness_m=0.001, conductivity_w_m_k=167.0, sides=2, reference_c=60.0)
    case.found("fin_efficiency_linearised_L0.15_t1mm", fin_efficiency(fin, eps))


def p19(case: Case) -> None:
    """Junction step and duty cycle of a ladder made from a data sheet."""
    given = case.inputs
    ladder = foster_to_cauer(list(zip(given["R"], given["tau"], strict=True)))
    for number, (c_j_k, r_k_w) in enumerate(ladder, 1):
        case.found(f"cauer_C{number}_J_K", c_j_k)
        case.found(f"cauer_R{number}_K_W", r_k_w)
    (c1, r1), (c2, r2) = ladder
    network = lumps([c1, c2, FIXED_J_K], [(0, 1, 1.0 / r1), (1, 2, 1.0 / r2)])
    start_k = [given["Tb"] + ZERO_C_K] * 3
    step = compile_step(network, 0.1)

    def junction_c(watts: float, steps: int) -> list[float]:
        return [row[0] - ZERO_C_K for row in history(step, start_k, [watts, 0.0, 0.0], steps)]

    heating = junction_c(given["P"], 3000)
    for at_s in ("0.5", "1", "5", "10", "35", "60", "120", "300"):
        case.found(f"Tj_step_{at_s}s_C", heating[round(float(at_s) * 10)])
    settled = history(compile_step(network, 1000.0), start_k, [given["P"], 0.0, 0.0], 50)[-1]
    case.found("Tj_ss_C", settled[0] - ZERO_C_K)
    case.found("time_to_85C_at_60W_s", crossing([0.1 * n for n in range(1001)], junction_c(60.0, 1000), 85.0))
    nodes_k: tuple[float, ...] = tuple(start_k)
    for _ in range(40):
        cycle = history(step, nodes_k, [given["P"], 0.0, 0.0], 100)
        cycle += history(step, cycle[-1], [0.0, 0.0, 0.0], 200)[1:]
        nodes_k = cycle[-1]
    course_c = [row[0] - ZERO_C_K for row in cycle]
    case.found("duty10on20off_Tj_max_C", max(course_c))
    case.found("duty10on20off_Tj_min_C", min(course_c))
    case.found("duty_mean_C", (sum(course_c) - 0.5 * (course_c[0] + course_c[-1])) / 300)


def p21(case: Case) -> None:
    """A thermostat cycles: located inside steps of 1 s, as in the spacecraft."""
    given = case.inputs
    node = {"name": "pack", "capacity_j_k": given["C"], "initial_c": given["lo"] - ZERO_C_K}
    wall = {"name": "wall", "held_c": given["Tb"] - ZERO_C_K}
    switch = {
        "node": "pack",
        "load": "heater",
        "on_below_c": given["lo"] - ZERO_C_K,
        "off_above_c": given["hi"] - ZERO_C_K,
    }
    table = {
        "nodes": [node, wall],
        "couplings": [{"a": "pack", "b": "wall", "w_k": given["G"]}],
        "thermostats": [switch],
    }
    network = ThermalNetwork(msgspec.convert(table, ThermalNetworkConfig), 1.0)
    on, time_s, nodes_k = True, 0.0, network.initial_k()
    switched_s, heat_j, area_k_s = [0.0], [0.0], [0.0]
    while len(switched_s) < 4:
        heat_w = [given["P"] if on else 0.0, 0.0]
        met = network.first_crossing(nodes_k, heat_w, 1.0, network.thermostat_levels([on]))
        span_s = 1.0 if met is None else met[0]
        after_k, _ = network.step_for(nodes_k, heat_w, span_s)
        heat_j[-1] += heat_w[0] * span_s
        area_k_s[-1] += 0.5 * (nodes_k[0] + after_k[0]) * span_s
        time_s, nodes_k = time_s + span_s, after_k
        if met is not None:
            on = not on
            switched_s.append(time_s)
            heat_j.append(0.0)
            area_k_s.append(0.0)
    off_s, on_s = switched_s[2] - switched_s[1], switched_s[3] - switched_s[2]
    case.found("tau_s", 1.0 / rates_1_s(lumps([given["C"], FIXED_J_K], [(0, 1, given["G"])]), 1.0)[1])
    case.found("t_on_s", on_s)
    case.found("t_off_s", off_s)
    case.found("period_s", on_s + off_s)
    case.found("duty", on_s / (on_s + off_s))
    case.found("mean_heater_W", sum(heat_j[1:3]) / (on_s + off_s))
    case.found("mean_T_K", sum(area_k_s[1:3]) / (on_s + off_s))
    start_k = (given["hi"], given["Tb"])
    cooled_k = given["hi"] - network.step_for(start_k, [0.0, 0.0], 1e-3)[0][0]
    case.found("min_power_to_hold_hi_W", cooled_k * given["C"] / 1e-3)
    # Switched at 10 s, the heater runs on for 10 s past `hi` at worst.
    over_k = network.step_for(start_k, [given["P"], 0.0], 10.0)[0][0] - given["hi"]
    case.found("overshoot_10s_sampling_K", over_k)
