"""Store and forward: bounded, housekeeping first, oldest first, every product accounted for."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.comms.config import CommsConfig
from flightsw.apps.comms.store import Sent, Store, product_bytes
from flightsw.messages.inference import InferenceResult

CONFIG = CommsConfig(clear_scene_bytes=1000, cloudy_scene_bytes=10, cloudy_above=0.7)


def result(cloud_fraction: tuple[float, ...] | None, scenes: int = 3) -> InferenceResult:
    return InferenceResult(0, "m", 0, scenes, 0.5, 10.0, 1, 0, 1, 0.0, cloud_fraction, None, 0, 0, 0.0)


def test_scenes_in_which_something_was_found_ship_whole_and_others_a_thumbnail():
    told = msgspec.structs.replace(result(None), detections=(0, 2, 0))
    assert product_bytes(told, CONFIG) == 10 + 1000 + 10


def test_cloudy_scenes_ship_a_thumbnail_and_clear_ones_the_whole():
    assert product_bytes(result((0.0, 0.7, 0.701)), CONFIG) == 1000 + 1000 + 10
    assert product_bytes(result((1.0, 1.0, 1.0)), CONFIG) == 30


def test_scenes_that_nobody_looked_at_are_shipped_whole():
    assert product_bytes(result(None), CONFIG) == 3000


def test_housekeeping_goes_first_then_products_oldest_first():
    store = Store(10_000)
    store.add_housekeeping(100)
    for batch in range(3):
        store.add_product(batch, 400)
    assert store.send(300, products=True) == Sent(100, 200, 0, None)
    assert store.send(700, products=True) == Sent(0, 700, 2, 1)
    assert store.send(700, products=True) == Sent(0, 300, 1, 2)
    assert store.waiting_bytes == 0


def test_without_products_only_housekeeping_goes():
    store = Store(10_000)
    store.add_housekeeping(100)
    store.add_product(0, 400)
    assert store.send(1000, products=False) == Sent(100, 0, 0, None)
    assert store.product_bytes == 400


def test_a_product_without_room_is_dropped_whole_and_counted():
    store = Store(1000)
    assert store.add_product(0, 900)
    assert not store.add_product(1, 200)
    assert (store.dropped, store.full, store.products) == (1, True, 1)
    assert store.add_product(2, 100)
    store.send(500, products=True)
    assert store.full is False


def test_a_store_that_refused_a_product_is_full_until_a_tenth_of_it_is_free():
    store = Store(1000)
    assert store.add_product(0, 1000)
    assert not store.full, "nothing was refused"
    store.add_product(1, 1)
    for sent_bytes, full in ((1, True), (98, True), (1, False)):
        store.send(sent_bytes, products=True)
        assert store.full is full, store.waiting_bytes
    assert store.waiting_bytes == 900


def test_the_last_byte_of_a_tick_is_used_and_none_beyond():
    store = Store(1000)
    store.add_housekeeping(9)
    store.add_product(0, 2)
    store.add_product(1, 0)
    assert store.send(10, products=True) == Sent(9, 1, 0, None)
    assert store.send(0, products=True) == Sent(0, 0, 0, None)
    assert store.send(1, products=True) == Sent(0, 1, 1, 0)
    assert store.send(100, products=False) == Sent(0, 0, 0, None), "not even a product of no size"
    assert store.send(1, products=True) == Sent(0, 0, 1, 1)


def test_a_gap_in_the_numbering_counts_as_dropped():
    store = Store(10_000)
    store.add_product(1, 10)
    store.add_product(4, 10)
    assert store.dropped == 3


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("product"), st.integers(0, 500)),
            st.tuples(st.just("skip"), st.integers(1, 3)),
            st.tuples(st.just("housekeeping"), st.integers(0, 300)),
            st.tuples(st.just("send"), st.integers(0, 700)),
        ),
        max_size=80,
    ),
    limit=st.integers(1, 2000),
)
def test_the_store_is_bounded_and_forgets_neither_a_product_nor_a_byte(steps, limit):
    store, number, kept_bytes, sent_bytes, sent_products = Store(limit), 0, 0, 0, 0
    for kind, value in steps:
        if kind == "product":
            kept_bytes += value if store.add_product(number, value) else 0
            number += 1
        elif kind == "skip":
            number += value
        elif kind == "housekeeping":
            store.add_housekeeping(value)
        else:
            sent = store.send(value, products=True)
            assert sent.housekeeping_bytes + sent.product_bytes <= value
            sent_bytes += sent.product_bytes
            sent_products += sent.products
        assert 0 <= store.waiting_bytes <= limit
        assert kept_bytes == sent_bytes + store.product_bytes
        assert store.next_batch == sent_products + store.dropped + store.products
