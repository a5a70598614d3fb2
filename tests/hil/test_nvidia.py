"""GPUs by nvidia-smi: what a line says, what a GPU doesn't tell, a tool that ends or falls silent, honest sums."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.devices.board import Capability, Reading, Standing, missing
from flightsw.messages.board import Quality
from hil.detect import open_board
from hil.drivers.nvidia import (
    STALE_S,
    BesideGpus,
    Gpu,
    GpuComplaints,
    GpuStats,
    ZonesAndGpus,
    gpus_of,
    parse,
)
from hil.drivers.thermal import ThermalZones, hottest
from hil.fakes.tree import TreeBuilder
from hil.probe import probe_board
from hil.tree import Tree, Unavailable
from tests.hil.trees import Clock, machine

LINE = "71.32, 35, 1980, 1980, 700.00, 0x0000000000000001"
LINE_FILE = "/run/stand-in/nvidia-smi"
SCRIPT = f"""case "$1" in
  --query-gpu=index,name) echo "0, NVIDIA H100 80GB HBM3" ;;
  *) while :; do cat "$root{LINE_FILE}"; sleep 0.02; done ;;
esac"""


class Talk:
    """A stream in a test's hands."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.line: str | None = None
        self.heard_s: float | None = None
        self.ended = self.closed = False

    def say(self, line: str) -> None:
        self.line, self.heard_s = line, self.clock.s

    def latest(self) -> str | None:
        return self.line

    def close(self) -> None:
        self.closed = True


class Tool:
    """nvidia-smi, with one stream for each time that it is started."""

    def __init__(self, listing: str | Unavailable) -> None:
        self.listing = listing
        self.clock = Clock()
        self.talks: list[Talk] = []
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, *argv: str) -> str:
        if isinstance(self.listing, Unavailable):
            raise self.listing
        return self.listing

    def stream(self, *argv: str) -> Talk:
        self.asked.append(argv)
        self.talks.append(Talk(self.clock))
        return self.talks[-1]


class Processor:
    """A processor's watts."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def capability(self) -> Capability:
        return Capability("power.rapl", Standing.DEGRADED, "rapl")

    def power(self) -> Reading:
        return self.reading


def gpu(tool: Tool, index: int = 0) -> Gpu:
    return Gpu(tool, index, "H100", tool.clock)  # type: ignore[arg-type]


def started(line: str = LINE) -> tuple[Tool, Gpu]:
    """A GPU whose tool has said a line."""
    tool = Tool("0, H100")
    one = gpu(tool)
    assert one.power().value is None
    tool.talks[0].say(line)
    return tool, one


def test_a_line_says_power_heat_clocks_limit_and_reasons() -> None:
    assert parse(LINE) == GpuStats(71.32, 35.0, 1980.0, 1980.0, 700.0, 1)


@pytest.mark.parametrize("gone", ["[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "", "nan", "-1", "inf", "9e99"])
def test_what_a_gpu_does_not_tell_is_none_and_the_rest_stands(gone: str) -> None:
    assert parse(f"{gone}, 35, {gone}, 1980, {gone}, {gone}") == GpuStats(None, 35.0, None, 1980.0, None, None)


@pytest.mark.parametrize(
    "line", ["", "\x00\xff", "Unable to determine the device handle for GPU 0: Unknown Error", ",,,"]
)
def test_a_broken_line_is_no_figure_and_no_crash(line: str) -> None:
    assert parse(line) == GpuStats(None, None, None, None, None, None)


def test_the_tool_is_started_once_a_gpu_and_asked_for_no_change() -> None:
    tool, one = started()
    assert one.power().value == 71.32
    assert one.temperature().value == 35.0
    assert one.power().quality is Quality.MEASURED
    assert len(tool.asked) == 1
    assert all(
        word.startswith(("nvidia-smi", "--query-gpu=", "--format=", "--id=", "--loop-ms=")) for word in tool.asked[0]
    )
    one.close()
    assert tool.talks[0].closed


def test_a_tool_that_ends_or_falls_silent_gives_no_value_and_says_why() -> None:
    tool, one = started()
    tool.clock.s += STALE_S + 0.5
    assert one.power().value is None
    assert "silent for" in one.power().reason
    assert one.flags() == ("gpu-lost",)
    tool.talks[0].say(LINE)
    assert one.power().value == 71.32
    tool.talks[0].ended = True
    assert one.power() == missing("nvidia-smi: GPU 0", "nvidia-smi: GPU 0: has ended")


def test_a_gpu_that_tells_no_power_is_absent_with_the_reason() -> None:
    _, one = started("[N/A], 35, 1980, 1980, 700.00, 0x0")
    assert one.capability().standing is Standing.ABSENT
    assert "tells no power" in one.capability().reason


@pytest.mark.parametrize(
    ("reasons", "flags"),
    [
        ("0x0000000000000000", ()),
        ("0x0000000000000001", ()),
        ("0x0000000000000004", ("gpu-power-cap",)),
        ("0x0000000000000068", ("gpu-slowdown", "gpu-thermal", "gpu-hot")),
        ("[N/A]", ()),
    ],
)
def test_complaints_are_the_reasons_that_are_ones(reasons: str, flags: tuple[str, ...]) -> None:
    _, one = started(f"71.32, 35, 1980, 1980, 700.00, {reasons}")
    assert GpuComplaints([one, one]).flags() == flags


def test_watts_are_the_processor_s_and_every_gpu_s_and_as_good_as_the_worse() -> None:
    _, one = started()
    _, two = started("300.0, 60, 1980, 1980, 700.00, 0x0")
    measured = BesideGpus(Processor(Reading(50.0, Quality.MEASURED, "rapl")), [one, two]).power()
    assert measured.value == pytest.approx(421.32)
    assert measured.quality is Quality.MEASURED
    modelled = BesideGpus(Processor(Reading(50.0, Quality.MODELLED, "/proc/stat")), [one]).power()
    assert modelled.quality is Quality.MODELLED
    hardly = BesideGpus(Processor(Reading(0.2, Quality.MODELLED, "/proc/stat")), [one]).power()
    assert hardly.quality is Quality.MEASURED
    assert modelled.reason == "71.3 W of H100 measured, 50.0 W of the processor modelled"


def test_without_one_of_its_parts_there_is_no_sum() -> None:
    tool, one = started()
    assert BesideGpus(Processor(missing("rapl", "denied")), [one]).power() == missing("rapl", "denied")
    tool.talks[0].ended = True
    assert BesideGpus(Processor(Reading(50.0, Quality.MEASURED, "rapl")), [one]).power().value is None


def test_the_hottest_of_package_and_gpus_counts(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    tree.put("/sys/class/thermal/thermal_zone0/type", "x86_pkg_temp")
    tree.put("/sys/class/thermal/thermal_zone0/temp", 52_000)
    tree.put("/sys/class/thermal/thermal_zone1/type", "acpitz")
    tree.put("/sys/class/thermal/thermal_zone1/temp", 99_000)
    _, cool = started()
    _, hot = started("300.0, 71, 1980, 1980, 700.00, 0x0")
    zones = ThermalZones(Tree(tmp_path))
    assert hottest(ZonesAndGpus(zones, [cool]).temperatures()).value == 52.0
    assert hottest(ZonesAndGpus(zones, [cool, hot]).temperatures()).value == 71.0
    (tmp_path / "bare").mkdir()
    bare = ZonesAndGpus(ThermalZones(Tree(tmp_path / "bare")), [hot])
    assert hottest(bare.temperatures()).value == 71.0
    assert bare.capability().standing is Standing.PRESENT


@pytest.mark.parametrize(
    ("listing", "found"),
    [
        (Unavailable("nvidia-smi: no such command"), []),
        (Unavailable("nvidia-smi: exit 9: NVIDIA-SMI has failed because it couldn't communicate with the driver"), []),
        ("No devices were found\n", []),
        ("0, NVIDIA H100 80GB HBM3\n1, NVIDIA H100 80GB HBM3\n", ["NVIDIA H100 80GB HBM3"] * 2),
        ("0\n", ["GPU"]),
    ],
)
def test_gpus_are_those_that_the_tool_lists(listing: str | Unavailable, found: list[str]) -> None:
    assert [one.name for one in gpus_of(Tool(listing))] == found  # type: ignore[arg-type]


def test_a_machine_with_a_gpu_offers_it_and_ends_the_tool_with_the_board(tmp_path: Path) -> None:
    tree: TreeBuilder = machine(tmp_path, busy=100, idle=300)
    tree.put(LINE_FILE, LINE)
    tree.command("nvidia-smi", SCRIPT)
    board = open_board("linux", tmp_path)
    while board.parts[0].power().value is None:  # the tool is a process of its own, and has its time
        pass
    probe = probe_board(board)
    offers = {offer.name: offer for offer in probe.offers}
    assert offers["power.gpu"].standing == "present"
    assert offers["complaints.gpu"].standing == "present"
    assert {value.name: value.value for value in probe.values}["chip"] == 35.0
    board.close()
    with pytest.raises(IndexError):
        open_board("linux", machine(tmp_path / "none").root).parts[0]
