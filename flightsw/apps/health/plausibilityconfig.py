"""What the plausibility of readings is judged by. Decoded from `[apps.health.plausibility]` of a scenario."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class PlausibilityConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ranges, rates and differences that are no sensor's noise."""

    battery_apart_k: Annotated[float, Meta(gt=0.0, le=100.0)] = 3.0
    """two thermometers of the battery further apart than this disagree: 20 times their noise, below the 5 K of margin
    that heater and charger keep"""
    chip_apart_k: Annotated[float, Meta(gt=0.0, le=100.0)] = 8.0
    """the chip's two diodes further apart than this disagree, whichever is wrong: the chip is then taken for hot"""
    chip_low_c: Annotated[float, Meta(ge=-273.0, le=200.0)] = -60.0
    chip_high_c: Annotated[float, Meta(ge=-273.0, le=1000.0)] = 150.0
    """beyond which no silicon is alive"""
    battery_low_c: Annotated[float, Meta(ge=-273.0, le=200.0)] = -60.0
    battery_high_c: Annotated[float, Meta(ge=-273.0, le=1000.0)] = 100.0
    voltage_low_v: Annotated[float, Meta(ge=0.0, le=1e4)] = 1.0
    """the avionics would be off"""
    dark_array_fraction: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.05
    """of the highest array power seen: what is more deep in a shadow is no light"""
    balance_fraction: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.25
    """array + battery - loads: a residual of more than this share of the highest load seen is no conversion loss"""
    persistence: Annotated[int, Meta(ge=1, le=10_000)] = 5
    """samples in a row, one every ten ticks"""
    stuck_samples: Annotated[int, Meta(ge=3, le=100_000)] = 30
    """as many equal samples in a row, of a reading that has noise when alive: stuck"""
