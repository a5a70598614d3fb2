"""Optical crosslink: inverse square, steps of rate, and the Earth in between."""

from __future__ import annotations

import math

import pytest

from flightsw.errors import PhysicsError
from flightsw.plant.constants import EARTH_RADIUS_KM
from flightsw.plant.crosslink import (
    CrosslinkConfig,
    carried_bps,
    crosslink_rate_bps,
    in_plane_range_km,
    link_rate_bps,
    lowest_height_km,
    received_w,
)

PAIR = CrosslinkConfig()


def test_the_default_pair_holds_its_class_s_rate_to_its_class_s_range() -> None:
    assert crosslink_rate_bps(PAIR, 5400.0) == 100e9
    assert crosslink_rate_bps(PAIR, 20_000.0) < 100e9
    assert crosslink_rate_bps(PAIR, 1e6) == 0.0


def test_power_falls_with_the_square_of_range_and_is_what_the_aperture_cuts_out_of_the_beam() -> None:
    assert received_w(PAIR, 1000.0) == pytest.approx(4.0 * received_w(PAIR, 2000.0), rel=1e-12)
    radius_m = 0.5 * PAIR.divergence_rad * 1e6  # of the beam at 1000 km, to 1/e^2
    peak_w_m2 = 2.0 * PAIR.transmit_w / (math.pi * radius_m**2)
    caught_w = peak_w_m2 * math.pi * (0.5 * PAIR.aperture_m) ** 2 * 10.0 ** (-0.1 * PAIR.losses_db)
    assert received_w(PAIR, 1000.0) == pytest.approx(caught_w, rel=1e-12)


def test_a_bit_takes_its_photons_and_the_margin() -> None:
    photon_j = 6.62607015e-34 * 299_792_458.0 / PAIR.wavelength_m
    assert carried_bps(PAIR, 3000.0) * 25.0 * photon_j * 10.0**0.3 == pytest.approx(received_w(PAIR, 3000.0))


def test_rate_never_rises_with_range() -> None:
    rates = [crosslink_rate_bps(PAIR, float(km)) for km in range(100, 60_000, 100)]
    assert rates == sorted(rates, reverse=True)
    assert set(rates) == {0.0, *PAIR.rates_bps} - ({0.0} if rates[-1] > 0.0 else set())


def test_satellites_of_one_plane_lose_each_other_behind_the_earth() -> None:
    radius_km = EARTH_RADIUS_KM + 550.0

    def at(angle_deg: float) -> tuple[float, float, float]:
        angle = math.radians(angle_deg)
        return radius_km * math.cos(angle), radius_km * math.sin(angle), 0.0

    grazing_deg = 2.0 * math.degrees(math.acos((EARTH_RADIUS_KM + 100.0) / radius_km))
    assert 30.0 < grazing_deg < 45.0
    assert link_rate_bps(PAIR, at(0.0), at(grazing_deg - 0.01)) == 100e9
    assert link_rate_bps(PAIR, at(0.0), at(grazing_deg + 0.01)) == 0.0
    assert math.dist(at(0.0), at(30.0)) == pytest.approx(in_plane_range_km(550.0, 30.0))
    assert lowest_height_km(at(10.0), at(10.0)) == pytest.approx(550.0)


def test_no_range_is_refused() -> None:
    with pytest.raises(PhysicsError, match="range_km = 0"):
        received_w(PAIR, 0.0)
