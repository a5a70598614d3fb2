"""The coolant pump's speed: by temperature, in steps, full without a reading; and what the plant makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flightsw
from flightsw.apps.thermal.pump import FULL, STEP, PumpConfig, pump_speed
from flightsw.errors import ConfigError
from flightsw.plant.pumps import opening_of, power_share, speed_of
from flightsw.plant.thermal_config import LoopConfig

CONFIG = PumpConfig(idle_c=25.0, full_c=40.0, least=0.4)
LOOP = LoopConfig(a="board", b="radiator", flow_kg_s=10.0, cp_j_kg_k=3500.0, ua_w_k=11776.0, pump_load="pump")


@given(st.floats(-60.0, 120.0), st.floats(-60.0, 120.0), st.floats(0.4, 1.0))
def test_a_hotter_board_is_never_cooled_by_a_slower_pump(a_c: float, b_c: float, before: float) -> None:
    cool_c, hot_c = sorted((a_c, b_c))
    cool, hot = pump_speed(before, cool_c, CONFIG), pump_speed(before, hot_c, CONFIG)
    assert CONFIG.least <= cool <= FULL
    assert cool <= hot + STEP, "but for the step that noise may not take"
    assert (pump_speed(before, 25.0, CONFIG), pump_speed(before, 40.0, CONFIG)) == (CONFIG.least, FULL)


def test_without_a_reading_the_pump_gives_all() -> None:
    assert pump_speed(0.4, None, CONFIG) == FULL


def test_a_thermometers_noise_moves_no_pump() -> None:
    speeds, speed = set(), pump_speed(0.4, 32.0, CONFIG)
    for tick in range(100):
        speed = pump_speed(speed, 32.0 + 0.1 * ((tick * 7) % 5 - 2), CONFIG)
        speeds.add(speed)
    assert len(speeds) == 1


@given(st.floats(0.05, 1.0))
def test_speed_can_be_told_from_power_and_conductance_grows_with_it(speed: float) -> None:
    assert speed_of(power_share(speed)) == pytest.approx(speed, abs=1e-9)
    assert speed * 0.999 <= opening_of(LOOP, speed) <= 1.0 + 1e-12
    assert (opening_of(LOOP, 0.0), opening_of(LOOP, 1.0), speed_of(0.0)) == (0.0, 1.0, 0.0)


def test_a_range_upside_down_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"pump.full_c = 20\.0: must be above idle_c = 25\.0"):
        PumpConfig(full_c=20.0)


def test_the_plants_pump_draws_and_carries_less_at_part_of_its_speed() -> None:
    quiet = ["apps.inference.execute=none"]
    always = [*quiet, "apps.thermal.pump.idle_c=-50.0", "apps.thermal.pump.full_c=-40.0"]
    with flightsw.node("datacentre-class", overrides=quiet) as node:
        node.run_until("240s")
        cold_w, board_c = node["sensor.load_power_w[1]"], node["sensor.board_c"]
        speed = node["thermal.pumps.speed"]
    with flightsw.node("datacentre-class", overrides=always) as node:
        node.run_until("240s")
        full_w, cooler_c = node["sensor.load_power_w[1]"], node["sensor.board_c"]
    assert speed < 0.9
    assert full_w == pytest.approx(2000.0, rel=0.02)
    assert cold_w == pytest.approx(2000.0 * power_share(speed), rel=0.05)
    assert board_c > cooler_c
