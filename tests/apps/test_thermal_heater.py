"""The battery heater: by hysteresis, by duty, and what survival changes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.thermal import law
from flightsw.apps.thermal.app import ThermalApp
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.heater import heater_on
from flightsw.apps.thermal.heaterduty import COLD_START, Duty, duty_step, share_of_period
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.health import Event
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.power import PowerStatus

DUTY = ThermalConfig(heater_law="duty")
PERIOD = 120


def flown(config: ThermalConfig, seconds: int, *, base_c: float = -10.0, shed: int = 0) -> tuple[list[float], int]:
    """(battery temperatures, switchings) of a 420 J/K pack at 0.15 W/K from a cold spacecraft, with a 4 W heater."""
    state, battery_c, seen, on = law.initial(config), 12.0, [], []
    power = PowerStatus(0.3, 0.02, 0.0, 30.0, shed, 0.0, 0.5, False, None, 0.0, None)
    for _ in range(seconds):
        state, outputs = law.step(state, law.Inputs(40.0, battery_c, None, power), config, 1.0)
        battery_c += ((4.0 if outputs.heater_on else 0.0) - 0.15 * (battery_c - base_c)) / 420.0
        seen.append(battery_c)
        on.append(outputs.heater_on)
    return seen, sum(a is not b for a, b in pairwise(on))


def test_the_duty_holds_the_middle_of_the_thresholds_closer_than_hysteresis() -> None:
    by_duty, _ = flown(DUTY, 40_000)
    by_trips, _ = flown(ThermalConfig(), 40_000)
    assert max(by_trips[20_000:]) - min(by_trips[20_000:]) > 2.9
    assert max(by_duty[20_000:]) - min(by_duty[20_000:]) < 0.8
    assert sum(by_duty[20_000:]) / 20_000 == pytest.approx(6.5, abs=0.2)


def test_the_duty_switches_on_and_off_once_a_period_at_most() -> None:
    _, switchings = flown(DUTY, 40_000)
    assert 100 < switchings <= 2 * 40_000 / PERIOD + 2


def test_the_duty_is_no_stronger_after_a_long_cold_spell_that_it_could_not_hold() -> None:
    ends = []
    for spell in (40, 400):
        integral = 0.0
        for _ in range(spell):
            share, integral = share_of_period(integral, -25.0, DUTY, survival=False)
            assert share == 1.0
        share, _ = share_of_period(integral, 8.0, DUTY, survival=False)
        ends.append(share)
    assert ends[0] == ends[1] < 0.6


@given(st.floats(0.0, 1.0), st.floats(-60.0, 60.0), st.floats(-60.0, 60.0))
def test_a_warmer_battery_is_never_heated_more_and_the_share_is_one(integral: float, a_c: float, b_c: float) -> None:
    cold, warm = sorted((a_c, b_c))
    more, _ = share_of_period(integral, cold, DUTY, survival=False)
    less, after = share_of_period(integral, warm, DUTY, survival=False)
    assert 0.0 <= less <= more <= 1.0
    assert 0.0 <= after <= 1.0


def test_a_blind_duty_repeats_its_period_for_a_while_and_is_then_off() -> None:
    duty, on = Duty(0.5, 0, 60), []
    for second in range(1, 400):
        wanted, duty = duty_step(duty, None, second, DUTY, 1.0, survival=False)
        on.append(wanted)
    assert on[: DUTY.blind_ticks] == [True] * 60
    assert True not in on[DUTY.blind_ticks :]
    assert duty.integral == 0.5, "what was learned stays"
    assert COLD_START.on_ticks == 0


def test_while_loads_are_shed_the_heater_keeps_the_battery_chargeable_and_no_warmer() -> None:
    for config in (ThermalConfig(), DUTY):
        usual, _ = flown(config, 40_000)
        survival, _ = flown(config, 40_000, shed=1)
        assert min(usual[20_000:]) > 4.5
        assert 0.0 < min(survival[20_000:]) < max(survival[20_000:]) < 3.6


@pytest.mark.parametrize("survival", [False, True])
@given(on=st.booleans(), a_c=st.floats(-60.0, 60.0), b_c=st.floats(-60.0, 60.0))
def test_the_heater_is_monotone_in_the_batterys_temperature(survival: bool, on: bool, a_c: float, b_c: float) -> None:
    cold, warm = sorted((a_c, b_c))
    config = ThermalConfig()
    if heater_on(on, warm, 0, config, survival=survival):
        assert heater_on(on, cold, 0, config, survival=survival)


def test_a_duty_edge_is_no_event() -> None:
    app, told = ThermalApp(DUTY, 1.0), []
    on = set()
    for tick in range(600):
        out = app.step(
            Now(tick, tick * 10**9, 1.0), Inbox([("plant", ThermalSensors(40.0, 30.0, 20.0, 6.0, 9.0, 0.0))])
        )
        told += [message for message in out if isinstance(message, Event)]
        on |= {message.battery_heater_on for message in out if hasattr(message, "battery_heater_on")}
    assert on == {False, True}
    assert told == []


def test_survival_thresholds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"survival_off_c = 0\.5: must be above survival_on_c"):
        ThermalConfig(survival_off_c=0.5)
