"""Sun: the interpolated table against direct evaluation, the frames, the beta angle."""

from __future__ import annotations

import erfa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.plant import sun
from flightsw.plant.constants import AU_KM
from flightsw.plant.epoch import parse_epoch
from flightsw.plant.frames import gcrs_to_teme, gmst_rad, teme_to_earth_fixed

EPOCH = parse_epoch("2026-01-03T12:00:00Z")


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 3e7), st.floats(1.0, 60.0 * 2048), st.floats(0.0, 1.0))
def test_table_equals_direct_computation(first_s: float, span_s: float, part: float) -> None:
    t_s = np.array([first_s + part * span_s])
    tabulated = sun.SunTable(EPOCH, first_s, first_s + span_s).at(t_s)
    direct = sun.sun_teme_km(EPOCH, t_s)
    assert np.abs(tabulated - direct).max() / AU_KM < 1e-9


def test_teme_and_gcrs_are_not_confused() -> None:
    gcrs, teme = sun.sun_gcrs_km(EPOCH, np.zeros(1))[0], sun.sun_teme_km(EPOCH, np.zeros(1))[0]
    apart_deg = np.degrees(np.arccos(gcrs @ teme / (np.linalg.norm(gcrs) * np.linalg.norm(teme))))
    assert 0.3 < apart_deg < 0.4, "26 years of precession"
    matrix = gcrs_to_teme(EPOCH, np.zeros(1))[0]
    assert np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-14)


def test_teme_and_mean_sidereal_time_lead_to_the_same_earth_as_iau_2006() -> None:
    """GCRS -> TEME -> Earth-fixed against erfa's own celestial-to-terrestrial matrix (no polar motion)."""
    zero = np.zeros(1)
    fixed = teme_to_earth_fixed((gcrs_to_teme(EPOCH, zero)[0] @ np.eye(3)).T, np.repeat(gmst_rad(EPOCH, zero), 3))
    expected = erfa.c2t06a(*EPOCH.tt(zero), *EPOCH.ut1(zero), 0.0, 0.0)[0].T
    assert np.abs(fixed - expected).max() < 1e-6, "0.2 arcsec, where the equation of the equinoxes is up to 17"


def test_flux_falls_with_the_square_of_distance() -> None:
    at_1, at_2 = sun.solar_flux_w_m2(np.array([AU_KM, 2.0 * AU_KM]))
    assert at_1 == 1361.0
    assert at_2 == pytest.approx(1361.0 / 4.0)


@pytest.mark.parametrize(("sun_unit", "beta_deg"), [((0, 0, 1), 90.0), ((0, 0, -1), -90.0), ((1, 0, 0), 0.0)])
def test_beta_is_positive_on_the_side_of_the_angular_momentum(sun_unit: tuple[int, int, int], beta_deg: float) -> None:
    r, v = np.array([[7000.0, 0.0, 0.0]]), np.array([[0.0, 7.5, 0.0]])
    assert sun.beta_deg(r, v, np.array([sun_unit], dtype=float))[0] == pytest.approx(beta_deg)
