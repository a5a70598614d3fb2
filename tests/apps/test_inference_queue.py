"""Scene queue: bounded, first in first out, and every scene is accounted for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference.account import Account
from flightsw.apps.inference.admission import Outlook
from flightsw.apps.inference.queue import SceneQueue, WorkClass
from flightsw.apps.inference.source import Frame
from flightsw.messages.inference import Refusal

SECOND_NS = 1_000_000_000


def frame(first_scene: int, scenes: int, arrived_s: float = 0.0) -> Frame:
    return Frame(round(arrived_s * SECOND_NS), first_scene, scenes, 0.5, 10.0)


class Queue(SceneQueue):
    """A queue that knows its account."""

    def __init__(self, classes: list[WorkClass], limit: int, **bounds: int) -> None:
        self.account = Account(len(classes), 1)
        super().__init__(classes, limit, self.account, **bounds)

    @property
    def arrived(self) -> int:
        return sum(self.account.arrived)

    @property
    def refused(self) -> int:
        return sum(self.account.refused)

    @property
    def late(self) -> int:
        return sum(self.account.late)

    @property
    def dropped(self) -> int:
        return self.refused + self.late


def queue_of(limit: int, deadline_s: float) -> Queue:
    """Of one source."""
    return Queue([WorkClass(round(deadline_s * SECOND_NS))], limit)


def test_a_batch_is_consecutive_scenes_of_one_frame_in_order_of_arrival():
    queue = queue_of(100, 10.0)
    queue.expect([frame(0, 5), frame(40, 3, 0.5)])
    batches = [queue.take(number, 4, SECOND_NS) for number in range(3)]
    assert [(one.first_scene, one.scenes) for one in batches if one] == [(0, 4), (4, 1), (40, 3)]
    assert queue.take(3, 4, SECOND_NS) is None


def test_an_idle_device_is_given_what_arrives_next_with_its_time_of_arrival():
    queue = queue_of(100, 10.0)
    queue.expect([frame(0, 4, 0.7)])
    batch = queue.take(0, 4, 0)
    assert batch is not None
    assert batch.arrived_ns == 700_000_000


def test_a_full_queue_takes_what_it_has_room_for_and_counts_the_rest():
    queue = queue_of(10, 100.0)
    queue.expect([frame(0, 8), frame(8, 8, 0.1), frame(16, 8, 0.2)])
    queue.settle(SECOND_NS)
    assert (queue.arrived, queue.waiting, queue.refused) == (24, 10, 14)


def test_room_made_before_an_image_arrives_is_there_for_it():
    queue = queue_of(8, 100.0)
    queue.expect([frame(0, 8), frame(8, 8, 0.6)])
    assert queue.take(0, 8, 0) is not None
    assert queue.take(1, 8, 500_000_000) is not None  # the second frame is still to come, and is waited for
    queue.settle(SECOND_NS)
    assert queue.refused == 0


def test_a_scene_is_dropped_the_instant_its_deadline_has_passed_and_not_before():
    queue = queue_of(100, 2.0)
    queue.expect([frame(0, 4)])
    queue.settle(2 * SECOND_NS)
    assert (queue.waiting, queue.late) == (4, 0)
    queue.settle(2 * SECOND_NS + 1)
    assert (queue.waiting, queue.late) == (0, 4)


def test_a_batch_that_was_lost_on_the_device_is_the_next_to_be_taken():
    queue = queue_of(100, 100.0)
    queue.expect([frame(0, 8), frame(50, 4)])
    lost = queue.take(0, 6, 0)
    assert lost is not None
    queue.put_back(lost)
    again = queue.take(0, 6, 0)
    assert again == lost


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), st.integers(1, 12)),
        st.tuples(st.just("take"), st.integers(1, 8)),
        st.tuples(st.just("lose"), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 5)),
    ),
    max_size=80,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, limit=st.integers(1, 30), deadline_s=st.integers(1, 10))
def test_no_scene_is_ever_forgotten_or_counted_twice(steps, limit, deadline_s):
    queue = queue_of(limit, float(deadline_s))
    now_s, offered, taken, batch = 0, 0, 0, None
    for kind, value in steps:
        if kind == "frame":
            queue.expect([frame(offered, value, now_s)])
            offered += value
            queue.settle(now_s * SECOND_NS + 1)
        elif kind == "take":
            batch = queue.take(0, value, now_s * SECOND_NS)
            taken += batch.scenes if batch else 0
        elif kind == "lose" and batch is not None:
            queue.put_back(batch)
            taken -= batch.scenes
            batch = None
        elif kind == "wait":
            now_s += value
            queue.settle(now_s * SECOND_NS)
        assert 0 <= queue.waiting <= limit
        assert queue.arrived == offered == taken + queue.dropped + queue.waiting


def test_the_room_of_a_batch_under_way_is_kept_so_that_nothing_accepted_is_lost_with_the_device():
    queue = queue_of(10, 100.0)
    queue.expect([frame(0, 8)])
    lost = queue.take(0, 8, 0)
    assert lost is not None
    queue.expect([frame(50, 7, 1.0)])
    queue.settle(2 * SECOND_NS)
    assert (queue.waiting, queue.refused) == (2, 5), "eight of ten places are the batch's"
    queue.put_back(lost)
    assert (queue.waiting, queue.refused) == (10, 5)
    assert queue.take(0, 8, 2 * SECOND_NS) == lost


def test_a_batch_that_was_put_back_keeps_no_room_beside_its_own():
    queue = queue_of(10, 100.0)
    queue.expect([frame(0, 6)])
    lost = queue.take(0, 6, 0)
    assert lost is not None
    queue.put_back(lost)
    queue.expect([frame(50, 4, 1.0)])
    queue.settle(2 * SECOND_NS)
    assert (queue.waiting, queue.refused) == (10, 0)


def test_what_arrives_as_a_tick_ends_is_the_next_ones():
    queue = queue_of(100, 10.0)
    queue.expect([frame(0, 5, 1.0)])
    queue.settle(SECOND_NS)
    assert (queue.arrived, queue.waiting) == (0, 0)
    queue.settle(SECOND_NS + 1)
    assert (queue.arrived, queue.waiting) == (5, 5)


def test_the_first_that_waits_tells_since_when():
    queue = queue_of(100, 10.0)
    assert queue.oldest_ns(0) is None
    queue.expect([frame(0, 5, 1.0), frame(5, 5, 1.5)])
    queue.settle(2 * SECOND_NS)
    assert queue.oldest_ns(0) == SECOND_NS


def test_what_arrives_as_the_device_comes_free_finds_the_room_of_its_batch():
    queue = queue_of(10, 10.0)
    queue.expect([frame(0, 10), frame(10, 4, 0.5), frame(14, 4, 1.0)])
    batch = queue.take(0, 10, 0)
    assert batch is not None
    assert batch.arrived_ns == 0
    after = queue.take(1, 10, SECOND_NS)
    assert after is not None
    assert (after.first_scene, queue.refused) == (14, 4), "half a second earlier the batch still held the room"


def test_scenes_that_join_fill_a_batch_to_its_limit_and_no_more():
    queue = Queue([WorkClass(10 * SECOND_NS, joins=True)], 100)
    queue.expect([frame(0, 5), frame(5, 5), frame(10, 5)])
    batches = [queue.take(number, 8, SECOND_NS) for number in range(2)]
    assert [(one.first_scene, one.scenes) for one in batches if one] == [(0, 8), (8, 7)]


def two(priority: int, other: int, **bounds: int) -> Queue:
    """Of two sources, the second with the earlier deadline."""
    return Queue([WorkClass(100 * SECOND_NS, priority), WorkClass(50 * SECOND_NS, other)], 100, **bounds)


def arriving(first_s: float, second_s: float) -> list[Frame]:
    frames = [frame(0, 1, first_s), frame(1000, 1, second_s)._replace(source=1)]
    return sorted(frames)


def test_the_higher_priority_goes_before_the_earlier_deadline_and_of_equal_ones_the_earlier_deadline():
    for priority, other, served in ((1, 2, 0), (2, 2, 1), (2, 1, 1)):
        queue = two(priority, other, ageing_ns=600 * SECOND_NS)
        queue.expect(arriving(0.0, 0.0))
        batch = queue.take(0, 8, SECOND_NS)
        assert batch is not None
        assert batch.source == served, (priority, other)


def test_waiting_raises_by_one_priority_for_each_ageing_time_and_never_above_the_first():
    for waited_s, served in ((9.9, 1), (10.0, 0), (40.0, 0)):
        queue = Queue([WorkClass(100 * SECOND_NS, 2), WorkClass(1000 * SECOND_NS, 1)], 100, ageing_ns=10 * SECOND_NS)
        queue.expect(arriving(0.0, waited_s))
        batch = queue.take(0, 8, round(waited_s * SECOND_NS))
        assert batch is not None
        assert batch.source == served, waited_s
    queue = Queue([WorkClass(100 * SECOND_NS, 2), WorkClass(20 * SECOND_NS, 1)], 100, ageing_ns=10 * SECOND_NS)
    queue.expect(arriving(0.0, 40.0))
    batch = queue.take(0, 8, 40 * SECOND_NS)
    assert batch is not None
    assert batch.source == 1, "as urgent as the first class, and with a later deadline"


def test_of_equal_right_the_source_named_first_is_served():
    queue = Queue([WorkClass(50 * SECOND_NS, 2), WorkClass(50 * SECOND_NS, 2)], 100)
    queue.expect(arriving(0.0, 0.0))
    batch = queue.take(0, 8, SECOND_NS)
    assert batch is not None
    assert batch.source == 0


def test_what_is_refused_is_put_down_to_what_binds_first_and_to_the_queue_where_both_do():
    for quota, reason in ((4, Refusal.QUOTA), (5, Refusal.FULL), (6, Refusal.FULL)):
        queue = Queue([WorkClass(10 * SECOND_NS, quota_scenes=quota)], 5)
        queue.expect([frame(0, 8)])
        queue.settle(1)
        assert queue.account.refused[reason] == queue.refused == 8 - min(quota, 5)


def test_a_full_queue_refuses_as_full_whatever_is_foreseen():
    queue = queue_of(5, 10.0)
    queue.expect([frame(0, 5)])
    queue.settle(1)
    queue.outlook = Outlook(0.0, 0.0, 0.0)
    queue.expect([frame(5, 3, 1.0)])
    queue.settle(2 * SECOND_NS)
    assert queue.account.refused[Refusal.FULL] == 3
    queue.limit([WorkClass(10 * SECOND_NS)], 6)
    queue.expect([frame(8, 3, 2.0)])
    queue.settle(3 * SECOND_NS)
    assert queue.account.refused[Refusal.DEADLINE] == 3, "there is room for one, and no hope"


def test_admission_counts_what_is_served_before_of_higher_and_of_equal_priority():
    kinds = [WorkClass(10 * SECOND_NS, 1), WorkClass(10 * SECOND_NS, 2), WorkClass(10 * SECOND_NS, 3)]
    for source, admitted in ((0, 8), (1, 6), (2, 3)):
        queue = Queue(kinds, 100)
        queue.expect([frame(0, 2), frame(10, 2)._replace(source=1), frame(20, 3)._replace(source=2)])
        queue.settle(1)
        queue.outlook = Outlook(1.0, 1.0, 1.0)  # ten scenes before the deadline
        queue.expect([frame(100, 9, 1.0)._replace(source=source)])
        queue.settle(2 * SECOND_NS)
        assert queue.waiting == 7 + admitted
