"""NVIDIA GPUs of a Linux machine: watts, temperature, clock and complaints by `nvidia-smi`, which is left running.

The tool is started once for each GPU and says a line an interval; a question never waits for it. Fields that a GPU
doesn't have are `[N/A]` or `[Not Supported]` in its line. A tool that has ended, or is silent for `STALE_S`, gives
no value: a GPU that fell off the bus looks like that. Nothing is ever set: limits and clocks are the owner's business.

Field names: `nvidia-smi --help-query-gpu`; bits of the reasons: NVML, nvmlClocksEventReasons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flightsw.bus.pacing import monotonic_s
from flightsw.devices.board import Capability, PowerSensor, Reading, Standing, Thermometer, missing
from flightsw.messages.board import Quality
from hil.drivers.thermal import GPU
from hil.drivers.window import Clock
from hil.tree import Runner, Stream, Unavailable

TOOL = "nvidia-smi"
INTERVAL_MS = 100
"""the driver averages power over up to a second (H100: 1 s, `power.draw.average`)"""
STALE_S = 3.0
FIELDS = (
    "power.draw",
    "temperature.gpu",
    "clocks.current.sm",
    "clocks.max.sm",
    "enforced.power.limit",
    "clocks_throttle_reasons.active",
)
COMPLAINTS = {
    0x04: "gpu-power-cap",
    0x08: "gpu-slowdown",
    0x20: "gpu-thermal",
    0x40: "gpu-hot",
    0x80: "gpu-power-brake",
}
"""SW power cap, HW slowdown, SW and HW thermal slowdown, HW power brake; the other bits are no complaints"""
MOST_GPUS = 16
MODELLED_SHARE = 0.01
"""of a sum that still counts as measured: within a GPU's own 5 W"""
_HEX = re.compile(r"^0x[0-9a-fA-F]{1,16}$")


@dataclass(frozen=True)
class GpuStats:
    """A line of the tool's; None: the GPU doesn't tell, or the line is broken there."""

    power_w: float | None
    temperature_c: float | None
    clock_mhz: float | None
    top_mhz: float | None
    limit_w: float | None
    reasons: int | None


def parse(line: str) -> GpuStats:
    """One line of `FIELDS`, without units."""
    cells = [cell.strip() for cell in line.split(",")]
    cells += [""] * (len(FIELDS) - len(cells))
    power_w, temperature_c, clock_mhz, top_mhz, limit_w = (_number(cell) for cell in cells[:5])
    return GpuStats(power_w, temperature_c, clock_mhz, top_mhz, limit_w, _bits(cells[5]))


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if 0.0 <= value < 1e6 else None


def _bits(cell: str) -> int | None:
    return int(cell, 16) if _HEX.match(cell) else None


class Gpu:
    """One GPU, by its index. Power sensor and complaints at once."""

    def __init__(self, run: Runner, index: int, name: str, now_s: Clock = monotonic_s) -> None:
        self._run = run
        self._now_s = now_s
        self._stream: Stream | None = None
        self._asked_s = 0.0
        self.name = name
        self.source = f"{TOOL}: GPU {index}"
        self._index = index

    def stats(self) -> GpuStats:
        """What it last said. Raises Unavailable."""
        if self._stream is None:
            query = (f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader,nounits", f"--id={self._index}")
            self._stream = self._run.stream(TOOL, *query, f"--loop-ms={INTERVAL_MS}")
            self._asked_s = self._now_s()
        line = self._stream.latest()
        if line is None:
            raise Unavailable(f"{self.source}: {'has ended' if self._stream.ended else 'no line yet'}")
        since_s = self._now_s() - (self._stream.heard_s or self._asked_s)
        if self._stream.ended or since_s > STALE_S:
            raise Unavailable(f"{self.source}: {'has ended' if self._stream.ended else f'silent for {since_s:.0f} s'}")
        return parse(line)

    def capability(self) -> Capability:
        """Of its power."""
        reading = self.power()
        if reading.value is None and reading.reason.endswith("no line yet"):
            return Capability("power.gpu", Standing.DEGRADED, self.source, f"{self.name}: no line yet")
        standing = Standing.ABSENT if reading.value is None else Standing.PRESENT
        return Capability("power.gpu", standing, self.source, reading.reason or self.name)

    def power(self) -> Reading:
        """Of the board that it sits on."""
        return self._reading("power_w", "tells no power")

    def temperature(self) -> Reading:
        """Of its die."""
        return self._reading("temperature_c", "tells no temperature")

    def flags(self) -> tuple[str, ...]:
        """Why it runs slower than it could, where that is a complaint."""
        try:
            reasons = self.stats().reasons or 0
        except Unavailable:
            return ("gpu-lost",)
        return tuple([name for bit, name in COMPLAINTS.items() if reasons & bit])

    def close(self) -> None:
        """End the tool."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _reading(self, field: str, otherwise: str) -> Reading:
        try:
            value = getattr(self.stats(), field)
        except Unavailable as error:
            return missing(self.source, str(error))
        if value is None:
            return missing(self.source, f"{self.name} {otherwise}")
        return Reading(value, Quality.MEASURED, self.source, age_s=INTERVAL_MS * 1e-3)


class GpuComplaints:
    """Why GPUs run slower than they could."""

    def __init__(self, gpus: list[Gpu]) -> None:
        self._gpus = gpus

    def capability(self) -> Capability:
        """They tell in the same line as their power."""
        return Capability("complaints.gpu", Standing.PRESENT, TOOL, "power cap, thermal and hardware slow-down")

    def flags(self) -> tuple[str, ...]:
        """Of all of them, each once."""
        return tuple(dict.fromkeys(flag for gpu in self._gpus for flag in gpu.flags()))


class BesideGpus:
    """The watts of a machine's processor and those of its GPUs. Where one GPU gives none, there is no sum."""

    def __init__(self, processor: PowerSensor, gpus: list[Gpu]) -> None:
        self._processor = processor
        self._gpus = gpus

    def capability(self) -> Capability:
        """The processor's; each GPU has one of its own."""
        return self._processor.capability()

    def power(self) -> Reading:
        """Measured where both are, or where what is modelled is next to nothing."""
        reading = self._processor.power()
        if reading.value is None:
            return reading
        total_w, told = reading.value, []
        for gpu in self._gpus:
            found = gpu.power()
            if found.value is None:
                return found
            total_w += found.value
            told.append(f"{found.value:.1f} W of {gpu.name} measured")
        how = "measured" if reading.quality is Quality.MEASURED else "modelled"
        told.append(f"{reading.value:.1f} W of the processor {how}")
        quality = Quality.MEASURED if reading.value < MODELLED_SHARE * total_w else reading.quality
        return Reading(total_w, quality, f"{reading.source} + {TOOL}", ", ".join(told), reading.age_s)


class ZonesAndGpus:
    """The machine's own temperatures and its GPUs'."""

    def __init__(self, zones: Thermometer, gpus: list[Gpu]) -> None:
        self._zones = zones
        self._gpus = gpus

    def capability(self) -> Capability:
        """The zones', unless they have none."""
        found = self._zones.capability()
        if found.standing is not Standing.ABSENT:
            return found
        return Capability("temperature", Standing.PRESENT, TOOL, "of the GPU alone: no thermal zone of the machine's")

    def temperatures(self) -> dict[str, Reading]:
        """By name of the zone."""
        gpus = {f"{GPU}{place}": gpu.temperature() for place, gpu in enumerate(self._gpus)}
        return {**self._zones.temperatures(), **gpus}


def gpus_of(run: Runner) -> list[Gpu]:
    """Those that the tool lists; none where there is no tool, no driver or no GPU."""
    try:
        lines = run(TOOL, "--query-gpu=index,name", "--format=csv,noheader").splitlines()
    except Unavailable:
        return []
    found = []
    for line in lines[:MOST_GPUS]:
        index, _, name = line.partition(",")
        if index.strip().isdigit():
            found.append(Gpu(run, int(index), name.strip() or "GPU"))
    return found
