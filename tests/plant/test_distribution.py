"""Bus and limiters: a tick's powers balance, what can't be carried is shed and never NaN, a trip stays a trip."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.messages.plant import LclState
from flightsw.plant.battery import Battery, BatteryState
from flightsw.plant.battery_config import BatteryConfig
from flightsw.plant.distribution import (
    LIMITING,
    OFF,
    ON,
    TRIPPED,
    DistributionConfig,
    Flows,
    Limiters,
    LoadConfig,
    PowerBus,
    mean_flows,
    switch_lcls,
)

EFFICIENCY, MPPT = 0.9, 0.95
LOADS = (
    LoadConfig(name="avionics", limit_w=20.0),
    LoadConfig(name="heater", limit_w=8.0, shed_tier=2),
    LoadConfig(name="payload", limit_w=40.0, shed_tier=1),
)
BATTERY = Battery(BatteryConfig(capacity_ah=5.0, charge_limit_a=2.6, cutoff_v=11.0, r1_ohm=0.04), 1.0)
BUS = PowerBus(DistributionConfig(efficiency=EFFICIENCY), LOADS, BATTERY, MPPT)
LIMITERS, CALM = Limiters(LOADS), (0.0, 0.0, 0.0)
powers_w = st.one_of(st.just(0.0), st.floats(0.01, 60.0), st.floats(100.0, 5000.0))


def balance(available_w: float, load_w: list[float], soc: float, battery_c: float = 20.0) -> Flows:
    return BUS.balance(available_w, load_w, BatteryState(soc), battery_c)[1]


@settings(max_examples=200)
@given(st.floats(0.0, 200.0), st.lists(powers_w, min_size=3, max_size=3), st.floats(0.0, 1.0), st.floats(-15.0, 50.0))
def test_every_watt_of_a_tick_goes_somewhere(available_w, load_w, soc, battery_c) -> None:
    flows = balance(available_w, load_w, soc, battery_c)
    assert all(map(math.isfinite, (flows.array_used_w, flows.drawn_w, flows.battery.power_w, flows.battery.heat_j)))
    assert flows.drawn_w == pytest.approx(sum(flows.load_w))
    bus_w = flows.array_used_w * MPPT + flows.battery.power_w
    assert bus_w == pytest.approx(flows.drawn_w / EFFICIENCY, rel=1e-9, abs=1e-7)
    loss_w = flows.array_used_w * (1.0 - MPPT) + flows.drawn_w * (1.0 / EFFICIENCY - 1.0)
    assert flows.conversion_loss_w == pytest.approx(loss_w, rel=1e-9, abs=1e-9)
    assert 0.0 <= flows.array_used_w <= available_w * (1.0 + 1e-12)
    assert flows.brownout is (list(flows.load_w) != load_w) or sum(load_w[1:]) == 0.0


@settings(max_examples=100)
@given(st.floats(0.0, 60.0), st.floats(0.0, 1.0), st.floats(-15.0, 50.0))
def test_the_array_is_curtailed_only_when_the_battery_takes_no_more(available_w, soc, battery_c) -> None:
    flows = balance(available_w, [7.0, 0.0, 0.0], soc, battery_c)
    state = BatteryState(soc)
    curtailed_w = available_w - flows.array_used_w
    if curtailed_w > 1e-9:
        most_w = BATTERY.acceptance_w(state, battery_c)
        assert -flows.battery.power_w == pytest.approx(most_w, abs=1e-7)
    if battery_c < 0.0:
        assert flows.battery.power_w >= 0.0


def test_sunlight_comes_first_and_what_is_over_charges() -> None:
    flows = balance(30.0, [7.0, 0.0, 0.0], 0.5)
    assert flows.array_used_w == 30.0
    assert flows.battery.power_w == pytest.approx(7.0 / EFFICIENCY - 30.0 * MPPT)


def test_an_overload_of_an_empty_battery_sheds_what_may_be_shed() -> None:
    flows = balance(10.0, [7.0, 4.0, 25.0], 0.0)
    assert flows.brownout
    assert flows.load_w == (7.0, 0.0, 0.0)
    assert flows.drawn_w == 7.0


def test_without_sun_and_charge_everything_goes_dark() -> None:
    state, flows = BUS.balance(0.0, [7.0, 4.0, 25.0], BatteryState(0.0), 20.0)
    assert flows.brownout
    assert flows.load_w == (0.0, 0.0, 0.0)
    assert flows.battery.power_w == 0.0
    assert state.soc == 0.0


def test_a_load_beyond_what_resistance_lets_through_is_a_brownout() -> None:
    flows = balance(0.0, [7.0, 0.0, 5000.0], 0.9)
    assert flows.brownout
    assert flows.load_w == (7.0, 0.0, 0.0)
    assert not balance(0.0, [7.0, 0.0, 200.0], 0.9).brownout


def passed(states: tuple[LclState, ...], demand_w: list[float]) -> tuple[tuple[LclState, ...], list[float]]:
    """(states, powers) after a tick of 1 s of limiters that were not limiting before it."""
    after, limited_s, powers_w = LIMITERS.pass_through(states, CALM, demand_w, 1.0)
    assert limited_s == CALM
    return after, powers_w


def test_an_overload_trips_and_stays_open_until_commanded_off() -> None:
    states, load_w = passed((ON, ON, ON), [7.0, 9.0, 25.0])
    assert states == (ON, TRIPPED, ON)
    assert load_w == [7.0, pytest.approx(8.0 * 0.015), 25.0]
    for _ in range(3):
        states = switch_lcls(states, (True, True, True))
        states, load_w = passed(states, [7.0, 1.0, 25.0])
        assert states == (ON, TRIPPED, ON)
        assert load_w[1] == 0.0
    states = switch_lcls(states, (True, False, True))
    assert states == (ON, OFF, ON)
    states = switch_lcls(states, (True, True, True))
    assert passed(states, [7.0, 1.0, 25.0]) == ((ON, ON, ON), [7.0, 1.0, 25.0])


def test_an_overload_shorter_than_the_trip_time_is_limited_and_forgiven() -> None:
    states, limited_s, load_w = (ON, ON, ON), CALM, [0.0]
    for _ in range(2):
        states, limited_s, load_w = LIMITERS.pass_through(states, limited_s, [7.0, 9.0, 25.0], 0.005)
        assert states == (ON, LIMITING, ON)
        assert load_w == [7.0, 8.0, 25.0]
    calm = LIMITERS.pass_through(states, limited_s, [7.0, 8.0, 25.0], 0.005)
    assert calm == ((ON, ON, ON), CALM, [7.0, 8.0, 25.0])
    states, limited_s, load_w = LIMITERS.pass_through(states, limited_s, [7.0, 9.0, 25.0], 0.008)
    assert states == (ON, TRIPPED, ON)
    assert load_w[1] == pytest.approx(8.0 * 5.0 / 8.0)


def test_under_voltage_opens_what_may_be_shed_and_nothing_else() -> None:
    assert LIMITERS.open_sheddable((ON, ON, OFF)) == (ON, TRIPPED, OFF)


def test_a_load_at_its_limit_does_not_trip() -> None:
    assert passed((ON, ON, ON), [20.0, 8.0, 40.0])[0] == (ON, ON, ON)


def test_what_is_off_draws_nothing_and_can_not_trip() -> None:
    assert passed((ON, OFF, OFF), [7.0, 100.0, 100.0]) == ((ON, OFF, OFF), [7.0, 0.0, 0.0])


def test_loads_behind_converters_of_their_own_take_what_these_lose() -> None:
    loads = (LoadConfig(name="a", efficiency=0.8), LoadConfig(name="b"))
    bus = PowerBus(DistributionConfig(efficiency=0.9), loads, BATTERY, 1.0)
    _, flows = bus.balance(0.0, [8.0, 9.0], BatteryState(0.7), 20.0)
    assert flows.battery.power_w == pytest.approx(8.0 / 0.8 + 9.0 / 0.9)
    assert flows.conversion_loss_w == pytest.approx(3.0)


def test_the_mean_of_parts_keeps_the_energy() -> None:
    parts = [
        (0.25, BUS.with_battery(BATTERY.over(0.25)).balance(40.0, [7.0, 4.0, 0.0], BatteryState(0.5), 20.0)[1]),
        (0.75, BUS.with_battery(BATTERY.over(0.75)).balance(0.0, [7.0, 0.0, 0.0], BatteryState(0.5), 20.0)[1]),
    ]
    mean = mean_flows(parts)
    assert mean.load_w == pytest.approx((7.0, 1.0, 0.0))
    assert mean.array_used_w == pytest.approx(0.25 * parts[0][1].array_used_w)
    assert mean.battery.heat_j == sum(flows.battery.heat_j for _, flows in parts)
    assert mean.array_used_w * MPPT + mean.battery.power_w == pytest.approx(mean.drawn_w / EFFICIENCY)


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.lists(st.booleans(), min_size=3, max_size=3), st.lists(st.floats(0, 60), min_size=3, max_size=3)),
        max_size=30,
    )
)
def test_no_sequence_of_commands_closes_a_tripped_limiter_without_opening_it_first(course) -> None:
    states = (ON, OFF, ON)
    for wanted, demand_w in course:
        before = states
        switched = switch_lcls(states, wanted)
        states, limited_s, load_w = LIMITERS.pass_through(switched, CALM, demand_w, 1.0)
        assert limited_s == CALM
        for place, (was, now) in enumerate(zip(before, states, strict=True)):
            if was is TRIPPED:
                assert now is (TRIPPED if wanted[place] else OFF)
            assert (now is OFF) is not wanted[place]
            trips_now = now is TRIPPED and before[place] is not TRIPPED
            burst_w = 0.015 * LOADS[place].limit_w if trips_now else 0.0
            assert load_w[place] == pytest.approx(demand_w[place] if now is ON else burst_w)
