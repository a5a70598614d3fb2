"""The one table that says which processes a node has, and which topics, as its scenario makes them.

Read by the launcher (who to start), by both hosts of the Exchange (order, subscriptions) and by the log's header.
An application hears what it subscribes to here and nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from msgspec import UNSET

from flightsw.apps.health.signals import watched
from flightsw.bus.log import ProcessSchema
from flightsw.bus.table import ProcessRow, ProcessTable, Role
from flightsw.errors import ConfigError
from flightsw.messages.board import BoardReading, BoardUse
from flightsw.messages.faults import INJECTION
from flightsw.messages.health import Event
from flightsw.messages.schema import schema_hash, topic_schemas
from flightsw.messages.topics import FLIGHT_APPS, Topic, TopicTable, shipped_topics
from flightsw.node.laws import critical_data_of
from flightsw.node.ownprocess import row_of, topics_of_process
from flightsw.node.scenario import Scenario, app_configs, look_for_code_of, on_a_board

EVENTS = tuple(f"event.{name}" for name in FLIGHT_APPS)
WATCHDOG_CYCLES = 3
"""at least, of health"""
WATCHDOG_TICKS = 30
"""of health: longer than its own patience with the others"""
HW_BOARD = "hw.board"
REPORTS = tuple(f"tc.report.{name}" for name in FLIGHT_APPS)


def process_rows() -> tuple[ProcessRow, ...]:
    """The shipped node. Ranks: the environment first, then sensors-to-actuators order, health last."""
    flight = Role.FLIGHT
    return (
        ProcessRow(
            "plant",
            rank=1,
            role=Role.INFRASTRUCTURE,
            subscribes=(
                "power.switches",
                "power.charge",
                "thermal.heaters",
                "thermal.pumps",
                "hw.activity",
                "comms.radio",
                "health.attitude",
                INJECTION,
            ),
        ),
        ProcessRow(
            "power",
            rank=2,
            role=flight,
            essential=True,
            subscribes=(
                "sensor.power",
                "sensor.nav",
                "health.mode",
                "health.attitude",
                "tc.dispatch",
                "health.recovery",
                "health.validity",
            ),
        ),
        ProcessRow(
            "thermal",
            rank=3,
            role=flight,
            essential=True,
            subscribes=("sensor.thermal", "power.status", "tc.dispatch", "health.validity"),
        ),
        ProcessRow(
            "inference",
            rank=4,
            role=flight,
            subscribes=(
                "sensor.nav",
                "hw.device",
                "power.status",
                "thermal.status",
                "health.mode",
                "tc.dispatch",
                "health.recovery",
            ),
        ),
        ProcessRow(
            "comms",
            rank=5,
            role=flight,
            essential=True,
            subscribes=(
                "tc.request",
                "tc.request.health",
                *REPORTS,
                "sensor.link",
                "sensor.nav",
                "infer.result",
                "infer.status",
                "power.status",
                "thermal.status",
                "health.mode",
                "time.status",
            ),
        ),
        ProcessRow(
            "health",
            rank=6,
            role=flight,
            essential=True,
            watchdog_ticks=WATCHDOG_TICKS,
            subscribes=(
                "bus.event",
                "power.status",
                "thermal.status",
                "infer.status",
                "infer.chip",
                "comms.status",
                "sensor.power",
                "sensor.thermal",
                "sensor.nav",
                "sensor.clock",
                "tc.dispatch",
                "tc.verification",
                *EVENTS,
            ),
        ),
    )


def process_table(scenario: Scenario | None = None) -> ProcessTable:
    """The checked table of a scenario's node; without one, of the shipped node. Raises TableError, ConfigError."""
    if scenario is None:
        return ProcessTable(process_rows(), TopicTable(shipped_topics()))
    look_for_code_of(scenario)
    return ProcessTable(rows_of(scenario), TopicTable(topics_of(scenario)))


def rows_of(scenario: Scenario) -> tuple[ProcessRow, ...]:
    """The shipped rows, and the user's own behind them; health hears the heartbeats of these too."""
    own = scenario.own_processes
    for place, process in enumerate(own):
        if process.name in [other.name for other in own[:place]]:
            raise ConfigError(f"{process.field}.name: taken by another of the processes")
    heartbeats = tuple(process.heartbeat for process in own if process.heartbeat is not None)
    shipped = [
        replace(row, subscribes=row.subscribes + heartbeats + _watched_topics(scenario, row))
        if row.name == "health"
        else row
        for row in _with_board(process_rows(), on_a_board(scenario))
    ]
    rows = (*shipped, *(row_of(process, place) for place, process in enumerate(own)))
    return tuple([_in_cycles(row, scenario.cycle_ticks) for row in rows])


def _in_cycles(row: ProcessRow, cycle_ticks: int) -> ProcessRow:
    """A flight application on the clock of the scenario's flight software."""
    if row.role is not Role.FLIGHT or cycle_ticks == 1:
        return row
    watchdog_ticks = row.watchdog_ticks
    if watchdog_ticks is not None:
        watchdog_ticks = max(watchdog_ticks, WATCHDOG_CYCLES * cycle_ticks)
    return replace(
        row,
        period_ticks=row.period_ticks * cycle_ticks,
        phase_ticks=row.phase_ticks * cycle_ticks,
        watchdog_ticks=watchdog_ticks,
        cycle_ticks=cycle_ticks,
    )


def _with_board(rows: tuple[ProcessRow, ...], remote: tuple[str, ...]) -> list[ProcessRow]:
    """The plant hears what a real board measured; who runs on it is never locked out: a cable is no crash loop."""
    if not remote:
        return list(rows)
    return [
        replace(row, subscribes=(*row.subscribes, HW_BOARD))
        if row.name == "plant"
        else replace(row, essential=row.essential or row.name in remote)
        for row in rows
    ]


def _watched_topics(scenario: Scenario, health: ProcessRow) -> tuple[str, ...]:
    """What health must hear for its watchpoints' sake alone."""
    names = {watched(watchpoint.signal).topic for watchpoint in scenario.apps.health.watchpoints}
    return tuple(sorted(names.difference(health.subscribes)))


def topics_of(scenario: Scenario) -> tuple[Topic, ...]:
    """Every topic of the scenario's node, in wire order: the shipped ones first, with the critical data of its laws."""
    own = {f"cds.{app}": critical_data_of(app, config) for app, config in app_configs(scenario)}
    shipped = [replace(topic, kind=own.get(topic.name, topic.kind)) for topic in shipped_topics()]
    for name in on_a_board(scenario):
        shipped += [Topic(HW_BOARD, BoardReading, name), Topic("truth.board", BoardUse, "plant")]
    more = [topic for process in scenario.own_processes for topic in topics_of_process(process)]
    kinds = [topic.kind for topic in more if topic.kind is not Event]
    for topic in more:
        if kinds.count(topic.kind) > 1:
            raise ConfigError(f"processes: topic {topic.name!r}: carries {topic.kind.__name__}, as another one does")
    return (*shipped, *more)


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
            essential=row.essential,
            watchdog_ticks=row.watchdog_ticks,
            cycle_ticks=UNSET if row.cycle_ticks == 1 else row.cycle_ticks,
        )
        for row in table.rows
    )


def table_hash(table: ProcessTable) -> str:
    """What every process must agree on to join: messages, topics, processes."""
    return schema_hash(topic_schemas(table.topics), process_schemas(table))
