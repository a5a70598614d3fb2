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
    altitude_km, x_hz = float(case.inputs["h_km"]), 8.2e9
    for elevation_deg in (5, 10, 30, 90):
        slant_km = passes.slant_range_km(altitude_km, elevation_deg)
        case.found(f"slant_550km_el{elevation_deg}_km", slant_km)
    at10_km = passes.slant_range_km(altitude_km, 10.0)
    for name, frequency_hz in (("S2.25GHz", 2.25e9), ("X8.2GHz", x_hz), ("UHF437MHz", 437e6)):
        case.found(f"FSPL_{name}_550km_el10_dB", passes.free_space_loss_db(frequency_hz, at10_km))
    # 2 W into 12 dBi is inferred from the case's EIRP, so that row can't fail; those that use it can.
    x_eirp_dbw = passes.eirp_dbw(2.0, 12.0)
    case.found("X_EIRP_dBW", x_eirp_dbw)
    link = passes.LinkBudget(x_eirp_dbw, x_hz, case.inputs["losses_dB"], case.inputs["G_T"])
    c_n0 = link.c_n0_dbhz(at10_km)
    case.found("X_CN0_dBHz_el10", c_n0)
    case.found("X_EbN0_50Mbps_el10_dB", passes.eb_n0_db(c_n0, 50e6))
    case.found("X_margin_50Mbps_req4.5dB_el10_dB", passes.eb_n0_db(c_n0, 50e6) - 4.5)
    rate_bps = passes.max_rate_bps(c_n0, 4.5, 3.0)
    case.found("X_max_rate_3dB_margin_el10_Mbps", rate_bps / 1e6)
    case.found("BER_QPSK_9.6dB", passes.qpsk_bit_error_rate(9.6))
    duration_s = passes.overhead_pass_s(altitude_km, 10.0)
    case.found("overhead_pass_duration_el10_s_nonrotating", duration_s)
    radius_km, n = orbit.semi_major_axis_km(altitude_km), orbit.mean_motion_rad_s(altitude_km)

    def range_km(t_s: Any) -> Any:
        """Range to a satellite that passes overhead at t = 0, the Earth at rest."""
        return np.sqrt(radius_km**2 + EARTH_RADIUS_KM**2 - 2 * radius_km * EARTH_RADIUS_KM * np.cos(n * t_s))

    rise_s = -0.5 * duration_s
    range_rate_km_s = float(range_km(rise_s + 1e-3) - range_km(rise_s - 1e-3)) / 2e-3
    case.found("max_doppler_X_el10_kHz", passes.doppler_hz(x_hz, range_rate_km_s) / 1e3)
    case.found("pass_volume_fixed_rate_GB", rate_bps * duration_s / 8e9)
    t_s = (np.arange(2000) + 0.5) / 2000 * duration_s + rise_s
    rates = [passes.max_rate_bps(link.c_n0_dbhz(float(km)), 4.5, 3.0) for km in range_km(t_s)]
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
            if f"{name}_pass{number}_rise_s" in case.rows:
                case.found(f"{name}_pass{number}_rise_s", one.rise_s)
                case.found(f"{name}_pass{number}_set_s", one.set_s)
                case.found(f"{name}_pass{number}_max_el_deg", one.max_elevation_deg)
            # What the plant is told at each tick is the same pass.
            told = sky.at(math.ceil(one.rise_s)).station_index is not None
            case.require(told and sky.at(math.floor(one.rise_s)).station_index != index, "the pass tick by tick")
