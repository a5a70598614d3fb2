"""Two runs: where they part, what differs then, and nothing that only looks compared."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec
import pytest

from flightsw.bus.log import LogWriter, RecordEncoder
from flightsw.errors import ConfigError, LogError
from flightsw.messages.base import Message
from flightsw.messages.health import Mode
from flightsw.node.rules import read_rules
from flightsw.record.diff import INPUTS, diff_runs
from tests.record.logs import header, mode, power, record, truth, write_log

Said = list[tuple[str, Message]]


def said(tick: int, soc: float = 0.5) -> Said:
    return [
        ("truth.plant", truth(soc=soc)),
        ("power.status", power(soc=soc)),
        ("health.mode", mode(Mode.NOMINAL, tick)),
    ]


def run(folder: Path, changed: dict[int, Said] | None = None, ticks: int = 20, *, end: bool = True) -> Path:
    write_log(folder, [record(tick, (changed or {}).get(tick) or said(tick)) for tick in range(ticks)], end=end)
    return folder


def test_the_same_run_twice_is_the_same(tmp_path: Path) -> None:
    found = diff_runs(run(tmp_path / "a"), run(tmp_path / "b"))
    assert found.same
    assert (found.ticks, found.messages, found.more_ticks) == (20, 60, (0, 0))
    assert found.header == []
    assert [one.topic for one in found.topics] == ["truth.plant", "power.status", "health.mode"]


def test_the_first_divergent_tick_message_and_field_are_named_and_topics_summed_up(tmp_path: Path) -> None:
    changed = {
        7: [("truth.plant", truth()), ("power.status", power(soc=0.75)), ("health.mode", mode(Mode.NOMINAL, 7))],
        9: [("truth.plant", truth(soc=0.25)), ("power.status", power(soc=1.0)), ("health.mode", mode(Mode.SAFE, 9))],
        12: said(12)[:2],
    }
    found = diff_runs(run(tmp_path / "a"), run(tmp_path / "b", changed))
    assert not found.same
    assert found.first is not None
    assert (found.first.tick, found.first.place) == (7, "power.status.soc")
    assert (found.first.logged, found.first.replayed) == ("0.5", "0.75")
    topics = {one.topic: one for one in found.topics}
    assert (topics["power.status"].differing, topics["power.status"].first_tick) == (2, 7)
    assert next(one for one in topics["power.status"].fields if one.field == "soc").worst_absolute == 0.5
    assert (topics["truth.plant"].differing, topics["truth.plant"].first_tick) == (1, 9)
    health = topics["health.mode"]
    assert (health.compared, health.differing, health.missing, health.first_tick) == (19, 1, 1, 9)


def test_a_topic_alone_is_compared_where_asked_for(tmp_path: Path) -> None:
    one, other = run(tmp_path / "a"), run(tmp_path / "b", {9: said(9, soc=0.6)})
    assert diff_runs(one, other, ["health.*"]).same
    assert not diff_runs(one, other, ["power.status"]).same
    with pytest.raises(ConfigError, match=r"topic 'nobody\.\*': in neither log"):
        diff_runs(one, other, ["nobody.*"])


def test_declared_tolerances_apply_and_must_fit(tmp_path: Path) -> None:
    one, other = run(tmp_path / "a"), run(tmp_path / "b", {9: said(9, soc=0.75)})
    places = ["truth.plant.soc=0.25", "power.status.soc=50%"]
    assert diff_runs(one, other, rules=partial(read_rules, whose="either run", tolerance=places)).same
    assert not diff_runs(one, other, rules=partial(read_rules, whose="either run", tolerance=places[:1])).same
    with pytest.raises(ConfigError, match=r"not a topic\.field of either run"):
        diff_runs(one, other, rules=partial(read_rules, whose="either run", ignore=["power.soc"]))
    everything = ["truth.plant.*", "power.status.*", "health.mode.*"]
    with pytest.raises(LogError, match="no message to compare"):
        diff_runs(one, other, rules=partial(read_rules, whose="either run", ignore=everything))


def test_a_run_that_is_longer_or_was_cut_is_another_run(tmp_path: Path) -> None:
    found = diff_runs(run(tmp_path / "a"), run(tmp_path / "b", ticks=15, end=False))
    assert not found.same
    assert (found.ticks, found.more_ticks) == (15, (5, 0))
    assert found.first is not None
    assert (found.first.tick, found.first.logged, found.first.replayed) == (15, "5 more ticks", "its end")


def test_a_lost_process_or_a_changed_configuration_is_a_difference_of_what_came_from_outside(tmp_path: Path) -> None:
    records = [record(tick, said(tick), [("lost", "power", 0)] if tick == 4 else []) for tick in range(20)]
    write_log(tmp_path / "b", records)
    found = diff_runs(run(tmp_path / "a"), tmp_path / "b")
    assert not found.same
    assert found.first is None
    assert found.inputs is not None
    assert (found.inputs.tick, found.inputs.topic, found.inputs.logged) == (4, INPUTS, "nothing")


def test_headers_that_differ_are_listed_and_alone_make_no_difference(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    scenario = {"name": "toy", "apps": {"thermal": {"gain_w_k": 2.0}}}
    writer = LogWriter(tmp_path / "b", msgspec.structs.replace(header(seed=2), scenario=scenario))
    for tick in range(20):
        writer.append(RecordEncoder()(record(tick, said(tick))))
    writer.close()
    found = diff_runs(run(tmp_path / "a"), tmp_path / "b")
    assert found.same
    assert {one.field: (one.one, one.other) for one in found.header} == {
        "scenario.apps": (None, {"thermal": {"gain_w_k": 2.0}}),
        "seed": (1, 2),
    }


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    one = run(tmp_path / "a")
    with pytest.raises(LogError, match="not a run folder"):
        diff_runs(one, tmp_path / "nowhere")
    for name, changed, why in (
        ("slow", {"dt_ns": 2 * 10**9}, "they can't be compared"),
        ("strange", {"topics": ()}, "no topic in common"),
        ("empty", {}, "0 ticks in both, no message to compare"),
    ):
        (tmp_path / name).mkdir()
        LogWriter(tmp_path / name, msgspec.structs.replace(header(), **changed)).close()
        with pytest.raises(LogError, match=why):
            diff_runs(one, tmp_path / name)


def test_an_older_runs_topic_is_compared_in_the_fields_that_both_have(tmp_path: Path) -> None:
    topics = header().topics
    place = [topic.name for topic in topics].index("power.status")
    shorter = tuple(
        msgspec.structs.replace(topic, fields=topic.fields[:-1]) if number == place else topic
        for number, topic in enumerate(topics)
    )
    (tmp_path / "b").mkdir()
    writer = LogWriter(tmp_path / "b", msgspec.structs.replace(header(), topics=shorter))
    for tick in range(20):
        values = msgspec.to_builtins(power())[:-1]
        writer.append(msgspec.msgpack.encode((tick, [], [(place, values)])))
    writer.close()
    found = diff_runs(run(tmp_path / "a"), tmp_path / "b", ["power.status"])
    assert found.same
    assert found.messages == 20
    assert any(
        one.field == "topics.power.status.fields.reserve_soc" or "power.status" in one.field for one in found.header
    )
