"""A board whose truth is hidden: more time constants than a fit has, a sensor with noise and steps, a busy clock."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from hil.calibration import Observation

STEP_S = 0.5


@dataclass
class HiddenTruth:
    """Stands for a rig; its time is its own."""

    seed: int
    top_mhz: float = 1500.0
    idle_w: float = 3.1
    dynamic_w: float = 6.4
    """at the top clock; goes with the clock to the power 1.5"""
    idle_per_share_w: float = 0.5
    """of the clock"""
    ambient_c: float = 22.0
    stages: tuple[tuple[float, float], ...] = ((1.6, 3.0), (2.4, 30.0), (3.0, 240.0))
    """(K/W, s)"""
    power_step_w: float = 0.05
    power_noise_w: float = 0.08
    chip_step_c: float = 0.5
    chip_noise_c: float = 0.15
    launch_s: float = 0.002
    per_item_s_mhz: float = 3.0
    share: float = 1.0
    t_s: float = 0.0
    rises_k: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def limit(self, share: float) -> float:
        self.share = share
        return share

    def power(self, share: float, busy: float) -> float:
        """The truth."""
        return self.idle_w + self.idle_per_share_w * share + busy * self.dynamic_w * share**1.5

    def steady_c(self, power_w: float) -> float:
        """The truth."""
        return self.ambient_c + power_w * sum(resistance for resistance, _ in self.stages)

    def observe(self, busy: float, seconds: float) -> list[Observation]:
        found = []
        for _ in range(round(seconds / STEP_S)):
            self.t_s += STEP_S
            power_w = self.power(self.share, busy)
            for place, (resistance, tau_s) in enumerate(self.stages):
                gain = 1.0 - math.exp(-STEP_S / tau_s)
                self.rises_k[place] += gain * (resistance * power_w - self.rises_k[place])
            chip_c = self.ambient_c + sum(self.rises_k)
            found.append(
                Observation(
                    self.t_s,
                    busy,
                    self._seen(power_w, self.power_noise_w, self.power_step_w),
                    self._seen(chip_c, self.chip_noise_c, self.chip_step_c),
                )
            )
        return found

    def latencies(self, size: int, count: int) -> list[float]:
        self.t_s += count * 0.05
        took_s = self.launch_s + size * self.per_item_s_mhz / (self.share * self.top_mhz)
        return [took_s * (1.0 + abs(self._random.gauss(0.0, 0.01))) for _ in range(count)]

    def _seen(self, value: float, noise: float, step: float) -> float:
        return step * round((value + self._random.gauss(0.0, noise)) / step)
