"""Jetsons by their stand-ins: rails of both layouts, zones that are off, modes by name, all forms of tegrastats."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.devices.board import Standing
from flightsw.errors import ConfigError
from flightsw.messages.board import Quality
from hil.detect import open_board
from hil.drivers.ina3221 import Ina3221
from hil.drivers.jetson import jetson_board
from hil.drivers.nvpmodel import Nvpmodel
from hil.drivers.tegrastats import STALE_S, Tegrastats, parse
from hil.fakes.jetson import AGX_ORIN, GPU_FOLDER, JETSONS, ORIN_NANO, XAVIER_IIO, FakeJetson, JetsonKind
from hil.tree import Tree, commands_of
from tests.hil.test_nvidia import Tool
from tests.hil.trees import DENIED, FailingTree

# Lines as devices print them (reference/hil.md).
ORIN_LINE = (
    "11-15-2024 08:38:09 RAM 6185/7620MB (lfb 8x2MB) SWAP 851/3810MB (cached 0MB) CPU [15%@729,11%@729] EMC_FREQ "
    "43%@2133 GR3D_FREQ 63%@[621] NVDEC off VIC off APE 200 cpu@53.968C soc2@52.437C gpu@53.343C tj@53.968C "
    "VDD_IN 12479mW/12479mW VDD_CPU_GPU_CV 4667mW/4667mW VDD_SOC 2817mW/2817mW"
)
XAVIER_LINE = (
    "RAM 14700/15692MB (lfb 3x2MB) SWAP 898/8192MB (cached 23MB) CPU [0%@1190,0%@1190] EMC_FREQ 0% GR3D_FREQ 0% "
    "AO@30C GPU@30.5C PMIC@100C GPU 463/463 CPU 618/618 SOC 2936/2936 CV 0/0 VDDRQ 309/309 SYS5V 3306/3306"
)
AGX_LINE = (
    "04-11-2025 10:36:27 RAM 4321/62801MB (lfb 1759x4MB) SWAP 19/31400MB (cached 0MB) CPU [0%@729,0%@729] EMC_FREQ "
    "0%@2133 GR3D_FREQ 0%@[0,0] VIC_FREQ 729 APE 174 CV0@-256C CPU@44.562C Tboard@32C SOC2@40.093C tj@44.343C "
    "VDD_GPU_SOC 2340mW/2340mW VDD_CPU_CV 390mW/390mW VIN_SYS_5V0 4025mW/4025mW NC 0mW/0mW VDDQ_VDD2_1V8AO "
    "301mW/301mW NC 0mW/0mW"
)


@pytest.mark.parametrize("kind", JETSONS.values(), ids=JETSONS)
def test_a_stand_in_is_found_to_be_a_jetson_and_gives_what_it_shows(tmp_path: Path, kind: JetsonKind) -> None:
    fake = FakeJetson(tmp_path, kind)
    board = open_board("auto", tmp_path)
    assert (board.kind, board.model) == ("jetson", kind.model)
    fake.show(14.0, 63.5)
    sample = board.sample()
    assert sample.power.value == pytest.approx(14.0, abs=0.02)  # milliamperes at 5 V
    assert sample.chip.value == pytest.approx(63.5, abs=1.0)
    assert sample.clock.value == fake.clock_mhz
    assert {sample.power.quality, sample.chip.quality, sample.clock.quality} == {Quality.MEASURED}


def test_a_module_without_an_input_rail_says_what_its_total_is_a_sum_of_and_counts_no_unconnected_channel(
    tmp_path: Path,
) -> None:
    FakeJetson(tmp_path, AGX_ORIN)
    rails = Ina3221(Tree(tmp_path))
    assert rails.total_of == "VDD_GPU_SOC + VDD_CPU_CV + VIN_SYS_5V0 + VDDQ_VDD2_1V8AO"
    assert rails.capability().standing is Standing.DEGRADED
    assert "NC" not in rails.rails_w()


def test_an_input_rail_is_the_total_and_no_other_rail_is_added(tmp_path: Path) -> None:
    FakeJetson(tmp_path, ORIN_NANO).show(10.0, 50.0)
    rails = Ina3221(Tree(tmp_path))
    assert rails.total_of == "VDD_IN"
    assert rails.power().value == pytest.approx(10.0)
    assert sum(reading.value or 0.0 for reading in rails.rails_w().values()) > 15.0


def test_a_rail_that_fails_makes_a_sum_unknown_and_not_smaller(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, AGX_ORIN)
    rails = Ina3221(Tree(tmp_path))
    assert rails.power().value is not None
    fake.tree.break_(f"{fake.rail_folder(1)}/curr2_input")
    reading = rails.power()
    assert reading.quality is Quality.MISSING
    assert "Input/output error" in reading.reason
    assert rails.rails_w()["VDD_GPU_SOC"].value is not None


def test_a_zone_that_is_off_is_told_and_hurts_nothing(tmp_path: Path) -> None:
    FakeJetson(tmp_path, ORIN_NANO)
    found = {one.name: one for one in open_board("jetson", tmp_path).capabilities()}
    assert found["temperature"].standing is Standing.DEGRADED
    assert "cv0-thermal" in found["temperature"].reason
    assert found["temperature"].source == "tj-thermal"


def test_modes_are_asked_for_by_name_and_what_is_in_force_is_read_back(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, ORIN_NANO)
    board = open_board("auto", tmp_path)
    assert board.mode_names() == ("15W", "25W", "MAXN_SUPER", "7W")
    assert board.set_mode("MAXN_SUPER").taken
    assert fake.mode == "MAXN_SUPER"
    assert fake.clock_mhz == 1020.0
    board.restore()
    assert fake.mode == "15W"


def test_a_mode_that_needs_a_reboot_and_is_silently_not_taken_shows_by_what_is_read_back(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, ORIN_NANO)
    change = open_board("auto", tmp_path).set_mode("7W")
    assert not change.taken
    assert (change.found, fake.mode) == ("15W", "15W")
    assert "reboot" in change.reason


def test_an_unknown_mode_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    FakeJetson(tmp_path, ORIN_NANO)
    change = open_board("auto", tmp_path).set_mode("MAXN")
    assert not change.taken
    assert "15W, 25W, MAXN_SUPER, 7W" in change.reason


def test_without_the_status_file_the_tool_is_asked(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, ORIN_NANO)
    tree = FailingTree(tmp_path, reading={"/var/lib/nvpmodel/status": DENIED})
    modes = Nvpmodel(tree, commands_of(tree))
    assert modes.mode() == fake.mode == "15W"
    fake.tree.remove("/usr/bin/nvpmodel")
    assert modes.mode() is None
    assert modes.capability().standing is Standing.ABSENT


def test_the_gpu_s_limit_takes_the_highest_step_that_fits_and_is_taken_back(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, XAVIER_IIO)
    board = open_board("auto", tmp_path)
    limit = board.limit(0.5)
    assert fake.clock_mhz == 675.0
    assert limit.applied == pytest.approx(675.0 / 1377.0)
    board.restore()
    assert fake.tree.number(f"{GPU_FOLDER}/max_freq") == 1_377_000_000


def test_a_board_that_was_left_limited_still_knows_its_nominal_clock(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, ORIN_NANO)
    fake.tree.put(f"{GPU_FOLDER}/max_freq", 306_000_000)
    assert open_board("auto", tmp_path).top_mhz == 1020.0


def test_over_current_is_told_once_an_event(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, ORIN_NANO)
    board = open_board("auto", tmp_path)
    assert board.sample().flags == ()
    fake.complain()
    assert board.sample().flags == ("over-current:oc1",)
    assert board.sample().flags == ()


def test_without_an_ina3221_tegrastats_gives_the_power(tmp_path: Path) -> None:
    fake = FakeJetson(tmp_path, ORIN_NANO)
    for channel in (1, 2, 3):
        fake.tree.remove(f"{fake.rail_folder(0)}/in{channel}_label")
    board = jetson_board(Tree(tmp_path))
    fake.show(11.5, 60.0)
    try:
        while (reading := board.sample().power).value is None:
            assert "no line yet" in reading.reason
        assert reading.source == "tegrastats"
        while board.sample().power.value != 11.5:
            pass
    finally:
        board.close()


def test_a_tegrastats_that_ended_or_fell_silent_gives_no_power_any_more() -> None:
    tool = Tool("")
    tegrastats = Tegrastats(tool, tool.clock)  # type: ignore[arg-type]
    assert tegrastats.power().reason == "no line yet"
    tool.talks[0].say(ORIN_LINE)
    assert tegrastats.power().value == pytest.approx(12.479)
    tool.clock.s += STALE_S + 1.0
    silent = tegrastats.power()
    assert (silent.value, silent.reason) == (None, "tegrastats: silent for 4 s")
    tool.talks[0].say(ORIN_LINE)
    assert tegrastats.power().value == pytest.approx(12.479)
    tool.talks[0].ended = True
    ended = tegrastats.power()
    assert (ended.quality, ended.reason) == (Quality.MISSING, "tegrastats: has ended")
    assert tegrastats.capability().standing is Standing.ABSENT


def test_a_missing_tegrastats_is_a_reason(tmp_path: Path) -> None:
    tegrastats = Tegrastats(commands_of(Tree(tmp_path)))
    assert "no such command" in tegrastats.power().reason
    assert tegrastats.capability().standing is Standing.ABSENT


def test_every_known_form_of_a_tegrastats_line_is_read() -> None:
    orin, xavier, agx = parse(ORIN_LINE), parse(XAVIER_LINE), parse(AGX_LINE)
    assert orin.rails_mw == {"VDD_IN": 12479, "VDD_CPU_GPU_CV": 4667, "VDD_SOC": 2817}
    assert (orin.gpu_load, orin.gpu_mhz) == (0.63, 621.0)
    assert orin.zones_c["tj"] == 53.968
    assert xavier.rails_mw == {"GPU": 463, "CPU": 618, "SOC": 2936, "CV": 0, "VDDRQ": 309, "SYS5V": 3306}
    assert (xavier.gpu_load, xavier.gpu_mhz) == (0.0, None)
    assert "CV0" not in agx.zones_c
    assert sum(agx.rails_mw.values()) == 2340 + 390 + 4025 + 301
    assert agx.gpu_mhz == 0.0


@pytest.mark.parametrize("clock", ["10%@1300", "12%@[1300,1300]", "12%@[1300,1300,1300]"])
def test_clocks_of_one_or_several_graphics_clusters_are_read(clock: str) -> None:
    assert parse(f"GR3D_FREQ {clock} VIC off").gpu_mhz == 1300.0


def test_a_line_of_something_else_says_nothing() -> None:
    stats = parse("tegrastats: permission denied")
    assert (stats.rails_mw, stats.zones_c, stats.gpu_load) == ({}, {}, None)


def test_a_tree_that_is_no_jetson_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no Jetson"):
        open_board("jetson", tmp_path)
