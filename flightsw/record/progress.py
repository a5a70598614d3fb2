"""How a run is coming along, where there is no terminal to draw on: a line an orbit.

Called with every `Progress` of a run. On a terminal there is `live.terminal` instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from flightsw.messages.health import ModeStatus
from flightsw.messages.inference import InferenceStatus
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

if TYPE_CHECKING:
    from flightsw.node.run import Progress

_UNKNOWN = "-"
_CELLS = ("mode", "soc", "chip", "battery", "cap", "inferences")


class OrbitLines:
    """One line at the end of every orbit."""

    def __init__(self, orbit_s: float, console: Console) -> None:
        self._orbit_s = orbit_s
        self._console = console
        self._told = 0

    def __call__(self, progress: Progress) -> None:
        """Print the line of an orbit that has ended since the last one."""
        orbit = int(progress.tick * progress.dt_s / self._orbit_s)
        if orbit > self._told:
            self._told = orbit
            self._console.print(progress_line(progress, self._orbit_s), soft_wrap=True, markup=False, highlight=False)


def progress_line(progress: Progress, orbit_s: float) -> str:
    """`orbit  2.0  t  11354 s  mode PAYLOAD  soc 0.61  ...`."""
    cells = _cells(progress)
    time_s = progress.tick * progress.dt_s
    return (
        f"orbit {time_s / orbit_s:5.1f}  t {time_s:8.0f} s  mode {cells['mode']}  soc {cells['soc']}  "
        f"chip {cells['chip']}  battery {cells['battery']}  cap {cells['cap']}  inferences {cells['inferences']}"
    )


def _cells(progress: Progress) -> dict[str, str]:
    """The figures as text; a dash for what hasn't been heard yet."""
    latest = progress.latest
    power, thermal = latest.get("power.status"), latest.get("thermal.status")
    infer, mode, sensors = latest.get("infer.status"), latest.get("health.mode"), latest.get("sensor.thermal")
    cells = dict.fromkeys(_CELLS, _UNKNOWN)
    if isinstance(mode, ModeStatus):
        cells["mode"] = mode.mode.name
    if isinstance(power, PowerStatus):
        cells["cap"] = _number(power.compute_cap_w, "W")
        cells["soc"] = _UNKNOWN if power.soc is None else f"{power.soc:.3f}"
    if isinstance(thermal, ThermalStatus):
        cells["chip"] = _number(thermal.chip_c, "degC")
    if isinstance(sensors, ThermalSensors):
        cells["battery"] = _number(sensors.battery_c, "degC")
    if isinstance(infer, InferenceStatus):
        cells["inferences"] = str(infer.items_done)
    return cells


def _number(value: float | None, unit: str) -> str:
    return _UNKNOWN if value is None else f"{value:.1f} {unit}"
