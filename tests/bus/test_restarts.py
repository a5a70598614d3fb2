"""Back-off, lock-out and restarts by order: the rule alone, and as the Exchange keeps it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.bus.rebuild import replay
from flightsw.bus.records import LOST, REJOIN, TickRecord
from flightsw.bus.restarts import FOR_GOOD, LOCKOUT_TICKS, MOST_RESTARTS, WINDOW_TICKS, recent, rejoin_tick
from flightsw.bus.table import ProcessRow, ProcessTable
from flightsw.messages.health import BusEvent, BusEventKind, RestartRequest
from flightsw.messages.topics import TopicTable
from tests.bus.test_exchange import Bench
from tests.bus.toys import TOPICS, toy_table


def essential_table() -> ProcessTable:
    """The toy node, whose echo keeps it alive."""
    rows = [
        ProcessRow(row.name, row.rank, row.role, row.subscribes, restart_ticks=3, essential=row.name == "echo")
        for row in toy_table().rows
    ]
    return ProcessTable(rows, TopicTable(TOPICS))


def test_each_loss_in_the_window_doubles_the_wait_and_one_too_many_locks_out() -> None:
    losses: tuple[int, ...] = ()
    waits = []
    for tick in range(0, 600, 100):
        losses = recent(losses, tick)
        waits.append(rejoin_tick(losses, 10, essential=False) - tick)
    assert waits[:5] == [10, 20, 40, 80, 160]
    assert waits[5] > 10**12
    assert rejoin_tick(losses, 10, essential=True) == 500 + LOCKOUT_TICKS


@given(st.lists(st.integers(1, 5000), max_size=30), st.integers(1, 100), st.booleans())
def test_a_loss_is_followed_by_a_later_rejoin_and_old_losses_are_forgotten(
    gaps: list[int], restart_ticks: int, essential: bool
) -> None:
    losses: tuple[int, ...] = ()
    tick = 0
    for gap in gaps:
        tick += gap
        losses = recent(losses, tick)
        back = rejoin_tick(losses, restart_ticks, essential=essential)
        assert back >= tick + restart_ticks
        assert all(tick - lost < WINDOW_TICKS for lost in losses)
        assert (back == FOR_GOOD) is (len(losses) > MOST_RESTARTS and not essential)


def test_a_guarded_process_that_falls_silent_is_bitten_by_the_watchdog_and_replays() -> None:
    rows = [
        ProcessRow(row.name, row.rank, row.role, row.subscribes, restart_ticks=3, watchdog_ticks=guarded)
        for row in toy_table().rows
        for guarded in [5 if row.name == "echo" else None]
    ]
    table = ProcessTable(rows, TopicTable(TOPICS))
    bench, twin = Bench(table), Bench(table).exchange
    records = [bench.tick(mute="echo" if tick >= 10 and tick != 14 else None) for tick in range(21)]
    losses = [(record.tick, item[0]) for record in records for item in record.inputs]
    assert losses == [(20, LOST)], "silent from 15 to 19"
    records += [bench.tick() for _ in range(8)]
    assert [item[0] for record in records for item in record.inputs] == [LOST, REJOIN]
    for record in records:
        replay(twin, record)
    assert twin.incarnation("echo") == 1


def told(bench: Bench) -> list[BusEventKind]:
    return [message.kind for _, _, message in bench.seen if isinstance(message, BusEvent)]


def test_a_restart_by_order_is_a_loss_at_the_next_tick_and_replays() -> None:
    bench, twin = Bench(toy_table()), Bench(toy_table()).exchange
    records: list[TickRecord] = []
    for tick in range(12):
        order = RestartRequest("echo", "silent", False) if tick == 4 else None
        records.append(bench.tick(restart=order))
    assert [record.inputs for record in records if record.inputs] == [((LOST, "echo", 0),), ((REJOIN, "echo", 1),)]
    assert [record.tick for record in records if record.inputs] == [5, 8]
    assert told(bench) == [BusEventKind.APP_LOST, BusEventKind.REJOIN]
    for record in records:
        replay(twin, record)
    assert twin.incarnation("echo") == 1
    assert not twin.absent()


def test_an_order_for_infrastructure_or_for_nobody_changes_nothing() -> None:
    bench = Bench(toy_table())
    for name in ("counter", "nobody", "bus"):
        bench.tick(restart=RestartRequest(name, "no", True))
    assert all(not bench.tick().inputs for _ in range(3))


@pytest.mark.parametrize("essential", [False, True])
def test_a_crash_loop_is_locked_out_and_only_who_keeps_the_node_alive_is_tried_again(essential: bool) -> None:
    bench = Bench(essential_table() if essential else toy_table())
    lost = 0
    for _ in range(200):
        present = "echo" not in bench.exchange.absent()
        lost += present
        bench.tick(lose="echo" if present else None)
    assert lost == MOST_RESTARTS + 1
    bench.tick()
    assert told(bench).count(BusEventKind.LOCKED_OUT) == 1
    assert bench.exchange.absent()["echo"] == pytest.approx(740 if essential else FOR_GOOD, abs=10)


def test_ground_brings_a_locked_out_process_back_with_its_losses_forgotten() -> None:
    bench = Bench(toy_table())
    for _ in range(120):
        bench.tick(lose=None if "echo" in bench.exchange.absent() else "echo")
    assert bench.exchange.absent()["echo"] == FOR_GOOD
    bench.tick(restart=RestartRequest("echo", "by itself", False))
    bench.tick()
    assert bench.exchange.absent()["echo"] == FOR_GOOD, "only ground's word ends a lock-out"
    bench.tick(restart=RestartRequest("echo", "commanded", True))
    for _ in range(4):
        bench.tick()
    assert not bench.exchange.absent()
    bench.tick(lose="echo")
    assert bench.exchange.absent()["echo"] - bench.exchange.tick == 2, "the first back-off again"
