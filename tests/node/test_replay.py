"""Replay: what changed is found where it first shows, and nothing is green that compared nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from flightsw.apps.thermal import chipcap, law
from flightsw.bus.application import Now
from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError, LogError
from flightsw.messages.base import Message
from flightsw.messages.thermal import HeaterCommand, ThermalStatus
from flightsw.node.appreplay import RAISED, replay_application
from flightsw.node.replay import replay_run
from flightsw.node.rules import read_rules
from tests.node.runs import changing, cut, fly
from tests.record.logs import record, write_log

CAP = "thermal.status.chip_cap_w"


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("replay") / "run"
    fly(run_dir)
    return run_dir


def caps(run_dir: Path) -> list[float]:
    found = [message for _, _, message in LogReader(run_dir).messages(["thermal.status"])]
    return [message.chip_cap_w for message in found if isinstance(message, ThermalStatus)]


def hotter_from(tick: int, now: Now, messages: Sequence[Message], *, by_w: float = 0.25) -> Sequence[Message]:
    """The cap a little higher from this tick on."""
    return [
        msgspec.structs.replace(message, chip_cap_w=message.chip_cap_w + by_w)
        if now.tick >= tick and isinstance(message, ThermalStatus)
        else message
        for message in messages
    ]


def test_the_whole_node_replays_to_the_same_hash(flown: Path) -> None:
    found = replay_run(flown)
    assert found.same
    assert found.complete
    assert (found.ticks, found.replay_hash) == (300, found.log_hash)
    assert found.messages > 3000


def test_a_log_that_grows_meanwhile_is_compared_up_to_where_it_was_read(flown: Path, tmp_path: Path) -> None:
    log, whole = tmp_path / "bus.log", (flown / "bus.log").read_bytes()

    def grow(now: Now, messages: Sequence[Message]) -> Sequence[Message]:
        if now.tick == 10:
            log.write_bytes(whole)
        return messages

    for again in (replay_run, partial(replay_application, name="thermal")):
        log.write_bytes(whole[: len(whole) // 2])
        found = again(tmp_path, build=changing("thermal", grow))
        assert log.read_bytes() == whole
        assert 10 < found.ticks < 300
        assert (found.same, found.complete) == (True, False)
    assert LogReader(tmp_path).header == LogReader(flown).header


def test_a_changed_law_is_reported_at_exactly_its_first_changed_message(
    flown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the limit was commanded at 40 s: a law that weighs it otherwise says something else from a few ticks later on
    original = chipcap.chip_cap

    def other(integral_w: float, chip_c: float | None, limit_c: float, config: object, dt_s: float) -> object:
        cap_w, after = original(integral_w, chip_c, limit_c, config, dt_s)
        return (cap_w + 0.5 if limit_c == 30.0 else cap_w), after

    monkeypatch.setattr(law, "chip_cap", other)
    whole, alone = replay_run(flown), replay_application(flown, "thermal")
    monkeypatch.undo()
    logged = [message for _, _, message in LogReader(flown).messages(["thermal.status"])]
    first = next(tick for tick, one in enumerate(logged) if isinstance(one, ThermalStatus) and one.chip_limit_c == 30.0)
    assert 40 <= first <= 45
    for divergence in (whole.divergence, alone.divergence):
        assert divergence is not None
        assert (divergence.tick, divergence.topic, divergence.field) == (first, "thermal.status", "chip_cap_w")
        assert float(divergence.replayed) == float(divergence.logged) + 0.5
    assert not whole.same
    assert whole.ticks == first + 1
    assert alone.ticks == 300


@pytest.mark.parametrize("tick", [0, 123, 299])
def test_an_application_that_says_something_else_from_some_tick_on_is_found_there(flown: Path, tick: int) -> None:
    build = changing("thermal", partial(hotter_from, tick))
    found = replay_application(flown, "thermal", build=build)
    whole = replay_run(flown, build)
    for divergence in (found.divergence, whole.divergence):
        assert divergence is not None
        assert (divergence.tick, divergence.place) == (tick, CAP)
    status = next(one for one in found.topics if one.topic == "thermal.status")
    assert (status.compared, status.differing) == (300, 300 - tick)
    cap = next(one for one in status.fields if one.field == "chip_cap_w")
    assert cap.worst_absolute == pytest.approx(0.25)


def test_tolerances_and_ignores_overlook_what_they_declare_and_no_more(flown: Path) -> None:
    build = changing("thermal", partial(hotter_from, 100))
    for rules, same in (
        ({"tolerance": [f"{CAP}=0.25"]}, True),
        ({"tolerance": [f"{CAP}=0.2"]}, False),
        ({"tolerance": [f"{CAP}=10%"]}, True),
        ({"ignore": [CAP]}, True),
        ({"ignore": ["thermal.status.chip_c"]}, False),
    ):
        found = replay_application(flown, "thermal", partial(read_rules, whose="thermal", **rules), build=build)
        assert found.same is same, rules


def test_a_message_that_is_missing_or_extra_is_a_difference(flown: Path) -> None:
    def silent(now: Now, messages: Sequence[Message]) -> Sequence[Message]:
        return [one for one in messages if not (now.tick == 150 and isinstance(one, ThermalStatus))]

    def talkative(now: Now, messages: Sequence[Message]) -> Sequence[Message]:
        return [*messages, HeaterCommand(battery_heater_on=False)] if now.tick == 155 else messages

    missing = replay_application(flown, "thermal", build=changing("thermal", silent)).divergence
    extra = replay_application(flown, "thermal", build=changing("thermal", talkative)).divergence
    assert missing is not None
    assert extra is not None
    assert (missing.tick, missing.topic, missing.replayed) == (150, "thermal.status", "nothing")
    assert (extra.tick, extra.topic, extra.logged) == (155, "thermal.heaters", "nothing")


def test_an_application_that_fails_in_its_replay_diverges_there(flown: Path) -> None:
    def failing(now: Now, messages: Sequence[Message]) -> Sequence[Message]:
        return messages if now.tick < 77 else [messages[math.floor(1e6)]]

    found = replay_application(flown, "thermal", build=changing("thermal", failing))
    assert found.divergence is not None
    assert (found.divergence.tick, found.divergence.field) == (77, RAISED)
    assert "IndexError" in found.divergence.replayed
    whole = replay_application(flown, "thermal")
    assert (found.ticks, found.complete, found.log_hash) == (78, True, whole.log_hash)


def test_a_changed_configuration_shows_what_it_does_to_the_outputs(flown: Path) -> None:
    assert len(set(caps(flown))) > 3
    found = replay_application(flown, "thermal", changes={"apps.thermal.gain_w_k": 2.4})
    assert found.divergence is not None
    assert found.divergence.place == CAP
    assert replay_application(flown, "thermal", changes={"apps.thermal.gain_w_k": 0.35}).same


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("apps.power.reserve_soc", "not thermal's: must be apps.thermal.*"),
        ("plant.battery.capacity_ah", "not thermal's"),
        ("apps.thermal.gain", "gain"),
    ],
)
def test_a_changed_configuration_that_is_not_the_applications_is_refused(flown: Path, path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replay_application(flown, "thermal", changes={path: 0.5})


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"ignore": ["thermal.statu.chip_c"]}, "not a topic.field of thermal: topic must be one of thermal.status"),
        ({"ignore": ["power.status.soc"]}, "not a topic.field of thermal"),
        ({"ignore": ["thermal.status.soc"]}, "thermal.status has no 'soc': must be one of chip_cap_w"),
        ({"tolerance": ["thermal.status.soc=1"]}, "has no 'soc'"),
        ({"tolerance": [f"{CAP}"]}, "must be like"),
        ({"tolerance": [f"{CAP}=-1"]}, "must be a number not below 0"),
        ({"tolerance": [f"{CAP}=nan"]}, "must be a number not below 0"),
        ({"tolerance": [f"{CAP}=much"]}, "must be a number not below 0"),
        ({"tolerance": ["thermal.status.battery_heater_on=1"]}, "must be a number's field"),
        ({"tolerance": ["thermal.status.*=1"]}, "must be a number's field"),
    ],
)
def test_a_rule_that_can_apply_to_nothing_is_refused(flown: Path, rules: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace(".", r"\.").replace("(", r"\(")):
        replay_application(flown, "thermal", partial(read_rules, whose="thermal", **rules))


def test_rules_come_from_a_file_too_and_options_win(flown: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(f'ignore = ["event.thermal.*"]\n[tolerance]\n"{CAP}" = 0.1\n"thermal.status.chip_c" = "1%"\n')
    schemas = [one for one in LogReader(flown).header.topics if one.producer == "thermal"]
    rules = read_rules(schemas, "thermal", file=file, tolerance=[f"{CAP}=0.3"])
    assert rules.ignored == {("event.thermal", "*")}
    assert rules.tolerances["thermal.status", "chip_cap_w"].absolute == 0.3
    assert rules.tolerances["thermal.status", "chip_c"].relative == 0.01
    file.write_text("ignored = []\n")
    with pytest.raises(ConfigError, match=r"rules\.toml: ignored: unknown key"):
        read_rules(schemas, "thermal", file=file)


def test_everything_ignored_is_nothing_compared(flown: Path) -> None:
    topics = [one.name for one in LogReader(flown).header.topics if one.producer == "thermal"]
    rules = partial(read_rules, whose="thermal", ignore=[f"{name}.*" for name in topics])
    with pytest.raises(LogError, match="every field of it is ignored: there is nothing to compare"):
        replay_application(flown, "thermal", rules)


def test_a_log_without_a_tick_is_nothing_to_compare(flown: Path, tmp_path: Path) -> None:
    (tmp_path / "bus.log").write_bytes(LogReader(flown).header.encode())
    for replay in (replay_run, partial(replay_application, name="power")):
        with pytest.raises(LogError, match="nothing to compare"):
            replay(tmp_path)


def test_a_log_in_which_nobody_spoke_is_not_the_same(flown: Path, tmp_path: Path) -> None:
    (tmp_path / "bus.log").write_bytes(LogReader(flown).header.encode() + msgspec.msgpack.encode((0, [], [])))
    found = replay_application(tmp_path, "power").divergence
    assert found is not None
    assert (found.tick, found.logged) == (0, "nothing")
    with pytest.raises(LogError, match="1 ticks and no message in it: there is nothing to compare"):
        replay_run(tmp_path)


def test_a_cut_log_replays_to_its_last_whole_tick_and_says_so(flown: Path, tmp_path: Path) -> None:
    run_dir = cut(flown, tmp_path / "cut", 201)
    whole, alone = replay_run(run_dir), replay_application(run_dir, "power")
    assert whole.same
    assert alone.same
    assert (whole.ticks, whole.complete) == (201, False)
    assert (alone.ticks, alone.complete) == (201, False)


def test_a_log_of_another_scenario_format_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path / "run", [record(0, [])])
    with pytest.raises(LogError, match="its scenario doesn't fit this version"):
        replay_run(tmp_path / "run")
