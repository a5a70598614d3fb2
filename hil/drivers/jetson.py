"""NVIDIA Jetson: INA3221 or tegrastats, thermal zones, GPU devfreq, nvpmodel by name, over-current counters."""

from __future__ import annotations

from hil.drivers.composed import ComposedBoard
from hil.drivers.frequency import gpu_clocks
from hil.drivers.ina3221 import Ina3221, OverCurrent
from hil.drivers.nvpmodel import Nvpmodel
from hil.drivers.power import hwmon_power
from hil.drivers.tegrastats import Tegrastats
from hil.drivers.thermal import ThermalZones
from hil.tree import Tree, Unavailable, commands_of

KIND = "jetson"
MODEL = "/proc/device-tree/model"
RELEASE = "/etc/nv_tegra_release"


def is_jetson(tree: Tree) -> bool:
    """Its device tree says so, or its release file is there."""
    try:
        if "jetson" in tree.text(MODEL).lower():
            return True
    except Unavailable:
        pass
    return tree.has(RELEASE)


def jetson_board(tree: Tree, safe_mode: str | None = None) -> ComposedBoard:
    """What a Jetson offers."""
    run = commands_of(tree)
    clock = gpu_clocks(tree)
    rails, tegrastats = Ina3221(tree), Tegrastats(run)
    try:
        model = tree.text(MODEL)
    except Unavailable:
        model = "Jetson"
    return ComposedBoard(
        KIND,
        model,
        power=[rails] if rails.rails else [tegrastats],
        meters=hwmon_power(tree, meters=True),
        thermometer=ThermalZones(tree),
        clock=clock,
        top_mhz=None if clock is None else clock.top_mhz,
        modes=Nvpmodel(tree, run),
        complaints=[OverCurrent(tree)],
        safe_mode=safe_mode,
        closing=[tegrastats],
    )
