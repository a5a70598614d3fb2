"""Brings applications to where a log leaves them, by running them through it: nothing else carries their state.

A node in one process is run again whole; a process of its own runs its application through its logged inboxes. What
they say on the way must be what the log says they said. Called by the hosts of a run that was taken up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flightsw.bus.application import Application, Clock, Recalling
from flightsw.bus.compare import Comparison
from flightsw.bus.log import LogPlace, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec, Port
from flightsw.bus.rebuild import LoggedStep, logged_steps
from flightsw.bus.records import changes_of
from flightsw.bus.seats import Entry
from flightsw.bus.table import ProcessTable, Role
from flightsw.errors import RunError
from flightsw.node.again import Build, NodeAgain, difference_of, exchange_of, table_of
from flightsw.node.build import build_application
from flightsw.node.inprocess import InProcessNode
from flightsw.node.reconfigure import reconfigure_application, reconfigured
from flightsw.node.run import RunPlan, TakenUp, scheduled_commands
from flightsw.node.scenario import Scenario


class UnlikeItsLog(RunError):
    """Rebuilt from the log, an application says something else than it did: another build, or state beside the bus."""


def rebuilt_node(run_dir: Path, scenario: Scenario, taken_up: TakenUp) -> tuple[InProcessNode, LogPlace]:
    """The node behind the last tick of the log, ready for the next one; and where its log goes on. Raises RunError."""
    reader = LogReader(run_dir)
    again = NodeAgain(scenario, table_of(scenario))
    encode = RecordEncoder()
    for record in reader.ticks():
        told = again.run_tick(record)
        if encode(told) != encode(record):
            topics = reader.schemas
            first = difference_of(record, told, Comparison(topics, topics))
            where = "" if first is None else f", {first.place}: the log says {first.logged}, rebuilt {first.replayed}"
            raise UnlikeItsLog(f"rebuilt from its log, the node says something else at tick {record.tick}{where}")
    node = again.node
    node.crashes = True
    for tick, requests in (*scheduled_commands(scenario).items(), *taken_up.commands.items()):
        for request in requests if tick >= node.tick else ():
            node.enter(request, tick)
    if taken_up.changes:
        node.reconfigure(taken_up.changes)
    return node, reader.place


class FedApplication:
    """One application on what a log says it was given."""

    def __init__(
        self, name: str, scenario: Scenario, table: ProcessTable, dt_ns: int, build: Build = build_application
    ) -> None:
        self.name = name
        self.scenario = scenario
        """as it is flown now"""
        self.taken = 0
        """changes of the configuration so far"""
        self.application: Application | None = None
        self._build = build
        self._now_at = Clock(dt_ns, table.by_name[name].cycle_ticks).at
        self._codec = Codec(table.topics)
        self._port = Port(name, self._codec)

    def take(self, changes: Mapping[str, Any]) -> None:
        """Another configuration from the next tick on."""
        before, self.scenario = self.scenario, reconfigured(self.scenario, changes)
        if self.application is not None:
            reconfigure_application(self.application, self.name, before, self.scenario)
        self.taken += 1

    def step(self, step: LoggedStep) -> Sequence[Entry]:
        """What it says in this tick."""
        if step.fresh:
            self.application = None
        for changes in step.changes:
            self.take(changes)
        if self.application is None:
            self.application = self._build(self.name, self.scenario)
        if isinstance(self.application, Recalling):
            self.application.recall([self._codec.of_entry(entry) for entry in step.said])
        return self._port.outbox(self.application.step(self._now_at(step.tick), self._codec.inbox(step.inbox)))


def joining_application(plan: RunPlan, name: str, tick: int) -> Application:
    """The application of a process that joins at this tick. Raises UnlikeItsLog.

    Cold, unless it joins where its run was taken up and was there before. The plant is always built cold: the bus
    itself runs it through its logged inboxes, whenever it joins.
    """
    taken_up = plan.taken_up
    if taken_up is None:
        return build_application(name, plan.scenario)
    table = table_of(plan.scenario)
    reader = LogReader(plan.run_dir)
    exchange = exchange_of(plan.scenario, table)
    fed = FedApplication(name, plan.scenario, table, reader.header.dt_ns)
    rebuilt = tick == taken_up.tick and table.by_name[name].role is Role.FLIGHT
    if rebuilt:
        for step in logged_steps(reader, table, name, taken_up.tick, exchange):
            if spoken(fed.step(step)) != spoken(step.said):
                raise UnlikeItsLog(f"{name}: rebuilt from its log, it says something else at tick {step.tick}")
    if name in exchange.absent():
        fed.application = None
    for changes in _changes_before(plan.run_dir, taken_up)[fed.taken :]:
        fed.take(changes)
    return fed.application or build_application(name, fed.scenario)


def _changes_before(run_dir: Path, taken_up: TakenUp) -> list[Mapping[str, Any]]:
    """All changes of the configuration, up to those with which the run was taken up."""
    logged = [
        changes
        for record in LogReader(run_dir).ticks()
        if record.tick < taken_up.tick and (changes := changes_of(record)) is not None
    ]
    return [*logged, *([taken_up.changes] if taken_up.changes else [])]


def spoken(entries: Sequence[Entry]) -> list[tuple[int, bytes]]:
    """(topic number, payload), comparable."""
    return [(entry[0], bytes(entry[1])) for entry in entries]
