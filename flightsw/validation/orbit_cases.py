"""Reference cases of orbit, Sun and shadow: P01 to P07.

Each function fills in its case by the functions that the plant steps with, for the heights, inclinations, days and
angles that the rows' names ask for. Called by `runner`.
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
from flightsw.validation.sky_inputs import cylinder_km

SAMPLED_S = 0.02
EPOCH = parse_epoch("2026-01-01T00:00:00Z")


def p01(case: Case) -> None:
    """Orbit periods by Kepler and with secular J2, the stepped orbit among them."""
    given = case.inputs
    case.require((given["mu"], given["Re"], given["J2"]) == (MU_KM3_S2, EARTH_RADIUS_KM, J2), "the case's constants")
    for name, altitude_km in case.asked("T_kepler_#km_s"):
        case.found(name, orbit.kepler_period_s(float(altitude_km)))
    for name, altitude_km in case.asked("revs_per_day_#km"):
        case.found(name, DAY_S / orbit.kepler_period_s(float(altitude_km)))
    for name, altitude_km in case.asked("v_circ_#km_km_s"):
        case.found(name, orbit.circular_speed_km_s(float(altitude_km)))
    for name, altitude_km, inclination_deg in case.asked("T_nodal_#km_i#_s"):
        period_s = orbit.nodal_period_s(float(altitude_km), float(inclination_deg))
        case.found(name, period_s)
        if float(inclination_deg) in (0.0, 180.0):
            continue  # always at a node
        case.found(
            name, _second_node_s(orbit.CircularOrbit(float(altitude_km), float(inclination_deg), 10.0, 0.0, EPOCH))
        )


def _second_node_s(circle: orbit.CircularOrbit) -> float:
    """When an orbit that starts at its node comes to it again."""
    around_s = circle.nodal_period_s * np.linspace(0.99, 1.01, 5)
    return float(crossings(lambda t_s: circle.positions(t_s)[0][:, 2], around_s)[0])


def p02(case: Case) -> None:
    """Sun-synchronous inclinations and nodal precession."""
    rate_rad_s = case.inputs["rate_rad_s"]
    case.require(math.isclose(rate_rad_s, orbit.SUN_SYNCHRONOUS_RATE_RAD_S, rel_tol=1e-12), "the Sun's mean rate")
    for name, altitude_km in case.asked("i_sso_#km_deg"):
        case.found(name, orbit.sun_synchronous_inclination_deg(float(altitude_km)))
    for name, altitude_km, inclination_deg in case.asked("raan_rate_#km_#deg_deg_day"):
        rate_rad_s = orbit.raan_rate_rad_s(float(altitude_km), float(inclination_deg))
        case.found(name, math.degrees(rate_rad_s) * DAY_S)


def p03(case: Case) -> None:
    """TLE positions and velocities against verification vectors: the rows' prefixes in the order of the sets."""
    rows = case.asked("(.+)_t#_(r[xyz]_km|v[xyz]_km_s)")
    sets = [name for name in case.inputs if name.startswith("tle")]
    for set_name, prefix in zip(sets, dict.fromkeys(row[1] for row in rows), strict=True):
        line1, line2 = case.inputs[set_name]
        at_elements = orbit.TleOrbit(line1, line2, EPOCH).elements_epoch
        elements = orbit.TleOrbit(line1, line2, at_elements)
        for name, of_set, minute, quantity in rows:
            if of_set == prefix:
                position_km, velocity_km_s = elements.positions(np.array([float(minute) * 60.0]))
                vectors = position_km if quantity[0] == "r" else velocity_km_s
                case.found(name, float(vectors[0]["xyz".index(quantity[1])]))


def p04(case: Case) -> None:
    """Sun direction, distance and flux over a year, by way of TEME, which is what the plant uses, and back."""
    for name, day, quantity in case.asked(r"(\d{4}-\d\d-\d\d)_(ux_gcrs|uy_gcrs|uz_gcrs|dist_au|flux_W_m2)"):
        epoch = parse_epoch(f"{day}T{case.inputs['epochs'].removesuffix(' UTC')}:00Z")
        teme_km = sun.SunTable(epoch, 0.0, 2048.0).at(np.zeros(1))
        sun_km = np.linalg.inv(gcrs_to_teme(epoch, np.zeros(1)))[0] @ teme_km[0]
        distance_km = np.atleast_1d(np.linalg.norm(sun_km))
        if quantity == "dist_au":
            case.found(name, float(distance_km[0]) / AU_KM)
        elif quantity == "flux_W_m2":
            case.found(name, float(sun.solar_flux_w_m2(distance_km)[0]))
        else:
            case.found(name, float(sun_km["xyz".index(quantity[1])] / distance_km[0]))
    hours_s = np.arange(0.0, 365.0 * DAY_S, 6 * 3600.0)
    for name, which, year in case.asked(r"flux_(max|min)_(\d{4})_W_m2"):
        epoch = parse_epoch(f"{year}-01-01T00:00:00Z")
        flux = sun.solar_flux_w_m2(np.linalg.norm(sun.sun_teme_km(epoch, hours_s), axis=1))
        case.found(name, float(flux.max() if which == "max" else flux.min()))


def p05(case: Case) -> None:
    """Beta and eclipse season of Sun-synchronous orbits."""
    hours, since = case.inputs["sampling"].removeprefix("every ").split(" h from ")
    epoch, per_day = parse_epoch(f"{since}T00:00:00Z"), 24.0 / float(hours)
    shadow_km = cylinder_km(case.inputs["shadow"])
    t_s = np.arange(0.0, 365.0 * DAY_S, DAY_S / per_day)
    sun_km = sun.sun_teme_km(epoch, t_s)
    sun_unit = sun_km / np.linalg.norm(sun_km, axis=1)[:, None]
    for altitude_km, ltan_h in dict.fromkeys(row[1:3] for row in case.asked("#km_LTAN#_.+")):
        elements = OrbitConfig(altitude_km=float(altitude_km), ltan_h=float(ltan_h)).build(epoch)
        beta_deg = sun.beta_deg(*elements.positions(t_s), sun_unit)
        # The closed form knows the ratio of both radii alone.
        radius_km = orbit.semi_major_axis_km(float(altitude_km)) * EARTH_RADIUS_KM / shadow_km
        dark = np.array([shadow.cylindrical_eclipse_fraction(radius_km, float(beta)) for beta in beta_deg])
        name = f"{altitude_km}km_LTAN{ltan_h}"
        case.found(f"{name}_beta_min_deg", float(beta_deg.min()))
        case.found(f"{name}_beta_max_deg", float(beta_deg.max()))
        case.found(f"{name}_beta_mean_deg", float(beta_deg.mean()))
        case.found(f"{name}_days_with_eclipse", float(np.count_nonzero(dark) / per_day))
        case.found(f"{name}_max_eclipse_min", float(dark.max()) * elements.nodal_period_s / 60.0)
        case.found(f"{name}_year_mean_sunlit_fraction", float(1.0 - dark.mean()))


def p06(case: Case) -> None:
    """Eclipse fraction and duration of the cylindrical shadow, in closed form and sampled."""
    radius_km = orbit.semi_major_axis_km(case.inputs["h_km"])
    case.found("T_s", orbit.kepler_period_s(case.inputs["h_km"]))
    case.found("beta_crit_deg", shadow.critical_beta_deg(radius_km))
    for name, beta in case.asked("frac_beta#"):
        case.found(name, shadow.cylindrical_eclipse_fraction(radius_km, float(beta)))
    for name, beta in case.asked("duration_beta#_s"):
        position_km, sun_km, period_s = circle(float(beta), case.inputs["h_km"])
        case.found(name, shadow.cylindrical_eclipse_fraction(radius_km, float(beta)) * period_s)
        # The point-wise cylinder, sampled, agrees with the closed form.
        samples = math.ceil(period_s / SAMPLED_S)
        t_s = (np.arange(samples) + 0.5) * period_s / samples
        dark = shadow.cylindrical_sunlit(position_km(t_s), sun_km / AU_KM) == 0.0
        case.found(name, float(dark.mean()) * period_s)


def _conical(beta_deg: float, altitude_km: float) -> tuple[shadow.ScanFunction, float]:
    position_km, sun_km, period_s = circle(beta_deg, altitude_km)

    def scan(t_s: Any) -> tuple[Any, Any]:
        return position_km(t_s), np.broadcast_to(sun_km, (len(t_s), 3))

    return scan, period_s


def p07(case: Case) -> None:
    """Contacts of the conical shadow, and shadow factors; an umbra that isn't met lasts 0 s."""
    case.require(case.inputs["Rsun"] == SUN_RADIUS_KM, "the Sun's radius")
    for name, beta, quantity in case.asked("beta#_(penumbra_plus_umbra_s|umbra_s|one_penumbra_crossing_s)"):
        scan, period_s = _conical(float(beta), case.inputs["h_km"])
        found = shadow.eclipses(scan, 0.0, period_s)
        entry_s, exit_s, umbra_entry_s, umbra_exit_s = found[0] if found else (0.0, 0.0, None, None)
        if quantity == "penumbra_plus_umbra_s":
            case.found(name, exit_s - entry_s)
        elif quantity == "umbra_s":
            case.found(name, 0.0 if umbra_exit_s is None or umbra_entry_s is None else umbra_exit_s - umbra_entry_s)
        elif umbra_entry_s is not None:
            case.found(name, umbra_entry_s - entry_s)
    for name, beta in case.asked("beta#_equivalent_full_shadow_s"):
        scan, period_s = _conical(float(beta), case.inputs["h_km"])
        edges_s = np.linspace(0.0, period_s, 2001)
        case.found(name, float((1.0 - shadow.exposure(scan, edges_s).mean) @ np.diff(edges_s)))
    radius_km = orbit.semi_major_axis_km(case.inputs["h_km"])
    for name, angle in case.asked("shadow_factor_theta_#rad"):
        theta = float(angle)
        at_km = radius_km * np.array([[math.cos(theta), math.sin(theta), 0.0]])
        case.found(name, float(shadow.sunlit_fraction(at_km, np.array([[AU_KM, 0.0, 0.0]]))[0]))
