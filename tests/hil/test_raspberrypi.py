"""Raspberry Pis by their stand-ins: which power it is, sticky throttle bits, the true clock, a missing tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.devices.board import Standing
from flightsw.errors import ConfigError
from flightsw.messages.board import Quality
from hil.detect import open_board
from hil.drivers.raspberrypi import parse_pmic, parse_value
from hil.fakes.raspberrypi import POLICY, FakePi
from hil.tree import Unavailable

PMIC = """   3V7_WL_SW_A current(0)=0.00487950A
     VDD_CORE_A current(7)=0.82156000A
  3V7_WL_SW_V volt(8)=3.67510000V
     VDD_CORE_V volt(15)=0.81203820V
       EXT5V_V volt(24)=5.13756000V
        BATT_V volt(25)=0.00000000V"""


def test_a_pi_5_gives_its_power_by_its_pmic_and_says_that_the_losses_are_a_fit(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi5")
    board = open_board("auto", tmp_path)
    assert (board.kind, board.model) == ("raspberrypi", "Raspberry Pi 5 Model B Rev 1.0")
    fake.show(7.3, 61.0)
    sample = board.sample()
    assert sample.power.value == pytest.approx(7.3, abs=1e-3)
    assert sample.power.quality is Quality.MEASURED
    found = {one.name: one for one in board.capabilities()}
    assert found["power.pmic"].standing is Standing.DEGRADED
    assert "fit" in found["power.pmic"].reason


def test_a_pi_4_has_no_sensor_and_its_power_is_a_model_that_says_so(tmp_path: Path) -> None:
    FakePi(tmp_path, "pi4")
    found = {one.name: one for one in open_board("raspberrypi", tmp_path).capabilities()}
    assert found["power.pmic"].standing is Standing.ABSENT
    assert "not registered" in found["power.pmic"].reason
    assert found["power.model"].standing is Standing.DEGRADED
    assert "BUPT-1" in found["power.model"].reason


def test_a_meter_in_the_supply_of_a_pi_4_replaces_the_model(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi4")
    fake.tree.put("/sys/class/hwmon/hwmon3/name", "ina260")
    fake.tree.put("/sys/class/hwmon/hwmon3/power1_input", 4_120_000)
    sample = open_board("auto", tmp_path).sample()
    assert (sample.power.value, sample.power.quality, sample.power.source) == (4.12, Quality.MEASURED, "ina260")


def test_rails_with_volts_and_amperes_are_summed_and_others_are_not() -> None:
    assert parse_pmic(PMIC) == pytest.approx(0.0048795 * 3.6751 + 0.82156 * 0.8120382)
    with pytest.raises(Unavailable, match="no rail"):
        parse_pmic("EXT5V_V volt(24)=5.13756000V")


@pytest.mark.parametrize(
    ("text", "value"), [("temp=52.1'C", 52.1), ("throttled=0x50005", 0x50005), ("frequency(48)=1500345728", 1500345728)]
)
def test_what_vcgencmd_prints_is_read(text: str, value: float) -> None:
    assert parse_value(text) == value
    with pytest.raises(Unavailable):
        parse_value("VCHI initialization failed")


def test_the_clock_is_the_one_it_runs_at_and_not_the_one_asked_for(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi5")
    fake.show(9.0, 86.0)
    sample = open_board("auto", tmp_path).sample()
    assert fake.tree.number(f"{POLICY}/scaling_cur_freq") == 2_400_000
    assert sample.clock.value == 1500.0
    assert "throttled" in sample.flags


def test_a_bit_that_was_sticky_before_is_reported_once_as_history_and_never_as_news(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi4", throttled=0x50000)
    board = open_board("auto", tmp_path)
    found = {one.name: one for one in board.capabilities()}
    assert found["complaints"].standing is Standing.DEGRADED
    assert "under-voltage, throttled" in found["complaints"].reason
    assert board.sample().flags == ()
    fake.complain()
    assert board.sample().flags == ("under-voltage",)
    fake.recover()
    assert board.sample().flags == ()


def test_a_new_complaint_stays_known_when_it_is_over(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi4")
    board = open_board("auto", tmp_path)
    fake.complain()
    fake.recover()
    assert board.sample().flags == ("under-voltage-occurred",)


def test_without_vcgencmd_the_kernel_s_files_do(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi5")
    board = open_board("auto", tmp_path)
    fake.show(6.0, 55.0)
    fake.tree.remove("/usr/bin/vcgencmd")
    fake.tree.put("/sys/class/hwmon/hwmon2/in0_lcrit_alarm", 1)
    sample = board.sample()
    assert sample.chip.value == 55.0
    assert sample.power.quality is Quality.MISSING
    assert sample.clock.reason.startswith("what was asked for")
    assert sample.flags == ("under-voltage",)


def test_a_tree_that_is_no_pi_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no Raspberry Pi"):
        open_board("raspberrypi", tmp_path)
