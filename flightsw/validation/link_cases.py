"""Reference cases of the link and ground passes: P22, P23.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flightsw.plant import orbit, passes
from flightsw.plant.constants import EARTH_RADIUS_KM
from flightsw.plant.sky import Sky
from flightsw.plant.sky_config import OrbitConfig, SkyConfig, StationConfig
from flightsw.validation.case import Case


def p22(case: Case) -> None:
    """Link budget, slant range and pass volume."""
    given = case.inputs
    altitude_km, x_hz = float(given["h_km"]), 1e9 * given.get("f_GHz", 8.2)
    required_db, kept_db = given.get("EbN0_req_dB", 4.5), given.get("margin_dB", 3.0)
    for name, height, elevation in case.asked("slant_#km_el#_km"):
        case.found(name, passes.slant_range_km(float(height), float(elevation)))
    for name, number, unit, height, elevation in case.asked("FSPL_[A-Za-z]+#(GHz|MHz)_#km_el#_dB"):
        hertz = float(number) * (1e9 if unit == "GHz" else 1e6)
        case.found(name, passes.free_space_loss_db(hertz, passes.slant_range_km(float(height), float(elevation))))
    # Where not among the inputs, 2 W into 12 dBi is inferred from the case's EIRP, so that row can't fail; those that
    # use it can.
    x_eirp_dbw = given.get("EIRP_dBW")
    if x_eirp_dbw is None:
        x_eirp_dbw = passes.eirp_dbw(given.get("P_tx_W", 2.0), given.get("G_tx_dBi", 12.0))
    case.found("X_EIRP_dBW", x_eirp_dbw)
    link = passes.LinkBudget(x_eirp_dbw, x_hz, given["losses_dB"], given["G_T"])

    def c_n0_dbhz(elevation: str) -> float:
        return link.c_n0_dbhz(passes.slant_range_km(altitude_km, float(elevation)))

    for name, elevation in case.asked("X_CN0_dBHz_el#"):
        case.found(name, c_n0_dbhz(elevation))
    for name, megabits, elevation in case.asked("X_EbN0_#Mbps_el#_dB"):
        case.found(name, passes.eb_n0_db(c_n0_dbhz(elevation), 1e6 * float(megabits)))
    for name, megabits, wanted_db, elevation in case.asked("X_margin_#Mbps_req#dB_el#_dB"):
        case.found(name, passes.eb_n0_db(c_n0_dbhz(elevation), 1e6 * float(megabits)) - float(wanted_db))
    for name, margin_db, elevation in case.asked("X_max_rate_#dB_margin_el#_Mbps"):
        case.found(name, passes.max_rate_bps(c_n0_dbhz(elevation), required_db, float(margin_db)) / 1e6)
    for name, eb_n0 in case.asked("BER_QPSK_#dB"):
        case.found(name, passes.qpsk_bit_error_rate(float(eb_n0)))
    for name, elevation in case.asked("overhead_pass_duration_el#_s_nonrotating"):
        case.found(name, passes.overhead_pass_s(altitude_km, float(elevation)))
    radius_km, n = orbit.semi_major_axis_km(altitude_km), orbit.mean_motion_rad_s(altitude_km)

    def range_km(t_s: Any) -> Any:
        """Range to a satellite that passes overhead at t = 0, the Earth at rest."""
        return np.sqrt(radius_km**2 + EARTH_RADIUS_KM**2 - 2 * radius_km * EARTH_RADIUS_KM * np.cos(n * t_s))

    for name, elevation in case.asked("max_doppler_X_el#_kHz"):
        rise_s = -0.5 * passes.overhead_pass_s(altitude_km, float(elevation))
        range_rate_km_s = float(range_km(rise_s + 1e-3) - range_km(rise_s - 1e-3)) / 2e-3
        case.found(name, passes.doppler_hz(x_hz, range_rate_km_s) / 1e3)
    # Volumes of the pass over 10 deg.
    duration_s = passes.overhead_pass_s(altitude_km, 10.0)
    case.found(
        "pass_volume_fixed_rate_GB", passes.max_rate_bps(c_n0_dbhz("10"), required_db, kept_db) * duration_s / 8e9
    )
    t_s = ((np.arange(2000) + 0.5) / 2000 - 0.5) * duration_s
    rates = [passes.max_rate_bps(link.c_n0_dbhz(float(km)), required_db, kept_db) for km in range_km(t_s)]
    case.found("pass_volume_adaptive_GB", float(np.mean(rates)) * duration_s / 8e9)


def p23(case: Case) -> None:
    """Ground passes over a day."""
    names = sorted(case.inputs["stations"])
    stations = tuple(
        StationConfig(
            name=name,
            latitude_deg=case.inputs["stations"][name][0],
            longitude_deg=case.inputs["stations"][name][1],
            altitude_m=case.inputs["stations"][name][2],
            mask_deg=case.inputs["mask_deg"],
        )
        for name in names
    )
    config = SkyConfig(epoch=case.inputs["start"], orbit=OrbitConfig(tle=tuple(case.inputs["tle"])), stations=stations)
    sky = Sky(config, 1.0)
    for index, name in enumerate(names):
        found = sky.passes(index, 0, int(case.inputs["hours"] * 3600))
        case.found(f"{name}_n_passes", len(found))
        case.found(f"{name}_contact_s_per_day", sum(p.set_s - p.rise_s for p in found))
        for number, one in enumerate(found, start=1):
            case.found(f"{name}_pass{number}_rise_s", one.rise_s)
            case.found(f"{name}_pass{number}_set_s", one.set_s)
            case.found(f"{name}_pass{number}_max_el_deg", one.max_elevation_deg)
            # What the plant is told at each tick is the same pass.
            inside = math.ceil(one.rise_s)
            told = inside >= one.set_s or sky.at(inside).station_index is not None
            before = one.rise_s <= 0.0 or sky.at(math.floor(one.rise_s)).station_index != index
            case.require(told and before, "the pass tick by tick")
