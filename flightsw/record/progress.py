"""How a run is coming along: a live panel on a terminal, a line an orbit elsewhere.

Called with every `Progress` of a run. Nothing here has a thread: the launcher forks, so the panel is drawn only from
these calls.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from flightsw.messages.health import ModeStatus
from flightsw.messages.inference import InferenceStatus
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

if TYPE_CHECKING:
    from flightsw.node.run import OnProgress, Progress

WIDTH_COLUMNS = 78
_BAR_COLUMNS = 24
_UNKNOWN = "-"
_CELLS = (
    *("mode", "conditions", "soc", "shed", "cap", "chip", "throttle", "chip_cap"),
    *("battery", "binding", "inferences", "executed", "queue"),
)


class LivePanel:
    """A panel of at most 80 x 24 that is redrawn in place."""

    def __init__(self, title: str, orbit_s: float, console: Console) -> None:
        self._title = title
        self._orbit_s = orbit_s
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __call__(self, progress: Progress) -> None:
        """Draw."""
        self._live.update(progress_panel(progress, self._title, self._orbit_s), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


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


def open_progress(
    title: str, orbit_s: float, console: Console, *, quiet: bool = False
) -> AbstractContextManager[OnProgress | None]:
    """What to call with a run's progress: a panel, lines, or nothing when `quiet`."""
    if quiet:
        return nullcontext(None)
    if console.is_terminal:
        return LivePanel(title, orbit_s, console)
    return nullcontext(OrbitLines(orbit_s, console))


def progress_line(progress: Progress, orbit_s: float) -> str:
    """`orbit  2.0  t  11354 s  mode PAYLOAD  soc 0.61  ...`."""
    cells = _cells(progress)
    time_s = progress.tick * progress.dt_s
    return (
        f"orbit {time_s / orbit_s:5.1f}  t {time_s:8.0f} s  mode {cells['mode']}  soc {cells['soc']}  "
        f"chip {cells['chip']}  battery {cells['battery']}  cap {cells['cap']}  inferences {cells['inferences']}"
    )


def progress_panel(progress: Progress, title: str, orbit_s: float) -> Panel:
    """The picture of one moment."""
    cells = _cells(progress)
    time_s = progress.tick * progress.dt_s
    end_s = progress.ticks * progress.dt_s
    factor = time_s / progress.wall_s if progress.wall_s > 0.0 else 0.0
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", width=13)
    table.add_column(ratio=1)
    share = progress.tick / progress.ticks if progress.ticks else 1.0
    table.add_row("time", f"{_bar(share)} {time_s:.0f} of {end_s:.0f} s, orbit {time_s / orbit_s:.2f}")
    table.add_row("speed", f"{factor:.0f} x real time, {progress.wall_s:.0f} s on the wall, {progress.slips} slips")
    table.add_row("mode", f"{cells['mode']}  {cells['conditions']}")
    power = progress.latest.get("power.status")
    soc = power.soc if isinstance(power, PowerStatus) else None
    battery = f"soc {cells['soc']}, {cells['battery']}, shed level {cells['shed']}"
    table.add_row("battery", f"{_bar(soc or 0.0)} {battery}")
    table.add_row("chip", f"{cells['chip']}, throttle {cells['throttle']}")
    table.add_row("caps", f"power {cells['cap']}, thermal {cells['chip_cap']}, bound by {cells['binding']}")
    work = f"{cells['inferences']} done, {cells['executed']} batches computed, {cells['queue']} queued"
    table.add_row("inferences", work)
    return Panel(table, title=title, width=WIDTH_COLUMNS)


def _cells(progress: Progress) -> dict[str, str]:
    """The figures as text; a dash for what hasn't been heard yet."""
    latest = progress.latest
    power, thermal = latest.get("power.status"), latest.get("thermal.status")
    infer, mode, sensors = latest.get("infer.status"), latest.get("health.mode"), latest.get("sensor.thermal")
    cells = dict.fromkeys(_CELLS, _UNKNOWN)
    if isinstance(mode, ModeStatus):
        conditions = [name for name, on in (("eclipse", mode.eclipse), ("ground pass", mode.ground_pass)) if on]
        cells |= {"mode": mode.mode.name, "conditions": ", ".join(conditions)}
    if isinstance(power, PowerStatus):
        cells |= {"cap": _number(power.compute_cap_w, "W"), "shed": str(power.load_shed_level)}
        cells["soc"] = _UNKNOWN if power.soc is None else f"{power.soc:.3f}"
    if isinstance(thermal, ThermalStatus):
        cells |= {
            "chip": _number(thermal.chip_c, "degC"),
            "throttle": f"{thermal.throttle_level:.0%}",
            "chip_cap": _number(thermal.chip_cap_w, "W"),
        }
    if isinstance(sensors, ThermalSensors):
        cells["battery"] = _number(sensors.battery_c, "degC")
    if isinstance(infer, InferenceStatus):
        cells |= {
            "binding": infer.binding.name.lower(),
            "inferences": str(infer.items_done),
            "executed": str(infer.batches_executed),
            "queue": str(infer.queue_items),
        }
    return cells


def _number(value: float | None, unit: str) -> str:
    return _UNKNOWN if value is None else f"{value:.1f} {unit}"


def _bar(share: float) -> str:
    full = round(_BAR_COLUMNS * min(1.0, max(0.0, share)))
    return "█" * full + "░" * (_BAR_COLUMNS - full)
