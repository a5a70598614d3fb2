"""Replay: run a logged node, or one application of it, again, and compare with what the log says.

The whole node runs from the log's scenario, seed and outside inputs (commands, lost processes) alone; one application
runs from its logged inboxes. Called by `flightsw replay` and by tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import msgspec

from flightsw.bus.application import Now
from flightsw.bus.exchange import LOST, MESSAGE
from flightsw.bus.log import HashChain, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec, Port
from flightsw.bus.rebuild import logged_steps
from flightsw.errors import ConfigError, LogError
from flightsw.messages.comms import TcRequest
from flightsw.messages.topics import TopicTable
from flightsw.node.build import build_application
from flightsw.node.imports import look_where_it_flew
from flightsw.node.inprocess import InProcessNode
from flightsw.node.processes import process_table
from flightsw.node.scenario import Scenario, own_code

_Said = tuple[int, bytes]
"""(topic number, payload)."""


@dataclass(frozen=True)
class Divergence:
    """Where a replay first said something else than the log."""

    tick: int
    topic: str
    logged: str
    replayed: str


@dataclass(frozen=True)
class Replay:
    """What a replay showed."""

    ticks: int
    messages: int
    """compared"""
    log_hash: str
    """recomputed from the log"""
    replay_hash: str | None
    """of the replay, for a whole node"""
    divergence: Divergence | None

    @property
    def same(self) -> bool:
        """Every message was the same, byte for byte."""
        return self.divergence is None


def scenario_of(reader: LogReader) -> Scenario:
    """The scenario that a log was made from. Raises LogError when this version can't read it."""
    try:
        scenario = msgspec.convert(reader.header.scenario, Scenario)
    except (msgspec.ValidationError, ConfigError) as error:
        raise LogError(f"{reader.run_dir}: its scenario doesn't fit this version: {error}") from None
    if own_code(scenario):
        look_where_it_flew(reader.run_dir)
    return scenario


def replay_run(run_dir: Path) -> Replay:
    """Run the whole node again from the log's outside inputs. Raises LogError."""
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    table = process_table(scenario)
    reader.check_schema(table.topics)
    node = InProcessNode(scenario, table=table)
    node.forget_commands()
    encode = RecordEncoder()
    chain = HashChain(reader.header.encode())
    decode = Codec(table.topics).decode
    divergence: Divergence | None = None
    messages = 0
    for record in reader.ticks():
        for item in record.inputs:
            if item[0] == MESSAGE:
                request = decode(*item[1])
                assert isinstance(request, TcRequest)
                node.command(request, record.tick)
        again = node.run_tick(lose=[item[1] for item in record.inputs if item[0] == LOST])
        chain.add(encode(again))
        messages += len(record.entries)
        ours = [(entry[0], bytes(entry[1])) for entry in again.entries]
        theirs = [(entry[0], bytes(entry[1])) for entry in record.entries]
        if ours != theirs:
            divergence = _first_difference(record.tick, theirs, ours, table.topics)
            break
    return Replay(node.tick, messages, _whole_hash(reader), chain.hexdigest(), divergence)


def replay_application(run_dir: Path, name: str) -> Replay:
    """Feed one application what the log says it was given.

    Raises ConfigError for an unknown name, LogError when there is nothing to compare.
    """
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    table = process_table(scenario)
    reader.check_schema(table.topics)
    if name not in table.by_name:
        raise ConfigError(f"app = {name!r}: must be one of {', '.join(table.by_name)}")
    codec = Codec(table.topics)
    port = Port(name, codec)
    application = None
    ticks = messages = 0
    divergence: Divergence | None = None
    for step in logged_steps(reader, table, name):
        if application is None or step.fresh:
            application = build_application(name, scenario)
        now = Now(step.tick, step.tick * reader.header.dt_ns, reader.header.dt_ns / 1e9)
        ours = [(entry[0], bytes(entry[1])) for entry in port.outbox(application.step(now, codec.inbox(step.inbox)))]
        theirs = [(entry[0], bytes(entry[1])) for entry in step.said]
        ticks += 1
        messages += len(theirs)
        if ours != theirs:
            divergence = _first_difference(step.tick, theirs, ours, table.topics)
            break
    if messages == 0:
        raise LogError(f"{run_dir}: {name} says nothing in it: there is nothing to compare")
    return Replay(ticks, messages, _whole_hash(LogReader(run_dir)), None, divergence)


def _whole_hash(reader: LogReader) -> str:
    for _ in reader.raw_ticks():
        pass
    return reader.log_hash


def _first_difference(tick: int, theirs: list[_Said], ours: list[_Said], topics: TopicTable) -> Divergence | None:
    codec = Codec(topics)
    for logged, again in zip_longest(theirs, ours):
        if logged != again:
            number = (logged or again)[0]
            return Divergence(
                tick,
                topics.topics[number].name,
                "nothing" if logged is None else str(codec.decode(*logged)),
                "nothing" if again is None else str(codec.decode(*again)),
            )
    return None
