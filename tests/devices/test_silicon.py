"""The silicon law: more clock, heat or work never draws less; batches and thermal runaway follow their formulas."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.devices.profiles import load_profile, shipped_profiles

CHIPS = {name: load_profile(name).silicon() for name in shipped_profiles()}
chips = st.sampled_from(sorted(CHIPS)).map(CHIPS.__getitem__)
clocks_mhz = st.floats(50.0, 3000.0)
chips_c = st.floats(-40.0, 120.0)
shares = st.floats(0.0, 1.0)


@settings(max_examples=100)
@given(chips, clocks_mhz, clocks_mhz, chips_c, chips_c, shares, shares)
def test_more_clock_heat_or_work_never_draws_less(chip, clock_a, clock_b, chip_a, chip_b, share_a, share_b) -> None:
    slow, fast = sorted((clock_a, clock_b))
    cool, hot = sorted((chip_a, chip_b))
    less, more = sorted((share_a, share_b))
    assert chip.volts(slow) <= chip.volts(fast)
    assert chip.dynamic_w(slow) <= chip.dynamic_w(fast)
    assert chip.leak_w(cool) <= chip.leak_w(hot)
    assert chip.power_w(0, slow, cool, less) <= chip.power_w(0, fast, hot, more)


@settings(max_examples=50)
@given(chips, chips_c)
def test_a_higher_mode_works_faster_and_draws_more(chip, chip_c) -> None:
    for low, high in itertools.pairwise(range(len(chip.modes))):
        assert chip.full_load_w(low, chip_c) < chip.full_load_w(high, chip_c)
        assert chip.items_per_s(low, 12.0, 16) <= chip.items_per_s(high, 12.0, 16)
        faster = chip.modes[low].clock_mhz < chip.modes[high].clock_mhz
        assert faster is (chip.items_per_s(low, 12.0, 16) < chip.items_per_s(high, 12.0, 16))


@settings(max_examples=50)
@given(chips, chips_c)
def test_idle_and_full_load_are_the_ends_of_one_law(chip, chip_c) -> None:
    for mode, row in enumerate(chip.modes):
        assert chip.idle_w(mode, chip_c) == pytest.approx(chip.power_w(mode, row.clock_mhz, chip_c, 0.0))
        assert chip.full_load_w(mode, chip_c) == pytest.approx(chip.power_w(mode, row.clock_mhz, chip_c, 1.0))


@settings(max_examples=50)
@given(chips, st.integers(1, 500), st.floats(0.01, 100.0), clocks_mhz)
def test_a_batch_costs_one_launch_and_each_item_the_same(chip, items, work_gop, clock_mhz) -> None:
    item_s = chip.batch_s(items + 1, work_gop, clock_mhz) - chip.batch_s(items, work_gop, clock_mhz)
    assert item_s > 0.0
    assert chip.batch_s(items, work_gop, clock_mhz) == pytest.approx(chip.launch_s + items * item_s, rel=1e-6)
    assert chip.batch_s(items, work_gop, 2.0 * clock_mhz) < chip.batch_s(items, work_gop, clock_mhz)


@pytest.mark.parametrize("name", sorted(CHIPS))
def test_voltage_goes_through_its_table_and_is_held_outside_it(name) -> None:
    chip = CHIPS[name]
    assert [chip.volts(clock_mhz) for clock_mhz, _ in chip.dvfs] == [volts for _, volts in chip.dvfs]
    assert chip.volts(1.0) == chip.dvfs[0][1]
    assert chip.volts(1e5) == chip.dvfs[-1][1]
    (low_mhz, low_v), (high_mhz, high_v) = chip.dvfs[:2]
    assert chip.volts(0.5 * (low_mhz + high_mhz)) == pytest.approx(0.5 * (low_v + high_v))


@settings(max_examples=40)
@given(chips, st.floats(-20.0, 60.0), st.floats(1.0, 40.0))
def test_below_the_runaway_resistance_the_chip_settles_and_above_it_never_does(chip, ambient_c, dynamic_w) -> None:
    limit_k_w = chip.runs_away_above_k_w(ambient_c, dynamic_w)

    def settles(resistance_k_w: float) -> bool:
        chip_c = ambient_c
        for _ in range(3000):
            chip_c = ambient_c + resistance_k_w * (dynamic_w + chip.leak_w(chip_c))
            if chip_c > 5000.0:
                return False
        return True

    assert math.isfinite(limit_k_w)
    assert settles(0.99 * limit_k_w)
    assert not settles(1.01 * limit_k_w)


@pytest.mark.parametrize("figure", ["leakage_w", "leakage_per_k"])
def test_a_chip_whose_leakage_does_not_grow_never_runs_away(figure: str) -> None:
    chip = replace(CHIPS["orin-nano"], **{figure: 0.0})
    assert chip.runs_away_above_k_w(20.0, 30.0) == math.inf


BAND = replace(CHIPS["orin-nano"], throttle_c=80.0, throttle_full_c=85.0, throttle_clock_mhz=306.0)


@settings(max_examples=60)
@given(st.floats(60.0, 110.0), st.floats(0.0, 10.0))
def test_in_a_band_the_ceiling_falls_with_heat_from_the_highest_clock_to_the_lowest(chip_c, warmer_k) -> None:
    ceiling_mhz = BAND.ceiling_mhz(chip_c)
    assert BAND.throttle_clock_mhz <= BAND.ceiling_mhz(chip_c + warmer_k) <= ceiling_mhz <= BAND.modes[-1].clock_mhz
    assert (BAND.ceiling_mhz(80.0), BAND.ceiling_mhz(82.5), BAND.ceiling_mhz(85.0)) == (1020.0, 663.0, 306.0)


@pytest.mark.parametrize("chip_c", [20.0, 99.0, 104.0])
def test_without_a_band_the_ceiling_is_one_step(chip_c: float) -> None:
    assert CHIPS["orin-nano"].ceiling_mhz(chip_c) == 306.0


def test_what_has_a_clock_of_its_own_is_drawn_with_the_work_and_not_when_idle() -> None:
    plain = CHIPS["orin-nano"]
    fed = replace(plain, modes=tuple(replace(mode, host_w=3.0) for mode in plain.modes))
    for mode, row in enumerate(plain.modes):
        assert fed.idle_w(mode, 50.0) == plain.idle_w(mode, 50.0)
        assert fed.full_load_w(mode, 50.0) == pytest.approx(plain.full_load_w(mode, 50.0) + 3.0)
        half_w = fed.power_w(mode, row.clock_mhz, 50.0, 0.5) - plain.power_w(mode, row.clock_mhz, 50.0, 0.5)
        assert half_w == pytest.approx(1.5)
