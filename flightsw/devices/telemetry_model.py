"""Cards of telemetry models: which signals such a network watches, how they are scaled, and what counts as strange.

The network takes a window, float32 [n, samples, channels], of scaled readings, and gives one residual a channel,
float32 [n, channels]: how far the window's typical sample lies from what the other readings say it should be. A
spacecraft has channels of its own: their order, centre and scale, and the residual that nominal flights stay below.
Read by health, by the scenario's check and by the scripts beside the model; trained by `models/telemetry-anomaly`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.devices.models import Card, FileName, Sha256
from flightsw.errors import ConfigError

Count = Annotated[int, Meta(ge=1, le=10_000)]
Positive = Annotated[float, Meta(gt=0.0, le=1e9)]


class ChannelRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One channel: (reading - centre) / scale is what the network sees of it."""

    signal: str
    """full name: topic, field, and the place in a tuple"""
    center: Annotated[float, Meta(ge=-1e9, le=1e9)]
    scale: Positive
    residual: Positive
    """the most that nominal flights held for a persistence of looks; residuals are told in shares of it"""


class TelemetryCard(Card, frozen=True, kw_only=True):
    """Of a telemetry model."""

    file: FileName
    sha256: Sha256
    sample_s: Annotated[float, Meta(gt=0.0, le=3600.0)]
    """time between a window's samples"""
    samples: Count
    """in a window"""
    stride: Count
    """samples between two looks of the network"""
    settle: Count
    """samples before the first look: after a start, hardware and estimates take their places"""
    threshold: Positive
    """of the score, the largest share of its residual that a channel has come to; above is strange"""
    persistence: Count
    """looks in a row that must be strange before an alarm, and calm before its end"""
    channels: dict[str, tuple[ChannelRow, ...]]
    """by spacecraft"""


def channels_of(card: TelemetryCard, spacecraft: str) -> tuple[ChannelRow, ...]:
    """The channels of a spacecraft. Raises ConfigError: the network was never shown it."""
    if spacecraft not in card.channels:
        known = ", ".join(card.channels)
        raise ConfigError(f'spacecraft = "{spacecraft}": model {card.name} knows {known}')
    return card.channels[spacecraft]


def sample_ticks(card: TelemetryCard, dt_s: float) -> int:
    """Ticks between two samples. Raises ConfigError: not a whole number of them."""
    ticks = round(card.sample_s / dt_s)
    if ticks < 1 or abs(ticks * dt_s - card.sample_s) > 1e-9:
        raise ConfigError(
            f"a cycle of {dt_s} s (dt_s times cycle_ticks): must divide the {card.sample_s} s between samples of "
            f"{card.name}, or enabled be false"
        )
    return ticks
