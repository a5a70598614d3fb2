"""What a process is to the bus: a step function over an inbox. The one contract between applications and hosts.

A host (ZeroMQ worker, in-process runner, replay) calls `step` once per due tick with what was delivered, and takes
the messages that it returns. Nothing else passes between them: an application has no socket, loop, clock or file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import msgspec

from flightsw.messages.base import Message

M = TypeVar("M", bound=Message)


class Now(msgspec.Struct, frozen=True, gc=False):
    """The tick that is being run."""

    tick: int
    t_ns: int
    """simulated time since the start of the run at the tick's beginning"""
    dt_s: float


class Clock:
    """What a process is told of the time: ticks of the bus, or the cycles of so many that it lives in."""

    def __init__(self, dt_ns: int, cycle_ticks: int = 1) -> None:
        self._dt_ns, self._cycle_ticks = dt_ns, cycle_ticks
        self._dt_s = dt_ns * cycle_ticks / 1e9

    def at(self, tick: int) -> Now:
        """In this tick of the bus, which is one of the process's own."""
        return Now(tick // self._cycle_ticks, tick * self._dt_ns, self._dt_s)


class Inbox:
    """Messages delivered for one tick, in order (tick sent, producer's rank, sequence number)."""

    __slots__ = ("_by_kind", "_items", "last")

    def __init__(
        self, items: Sequence[tuple[Any, ...]] = (), newest: dict[type[Message], Message] | None = None
    ) -> None:
        """`items`: tuples that end in (producer's name, message), in delivery order. `newest`: the last message of each
        type, where the host has them already."""
        self._items = items
        self._by_kind: dict[type[Message], Message] = (
            {type(item[-1]): item[-1] for item in items} if newest is None else newest
        )
        self.last = self._by_kind.get  # type: ignore[method-assign, assignment]  # asked thirty times a tick

    if TYPE_CHECKING:

        def last(self, kind: type[M]) -> M | None:
            """The newest message of this type, or None when none was delivered."""

    def all(self, kind: type[M]) -> list[M]:
        """All messages of this type, in order."""
        if kind not in self._by_kind:
            return []
        return [item[-1] for item in self._items if type(item[-1]) is kind]

    def of(self, kind: type[M]) -> list[tuple[str, M]]:
        """(producer, message) of this type, in order: for topics that several processes have one of."""
        if kind not in self._by_kind:
            return []
        return [(item[-2], item[-1]) for item in self._items if type(item[-1]) is kind]

    def heard(self) -> set[str]:
        """Producers that something came from."""
        return {item[-2] for item in self._items}

    def __iter__(self) -> Iterator[tuple[str, Message]]:
        return ((item[-2], item[-1]) for item in self._items)

    def __len__(self) -> int:
        return len(self._items)


class Application(Protocol):
    """A process of the node, without its process. Built anew at every (re)start; holds its state itself.

    After a restart the first inbox carries the last message of each of the application's critical-data topics.
    """

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """Run one tick; the messages returned go out in this order."""
        ...


@runtime_checkable
class Reconfigurable(Protocol):
    """An application that can go on, with the state it has, under another configuration: what a branch asks of it."""

    def reconfigure(self, config: Any) -> None:
        """Between two ticks. `config` is of the type that the application was built with. Raises ConfigError."""
        ...


@runtime_checkable
class Recalling(Protocol):
    """An application in front of hardware that only its log knows any more: what a replay asks of it."""

    def recall(self, said: Sequence[Message]) -> None:
        """Before `step`: what it said when that tick was flown, its hardware's own words among it."""
        ...
