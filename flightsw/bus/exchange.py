"""The heart of the bus, without a socket: who runs when, on which inbox, and in which order messages count.

A fixed-step co-simulation master with a sorted mailbox. Per tick: `begin` gives every due process its inbox,
`accept` takes what it sent (or `lose` says that it never answered), `finish` orders the union by (rank, sequence
number), hands it to the mailboxes for the next tick, and returns it for the log. Arrival order can't matter: nothing
here asks when a call was made. The ZeroMQ broker, the in-process runner and every replay are hosts of this class.

An entry is a tuple whose first item is the topic's number; the rest belongs to the host and is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from flightsw.bus import restarts
from flightsw.bus.attendance import Attendance
from flightsw.bus.faults import BusFaults
from flightsw.bus.injection import injected_bus_fault
from flightsw.bus.records import LATE, LOST, MESSAGE, OVERDUE, RECONFIGURE, REJOIN, SKIPPED, TickRecord
from flightsw.bus.routing import Router
from flightsw.bus.seats import Entry, Seat, leader_of
from flightsw.bus.table import ProcessTable
from flightsw.errors import BusError
from flightsw.messages.base import Message
from flightsw.messages.faults import INJECTION, FaultInjection
from flightsw.messages.health import BusEvent, BusEventKind
from flightsw.messages.topics import BUS

LateAnswer = tuple[str, Sequence[Entry]]
"""(process, what it sent) for the tick that it owed."""


class Alone(NamedTuple):
    """Ticks that one process runs while all others wait for the next one of theirs."""

    name: str
    end_tick: int
    """the first one that is not among them"""
    inbox: Sequence[Entry]
    """for the first of them; the others bring it nothing"""


class Exchange:
    """State of the bus between two ticks. `to_entry` makes the host's entry of a message by the bus itself; `of_entry`
    reads one that is addressed to the bus: a restart request of health's, a fault from outside. Without it they are not
    obeyed. By `faults` less, later or other things arrive than were said; while there are none, nobody asks them."""

    def __init__(
        self,
        table: ProcessTable,
        to_entry: Callable[[Message], Entry],
        of_entry: Callable[[Entry], Message] | None = None,
        faults: BusFaults | None = None,
    ) -> None:
        self.table = table
        self._of_entry = of_entry
        self._faults = None if faults is None or faults.is_idle else faults
        self._room = faults
        """for faults that come in"""
        self._injection = table.topics.number.get(INJECTION)
        self.crashing: tuple[str, ...] = ()
        """processes that a script says are lost in the tick under way: the host ends them"""
        self.tick = 0
        """the next tick to begin, or the one that is under way"""
        self._to_entry = to_entry
        self._seats = [Seat(row) for row in table.rows]
        self._by_name = {seat.row.name: seat for seat in self._seats}
        self._attendance = Attendance(self._seats, of_entry)
        self._router = Router(table, self._seats)
        self._leader = leader_of(table, self._seats)
        self._depths = tuple([topic.depth or 1 for topic in table.topics.topics])
        self.sequence: tuple[int, ...] = ()
        """topics of the last tick's entries, in order"""
        self._inputs: list[tuple[Any, ...]] = []
        self._waiting: set[str] = set()
        self._outboxes: dict[str, tuple[tuple[int, ...], Sequence[Entry]]] = {}
        """(topics in order, entries) by process"""
        self._bus_entries: list[Entry] = []
        self._overdue: list[str] = []

    def begin(
        self,
        messages: Collection[Entry] = (),
        changes: Mapping[str, Any] | None = None,
        late: Collection[LateAnswer] = (),
    ) -> list[tuple[str, Sequence[Entry]]]:
        """Open the tick: who runs, in rank order, each with its inbox. `messages` came from outside, in this order.

        `changes` of the configuration are the host's business; here they are written down. `late`: answers to ticks
        that are closed; they count in this one, before what is said in it.
        """
        if self._waiting:
            raise BusError(f"tick {self.tick} began while {sorted(self._waiting)} still run it")
        self._inputs = []
        self._outboxes = {}
        self._bus_entries = []
        tick = self.tick
        for seat in self._attendance.begin(tick):
            self._inputs.append((REJOIN, seat.name, seat.incarnation))
            self._say(BusEventKind.REJOIN, seat)
        if changes:
            self._inputs.append((RECONFIGURE, changes))
        if messages:
            self._take_faults(messages)
        seats = self._seats
        if self._faults is not None:
            seats = self._answering(self._faults.open(tick, self._is_absent))
            self.crashing = self._faults.crashing
        for entry in messages:
            self._let_in(entry)
        for name, outbox in late:
            self._take_late(name, outbox)
        return self._granted(seats)

    def alone(self, end_tick: int) -> Alone | None:
        """Who runs the coming ticks alone, whatever it says in them: it may be granted them all at once. None: nobody,
        or no more than one tick before `end_tick`.

        A forecast: the host opens and closes these ticks one by one as it does all others, and they come out as told.
        Nothing from outside may come in meanwhile; who is lost meanwhile is lost in the tick under way.
        """
        leader = self._leader
        if leader is None or self._faults is not None or self._waiting or not self._attendance.is_settled:
            return None
        if leader.rejoin_tick is not None or leader.owes_tick is not None:
            return None
        tick = self.tick
        end_tick = min(end_tick, *[seat.next_own(tick) for seat in self._seats if seat is not leader])
        if end_tick < tick + 2:
            return None
        if leader.crowded:
            leader.thin(self._depths)
        return Alone(leader.name, end_tick, leader.mailbox)

    @property
    def looks_ahead(self) -> bool:
        """Somebody may ever run alone."""
        return self._leader is not None

    def _let_in(self, entry: Entry) -> None:
        self._inputs.append((MESSAGE, entry))
        for admitted in (entry,) if self._faults is None else self._faults.admitted(self.tick, (entry,)):
            self._deliver((admitted[0],), (admitted,))

    def _granted(self, seats: list[Seat]) -> list[tuple[str, Sequence[Entry]]]:
        """Those who run the tick, with their inboxes."""
        tick, grants, waiting = self.tick, [], self._waiting
        for seat in seats:
            if seat.rejoin_tick is None and (
                tick % seat.period_ticks == seat.phase_ticks or (seat.woken and tick % seat.cycle_ticks == 0)
            ):
                if seat.owes_tick is not None:
                    self._inputs.append((SKIPPED, seat.name))
                    continue
                seat.woken = False
                if seat.crowded:
                    seat.thin(self._depths)
                grants.append((seat.name, seat.mailbox))
                seat.mailbox = ()
                waiting.add(seat.name)
        return grants

    def _take_faults(self, messages: Collection[Entry]) -> None:
        """A fault from outside acts from this tick on; one of hardware is the plant's, who hears of it as well."""
        for entry in messages:
            if entry[0] != self._injection or self._of_entry is None or self._room is None:
                continue
            injection = self._of_entry(entry)
            assert isinstance(injection, FaultInjection)
            fault = injected_bus_fault(injection, self.tick, self.table.topics)
            if fault is not None:
                self._room.add(fault)
                self._faults = self._room

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

    def owe(self, name: str) -> None:
        """The process has not answered, and the tick closes without it: a board in real time. It is granted no other
        tick until its answer is handed to `begin`, or it is lost."""
        self._waiting.remove(name)
        self._by_name[name].owes_tick = self.tick
        self._overdue = sorted([*self._overdue, name])

    def owed(self, name: str) -> int | None:
        """The tick that the process has been granted and has not answered, before this one; None: nothing is owed."""
        return self._by_name[name].owes_tick

    def _take_late(self, name: str, outbox: Sequence[Entry]) -> None:
        seat = self._by_name[name]
        if seat.owes_tick is None:
            raise BusError(f"{name} owes no answer")
        self._router.check_writer(name, tuple([entry[0] for entry in outbox]))
        self._inputs.append((LATE, name, seat.owes_tick, len(outbox)))
        self._bus_entries += outbox
        seat.owes_tick = None

    def lose(self, name: str) -> None:
        """The process never answered this tick, and is gone. It comes back as `restarts` says."""
        seat = self._by_name[name]
        if seat.rejoin_tick is not None:
            raise BusError(f"{name} is lost already, until tick {seat.rejoin_tick}")
        self._waiting.discard(name)
        self._outboxes.pop(name, None)
        if name in self._overdue:
            self._overdue.remove(name)
        self._attendance.lose(seat, self.tick)

    def finish(self) -> TickRecord:
        """Close the tick: everything in order, delivered for the next one, and returned for the log."""
        if self._waiting:
            raise BusError(f"tick {self.tick} can't close: {sorted(self._waiting)} still run it")
        self._inputs += [(OVERDUE, name) for name in self._overdue]
        self._overdue = []
        if self._attendance.somebody_is_away:
            for seat in self._attendance.lost_now():
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
        self._attendance.watch(self.tick, outboxes)
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
    def somebody_is_away(self) -> bool:
        """Lost, or lost in the tick before and back."""
        return self._attendance.somebody_is_away

    @property
    def restarted(self) -> tuple[str, ...]:
        """Processes lost by order, or by the watchdog, as the tick under way began: the host ends them."""
        return self._attendance.restarted

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
            self._attendance.orders.append(entries[place])

    def _say(self, event: BusEventKind, seat: Seat) -> None:
        if BusEvent in self.table.topics.published_by(BUS):
            self._bus_entries.append(self._to_entry(BusEvent(event, seat.row.name, seat.incarnation)))
