"""Stand-in Jetsons: Orin Nano, AGX Orin, and an older one with the iio layout of JetPack 4.

Rails, zones, clock steps and mode names are the vendor's; how the watts part over the rails is an estimate. Each has a
zone that is off, an unconnected channel, and a mode that takes a reboot and silently isn't taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hil.drivers.nvpmodel import CONFIG, STATUS
from hil.fakes.tree import TreeBuilder

RAIL_MV = 5000
GPU_FOLDER = "/sys/class/devfreq/17000000.gpu"
REBOOT_FILE, LINE_FILE = "/run/stand-in/needs_reboot", "/run/stand-in/tegrastats"
_NVPMODEL = """
status="$root/var/lib/nvpmodel/status"
case "$1" in
-q) while read -r line; do case "$line" in pmode:*) id=${line#pmode:}; id=${id%% *};; esac; done < "$status"
    while read -r number name; do [ "$number" = "$id" ] && echo "NV Power Mode: $name" && echo "${number#000}"
    done < "$root/run/stand-in/modes"
    exit 0;;
-m) id=$(printf %04d "$2")
    while read -r number name; do [ "$number" = "$id" ] && found=$name; done < "$root/run/stand-in/modes"
    [ -n "$found" ] || { echo "NVPM ERROR: no such mode: $2" >&2; exit 1; }
    read -r reboot < "$root/run/stand-in/needs_reboot"
    [ "$found" = "$reboot" ] && exit 0  # asks for a reboot at a terminal; over SSH says nothing and changes nothing
    echo "pmode:$id fmode:quiet" > "$status.new" && mv "$status.new" "$status";;
esac"""
_TEGRASTATS = 'while :; do cat "$root/run/stand-in/tegrastats"; sleep 0.05; done'


@dataclass(frozen=True)
class JetsonKind:
    """What a kind of Jetson has."""

    name: str
    model: str
    rails: tuple[tuple[str, float], ...]
    """(name, share of the module's power); NC: unconnected"""
    zones: tuple[str, ...]
    off_zone: str
    gpu: str
    """its name in the device tree"""
    steps_mhz: tuple[int, ...]
    modes: tuple[tuple[int, str, int], ...]
    """(id, name, GPU clock it allows in MHz)"""
    reboot_mode: str
    iio: bool = False


ORIN_NANO = JetsonKind(
    "orin-nano",
    "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super",
    (("VDD_IN", 1.0), ("VDD_CPU_GPU_CV", 0.45), ("VDD_SOC", 0.2)),
    ("cpu-thermal", "gpu-thermal", "soc0-thermal", "soc1-thermal", "soc2-thermal", "tj-thermal"),
    "cv0-thermal",
    "gpu",
    (306, 408, 510, 612, 714, 816, 918, 1020),
    ((0, "15W", 612), (1, "25W", 918), (2, "MAXN_SUPER", 1020), (3, "7W", 408)),
    "7W",
)
AGX_ORIN = JetsonKind(
    "agx-orin",
    "NVIDIA Jetson AGX Orin Developer Kit",
    (("VDD_GPU_SOC", 0.4), ("VDD_CPU_CV", 0.2), ("VIN_SYS_5V0", 0.35), ("NC", 0.0), ("VDDQ_VDD2_1V8AO", 0.05)),
    ("CPU-therm", "GPU-therm", "SOC0-therm", "Tboard_tegra", "tj-thermal"),
    "CV0-therm",
    "ga10b",
    (306, 408, 510, 612, 714, 816, 918, 1020, 1122, 1224, 1300),
    ((0, "MAXN", 1300), (1, "MODE_15W", 408), (2, "MODE_30W", 612), (3, "MODE_50W", 816)),
    "MODE_15W",
)
XAVIER_IIO = JetsonKind(
    "xavier-iio",
    "Jetson-AGX",
    (("GPU", 0.25), ("CPU", 0.2), ("SOC", 0.3), ("CV", 0.0), ("VDDRQ", 0.05), ("SYS5V", 0.2)),
    ("CPU-therm", "GPU-therm", "AUX-therm", "AO-therm", "Tdiode_tegra"),
    "CV-therm",
    "gv11b",
    (318, 420, 522, 675, 829, 905, 1032, 1198, 1236, 1338, 1377),
    ((0, "MAXN", 1377), (1, "MODE_10W", 522), (2, "MODE_15W", 675), (3, "MODE_30W_ALL", 905)),
    "MODE_10W",
    iio=True,
)
JETSONS = {kind.name: kind for kind in (ORIN_NANO, AGX_ORIN, XAVIER_IIO)}


class FakeJetson:
    """One. `show` makes it draw and glow; what a driver has set is read back from its files."""

    def __init__(self, root: Path, kind: JetsonKind) -> None:
        self.kind = kind
        self.tree = TreeBuilder(root)
        self.top_mhz = float(kind.steps_mhz[-1])
        self._build()
        self.show(5.0, 40.0)

    def _build(self) -> None:
        kind, tree = self.kind, self.tree
        tree.put("/proc/device-tree/model", kind.model)
        tree.put("/etc/nv_tegra_release", "# stand-in, generated")
        for place, zone in enumerate((*kind.zones, kind.off_zone)):
            tree.put(f"/sys/class/thermal/thermal_zone{place}/type", zone)
        tree.break_(f"/sys/class/thermal/thermal_zone{len(kind.zones)}/temp")
        tree.put(f"{GPU_FOLDER}/device/of_node/name", kind.gpu)
        tree.put(f"{GPU_FOLDER}/available_frequencies", " ".join(str(mhz * 1_000_000) for mhz in kind.steps_mhz))
        for name, mhz in (("min_freq", kind.steps_mhz[0]), ("max_freq", kind.steps_mhz[-1])):
            tree.put(f"{GPU_FOLDER}/{name}", mhz * 1_000_000)
        tree.put("/sys/devices/platform/soctherm-oc-event/hwmon/hwmon5/oc1_event_cnt", 0)
        tree.put(CONFIG, "\n".join(f"< POWER_MODEL ID={number} NAME={name} >" for number, name, _ in kind.modes))
        tree.put("/run/stand-in/modes", "\n".join(f"{number:04d} {name}" for number, name, _ in kind.modes))
        tree.put(REBOOT_FILE, kind.reboot_mode)
        first = next(number for number, name, _ in kind.modes if name != kind.reboot_mode)
        tree.put(STATUS, f"pmode:{first:04d} fmode:quiet")
        tree.command("nvpmodel", _NVPMODEL)
        tree.command("tegrastats", _TEGRASTATS)
        for place, (name, _) in enumerate(kind.rails):
            self._name_rail(place, name)

    def show(self, power_w: float, chip_c: float) -> None:
        """Draw so much, be so warm; the clock follows mode and limit."""
        tree, kind = self.tree, self.kind
        for place, _ in enumerate(kind.zones):
            tree.put(f"/sys/class/thermal/thermal_zone{place}/temp", round(chip_c * 1000) - 150 * place)
        tree.put(f"{GPU_FOLDER}/cur_freq", round(self.clock_mhz * 1e6))
        milliwatts = [round(power_w * share * 1000) for _, share in kind.rails]
        for place, value in enumerate(milliwatts):
            self._show_rail(place, value)
        tree.put(LINE_FILE, _line(kind.rails, milliwatts, chip_c, round(self.clock_mhz)))

    @property
    def mode(self) -> str:
        """In force."""
        number = int(self.tree.text(STATUS)[len("pmode:") :].split()[0])
        return next(name for its_number, name, _ in self.kind.modes if its_number == number)

    @property
    def clock_mhz(self) -> float:
        """What the GPU runs at: the lower of mode and limit."""
        allowed_mhz = next(mhz for _, name, mhz in self.kind.modes if name == self.mode)
        return min(float(allowed_mhz), self.tree.number(f"{GPU_FOLDER}/max_freq") * 1e-6)

    def complain(self) -> None:
        """An over-current event."""
        file = "/sys/devices/platform/soctherm-oc-event/hwmon/hwmon5/oc1_event_cnt"
        self.tree.put(file, self.tree.number(file) + 1)

    def rail_folder(self, place: int) -> str:
        """Where the files of a rail's chip are: three rails a chip."""
        if self.kind.iio:
            return f"/sys/bus/i2c/drivers/ina3221x/1-004{place // 3}/iio:device{place // 3}"
        return f"/sys/bus/i2c/drivers/ina3221/1-004{place // 3}/hwmon/hwmon{3 + place // 3}"

    def _name_rail(self, place: int, name: str) -> None:
        folder, channel = self.rail_folder(place), place % 3
        if self.kind.iio:
            self.tree.put(f"{folder}/rail_name_{channel}", name)
            return
        self.tree.put(f"{folder}/in{channel + 1}_label", name)
        self.tree.put(f"{folder}/in7_label", "sum of shunt voltages")
        self.tree.put(f"{folder}/curr{channel + 1}_crit_alarm", 0)

    def _show_rail(self, place: int, milliwatts: int) -> None:
        folder, channel = self.rail_folder(place), place % 3
        if self.kind.iio:
            self.tree.put(f"{folder}/in_power{channel}_input", milliwatts)
            return
        self.tree.put(f"{folder}/in{channel + 1}_input", RAIL_MV)
        self.tree.put(f"{folder}/curr{channel + 1}_input", round(milliwatts * 1000 / RAIL_MV))


def _line(rails: Sequence[tuple[str, float]], milliwatts: Sequence[int], chip_c: float, clock_mhz: int) -> str:
    power = " ".join(f"{name} {now}mW/{now}mW" for (name, _), now in zip(rails, milliwatts, strict=True))
    return (
        "11-15-2024 08:38:09 RAM 2185/7620MB (lfb 8x2MB) CPU [15%@729,11%@729] EMC_FREQ 43%@2133 "
        f"GR3D_FREQ 63%@[{clock_mhz}] cpu@{chip_c:.3f}C cv0@-256C tj@{chip_c:.3f}C {power}"
    )
