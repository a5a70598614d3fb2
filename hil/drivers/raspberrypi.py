"""Raspberry Pi 4 and 5: vcgencmd for temperature, true clock, complaints and (Pi 5) the PMIC's rails; cpufreq's limit.

The Pi 5's PMIC gives volts and amperes of its outputs; what the board takes in is that through its losses, by a public
fit over many loads: 1.145 P + 0.588 W. The Pi 4 has no power sensor on the board: a meter in its supply, or the line
between idle and full load that was measured on one in orbit (BUPT-1, 2.1-2.4 W idle, 4.8 W mean on four cores): a
model, and it says so. `scaling_cur_freq` is what was asked for; `measure_clock` is what it runs at.
"""

from __future__ import annotations

import re

from flightsw.devices.board import Capability, PowerSensor, Reading, Standing, missing
from flightsw.messages.board import Quality
from hil.drivers.composed import ComposedBoard
from hil.drivers.frequency import Clocks, cpu_clocks
from hil.drivers.power import LinePower, ProcessorModel, hwmon_power
from hil.drivers.thermal import ThermalZones
from hil.tree import Runner, Tree, Unavailable, commands_of

KIND = "raspberrypi"
MODEL = "/proc/device-tree/model"
SAMPLE_S = 0.2
"""each of four commands costs some milliseconds of the Pi's processor"""
PI4_LINE = LinePower(2.25, 4.8, "Pi 4B of BUPT-1 in orbit: idle 2.1-2.4 W, four cores 4.8 W (TianSuan, MobiCom'24)")
LOSS_SLOPE, LOSS_W = 1.145, 0.588
BITS = {0: "under-voltage", 1: "arm-capped", 2: "throttled", 3: "soft-temperature-limit"}
"""of get_throttled, now; sixteen above them: since the board was started"""
STICKY = 16
_RAIL = re.compile(r"(\w+?)_([AV]) (?:current|volt)\(\d+\)=([\d.]+)[AV]")
_NUMBER = re.compile(r"=\s*(0x[0-9a-fA-F]+|[\d.]+)")


def parse_pmic(text: str) -> float:
    """W over all rails that have both volts and amperes. Raises Unavailable: none has."""
    values: dict[str, dict[str, float]] = {}
    for rail, kind, value in _RAIL.findall(text):
        values.setdefault(rail, {})[kind] = float(value)
    powers = [both["V"] * both["A"] for both in values.values() if len(both) == 2]
    if not powers:
        raise Unavailable("vcgencmd pmic_read_adc: no rail with both volts and amperes")
    return sum(powers)


def parse_value(text: str) -> float:
    """Of `temp=52.1'C`, `frequency(48)=1500345728` or `throttled=0x50005`. Raises Unavailable."""
    found = _NUMBER.search(text)
    if found is None:
        raise Unavailable(f"vcgencmd: {text[:40]!r}: no value in it")
    return float(int(found[1], 16)) if found[1].startswith("0x") else float(found[1])


class Pmic:
    """The Pi 5's power management chip."""

    def __init__(self, run: Runner) -> None:
        self._run = run

    def capability(self) -> Capability:
        reading = self.power()
        if reading.value is None:
            return Capability("power.pmic", Standing.ABSENT, "vcgencmd pmic_read_adc", reading.reason)
        return Capability("power.pmic", Standing.DEGRADED, reading.source, "losses before the rails by a fit, +-5 %")

    def power(self) -> Reading:
        """What the board takes in."""
        try:
            rails_w = parse_pmic(self._run("vcgencmd", "pmic_read_adc"))
        except Unavailable as error:
            return missing("vcgencmd pmic_read_adc", str(error))
        source = f"pmic rails x {LOSS_SLOPE} + {LOSS_W} W"
        return Reading(LOSS_SLOPE * rails_w + LOSS_W, Quality.MEASURED, source)


class FirmwareThermometer:
    """measure_temp, beside the kernel's zones."""

    def __init__(self, tree: Tree, run: Runner) -> None:
        self._zones = ThermalZones(tree)
        self._run = run

    def capability(self) -> Capability:
        zones = self._zones.capability()
        if zones.standing is not Standing.ABSENT:
            return zones
        reading = self._firmware()
        standing = Standing.ABSENT if reading.value is None else Standing.DEGRADED
        return Capability("temperature", standing, "vcgencmd measure_temp", reading.reason or zones.reason)

    def temperatures(self) -> dict[str, Reading]:
        """The kernel's; the firmware's where the kernel has none."""
        found = self._zones.temperatures()
        if any(reading.value is not None for reading in found.values()):
            return found
        return {**found, "vcgencmd": self._firmware()}

    def _firmware(self) -> Reading:
        try:
            return Reading(parse_value(self._run("vcgencmd", "measure_temp")), Quality.MEASURED, "vcgencmd")
        except Unavailable as error:
            return missing("vcgencmd measure_temp", str(error))


class ArmClock:
    """The limit by cpufreq, the true clock by the firmware."""

    def __init__(self, clocks: Clocks, run: Runner) -> None:
        self._clocks = clocks
        self._run = run
        self.capability, self.limit, self.restore = clocks.capability, clocks.limit, clocks.restore

    def clock(self) -> Reading:
        try:
            value = parse_value(self._run("vcgencmd", "measure_clock", "arm"))
        except Unavailable:
            asked = self._clocks.clock()
            return Reading(asked.value, asked.quality, asked.source, "what was asked for, not what it runs at")
        return Reading(value * 1e-6, Quality.MEASURED, "vcgencmd measure_clock arm")


class Throttled:
    """get_throttled, and the kernel's under-voltage alarm."""

    def __init__(self, tree: Tree, run: Runner) -> None:
        self._tree = tree
        self._run = run
        self._alarms = [
            f"{sensor}/in0_lcrit_alarm"
            for sensor in tree.glob("/sys/class/hwmon/hwmon*")
            if _named(tree, sensor) == "rpi_volt"
        ]
        self._at_start = self._bits() or 0

    def capability(self) -> Capability:
        bits = self._bits()
        if bits is None and not self._alarms:
            return Capability("complaints", Standing.ABSENT, "vcgencmd get_throttled", "no answer, no rpi_volt alarm")
        source = "vcgencmd get_throttled" if bits is not None else "rpi_volt"
        before = [name for bit, name in BITS.items() if (self._at_start >> STICKY) & (1 << bit)]
        if before:
            reason = f"had happened before: {', '.join(before)}; only what is new is told"
            return Capability("complaints", Standing.DEGRADED, source, reason)
        return Capability("complaints", Standing.PRESENT, source)

    def flags(self) -> tuple[str, ...]:
        """What is so now, and what has happened since this driver was made, sticky as the firmware keeps it."""
        bits = self._bits() or 0
        new = bits & ~self._at_start
        found = [name for bit, name in BITS.items() if bits & (1 << bit)]
        found += [f"{name}-occurred" for bit, name in BITS.items() if (new >> STICKY) & (1 << bit)]
        if "under-voltage" not in found and any(self._alarm(file) for file in self._alarms):
            found.append("under-voltage")
        return tuple(found)

    def _bits(self) -> int | None:
        try:
            return int(parse_value(self._run("vcgencmd", "get_throttled")))
        except Unavailable:
            return None

    def _alarm(self, file: str) -> bool:
        try:
            return self._tree.number(file) != 0
        except Unavailable:
            return False


def is_raspberry_pi(tree: Tree) -> bool:
    """Its device tree says so."""
    try:
        return "raspberry pi" in tree.text(MODEL).lower()
    except Unavailable:
        return False


def raspberry_pi_board(tree: Tree, line: LinePower | None = None) -> ComposedBoard:
    """What a Pi offers."""
    run = commands_of(tree)
    clocks = cpu_clocks(tree)
    pmic = Pmic(run)
    model = tree.text(MODEL)
    has_pmic = pmic.power().value is not None
    sensors: list[PowerSensor] = [pmic] if has_pmic else [pmic, ProcessorModel(tree, line or PI4_LINE)]
    return ComposedBoard(
        KIND,
        model,
        power=sensors,
        meters=hwmon_power(tree, meters=True),
        thermometer=FirmwareThermometer(tree, run),
        clock=None if clocks is None else ArmClock(clocks, run),
        top_mhz=None if clocks is None else clocks.top_mhz,
        complaints=[Throttled(tree, run)],
        sample_s=SAMPLE_S,
    )


def _named(tree: Tree, sensor: str) -> str | None:
    try:
        return tree.text(f"{sensor}/name")
    except Unavailable:
        return None
