"""Processes of the node that run on a real board: granted their ticks over the network, and never waited for too long.

A board can't be paused. At most one STEP is outstanding to it; a tick that closes without its answer closes all the
same, and is owed (`Exchange.owe`); the late answer enters at the next boundary. One that connects anew is lost to the
node and comes back cold, as after any loss. Nothing that comes in here is believed before it was decoded: the Exchange
forwards payloads unread, and its readers share this machine.

    agent -> bus   ENLIST{name, protocol}     who am I to be?
    bus -> agent   BRIEF{run_id, scenario, files}    then HELLO, WELCOME, STEP, DONE as on the machine (see `frames`)

Called by the broker, inside a tick.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from flightsw.bus.door import Door, Keys, Knock
from flightsw.bus.exchange import Exchange, LateAnswer
from flightsw.bus.frames import (
    Brief,
    Done,
    Enlist,
    Fault,
    Hello,
    Refused,
    Stop,
    ToBench,
    Welcome,
    misfit,
    strange_protocol,
)
from flightsw.bus.log import LogHeader
from flightsw.bus.port import Codec
from flightsw.bus.table import ProcessTable
from flightsw.bus.timing import TimingLog
from flightsw.errors import MessageError

REMOTE = "remote.json"
"""in the run's folder, at the end: what priority the bus was given, and who was refused at the door, how often"""
MOST_FRAMES = 64
"""taken in at a tick's beginning"""


@dataclass(frozen=True)
class RemotePlan:
    """Which processes run elsewhere, and how they get in."""

    endpoint: str
    keys: Keys
    names: frozenset[str]
    answer_share: float
    """of a tick, after which it goes on without them"""
    scenario: bytes
    """for the agent: the resolved scenario, encoded"""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """and what of it doesn't ship with flightsw"""
    join_s: float = 60.0
    """the run does not start without them for so long"""


@dataclass
class _Peer:
    identity: bytes
    welcomed: bool = False


@dataclass
class RemoteEnd:
    """The bus's side of all remote processes."""

    plan: RemotePlan
    header: LogHeader
    schema_hash: str
    table: ProcessTable
    door: Door
    run_dir: Path
    priority: str = "as others"
    """that the bus was given"""
    number: str = field(default_factory=lambda: secrets.token_hex(8))
    """of its briefs; no result depends on it"""
    _peers: dict[str, _Peer] = field(default_factory=dict)
    _late: list[LateAnswer] = field(default_factory=list)
    _kept: list[Knock] = field(default_factory=list)
    """came between two ticks"""
    _cold: set[str] = field(default_factory=set)
    """came back without what it knew: lost to the node as soon as a tick is under way"""

    def __post_init__(self) -> None:
        self._log = structlog.get_logger()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(ToBench).decode
        self._codec = Codec(self.table.topics)
        self._own = {name: frozenset(self.table.topics.published_by(name).values()) for name in sorted(self.plan.names)}
        self.timing = TimingLog(self.run_dir)

    @property
    def names(self) -> frozenset[str]:
        """Processes that run elsewhere."""
        return self.plan.names

    def present(self) -> bool:
        """All of them have said HELLO."""
        return self._peers.keys() >= self.plan.names

    def why_absent(self) -> str:
        """For whoever waited in vain."""
        return (
            f"no agent joined as {', '.join(sorted(self.names))} at {self.door.bound} in {self.plan.join_s:.0f} s: "
            f"is `flightsw hil agent` running, and its key enrolled? "
            f"Refused at the door: {', '.join(sorted(self.door.refused)) or 'nobody'}"
        )

    def attend(self, exchange: Exchange, until_s: float) -> None:
        """Serve who comes, before the first tick: up to that instant, or until all are there."""
        while not self.present():
            knock = self.door.receive(until_s)
            if knock is None:
                return
            self._take(knock, exchange)

    def late(self, exchange: Exchange) -> Sequence[LateAnswer]:
        """Between two ticks: answers that came after their tick had closed; each once. All else waits for `listen`."""
        self.timing.begins()
        for _ in range(MOST_FRAMES):
            knock = self.door.receive(0.0)
            if knock is None:
                break
            if self._is_answer(knock):
                self._take(knock, exchange)
            else:
                self._kept.append(knock)
        late, self._late = self._late, []
        return late

    def _is_answer(self, knock: Knock) -> bool:
        try:
            return isinstance(self._decode(knock.data), Done)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False

    def dismiss(self, name: str) -> None:
        """It is lost to the node: it starts anew when it is granted a tick again."""
        self._late = [answer for answer in self._late if answer[0] != name]
        if name in self._peers:
            self._peers[name].welcomed = False

    def grant(self, name: str, step: bytes, tick: int) -> None:
        """Send a tick; if nobody is there it is owed at its end."""
        peer = self._peers.get(name)
        if peer is None or name in self._cold:
            return
        if not peer.welcomed:
            header = self.header
            welcome = Welcome(header.run_id, tick, header.dt_ns, header.seed)
            peer.welcomed = self.door.send(peer.identity, self._encode(welcome))
        if peer.welcomed:
            self.timing.sent()
            self.door.send(peer.identity, step)

    def collect(self, exchange: Exchange, until_s: float) -> None:
        """Wait for answers up to that instant; who has not answered by then owes one."""
        while exchange.waiting & self.plan.names:
            knock = self.door.receive(until_s)
            if knock is None:
                break
            self._take(knock, exchange)
            self._lose_the_cold(exchange)
        for name in sorted(exchange.waiting & self.plan.names):
            exchange.owe(name)

    def listen(self, exchange: Exchange) -> None:
        """Within a tick: take in what has come, without waiting."""
        kept, self._kept = self._kept, []
        for earlier in kept:
            self._take(earlier, exchange)
        for _ in range(MOST_FRAMES):
            knock = self.door.receive(0.0)
            if knock is None:
                break
            self._take(knock, exchange)
        self._lose_the_cold(exchange)

    def close_tick(self, exchange: Exchange, began_s: float, late_s: float) -> None:
        """The rest of a tick that began then: take in what has come, wait for answers no longer than their share of the
        tick, and write its times down."""
        self.listen(exchange)
        self.collect(exchange, began_s + self.plan.answer_share * self.header.dt_ns * 1e-9)
        self.timing.ended(exchange.tick, began_s, late_s)

    def close(self) -> None:
        """Send everybody home."""
        for peer in self._peers.values():
            self.door.send(peer.identity, self._encode(Stop()))
        if self.door.refused:
            self._log.warning("door.refused_in_all", **dict(sorted(self.door.refused.items())))
        told = {"priority": self.priority, "refused": dict(sorted(self.door.refused.items()))}
        (self.run_dir / REMOTE).write_text(json.dumps(told, indent=1) + "\n")
        self.door.close()
        self.timing.close()

    def _take(self, knock: Knock, exchange: Exchange) -> None:
        if knock.name not in self.plan.names:
            self.door.drop(knock.name, "name: runs elsewhere in no part of this node")
            return
        try:
            frame = self._decode(knock.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.door.drop(knock.name, "frame: unreadable")
            return
        if isinstance(frame, Enlist):
            self._brief(knock, frame)
        elif isinstance(frame, Hello):
            self._join(knock, frame, exchange)
        elif (peer := self._peers.get(knock.name)) is None or peer.identity != knock.identity:
            self.door.drop(knock.name, "frame: of a connection that has not joined")
        elif isinstance(frame, Fault):
            self._log.error("process.fault", process=knock.name, error=frame.text)
        else:
            self._answer(knock.name, frame, exchange)

    def _brief(self, knock: Knock, frame: Enlist) -> None:
        if (reason := strange_protocol(frame.protocol, "bench")) is not None:
            self.door.send(knock.identity, self._encode(Refused(reason)))
            return
        self._send_brief(knock)

    def _send_brief(self, knock: Knock) -> None:
        brief = Brief(self.header.run_id, self.plan.scenario, dict(self.plan.files), self.number)
        self.door.send(knock.identity, self._encode(brief))

    def _join(self, knock: Knock, hello: Hello, exchange: Exchange) -> None:
        name = knock.name
        reason: str | None
        if hello.name != name:
            reason = f"its key is bound to {name!r}, not to {hello.name!r}"
        elif hello.brief == self.number or strange_protocol(hello.protocol, "bench") is not None:
            reason = misfit(hello, self.schema_hash, "bench")
        else:
            self.door.drop(name, "hello: by the brief of another run")
            self._send_brief(knock)
            return
        if reason is not None:
            self._log.error("join.refused", process=name, reason=reason)
            self.door.send(knock.identity, self._encode(Refused(reason)))
            return
        before = self._peers.get(name)
        if before is not None and before.identity == knock.identity:
            return  # said twice
        if before is not None:  # gone, most likely; one that lives would come back for its place, again and again
            self.door.send(before.identity, self._encode(Refused(f"another agent has joined as {name}")))
        self._peers[name] = _Peer(knock.identity)
        self._late = [answer for answer in self._late if answer[0] != name]
        self._log.info("remote.joined", process=name, tick=exchange.tick)
        if before is not None or exchange.tick > 0:  # the bus itself may be new, and the node well under way
            self._cold.add(name)

    def _lose_the_cold(self, exchange: Exchange) -> None:
        cold, self._cold = sorted(self._cold), set()
        for name in cold:
            if name not in exchange.absent():
                self._log.warning("app.lost", process=name, tick=exchange.tick)
                exchange.lose(name)

    def _answer(self, name: str, frame: Done, exchange: Exchange) -> None:
        owed, now = exchange.owed(name), exchange.tick
        expected = now if name in exchange.waiting else owed
        if frame.run_id != self.header.run_id or expected is None or frame.first_tick != expected:
            self.door.drop(name, "answer: to a tick that is not owed")
            return
        entries = self._checked(name, frame)
        if entries is None:
            return
        if expected == now:
            self.timing.answered()
            exchange.accept(name, entries)
        elif name not in [answer[0] for answer in self._late]:
            self._late.append((name, entries))

    def _checked(self, name: str, frame: Done) -> list[tuple[int, msgspec.Raw]] | None:
        """Its messages, if each is one and its own; None: nothing of them counts, and the tick stays unanswered."""
        if len(frame.outboxes) != 1:
            self.door.drop(name, "answer: not one tick's")
            return None
        for number, payload in frame.outboxes[0]:
            if number not in self._own[name]:
                self.door.drop(name, "message: of another's topic")
                return None
            try:
                self._codec.decode(number, payload)
            except (MessageError, UnicodeDecodeError):
                self.door.drop(name, "message: breaks its declaration")
                return None
        return list(frame.outboxes[0])
