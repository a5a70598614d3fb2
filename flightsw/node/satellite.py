"""The Python API of the physics alone: a satellite from a file, without flight software, as time series.

    series = flightsw.satellite("my-satellite.toml").run("15orbits")
    series.time_s                       # (n,) s, the end of each step
    series["soc"], series["node_c.die"], series["load_w.payload"]
    series.totals["array_j"]

The file is a scenario of which only `[plant]`, `dt_s`, `duration` and `seed` are read: any thermal network, pack, array
and loads; light by an orbit (`[plant.sky]`) or by figures (`[plant.prescribed]`); loads by schedules and thermostats.
What flight software would command is the caller's: see `Satellite.run`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.node.designcases import plant_in_case
from flightsw.node.durations import parse_duration_s
from flightsw.node.scenario import MAX_TICKS, read_table
from flightsw.node.tomlfile import convert
from flightsw.plant.config import PlantConfig, sky_of
from flightsw.plant.spacecraft import Orders, Spacecraft
from flightsw.plant.thermal import ZERO_C_K
from flightsw.streams import Stream

FloatArray = npt.NDArray[np.float64]
Control = Callable[[float, Spacecraft], Orders]
"""(seconds since the start, the spacecraft as it is) -> what is ordered for the coming step."""


class SatelliteConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a scenario; all else in it is flight software's."""

    name: str = "satellite"
    description: str = ""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1
    dt_s: Annotated[float, Meta(ge=0.001, le=60.0)] = 1.0
    duration: str = "1orbits"
    plant: PlantConfig


class Series:
    """Time series of a run, one value a step, and its totals. Temperatures in Celsius, powers are means of a step."""

    def __init__(self, time_s: FloatArray, columns: dict[str, FloatArray], totals: dict[str, float]) -> None:
        self.time_s = time_s
        """(n,): the end of each step"""
        self.columns = columns
        """(n,) each, by name; `names` lists them"""
        self.totals = totals
        """joules (and seconds of eclipse) over the whole run, the two ledgers' residuals among them"""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self.columns)

    def __getitem__(self, name: str) -> FloatArray:
        """A column. Raises ConfigError: no such column."""
        try:
            return self.columns[name]
        except KeyError:
            raise ConfigError(f"series {name!r}: must be one of {', '.join(self.columns)}") from None

    def __len__(self) -> int:
        return len(self.time_s)


class Satellite:
    """A spacecraft and its sky. It goes on where the last `run` ended."""

    def __init__(self, config: SatelliteConfig) -> None:
        self.config = config
        plant, dt_s = config.plant, config.dt_s
        self.craft = Spacecraft(plant, dt_s, sky_of(plant, dt_s, Stream(config.seed, "plant.sky.earth", 2)))
        self._orders = Orders(tuple(load.initially_on for load in plant.loads))
        self._tick = 0

    def run(self, duration: str | float | None = None, control: Control | None = None) -> Series:
        """Run on for so long ("15orbits", "2h", seconds; None: as the file says). Raises PhysicsError, ConfigError.

        `control` is asked before each step; without it, loads stay as the file has them and the payload is off.
        """
        config, craft = self.config, self.craft
        wanted = config.duration if duration is None else duration
        ticks = round(parse_duration_s(wanted, config.plant.orbit_period_s) / config.dt_s)
        if not 1 <= ticks <= MAX_TICKS:
            raise ConfigError(f"duration = {wanted!r}: {ticks} steps: must be from 1 to {MAX_TICKS}")
        rows: list[tuple[float, ...]] = []
        for tick in range(self._tick, self._tick + ticks):
            sky = craft.step(tick, self._orders if control is None else control(craft.time_s, craft))
            flows = craft.flows
            rows.append(
                (
                    sky.sunlit_fraction,
                    craft.battery.soc,
                    flows.battery.terminal_v,
                    flows.battery.current_a,
                    flows.battery.power_w,
                    flows.battery.heat_j / config.dt_s,
                    craft.available_w,
                    flows.array_used_w,
                    flows.drawn_w,
                    flows.conversion_loss_w,
                    float(flows.brownout),
                    *craft.panels_w,
                    *flows.load_w,
                    *craft.nodes_k,
                )
            )
        time_s = np.arange(self._tick + 1, self._tick + ticks + 1, dtype=np.float64) * np.float64(config.dt_s)
        self._tick += ticks
        return Series(time_s, self._columns(np.array(rows)), self.totals)

    @property
    def totals(self) -> dict[str, float]:
        """Since the start."""
        ledger = self.craft.ledger
        return {
            **vars(ledger),
            "environment_j": ledger.environment_j,
            "electrical_residual_j": ledger.electrical_residual_j,
            "thermal_residual_j": ledger.thermal_residual_j,
        }

    def _columns(self, rows: FloatArray) -> dict[str, FloatArray]:
        plant = self.config.plant
        names = [
            *FIXED_COLUMNS,
            *(f"panel_w.{panel.name}" for panel in plant.panels),
            *(f"load_w.{load.name}" for load in plant.loads),
            *(f"node_c.{node}" for node in self.craft.network.names),
        ]
        columns = dict(zip(names, rows.T, strict=True))
        for name in names:
            if name.startswith("node_c."):
                columns[name] = columns[name] - ZERO_C_K
        return columns


FIXED_COLUMNS = (
    "sunlit",
    "soc",
    "battery_v",
    "battery_a",
    "battery_w",
    "battery_heat_w",
    "array_available_w",
    "array_used_w",
    "drawn_w",
    "conversion_loss_w",
    "brownout",
)
"""Current and power positive discharging; `array_*` before, `battery_*` behind the MPPT. `array_*` counts panels in;
`panel_w.NAME` is what a panel could have given."""


def open_satellite(
    source: str | Path | dict[str, Any], *, overrides: Sequence[str] = (), case: str | None = None
) -> Satellite:
    """A satellite from a shipped scenario, a TOML file, or a table of the same layout, in a design case (`hot-eol` ...)
    if one is given. Raises ConfigError."""
    table, where = read_table(source, overrides)
    config = convert(table, SatelliteConfig, where)
    if case is not None:
        config = msgspec.structs.replace(config, plant=plant_in_case(config.plant, case))
    return Satellite(config)
