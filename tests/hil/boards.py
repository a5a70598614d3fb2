"""A board that a test sets, and an engine whose batches take as long as a test says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flightsw.apps.inference.engine import Seen
from flightsw.bus.pacing import sleep_s
from flightsw.devices.board import Capability, Limit, ModeChange, Reading, Sample, missing
from flightsw.messages.board import Quality


def watts(value: float | None) -> Reading:
    return missing("test", "gone") if value is None else Reading(value, Quality.MEASURED, "test")


@dataclass
class SetBoard:
    """Shows what it is told to; writes down what it is asked."""

    kind: str = "test"
    model: str = "a board of tests"
    top_mhz: float | None = 1000.0
    sample_s: float = 0.0
    limits_clock: bool = False
    takes_modes: bool = True
    shown: Sample = field(default_factory=lambda: Sample(watts(5.0), watts(50.0), watts(1000.0)))
    asked: list[str] = field(default_factory=list)

    def show(self, **readings: float | None) -> None:
        self.shown = replace(self.shown, **{name: watts(value) for name, value in readings.items()})

    def capabilities(self) -> tuple[Capability, ...]:
        return ()

    def sample(self) -> Sample:
        return self.shown

    def limit(self, share: float) -> Limit:
        self.asked.append(f"limit {share:g}")
        return Limit(share, share if self.limits_clock else 1.0, "test")

    def mode_names(self) -> tuple[str, ...]:
        return ("A", "B")

    def set_mode(self, name: str) -> ModeChange:
        self.asked.append(f"mode {name}")
        return ModeChange(name, name if self.takes_modes else "A")

    def safe(self) -> None:
        self.asked.append("safe")

    def restore(self) -> None:
        self.asked.append("restore")

    def close(self) -> None:
        self.asked.append("close")


@dataclass
class TimedEngine:
    """Takes `batch_s` a batch."""

    batch_s: float
    fails: bool = False

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        if self.fails:
            raise MemoryError("no room on the device")
        sleep_s(self.batch_s)
        return Seen((0.5,) * scenes, f"{first_scene:016x}")
