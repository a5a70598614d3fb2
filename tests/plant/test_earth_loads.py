"""Earth loads: bounds and continuity of view factors, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.errors import PhysicsError
from flightsw.plant import earth_loads
from flightsw.plant.constants import EARTH_RADIUS_KM

radii_km = st.floats(EARTH_RADIUS_KM + 150.0, 50000.0)
tilts_deg = st.floats(0.0, 180.0)


@given(radii_km, tilts_deg, tilts_deg)
def test_view_factor_falls_with_tilt_and_stays_in_bounds(radius_km: float, a_deg: float, b_deg: float) -> None:
    near, far = sorted((a_deg, b_deg))
    first, second = (earth_loads.plate_view_factor(radius_km, tilt) for tilt in (near, far))
    assert 0.0 <= second <= first + 1e-12
    assert first <= 1.0


@given(radii_km)
def test_nadir_plate_sees_the_inverse_square_and_its_back_sees_nothing(radius_km: float) -> None:
    nadir, zenith = (earth_loads.plate_view_factor(radius_km, tilt) for tilt in (0.0, 180.0))
    assert zenith == 0.0
    assert nadir == pytest.approx((EARTH_RADIUS_KM / radius_km) ** 2)


@given(radii_km)
def test_sphere_is_the_mean_of_plates_over_all_tilts(radius_km: float) -> None:
    cos_tilt, weight = np.polynomial.legendre.leggauss(64)
    plates = [earth_loads.plate_view_factor(radius_km, float(t)) for t in np.degrees(np.arccos(cos_tilt))]
    assert earth_loads.sphere_view_factor(radius_km) == pytest.approx(0.5 * float(weight @ plates), abs=2e-5)


@given(radii_km)
def test_view_factor_has_no_step_where_its_form_changes(radius_km: float) -> None:
    half_deg = math.degrees(math.asin(EARTH_RADIUS_KM / radius_km))
    for corner_deg in (90.0 - half_deg, 90.0 + half_deg):
        below, above = (earth_loads.plate_view_factor(radius_km, corner_deg + d) for d in (-1e-6, 1e-6))
        assert below == pytest.approx(above, abs=1e-6)


@given(radii_km, st.lists(tilts_deg, max_size=7))
def test_view_factors_of_many_faces_are_those_of_each(radius_km: float, tilts: list[float]) -> None:
    half_deg = math.degrees(math.asin(EARTH_RADIUS_KM / radius_km))
    tilts = [*tilts, 0.0, 90.0, 180.0, 90.0 - half_deg, 90.0 + half_deg]
    many = earth_loads.plate_view_factors(np.array([radius_km, 7000.0]), np.cos(np.radians([tilts, tilts])))
    assert many.shape == (2, len(tilts))
    for row, its_radius_km in zip(many, (radius_km, 7000.0), strict=True):
        # A cosine holds a tilt near 0 or 180 deg, and the form's corner a factor, to the root of a rounding at worst.
        assert row == pytest.approx([earth_loads.plate_view_factor(its_radius_km, tilt) for tilt in tilts], abs=1e-9)


def test_view_factors_below_the_ground_are_refused() -> None:
    with pytest.raises(PhysicsError, match=r"radius_km = 6000\.0: must be above"):
        earth_loads.plate_view_factors(np.array([7000.0, 6000.0]), np.zeros((2, 1)))


def test_albedo_is_nought_at_and_past_the_terminator() -> None:
    assert earth_loads.albedo_w_m2(0.85, 0.3, 1361.0, 1.0) > 300.0
    assert earth_loads.albedo_w_m2(0.85, 0.3, 1361.0, -0.2) == 0.0


def test_environments_run_from_cold_to_hot() -> None:
    cold, nominal, hot = (earth_loads.ENVIRONMENTS[name] for name in ("cold", "nominal", "hot"))
    assert cold.ir_w_m2 < nominal.ir_w_m2 < hot.ir_w_m2
    assert cold.albedo < nominal.albedo < hot.albedo


def test_what_has_no_meaning_is_refused() -> None:
    with pytest.raises(PhysicsError, match=r"radius_km = 6000.0: must be above"):
        earth_loads.sphere_view_factor(6000.0)
    with pytest.raises(PhysicsError, match=r"tilt_deg = 181.0: must be from 0 to 180"):
        earth_loads.plate_view_factor(7000.0, 181.0)
    with pytest.raises(PhysicsError, match=r"absorbed_w = -1.0"):
        earth_loads.equilibrium_k(-1.0, 1.0)
