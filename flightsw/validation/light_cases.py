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

# Faces of the 6U body: zenith 0.2 x 0.3 m, ram and wake 0.1 x 0.2 m, sides 0.1 x 0.3 m, no nadir face. Not
# among the inputs: inferred from the values (six equations, three areas), so these rows check the geometry of
# the light, not the areas.
ZENITH_M2, RAM_M2, SIDE_M2 = 0.06, 0.02, 0.03


def p08(case: Case) -> None:
    """Equilibrium temperatures of plates and spheres."""
    flux, alpha, eps, ir, albedo = (case.inputs[k] for k in ("S", "alpha", "eps", "IR", "albedo"))
    radius_km = orbit.semi_major_axis_km(case.inputs["h_km"])
    solve = earth_loads.equilibrium_k
    case.found("plate_normal_backinsulated_K", solve(alpha * flux, eps))
    case.found("plate_normal_twosided_K", solve(alpha * flux, 2.0 * eps))
    case.found("sphere_sun_only_K", solve(alpha * flux / 4.0, eps))
    case.found("black_sphere_sun_only_K", solve(flux / 4.0, 1.0))
    case.found("plate_45deg_backinsulated_K", solve(alpha * flux * math.cos(math.pi / 4.0), eps))
    sphere = earth_loads.sphere_view_factor(radius_km)
    reflected = earth_loads.albedo_w_m2(sphere, albedo, flux, 1.0)
    infrared = earth_loads.infrared_w_m2(sphere, ir)
    case.found("sphere_550km_subsolar_K", solve(alpha * (flux / 4.0 + reflected) + eps * infrared, eps))
    case.found("sphere_550km_eclipse_K", solve(eps * infrared, eps))
    nadir = earth_loads.infrared_w_m2(earth_loads.plate_view_factor(radius_km), ir)
    case.found("nadir_plate_eclipse_K", solve(eps * nadir, eps))
    case.found("radiator_350Wm2_zenith_shadow_e0.85_K", solve(350.0, 0.85))
    case.found("radiator_350Wm2_plus_sun_a0.2_e0.85_K", solve(350.0 + 0.2 * flux, 0.85))
    case.found("array_a0.92_ef0.85_er0.85_eta0.28_K", solve((0.92 - 0.28) * flux, 0.85 + 0.85))


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
    for tilt_deg in (0, 30, 60, 75, 90, 105, 120, 150):
        case.found(f"F_plate_{tilt_deg}deg", earth_loads.plate_view_factor(radius_km, float(tilt_deg)))
    nadir = earth_loads.plate_view_factor(radius_km)
    edge = earth_loads.plate_view_factor(radius_km, 90.0)
    sphere = earth_loads.sphere_view_factor(radius_km)
    case.found("F_sphere", sphere)
    case.found("IR_on_nadir_plate_W_m2", earth_loads.infrared_w_m2(nadir, ir))
    case.found("IR_on_edge_plate_W_m2", earth_loads.infrared_w_m2(edge, ir))
    case.found("IR_on_sphere_per_surface_area_W_m2", earth_loads.infrared_w_m2(sphere, ir))
    for zenith_deg in (0, 30, 60, 80, 90, 100):
        cosine = earth_loads.albedo_w_m2(nadir, albedo, flux, math.cos(math.radians(zenith_deg)))
        case.found(f"albedo_nadir_plate_cosform_sz{zenith_deg}_W_m2", cosine)
        integral = _albedo_by_quadrature_w_m2(radius_km, zenith_deg, albedo, flux)
        case.found(f"albedo_nadir_plate_true_sz{zenith_deg}_W_m2", integral)
        if zenith_deg <= 60:
            case.require(math.isclose(cosine, integral, rel_tol=0.007), "cosine form within 0.7 % of the integral")


def p17(case: Case) -> None:
    """Orbit-average light on arrays: the light is the plant's, the faces are set here."""
    flux_eff = case.inputs["S"] * case.inputs["eff"]
    for beta_deg in (0, 20, 45, 60, 70, 80):
        position_km, sun_km, period_s = circle(beta_deg, case.inputs["h_km"])
        t_s = (np.arange(200_000) + 0.5) * period_s / 200_000
        r, sun_unit = position_km(t_s), sun_km / AU_KM
        lit = shadow.cylindrical_sunlit(r, sun_unit)
        zenith = r / np.linalg.norm(r, axis=1)[:, None]
        across = np.array([0.0, 1.0, 0.0])
        ram = np.cross(zenith, across)
        body_m2 = (
            ZENITH_M2 * np.maximum(zenith @ sun_unit, 0.0)
            + RAM_M2 * np.abs(ram @ sun_unit)
            + SIDE_M2 * abs(float(across @ sun_unit))
        )
        out_of_plane = float(across @ sun_unit)
        case.found(f"sunpointing_1m2_beta{beta_deg}_W", flux_eff * float(lit.mean()))
        case.found(f"nadir_6U_body_beta{beta_deg}_W", flux_eff * float((lit * body_m2).mean()))
        one_axis_m2 = math.sqrt(1.0 - out_of_plane**2)
        case.found(f"one_axis_yawfixed_1m2_beta{beta_deg}_W", flux_eff * one_axis_m2 * float(lit.mean()))
    radius_km = orbit.semi_major_axis_km(case.inputs["h_km"])
    sunlit20 = 1.0 - shadow.cylindrical_eclipse_fraction(radius_km, 20.0)
    case.found("tumbling_convex_body_0.26m2_beta20_W", flux_eff * 0.26 / 4.0 * sunlit20)
    dark0 = shadow.cylindrical_eclipse_fraction(radius_km, 0.0)
    period_s = orbit.kepler_period_s(case.inputs["h_km"])
    sized_w = (20.0 * dark0 / 0.85 + 20.0 * (1.0 - dark0) / 0.90) / (1.0 - dark0)
    case.found("array_needed_for_20W_beta0_W", sized_w)
    case.found("eclipse_energy_20W_beta0_Wh", 20.0 * dark0 * period_s / 3600.0)
