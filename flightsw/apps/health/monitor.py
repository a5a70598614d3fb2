"""Health's watch over the telemetry as a whole: inbox in, score and advisory events out. Decides by `anomaly` alone.

Called by the application every `sample_ticks`, where it only keeps the messages: what is to be done with them is done
for many at once. Whatever it says, no mode and no load changes by it. After a restart of
health it starts with an empty window and no alarm, and tells again what is still strange.
"""

from __future__ import annotations

from flightsw.apps.health.anomaly import (
    KINDS,
    Alarm,
    Heard,
    Sample,
    alarmed,
    readings,
    windowed,
    worst_of,
)
from flightsw.apps.health.channels import channel_of
from flightsw.apps.health.config import AnomalyConfig
from flightsw.apps.health.scorer import OnnxScorer, Scorer
from flightsw.bus.application import Inbox
from flightsw.devices.models import load_card
from flightsw.devices.telemetry_model import ChannelRow, TelemetryCard, channels_of, sample_ticks
from flightsw.messages.base import Message, Scalar
from flightsw.messages.health import AnomalyStatus, Event, Severity
from flightsw.messages.topics import TopicTable, shipped_topics


class TelemetryMonitor:
    """The watch over one spacecraft."""

    def __init__(self, card: TelemetryCard, rows: tuple[ChannelRow, ...], scorer: Scorer, dt_s: float) -> None:
        topics = TopicTable(shipped_topics())
        self.sample_ticks = sample_ticks(card, dt_s)
        self._card = card
        self._names = tuple(row.signal for row in rows)
        self._allowed = tuple(row.residual for row in rows)
        self._channels = tuple(channel_of(row, topics) for row in rows)
        self._scorer = scorer
        self._window: tuple[Sample, ...] = ()
        self._alarm = Alarm()
        self._heard: list[Heard] = []
        """since the last look"""
        self._look_after = card.settle

    def sample(self, inbox: Inbox) -> list[Message]:
        """Keep what was heard; every few samples look at the window."""
        last = inbox.last
        self._heard.append(tuple([last(kind) for kind in KINDS]))
        return self._look() if len(self._heard) >= self._look_after else []

    def _look(self) -> list[Message]:
        card, channels = self._card, self._channels
        new = [readings(heard, channels) for heard in self._heard]
        self._heard, self._look_after = [], card.stride
        self._window = windowed(self._window, new, card.samples)
        if len(self._window) < card.samples:
            return []
        score, place = worst_of(self._scorer.residuals(self._window), self._allowed)
        before, self._alarm = self._alarm, alarmed(self._alarm, score, card.threshold, card.persistence)
        channel, begun = self._names[place], self._alarm.raised
        said: list[Message] = [AnomalyStatus(score, channel, begun)]
        if begun is not before.raised:
            args: dict[str, Scalar] = {"score": score, "channel": channel, "threshold": card.threshold}
            severity = Severity.WARNING_LO if begun else Severity.ACTIVITY_HI
            said.append(Event(severity, "anomaly.detected" if begun else "anomaly.cleared", args))
        return said


def monitor_of(config: AnomalyConfig, dt_s: float) -> TelemetryMonitor:
    """The watch that a scenario asks for. Raises ConfigError."""
    card = load_card(config.model, TelemetryCard)
    rows = channels_of(card, config.spacecraft)
    return TelemetryMonitor(card, rows, OnnxScorer(card, rows), dt_s)
