"""Reference cases of heat: P10 to P12, P18, P19, P21.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math

import msgspec

from flightsw.plant import earth_loads, orbit
from flightsw.plant.constants import SOLAR_CONSTANT_W_M2
from flightsw.plant.thermal import ZERO_C_K, ThermalNetwork, foster_to_cauer
from flightsw.plant.thermal_config import FinConfig, ThermalNetworkConfig
from flightsw.plant.thermal_elements import fin_efficiency
from flightsw.plant.thermal_kernel import StepFunction, compile_step
from flightsw.validation.case import Case
from flightsw.validation.networks import FIXED_J_K, crossing, history, lumps, rates_1_s, state_at


def p10(case: Case) -> None:
    """One radiating node cools and warms; a sink above 0 K is a boundary that it exchanges with."""
    given = case.inputs
    capacity_j_k, emitting_m2, sink_k = given["m"] * given["c"], given["A"] * given["eps"], given["sink_K"]
    sinks_k = [sink_k] if sink_k > 0.0 else []
    if sinks_k:
        node = lumps([capacity_j_k, FIXED_J_K], exchanges=[(0, 1, emitting_m2)])
    else:
        node = lumps([capacity_j_k], emitting_m2=[emitting_m2])

    def heats_w(watts: float) -> list[float]:
        return [watts, *[0.0 for _ in sinks_k]]

    def settled_k(watts: float) -> float:
        return earth_loads.equilibrium_k(watts + emitting_m2 * earth_loads.blackbody_w_m2(sink_k), emitting_m2)

    for name, at in case.asked("cool_T_#s_K"):
        case.found(name, state_at(node, [given["T0"], *sinks_k], heats_w(0.0), float(at), 10.0)[0])
    for name, heat, at in case.asked("heat#W_T_#s_K"):
        case.found(name, state_at(node, [given["Ti_heat"], *sinks_k], heats_w(float(heat)), float(at), 10.0)[0])
    for name, start, end in case.asked("time_#_to_#K_s"):
        case.require(float(end) > sink_k, f"{end} K are above the sink's {sink_k} K")
        case.found(name, _time_to_s(compile_step(node, 10.0), [float(start), *sinks_k], float(end)))
    for name, heat in case.asked("Te_#W_K"):
        start_k = [given["Ti_heat"], *sinks_k]
        case.found(name, settled_k(float(heat)))
        case.found(name, history(compile_step(node, 1000.0), start_k, heats_w(float(heat)), 500)[-1][0])
    step, at_k = compile_step(node, 10.0), settled_k(given["Q"])
    above, below = (step([at_k + push_k, *sinks_k], heats_w(given["Q"]))[0][0] for push_k in (0.01, -0.01))
    case.found("linearised_time_constant_at_Te_s", -10.0 / math.log((above - below) / 0.02))


def _time_to_s(step: StepFunction, start_k: list[float], end_k: float) -> float:
    """How long the first node takes to cool to a temperature, in steps of 10 s and a part of one."""
    steps, before_k, after_k = 0, start_k[0], start_k[0]
    quiet_w, sinks_k = [0.0] * len(start_k), start_k[1:]
    while after_k > end_k:
        before_k, after_k = after_k, step([after_k, *sinks_k], quiet_w)[0][0]
        steps += 1
    return 10.0 * (steps - (end_k - after_k) / (before_k - after_k)) if steps else 0.0


def p11(case: Case) -> None:
    """Two conductive nodes answer a step."""
    given = case.inputs
    paths = [(0, 1, given["G12"]), (1, 2, given["G2b"])]
    network = lumps([given["C1"], given["C2"], FIXED_J_K], paths)
    heat_w, start_k = [given["P1"], 0.0, 0.0], [given["T0"], given["T0"], given["Tb"]]
    for name, node, at in case.asked("T_(plate|bus)_#s_K"):
        case.found(name, state_at(network, start_k, heat_w, float(at), 1.0)[("plate", "bus").index(node)])
    settled = history(compile_step(network, 1e7), start_k, heat_w, 100)[-1]
    case.found("Tss_plate_K", settled[0])
    case.found("Tss_bus_K", settled[1])
    quick_s = 1e-3 * min(given["C1"], given["C2"]) / (given["G12"] + given["G2b"])
    _, slow, fast = rates_1_s(network, quick_s)
    case.found("tau_fast_s", 1.0 / fast)
    case.found("tau_slow_s", 1.0 / slow)
    pair = lumps([given["C1"], given["C2"]], paths[:1])
    tau_s = 1.0 / rates_1_s(pair, quick_s)[1]
    case.found("isolated_pair_tau_s", tau_s)
    start_k = [given["isolated"]["T1"], given["isolated"]["T2"]]
    case.found("isolated_pair_Tfinal_K", state_at(pair, start_k, [0.0, 0.0], 40.0 * tau_s, 0.05 * tau_s)[0])
    case.found("isolated_pair_T1_at_tau_K", state_at(pair, start_k, [0.0, 0.0], tau_s, tau_s / 200)[0])


def p12(case: Case) -> None:
    """A stiff payload network has the rates that explicit schemes fail at."""
    given = case.inputs
    place = {name: index for index, name in enumerate(given["nodes"])}
    paths = [(place[a], place[b], g) for pair, g in given["G"].items() for a, b in [pair.split("-")]]
    count = len(place)
    paths.append((place[given.get("radiating", "radiator")], count, given["Grad_radiator"]))
    network = lumps([*given["C"], FIXED_J_K], paths)
    slowest, fastest = rates_1_s(network, 0.001)[1], rates_1_s(network, 0.001)[-1]
    case.found("lambda_min_1_s", -fastest)
    case.found("euler_dt_limit_s", 2.0 / fastest)
    # Where |1 + z + z^2/2 + z^3/6 + z^4/24| = 1 on the negative axis (Hairer & Wanner, Solving ODEs II, IV.2).
    case.found("rk4_dt_limit_s", 2.785293563405282 / fastest)
    case.found("slowest_tau_s", 1.0 / slowest)
    case.found("stiffness_ratio", fastest / slowest)
    leaving_w_k = [sum(g for a, b, g in paths if node in (a, b)) for node in range(count)]
    case.found("gershgorin_dt_bound_s", min(c / g for c, g in zip(given["C"], leaving_w_k, strict=True)))
    heat_w = [given["P_die"], *[0.0] * count]
    for name, node, at in case.asked("(.+)_rise_#s_exact_K"):
        if node in place and node != "die":
            case.found(name, state_at(network, [0.0] * (count + 1), heat_w, float(at), 0.1)[place[node]])
    for name, at in case.asked("die_rise_#s_exact_K"):
        for dt_s in (0.1, 0.5, 1.0):
            case.found(name, state_at(network, [0.0] * (count + 1), heat_w, float(at), dt_s)[0])
        # Steps at which explicit Euler diverges.
        for dt_s in (2.0, 5.0):
            rise_k = state_at(network, [0.0] * (count + 1), heat_w, float(at), dt_s)[0]
            case.require(abs(rise_k - case.rows[name]["value"]) < 0.005, f"die rise at {dt_s} s steps")


def _radiated_w_m2(eps: float, surface_c: float) -> float:
    return compile_step(lumps([FIXED_J_K], emitting_m2=[eps]), 1.0)([surface_c + ZERO_C_K], [0.0])[1]


def _fin_efficiency(fin: FinConfig, eps: float) -> float:
    """A plate 1 m wide, radiating from both faces: what it sends out over what it would send if all of it were at its
    root's temperature."""
    count = 60
    across_m = fin.length_m / count
    link_w_k = fin.conductivity_w_m_k * fin.thickness_m / across_m
    paths = [(0, 1, 2.0 * link_w_k), *[(n, n + 1, link_w_k) for n in range(1, count)]]
    emitting_m2 = [0.0, *[2.0 * eps * across_m] * count]
    step = compile_step(lumps([FIXED_J_K, *[1.0] * count], paths, emitting_m2), 20.0)
    nodes_k = history(step, [fin.reference_c + ZERO_C_K] * (count + 1), [0.0] * (count + 1), 200)[-1]
    sent_j = step(nodes_k, [0.0] * (count + 1))[1]
    at_root_w = 2.0 * fin.length_m * _radiated_w_m2(eps, fin.reference_c)
    return sent_j / 20.0 / at_root_w


def p18(case: Case) -> None:
    """Radiator area for a load, fins among it."""
    load_w: float = case.inputs["P"]
    eps: float = case.inputs["eps"]
    for name, sides, surface in case.asked("area_([12])side_deepspace_#C_m2(?:_planform)?"):
        face_w_m2 = _radiated_w_m2(eps, float(surface))
        case.found(name, load_w / (int(sides) * face_w_m2))
        at_k = earth_loads.equilibrium_k(load_w, eps * load_w / face_w_m2)
        case.require(math.isclose(at_k, float(surface) + ZERO_C_K, rel_tol=1e-6), "equilibrium is the radiator's")
    for name, altitude_km in case.asked("F_edge_#km"):
        case.found(name, earth_loads.plate_view_factor(orbit.semi_major_axis_km(float(altitude_km)), 90.0))

    def edge_on_w_m2(altitude_km: float, surface_c: float) -> float:
        view = earth_loads.plate_view_factor(orbit.semi_major_axis_km(altitude_km), 90.0)
        absorbed_w_m2: float = eps * earth_loads.infrared_w_m2(view, case.inputs["IR"])
        return 2.0 * (_radiated_w_m2(eps, surface_c) - absorbed_w_m2)

    for name, altitude_km, surface in case.asked("area_2side_edgeon_#km_#C_m2_planform"):
        case.found(name, load_w / edge_on_w_m2(float(altitude_km), float(surface)))
    for name, alpha, surface in case.asked("area_2side_onefaceSun_a#_#C_m2_planform"):
        net_w_m2 = edge_on_w_m2(case.inputs["h_km"], float(surface)) - float(alpha) * SOLAR_CONSTANT_W_M2
        case.found(name, load_w / net_w_m2)
    for name, surface in case.asked("blackbody_2face_#C_W_m2"):
        case.found(name, 2.0 * _radiated_w_m2(1.0, float(surface)))
    for name, face_eps, surface in case.asked("e#_2face_#C_W_m2"):
        case.found(name, 2.0 * _radiated_w_m2(float(face_eps), float(surface)))
    # Where not among the inputs: aluminium (167 W/m/K) rooted at 60 C, which both rows agree on.
    for name, form, length_m, thickness_mm in case.asked("fin_efficiency_(linearised|nonlinear)_L#_t#mm"):
        fin = FinConfig(
            length_m=float(length_m),
            thickness_m=1e-3 * float(thickness_mm),
            conductivity_w_m_k=case.inputs.get("k", 167.0),
            sides=2,
            reference_c=case.inputs.get("T_root_C", 60.0),
        )
        case.found(name, fin_efficiency(fin, eps) if form == "linearised" else _fin_efficiency(fin, eps))


def p19(case: Case) -> None:
    """Junction step and duty cycle of a ladder made from a data sheet."""
    given = case.inputs
    ladder = foster_to_cauer(list(zip(given["R"], given["tau"], strict=True)))
    for number, (c_j_k, r_k_w) in enumerate(ladder, 1):
        case.found(f"cauer_C{number}_J_K", c_j_k)
        case.found(f"cauer_R{number}_K_W", r_k_w)
    stages = len(ladder)
    network = lumps(
        [*[c_j_k for c_j_k, _ in ladder], FIXED_J_K], [(n, n + 1, 1.0 / r_k_w) for n, (_, r_k_w) in enumerate(ladder)]
    )
    start_k = [given["Tb"] + ZERO_C_K] * (stages + 1)
    quiet_w = [0.0] * (stages + 1)
    dt_s = min(0.1, 0.08 * min(given["tau"]))

    def at_work_w(watts: float) -> list[float]:
        return [watts, *quiet_w[1:]]

    for name, at in case.asked("Tj_step_#s_C"):
        case.found(name, state_at(network, start_k, at_work_w(given["P"]), float(at), dt_s)[0] - ZERO_C_K)
    settled = history(compile_step(network, 100.0 * max(given["tau"])), start_k, at_work_w(given["P"]), 50)[-1]
    case.found("Tj_ss_C", settled[0] - ZERO_C_K)
    for name, limit, watts in case.asked("time_to_#C_at_#W_s"):
        steps = round(20.0 * max(given["tau"]) / dt_s)
        course = history(compile_step(network, dt_s), start_k, at_work_w(float(watts)), steps)
        course_c = [row[0] - ZERO_C_K for row in course]
        case.require(course_c[-1] >= float(limit), f"{limit} C is met at {watts} W")
        case.found(name, crossing([dt_s * n for n in range(steps + 1)], course_c, float(limit)))
    for prefix in dict.fromkeys(row[1:] for row in case.asked("duty#on#off_Tj_(?:max|min)_C")):
        on_s, off_s = (float(span) for span in prefix)
        parts = math.ceil(on_s / dt_s), math.ceil(off_s / dt_s)
        work, rest = compile_step(network, on_s / parts[0]), compile_step(network, off_s / parts[1])
        nodes_k: tuple[float, ...] = tuple(start_k)
        for _ in range(math.ceil(20.0 * max(given["tau"]) / (on_s + off_s)) + 2):
            working = history(work, nodes_k, at_work_w(given["P"]), parts[0])
            resting = history(rest, working[-1], quiet_w, parts[1])
            nodes_k = resting[-1]
        courses = [([row[0] - ZERO_C_K for row in rows]) for rows in (working, resting)]
        case.found("duty{}on{}off_Tj_max_C".format(*prefix), max(map(max, courses)))
        case.found("duty{}on{}off_Tj_min_C".format(*prefix), min(map(min, courses)))
        means = [(sum(c) - 0.5 * (c[0] + c[-1])) / (len(c) - 1) for c in courses]
        case.found("duty_mean_C", (means[0] * on_s + means[1] * off_s) / (on_s + off_s))


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
    # Switched at samples, the heater runs on for one of them past `hi` at worst.
    for name, sample in case.asked("overshoot_#s_sampling_K"):
        case.found(name, network.step_for(start_k, [given["P"], 0.0], float(sample))[0][0] - given["hi"])
