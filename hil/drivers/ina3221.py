"""Jetson's rails by the INA3221: hwmon since JetPack 5, iio before. No root needed.

hwmon gives millivolts and milliamperes a channel, iio milliwatts. Channels without a rail (`NC`) and the sum of shunt
voltages (channel 7) are skipped. Modules with an input rail (VDD_IN) are measured there; AGX Orin has none, and its
total is a sum of rails, which leaves out what lies before them. A rail that can't be read makes the sum unknown: half a
sum would look like a quiet board. Sources: the kernel's ina3221 documentation; the Jetson Linux developer guide.
"""

from __future__ import annotations

from dataclasses import dataclass

from flightsw.devices.board import Capability, Reading, Standing, missing
from flightsw.messages.board import Quality
from hil.tree import Tree, Unavailable

INPUT_RAILS = ("VDD_IN", "POM_5V_IN", "5V_IN", "VIN", "TOTAL")
"""Names of a module's whole input, Orin to Nano."""
UNUSED = ("NC", "")
CHANNELS = range(1, 7)
"""of hwmon; 7 is the sum of shunts"""


@dataclass(frozen=True)
class Rail:
    """One channel."""

    name: str
    folder: str
    channel: int
    iio: bool

    def power_w(self, tree: Tree) -> float:
        """Raises Unavailable."""
        if self.iio:
            return tree.number(f"{self.folder}/in_power{self.channel}_input") * 1e-3
        millivolts = tree.number(f"{self.folder}/in{self.channel}_input")
        return millivolts * tree.number(f"{self.folder}/curr{self.channel}_input") * 1e-6


class Ina3221:
    """All rails of a module."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.rails = _hwmon_rails(tree) or _iio_rails(tree)
        names = [rail.name for rail in self.rails]
        self._input = next((rail for name in INPUT_RAILS for rail in self.rails if rail.name == name), None)
        self.total_of = self._input.name if self._input is not None else " + ".join(names)

    def capability(self) -> Capability:
        if not self.rails:
            return Capability("power.ina3221", Standing.ABSENT, "", "no INA3221 with a rail, in hwmon or iio")
        layout = "iio" if self.rails[0].iio else "hwmon"
        source = f"{layout}: {self.total_of}"
        reading = self.power()
        if reading.value is None:
            return Capability("power.ina3221", Standing.ABSENT, source, reading.reason)
        if self._input is None:
            return Capability("power.ina3221", Standing.DEGRADED, source, "no input rail: a sum of rails")
        return Capability("power.ina3221", Standing.PRESENT, source)

    def power(self) -> Reading:
        """Of the whole module."""
        counted = self.rails if self._input is None else (self._input,)
        if not counted:
            return missing("ina3221", "no rail")
        try:
            total_w = sum(rail.power_w(self._tree) for rail in counted)
        except Unavailable as error:
            return missing(self.total_of, str(error))
        return Reading(total_w, Quality.MEASURED, self.total_of)

    def rails_w(self) -> dict[str, Reading]:
        """Each rail."""
        found = {}
        for rail in self.rails:
            try:
                found[rail.name] = Reading(rail.power_w(self._tree), Quality.MEASURED, rail.name)
            except Unavailable as error:
                found[rail.name] = missing(rail.name, str(error))
        return found


class OverCurrent:
    """The module's over-current throttling: alarms of the INA3221 and counters of the SoC."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        hwmon = "/sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*"
        self._alarms = [*tree.glob(f"{hwmon}/curr*_max_alarm"), *tree.glob(f"{hwmon}/curr*_crit_alarm")]
        self._counters = tree.glob("/sys/devices/platform/soctherm-oc-event/hwmon/hwmon*/oc*_event_cnt")
        self._before = {file: self._count(file) for file in self._counters}

    def capability(self) -> Capability:
        if not self._alarms and not self._counters:
            return Capability("over_current", Standing.ABSENT, "", "no alarms of the INA3221, no counters of soctherm")
        source = f"{len(self._alarms)} alarms, {len(self._counters)} counters"
        return Capability("over_current", Standing.PRESENT, source)

    def flags(self) -> tuple[str, ...]:
        """Alarms that stand, and counters that have grown since they were last looked at."""
        standing = [file for file in self._alarms if self._count(file)]
        found = [f"over-current:{file.rpartition('/')[2].removesuffix('_alarm')}" for file in standing]
        for file in self._counters:
            now, before = self._count(file), self._before[file]
            if now is not None and before is not None and now > before:
                found.append(f"over-current:{file.rpartition('/')[2].removesuffix('_event_cnt')}")
            self._before[file] = now
        return tuple(found)

    def _count(self, file: str) -> int | None:
        try:
            return self._tree.number(file)
        except Unavailable:
            return None


def _hwmon_rails(tree: Tree) -> tuple[Rail, ...]:
    rails = []
    for folder in tree.glob("/sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*"):
        for channel in CHANNELS:
            try:
                name = tree.text(f"{folder}/in{channel}_label")
            except Unavailable:
                continue
            if name not in UNUSED and tree.has(f"{folder}/curr{channel}_input"):
                rails.append(Rail(name, folder, channel, iio=False))
    return tuple(rails)


def _iio_rails(tree: Tree) -> tuple[Rail, ...]:
    rails = []
    for folder in tree.glob("/sys/bus/i2c/drivers/ina3221x/*/iio:device*"):
        for file in tree.glob(f"{folder}/rail_name_*"):
            try:
                name = tree.text(file)
            except Unavailable:
                continue
            if name not in UNUSED:
                rails.append(Rail(name, folder, int(file.rpartition("_")[2]), iio=True))
    return tuple(rails)
