"""Battery: energy is accounted for, limits hold whatever is asked, cold and full packs take no charge."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from flightsw.errors import ConfigError, PhysicsError
from flightsw.plant.battery import Battery, BatteryState, BatteryStep, Health
from flightsw.plant.battery_config import BatteryConfig, OcvPoint

CURVES = (
    (OcvPoint(0.0, 12.8), OcvPoint(1.0, 16.4)),
    # A 4S pack of NMC cells: flat in the middle, steep at both ends.
    (OcvPoint(0.0, 11.0), OcvPoint(0.1, 13.6), OcvPoint(0.6, 14.8), OcvPoint(0.9, 16.0), OcvPoint(1.0, 16.8)),
    # A 4S pack of LFP cells: nearly flat, then a wall.
    (OcvPoint(0.0, 10.0), OcvPoint(0.05, 12.8), OcvPoint(0.97, 13.4), OcvPoint(1.0, 14.4)),
)
packs = st.builds(
    BatteryConfig,
    capacity_ah=st.floats(0.5, 50.0),
    ocv=st.sampled_from(CURVES),
    r0_ohm=st.floats(0.01, 0.5),
    r1_ohm=st.sampled_from([0.0, 0.04, 0.2]),
    c1_f=st.sampled_from([500.0, 1500.0]),
    charge_limit_a=st.floats(0.1, 10.0),
    charge_limit_v=st.floats(13.0, 16.8),
    discharge_limit_a=st.sampled_from([5.0, 1e5]),
    cutoff_v=st.sampled_from([0.0, 11.0]),
)
socs = st.floats(0.0, 1.0)
temperatures_c = st.floats(-20.0, 60.0)
wishes = st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=60)
"""Of what is possible: -1 is all that the pack takes, 1 all that it gives; beyond that a caller asks too much."""


def obliged(battery: Battery, state: BatteryState, battery_c: float, wish: float) -> tuple[BatteryState, BatteryStep]:
    """A step that keeps to what the pack says it can do."""
    wish = max(-1.0, min(1.0, wish))
    if wish > 0.0:
        return given(battery, state, battery_c, wish * battery.feasible_w(state, battery_c))
    return given(battery, state, battery_c, wish * battery.acceptance_w(state, battery_c))


def given(battery: Battery, state: BatteryState, battery_c: float, power_w: float) -> tuple[BatteryState, BatteryStep]:
    """A step that the pack can do."""
    done = battery.exchange(state, battery_c, power_w)
    assert done is not None
    return done


@settings(max_examples=80)
@over(packs, socs, temperatures_c, wishes, st.sampled_from([0.1, 1.0, 10.0]))
def test_energy_is_accounted_for_and_every_limit_holds(config, soc, battery_c, course, dt_s) -> None:
    battery = Battery(config, dt_s)
    state = BatteryState(soc)
    for wish in course:
        before = state
        state, done = obliged(battery, state, battery_c, wish)
        assert all(map(math.isfinite, (done.current_a, done.terminal_v, done.power_w, done.heat_j, done.stored_j)))
        assert 0.0 <= state.soc <= 1.0
        assert done.stored_j + done.power_w * dt_s + done.heat_j == pytest.approx(0.0, abs=1e-9)
        assert -config.charge_limit_a * (1.0 + 1e-9) <= done.current_a <= config.discharge_limit_a * (1.0 + 1e-9)
        if done.current_a < 0.0:
            assert battery_c >= config.lowest_charge_c
            assert done.terminal_v <= config.charge_limit_v + 1e-9
            assert state.soc >= before.soc
        if config.r1_ohm == 0.0:  # else the relaxing pair takes or gives a little beside
            assert done.heat_j >= -1e-9
            assert done.heat_j >= done.current_a**2 * battery.resistance_ohm(battery_c) * dt_s - 1e-6


@settings(max_examples=40)
@over(packs, st.floats(0.2, 0.8), st.floats(0.05, 0.95))
def test_stored_energy_depends_on_the_state_alone(config, soc, wish) -> None:
    """Drawn down and charged back, chemical energy is what it was, through the corners of the curve too."""
    battery, state = Battery(config, 1.0), BatteryState(soc)
    stored_j = moved_j = 0.0
    for power_share in [wish] * 200 + [-wish] * 200:
        most_w = min(battery.feasible_w(state, 25.0), 30.0)
        state, done = given(battery, state, 25.0, power_share * most_w)
        stored_j += done.stored_j
        moved_j += abs(done.stored_j)
    curve = config.ocv

    def held_j(at: float) -> float:
        total, before = 0.0, curve[0]
        for point in curve[1:]:
            part = min(max(at - before.soc, 0.0), point.soc - before.soc)
            slope_v = (point.volts - before.volts) / (point.soc - before.soc)
            total += part * (before.volts + 0.5 * slope_v * part)
            before = point
        return total * config.capacity_ah * 3600.0

    pair_j = 0.5 * config.c1_f * state.v1_v**2 if config.r1_ohm > 0.0 else 0.0
    assert moved_j > 0.0
    # A step over a corner of the curve takes the voltage from before it.
    share = 2e-4 if len(curve) > 2 else 1e-10
    assert stored_j == pytest.approx(held_j(state.soc) + pair_j - held_j(soc), abs=share * moved_j)


@settings(max_examples=60)
@over(packs, socs, temperatures_c)
def test_what_the_pack_can_give_and_take_is_what_a_step_gives_and_takes(config, soc, battery_c) -> None:
    battery, state = Battery(config, 1.0), BatteryState(soc)
    for power_w in (battery.feasible_w(state, battery_c), -battery.acceptance_w(state, battery_c)):
        assert given(battery, state, battery_c, power_w)[1].power_w == pytest.approx(power_w, rel=1e-9, abs=1e-9)


@settings(max_examples=60)
@over(packs, socs, temperatures_c, st.floats(1e-3, 1e7))
def test_more_than_it_can_give_is_refused_and_more_than_it_takes_is_left(config, soc, battery_c, excess_w) -> None:
    battery, state = Battery(config, 1.0), BatteryState(soc)
    assert battery.exchange(state, battery_c, battery.feasible_w(state, battery_c) + excess_w) is None
    most_w = battery.acceptance_w(state, battery_c)
    taken = given(battery, state, battery_c, -most_w - excess_w)[1]
    assert taken.power_w == pytest.approx(-most_w, rel=1e-9, abs=1e-9)


def pack(dt_s: float = 1.0, **given: Any) -> Battery:
    return Battery(BatteryConfig(capacity_ah=5.0, **given), dt_s)


def acceptance_w(battery: Battery, state: BatteryState, battery_c: float) -> float:
    return battery.acceptance_w(state, battery_c)


def test_no_charge_below_the_lowest_temperature() -> None:
    battery, state = pack(lowest_charge_c=0.0), BatteryState(0.5)
    assert acceptance_w(battery, state, 0.0) > 0.0
    assert acceptance_w(battery, state, -0.01) == 0.0


def test_a_full_pack_takes_nothing_and_an_empty_one_gives_nothing() -> None:
    battery = pack()
    assert acceptance_w(battery, BatteryState(1.0), 25.0) == 0.0
    empty = BatteryState(0.0)
    assert battery.feasible_w(empty, 25.0) == 0.0


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 10.0])
def test_charging_into_a_steeper_part_of_the_curve_keeps_to_the_voltage_limit(dt_s: float) -> None:
    config = BatteryConfig(capacity_ah=0.5, ocv=CURVES[2], r0_ohm=0.01, charge_limit_v=13.45)
    battery, state, highest_v = Battery(config, dt_s), BatteryState(0.96), 0.0
    for _ in range(round(120 / dt_s)):
        state, done = given(battery, state, 25.0, -battery.acceptance_w(state, 25.0))
        highest_v = max(highest_v, done.terminal_v)
    assert state.soc > 0.97
    assert highest_v == pytest.approx(13.45, abs=1e-3)
    assert highest_v <= 13.45 + 1e-9


def test_a_cold_pack_has_more_resistance_and_less_capacity() -> None:
    battery = pack()
    assert battery.resistance_ohm(24.85) == pytest.approx(0.15)
    assert battery.resistance_ohm(0.0) > 1.9 * 0.15
    assert battery.charge_c(25.0) == 18000.0
    assert battery.charge_c(-20.0) == pytest.approx(0.8 * 18000.0)
    assert pack(temperature_dependent=False).resistance_ohm(-20.0) == 0.15


def test_the_protection_circuit_opens_below_its_voltage() -> None:
    free, guarded, state = pack(), pack(cutoff_v=12.5), BatteryState(0.2)
    most_w = guarded.feasible_w(state, 25.0)
    assert 0.0 < most_w < free.feasible_w(state, 25.0)
    done = given(guarded, state, 25.0, most_w)[1]
    assert done.power_w / done.current_a == pytest.approx(12.5)


def test_a_shorter_step_changes_a_discharge_little() -> None:
    ends = []
    for dt_s in (10.0, 5.0, 2.5):
        battery, state = pack(dt_s, r1_ohm=0.04), BatteryState(0.9)
        for _ in range(round(3600 / dt_s)):
            state, _ = given(battery, state, 20.0, 20.0)
        ends.append(state.soc)
    assert ends[0] == pytest.approx(ends[2], abs=1e-5)
    assert abs(ends[2] - ends[1]) < 0.6 * abs(ends[1] - ends[0])


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ([(0.0, 12.0)], "must ascend"),
        ([(0.1, 12.0), (1.0, 16.0)], "must ascend"),
        ([(0.0, 12.0), (0.9, 16.0)], "must ascend"),
        ([(0.0, 12.0), (0.6, 13.0), (0.5, 14.0), (1.0, 16.0)], "must ascend"),
        ([(0.0, 12.0), (0.5, 11.0), (1.0, 16.0)], "must not fall"),
    ],
)
def test_a_curve_that_is_none_is_refused(points, complaint) -> None:
    with pytest.raises(ConfigError, match=complaint):
        BatteryConfig(capacity_ah=1.0, ocv=tuple(OcvPoint(*point) for point in points))


@pytest.mark.parametrize("r1_ohm", [0.0, 0.04])
def test_the_taper_does_not_depend_on_the_step(r1_ohm: float) -> None:
    """Current half an hour after the voltage limit is met: second order in the step."""
    amps, tau_s = [], (0.15 + r1_ohm) * 18000.0 / 3.6 / 0.995
    for dt_s in (20.0, 5.0, 0.5):
        battery, state = pack(dt_s, r1_ohm=r1_ohm, charge_limit_a=2.0), BatteryState(0.9)
        for _ in range(round(3600 / dt_s)):
            state, done = given(battery, state, 25.0, -1e3)
            assert done.terminal_v <= 16.4 + 1e-9
        amps.append(done.current_a)
    assert -1.0 < amps[2] < -0.01
    assert amps[1] == pytest.approx(amps[2] * math.exp(2.25 / tau_s), rel=1e-4)
    assert amps[0] == pytest.approx(amps[2] * math.exp(9.75 / tau_s), rel=1e-3)


def test_charge_that_cold_withholds_comes_back_with_warmth() -> None:
    battery, state = pack(), BatteryState(0.25)
    assert battery.feasible_w(state, -30.0) == 0.0
    assert battery.exchange(state, -30.0, 1.0) is None
    after, _ = given(battery, state, -30.0, 0.0)
    assert after.soc == state.soc
    assert battery.feasible_w(after, 20.0) > 100.0


def test_a_failed_string_takes_its_share_of_charge_and_current_along() -> None:
    whole = Battery(BatteryConfig(capacity_ah=5.0, strings=4, discharge_limit_a=8.0), 1.0)
    hurt = Battery(whole.config, 1.0, Health(strings_failed=1))
    state = BatteryState(0.8)
    assert hurt.capacity_ah == pytest.approx(0.75 * whole.capacity_ah)
    assert hurt.resistance_ohm(25.0) == pytest.approx(whole.resistance_ohm(25.0) / 0.75)
    assert given(hurt, state, 25.0, 20.0)[0].soc < given(whole, state, 25.0, 20.0)[0].soc
    assert hurt.acceptance_w(state, 25.0) < whole.acceptance_w(state, 25.0)
    dead = Battery(whole.config, 1.0, Health(strings_failed=4))
    assert dead.exchange(state, 25.0, 1.0) is None
    assert given(dead, state, 25.0, -10.0)[1].power_w == 0.0
    with pytest.raises(PhysicsError, match="strings_failed = 5"):
        Battery(whole.config, 1.0, Health(strings_failed=5))


@pytest.mark.parametrize("battery_c", [-273.15, -270.0, -100.0, -40.0])
def test_a_pack_colder_than_its_law_holds_for_has_the_resistance_of_the_coldest_that_it_does(battery_c: float) -> None:
    battery = Battery(BatteryConfig(capacity_ah=8.0, ocv=CURVES[0], r0_ohm=0.1, temperature_dependent=True), 1.0)
    coldest_ohm = 0.1 * math.exp(2500.0 * (1.0 / 233.15 - 1.0 / 298.0))
    assert battery.resistance_ohm(battery_c) == pytest.approx(coldest_ohm, rel=1e-12)
    assert battery.resistance_ohm(-39.0) < coldest_ohm
    state = BatteryState(0.98)
    assert battery.acceptance_w(state, battery_c) == 0.0
    assert battery.feasible_w(state, battery_c) > 0.0
    assert math.isfinite(given(battery, state, battery_c, 1.0)[1].heat_j)
