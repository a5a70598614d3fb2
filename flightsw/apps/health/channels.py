"""Which reading of which message a row of the telemetry network's card means. Asked once, when the watch is made.

Apart from `anomaly`, which is pure: the topic table knows every declaration, and some of them read times as text.
"""

from __future__ import annotations

from flightsw.apps.health.anomaly import KINDS, VISIBLE, Channel
from flightsw.devices.telemetry_model import ChannelRow
from flightsw.errors import ConfigError
from flightsw.messages.signals import find_signal
from flightsw.messages.topics import TopicTable


def channel_of(row: ChannelRow, topics: TopicTable) -> Channel:
    """The channel that a card's row means. Raises ConfigError: no such signal, or one that health does not hear."""
    signal = find_signal(row.signal, topics)
    if signal.topic not in VISIBLE:
        raise ConfigError(f"channel {row.signal}: topic {signal.topic}: must be one of {', '.join(VISIBLE)}")
    return Channel(KINDS.index(VISIBLE[signal.topic]), signal.field, signal.index)
