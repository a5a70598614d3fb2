"""Messages meet by topic within a tick, fields by name; what isn't declared not to count, counts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.bus.compare import ORDER, Comparison, Rules, Tolerance
from flightsw.messages.schema import FieldSchema, TopicSchema


def topic(name: str, /, **fields: str) -> TopicSchema:
    return TopicSchema(name, "p", "M", None, tuple(FieldSchema(field, kind, "") for field, kind in fields.items()))


STATUS = topic("a.status", level_w="float", on="bool", mode="enum(OFF=0, ON=1)", node_c="float[]")
EVENT = topic("a.event", name="str")
TOPICS = (STATUS, EVENT)


def status(level_w: float = 1.0, on: bool = True, mode: int = 0, node_c: tuple[float, ...] = (1.0, 2.0)) -> Any:
    return 0, msgspec.msgpack.encode((level_w, on, mode, node_c))


def event(name: str) -> Any:
    return 1, msgspec.msgpack.encode((name,))


def compared(left: list[Any], right: list[Any], rules: Rules | None = None, tick: int = 7) -> Comparison:
    comparison = Comparison(TOPICS, TOPICS, rules or Rules())
    comparison.add(tick, left, right)
    return comparison


def test_the_same_messages_are_the_same_and_are_counted() -> None:
    found = compared([status(), event("x"), event("y")], [status(), event("x"), event("y")])
    assert found.same
    assert found.compared == 3
    assert [tally.compared for tally in found.topics] == [1, 2]


@pytest.mark.parametrize(
    ("other", "place", "logged", "replayed"),
    [
        (status(level_w=1.5), "a.status.level_w", "1.0", "1.5"),
        (status(on=False), "a.status.on", "True", "False"),
        (status(mode=1), "a.status.mode", "'OFF'", "'ON'"),
        (status(node_c=(1.0, 2.5)), "a.status.node_c[1]", "2.0", "2.5"),
        (status(node_c=(1.0,)), "a.status.node_c", "[1.0, 2.0]", "[1.0]"),
        (status(level_w=-0.0), "a.status.level_w", "0.0", "-0.0"),
        ((0, msgspec.msgpack.encode((1, True, 0, (1.0, 2.0)))), "a.status.level_w", "1.0", "1"),
    ],
)
def test_a_difference_names_tick_topic_field_and_both_values(
    other: Any, place: str, logged: str, replayed: str
) -> None:
    left = status(level_w=0.0) if logged == "0.0" else status()
    found = compared([left], [other])
    assert found.first is not None
    assert (found.first.tick, found.first.place) == (7, place)
    assert (found.first.logged, found.first.replayed) == (logged, replayed)


def test_a_missing_and_an_extra_message_are_differences_even_when_their_fields_are_ignored() -> None:
    rules = Rules(ignored=frozenset({("a.event", "*")}))
    missing = compared([event("x"), event("y")], [event("x")], rules)
    extra = compared([status()], [event("x"), status()], rules)
    assert missing.first is not None
    assert (missing.topics[1].missing, missing.first.replayed) == (1, "nothing")
    assert extra.first is not None
    assert (extra.topics[1].extra, extra.first.logged) == (1, "nothing")


def test_the_first_difference_is_the_first_in_the_order_of_the_tick() -> None:
    found = compared([status(), event("x")], [event("early"), status(), event("x")])
    assert found.first is not None
    assert found.first.place == "a.event.name"
    found = compared([event("x"), status()], [event("x"), status(on=False), event("late")])
    assert found.first is not None
    assert found.first.place == "a.status.on"


def test_the_same_messages_in_another_order_are_a_difference_of_their_own() -> None:
    found = compared([status(), event("x")], [event("x"), status()])
    assert found.first is not None
    assert found.first.field == ORDER
    assert found.reordered == 1
    assert all(tally.differing == 0 for tally in found.topics)


@pytest.mark.parametrize(
    ("tolerance", "same"),
    [
        (Tolerance(absolute=0.5), True),
        (Tolerance(absolute=0.49), False),
        (Tolerance(relative=0.25), True),
        (Tolerance(relative=0.24), False),
    ],
)
def test_a_tolerance_is_absolute_or_a_share_of_the_logged_value_and_the_worst_is_told_all_the_same(
    tolerance: Tolerance, same: bool
) -> None:
    found = compared([status(2.0)], [status(2.5)], Rules(tolerances={("a.status", "level_w"): tolerance}))
    assert found.same is same
    level = found.topics[0].fields[0]
    assert (level.worst_absolute, level.worst_relative) == (0.5, 0.25)
    assert level.differing == (0 if same else 1)


def test_a_tolerance_doesnt_excuse_a_value_that_is_gone() -> None:
    nothing = (0, msgspec.msgpack.encode((None, True, 0, (1.0, 2.0))))
    rules = Rules(tolerances={("a.status", "level_w"): Tolerance(absolute=1e9)})
    assert not compared([status()], [nothing], rules).same


def test_an_ignored_field_doesnt_count_and_the_others_do() -> None:
    rules = Rules(ignored=frozenset({("a.status", "level_w")}))
    assert compared([status(1.0)], [status(2.0)], rules).same
    assert not compared([status(1.0)], [status(2.0, on=False)], rules).same


def test_messages_with_every_field_ignored_were_not_compared() -> None:
    rules = Rules(ignored=frozenset({("a.status", "*"), ("a.event", "name")}))
    assert compared([status(), event("x")], [status(2.0), event("y")], rules).compared == 0


def test_fields_meet_by_name_in_declarations_that_differ() -> None:
    other = topic("a.status", node_c="float[]", extra="int", mode="enum(IDLE=0, OFF=3)", level_w="float")
    comparison = Comparison(TOPICS, (EVENT, other))
    comparison.add(0, [status()], [(1, msgspec.msgpack.encode(((1.0, 2.0), 9, 3, 1.0)))])
    assert comparison.same
    assert comparison.compared == 1
    assert [field.field for field in comparison.topics[0].fields] == ["level_w", "mode", "node_c"]


@given(st.lists(st.sampled_from([status(), status(2.0), event("x"), event("y")]), max_size=6), st.data())
def test_any_change_of_a_tick_is_found(messages: list[Any], data: st.DataObject) -> None:
    other = data.draw(st.permutations(messages)) if data.draw(st.booleans()) else messages[1:]
    assert compared(messages, list(other)).same is (list(other) == messages)
