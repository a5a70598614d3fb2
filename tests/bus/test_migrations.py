"""Old logs: upgraded by declared steps, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from flightsw.bus import logreader
from flightsw.bus.log import HashChain
from flightsw.bus.logreader import LogReader
from flightsw.bus.migrations import (
    CHANGES,
    Change,
    FieldAdded,
    FieldRemoved,
    FieldRenamed,
    FieldWidened,
    Format,
    TopicAdded,
    TopicRemoved,
    TopicRenamed,
    Upgrade,
)
from flightsw.devices.board import BoardConfig
from flightsw.errors import LogError
from flightsw.messages.plant import DeviceReadings
from flightsw.messages.schema import PROTOCOL, FieldSchema, TopicSchema, topic_schemas
from flightsw.node.processes import process_table
from flightsw.node.scenario import load_scenario
from tests.record.logs import TABLE, header
from tests.record.logs import device as device_readings

TODAY = topic_schemas(TABLE)


def topic(name: str, producer: str = "p", **fields: str) -> TopicSchema:
    return TopicSchema(name, producer, "M", None, tuple(FieldSchema(field, kind, "") for field, kind in fields.items()))


def upgraded(payload: tuple[Any, ...], old: TopicSchema, new: TopicSchema, *changes: Change) -> Any:
    plan = Upgrade([topic("other"), old], [new, topic("other")], changes)
    number, told = plan._entry(1, msgspec.Raw(msgspec.msgpack.encode(payload)))
    assert number == 0
    return msgspec.msgpack.decode(told)


@pytest.mark.parametrize(
    ("new", "change", "told"),
    [
        (topic("t", a="int", c="str", b="int"), FieldAdded("t", "c", "new"), [1, "new", 2]),
        (topic("t", b="int"), FieldRemoved("t", "a"), [2]),
        (topic("t", z="int", b="int"), FieldRenamed("t", "a", "z"), [1, 2]),
        (topic("t", a="int | null", b="int"), FieldWidened("t", "a", "int"), [1, 2]),
        (topic("u", a="int", b="int"), TopicRenamed("t", "u"), [1, 2]),
    ],
)
def test_each_kind_of_step_gives_what_todays_version_would_have_written(
    new: TopicSchema, change: Change, told: list[Any]
) -> None:
    old = topic("t", a="int", b="int")
    assert upgraded((1, 2), old, new, change) == told
    with pytest.raises(LogError, match=r"t|u"):
        upgraded((1, 2), old, new)


def test_steps_add_up_and_one_that_was_taken_already_changes_nothing() -> None:
    old, new = topic("t", a="int"), topic("u", y="int", b="int | null")
    steps = (
        FieldAdded("t", "b", None),
        FieldRenamed("t", "a", "x"),
        FieldRenamed("t", "x", "y"),
        TopicRenamed("t", "u"),
    )
    assert upgraded((1,), old, new, *steps) == [1, None]
    assert upgraded((1, 5), new, new, *steps) == [1, 5]


def test_topics_come_and_go_by_declaration_alone() -> None:
    kept, gone, fresh = topic("kept"), topic("gone"), topic("fresh")
    plan = Upgrade([gone, kept], [fresh, kept], (TopicRemoved("gone"), TopicAdded("fresh")))
    assert plan.added == {"fresh"}
    assert sorted(plan.changed) == ["fresh", "gone"]
    for change in ((), (TopicRemoved("gone"),), (TopicAdded("fresh"),)):
        with pytest.raises(LogError):
            Upgrade([gone, kept], [fresh, kept], change)


@pytest.mark.parametrize("new", [topic("t", a="float"), topic("t", producer="q", a="int")])
def test_another_type_or_another_producer_is_refused(new: TopicSchema) -> None:
    with pytest.raises(LogError, match="t"):
        Upgrade([topic("t", a="int")], [new], CHANGES)


def before_radiation() -> tuple[TopicSchema, ...]:
    fields = {"sel", "sefi", "upsets"}
    return tuple(
        msgspec.structs.replace(one, fields=tuple(f for f in one.fields if f.name not in fields))
        if one.name == "hw.device"
        else one
        for one in TODAY
    )


def write_old(run_dir: Path, topics: tuple[TopicSchema, ...]) -> str:
    """A log as the version before radiation wrote it."""
    number = TABLE.number["hw.device"]
    payload = msgspec.to_builtins(device_readings(clock_mhz=612.0))[: len(topics[number].fields)]
    head = msgspec.structs.replace(header(), topics=topics).encode()
    chain = HashChain(head)
    records = [msgspec.msgpack.encode((tick, [], [(number, payload)])) for tick in range(3)]
    for record in records:
        chain.add(record)
    (run_dir / "bus.log").write_bytes(b"".join([head, *records]))
    (run_dir / "manifest.json").write_text('{"flightsw_version": "0.0.7"}')
    return chain.hexdigest()


def test_a_log_from_before_radiation_reads_as_todays_and_keeps_its_hash(tmp_path: Path) -> None:
    log_hash = write_old(tmp_path, before_radiation())
    reader = LogReader(tmp_path)
    found = [message for _, _, message in reader.messages(["hw.device"])]
    assert len(found) == 3
    assert isinstance(found[0], DeviceReadings)
    assert (found[0].clock_mhz, found[0].sel, found[0].sefi, found[0].upsets) == (612.0, False, False, ())
    assert reader.log_hash == log_hash
    assert reader.upgrade is not None
    assert reader.upgrade.changed == ["hw.device"]
    assert reader.upgrade.filled == {("hw.device", name) for name in ("sel", "sefi", "upsets")}
    with pytest.raises(LogError, match=r"written by flightsw 0\.0\.7 with other declarations of hw\.device"):
        reader.check_schema(TABLE)


def test_a_log_that_no_step_explains_is_refused_naming_the_topics_and_the_version(tmp_path: Path) -> None:
    topics = tuple(
        msgspec.structs.replace(one, fields=one.fields[1:]) if one.name in ("power.status", "health.mode") else one
        for one in TODAY
    )
    write_old(tmp_path, topics)
    with pytest.raises(LogError, match=r"flightsw 0\.0\.7 with other declarations of health\.mode, power\.status, and"):
        LogReader(tmp_path).read_as(TABLE)


def test_topics_of_somebody_elses_are_left_as_they_are_where_they_are_not_asked_for(tmp_path: Path) -> None:
    own = topic("mine.status", producer="mine", level="int")
    write_old(tmp_path, (own, *before_radiation()[1:]))  # in the place of one that nothing here is said on
    with pytest.raises(LogError, match=r"mine\.status"):
        LogReader(tmp_path).read_as(TABLE)
    reader = LogReader(tmp_path)
    reader.read_as(TABLE, {"mine.status", TODAY[0].name})
    assert reader.upgrade is not None
    assert reader.upgrade.changed == ["hw.device"]
    assert [one.name for one in reader.schemas] == ["mine.status", *(one.name for one in TODAY[1:])]
    assert sum(len(record.entries) for record in reader.ticks()) == 3


def renumber_inputs(record: list[Any]) -> list[Any]:
    """Format 0 of this test: no inputs in a tick."""
    tick, entries = record
    return [tick, [], entries]


def test_a_format_step_upgrades_header_and_ticks_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = msgspec.to_builtins(header(seed=9)) | {"flightsw_log": 0}
    head["master_seed"] = head.pop("seed")
    payload = msgspec.to_builtins(device_readings(clock_mhz=612.0))
    data = [head, *([tick, [[TABLE.number["hw.device"], payload]]] for tick in range(4))]
    (tmp_path / "bus.log").write_bytes(b"".join(msgspec.msgpack.encode(item) for item in data))
    with pytest.raises(LogError, match=rf"log format 0, written by an unknown version: this version reads {PROTOCOL}"):
        LogReader(tmp_path)

    def header_step(old: dict[str, Any]) -> dict[str, Any]:
        return {"seed" if key == "master_seed" else key: value for key, value in old.items()}

    monkeypatch.setattr(logreader, "FORMATS", {0: Format(header_step, renumber_inputs)})
    reader = LogReader(tmp_path)
    assert (reader.header.seed, reader.header.flightsw_log) == (9, PROTOCOL)
    assert [message.clock_mhz for _, _, message in reader.messages(["hw.device"])] == [612.0] * 4


def test_a_log_of_a_later_format_is_refused_by_its_number(tmp_path: Path) -> None:
    head = msgspec.to_builtins(header()) | {"flightsw_log": PROTOCOL + 1}
    (tmp_path / "bus.log").write_bytes(msgspec.msgpack.encode(head))
    with pytest.raises(LogError, match=f"log format {PROTOCOL + 1}"):
        LogReader(tmp_path)


def test_every_declared_step_names_a_topic_and_field_that_exist() -> None:
    bench = msgspec.structs.replace(load_scenario("cubesat-6u-orin-nano"), board=BoardConfig())
    with_board = process_table(bench).topics
    today = {one.name: {field.name for field in one.fields} for one in topic_schemas(with_board)}
    for change in CHANGES:
        if isinstance(change, FieldAdded | FieldWidened):
            assert change.field in today[change.topic]
        if isinstance(change, FieldAdded):
            kind = with_board[change.topic].kind
            field = next(one for one in msgspec.structs.fields(kind) if one.name == change.field)
            msgspec.convert(change.value, field.type)
