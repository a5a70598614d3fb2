"""Scheduler: classes, ageing, batching, quotas, admission, floods; every scene of every source is accounted for."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference.account import REASONS, Account
from flightsw.apps.inference.admission import Outlook
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.queue import SceneQueue, Serving, WorkClass
from flightsw.apps.inference.source import Frame
from flightsw.apps.inference.sourceconfig import Imaging, Periodic, Tenant
from flightsw.messages.inference import InferenceAccount, InferenceCriticalData, InferenceResult, Refusal
from tests.apps.payload import Payload, balance, of, stretches, through

SECOND_NS = 1_000_000_000
FOREVER_NS = 10**6 * SECOND_NS


def frame(source: int, first_scene: int, scenes: int, arrived_s: float = 0.0) -> Frame:
    return Frame(round(arrived_s * SECOND_NS), first_scene, scenes, 0.5, 10.0, source)


class Bench:
    """A queue, its account, and a device that takes batches whenever it is asked to."""

    def __init__(self, *classes: WorkClass, limit: int = 10**6, **bounds: int) -> None:
        self.account = Account(len(classes), 1)
        self.queue = SceneQueue(classes, limit, self.account, **bounds)

    def taken(self, at_s: float, limit: int = 4, end_s: float = 1e6) -> tuple[int, int, int] | None:
        """(source, first scene, scenes) of the next batch."""
        batch = self.queue.take(0, limit, round(at_s * SECOND_NS), round(end_s * SECOND_NS))
        return None if batch is None else (batch.source, batch.first_scene, batch.scenes)


def test_the_highest_priority_is_served_first_and_of_equal_ones_the_earliest_deadline():
    bench = Bench(WorkClass(100 * SECOND_NS, 3), WorkClass(900 * SECOND_NS, 1), WorkClass(50 * SECOND_NS, 3), limit=100)
    bench.queue.expect([frame(0, 0, 4), frame(1, 10, 4), frame(2, 20, 4)])
    assert [bench.taken(1.0) for _ in range(4)] == [(1, 10, 4), (2, 20, 4), (0, 0, 4), None]


def test_what_has_waited_long_enough_is_served_before_what_is_more_urgent_and_newer():
    bench = Bench(WorkClass(FOREVER_NS, 4), WorkClass(FOREVER_NS // 2, 1), ageing_ns=10 * SECOND_NS)
    bench.queue.expect([frame(0, 0, 4), frame(1, 10, 4, 29.0)])
    assert bench.taken(29.5) == (1, 10, 4), "priority 2 by now, against 1"
    bench.queue.expect([frame(1, 20, 4, 31.0), frame(1, 30, 4, 31.0)])
    bench = Bench(WorkClass(FOREVER_NS // 4, 4), WorkClass(FOREVER_NS, 1), ageing_ns=10 * SECOND_NS)
    bench.queue.expect([frame(0, 0, 4), frame(1, 10, 4, 31.0)])
    assert bench.taken(31.5) == (0, 0, 4), "three steps up: as urgent as the other, with the earlier deadline"


def test_requests_join_into_batches_and_images_do_not():
    requests = [frame(0, 0, 1, 0.1), frame(0, 1, 1, 0.2), frame(0, 2, 2, 0.3), frame(0, 9, 1, 0.4)]
    bench = Bench(WorkClass(FOREVER_NS, joins=True))
    bench.queue.expect(requests)
    assert [bench.taken(1.0, 8), bench.taken(1.0, 8)] == [(0, 0, 4), (0, 9, 1)], "as far as their numbers go on"
    bench = Bench(WorkClass(FOREVER_NS))
    bench.queue.expect(requests)
    assert bench.taken(1.0, 8) == (0, 0, 1)


def test_a_batch_is_waited_for_until_it_is_full_or_its_first_scene_has_waited_long_enough():
    bench = Bench(WorkClass(FOREVER_NS, joins=True), batching_ns=2 * SECOND_NS)
    bench.queue.expect([frame(0, 0, 1, 0.5), frame(0, 1, 1, 0.9)])
    assert bench.taken(0.0, 4, end_s=1.0) is None, "not full, and the tick is over before it has waited"
    bench.queue.expect([frame(0, 2, 2, 1.25)])
    batch = bench.queue.take(0, 4, SECOND_NS, 2 * SECOND_NS)
    assert batch is not None
    assert (batch.scenes, batch.arrived_ns, batch.queued_since_ns) == (4, 1_250_000_000, 500_000_000)
    bench.queue.expect([frame(0, 4, 1, 2.0)])
    late = bench.queue.take(1, 4, 2 * SECOND_NS, 9 * SECOND_NS)
    assert late is not None
    assert (late.scenes, late.arrived_ns) == (1, 4 * SECOND_NS), "two seconds after its arrival"


def test_a_tenant_has_no_more_of_the_queue_than_its_quota():
    bench = Bench(WorkClass(FOREVER_NS, quota_scenes=10), WorkClass(FOREVER_NS), limit=100)
    bench.queue.expect([frame(0, 0, 8), frame(0, 8, 8), frame(1, 20, 30)])
    bench.queue.settle(SECOND_NS)
    assert bench.queue.waiting_by == [10, 30]
    assert bench.account.refused[Refusal.QUOTA] == 6
    assert sum(bench.account.refused) == 6


@pytest.mark.parametrize(
    ("outlook", "reason", "let_in"),
    [
        (Outlook(1.0, 9.0, 9.0), Refusal.DEADLINE, 10),
        (Outlook(9.0, 0.5, 9.0), Refusal.ENERGY, 5),
        (Outlook(9.0, 9.0, 0.2), Refusal.THERMAL, 2),
        (Outlook(9.0, 9.0, 9.0), None, 40),
    ],
)
def test_what_can_not_be_served_in_time_is_refused_at_once_with_what_binds(outlook, reason, let_in):
    bench = Bench(WorkClass(10 * SECOND_NS))
    bench.queue.outlook = outlook
    bench.queue.expect([frame(0, 0, 40)])
    bench.queue.settle(SECOND_NS)
    assert bench.queue.waiting == let_in
    assert [place for place, scenes in enumerate(bench.account.refused) if scenes] == [
        place for place in (reason,) if place is not None
    ]


def test_admission_counts_what_is_served_before_and_not_what_is_served_after():
    bench = Bench(WorkClass(10 * SECOND_NS, 2), WorkClass(10 * SECOND_NS, 1), WorkClass(1000 * SECOND_NS, 4))
    bench.queue.outlook = Outlook(1.0, 9.0, 9.0)
    bench.queue.expect([frame(2, 100, 500), frame(1, 0, 4), frame(0, 50, 40)])
    bench.queue.settle(SECOND_NS)
    assert bench.queue.waiting_by == [6, 4, 500], "ten in ten seconds, four of them taken by the more urgent"


def test_what_can_not_be_finished_in_time_any_more_is_not_begun():
    bench = Bench(WorkClass(10 * SECOND_NS))
    bench.queue.serving = [Serving(0, 1.0, 3 * SECOND_NS)]
    bench.queue.expect([frame(0, 0, 4)])
    assert bench.taken(7.0) == (0, 0, 4)
    bench.queue.expect([frame(0, 4, 4, 8.0)])
    assert bench.taken(15.5) is None
    assert bench.account.late == [4]


def test_a_queue_flooded_a_hundredfold_refuses_by_reason_loses_nothing_accepted_and_does_not_grow():
    limit = 1000
    bench = Bench(WorkClass(FOREVER_NS, 4), WorkClass(FOREVER_NS, 1, quota_scenes=100), limit=limit)
    done, number = [0, 0], 0

    def size() -> int:
        return sum(sys.getsizeof(frames) for frames in bench.queue._frames)

    for second in range(100):
        bench.queue.expect(frame(tick % 2, 2000 * second + 10 * tick, 10, second) for tick in range(100 * 2))
        bench.queue.settle((second + 1) * SECOND_NS)
        before = bench.queue.waiting
        batch = bench.queue.take(number, 20, (second + 1) * SECOND_NS)
        assert batch is not None
        assert bench.queue.waiting == before - batch.scenes
        if second % 7 == 3:
            bench.queue.put_back(batch)
            assert bench.queue.waiting == before, "nothing accepted is lost with the device"
        else:
            done[batch.source] += batch.scenes
            number += 1
        assert bench.queue.waiting + bench.queue.reserved <= limit
        assert size() < 20_000, "as many frames as the limit holds, whatever arrives"
    account = bench.account
    for source in (0, 1):
        assert account.arrived[source] == 100_000
        assert account.arrived[source] == done[source] + account.refused_of(source) + bench.queue.waiting_by[source]
    assert account.refused[Refusal.FULL] > 90_000
    assert account.refused[REASONS + Refusal.QUOTA] > 500


SOURCES = (
    Imaging(name="imaging", scenes=9),
    Tenant(name="alerts", priority=1, deadline_s=6.0, rate_per_s=0.6, scenes=2),
    Periodic(name="job", priority=2, period_s=7.0, scenes=11, quota_scenes=15),
)


@settings(max_examples=25, deadline=None)
@given(
    ticks=stretches(2, 20),
    limit=st.integers(8, 60),
    admission=st.booleans(),
)
def test_every_scene_of_every_source_is_accounted_for_whatever_happens_to_mode_caps_and_board(ticks, limit, admission):
    config = InferenceConfig(
        sources=SOURCES, batch_scenes=4, queue_scenes=limit, deadline_s=8.0, execute="none", admission=admission
    )
    payload = Payload(config)
    for _ in through(payload, ticks):
        assert balance(payload.status) == 0
        assert payload.status.queue_items <= limit
    while payload.tick % 10:
        payload.step()
    told = of(payload.sent, InferenceAccount)[-1]
    for source in range(len(SOURCES)):
        refused = sum(told.refused[source * REASONS : (source + 1) * REASONS])
        assert told.arrived[source] == (
            told.done[source]
            + refused
            + told.late[source]
            + told.lost[source]
            + told.waiting[source]
            + told.in_flight[source]
        )
    assert sum(told.arrived) == payload.status.items_arrived


def test_value_is_quality_times_weight_of_what_is_done_in_time():
    payload = Payload(InferenceConfig(sources=SOURCES, batch_scenes=4, execute="none"))
    payload.run(60)
    results = of(payload.sent, InferenceResult)
    quality = 0.9464
    assert {one.source for one in results} == {0, 1, 2}
    weights = {0: 1.0, 1: 8.0, 2: 4.0}
    for one in results:
        assert one.value == pytest.approx(one.scenes * quality * weights[one.source])
    assert payload.status.value == pytest.approx(sum(one.value for one in results))


def test_counts_by_source_survive_a_restart_and_what_was_in_memory_is_lost_by_source():
    config = InferenceConfig(sources=SOURCES, batch_scenes=4, execute="none")
    before = Payload(config)
    before.run(40)
    told, stored = of(before.sent, InferenceAccount)[-1], of(before.sent, InferenceCriticalData)[-1]
    assert told.done[1] > 0
    assert sum(told.waiting) > 0
    after = Payload(config, tick=49)
    after.hear([("inference", stored)])
    again = of(after.sent, InferenceAccount)[-1]
    assert again.done == told.done
    assert again.value == told.value
    assert again.variant_items == told.variant_items
    lost = [waiting + flying for waiting, flying in zip(told.waiting, told.in_flight, strict=True)]
    arrived_since = [now - then for now, then in zip(again.arrived, told.arrived, strict=True)]
    refused_since = sum(again.refused) - sum(told.refused)
    assert again.lost == tuple(lost)
    assert sum(arrived_since) == refused_since, "requests come while the node's mode is not known yet, and are refused"
