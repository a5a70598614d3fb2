"""Power of any Linux machine: RAPL counters, hwmon sensors and meters, and where there are none, a model that says so.

RAPL counts the processor packages, and wraps; reading it may take root. Its zone `psys`, where there is one, counts the
platform with the packages in it, and is taken where it is alone. A meter is a chip on the board's supply
(INA219, INA226, INA260, ...) whose kernel driver gives `power1_input`. The model is a line between idle and full
processor time (/proc/stat), good to what its two figures are good to.
"""

from __future__ import annotations

from dataclasses import dataclass

from flightsw.bus.pacing import monotonic_s
from flightsw.devices.board import Capability, Reading, Standing, missing
from flightsw.messages.board import Quality
from hil.drivers.window import Clock, Window
from hil.tree import Tree, Unavailable

ENERGY_S = 0.05
"""RAPL is updated every millisecond: 2 % over this"""
PROCESSOR_S = 0.25
"""processor time comes in steps of 10 ms: 4 % of a core over this"""
PSYS = "psys"
"""RAPL's zone of the whole platform"""
METERS = ("ina219", "ina220", "ina226", "ina230", "ina231", "ina238", "ina260", "ina780")
"""hwmon names of power meters that are wired into a supply"""


class Rapl:
    """/sys/class/powercap: energy of the processor packages, else of the platform."""

    def __init__(self, tree: Tree, now_s: Clock = monotonic_s) -> None:
        self._tree = tree
        top = [zone for zone in tree.glob("/sys/class/powercap/intel-rapl:*") if zone.count(":") == 1]
        packages = [zone for zone in top if _zone_name(tree, zone).startswith("package")]
        self._zones = packages or [zone for zone in top if _zone_name(tree, zone) == PSYS]
        self._source = "rapl" if packages else f"rapl: {PSYS}"
        self._windows = [Window(ENERGY_S, now_s) for _ in self._zones]

    def capability(self) -> Capability:
        if not self._zones:
            return Capability("power.rapl", Standing.ABSENT, "", "no package of intel-rapl in /sys/class/powercap")
        try:
            for zone in self._zones:
                self._tree.number(f"{zone}/energy_uj")
        except Unavailable as error:
            return Capability("power.rapl", Standing.ABSENT, self._source, str(error))
        what = "the platform as its maker wired it" if self._source != "rapl" else "processor packages alone"
        return Capability("power.rapl", Standing.DEGRADED, self._source, f"{what}, not the whole machine")

    def power(self) -> Reading:
        if not self._zones:
            return missing("rapl", "no intel-rapl")
        found = []
        for zone, window in zip(self._zones, self._windows, strict=True):
            try:
                counter = self._tree.number(f"{zone}/energy_uj")
                wraps_at = self._tree.number(f"{zone}/max_energy_range_uj")
            except Unavailable as error:
                return missing("rapl", str(error))
            found.append(window.rates((counter,), wraps_at))
        rates_uw = [rates[0] for rates in found if rates is not None]
        if len(rates_uw) < len(found):
            return missing("rapl", "no two readings yet")
        age_s = max(window.age_s for window in self._windows)
        return Reading(sum(rates_uw) * 1e-6, Quality.MEASURED, self._source, age_s=age_s)


def _zone_name(tree: Tree, zone: str) -> str:
    try:
        return tree.text(f"{zone}/name")
    except Unavailable:
        return ""


class HwmonPower:
    """A hwmon device's `power1_input`, in uW."""

    def __init__(self, tree: Tree, name: str, file: str) -> None:
        self._tree = tree
        self._file = file
        self._name = name

    def capability(self) -> Capability:
        reading = self.power()
        standing = Standing.ABSENT if reading.value is None else Standing.PRESENT
        return Capability(
            "power.meter" if self._name in METERS else "power.hwmon", standing, self._name, reading.reason
        )

    def power(self) -> Reading:
        try:
            return Reading(self._tree.number(self._file) * 1e-6, Quality.MEASURED, self._name)
        except Unavailable as error:
            return missing(self._name, str(error))


def hwmon_power(tree: Tree, *, meters: bool) -> list[HwmonPower]:
    """Power sensors of the machine's, or meters that are wired to it."""
    found = []
    for sensor in tree.glob("/sys/class/hwmon/hwmon*"):
        try:
            name = tree.text(f"{sensor}/name")
        except Unavailable:
            continue
        files = tree.glob(f"{sensor}/power*_input")
        if files and (name in METERS) is meters:
            found.append(HwmonPower(tree, name, files[0]))
    return found


@dataclass(frozen=True)
class LinePower:
    """What a machine draws idle and with all its processors at work."""

    idle_w: float
    full_w: float
    source: str
    """where the two come from"""
    calibrated: bool = False


class ProcessorModel:
    """/proc/stat through a line."""

    def __init__(self, tree: Tree, line: LinePower, now_s: Clock = monotonic_s) -> None:
        self._tree = tree
        self._line = line
        self._window = Window(PROCESSOR_S, now_s)

    def capability(self) -> Capability:
        try:
            self._counters()
        except Unavailable as error:
            return Capability("power.model", Standing.ABSENT, "/proc/stat", str(error))
        line = self._line
        figures = f"{line.idle_w:.2f} W idle, {line.full_w:.2f} W full: {line.source}"
        return Capability("power.model", Standing.DEGRADED, "/proc/stat", f"modelled, not measured: {figures}")

    def power(self) -> Reading:
        try:
            rates = self._window.rates(self._counters())
        except Unavailable as error:
            return missing("/proc/stat", str(error))
        if rates is None or rates[0] + rates[1] <= 0.0:
            return missing("/proc/stat", "no two readings yet")
        busy = rates[0] / (rates[0] + rates[1])
        power_w = self._line.idle_w + busy * (self._line.full_w - self._line.idle_w)
        return Reading(power_w, Quality.MODELLED, "/proc/stat", self._line.source, self._window.age_s)

    def _counters(self) -> tuple[int, int]:
        """(busy, idle) processor time of all cores, in clock ticks."""
        words = self._tree.text("/proc/stat").partition("\n")[0].split()
        try:
            times = [int(word) for word in words[1:9]]
        except ValueError:
            times = []
        if len(times) < 5 or words[0] != "cpu":
            raise Unavailable("/proc/stat: no line of all processors")
        idle = times[3] + times[4]
        return sum(times) - idle, idle
