"""Faults that the bus makes: processes crash, hang, answer late; messages are lost, late, doubled, changed, reordered.

A stage of the Exchange between what was said and the mailboxes. The log has what was said; what is delivered is a pure
function of (seed, tick, topic, fault), so that both hosts, replay and rebuild agree without a word about it in the log.
A process that hangs gets no STEP, its inbox waits; one that is slow is heard late. Payloads are never looked at here: a
bit is flipped by a function of the host's, which says None where what is left is no message (a link's CRC drops it).

Critical data and truth cross no link: they are left alone. Declared and resolved by `node.faults`, for both hosts;
those that come in while the run goes on by `bus.injection`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from flightsw.bus.occurrence import Occurrence, Trigger
from flightsw.bus.seats import Entry
from flightsw.messages.plant import Truth
from flightsw.messages.topics import TopicTable
from flightsw.streams import Stream

Flip = Callable[[Entry, float], Entry | None]
"""(entry, a draw in [0, 1) that says which bit) -> the entry as it arrives; None: it is no message any more"""

CRASH, HANG, SLOW = "crash", "hang", "slow"
DROP, DELAY, DUPLICATE, CORRUPT, REORDER = "drop", "delay", "duplicate", "corrupt", "reorder"
MOST_CRASHES = 1000
"""of one process: a node that is started for ever is a broken script"""
TRUTH = "truth.plant"
MESSAGES_DRAWN = 8
"""of one topic in one tick have draws of their own; those behind share them in turn"""
_Fate = tuple[int, bool, Entry]
"""(ticks later, behind what is new then, as it arrives)"""


class BusFault(msgspec.Struct, frozen=True):
    """One fault, resolved. Which fields count is for its kind."""

    kind: str
    occurrence: Occurrence
    process: str = ""
    """of CRASH, HANG, SLOW"""
    topic: int = -1
    """of the others: the topic's number"""
    ticks: int = 0
    """of SLOW, DELAY, DUPLICATE: how much later"""
    share: float = 1.0
    """of the topic's messages that it takes"""


class BusFaults:
    """All faults of one run on the bus, and what they hold back between two ticks."""

    def __init__(self, faults: Sequence[BusFault], seed: int, topics: TopicTable, flip: Flip) -> None:
        self._faults = [(fault, Trigger(fault.occurrence, seed)) for fault in faults]
        self._flip = flip
        self._producer = [topic.producer for topic in topics.topics]
        self._spared = [topic.is_critical_data or topic.is_truth for topic in topics.topics]
        self._truth_topic = topics.number.get(TRUTH)
        self.reads_truth = any(trigger.reads_truth for _, trigger in self._faults)
        self._truth: Truth | None = None
        """of the tick before"""
        self._seed = seed
        self._draws = [self._stream(fault) for fault in faults]
        self._late: dict[int, list[tuple[bool, Entry]]] = {}
        """by the tick in which it is handed over: (behind what is new, entry)"""
        self._crashes: dict[str, int] = {}
        self._acting: list[tuple[int, BusFault]] = []
        """(place, fault) on messages, in the tick under way"""
        self.crashing: tuple[str, ...] = ()
        """processes that are lost in the tick under way"""

    @property
    def is_idle(self) -> bool:
        """There are none: nobody needs to ask."""
        return not self._faults

    def add(self, fault: BusFault) -> None:
        """One more, before its first tick is opened."""
        self._faults.append((fault, Trigger(fault.occurrence, self._seed)))
        self._draws.append(self._stream(fault))

    def _stream(self, fault: BusFault) -> Stream:
        return Stream(self._seed, f"{fault.occurrence.stream}.message", 2 * MESSAGES_DRAWN)

    def open(self, tick: int, absent: Callable[[str], bool]) -> frozenset[str]:
        """Begin a tick; the processes that hang in it."""
        hung, crashing, acting = set(), [], []
        for place, (fault, trigger) in enumerate(self._faults):
            if not trigger.step(tick, self._truth):
                continue
            name = fault.process
            if fault.kind == HANG:
                if absent(name):
                    trigger.end()  # a restart helps
                else:
                    hung.add(name)
            elif fault.kind == CRASH:
                if trigger.began and not absent(name) and name not in crashing and self._may_crash(name):
                    crashing.append(name)
            else:
                acting.append((place, fault))
        self.crashing, self._acting = tuple(crashing), acting
        return frozenset(hung)

    def _may_crash(self, name: str) -> bool:
        self._crashes[name] = self._crashes.get(name, 0) + 1
        return self._crashes[name] <= MOST_CRASHES

    def see(self, entries: Sequence[Entry], decode: Callable[[Entry], object] | None) -> None:
        """Look at what the plant really is: of the tick that closes."""
        self._truth = None
        for entry in entries:
            if entry[0] == self._truth_topic and decode is not None:
                truth = decode(entry)
                self._truth = truth if isinstance(truth, Truth) else None

    def delivered(self, tick: int, entries: Sequence[Entry]) -> Sequence[Entry]:
        """What goes to the mailboxes at the end of a tick, in place of what was said."""
        late = self._late.pop(tick, ())
        if self._acting:
            entries = self._through(tick, entries, 0)
        if not late:
            return entries
        return [
            *(entry for behind, entry in late if not behind),
            *entries,
            *(entry for behind, entry in late if behind),
        ]

    def admitted(self, tick: int, entries: Sequence[Entry]) -> Sequence[Entry]:
        """What is handed over at the beginning of a tick, in place of what came from outside."""
        return self._through(tick, entries, 1) if self._acting else entries

    def _through(self, tick: int, entries: Sequence[Entry], sooner: int) -> list[Entry]:
        """What arrives at once; the rest is held back. `sooner`: ticks by which it arrives before what is said now."""
        arrived = []
        count: dict[int, int] = {}
        for entry in entries:
            number = entry[0]
            nth = count[number] = count.get(number, -1) + 1
            if self._spared[number]:
                arrived.append(entry)
                continue
            for ticks, behind, changed in self._fates(tick, nth, entry):
                if ticks == 0:
                    arrived.append(changed)
                else:
                    self._late.setdefault(tick + ticks - sooner, []).append((behind, changed))
        return arrived

    def _fates(self, tick: int, nth: int, entry: Entry) -> list[_Fate]:
        """What becomes of the nth message of its topic in this tick, fault by fault."""
        fates: list[_Fate] = [(0, False, entry)]
        for place, fault in self._acting:
            if fault.topic == entry[0] or (fault.kind == SLOW and fault.process == self._producer[entry[0]]):
                draw = 2 * (nth % MESSAGES_DRAWN)
                taken, which = self._draws[place].uniforms(tick)[draw : draw + 2]
                if taken < fault.share:
                    fates = [after for fate in fates for after in self._befalls(fault, fate, which)]
        return fates

    def _befalls(self, fault: BusFault, fate: _Fate, which: float) -> list[_Fate]:
        ticks, behind, entry = fate
        if fault.kind == DROP:
            return []
        if fault.kind == CORRUPT:
            flipped = self._flip(entry, which)
            return [] if flipped is None else [(ticks, behind, flipped)]
        if fault.kind == DUPLICATE:
            return [fate, (ticks + fault.ticks, True, entry)]
        if fault.kind == REORDER:
            return [(ticks + 1, True, entry)]
        return [(ticks + fault.ticks, behind, entry)]
