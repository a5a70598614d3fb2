"""Temperatures from the kernel's thermal zones and hwmon sensors.

A zone that is powered off raises on reading, or shows -256 degC: it then gives nothing, and says so. The hottest
silicon counts; a zone that the vendor made the hottest of all (`tj-thermal`) wins, and where there are several of its
name (a package temperature a socket) the hottest of them. Fixed values (Jetson's PMIC-Die is
always 100 degC) and what is no silicon of the board's (radios, batteries) count as none.
"""

from __future__ import annotations

from flightsw.devices.board import Capability, Reading, Standing, missing
from flightsw.messages.board import Quality
from hil.tree import Tree, Unavailable

LOW_C, HIGH_C = -40.0, 150.0
"""outside, a sensor shows no temperature: the working range of silicon"""
HOTTEST = ("tj-thermal", "x86_pkg_temp")
NO_SILICON = ("pmic", "iwlwifi", "nvme", "bat", "tboard", "tdiode", "acpitz")
"""beginnings of the names of zones that don't count while there are others"""
GPU = "nvidia"
"""beginning of the names of GPUs' temperatures"""
SEVERAL = "#"
"""before the number of all but the first of several that have one name"""
CHIP_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
"""hwmon drivers of processors"""


class ThermalZones:
    """/sys/class/thermal and /sys/class/hwmon."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files: dict[str, str] = {}
        for zone in tree.glob("/sys/class/thermal/thermal_zone*"):
            try:
                name = tree.text(f"{zone}/type")
            except Unavailable:
                name = zone.rpartition("/")[2]
            self._add(name, f"{zone}/temp")
        for sensor in tree.glob("/sys/class/hwmon/hwmon*"):
            try:
                name = tree.text(f"{sensor}/name")
            except Unavailable:
                continue
            if name in CHIP_SENSORS:
                for file in tree.glob(f"{sensor}/temp*_input"):
                    self._add(f"{name}.{file.rpartition('/')[2].removesuffix('_input')}", file)

    def _add(self, name: str, file: str) -> None:
        """A second one of a name, as a second socket has it, is `name#2`."""
        alike = sum(_kind(known) == name for known in self._files)
        self._files[f"{name}{SEVERAL}{alike + 1}" if alike else name] = file

    def capability(self) -> Capability:
        readings = self.temperatures()
        if not readings:
            return Capability("temperature", Standing.ABSENT, "", "no thermal zone and no hwmon sensor of a processor")
        dark = [f"{name} ({reading.reason})" for name, reading in readings.items() if reading.value is None]
        chip = hottest(readings)
        if chip.value is None:
            return Capability("temperature", Standing.ABSENT, "", f"nothing readable: {', '.join(dark)}")
        standing = Standing.DEGRADED if dark else Standing.PRESENT
        return Capability("temperature", standing, chip.source, f"without {', '.join(dark)}" if dark else "")

    def temperatures(self) -> dict[str, Reading]:
        return {name: self._read(name, file) for name, file in self._files.items()}

    def _read(self, name: str, file: str) -> Reading:
        try:
            value_c = self._tree.number(file) / 1000.0
        except Unavailable as error:
            return missing(name, str(error))
        if not LOW_C <= value_c <= HIGH_C:
            return missing(name, f"{value_c:.0f} degC: the zone is off")
        return Reading(value_c, Quality.MEASURED, name)


def hottest(readings: dict[str, Reading]) -> Reading:
    """What the chip's temperature is, of all that is there."""
    valued = {name: reading for name, reading in readings.items() if reading.value is not None}
    for vendors in HOTTEST:
        found = [one for name, one in valued.items() if _kind(name) == vendors]
        if found:  # it knows nothing of cards that were plugged in
            return max([*found, *(one for name, one in valued.items() if name.startswith(GPU))], key=_value)
    silicon = {name: one for name, one in valued.items() if not name.lower().startswith(NO_SILICON)} or valued
    if not silicon:
        return missing("temperature", "no zone gives a value" if readings else "no zone")
    return max(silicon.values(), key=_value)


def _kind(name: str) -> str:
    return name.partition(SEVERAL)[0]


def _value(reading: Reading) -> float:
    return reading.value or LOW_C
