"""The one table that says which processes a node has, and which topics, as its scenario makes them.

Read by the launcher (who to start), by both hosts of the Exchange (order, subscriptions) and by the log's header.
An application hears what it subscribes to here and nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from flightsw.bus.log import ProcessSchema
from flightsw.bus.table import ProcessRow, ProcessTable, Role
from flightsw.messages.schema import schema_hash, topic_schemas
from flightsw.messages.topics import FLIGHT_APPS, Topic, TopicTable, shipped_topics
from flightsw.node.laws import critical_data_of
from flightsw.node.scenario import Scenario, app_configs

REPORTS = tuple(f"tc.report.{name}" for name in FLIGHT_APPS)


def process_rows() -> tuple[ProcessRow, ...]:
    """The shipped node. Ranks: the environment first, then sensors-to-actuators order, health last."""
    flight = Role.FLIGHT
    return (
        ProcessRow(
            "plant",
            rank=1,
            role=Role.INFRASTRUCTURE,
            subscribes=("power.switches", "thermal.heaters", "hw.activity", "comms.radio", "health.attitude"),
        ),
        ProcessRow(
            "power",
            rank=2,
            role=flight,
            subscribes=("sensor.power", "sensor.nav", "health.mode", "tc.dispatch"),
        ),
        ProcessRow(
            "thermal",
            rank=3,
            role=flight,
            subscribes=("sensor.thermal", "tc.dispatch"),
        ),
        ProcessRow(
            "inference",
            rank=4,
            role=flight,
            subscribes=("sensor.nav", "hw.device", "power.status", "thermal.status", "health.mode", "tc.dispatch"),
        ),
        ProcessRow(
            "comms",
            rank=5,
            role=flight,
            subscribes=(
                "tc.request",
                *REPORTS,
                "sensor.link",
                "infer.result",
                "infer.status",
                "power.status",
                "thermal.status",
                "health.mode",
            ),
        ),
        ProcessRow(
            "health",
            rank=6,
            role=flight,
            subscribes=(
                "bus.event",
                "power.status",
                "thermal.status",
                "infer.status",
                "comms.status",
                "sensor.power",
                "sensor.thermal",
                "tc.dispatch",
            ),
        ),
    )


def process_table(scenario: Scenario | None = None) -> ProcessTable:
    """The checked table of a scenario's node; without one, of the shipped node. Raises TableError, ConfigError."""
    if scenario is None:
        return ProcessTable(process_rows(), TopicTable(shipped_topics()))
    return ProcessTable(process_rows(), TopicTable(topics_of(scenario)))


def topics_of(scenario: Scenario) -> tuple[Topic, ...]:
    """Every topic of the scenario's node, in wire order: a law of one's own may keep critical data of its own."""
    own = {f"cds.{app}": critical_data_of(app, config) for app, config in app_configs(scenario)}
    return tuple(replace(topic, kind=own[topic.name]) if topic.name in own else topic for topic in shipped_topics())


def process_schemas(table: ProcessTable) -> tuple[ProcessSchema, ...]:
    """The table as the log's header tells it."""
    return tuple(
        ProcessSchema(
            name=row.name,
            rank=row.rank,
            role=row.role.value,
            period_ticks=row.period_ticks,
            phase_ticks=row.phase_ticks,
            restart_ticks=row.restart_ticks,
            subscribes=row.subscribes,
        )
        for row in table.rows
    )


def table_hash(table: ProcessTable) -> str:
    """What every process must agree on to join: messages, topics, processes."""
    return schema_hash(topic_schemas(table.topics), process_schemas(table))
