"""Health's watch over the telemetry as a whole: inbox in, score and advisory events out. Decides by `anomaly` alone.

Called by the application every `look_ticks`; whatever it says, no mode and no load changes by it. After a restart of
health it starts with an empty window and no alarm, and tells again what is still strange.
"""

from __future__ import annotations

from flightsw.apps.health.anomaly import Alarm, Sample, alarmed, channel_of, readings, scaled, windowed, worst_of
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
        self.look_ticks = sample_ticks(card, dt_s)
        self._card = card
        self._names = tuple(row.signal for row in rows)
        self._allowed = tuple(row.residual for row in rows)
        self._channels = tuple(channel_of(row, topics) for row in rows)
        self._scorer = scorer
        self._window: tuple[Sample, ...] = ()
        self._alarm = Alarm()
        self._until_look = card.settle

    def look(self, inbox: Inbox) -> list[Message]:
        """Take a sample; every few samples let the network look at the window."""
        card = self._card
        self._window = windowed(
            self._window, scaled(readings(inbox.last, self._channels), self._channels), card.samples
        )
        if len(self._window) < card.samples:
            return []
        self._until_look -= 1
        if self._until_look > 0:
            return []
        self._until_look = card.stride
        score, place = worst_of(self._scorer.residuals(self._window), self._allowed)
        before, self._alarm = self._alarm, alarmed(self._alarm, score, card.threshold, card.persistence)
        said: list[Message] = [AnomalyStatus(score, self._names[place], self._alarm.raised)]
        if self._alarm.raised is not before.raised:
            args: dict[str, Scalar] = {"score": score, "channel": self._names[place], "threshold": card.threshold}
            begun = self._alarm.raised
            severity = Severity.WARNING_LO if begun else Severity.ACTIVITY_HI
            said.append(Event(severity, "anomaly.detected" if begun else "anomaly.cleared", args))
        return said


def monitor_of(config: AnomalyConfig, dt_s: float) -> TelemetryMonitor:
    """The watch that a scenario asks for. Raises ConfigError."""
    card = load_card(config.model, TelemetryCard)
    rows = channels_of(card, config.spacecraft)
    return TelemetryMonitor(card, rows, OnnxScorer(card, len(rows)), dt_s)
