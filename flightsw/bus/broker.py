"""The bus process: the ZeroMQ host of the Exchange.

One ROUTER for the processes in a private directory, the umbilical beside it, a socket pair to the launcher. Steps
time, collects, logs before it delivers. Payloads pass through undecoded.

Who joins and who is waited for is decided in `joining`. A lost bus is rebuilt here: with `resume` the log is replayed
through a new Exchange, and the run goes on at the tick after the last whole one.

Called by the launcher in a forked child.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import structlog
import zmq

from flightsw.bus.ahead import Ahead
from flightsw.bus.brokerplan import BrokerPlan
from flightsw.bus.frames import Done, Fault, Hello, Step, ToBus
from flightsw.bus.joining import IDLE_MS, WALL_GUARD_S, Joining, StopRequested, planned_exchange
from flightsw.bus.log import LogPlace, LogWriter, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.pacing import PROGRESS_S, Gap, Pacer, monotonic_s
from flightsw.bus.peers import Peers
from flightsw.bus.port import Codec, Port
from flightsw.bus.rebuild import replay
from flightsw.bus.records import MESSAGE, TickRecord
from flightsw.bus.remote import RemoteEnd
from flightsw.bus.seats import Entry
from flightsw.bus.table import ProcessTable, Role
from flightsw.bus.umbilical import LauncherLink, Umbilical
from flightsw.errors import BusError, LogError, RunError
from flightsw.messages.topics import OUTSIDE

REBUILD_TICK_S = 0.05
"""waited longer, for each tick of the log that a process has to be run through first: ten times what the slowest
application takes"""
LOOKS_AWAKE = 500
"""for an answer from another core, some 400 us: longer than a tick takes there, unless it computes batches"""
_EVENTS, _READABLE = int(zmq.EVENTS), int(zmq.POLLIN)


class Broker:
    """Runs ticks until the plan's end, a stop, or a failure."""

    def __init__(
        self,
        plan: BrokerPlan,
        table: ProcessTable,
        pacer: Pacer,
        launcher: LauncherLink,
        umbilical: Umbilical,
        remote: RemoteEnd | None = None,
    ) -> None:
        self._remote = remote
        self._elsewhere = frozenset[str]() if remote is None else remote.names
        self._plan = plan
        self._table = table
        self._pacer = pacer
        self._launcher = launcher
        self._umbilical = umbilical
        self._log = structlog.get_logger()
        self._outside = Port(OUTSIDE, Codec(table.topics))
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(ToBus).decode
        self._record_bytes = RecordEncoder()
        self._exchange = planned_exchange(plan, table)
        self._writer: LogWriter | None = None
        self._run_id = plan.header.run_id
        self._peers = Peers(plan.header, plan.peers, launcher.wait)
        self._steps: dict[str, tuple[int, bytes]] = {}
        """(tick, STEP) that each process was sent last, to be sent to whoever comes back for it"""
        self._ahead = Ahead(self._exchange, self._run_id, self._peers)
        self._joining = Joining(plan, table, self._exchange, self._peers, launcher, self._take, self._send_granted)
        self._scripted = sorted(plan.commands)
        self._last_entries: list[Entry] = []
        self._last_alone: list[Entry] = []
        """of the last tick that all ran, and of the last one behind it"""
        self._gap = Gap(pacer, self._serve, self._is_stopped)
        self._next_progress_s = 0.0
        self.first_tick_s: float | None = None
        self.last_tick_s: float | None = None
        """on the monotonic clock: end of the first and of the last tick"""

    def run(self, router: zmq.Socket[bytes]) -> str:
        """Run to the end; "completed" or "interrupted". Raises RunError when it can't go on."""
        self._router = router
        self._peers.open(router)
        self._joining.open(router)
        router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        router.setsockopt(zmq.RCVTIMEO, IDLE_MS)
        router.bind(self._plan.endpoint)
        verdict = "completed"
        try:
            self._writer = self._reopened_log() if self._plan.resume else self._log_writer()
            if self._remote is not None:
                self._joining.await_remote(self._remote)
            while self._exchange.tick < self._plan.ticks:
                if not self._between_ticks():
                    verdict = "interrupted"
                    break
                if not self._run_ahead():
                    self._run_tick()
                if self.first_tick_s is None:
                    self.first_tick_s = monotonic_s()
                    self._pacer.restart()  # everybody was built in this one
            else:
                self._await_absent()
        except StopRequested:
            verdict = "interrupted"
        finally:
            self.last_tick_s = monotonic_s()
            self._launcher.tell_ending()
            self._dismiss()
            cut = self._close_log()
        if cut is not None:
            raise cut
        return verdict

    def _await_absent(self) -> None:
        """Whoever was lost near the end, as long as nobody wants to stop: who isn't here can't be sent home."""
        with suppress(StopRequested):
            for name in self._exchange.absent().keys() - self._elsewhere:
                self._joining.await_successor(name)

    def _dismiss(self) -> None:
        self._peers.dismiss()
        if self._remote is not None:
            self._remote.close()

    def _close_log(self) -> LogError | None:
        """Why it couldn't be ended; None: it was, or what ends the run has been raised already."""
        if self._writer is None:
            return None
        try:
            self._writer.close()
        except LogError as error:
            self._log.error("log.cut", error=str(error))
            return error
        return None

    @property
    def log_hash(self) -> str:
        """Hash of the log so far."""
        return "" if self._writer is None else self._writer.log_hash

    @property
    def ticks(self) -> int:
        """Ticks in the log."""
        return 0 if self._writer is None else self._writer.ticks

    # -- one tick -------------------------------------------------------------------------------------------------

    def _run_tick(self) -> None:
        exchange, encode, run_id, welcomed, remote = (
            self._exchange,
            self._encode,
            self._run_id,
            self._peers.welcomed,
            self._remote,
        )
        tick = exchange.tick
        began_s = 0.0 if remote is None else monotonic_s()
        requests = (*self._plan.commands.get(tick, ()), *self._umbilical.due(tick))
        changes = self._plan.changes if tick == self._plan.taken_up_tick else None
        late = () if remote is None else remote.late(exchange)
        grants = exchange.begin([self._outside.entry(request)[:2] for request in requests], changes, late)
        self._end_restarted(tick)
        crashing = exchange.crashing
        for name, inbox in grants:
            if name in crashing:
                continue
            frame = encode(Step(run_id, tick, tick, [inbox]))
            self._steps[name] = tick, frame
            if remote is not None and name in remote.names:
                remote.grant(name, frame, tick)
            elif name in welcomed:
                self._peers.send(name, frame)
        for name in crashing:
            self._crash(name, tick)
        self._collect(tick)
        if remote is not None:
            remote.close_tick(exchange, began_s, self._pacer.late_s)
        if tick == self._plan.taken_up_tick:
            self._pacer.restart()  # it was rebuilt in this one
        record = exchange.finish()
        self._append(record)
        if remote is not None:
            remote.timing.logged()
        self._last_entries, self._last_alone = record.entries, []

    def _run_ahead(self) -> bool:
        """Where one process runs the coming ticks alone, grant it them all, in parts: while it runs one, those of the
        one before are closed and logged. False: there are no such ticks."""
        exchange = self._exchange
        if not exchange.looks_ahead or self._remote is not None or not self._pacer.free:
            return False
        if exchange.tick == self._plan.taken_up_tick:
            return False
        name = self._ahead.grant(self._quiet_until(exchange.tick))
        if name is None:
            return False
        if name in self._peers.welcomed:
            self._send_granted(name)
        self._collect(exchange.tick)
        return True

    def _quiet_until(self, tick: int) -> int:
        """The first tick from this one on in which something may come in from outside."""
        ends = [self._plan.ticks, self._umbilical.next_due, self._plan.taken_up_tick]
        place = bisect_left(self._scripted, tick)
        ends += self._scripted[place : place + 1]
        return min(end for end in ends if end is not None and end >= tick)

    def _send_granted(self, name: str) -> None:
        """What it was granted and is not in the log yet. A new one must run a tick that the one before has answered."""
        self._ahead.send(name)
        tick, frame = self._steps.get(name, (-1, b""))
        if tick == self._exchange.tick:
            self._peers.send(name, frame)

    def _close_ahead(self, outboxes: Sequence[Sequence[Entry]]) -> None:
        """Ticks that one process ran alone."""
        records = []
        for record in self._ahead.closed(outboxes):
            self._end_restarted(record.tick)
            records.append(record)
        for record in records:
            self._append(record)
        self._last_alone = records[-1].entries

    def _append(self, record: TickRecord) -> None:
        assert self._writer is not None
        self._writer.append(self._record_bytes(record))

    def _end_restarted(self, tick: int) -> None:
        for name in self._exchange.restarted:
            self._log.warning("app.restarted", process=name, tick=tick)
            self._end(name)

    def _end(self, name: str) -> None:
        """A process that is lost by order: its successor is awaited."""
        if self._remote is not None and name in self._elsewhere:
            self._remote.dismiss(name)
        else:
            self._launcher.ask_kill(name)

    def _collect(self, tick: int) -> None:
        waiting, receive, decode = self._exchange.waiting, self._router.recv, self._decode
        silent_since_s = None
        guard_s = WALL_GUARD_S + (tick * REBUILD_TICK_S if tick == self._plan.taken_up_tick else 0.0)
        elsewhere, ahead, on_other_cores = self._elsewhere, self._ahead, self._plan.on_other_cores
        answering, accept, run_id = self._peers.answering, self._exchange.accept, self._run_id
        while ahead or (waiting and not waiting <= elsewhere):
            if on_other_cores and waiting <= on_other_cores:
                self._stay_awake()
            try:
                identity, data = receive(), receive()
            except zmq.Again:
                now_s = monotonic_s()
                silent_since_s = silent_since_s or now_s
                self._launcher.poll()
                if self._launcher.stop_wanted:
                    raise StopRequested from None
                if now_s - silent_since_s > guard_s:
                    self._kill_silent(tick)
                    silent_since_s = now_s
                continue
            silent_since_s = None
            frame = decode(data)
            name = answering.get(identity)
            due = type(frame) is Done and frame.first_tick == tick and frame.run_id == run_id
            if due and name is not None and not ahead:
                accept(name, frame.outboxes[0])
            else:
                self._take(identity, frame)

    def _stay_awake(self) -> None:
        """Until something has come, or for a while: this core has nothing else to do, and to be woken takes longer."""
        events_of: Callable[[int], Any] = self._router.getsockopt
        for _ in range(LOOKS_AWAKE):
            if events_of(_EVENTS) & _READABLE:
                return
            os.sched_yield()

    def _take(self, identity: bytes, frame: Hello | Done | Fault) -> None:
        name = identity.partition(b".")[0].decode()
        if isinstance(frame, Hello):
            self._joining.join(name, identity, frame)
        elif self._peers.identities.get(name) != identity:
            self._log.warning("frame.of_predecessor", process=name)
        elif isinstance(frame, Fault):
            self._log.error("process.fault", process=name, error=frame.text)
            if self._table.by_name[name].role is Role.INFRASTRUCTURE:
                raise RunError(f"{name}: {frame.text}")
        elif self._ahead:
            if self._ahead.is_answered_by(name, frame):
                self._close_ahead(frame.outboxes)
        elif frame.run_id == self._run_id and frame.first_tick == self._exchange.tick:
            self._exchange.accept(name, frame.outboxes[0])
        elif frame.first_tick > max(self._exchange.tick, self._umbilical.not_before):
            raise BusError(f"{name} answered tick {frame.first_tick}, which it was never granted")

    def _crash(self, name: str, tick: int) -> None:
        """A scripted loss: it never gets this tick. Its successor's HELLO is awaited as after any loss."""
        self._log.warning("app.crashed", process=name, tick=tick)
        self._end(name)
        if name not in self._exchange.absent():
            self._exchange.lose(name)

    def _kill_silent(self, tick: int) -> None:
        for name in sorted(self._exchange.waiting - self._elsewhere | self._ahead.names):
            self._log.error("process.silent", process=name, tick=tick, guard_s=WALL_GUARD_S)
            self._launcher.ask_kill(name)

    # -- the log --------------------------------------------------------------------------------------------------

    def _reopened_log(self) -> LogWriter:
        """Replay the log of the bus that was lost into this one's Exchange, and go on writing behind it."""
        reader = LogReader(self._plan.run_dir)
        for record in reader.ticks():
            replay(self._exchange, record)
            self._umbilical.next_request += sum(1 for item in record.inputs if item[0] == MESSAGE)
        self._peers.welcomed.difference_update(self._exchange.absent())
        self._umbilical.not_before = self._exchange.tick + max(row.cycle_ticks for row in self._table.rows)
        self._log.warning("bus.rebuilt", ticks=reader.tick_count)
        return self._log_writer(reader.place)

    def _log_writer(self, behind: LogPlace | None = None) -> LogWriter:
        plan = self._plan
        return LogWriter(plan.run_dir, plan.header, behind=behind, spare_cores=plan.spare_cores)

    # -- between ticks --------------------------------------------------------------------------------------------

    def _between_ticks(self) -> bool:
        """Hold the pace, serve umbilical and launcher, wait for who is due back. False: stop here."""
        exchange = self._exchange
        tick = exchange.tick
        if not self._gap.passes(tick):
            return False
        if exchange.somebody_is_away:
            for name, rejoin_tick in exchange.absent().items():
                if rejoin_tick == tick and name not in self._elsewhere:
                    self._joining.await_successor(name)
        return True

    def _is_stopped(self) -> bool:
        return self._launcher.stop_wanted or self._umbilical.stop_wanted

    def _serve(self, tick: int, wait_s: float, now_s: float) -> None:
        self._umbilical.serve(tick, self._pacer, wait_s)
        self._launcher.poll()
        if now_s >= self._next_progress_s:
            self._next_progress_s = now_s + PROGRESS_S
            self._launcher.tell_progress(tick, [*self._last_entries, *self._last_alone], self._pacer.slips)
