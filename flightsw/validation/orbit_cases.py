"""Reference cases of orbit, Sun and shadow: P01 to P07.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flightsw.plant import orbit, shadow, sun
from flightsw.plant.constants import AU_KM, EARTH_RADIUS_KM, J2, MU_KM3_S2, SUN_RADIUS_KM
from flightsw.plant.epoch import DAY_S, parse_epoch
from flightsw.plant.frames import gcrs_to_teme
from flightsw.plant.roots import crossings
from flightsw.plant.sky_config import OrbitConfig
from flightsw.validation.case import Case
from flightsw.validation.geometry import circle

EPOCH = parse_epoch("2026-01-01T00:00:00Z")


def p01(case: Case) -> None:
    """Orbit periods by Kepler and with secular J2, the stepped orbit among them."""
    given = case.inputs
    case.require((given["mu"], given["Re"], given["J2"]) == (MU_KM3_S2, EARTH_RADIUS_KM, J2), "the case's constants")
    for altitude_km in case.inputs["h_km"]:
        case.found(f"T_kepler_{altitude_km}km_s", orbit.kepler_period_s(altitude_km))
    case.found("T_nodal_550km_i97.6_s", orbit.nodal_period_s(550.0, 97.6))
    case.found("revs_per_day_550km", DAY_S / orbit.kepler_period_s(550.0))
    case.found("v_circ_550km_km_s", orbit.circular_speed_km_s(550.0))
    circle = orbit.CircularOrbit(550.0, 97.6, 10.0, 0.0, EPOCH)
    around_s = np.linspace(5700.0, 5800.0, 5)
    found_s = crossings(lambda t: circle.positions(t)[0][:, 2], around_s)
    case.found("T_nodal_550km_i97.6_s", float(found_s[0]))


def p02(case: Case) -> None:
    """Sun-synchronous inclinations and nodal precession."""
    rate_rad_s = case.inputs["rate_rad_s"]
    case.require(math.isclose(rate_rad_s, orbit.SUN_SYNCHRONOUS_RATE_RAD_S, rel_tol=1e-12), "the Sun's mean rate")
    for altitude_km in (500, 550, 600, 650, 700):
        case.found(f"i_sso_{altitude_km}km_deg", orbit.sun_synchronous_inclination_deg(altitude_km))
    rate_deg_day = math.degrees(orbit.raan_rate_rad_s(420.0, 51.6)) * DAY_S
    case.found("raan_rate_420km_51.6deg_deg_day", rate_deg_day)


def p03(case: Case) -> None:
    """TLE positions against verification vectors."""
    for set_name, prefix in (("tle_ver5", "VER5"), ("tle_flock", "FLOCK3K3")):
        line1, line2 = case.inputs[set_name]
        at_elements = orbit.TleOrbit(line1, line2, EPOCH).elements_epoch
        minutes = [0, 90, 360, 720, 1440]
        position_km, _ = orbit.TleOrbit(line1, line2, at_elements).positions(np.array(minutes) * 60.0)
        for row, minute in zip(position_km, minutes, strict=True):
            for axis, value in zip("xyz", row, strict=True):
                case.found(f"{prefix}_t{minute}_r{axis}_km", float(value))


def p04(case: Case) -> None:
    """Sun direction, distance and flux over 2026, by way of TEME, which is what the plant uses, and back."""
    days = sorted({name.split("_")[0] for name in case.rows if name.startswith("2026-")})
    for day in days:
        epoch = parse_epoch(f"{day}T12:00:00Z")
        # By way of TEME, which is what the plant uses, and back.
        teme_km = sun.SunTable(epoch, 0.0, 2048.0).at(np.zeros(1))
        sun_km = np.linalg.inv(gcrs_to_teme(epoch, np.zeros(1)))[0] @ teme_km[0]
        distance_km = np.atleast_1d(np.linalg.norm(sun_km))
        for axis, value in zip("xyz", sun_km / distance_km, strict=True):
            case.found(f"{day}_u{axis}_gcrs", float(value))
        case.found(f"{day}_dist_au", float(distance_km[0]) / AU_KM)
        case.found(f"{day}_flux_W_m2", float(sun.solar_flux_w_m2(distance_km)[0]))
    hours_s = np.arange(0.0, 365.0 * DAY_S, 6 * 3600.0)
    flux = sun.solar_flux_w_m2(np.linalg.norm(sun.sun_teme_km(EPOCH, hours_s), axis=1))
    case.found("flux_max_2026_W_m2", float(flux.max()))
    case.found("flux_min_2026_W_m2", float(flux.min()))


def p05(case: Case) -> None:
    """Beta and eclipse season of Sun-synchronous orbits."""
    t_s = np.arange(0.0, 365.0 * DAY_S, 6 * 3600.0)
    sun_km = sun.sun_teme_km(EPOCH, t_s)
    sun_unit = sun_km / np.linalg.norm(sun_km, axis=1)[:, None]
    for altitude_km, ltan_h in ((600, 18.0), (650, 18.0), (600, 6.0), (550, 10.5), (500, 10.5)):
        elements = OrbitConfig(altitude_km=float(altitude_km), ltan_h=ltan_h).build(EPOCH)
        beta_deg = sun.beta_deg(*elements.positions(t_s), sun_unit)
        radius_km = orbit.semi_major_axis_km(altitude_km)
        dark = np.array([shadow.cylindrical_eclipse_fraction(radius_km, float(beta)) for beta in beta_deg])
        name = f"{altitude_km}km_LTAN{ltan_h}"
        case.found(f"{name}_beta_min_deg", float(beta_deg.min()))
        case.found(f"{name}_beta_max_deg", float(beta_deg.max()))
        case.found(f"{name}_beta_mean_deg", float(beta_deg.mean()))
        case.found(f"{name}_days_with_eclipse", float(np.count_nonzero(dark) * 0.25))
        case.found(f"{name}_max_eclipse_min", float(dark.max()) * elements.nodal_period_s / 60.0)
        case.found(f"{name}_year_mean_sunlit_fraction", float(1.0 - dark.mean()))


def p06(case: Case) -> None:
    """Eclipse fraction and duration of the cylindrical shadow, in closed form and sampled."""
    radius_km = orbit.semi_major_axis_km(case.inputs["h_km"])
    case.found("T_s", orbit.kepler_period_s(case.inputs["h_km"]))
    case.found("beta_crit_deg", shadow.critical_beta_deg(radius_km))
    for beta_deg in (0, 10, 20, 30, 40, 50, 60, 65, 68):
        fraction = shadow.cylindrical_eclipse_fraction(radius_km, float(beta_deg))
        case.found(f"frac_beta{beta_deg}", fraction)
        position_km, sun_km, period_s = circle(beta_deg, case.inputs["h_km"])
        case.found(f"duration_beta{beta_deg}_s", fraction * period_s)
        # The point-wise cylinder, sampled, agrees with the closed form.
        t_s = (np.arange(200_000) + 0.5) * period_s / 200_000
        dark = shadow.cylindrical_sunlit(position_km(t_s), sun_km / AU_KM) == 0.0
        case.found(f"duration_beta{beta_deg}_s", float(dark.mean()) * period_s)


def p07(case: Case) -> None:
    """Contacts of the conical shadow, and shadow factors."""
    case.require(case.inputs["Rsun"] == SUN_RADIUS_KM, "the Sun's radius")
    for beta_deg in (0, 20, 40, 60, 65, 66):
        position_km, sun_km, period_s = circle(beta_deg, case.inputs["h_km"])

        def scan(t_s: Any, at: Any = position_km, sun: Any = sun_km) -> tuple[Any, Any]:
            return at(t_s), np.broadcast_to(sun, (len(t_s), 3))

        found = shadow.eclipses(scan, 0.0, period_s)
        entry_s, exit_s, umbra_entry_s, umbra_exit_s = found[0]
        assert umbra_entry_s is not None and umbra_exit_s is not None, "these orbits meet the umbra"  # noqa: PT018
        case.found(f"beta{beta_deg}_penumbra_plus_umbra_s", exit_s - entry_s)
        case.found(f"beta{beta_deg}_umbra_s", umbra_exit_s - umbra_entry_s)
        case.found(f"beta{beta_deg}_one_penumbra_crossing_s", umbra_entry_s - entry_s)
        if beta_deg == 0:
            edges_s = np.linspace(0.0, period_s, 2001)
            dark_s = (1.0 - shadow.exposure(scan, edges_s).mean) @ np.diff(edges_s)
            case.found("beta0_equivalent_full_shadow_s", float(dark_s))
    radius_km = orbit.semi_major_axis_km(case.inputs["h_km"])
    for name in case.rows:
        if name.startswith("shadow_factor_theta_"):
            theta = float(name.removeprefix("shadow_factor_theta_").removesuffix("rad"))
            at_km = radius_km * np.array([[math.cos(theta), math.sin(theta), 0.0]])
            case.found(name, float(shadow.sunlit_fraction(at_km, np.array([[AU_KM, 0.0, 0.0]]))[0]))
