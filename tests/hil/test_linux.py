"""Any Linux machine: counters that wrap, permission denied, sensors that are not there or go, the model's word."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.devices.board import Standing
from flightsw.messages.board import Quality
from hil.detect import open_board
from hil.drivers.frequency import cpu_clocks
from hil.drivers.linux import linux_board
from hil.drivers.power import LinePower, ProcessorModel, Rapl
from hil.drivers.thermal import ThermalZones, hottest
from hil.fakes.tree import TreeBuilder
from hil.tree import Tree
from tests.hil.trees import DENIED, Clock, FailingTree, machine

ZONE = "/sys/class/powercap/intel-rapl:0"
POLICY = "/sys/devices/system/cpu/cpufreq/policy0"


def with_rapl(root: Path, counter_uj: int = 1_000_000) -> TreeBuilder:
    tree = machine(root)
    tree.put(f"{ZONE}/name", "package-0")
    tree.put(f"{ZONE}/energy_uj", counter_uj)
    tree.put(f"{ZONE}/max_energy_range_uj", 262_143_328_850)
    return tree


def with_cpufreq(root: Path) -> TreeBuilder:
    tree = machine(root)
    for name, khz in (("cpuinfo_max_freq", 3_000_000), ("scaling_max_freq", 3_000_000), ("scaling_cur_freq", 900_000)):
        tree.put(f"{POLICY}/{name}", khz)
    tree.put(f"{POLICY}/scaling_available_frequencies", "750000 1500000 3000000")
    return tree


def test_rapl_is_energy_over_time_and_survives_the_counter_s_wrap(tmp_path: Path) -> None:
    tree, clock = with_rapl(tmp_path, 262_143_328_850 - 4_000_000), Clock()
    rapl = Rapl(Tree(tmp_path), clock)
    assert rapl.power().quality is Quality.MISSING
    clock.s += 1.0
    tree.put(f"{ZONE}/energy_uj", 5_999_999)
    reading = rapl.power()
    assert reading.value == pytest.approx(10.0)
    assert reading.quality is Quality.MEASURED
    assert reading.age_s == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("names", "watts", "source"),
    [
        (("package-0", "psys"), 15.0, "rapl"),
        (("psys", "package-0", "package-1"), 37.0, "rapl"),
        (("psys",), 15.0, "rapl: psys"),
    ],
)
def test_the_platform_s_counter_is_never_added_to_the_packages_that_are_in_it(
    tmp_path: Path, names: tuple[str, ...], watts: float, source: str
) -> None:
    tree, clock = machine(tmp_path), Clock()
    for place, name in enumerate(names):
        tree.put(f"/sys/class/powercap/intel-rapl:{place}/name", name)
        tree.put(f"/sys/class/powercap/intel-rapl:{place}/max_energy_range_uj", 262_143_328_850)
        tree.put(f"/sys/class/powercap/intel-rapl:{place}/energy_uj", 1000)
    rapl = Rapl(Tree(tmp_path), clock)
    rapl.power()
    clock.s += 1.0
    for place, rise_uj in zip(range(len(names)), (15_000_000, 22_000_000, 15_000_000), strict=False):
        tree.put(f"/sys/class/powercap/intel-rapl:{place}/energy_uj", 1000 + rise_uj)
    reading = rapl.power()
    assert (reading.value, reading.source) == (pytest.approx(watts), source)
    assert rapl.capability().source == source


@pytest.mark.parametrize("hot", [0, 1])
def test_of_two_sockets_the_hotter_one_counts_whichever_it_is(tmp_path: Path, hot: int) -> None:
    tree = machine(tmp_path)
    for place in range(2):
        value = 97_000 if place == hot else 45_000
        tree.put(f"/sys/class/thermal/thermal_zone{place}/type", "x86_pkg_temp")
        tree.put(f"/sys/class/thermal/thermal_zone{place}/temp", value)
        tree.put(f"/sys/class/hwmon/hwmon{place}/name", "coretemp")
        tree.put(f"/sys/class/hwmon/hwmon{place}/temp1_input", value + 1000)
    readings = ThermalZones(Tree(tmp_path)).temperatures()
    assert {"x86_pkg_temp", "x86_pkg_temp#2", "coretemp.temp1", "coretemp.temp1#2"} == set(readings)
    assert hottest(readings).value == 97.0
    assert hottest({name: one for name, one in readings.items() if name.startswith("coretemp")}).value == 98.0


def test_a_rate_is_not_taken_over_less_than_its_window(tmp_path: Path) -> None:
    tree, clock = with_rapl(tmp_path), Clock()
    rapl = Rapl(Tree(tmp_path), clock)
    rapl.power()
    clock.s += 1.0
    tree.put(f"{ZONE}/energy_uj", 6_000_000)
    assert rapl.power().value == pytest.approx(5.0)
    clock.s += 0.001
    tree.put(f"{ZONE}/energy_uj", 7_000_000)
    assert rapl.power().value == pytest.approx(5.0)
    assert rapl.power().age_s == pytest.approx(0.501)


def test_rapl_that_may_not_be_read_is_absent_with_the_reason_and_the_model_steps_in(tmp_path: Path) -> None:
    with_rapl(tmp_path)
    tree = FailingTree(tmp_path, reading={f"{ZONE}/energy_uj": DENIED})
    board = linux_board(tree)
    found = {one.name: one for one in board.capabilities()}
    assert found["power.rapl"].standing is Standing.ABSENT
    assert "Permission denied" in found["power.rapl"].reason
    assert found["power.model"].standing is Standing.DEGRADED


def test_the_model_is_a_line_over_busy_time_and_says_that_it_is_one(tmp_path: Path) -> None:
    tree, clock = machine(tmp_path, busy=100, idle=300), Clock()
    model = ProcessorModel(Tree(tmp_path), LinePower(4.0, 12.0, "a test"), clock)
    assert model.power().value is None
    clock.s += 1.0
    tree.put("/proc/stat", "cpu  150 0 0 450 0 0 0 0 0 0")
    reading = model.power()
    assert reading.value == pytest.approx(4.0 + 8.0 * 0.25)
    assert reading.quality is Quality.MODELLED


def test_processor_time_that_falls_gives_no_power(tmp_path: Path) -> None:
    tree, clock = machine(tmp_path, busy=100, idle=300), Clock()
    model = ProcessorModel(Tree(tmp_path), LinePower(4.0, 12.0, "a test"), clock)
    model.power()
    clock.s += 1.0
    tree.put("/proc/stat", "cpu  10 0 0 20 0 0 0 0 0 0")
    assert model.power().quality is Quality.MISSING


@pytest.mark.parametrize("text", ["", "cpu", "intr 1 2 3 4 5 6 7 8", "cpu a b c d e f g h"])
def test_a_proc_stat_that_says_nothing_is_no_power_and_no_crash(tmp_path: Path, text: str) -> None:
    machine(tmp_path).put("/proc/stat", text)
    reading = ProcessorModel(Tree(tmp_path), LinePower(4.0, 12.0, "a test"), Clock()).power()
    assert reading.quality is Quality.MISSING
    assert "/proc/stat" in reading.reason


def test_a_meter_on_the_supply_comes_before_everything_else_and_the_sensor_is_kept_beside_it(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    tree.put("/sys/class/hwmon/hwmon4/name", "ina219")
    tree.put("/sys/class/hwmon/hwmon4/power1_input", 7_250_000)
    tree.put("/sys/class/hwmon/hwmon5/name", "amdgpu")
    tree.put("/sys/class/hwmon/hwmon5/power1_input", 3_000_000)
    sample = linux_board(Tree(tmp_path)).sample()
    assert sample.power.value == 7.25
    assert sample.power.source == "ina219"
    assert sample.sensor is not None
    assert sample.sensor.value == 3.0


def test_a_limit_is_written_in_steps_and_read_back_and_taken_back_at_the_end(tmp_path: Path) -> None:
    tree = with_cpufreq(tmp_path)
    clocks = cpu_clocks(Tree(tmp_path))
    assert clocks is not None
    assert clocks.capability().standing is Standing.PRESENT
    limit = clocks.limit(0.6)
    assert tree.number(f"{POLICY}/scaling_max_freq") == 1_500_000
    assert limit.applied == 0.5
    assert clocks.limit(0.0).applied == 0.25
    clocks.restore()
    assert tree.number(f"{POLICY}/scaling_max_freq") == 3_000_000


def test_a_clock_that_may_not_be_written_is_degraded_and_applies_nothing(tmp_path: Path) -> None:
    with_cpufreq(tmp_path)
    clocks = cpu_clocks(FailingTree(tmp_path, writing={f"{POLICY}/scaling_max_freq": DENIED}))
    assert clocks is not None
    assert clocks.capability().standing is Standing.DEGRADED
    limit = clocks.limit(0.5)
    assert limit.applied == 1.0
    assert "Permission denied" in limit.reason


def test_a_zone_without_power_is_named_and_the_others_count(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    for place, (name, value) in enumerate((("acpitz", 27_800), ("x86_pkg_temp", 61_000), ("iwlwifi_1", 90_000))):
        tree.put(f"/sys/class/thermal/thermal_zone{place}/type", name)
        tree.put(f"/sys/class/thermal/thermal_zone{place}/temp", value)
    tree.put("/sys/class/thermal/thermal_zone3/type", "B0D4")
    tree.break_("/sys/class/thermal/thermal_zone3/temp")
    zones = ThermalZones(Tree(tmp_path))
    readings = zones.temperatures()
    assert hottest(readings).value == 61.0
    assert readings["B0D4"].quality is Quality.MISSING
    assert zones.capability().standing is Standing.DEGRADED
    assert "B0D4" in zones.capability().reason


def test_files_that_vanish_give_a_reason_and_no_crash(tmp_path: Path) -> None:
    tree = with_cpufreq(tmp_path)
    tree.put("/sys/class/thermal/thermal_zone0/type", "x86_pkg_temp")
    tree.put("/sys/class/thermal/thermal_zone0/temp", 50_000)
    board = linux_board(Tree(tmp_path))
    assert board.sample().chip.value == 50.0
    for file in ("/sys/class/thermal/thermal_zone0/temp", f"{POLICY}/scaling_cur_freq", "/proc/stat"):
        tree.remove(file)
    sample = board.sample()
    assert [sample.power.quality, sample.chip.quality, sample.clock.quality] == [Quality.MISSING] * 3
    assert "No such file" in sample.clock.reason


def test_a_machine_with_nothing_is_still_a_board(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    board = open_board("auto", tmp_path / "empty")
    assert {one.standing for one in board.capabilities()} == {Standing.ABSENT}
    assert board.sample().power.value is None
    assert board.limit(0.5).applied == 1.0
    board.safe()
    board.restore()
