"""Stand-in Raspberry Pis, 4 and 5: cpufreq, a thermal zone, rpi_volt, vcgencmd; the Pi 5 with its PMIC."""

from __future__ import annotations

from pathlib import Path

from hil.drivers.raspberrypi import LOSS_SLOPE, LOSS_W, MODEL, PI4_LINE
from hil.fakes.tree import TreeBuilder

POLICY = "/sys/devices/system/cpu/cpufreq/policy0"
ALARM = "/sys/class/hwmon/hwmon2/in0_lcrit_alarm"
ANSWERS = "/run/stand-in"
STEPS_KHZ = {
    "pi4": (600_000, 900_000, 1_200_000, 1_500_000, 1_800_000),
    "pi5": (1_500_000, 1_800_000, 2_100_000, 2_400_000),
}
MODELS = {"pi4": "Raspberry Pi 4 Model B Rev 1.4", "pi5": "Raspberry Pi 5 Model B Rev 1.0"}
CAPPED_C = 80.0
"""above, the firmware lowers the clock (reference: 80 degC capped, 85 degC throttled)"""
CORES = 4
_VCGENCMD = """
file="$root/run/stand-in/vcgencmd_$1"
[ -r "$file" ] || { echo "error=1 error_msg=\\"Command not registered\\"" >&2; exit 1; }
while IFS= read -r line; do echo "$line"; done < "$file"
"""


class FakePi:
    """One. `kind`: pi4 or pi5."""

    def __init__(self, root: Path, kind: str, throttled: int = 0) -> None:
        """`throttled`: bits that the firmware shows from the start."""
        self.kind = kind
        self.tree = TreeBuilder(root)
        self.top_mhz = STEPS_KHZ[kind][-1] / 1000.0
        self.throttled = throttled
        self._busy_ticks = self._idle_ticks = 0.0
        self._build()
        self.show(3.0, 50.0)

    def _build(self) -> None:
        tree, steps = self.tree, STEPS_KHZ[self.kind]
        tree.put(MODEL, MODELS[self.kind])
        tree.put("/sys/class/thermal/thermal_zone0/type", "cpu-thermal")
        tree.put("/sys/class/hwmon/hwmon2/name", "rpi_volt")
        tree.put(ALARM, 0)
        tree.put(f"{POLICY}/scaling_available_frequencies", " ".join(map(str, steps)))
        tree.put(f"{POLICY}/cpuinfo_max_freq", steps[-1])
        tree.put(f"{POLICY}/scaling_max_freq", steps[-1])
        tree.command("vcgencmd", _VCGENCMD)

    def show(self, power_w: float, chip_c: float) -> None:
        """Draw so much, be so warm; the clock follows limit and heat."""
        tree = self.tree
        tree.put("/sys/class/thermal/thermal_zone0/temp", round(chip_c * 1000))
        self.throttled = self.throttled | 0x40004 if chip_c > CAPPED_C else self.throttled & ~0x4
        clock_mhz = self._clock_mhz(chip_c)
        tree.put(f"{POLICY}/scaling_cur_freq", tree.number(f"{POLICY}/scaling_max_freq"))
        self._answer("measure_temp", f"temp={chip_c:.1f}'C")
        self._answer("measure_clock", f"frequency(0)={round(clock_mhz * 1e6)}")
        self._answer("measure_volts", "volt=0.8500V")
        self._answer("get_throttled", f"throttled=0x{self.throttled:x}")
        if self.kind == "pi5":
            self._answer("pmic_read_adc", _pmic((power_w - LOSS_W) / LOSS_SLOPE))
        else:
            self._work((power_w - PI4_LINE.idle_w) / (PI4_LINE.full_w - PI4_LINE.idle_w))

    @property
    def clock_mhz(self) -> float:
        """What its cores run at."""
        return self._clock_mhz(self.tree.number("/sys/class/thermal/thermal_zone0/temp") / 1000.0)

    def _clock_mhz(self, chip_c: float) -> float:
        limit_mhz = self.tree.number(f"{POLICY}/scaling_max_freq") / 1000.0
        return min(limit_mhz, STEPS_KHZ[self.kind][0] / 1000.0) if chip_c > CAPPED_C else limit_mhz

    def complain(self) -> None:
        """Under-voltage, now and sticky."""
        self.throttled |= 0x10001
        self.tree.put(ALARM, 1)
        self._answer("get_throttled", f"throttled=0x{self.throttled:x}")

    def recover(self) -> None:
        """The supply is back; the sticky bit stays."""
        self.throttled &= ~0x1
        self.tree.put(ALARM, 0)
        self._answer("get_throttled", f"throttled=0x{self.throttled:x}")

    def _answer(self, command: str, text: str) -> None:
        self.tree.put(f"{ANSWERS}/vcgencmd_{command}", text)

    def _work(self, busy: float) -> None:
        """A second of processor time, so that the line through it gives the power that is shown."""
        share = min(1.0, max(0.0, busy))
        self._busy_ticks += 100 * CORES * share
        self._idle_ticks += 100 * CORES * (1.0 - share)
        self.tree.put("/proc/stat", f"cpu  {round(self._busy_ticks)} 0 0 {round(self._idle_ticks)} 0 0 0 0 0 0\ncpu0 0")


def _pmic(rails_w: float) -> str:
    """Two rails, an input without amperes, and a battery that isn't there: what a Pi 5 prints."""
    core_v, system_v = 0.85, 3.3
    lines = [
        f"  3V3_SYS_A current(1)={0.3 * rails_w / system_v:.8f}A",
        f"  VDD_CORE_A current(7)={0.7 * rails_w / core_v:.8f}A",
        f"  3V3_SYS_V volt(9)={system_v:.8f}V",
        f"  VDD_CORE_V volt(15)={core_v:.8f}V",
        "  EXT5V_V volt(24)=5.13756000V",
        "  BATT_V volt(25)=0.00000000V",
    ]
    return "\n".join(lines)
