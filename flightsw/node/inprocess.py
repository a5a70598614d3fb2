"""The node in one process: the same Exchange, ports and applications, no sockets.

For CI, campaigns, notebooks (`flightsw.node`) and replay; `node.single` runs a plan by it. An application that raises
is lost and comes back as it would in its own process; a plant that raises ends the run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from flightsw.bus.application import Application, Clock, Inbox, Now, Recalling
from flightsw.bus.exchange import Exchange
from flightsw.bus.log import LogPlace, LogWriter, RecordEncoder
from flightsw.bus.port import Codec, Port
from flightsw.bus.rebuild import bus_faults
from flightsw.bus.records import TickRecord
from flightsw.bus.seats import Entry
from flightsw.bus.table import ProcessTable, Role
from flightsw.errors import RunError
from flightsw.messages.base import Message
from flightsw.messages.comms import TcRequest
from flightsw.messages.faults import FaultInjection
from flightsw.messages.topics import BUS, OUTSIDE
from flightsw.node.build import build_application
from flightsw.node.faults import bus_faults_of
from flightsw.node.processes import process_table
from flightsw.node.reconfigure import reconfigure_application, reconfigured
from flightsw.node.run import dt_ns_of, log_header, scheduled_commands
from flightsw.node.scenario import Scenario

BUFFER_BYTES = 65536
"""of log held back in a free run: nothing was delivered to anybody who outlives this process"""


class InProcessNode:
    """All processes of one node, a tick at a time. `build` makes an application by name; replay passes its own."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        table: ProcessTable | None = None,
        build: Callable[[str, Scenario], Application] = build_application,
    ) -> None:
        self.scenario = scenario
        """as the run began; the log's header has it"""
        self._flown = scenario
        """as it is flown now"""
        self._changes: dict[str, Any] = {}
        """of the configuration, for the next tick's record"""
        self.table = table or process_table(scenario)
        self._spoken: dict[tuple[int, ...], list[Entry]] = {}
        """the last tick's entries of each sequence of topics, the newest last"""
        self.lost: list[str] = []
        codec = Codec(self.table.topics)
        self._build = build
        self._ports = {row.name: Port(row.name, codec) for row in self.table.rows}
        self._outside = Port(OUTSIDE, codec)
        faults = bus_faults(bus_faults_of(scenario, self.table), scenario.seed, codec)
        self.exchange = Exchange(self.table, Port(BUS, codec).entry, codec.of_entry, faults)
        self._applications: dict[str, Application] = {}
        self._owed: dict[str, tuple[Now, Sequence[Entry]]] = {}
        """grants of a replayed log that were answered later"""
        self._entering: dict[int, tuple[TcRequest | FaultInjection, ...]] = dict(scheduled_commands(scenario))
        """from outside, by tick"""
        self.crashes = True
        """those of the script happen; a replay takes its losses from the log"""
        self._next_request = 1 + sum(map(len, self._entering.values()))
        self._topic_names = [topic.name for topic in self.table.topics.topics]
        dt_ns = dt_ns_of(scenario)
        self._clocks = {row.name: Clock(dt_ns, row.cycle_ticks) for row in self.table.rows}
        self._log = structlog.get_logger()

    @property
    def tick(self) -> int:
        """The next tick to run."""
        return self.exchange.tick

    def recall(self, name: str, said: Sequence[Message]) -> None:
        """Tell a process what it said in the tick that is to be run again: the hardware behind it is in there."""
        application = self._applications.get(name)
        if application is None:
            application = self._applications[name] = self._build(name, self._flown)
        if isinstance(application, Recalling):
            application.recall(said)

    def enter(self, message: TcRequest | FaultInjection, tick: int) -> None:
        """Let a telecommand or a fault come in at `tick`."""
        self._entering[tick] = (*self._entering.get(tick, ()), message)

    def forget_commands(self) -> None:
        """Drop the scenario's own commands and scripted losses: a replay takes them from the log."""
        self._entering = {}
        self.crashes = False

    def reconfigure(self, changes: Mapping[str, Any]) -> None:
        """Go on under another configuration from the next tick on (ADR 0009). Raises ConfigError."""
        before, self._flown = self._flown, reconfigured(self._flown, changes)
        for name, application in self._applications.items():
            reconfigure_application(application, name, before, self._flown)
        self._changes.update(changes)

    def next_request(self) -> int:
        """A fresh request number."""
        self._next_request += 1
        return self._next_request - 1

    def run_tick(
        self, lose: Collection[str] = (), overdue: Collection[str] = (), late: Collection[str] = ()
    ) -> TickRecord:
        """Run one tick. A replayed log says who was lost in it, who owed an answer when it closed, and whose late
        answer came in as it began. Raises RunError."""
        exchange = self.exchange
        tick = exchange.tick
        entering = self._entering.get(tick, ())
        changes, self._changes = self._changes, {}
        answers = [(name, self._late_answer(name)) for name in late]
        grants = exchange.begin([self._outside.entry(message) for message in entering], changes, answers)
        for name in exchange.restarted:
            self._applications.pop(name, None)
            self._owed.pop(name, None)
            self.lost.append(name)
        if self.crashes and exchange.crashing:
            lose = {*lose, *exchange.crashing}
        for name, inbox in grants:
            now = self._clocks[name].at(tick)
            if name in overdue:
                self._owed[name] = now, inbox
                exchange.owe(name)
                continue
            said = None if name in lose else self._step(name, now, inbox)
            if said is None:
                self._lose(name)
            else:
                exchange.accept(name, said[1], said[0])
        if lose:
            for name in sorted(lose):  # those that were not due in this tick
                if name not in exchange.absent():
                    self._lose(name)
        record = exchange.finish()
        self._spoken.pop(exchange.sequence, None)  # and in again, behind the others
        self._spoken[exchange.sequence] = record.entries
        return record

    def _late_answer(self, name: str) -> list[Entry]:
        """What the process says to the tick that it owes. Raises RunError."""
        if name not in self._owed:
            raise RunError(f"{name}: the log has a late answer of it in tick {self.tick}, and it owes none")
        said = self._step(name, *self._owed.pop(name))
        if said is None:
            raise RunError(f"{name}: failed over what it answered late in tick {self.tick}")
        return said[1]

    def _lose(self, name: str) -> None:
        self.exchange.lose(name)
        self._applications.pop(name, None)
        self._owed.pop(name, None)
        self.lost.append(name)

    @property
    def latest(self) -> dict[str, Message]:
        """Newest message by topic."""
        newest = {entry[0]: entry for entries in self._spoken.values() for entry in entries}
        return {self._topic_names[number]: entry[3] for number, entry in newest.items()}

    def _step(self, name: str, now: Now, entries: Sequence[Entry]) -> tuple[tuple[int, ...], list[Entry]] | None:
        """(topics, entries) that the process sends; None: it failed, and is lost."""
        newest: dict[type[Message], Message] = {}
        for _, _, _, message in entries:
            newest[type(message)] = message
        try:
            application = self._applications.get(name)
            if application is None:
                application = self._applications[name] = self._build(name, self._flown)
            return self._ports[name].sequence_and_outbox(application.step(now, Inbox(entries, newest)))
        except Exception as error:
            if self.table.by_name[name].role is Role.INFRASTRUCTURE:
                raise RunError(f"{name}: {type(error).__name__}: {error} (tick {now.tick})") from error
            self._log.exception("process.fault", process=name, tick=now.tick)
            return None


class Recorder:
    """A node whose ticks go to a log."""

    def __init__(
        self, node: InProcessNode, run_dir: Path, *, buffer_bytes: int = 0, behind: LogPlace | None = None
    ) -> None:
        """`behind`: the log is there already, and the node has been run to its end."""
        self.node = node
        header = log_header(node.scenario, node.table)
        self._writer = LogWriter(run_dir, header, buffer_bytes=buffer_bytes, behind=behind)
        self._encode = RecordEncoder()

    def run_tick(self) -> None:
        """Run and log one tick."""
        self._writer.append(self._encode(self.node.run_tick()))

    @property
    def log_hash(self) -> str:
        """Hash of the log so far."""
        return self._writer.log_hash

    @property
    def ticks(self) -> int:
        """In the log."""
        return self._writer.ticks

    def flush(self) -> None:
        """Let observers of the log see all of it."""
        self._writer.flush()

    def close(self) -> str:
        """End the log in order; its hash."""
        return self._writer.close()
