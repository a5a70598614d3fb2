"""Replay of a whole node: run from its log's scenario, seed and outside inputs, and compared with all that it said.

Outside inputs are telecommands, lost processes and changes of the configuration. Called by `flightsw replay`, by
`node.rebuilding` and by tests. One application alone: `node.appreplay`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flightsw.bus.application import Application
from flightsw.bus.compare import EXACT, Comparison, Difference, Rules
from flightsw.bus.exchange import LOST, MESSAGE, TickRecord, changes_of
from flightsw.bus.log import HashChain, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec
from flightsw.bus.table import ProcessTable
from flightsw.errors import ConfigError, LogError
from flightsw.messages.comms import TcRequest
from flightsw.node.build import build_application
from flightsw.node.inprocess import InProcessNode
from flightsw.node.processes import process_table
from flightsw.node.scenario import Scenario

Build = Callable[[str, Scenario], Application]


@dataclass(frozen=True)
class Replay:
    """What a replay of a node showed."""

    ticks: int
    messages: int
    """compared"""
    complete: bool
    """the log was ended in order; otherwise it was cut, and was replayed to its last whole tick"""
    log_hash: str
    """recomputed from the log"""
    replay_hash: str
    """of the replay; up to the divergence, if there is one"""
    divergence: Difference | None
    upgraded: tuple[str, ...] = ()
    """topics of an older log that were brought to today's declarations: the hashes can't be equal then"""

    @property
    def same(self) -> bool:
        """Every message was the same, byte for byte."""
        return self.divergence is None and (bool(self.upgraded) or self.replay_hash == self.log_hash)


def scenario_of(reader: LogReader) -> Scenario:
    """The scenario that a log was made from. Raises LogError when this version can't read it."""
    try:
        return msgspec.convert(reader.header.scenario, Scenario)
    except (msgspec.ValidationError, ConfigError) as error:
        raise LogError(f"{reader.run_dir}: its scenario doesn't fit this version: {error}") from None


def table_of(_scenario: Scenario) -> ProcessTable:
    """The process table of a scenario's node. All that replays, resumes or rebuilds takes it from here."""
    return process_table()


def replay_run(run_dir: Path, build: Build = build_application) -> Replay:
    """Run the whole node again, with the applications that `build` makes, up to the first difference.

    Raises LogError; also when there is nothing to compare.
    """
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    table = table_of(scenario)
    reader.read_as(table.topics)
    again = NodeAgain(scenario, table, build)
    encode = RecordEncoder()
    chain = HashChain(reader.header.encode())
    comparison = Comparison(reader.topics, reader.topics, *overlooked(reader))
    divergence: Difference | None = None
    messages = 0
    for record in reader.ticks():
        told = again.run_tick(record)
        chain.add(encode(told))
        messages += len(record.entries)
        if encode(told) != encode(record):
            divergence = difference_of(record, told, comparison)
            if divergence is not None:
                break
    ticks = again.node.tick
    whole = _whole(LogReader(run_dir))
    if not messages:
        raise LogError(f"{run_dir}: {ticks} ticks and no message in it: there is nothing to compare")
    upgraded = () if reader.upgrade is None else tuple(reader.upgrade.changed)
    return Replay(ticks, messages, whole.complete, whole.log_hash, chain.hexdigest(), divergence, upgraded)


class NodeAgain:
    """A node that is run through logged ticks: from outside it gets what the log says, and nothing else."""

    def __init__(self, scenario: Scenario, table: ProcessTable, build: Build = build_application) -> None:
        self.node = InProcessNode(scenario, table=table, build=build)
        self.node.forget_commands()
        self._decode = Codec(table.topics).decode

    def run_tick(self, record: TickRecord) -> TickRecord:
        """The tick's record as this node makes it. Raises RunError."""
        if changes := changes_of(record):
            self.node.reconfigure(changes)
        for item in record.inputs:
            if item[0] == MESSAGE:
                request = self._decode(*item[1])
                assert isinstance(request, TcRequest)
                self.node.command(request, record.tick)
        return self.node.run_tick(lose=[item[1] for item in record.inputs if item[0] == LOST])


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


def _whole(reader: LogReader) -> LogReader:
    for _ in reader.raw_ticks():
        pass
    return reader
