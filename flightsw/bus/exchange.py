"""The heart of the bus, without a socket: who runs when, on which inbox, and in which order messages count.

A fixed-step co-simulation master with a sorted mailbox. Per tick: `begin` gives every due process its inbox,
`accept` takes what it sent (or `lose` says that it never answered), `finish` orders the union by (rank, sequence
number), hands it to the mailboxes for the next tick, and returns it for the log. Arrival order can't matter: nothing
here asks when a call was made. The ZeroMQ broker, the in-process runner and every replay are hosts of this class.

An entry is a tuple whose first item is the topic's number; the rest belongs to the host and is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from flightsw.bus import restarts
from flightsw.bus.faults import BusFaults
from flightsw.bus.routing import Router
from flightsw.bus.seats import Entry, Seat
from flightsw.bus.table import ProcessTable, Role
from flightsw.errors import BusError
from flightsw.messages.base import Message
from flightsw.messages.health import BusEvent, BusEventKind, RestartRequest
from flightsw.messages.topics import BUS

MESSAGE, LOST, REJOIN, RECONFIGURE = "message", "lost", "rejoin", "reconfigure"
"""Kinds of outside input, as they stand in the log."""


class TickRecord(NamedTuple):
    """All that crossed a tick: what came from outside, and every message in its order."""

    tick: int
    inputs: tuple[tuple[Any, ...], ...]
    """(MESSAGE, entry), (LOST, process, incarnation), (REJOIN, process, incarnation) or (RECONFIGURE, changes)"""
    entries: list[Entry]


def changes_of(record: TickRecord) -> Mapping[str, Any] | None:
    """The new configuration that a tick brought, value by path; None: it brought none."""
    return next((item[1] for item in record.inputs if item[0] == RECONFIGURE), None)


class Exchange:
    """State of the bus between two ticks. `to_entry` makes the host's entry of a message by the bus itself; `of_entry`
    reads one that is addressed to the bus: a restart request of health's. Without it they are not obeyed. `faults` are
    scripted ones, by which less, later or other things arrive than were said."""

    def __init__(
        self,
        table: ProcessTable,
        to_entry: Callable[[Message], Entry],
        of_entry: Callable[[Entry], Message] | None = None,
        faults: BusFaults | None = None,
    ) -> None:
        self.table = table
        self._of_entry = of_entry
        self._faults = faults
        self.crashing: tuple[str, ...] = ()
        """processes that a script says are lost in the tick under way: the host ends them"""
        self._orders: list[Entry] = []
        """restart requests of the last tick"""
        self.restarted: tuple[str, ...] = ()
        """processes lost by order, or by the watchdog, as the tick under way began: the host ends them"""
        self.tick = 0
        """the next tick to begin, or the one that is under way"""
        self._to_entry = to_entry
        self._seats = [Seat(row) for row in table.rows]
        self._by_name = {seat.row.name: seat for seat in self._seats}
        self._guarded = [seat for seat in self._seats if seat.row.watchdog_ticks is not None]
        self._bitten: list[Seat] = []
        """silent for too long: lost at the next tick"""
        self._router = Router(table, self._seats)
        self._depths = tuple([topic.depth or 1 for topic in table.topics.topics])
        self._away = False
        """somebody is lost, or was in this tick"""
        self.sequence: tuple[int, ...] = ()
        """topics of the last tick's entries, in order"""
        self._inputs: list[tuple[Any, ...]] = []
        self._waiting: set[str] = set()
        self._outboxes: dict[str, tuple[tuple[int, ...], Sequence[Entry]]] = {}
        """(topics in order, entries) by process"""
        self._bus_entries: list[Entry] = []

    def begin(
        self, messages: Iterable[Entry] = (), changes: Mapping[str, Any] | None = None
    ) -> list[tuple[str, Sequence[Entry]]]:
        """Open the tick: who runs, in rank order, each with its inbox. `messages` came from outside, in this order.

        `changes` of the configuration are the host's business; here they are written down.
        """
        if self._waiting:
            raise BusError(f"tick {self.tick} began while {sorted(self._waiting)} still run it")
        self._inputs = []
        self._outboxes = {}
        self._bus_entries = []
        tick = self.tick
        if self._orders or self._bitten or self.restarted:
            self._obey()
        if self._away:
            for seat in self._seats:
                if seat.rejoin_tick == tick:
                    self._rejoin(seat)
            self._away = any(seat.rejoin_tick is not None for seat in self._seats)
        if changes:
            self._inputs.append((RECONFIGURE, changes))
        seats = self._seats
        if self._faults is not None:
            seats = self._answering(self._faults.open(tick, self._is_absent))
            self.crashing = self._faults.crashing
        for entry in messages:
            self._inputs.append((MESSAGE, entry))
            for admitted in (entry,) if self._faults is None else self._faults.admitted(tick, (entry,)):
                self._deliver((admitted[0],), (admitted,))
        grants, waiting = [], self._waiting
        for seat in seats:
            if seat.rejoin_tick is None and (seat.woken or tick % seat.period_ticks == seat.phase_ticks):
                seat.woken = False
                if seat.crowded:
                    seat.thin(self._depths)
                grants.append((seat.name, seat.mailbox))
                seat.mailbox = ()
                waiting.add(seat.name)
        return grants

    def accept(self, name: str, outbox: Sequence[Entry], sequence: tuple[int, ...] | None = None) -> bool:
        """Take what a process sent in this tick. False: it is not being waited for, and nothing was taken. `sequence`:
        the topics of its entries, in order, where the host knows them already.

        Raises MessageError when it sends on a topic that is not its own.
        """
        if name not in self._waiting:
            return False
        if sequence is None:
            sequence = tuple([entry[0] for entry in outbox])
        self._router.check_writer(name, sequence)
        self._waiting.remove(name)
        self._outboxes[name] = sequence, outbox
        return True

    def lose(self, name: str) -> None:
        """The process never answered this tick, and is gone. It comes back as `restarts` says."""
        seat = self._by_name[name]
        if seat.rejoin_tick is not None:
            raise BusError(f"{name} is lost already, until tick {seat.rejoin_tick}")
        self._waiting.discard(name)
        self._outboxes.pop(name, None)
        self._lose(seat)

    def _lose(self, seat: Seat) -> None:
        self._away = seat.lost_now = True
        seat.losses = restarts.recent(seat.losses, self.tick)
        seat.rejoin_tick = restarts.rejoin_tick(seat.losses, seat.row.restart_ticks, essential=seat.row.essential)

    def _obey(self) -> None:
        """Restart requests of the last tick, in order. One for a process that isn't a flight application is void."""
        orders, self._orders, done = self._orders, [], []
        for entry in orders:
            request = None if self._of_entry is None else self._of_entry(entry)
            seat = self._by_name.get(request.process) if isinstance(request, RestartRequest) else None
            if request is None or seat is None or seat.row.role is not Role.FLIGHT:
                continue
            assert isinstance(request, RestartRequest)
            if request.fresh:
                seat.losses = ()
            if seat.rejoin_tick is None:
                self._lose(seat)
                done.append(seat.name)
            elif request.fresh:
                seat.rejoin_tick = min(seat.rejoin_tick, self.tick + seat.row.restart_ticks)
        for seat in self._bitten:
            if seat.rejoin_tick is None:
                self._lose(seat)
                done.append(seat.name)
        self._bitten = []
        self.restarted = tuple(done)

    def finish(self) -> TickRecord:
        """Close the tick: everything in order, delivered for the next one, and returned for the log."""
        if self._waiting:
            raise BusError(f"tick {self.tick} can't close: {sorted(self._waiting)} still run it")
        if self._away:
            for seat in self._seats:
                if seat.lost_now:
                    seat.lost_now = False
                    self._inputs.append((LOST, seat.name, seat.incarnation))
                    self._say(BusEventKind.APP_LOST, seat)
                    if restarts.is_locked_out(seat.losses):
                        self._say(BusEventKind.LOCKED_OUT, seat)
        entries = self._bus_entries
        sequence = tuple([entry[0] for entry in entries])
        outboxes = self._outboxes
        for seat in self._seats:
            if seat.name in outboxes:
                topics, outbox = outboxes[seat.name]
                sequence += topics
                entries += outbox
        for seat in self._guarded:
            if seat.name in outboxes and outboxes[seat.name][0]:
                seat.fed_tick = self.tick
            else:
                self._look_at(seat)
        self.sequence = sequence
        if self._faults is None:
            self._deliver(sequence, entries)
        else:
            self._deliver_through(self._faults, sequence, entries)
        record = TickRecord(self.tick, tuple(self._inputs), entries)
        self.tick += 1
        return record

    def _deliver_through(self, faults: BusFaults, sequence: tuple[int, ...], entries: Sequence[Entry]) -> None:
        if faults.reads_truth:
            faults.see(entries, self._of_entry)
        delivered = faults.delivered(self.tick, entries)
        if delivered is not entries:
            sequence = tuple([entry[0] for entry in delivered])
        self._deliver(sequence, delivered)

    def _answering(self, hung: Collection[str]) -> list[Seat]:
        """Those that don't hang; the inboxes of the others wait, no longer than their depths allow."""
        for name in hung:
            seat = self._by_name[name]
            if seat.crowded:
                seat.thin(self._depths)
        return [seat for seat in self._seats if seat.name not in hung]

    def _is_absent(self, name: str) -> bool:
        return self._by_name[name].rejoin_tick is not None

    @property
    def waiting(self) -> set[str]:
        """Processes that run the tick under way."""
        return self._waiting

    def incarnation(self, name: str) -> int:
        """How often the process has been lost and come back."""
        return self._by_name[name].incarnation

    def absent(self) -> dict[str, int]:
        """Lost processes and the tick at which each rejoins."""
        return {seat.row.name: seat.rejoin_tick for seat in self._seats if seat.rejoin_tick is not None}

    def replay(self, record: TickRecord) -> list[tuple[str, Sequence[Entry]]]:
        """Run a whole logged tick again; the grants it had. Raises BusError when the bus's own part differs."""
        if record.tick != self.tick:
            raise BusError(f"the log has tick {record.tick} where tick {self.tick} is due")
        messages = [item[1] for item in record.inputs if item[0] == MESSAGE]
        grants = self.begin(messages, changes_of(record))
        lost = [item[1] for item in record.inputs if item[0] == LOST]
        outboxes: dict[str, list[Entry]] = {}
        producers = self._router.producers
        for entry in record.entries:
            outboxes.setdefault(producers[entry[0]], []).append(entry)
        for name in lost:
            if name not in self.restarted:
                self.lose(name)
        for name, _ in grants:
            if name not in lost:
                self.accept(name, outboxes.get(name, ()))
        again = self.finish()
        if len(again.entries) != len(record.entries) or len(again.inputs) != len(record.inputs):
            raise BusError(f"tick {record.tick} of the log doesn't follow from the ticks before it")
        return grants

    def _deliver(self, sequence: tuple[int, ...], entries: Sequence[Entry]) -> None:
        """Put entries of this sequence of topics into their readers' mailboxes."""
        route = self._router.route(sequence)
        for seat, pick, crowded, wakes in route.to:
            if seat.rejoin_tick is None:
                if seat.mailbox:
                    seat.mailbox = [*seat.mailbox, *pick(entries)]
                    seat.crowded = True
                else:
                    seat.mailbox = pick(entries)
                    seat.crowded = crowded
                if wakes:
                    seat.woken = True
        for place, producer in route.critical:
            producer.critical[entries[place][0]] = entries[place]
        for place in route.orders:
            self._orders.append(entries[place])

    def _look_at(self, seat: Seat) -> None:
        """A guarded process said nothing in this tick."""
        limit = seat.row.watchdog_ticks
        if limit is not None and seat.rejoin_tick is None and self.tick - seat.fed_tick >= limit:
            self._bitten.append(seat)

    def _rejoin(self, seat: Seat) -> None:
        seat.rejoin_tick = None
        seat.fed_tick = self.tick
        seat.incarnation += 1
        seat.woken = True
        seat.mailbox = tuple([seat.critical[number] for number in sorted(seat.critical)])
        seat.crowded = False
        self._inputs.append((REJOIN, seat.name, seat.incarnation))
        self._say(BusEventKind.REJOIN, seat)

    def _say(self, event: BusEventKind, seat: Seat) -> None:
        if BusEvent in self.table.topics.published_by(BUS):
            self._bus_entries.append(self._to_entry(BusEvent(event, seat.row.name, seat.incarnation)))
