"""Who of the table is there: losses by death, by order and by watchdog, and when each one comes back.

Restart requests are taken from the tick before, in their order; a watchdog bites who has said nothing for too long.
Both are losses in the tick that begins. Asked by the Exchange; the host ends and starts the processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flightsw.bus import restarts
from flightsw.bus.seats import Entry, Seat
from flightsw.bus.table import Role
from flightsw.messages.base import Message
from flightsw.messages.health import RestartRequest


class Attendance:
    """Of all seats. `of_entry` reads a restart request; without it none is obeyed."""

    def __init__(self, seats: Sequence[Seat], of_entry: Callable[[Entry], Message] | None) -> None:
        self._seats = seats
        self._by_name = {seat.name: seat for seat in seats}
        self._of_entry = of_entry
        self._guarded = [seat for seat in seats if seat.row.watchdog_ticks is not None]
        self._bitten: list[Seat] = []
        """silent for too long: lost at the next tick"""
        self.orders: list[Entry] = []
        """restart requests of the last tick"""
        self.somebody_is_away = False
        """lost, or lost in the tick before and back"""
        self.restarted: tuple[str, ...] = ()
        """lost by order, or by the watchdog, as the tick under way began: the host ends them"""

    @property
    def is_settled(self) -> bool:
        """Nobody will be lost by order or watchdog as the next tick begins."""
        return not self.orders and not self._bitten

    def lose(self, seat: Seat, tick: int) -> None:
        """It is gone. It comes back as `restarts` says."""
        self.somebody_is_away = seat.lost_now = True
        seat.owes_tick = None
        seat.losses = restarts.recent(seat.losses, tick)
        back_tick = restarts.rejoin_tick(seat.losses, seat.row.restart_ticks, essential=seat.row.essential)
        seat.rejoin_tick = seat.next_own(back_tick)

    def begin(self, tick: int) -> Sequence[Seat]:
        """Carry out what the last tick ordered, and let those back who are due; the latter."""
        if self.orders or self._bitten or self.restarted:
            self._obey(tick)
        if not self.somebody_is_away:
            return ()
        back = [seat for seat in self._seats if seat.rejoin_tick == tick]
        for seat in back:
            seat.rejoin(tick)
        self.somebody_is_away = any(seat.rejoin_tick is not None for seat in self._seats)
        return back

    def _obey(self, tick: int) -> None:
        """Restart requests in order. One for a process that isn't a flight application is void."""
        orders, self.orders, done = self.orders, [], []
        for entry in orders:
            request = None if self._of_entry is None else self._of_entry(entry)
            seat = self._by_name.get(request.process) if isinstance(request, RestartRequest) else None
            if request is None or seat is None or seat.row.role is not Role.FLIGHT:
                continue
            assert isinstance(request, RestartRequest)
            if request.fresh:
                seat.losses = ()
            if seat.rejoin_tick is None:
                self.lose(seat, tick)
                done.append(seat.name)
            elif request.fresh:
                seat.rejoin_tick = min(seat.rejoin_tick, seat.next_own(tick + seat.row.restart_ticks))
        for seat in self._bitten:
            if seat.rejoin_tick is None:
                self.lose(seat, tick)
                done.append(seat.name)
        self._bitten = []
        self.restarted = tuple(done)

    def lost_now(self) -> list[Seat]:
        """Who was lost in the tick that closes: told once."""
        lost = [seat for seat in self._seats if seat.lost_now]
        for seat in lost:
            seat.lost_now = False
        return lost

    def watch(self, tick: int, said: Mapping[str, tuple[tuple[int, ...], Any]]) -> None:
        """Note who of the guarded spoke in this tick; `said`: (topics, entries) by process."""
        for seat in self._guarded:
            if seat.name in said and said[seat.name][0]:
                seat.fed_tick = tick
                continue
            limit = seat.row.watchdog_ticks
            if limit is not None and seat.rejoin_tick is None and tick - seat.fed_tick >= limit:
                self._bitten.append(seat)
