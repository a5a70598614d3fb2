"""Cases like the shipped ones with inputs that those leave at their defaults, against formulas written out here."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sgp4.api import WGS72, Satrec

from flightsw.errors import ConfigError
from flightsw.validation import node_cases, runner
from flightsw.validation.case import CaseFile, Reference

FILES = {file.id: file for file in runner.shipped_cases()}
SIGMA = 5.670374419e-8


def answered(case_id: str, wanted: dict[str, tuple[float, float]], **inputs: Any) -> list[runner.Row]:
    """Rows of a shipped case with other inputs and (value, tolerance) by quantity, checked as a file's would be."""
    refs = {name: Reference(value, tol, "", "abs") for name, (value, tol) in wanted.items()}
    file = CaseFile(case_id, "variant", FILES[case_id].inputs | inputs, refs)
    runner._check(file, "variant")
    rows = runner.run_case(file)
    assert len(rows) == len(wanted)
    return rows


def all_agree(case_id: str, wanted: dict[str, tuple[float, float]], **inputs: Any) -> None:
    assert [row for row in answered(case_id, wanted, **inputs) if not row.passed] == []


def runge_kutta(slope: Callable[[float], float], start: float, span_s: float, steps: int = 4000) -> float:
    """Classical fourth order."""
    y, h = start, span_s / steps
    for _ in range(steps):
        a = slope(y)
        b = slope(y + 0.5 * h * a)
        c = slope(y + 0.5 * h * b)
        y += h / 6.0 * (a + 2.0 * b + 2.0 * c + slope(y + h * c))
    return y


@pytest.mark.parametrize("sink_k", [0.0, 2.7, 180.0])
def test_a_radiating_node_cools_towards_its_sink(sink_k: float) -> None:
    capacity, area = 8.0 * 900.0, 0.12 * 0.86

    def at(start_k: float, heat_w: float, span_s: float) -> float:
        return runge_kutta(lambda k: (heat_w - SIGMA * area * (k**4 - sink_k**4)) / capacity, start_k, span_s)

    settled_k = (30.0 / (SIGMA * area) + sink_k**4) ** 0.25
    span_s = 7000.0
    all_agree(
        "P10",
        {
            "cool_T_3600s_K": (at(310.0, 0.0, 3600.0), 0.05),
            "cool_T_36000s_K": (at(310.0, 0.0, 36000.0), 0.05),
            "heat30W_T_10800s_K": (at(250.0, 30.0, 10800.0), 0.05),
            "Te_30W_K": (settled_k, 0.05),
            f"time_310_to_{at(310.0, 0.0, span_s):.9f}K_s": (span_s, 5.0),
            "linearised_time_constant_at_Te_s": (capacity / (4.0 * SIGMA * area * settled_k**3), 5.0),
        },
        sink_K=sink_k,
    )


def test_a_node_is_not_awaited_below_its_sink() -> None:
    (row,) = answered("P10", {"time_310_to_170K_s": (1.0, 1.0)}, sink_K=180.0)
    assert "above the sink" in row.why


def test_plates_take_in_what_a_warm_space_sends() -> None:
    flux_w, space_w = 0.3 * 1361.0, SIGMA * 180.0**4
    nadir = (6378.137 / 6928.137) ** 2
    from_earth_w = 0.85 * (nadir * 237.0 + (1.0 - nadir) * space_w)
    all_agree(
        "P08",
        {
            "plate_normal_backinsulated_K": (((flux_w + 0.85 * space_w) / (0.85 * SIGMA)) ** 0.25, 0.01),
            "plate_normal_twosided_K": (((flux_w + 1.7 * space_w) / (1.7 * SIGMA)) ** 0.25, 0.01),
            "nadir_plate_eclipse_K": ((from_earth_w / (0.85 * SIGMA)) ** 0.25, 0.01),
        },
        Tspace=180.0,
    )


@pytest.mark.parametrize(
    ("on_s", "off_s", "works_s"), [(0.0, 5739.0, 5739.0), (600.0, 5739.0, 5139.0), (3000.0, 600.0, 3339.0)]
)
def test_a_payload_works_for_its_share_of_each_orbit(on_s: float, off_s: float, works_s: float) -> None:
    quiet: dict[str, Any] = {"t_on": on_s, "t_off": off_s, "orbits": 2, "PL0": 0.0, "P_heat": 0.0, "A": 3.0, "Q": 80.0}
    wanted_j = 2.0 * ((7.0 + 5.0) * 5739.0 + 20.0 * works_s)
    all_agree("P25", {"E_load_Wh": (wanted_j / 3600.0, 1e-6)}, **quiet)


def test_a_duty_that_wraps_begins_the_orbit_at_work() -> None:
    assert node_cases._duty(3000.0, 600.0, 5739.0, 5.0, 25.0) == [[0.0, 25.0], [600.0, 5.0], [3000.0, 25.0]]
    assert node_cases._duty(3000.0, 0.0, 5739.0, 5.0, 25.0) == [[0.0, 5.0], [3000.0, 25.0]]
    assert node_cases._duty(600.0, 3000.0, 5739.0, 5.0, 25.0) == [[0.0, 5.0], [600.0, 25.0], [3000.0, 5.0]]


def test_a_duty_without_an_end_of_its_own_is_refused() -> None:
    for on_s, off_s, complaint in ((600.0, 600.0, "must be other than"), (5739.0, 600.0, "must be below T")):
        with pytest.raises(ConfigError, match=complaint):
            answered("P25", {"eclipse_s": (0.0, 1.0)}, t_on=on_s, t_off=off_s)


def test_a_node_s_means_and_volts_are_told() -> None:
    def values(names: list[str]) -> list[float]:
        rows = answered("P25", dict.fromkeys(names, (0.0, 1e9)), orbits=2)
        return [row.ours for row in rows if row.ours is not None]

    for what in ("T_die_{}_last_orbit_K", "V_batt_{}_last_orbit_V", "soc_{}_last_orbit"):
        least, mean, most = values([what.format(which) for which in ("min", "mean", "max")])
        assert least < mean < most
    (volts,) = values(["V_batt_end_orbit2_V"])
    assert 12.8 < volts <= 16.4


def test_a_link_has_the_transmitter_that_the_inputs_give() -> None:
    distance_km = math.sqrt((6378.137 * math.sin(math.radians(20.0))) ** 2 + 2 * 6378.137 * 550.0 + 550.0**2)
    distance_km -= 6378.137 * math.sin(math.radians(20.0))
    loss_db = 20.0 * math.log10(4.0 * math.pi * distance_km * 1e3 * 26e9 / 299792458.0)
    for eirp_db, inputs in (
        (10.0 * math.log10(5.0) + 30.0, {"P_tx_W": 5.0, "G_tx_dBi": 30.0}),
        (41.5, {"EIRP_dBW": 41.5}),
    ):
        density_db = eirp_db - loss_db - 3.1 + 30.0 + 228.599167
        all_agree(
            "P22",
            {
                "X_EIRP_dBW": (eirp_db, 1e-9),
                "X_CN0_dBHz_el20": (density_db, 1e-3),
                "X_max_rate_2dB_margin_el20_Mbps": (10.0 ** ((density_db - 6.0 - 2.0) / 10.0) / 1e6, 1.0),
            },
            f_GHz=26.0,
            losses_dB=3.1,
            G_T=30.0,
            EbN0_req_dB=6.0,
            **inputs,
        )


def test_a_payload_s_network_has_the_names_that_its_author_gave_it() -> None:
    capacities, w_k = [4.0, 60.0, 900.0], [4.0, 3.0, 0.27]
    rates = np.array([[-4.0, 4.0, 0.0], [4.0, -7.0, 3.0], [0.0, 3.0, -3.27]]) / np.array(capacities)[:, None]
    values, vectors = np.linalg.eig(rates)
    forced = np.array([20.0 / 4.0, 0.0, 0.0])
    modes = np.linalg.solve(vectors, forced) * np.expm1(values * 300.0) / values
    rise_k = (vectors @ modes).real
    all_agree(
        "P12",
        {
            "lambda_min_1_s": (float(values.real.min()), 1e-4),
            "chip_rise_300s_exact_K": (float(rise_k[0]), 0.005),
            "panel_rise_300s_exact_K": (float(rise_k[2]), 0.005),
        },
        nodes=["chip", "lid", "panel"],
        C=capacities,
        G={"chip-lid": w_k[0], "lid-panel": w_k[1]},
        Grad_radiator=w_k[2],
        radiating="panel",
    )


def test_a_cylinder_of_another_radius_shades_longer() -> None:
    rows = {
        shadow: answered("P05", {"600km_LTAN12.0_max_eclipse_min": (0.0, 1e9)}, shadow=shadow)[0].ours
        for shadow in ("cylinder, Re", "cylinder, 6378.137 km", "cylinder, 6428.137 km")
    }
    plain, same, wide = (value for value in rows.values() if value is not None)
    assert plain == same
    # Near noon and midnight beta comes close to 0 within the year.
    part = [math.asin(radius_km / 6978.137) / math.pi for radius_km in (6378.137, 6428.137)]
    assert wide / plain == pytest.approx(part[1] / part[0], rel=2e-4)
    with pytest.raises(ConfigError, match="must be within -30 and 150 km of Re"):
        answered("P05", {"600km_LTAN12.0_max_eclipse_min": (0.0, 1e9)}, shadow="cylinder, 7000 km")


def test_the_sun_moves_on_between_two_hours_of_a_day() -> None:
    def sun_at(day: str, hour: str) -> np.ndarray[Any, Any]:
        names = {f"{day}_{axis}_gcrs": (0.0, 1e9) for axis in ("ux", "uy", "uz")}
        return np.array([row.ours for row in answered("P04", names, epochs=f"{hour} UTC")])

    noon, evening, next_noon = (
        sun_at("2026-03-20", "12:00"),
        sun_at("2026-03-20", "18:00"),
        sun_at("2026-03-21", "12:00"),
    )
    quarter, whole = (math.degrees(math.acos(float(noon @ later))) for later in (evening, next_noon))
    assert whole == pytest.approx(0.993, abs=0.01)  # the Sun's daily motion in March
    assert quarter == pytest.approx(whole / 4.0, rel=1e-3)


def test_an_element_set_has_velocities_too() -> None:
    line1, line2 = FILES["P03"].inputs["tle_flock"]
    satellite = Satrec.twoline2rv(line1, line2, WGS72)
    _, position_km, velocity_km_s = satellite.sgp4_tsince(90.0)
    wanted = {f"FLOCK_t90_v{axis}_km_s": (v, 1e-7) for axis, v in zip("xyz", velocity_km_s, strict=True)}
    wanted |= {"FLOCK_t90_rx_km": (position_km[0], 1e-5)}
    inputs = {"tle_flock": (line1, line2), "frame": "TEME", "gravity": "WGS-72"}
    file = CaseFile("P03", "variant", inputs, {n: Reference(v, tol, "", "abs") for n, (v, tol) in wanted.items()})
    assert [row for row in runner.run_case(file) if not row.passed] == []


def test_a_cell_s_open_circuit_voltage_and_short_circuit_current_go_by_their_coefficients() -> None:
    all_agree(
        "P16",
        {
            "G1367_T60_Voc_V": (2.7 - 0.0062 * 32.0, 1e-4),
            "G1367_T60_Isc_A": (0.5202 + 0.00036 * 32.0, 1e-6),
            "G683.5_T28_Isc_A": (0.5 * 0.5202, 1e-6),
        },
    )


def test_a_body_has_the_faces_that_the_inputs_give() -> None:
    # The zenith face alone at beta 0: its cosine over the lit half, of which no part lies in shadow.
    all_agree(
        "P17",
        {"nadir_6U_body_beta0_W": (1361.0 * 0.266 * 0.5 / math.pi, 1e-3)},
        A_zenith=0.5,
        A_ram=0.0,
        A_side=0.0,
    )


def test_a_fin_has_the_metal_and_the_root_that_the_inputs_give() -> None:
    root_k, k, length_m, thickness_m = 313.15, 390.0, 0.2, 0.002
    m = math.sqrt(2.0 * 4.0 * 0.85 * SIGMA * root_k**3 / (k * thickness_m))
    efficiency = math.tanh(m * length_m) / (m * length_m)
    all_agree("P18", {"fin_efficiency_linearised_L0.2_t2mm": (efficiency, 1e-4)}, k=k, T_root_C=40.0)


def test_a_pack_is_charged_and_drawn_from_at_the_currents_of_the_inputs() -> None:
    # OCV is linear: over the middle of its range its mean is that at 0.55.
    mean_v, amps, share = 12.8 + 3.6 * 0.55, 2.0, 0.995
    all_agree(
        "P13",
        {
            "cc_soc_2h": (1.0 - 0.5 * 2.0 / 8.15, 1e-5),
            "cc_heat_Wh": (0.25 * 0.15 * 2.0, 1e-4),
            "round_trip_energy_efficiency": (share * (mean_v - amps * 0.15) / (mean_v + amps * 0.15), 1e-5),
        },
        I_cc=0.5,
        I_round_trip=amps,
    )


def test_a_closed_loop_settles_in_the_surroundings_of_the_inputs() -> None:
    all_agree("P24", {"balance_P_at_control_temp_W": ((85.0 - 25.0) / 5.0, 1e-9)}, R_K_W=5.0, Ta_C=25.0)
    power, settled = answered(
        "P24", {"closed_loop_P_final_W": (0.0, 1e9), "closed_loop_T_final_C": (0.0, 1e9)}, R_K_W=5.0, Ta_C=25.0
    )
    assert power.ours is not None
    assert settled.ours == pytest.approx(25.0 + 5.0 * power.ours, abs=0.01)
