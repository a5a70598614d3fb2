"""Single-event effects: Poisson at the stated rates, drawn by tick, and held until somebody helps."""

from __future__ import annotations

import math

import pytest

from flightsw.errors import ConfigError
from flightsw.node.scenario import load_scenario
from flightsw.plant.radiation import DAY_S, WELL, Radiation, RadiationConfig, RadiationState, _poisson

BUSY = RadiationConfig(upsets_per_day=2000.0, sel_per_day=20.0, sefi_per_day=40.0, saa_multiplier=10.0)


def counts(radiation: Radiation, ticks: int, *, in_saa: bool = False) -> tuple[list[int], int, int]:
    """(upsets a tick, latch-ups, interrupts) of a device that is helped at once."""
    upsets, latches, interrupts = [], 0, 0
    for tick in range(ticks):
        state, flipped = radiation.step(tick, WELL, in_saa=in_saa, rail_on=True, powered=True, power_on=True)
        upsets.append(len(flipped))
        latches += state.sel
        interrupts += state.sefi
    return upsets, latches, interrupts


@pytest.mark.parametrize("in_saa", [False, True])
@pytest.mark.parametrize("dt_s", [1.0, 10.0])
def test_effects_come_at_their_rates_whatever_the_tick(dt_s: float, in_saa: bool) -> None:
    ticks = round(400_000 / dt_s)
    found = counts(Radiation(BUSY, 3, dt_s), ticks, in_saa=in_saa)
    days = ticks * dt_s / DAY_S * (10.0 if in_saa else 1.0)
    for count, per_day in zip((sum(found[0]), *found[1:]), (2000.0, 20.0, 40.0), strict=True):
        expected = per_day * days
        assert abs(count - expected) < 4.5 * math.sqrt(expected) + expected * per_day * dt_s / DAY_S * 10.0


def test_upsets_of_a_tick_are_poisson() -> None:
    upsets, _, _ = counts(Radiation(RadiationConfig(upsets_per_day=43_200.0), 5, 1.0), 40_000)
    for number in range(4):
        share = math.exp(-0.5) * 0.5**number / math.factorial(number)
        expected = 40_000 * share
        assert abs(upsets.count(number) - expected) < 4.5 * math.sqrt(expected * (1.0 - share))


def test_a_tick_s_draw_depends_on_nothing_before_it() -> None:
    asked_all = Radiation(BUSY, 9, 1.0)
    whole = [asked_all.step(tick, WELL, in_saa=True, rail_on=True, powered=True, power_on=True) for tick in range(5000)]
    assert any(flipped for _, flipped in whole)
    again = Radiation(BUSY, 9, 1.0)
    for tick in (4999, 17, 2500):
        assert again.step(tick, WELL, in_saa=True, rail_on=True, powered=True, power_on=True) == whole[tick]
    other = Radiation(BUSY, 10, 1.0)
    assert [
        other.step(tick, WELL, in_saa=True, rail_on=True, powered=True, power_on=True) for tick in range(5000)
    ] != whole


def test_a_latch_up_holds_until_the_rail_is_cycled() -> None:
    radiation, state = Radiation(RadiationConfig(sel_per_day=1e-3), 1, 1.0), RadiationState(sel=True, sefi=True)
    state, _ = radiation.step(0, state, in_saa=False, rail_on=True, powered=True, power_on=True)
    assert state.stopped
    state, _ = radiation.step(1, state, in_saa=False, rail_on=True, powered=False, power_on=False)
    assert state == RadiationState(sel=True), "a reset helps the interrupt alone"
    state, _ = radiation.step(2, state, in_saa=False, rail_on=True, powered=True, power_on=True)
    assert state.sel
    state, _ = radiation.step(3, state, in_saa=False, rail_on=False, powered=False, power_on=True)
    assert state == WELL


def test_a_device_without_power_takes_nothing() -> None:
    radiation = Radiation(RadiationConfig(upsets_per_day=8e3, sel_per_day=1e3, sefi_per_day=1e3), 1, 10.0)
    for tick in range(2000):
        assert radiation.step(tick, WELL, in_saa=True, rail_on=True, powered=False, power_on=True) == (WELL, ())


def test_more_upsets_than_can_be_told_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"radiation\.upsets_per_day = 1000000\.0: .* must be at most 20"):
        Radiation(RadiationConfig(upsets_per_day=1e6), 1, 1.0)
    with pytest.raises(ConfigError, match=r"radiation\.upsets_per_day"):
        load_scenario("cubesat-6u-orin-nano", ["plant.radiation.upsets_per_day=1e6"])


def test_addresses_are_as_many_as_upsets_and_differ() -> None:
    radiation, seen = Radiation(RadiationConfig(upsets_per_day=86_400.0), 2, 1.0), []
    for tick in range(500):
        seen += radiation.step(tick, WELL, in_saa=False, rail_on=True, powered=True, power_on=True)[1]
    assert len(seen) > 400
    assert len(set(seen)) == len(seen)
    assert all(0 <= address < 2**62 for address in seen)


def test_inversion_counts_up_from_the_chance_of_none() -> None:
    none, one = math.exp(-2.0), 2.0 * math.exp(-2.0)
    assert [_poisson(uniform, 2.0) for uniform in (0.0, none - 1e-9, none, none + one - 1e-9, none + one)] == [
        0,
        0,
        1,
        1,
        2,
    ]
