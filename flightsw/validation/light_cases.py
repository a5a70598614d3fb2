"""Reference cases of light and the Earth's loads on surfaces: P08, P09, P17.

Each function fills in its case by the functions that the plant steps with. Called by `runner`.
"""

from __future__ import annotations

import math

import numpy as np

from flightsw.plant import earth_loads, orbit, shadow
from flightsw.plant.constants import AU_KM, EARTH_RADIUS_KM
from flightsw.validation.case import Case
from flightsw.validation.geometry import circle

# Faces of the 6U body: zenith 0.2 x 0.3 m, ram and wake 0.1 x 0.2 m, sides 0.1 x 0.3 m, no nadir face. Where not
# among the inputs, inferred from the values (six equations, three areas), so these rows check the geometry of the
# light, not the areas.
ZENITH_M2, RAM_M2, SIDE_M2 = 0.06, 0.02, 0.03


def p08(case: Case) -> None:
    """Equilibrium temperatures of plates and spheres; space fills what the Earth leaves free of their view."""
    flux, alpha, eps, ir, albedo = (case.inputs[k] for k in ("S", "alpha", "eps", "IR", "albedo"))
    space_w_m2 = earth_loads.blackbody_w_m2(case.inputs["Tspace"])

    def solve(absorbed_w: float, emittance_area_m2: float, earth_view: float = 0.0) -> float:
        from_space_w = (1.0 - earth_view) * emittance_area_m2 * space_w_m2
        return earth_loads.equilibrium_k(absorbed_w + from_space_w, emittance_area_m2)

    case.found("plate_normal_backinsulated_K", solve(alpha * flux, eps))
    case.found("plate_normal_twosided_K", solve(alpha * flux, 2.0 * eps))
    case.found("sphere_sun_only_K", solve(alpha * flux / 4.0, eps))
    case.found("black_sphere_sun_only_K", solve(flux / 4.0, 1.0))
    for name, tilt in case.asked("plate_#deg_backinsulated_K"):
        case.found(name, solve(alpha * flux * max(0.0, math.cos(math.radians(float(tilt)))), eps))
    for name, altitude_km, where in case.asked("sphere_#km_(subsolar|eclipse)_K"):
        view = earth_loads.sphere_view_factor(orbit.semi_major_axis_km(float(altitude_km)))
        infrared = eps * earth_loads.infrared_w_m2(view, ir)
        reflected = earth_loads.albedo_w_m2(view, albedo, flux, 1.0)
        lit = alpha * (flux / 4.0 + reflected) if where == "subsolar" else 0.0
        case.found(name, solve(lit + infrared, eps, view))
    nadir = earth_loads.plate_view_factor(orbit.semi_major_axis_km(case.inputs["h_km"]))
    case.found("nadir_plate_eclipse_K", solve(eps * earth_loads.infrared_w_m2(nadir, ir), eps, nadir))
    for name, load, face_eps in case.asked("radiator_#Wm2_zenith_shadow_e#_K"):
        case.found(name, solve(float(load), float(face_eps)))
    for name, load, face_alpha, face_eps in case.asked("radiator_#Wm2_plus_sun_a#_e#_K"):
        case.found(name, solve(float(load) + float(face_alpha) * flux, float(face_eps)))
    for name, cells, front, rear, eta in case.asked("array_a#_ef#_er#_eta#_K"):
        case.found(name, solve((float(cells) - float(eta)) * flux, float(front) + float(rear)))


def _albedo_by_quadrature_w_m2(radius_km: float, zenith_deg: float, albedo: float, flux: float) -> float:
    """Albedo on a nadir plate, integrated over the lit part of the visible cap (an independent check)."""
    h = radius_km / EARTH_RADIUS_KM
    limit = math.acos(1.0 / h)
    x, w = np.polynomial.legendre.leggauss(200)
    polar, polar_w = 0.5 * limit * (x + 1.0), 0.5 * limit * w
    around = (np.arange(720) + 0.5) * 2.0 * np.pi / 720
    a, b = np.meshgrid(polar, around, indexing="ij")
    zenith = math.radians(zenith_deg)
    lit = np.maximum(0.0, np.cos(a) * math.cos(zenith) + np.sin(a) * np.cos(b) * math.sin(zenith))
    d2 = 1.0 + h * h - 2.0 * h * np.cos(a)
    leaving, arriving = (h * np.cos(a) - 1.0) / np.sqrt(d2), (h - np.cos(a)) / np.sqrt(d2)
    integrand = lit * leaving * arriving / (np.pi * d2) * np.sin(a)
    return albedo * flux * float(polar_w @ integrand.sum(axis=1)) * 2.0 * math.pi / 720


def p09(case: Case) -> None:
    """Earth view factors, infrared and albedo; the integral form of the albedo bounds the plant's cosine form."""
    ir, albedo, flux = case.inputs["IR"], case.inputs["albedo"], case.inputs["S"]
    radius_km = case.inputs["H"] * EARTH_RADIUS_KM
    for name, tilt in case.asked("F_plate_#deg"):
        case.found(name, earth_loads.plate_view_factor(radius_km, float(tilt)))
    nadir = earth_loads.plate_view_factor(radius_km)
    edge = earth_loads.plate_view_factor(radius_km, 90.0)
    sphere = earth_loads.sphere_view_factor(radius_km)
    case.found("F_sphere", sphere)
    case.found("IR_on_nadir_plate_W_m2", earth_loads.infrared_w_m2(nadir, ir))
    case.found("IR_on_edge_plate_W_m2", earth_loads.infrared_w_m2(edge, ir))
    case.found("IR_on_sphere_per_surface_area_W_m2", earth_loads.infrared_w_m2(sphere, ir))
    for name, form, zenith in case.asked("albedo_nadir_plate_(cosform|true)_sz#_W_m2"):
        cosine = earth_loads.albedo_w_m2(nadir, albedo, flux, math.cos(math.radians(float(zenith))))
        integral = _albedo_by_quadrature_w_m2(radius_km, float(zenith), albedo, flux)
        case.found(name, cosine if form == "cosform" else integral)


def p17(case: Case) -> None:
    """Orbit-average light on arrays: the light is the plant's, the faces are set here."""
    flux_eff, altitude_km = case.inputs["S"] * case.inputs["eff"], case.inputs["h_km"]
    radius_km, period_s = orbit.semi_major_axis_km(altitude_km), orbit.kepler_period_s(altitude_km)
    faces_m2 = (
        case.inputs.get("A_zenith", ZENITH_M2),
        case.inputs.get("A_ram", RAM_M2),
        case.inputs.get("A_side", SIDE_M2),
    )
    for name, beta in case.asked("sunpointing_1m2_beta#_W"):
        case.found(name, flux_eff * _mean_light_m2(float(beta), altitude_km)[0])
    for name, beta in case.asked("nadir_6U_body_beta#_W"):
        case.found(name, flux_eff * _mean_light_m2(float(beta), altitude_km, faces_m2)[1])
    for name, beta in case.asked("one_axis_yawfixed_1m2_beta#_W"):
        case.found(name, flux_eff * _mean_light_m2(float(beta), altitude_km)[2])
    for name, surface_m2, beta in case.asked("tumbling_convex_body_#m2_beta#_W"):
        sunlit = 1.0 - shadow.cylindrical_eclipse_fraction(radius_km, float(beta))
        case.found(name, flux_eff * float(surface_m2) / 4.0 * sunlit)
    for name, load, beta in case.asked("array_needed_for_#W_beta#_W"):
        dark = shadow.cylindrical_eclipse_fraction(radius_km, float(beta))
        case.found(name, float(load) * (dark / 0.85 + (1.0 - dark) / 0.90) / (1.0 - dark))
    for name, load, beta in case.asked("eclipse_energy_#W_beta#_Wh"):
        dark = shadow.cylindrical_eclipse_fraction(radius_km, float(beta))
        case.found(name, float(load) * dark * period_s / 3600.0)


def _mean_light_m2(
    beta_deg: float, altitude_km: float, faces_m2: tuple[float, float, float] = (ZENITH_M2, RAM_M2, SIDE_M2)
) -> tuple[float, float, float]:
    """Orbit-mean lit area facing the Sun: of 1 m2 that points at it, of the 6U body, of 1 m2 on one axis."""
    position_km, sun_km, period_s = circle(beta_deg, altitude_km)
    t_s = (np.arange(200_000) + 0.5) * period_s / 200_000
    r, sun_unit = position_km(t_s), sun_km / AU_KM
    lit = shadow.cylindrical_sunlit(r, sun_unit)
    zenith = r / np.linalg.norm(r, axis=1)[:, None]
    across = np.array([0.0, 1.0, 0.0])
    out_of_plane = float(across @ sun_unit)
    zenith_m2, ram_m2, side_m2 = faces_m2
    body_m2 = (
        zenith_m2 * np.maximum(zenith @ sun_unit, 0.0)
        + ram_m2 * np.abs(np.cross(zenith, across) @ sun_unit)
        + side_m2 * abs(out_of_plane)
    )
    mean = float(lit.mean())
    return mean, float((lit * body_m2).mean()), math.sqrt(1.0 - out_of_plane**2) * mean
