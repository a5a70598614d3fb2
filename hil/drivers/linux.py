"""Any Linux machine as a board. The last resort of detection: it is found everywhere."""

from __future__ import annotations

import os

from flightsw.devices.board import PowerSensor
from hil.drivers.composed import ComposedBoard
from hil.drivers.frequency import cpu_clocks
from hil.drivers.nvidia import BesideGpus, GpuComplaints, ZonesAndGpus, gpus_of
from hil.drivers.power import LinePower, ProcessorModel, Rapl, hwmon_power
from hil.drivers.thermal import ThermalZones
from hil.tree import Tree, Unavailable, commands_of

KIND = "linux"
CORE_IDLE_W, CORE_FULL_W, BASE_W = 0.3, 4.0, 2.0
"""estimate, of a server's virtual core and its share of the rest; `flightsw hil calibrate` takes no better figures
where there is no sensor, a user's own do (`--line`)"""


def linux_board(tree: Tree, line: LinePower | None = None) -> ComposedBoard:
    """What a Linux machine offers."""
    clock = cpu_clocks(tree)
    gpus = gpus_of(commands_of(tree))
    zones = ThermalZones(tree)
    processor: list[PowerSensor] = [Rapl(tree), ProcessorModel(tree, line or _estimate(tree))]
    rapl, model = [BesideGpus(sensor, gpus) for sensor in processor] if gpus else processor
    return ComposedBoard(
        KIND,
        _model(tree),
        power=[rapl, *hwmon_power(tree, meters=False), model],
        meters=hwmon_power(tree, meters=True),
        thermometer=ZonesAndGpus(zones, gpus) if gpus else zones,
        clock=clock,
        top_mhz=None if clock is None else clock.top_mhz,
        complaints=[GpuComplaints(gpus)] if gpus else [],
        parts=gpus,
        closing=gpus,
    )


def _estimate(tree: Tree) -> LinePower:
    cores = _cores(tree)
    return LinePower(
        BASE_W + cores * CORE_IDLE_W,
        BASE_W + cores * CORE_FULL_W,
        f"estimate for {cores} cores, not calibrated",
    )


def _cores(tree: Tree) -> int:
    try:
        lines = tree.text("/proc/stat").splitlines()
    except Unavailable:
        return os.cpu_count() or 1
    return max(1, sum(1 for line in lines if line.startswith("cpu") and line[3:4].isdigit()))


def _model(tree: Tree) -> str:
    for path in ("/sys/class/dmi/id/product_name", "/proc/device-tree/model"):
        try:
            return tree.text(path)
        except Unavailable:
            continue
    return "unknown machine"
