"""Who joins a run, and who is waited for. A process's HELLO lets it in; a successor's is how a lost process shows.

A flight application's loss is an outside input of the tick under way; a lost plant is rebuilt by running it through its
logged inboxes again. Called by the broker, which hands in what is done with the frames of others.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import structlog
import zmq

from flightsw.bus.brokerplan import BrokerPlan
from flightsw.bus.exchange import Exchange
from flightsw.bus.frames import Hello, ToBus, misfit
from flightsw.bus.pacing import monotonic_s
from flightsw.bus.peers import Peers
from flightsw.bus.rebuild import wire_exchange
from flightsw.bus.recovery import Received, Recovery
from flightsw.bus.remote import RemoteEnd
from flightsw.bus.table import ProcessTable, Role
from flightsw.bus.umbilical import LauncherLink
from flightsw.errors import RunError

WALL_GUARD_S = 60.0
"""A process that has not answered for so long is killed and counts as lost (design: nobody is ever passed over)."""
IDLE_MS = 100


class StopRequested(Exception):
    """Told to stop while somebody is waited for: what waits for it is not run."""


def planned_exchange(plan: BrokerPlan, table: ProcessTable) -> Exchange:
    """A run's, at its first tick."""
    return wire_exchange(table, plan.faults, plan.header.seed)


class Joining:
    """Of one run. `take` is for what others say meanwhile; `send_granted` sends a process the tick under way."""

    def __init__(
        self,
        plan: BrokerPlan,
        table: ProcessTable,
        exchange: Exchange,
        peers: Peers,
        launcher: LauncherLink,
        take: Callable[[bytes, ToBus], None],
        send_granted: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._table = table
        self._exchange = exchange
        self._peers = peers
        self._launcher = launcher
        self._take = take
        self._send_granted = send_granted
        self._recovery = Recovery(plan.run_dir, plan.header.run_id, table, peers, self._received, take, WALL_GUARD_S)
        self._log = structlog.get_logger()
        self._decode = msgspec.msgpack.Decoder(ToBus).decode
        self._router: zmq.Socket[bytes]

    def open(self, router: zmq.Socket[bytes]) -> None:
        """They come in by this socket."""
        self._router = router

    def join(self, name: str, identity: bytes, hello: Hello) -> None:
        """Somebody of that name has come. Raises RunError, LogError."""
        reason = self._why_not(name, hello)
        if reason is not None:
            self._log.error("join.refused", process=name, reason=reason)
            self._peers.refuse(identity, reason)
            return
        known = self._peers.meet(name, identity)
        tick = self._exchange.tick
        if self._table.by_name[name].role is Role.INFRASTRUCTURE:
            self._peers.welcome(name, tick)
            if known or tick:
                self._log.warning("infrastructure.rebuild", process=name, ticks=tick)
                self._recovery.rebuild(name, tick, planned_exchange(self._plan, self._table))
            self._send_granted(name)
        elif name in self._exchange.absent():
            return  # it waits for its REJOIN
        elif known:
            self._log.warning("app.lost", process=name, tick=tick)
            self._exchange.lose(name)
        else:
            self._peers.welcome(name, tick)
            if name in self._exchange.waiting:
                self._send_granted(name)

    def _why_not(self, name: str, hello: Hello) -> str | None:
        if name != hello.name or name not in self._table.by_name:
            return f"{hello.name!r} is not in the process table"
        return misfit(hello, self._plan.schema_hash, "bus")

    def await_remote(self, remote: RemoteEnd) -> None:
        """The run does not begin before all that runs on a board is there. Raises RunError, StopRequested."""
        until_s = monotonic_s() + remote.plan.join_s
        while not remote.present():
            self._launcher.poll()
            if self._launcher.stop_wanted:
                raise StopRequested
            if monotonic_s() > until_s:
                raise RunError(remote.why_absent())
            remote.attend(self._exchange, monotonic_s() + IDLE_MS / 1000.0)
            self._take_waiting()

    def _take_waiting(self) -> None:
        """Whoever of this machine is here already: they are to be told if the run never begins."""
        while self._router.poll(0):
            identity, data = self._router.recv_multipart()
            self._take(identity, self._decode(data))

    def await_successor(self, name: str) -> None:
        """A lost application is due back in the coming tick, which doesn't begin without it. Raises RunError,
        StopRequested."""
        deadline_s = monotonic_s() + WALL_GUARD_S
        while name in self._peers.welcomed or name not in self._peers.identities:
            received = self._received()
            if received is not None:
                self._take(*received)
            elif self._launcher.stop_wanted:
                raise StopRequested
            elif monotonic_s() > deadline_s:
                raise RunError(f"{name}: no successor joined in {WALL_GUARD_S:.0f} s")
        self._peers.welcome(name, self._exchange.tick)

    def _received(self) -> Received | None:
        """The next frame, and whose; None: nothing came for a while."""
        try:
            identity, data = self._router.recv_multipart()
        except zmq.Again:
            self._launcher.poll()
            return None
        return identity, self._decode(data)
