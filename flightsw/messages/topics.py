"""The topic table: who alone may publish what, and how a message waits for its readers.

`sampled`: a reader gets the newest only. `depth` = n: a reader gets all of them in order, at most the n newest.
`wakes`: a reader that is not due in the next tick runs all the same. `actuator`: commands hardware. A topic's number
on the wire is its place in the table, so the table is part of the schema hash.

Read by the bus (routing), by the ports (encoding), by the log's header and by everything that reads logs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flightsw.errors import TableError
from flightsw.messages import comms, faults, health, inference, plant, power, sequences, tables, thermal, time
from flightsw.messages.base import Message

BUS = "bus"
OUTSIDE = "outside"
"""Producer of what enters from outside: the operator, a scenario's commands."""

RESTART = "health.restart"
"""Read by the bus itself: it loses a process by order."""

FLIGHT_APPS = ("power", "thermal", "inference", "comms", "health")
"""The shipped flight applications, by rank."""


@dataclass(frozen=True)
class Topic:
    """One row of the table."""

    name: str
    kind: type[Message]
    producer: str
    depth: int | None = None
    """None: sampled, the last one wins"""
    wakes: bool = False
    actuator: bool = False

    @property
    def is_truth(self) -> bool:
        """Truth is for the log; no flight application may subscribe to it."""
        return self.name.startswith("truth.")

    @property
    def is_critical_data(self) -> bool:
        """Critical data is stored by the bus's log and handed back to its producer at a restart."""
        return self.name.startswith("cds.")


def shipped_topics() -> tuple[Topic, ...]:
    """Every topic of the shipped node, in wire order."""
    return (
        Topic("bus.event", health.BusEvent, BUS, depth=64, wakes=True),
        Topic("tc.request", comms.TcRequest, OUTSIDE, depth=64, wakes=True),
        Topic("sensor.power", plant.PowerSensors, "plant"),
        Topic("sensor.thermal", plant.ThermalSensors, "plant"),
        Topic("sensor.nav", plant.NavSensors, "plant"),
        Topic("sensor.link", plant.LinkSensors, "plant"),
        Topic("hw.device", plant.DeviceReadings, "plant"),
        Topic("truth.plant", plant.Truth, "plant"),
        Topic("power.status", power.PowerStatus, "power"),
        Topic("power.switches", power.SwitchCommand, "power", actuator=True),
        Topic("thermal.status", thermal.ThermalStatus, "thermal"),
        Topic("thermal.heaters", thermal.HeaterCommand, "thermal", actuator=True),
        Topic("infer.status", inference.InferenceStatus, "inference"),
        Topic("infer.result", inference.InferenceResult, "inference", depth=1024),
        Topic("hw.activity", inference.DeviceActivity, "inference", actuator=True),
        Topic("comms.status", comms.CommsStatus, "comms"),
        Topic("comms.radio", comms.RadioCommand, "comms", actuator=True),
        Topic("comms.frame", comms.DownlinkFrame, "comms", depth=64),
        Topic("tc.verification", comms.TcVerification, "comms", depth=64),
        Topic("tc.dispatch", comms.TcDispatch, "comms", depth=64, wakes=True),
        Topic("health.mode", health.ModeStatus, "health"),
        Topic("health.attitude", health.AttitudeCommand, "health", actuator=True),
        Topic("cds.power", power.PowerCriticalData, "power"),
        Topic("cds.thermal", thermal.ThermalCriticalData, "thermal"),
        Topic("cds.inference", inference.InferenceCriticalData, "inference"),
        Topic("cds.comms", comms.CommsCriticalData, "comms"),
        Topic("cds.health", health.HealthCriticalData, "health"),
        *(Topic(f"event.{app}", health.Event, app, depth=256) for app in ("plant", *FLIGHT_APPS)),
        *(Topic(f"tc.report.{app}", comms.TcReport, app, depth=64, wakes=True) for app in FLIGHT_APPS),
        Topic(RESTART, health.RestartRequest, "health", depth=16),
        Topic("health.recovery", health.RecoveryRequest, "health", depth=16, wakes=True),
        Topic("health.validity", health.SensorValidity, "health"),
        Topic("health.anomaly", health.AnomalyStatus, "health"),
        Topic("infer.chip", inference.ChipReading, "inference"),
        Topic("cds.health.recovery", health.RecoveryCriticalData, "health"),
        # said only where something of theirs happens; behind the others, whose numbers stay what they were
        Topic("tc.request.health", comms.TcRequest, "health", depth=64, wakes=True),
        Topic("sequence.status", sequences.SequenceStatus, "health"),
        Topic("cds.health.sequences", sequences.SequenceCriticalData, "health"),
        Topic("sensor.clock", time.ClockSensors, "plant"),
        Topic("time.status", time.TimeStatus, "health"),
        Topic("cds.health.time", time.TimeCriticalData, "health"),
        Topic("comms.frame_time", comms.FrameTime, "comms", depth=64),
        *(Topic(f"table.{app}", tables.TableReport, app, depth=64) for app in FLIGHT_APPS),
        *(Topic(f"cds.{app}.table", tables.TableCriticalData, app) for app in FLIGHT_APPS),
        Topic("power.charge", power.ChargeCommand, "power", actuator=True),
        Topic("thermal.pumps", thermal.PumpCommand, "thermal", actuator=True),
        Topic(faults.INJECTION, faults.FaultInjection, OUTSIDE, depth=64, wakes=True),
        Topic("infer.account", inference.InferenceAccount, "inference"),
    )


class TopicTable:
    """The topics by number, name and (producer, type). Built once, never changed."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self.topics = tuple(topics)
        self.number: dict[str, int] = {}
        self._by_producer: dict[str, dict[type[Message], int]] = {}
        for number, topic in enumerate(self.topics):
            if topic.name in self.number:
                raise TableError(f"topic {topic.name!r}: declared twice: a topic has one producer")
            self.number[topic.name] = number
            mine = self._by_producer.setdefault(topic.producer, {})
            if topic.kind in mine:
                raise TableError(
                    f"topic {topic.name!r}: {topic.producer} already publishes {topic.kind.__name__} on "
                    f"{self.topics[mine[topic.kind]].name!r}: a producer's topics have distinct types"
                )
            mine[topic.kind] = number

    def __getitem__(self, name: str) -> Topic:
        try:
            return self.topics[self.number[name]]
        except KeyError:
            raise TableError(f"unknown topic {name!r}: must be one of {', '.join(self.number)}") from None

    def published_by(self, producer: str) -> dict[type[Message], int]:
        """Topic number per message type of one producer."""
        return dict(self._by_producer.get(producer, {}))
