"""A node run again from its log: what from outside it is given, and what its ticks are held against.

Outside inputs are telecommands, injected faults, lost processes and changes of the configuration. Called by the
replays and by `node.rebuilding`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from flightsw.bus.application import Application
from flightsw.bus.compare import EXACT, Comparison, Difference, Rules
from flightsw.bus.exchange import Exchange
from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec
from flightsw.bus.rebuild import wire_exchange
from flightsw.bus.records import LOST, MESSAGE, OVERDUE, TickRecord, changes_of, late_of, named
from flightsw.bus.table import ProcessTable
from flightsw.errors import ConfigError, LogError
from flightsw.messages.comms import TcRequest
from flightsw.messages.faults import FaultInjection
from flightsw.node.build import build_application
from flightsw.node.faults import bus_faults_of
from flightsw.node.imports import folders_flown
from flightsw.node.inprocess import InProcessNode
from flightsw.node.processes import process_table
from flightsw.node.scenario import Scenario, on_a_board, own_code

Build = Callable[[str, Scenario], Application]


def scenario_of(reader: LogReader) -> Scenario:
    """The scenario that a log was made from. Raises LogError when this version can't read it."""
    try:
        scenario = msgspec.convert(reader.header.scenario, Scenario)
    except (msgspec.ValidationError, ConfigError) as error:
        raise LogError(f"{reader.run_dir}: its scenario doesn't fit this version: {error}") from None
    if own_code(scenario):
        scenario = msgspec.structs.replace(scenario, code_folders=folders_flown(reader.run_dir) or msgspec.UNSET)
    return scenario


def table_of(scenario: Scenario) -> ProcessTable:
    """The process table of a scenario's node. All that replays, resumes or rebuilds takes it from here."""
    return process_table(scenario)


def exchange_of(scenario: Scenario, table: ProcessTable) -> Exchange:
    """An Exchange over a log's entries, with the scenario's scripted faults."""
    return wire_exchange(table, bus_faults_of(scenario, table), scenario.seed)


class NodeAgain:
    """A node that is run through logged ticks: from outside it gets what the log says, and nothing else."""

    def __init__(self, scenario: Scenario, table: ProcessTable, build: Build = build_application) -> None:
        self.node = InProcessNode(scenario, table=table, build=build)
        self.node.forget_commands()
        self._decode = Codec(table.topics).decode
        self._recalling = {name: set(table.topics.published_by(name).values()) for name in on_a_board(scenario)}
        """topics of the processes whose hardware only the log knows"""

    def run_tick(self, record: TickRecord) -> TickRecord:
        """The tick's record as this node makes it. Raises RunError."""
        if changes := changes_of(record):
            self.node.reconfigure(changes)
        for item in record.inputs:
            if item[0] == MESSAGE:
                message = self._decode(*item[1])
                assert isinstance(message, TcRequest | FaultInjection)
                self.node.enter(message, record.tick)
        late = late_of(record)
        lost, overdue = named(record, LOST), named(record, OVERDUE)
        for name in self._recalling:
            self._recall(name, record, [count for other, _, count in late if other == name], overdue + lost)
        return self.node.run_tick(lost, overdue, [name for name, _, _ in late])

    def _recall(self, name: str, record: TickRecord, late: list[int], silent: list[str]) -> None:
        """Tell it what the record has of it: first what it answered late, if it did."""
        said = [self._decode(*entry) for entry in record.entries if entry[0] in self._recalling[name]]
        for count in late:
            self.node.recall(name, said[:count])
            said = said[count:]
        if name not in silent:
            self.node.recall(name, said)


def overlooked(reader: LogReader) -> tuple[Rules, Callable[[str], bool]]:
    """What an older log never said: fields that were filled in, and which topics it has."""
    upgrade = reader.upgrade
    if upgrade is None:
        return EXACT, lambda _: True
    return Rules(upgrade.filled), lambda topic: topic not in upgrade.added


def difference_of(record: TickRecord, told: TickRecord, comparison: Comparison) -> Difference | None:
    """The first difference that counts between a logged tick and its replay."""
    comparison.add(record.tick, record.entries, told.entries)
    if comparison.first is not None:
        return comparison.first
    logged, replayed = ([item for item in one.inputs if item[0] != MESSAGE] for one in (record, told))
    if logged == replayed:
        return None
    return Difference(record.tick, "bus.inputs", "", str(logged), str(replayed))
