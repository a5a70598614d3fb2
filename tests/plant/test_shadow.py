"""Shadow: bounds, the mean over ticks against fine sampling, and eclipses that are easily missed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.plant import shadow
from flightsw.plant.constants import AU_KM, EARTH_RADIUS_KM
from flightsw.plant.orbit import kepler_period_s, semi_major_axis_km

PERIOD_S = kepler_period_s(550.0)


def scan_of(beta_deg: float) -> shadow.ScanFunction:
    beta = math.radians(beta_deg)
    sun_km = AU_KM * np.array([math.cos(beta), math.sin(beta), 0.0])

    def scan(t_s: Any) -> tuple[Any, Any]:
        u = 2.0 * np.pi * t_s / PERIOD_S
        position = semi_major_axis_km(550.0) * np.stack((np.cos(u), 0.0 * u, np.sin(u)), axis=1)
        return position, np.broadcast_to(sun_km, position.shape)

    return scan


coordinates = st.floats(-50000.0, 50000.0)


@given(coordinates, coordinates, coordinates)
def test_sunlit_fraction_stays_between_nought_and_one(x_km: float, y_km: float, z_km: float) -> None:
    position = np.array([[x_km, y_km, z_km]])
    if np.linalg.norm(position) > EARTH_RADIUS_KM:
        seen = float(shadow.sunlit_fraction(position, np.array([[AU_KM, 0.0, 0.0]]))[0])
        assert 0.0 <= seen <= 1.0
        if x_km > 0.0:
            assert seen == 1.0


@given(st.floats(6900.0, 40000.0), st.floats(0.0, 0.02))
def test_sunlit_fraction_never_grows_towards_the_shadow_axis(distance_km: float, step_rad: float) -> None:
    angles = np.linspace(math.pi / 2, math.pi, 200) + step_rad
    angles = angles[angles < math.pi]
    positions = distance_km * np.stack((np.cos(angles), np.sin(angles), 0.0 * angles), axis=1)
    seen = shadow.sunlit_fraction(positions, np.broadcast_to([AU_KM, 0.0, 0.0], positions.shape))
    assert seen[0] == 1.0
    assert seen[-1] == 0.0
    assert np.all(np.diff(seen) <= 1e-9)


def test_annular_shadow_far_behind_the_earth_leaves_a_ring() -> None:
    far = np.array([[-3e6, 0.0, 0.0]])
    seen = float(shadow.sunlit_fraction(far, np.array([[AU_KM, 0.0, 0.0]]))[0])
    sun_rad, earth_rad, _ = shadow.apparent_discs(far, np.array([[AU_KM, 0.0, 0.0]]))
    assert earth_rad[0] < sun_rad[0]
    assert seen == pytest.approx(1.0 - (earth_rad[0] / sun_rad[0]) ** 2)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 67.5), st.sampled_from([1.0, 7.3, 60.0]))
def test_mean_over_ticks_agrees_with_fine_sampling(beta_deg: float, dt_s: float) -> None:
    scan = scan_of(beta_deg)
    edges_s = np.arange(1500.0, 2400.0 + dt_s, dt_s)
    mean = shadow.exposure(scan, edges_s).mean
    samples = 2000
    for index in np.flatnonzero((mean > 0.0) & (mean < 1.0))[:4]:
        t_s = edges_s[index] + (np.arange(samples) + 0.5) / samples * dt_s
        sampled = float(shadow.sunlit_fraction(*scan(t_s)).mean())
        assert mean[index] == pytest.approx(sampled, abs=1e-6)


@pytest.mark.parametrize("dt_s", [1.0, 60.0])
def test_a_tick_is_cut_where_a_contact_falls_into_it_and_nowhere_else(dt_s: float) -> None:
    scan = scan_of(40.0)
    edges_s = np.arange(0.0, PERIOD_S, dt_s)
    light = shadow.exposure(scan, edges_s)
    contacts = [at_s for found in shadow.eclipses(scan, 0.0, PERIOD_S) for at_s in found if at_s is not None]
    assert len(contacts) == 4
    cut = [tick for tick, stretches in enumerate(light.stretches) if stretches]
    assert cut == sorted({int(at_s / dt_s) for at_s in contacts})
    for tick in cut:
        assert sum(seconds for seconds, _ in light.stretches[tick]) == pytest.approx(dt_s)
        assert sum(s * lit for s, lit in light.stretches[tick]) == pytest.approx(light.mean[tick] * dt_s)
        ends = {lit for _, lit in light.stretches[tick]} & {0.0, 1.0}
        assert ends, "one side of a contact is sunlit or dark altogether"


def test_ticks_away_from_the_edges_are_exactly_light_or_dark() -> None:
    edges_s = np.arange(0.0, 2048.0 * 3, 1.0)
    mean = shadow.exposure(scan_of(0.0), edges_s).mean
    assert np.count_nonzero(mean == 0.0) > 2000
    assert np.count_nonzero(mean == 1.0) > 3000
    assert 15 <= np.count_nonzero((mean > 0.0) & (mean < 1.0)) <= 22, "two penumbras of 8.5 s"


def test_grazing_eclipse_shorter_than_the_scan_step_is_found() -> None:
    """Just inside the beta angle at which the penumbra is last touched."""
    low, high = 67.0, 68.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        t_s = np.array([PERIOD_S / 2])
        if shadow.sunlit_fraction(*scan_of(middle)(t_s))[0] < 1.0:
            low = middle
        else:
            high = middle
    found = shadow.eclipses(scan_of(low - 1e-6), 3.0, PERIOD_S + 3.0)
    assert len(found) == 1
    assert found[0].exit_s - found[0].entry_s < shadow.SCAN_STEP_S
    assert found[0].umbra_entry_s is None


def test_eclipse_under_way_is_cut_at_the_ends() -> None:
    found = shadow.eclipses(scan_of(0.0), PERIOD_S / 2, PERIOD_S * 1.5)
    assert len(found) == 2
    assert found[0].entry_s == PERIOD_S / 2
    assert found[1].exit_s == PERIOD_S * 1.5


def test_conical_and_cylindrical_shadow_agree_away_from_the_edge() -> None:
    t_s = np.linspace(0.0, PERIOD_S, 1000)
    position, sun_km = scan_of(20.0)(t_s)
    cone, cylinder = (
        shadow.sunlit_fraction(position, sun_km),
        shadow.cylindrical_sunlit(position, sun_km / AU_KM),
    )
    decided = (cone == 0.0) | (cone == 1.0)
    assert np.count_nonzero(cylinder == 0.0) > 300
    assert np.count_nonzero(cone[decided] != cylinder[decided]) == 0
