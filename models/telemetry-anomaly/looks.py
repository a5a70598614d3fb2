"""From readings of a whole flight to what the network says at each look, as health does it on board, but in bulk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime as ort

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from flightsw.apps.health.anomaly import Alarm, alarmed, worst_of
from flightsw.apps.health.scorer import SATURATION
from flightsw.devices.telemetry_model import TelemetryCard, channels_of

SAMPLES, STRIDE, SETTLE, PERSISTENCE = 12, 18, 36, 3
"""as in the card: a window of 2 minutes every 3 minutes, the first after 6, and 3 looks in a row that agree"""


def saturated(scaled: np.ndarray) -> np.ndarray:
    """As the network sees them."""
    return np.clip(scaled, -SATURATION, SATURATION)


def starts(flights: Sequence[np.ndarray]) -> np.ndarray:
    """Where a whole window without a gap begins, in the flights one behind the other."""
    found, before = [], 0
    for flight in flights:
        gap = np.isnan(flight).any(axis=1)
        whole = [n for n in range(len(flight) - SAMPLES + 1) if not gap[n : n + SAMPLES].any()]
        found.append(before + np.array(whole))
        before += len(flight)
    return np.concatenate(found)


def ends(flight: np.ndarray) -> np.ndarray:
    """The last sample of every window that is looked at."""
    gap = np.isnan(flight).any(axis=1)
    every = range(SETTLE - 1, len(flight), STRIDE)
    return np.array([end for end in every if not gap[max(0, end + 1 - SAMPLES) : end + 1].any()])


def residuals_of(path: Path, seen: np.ndarray) -> np.ndarray:
    """Residuals [looks, channels] of one flight's scaled readings [samples, channels]."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    windows = seen[ends(seen)[:, None] + np.arange(1 - SAMPLES, 1)].astype(np.float32)
    residuals: np.ndarray = session.run(None, {"window": windows})[0]
    return residuals


def held_residuals(residuals: np.ndarray) -> np.ndarray:
    """What residuals or scores [looks, ...] hold for a persistence of looks."""
    return np.lib.stride_tricks.sliding_window_view(residuals, PERSISTENCE, axis=0).min(axis=-1)


class Verdict(NamedTuple):
    """What came of one flight."""

    looked_s: float
    """time from the first look to the last"""
    held_worst: float
    """highest score that was held for a persistence"""
    raised_s: tuple[float, ...]
    """when alarms were told"""
    blamed: tuple[str, ...]
    """the channel of each"""

    def first_after(self, begin_s: float) -> tuple[float | None, str]:
        """(delay, channel) of the first alarm after a time; (None, "") without one."""
        for raised_s, channel in zip(self.raised_s, self.blamed, strict=True):
            if raised_s >= begin_s:
                return raised_s - begin_s, channel
        return None, ""


def judged(path: Path, card: TelemetryCard, spacecraft: str, flight: np.ndarray) -> Verdict:
    """One flight's readings [samples, channels] by the decision that flies."""
    rows = channels_of(card, spacecraft)
    seen = saturated((flight - [row.center for row in rows]) / [row.scale for row in rows])
    allowed, alarm = [row.residual for row in rows], Alarm()
    times_s = ends(seen) * card.sample_s
    scores, raised = [], []
    for time_s, residuals in zip(times_s, residuals_of(path, seen), strict=True):
        score, place = worst_of(residuals.tolist(), allowed)
        before, alarm = alarm, alarmed(alarm, score, card.threshold, card.persistence)
        scores.append(score)
        if alarm.raised and not before.raised:
            raised.append((float(time_s), rows[place].signal))
    return Verdict(
        float(times_s[-1] - times_s[0]),
        float(held_residuals(np.array(scores)).max()),
        tuple(time_s for time_s, _ in raised),
        tuple(channel for _, channel in raised),
    )
