"""Spikes in what the EPS sensors say: a reading is believed when it is near the last one, or comes twice. Pure.

A bit that flips on the way leaves a value that is one, and no measurement. One that is far from the last believed one
and from the one before it is left out for this tick; what has really stepped is there again in the next, and is
believed then, a tick late. How far is far follows from the spacecraft's own size, so that no load that is switched and
no sunrise is ever left out for longer. Spikes that come again and again are told. Called by `law`.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from flightsw.apps.power.config import PowerConfig
from flightsw.messages.plant import PowerSensors

PER_SPIKE, MOST = 32, 256
TOLD_AT, OVER_AT = 128, 16
"""four spikes within half a minute or so are no chance; a minute or two without one, and it is over"""


class Steps(NamedTuple):
    """How far readings may step within a tick."""

    volts: float
    amps: float
    watts: float


class Spikes(msgspec.Struct, frozen=True, gc=False):
    """What was said last, what was believed last, and how often they differed."""

    said: PowerSensors | None = None
    believed: PowerSensors | None = None
    level: int = 0
    """so much for every spike, less one a tick"""
    told: bool = False


def steps_of(config: PowerConfig) -> Steps:
    """A tenth of the full pack's voltage; twice the current that empties it in an hour; all that the array gives."""
    return Steps(0.1 * config.ocv_v[-1], 2.0 * config.capacity_ah, config.array_peak_w)


def despiked(before: Spikes, said: PowerSensors, config: PowerConfig) -> tuple[Spikes, PowerSensors]:
    """(state, readings to go by) after one tick's readings. A load's spike leaves the last loads to stand in."""
    believed, earlier = before.believed, before.said
    if believed is None or earlier is None:
        return Spikes(said, said), said
    steps = steps_of(config)
    left_out: dict[str, object] = {}
    for name, step in (
        ("battery_voltage_v", steps.volts),
        ("battery_current_a", steps.amps),
        ("array_power_w", steps.watts),
    ):
        value = getattr(said, name)
        if not _near(value, getattr(believed, name), step) and not _near(value, getattr(earlier, name), step):
            left_out[name] = None
    total_w, last_w = sum(said.load_power_w), sum(believed.load_power_w)
    if abs(total_w - last_w) > steps.watts and abs(total_w - sum(earlier.load_power_w)) > steps.watts:
        left_out["load_power_w"] = believed.load_power_w
    level = max(0, before.level - 1)
    if not left_out:
        return Spikes(said, said, level, before.told and level > OVER_AT), said
    level = min(MOST, level + PER_SPIKE)
    readings = replace(said, **left_out)
    kept = replace(said, **{name: getattr(believed, name) for name in left_out})
    return Spikes(said, kept, level, before.told or level >= TOLD_AT), readings


def _near(value: float | None, other: float | None, step: float) -> bool:
    """Whether there is nothing to be wondered at between the two."""
    return value is None or other is None or abs(value - other) <= step
