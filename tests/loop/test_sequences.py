"""Sequences, tables and on-board time in the whole node: by file, command, time and event; lost owners; clock jumps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.comms import CommsStatus, FrameTime, TcRequest, TcStage, TcVerification
from flightsw.messages.health import Event
from flightsw.messages.sequences import SequenceStatus
from flightsw.messages.tables import TableReport
from flightsw.messages.time import TimeStatus, TimeSync
from flightsw.node.inprocess import InProcessNode, Recorder
from flightsw.node.replay import replay_application, replay_run
from flightsw.node.scenario import Scenario, load_scenario
from flightsw.plant.process import PlantProcess
from tests.loop.runs import fly

SHIPPED = Path(__file__).parents[2] / "flightsw/scenarios/cubesat-6u-orin-nano.toml"
DRILL = """name = "drill"
kind = "relative"

[[steps]]
at = "0s"
command = "infer.set_payload"
args = { on = false }

[[steps]]
at = "60s"
command = "infer.set_payload"
args = { on = true }
"""
PLAN = """name = "plan"
kind = "absolute"
start = "boot"

[[steps]]
at = "2026-01-03T10:03:20Z"
command = "power.set_reserve"
args = { soc = 0.41 }

[[steps]]
at = "2026-01-03T10:05:00Z"
command = "power.set_reserve"
args = { soc = 0.42 }
"""
USES = """
[[sequences]]
file = "drill.seq.toml"

[[sequences]]
file = "plan.seq.toml"

[[sequence_triggers]]
app = "health"
event = "mode.changed"
args = { after = "SAFE" }
sequence = "drill"
"""
COMMANDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("100s", "sequence.start", {"name": "drill"}),
    ("120s", "table.load", {"app": "thermal", "path": "chip_limit_c", "value": 60}),
    ("121s", "table.validate", {"app": "thermal"}),
    ("122s", "table.activate", {"app": "thermal"}),
    ("123s", "table.dump", {"app": "thermal", "which": "active"}),
)


def scenario_file(folder: Path, *, clock: bool = True, more: str = "") -> Path:
    """The shipped scenario with sequences, commands and (mostly) a clock."""
    (folder / "drill.seq.toml").write_text(DRILL)
    (folder / "plan.seq.toml").write_text(PLAN)
    text = SHIPPED.read_text().replace('name = "cubesat-6u-orin-nano"', 'name = "sequences"', 1)
    if clock:
        text = text.replace("[plant.sky]\n", "[plant.clock]\ndrift_ppm = 20.0\n\n[plant.sky]\n", 1)
    for at, name, args in COMMANDS:
        inner = ", ".join(f"{key} = {msgspec.json.encode(value).decode()}" for key, value in args.items())
        text += f'\n[[commands]]\nat = "{at}"\nname = "{name}"\nargs = {{ {inner} }}\n'
    path = folder / "sequences.toml"
    path.write_text(text + USES + more)
    return path


def loaded(folder: Path, **more: Any) -> Scenario:
    return load_scenario(str(scenario_file(folder, **more)), ["apps.inference.execute=none"])


class Flight:
    """A node in this process, everything it said, and processes lost on purpose."""

    def __init__(self, scenario: Scenario, run_dir: Path | None = None) -> None:
        self.node = InProcessNode(scenario)
        self.recorder = None if run_dir is None else Recorder(self.node, run_dir)
        self.said: list[tuple[int, str, Message]] = []
        self.records: list[list[tuple[str, bytes]]] = []

    def run(self, ticks: int, lose: Sequence[str] = ()) -> None:
        names = [topic.name for topic in self.node.table.topics.topics]
        for _ in range(ticks):
            record = self.node.run_tick(lose=lose)
            if self.recorder is not None:
                self.recorder._writer.append(self.recorder._encode(record))
            self.said += [(record.tick, names[entry[0]], entry[3]) for entry in record.entries]
            self.records.append([(names[entry[0]], bytes(entry[1])) for entry in record.entries])
            lose = ()

    def command(self, command: str, **args: Any) -> int:
        number = self.node.next_request()
        self.node.enter(TcRequest(number, command, args), self.node.tick)
        return number

    def of(self, kind: type[Any]) -> list[tuple[int, Any]]:
        return [(tick, message) for tick, _, message in self.said if type(message) is kind]

    def events(self, prefix: str) -> list[tuple[int, str]]:
        return [(tick, event.id) for tick, event in self.of(Event) if event.id.startswith(prefix)]

    def verdict(self, request: int) -> TcVerification:
        words = [one for _, one in self.of(TcVerification) if one.request == request]
        (last,) = [one for one in words if one.stage is not TcStage.ACCEPTED]
        assert isinstance(last, TcVerification)
        return last

    def steps(self) -> list[tuple[int, str]]:
        """(tick, name) of what sequences asked for."""
        return [(t, m.name) for t, topic, m in self.said if topic == "tc.request.health" and isinstance(m, TcRequest)]

    @property
    def plant(self) -> PlantProcess:
        plant = self.node._applications["plant"]
        assert isinstance(plant, PlantProcess)
        return plant


def test_sequences_go_by_command_and_by_utc_through_ingest_and_its_verification(tmp_path: Path) -> None:
    flight = Flight(loaded(tmp_path))
    flight.run(330)
    assert flight.steps() == [
        (101, "infer.set_payload"), (161, "infer.set_payload"), (200, "power.set_reserve"), (300, "power.set_reserve"),
    ]  # fmt: skip
    completed = [one for _, one in flight.of(TcVerification) if one.request >= 2**40 and one.stage is TcStage.COMPLETED]
    assert len(completed) == 4
    assert flight.node.latest["power.status"].reserve_soc == 0.42  # type: ignore[attr-defined]
    ids = [name for _, name in flight.events("sequence.")]
    assert ids == ["sequence.started", "sequence.started", "sequence.completed", "sequence.completed"]


def test_an_event_starts_a_sequence(tmp_path: Path) -> None:
    flight = Flight(loaded(tmp_path))
    flight.run(10)
    flight.command("health.set_mode", mode="SAFE")
    flight.run(20)
    assert flight.node.latest["health.mode"].mode.name == "SAFE"  # type: ignore[attr-defined]
    (started,) = [
        event for _, event in flight.of(Event) if event.id == "sequence.started" and "mode" in event.args["by"]
    ]
    assert started.args == {"sequence": "drill", "by": "health mode.changed"}


@pytest.mark.parametrize(
    "lost_tick",
    [103, 105, 201, 203, *(pytest.param(tick, marks=pytest.mark.long) for tick in (102, 104, 130, 199, 200))],
)
@pytest.mark.parametrize("app", ["health", "comms"])
def test_no_step_is_executed_twice_or_lost_in_silence_when_a_process_is_lost_in_the_middle(
    tmp_path: Path, app: str, lost_tick: int
) -> None:
    scenario = loaded(tmp_path)
    (run_dir := tmp_path / "run").mkdir()
    flight = Flight(scenario, run_dir)
    flight.run(lost_tick)
    flight.run(230, lose=[app])
    assert app in flight.node.lost
    dispatched = [message.command for _, topic, message in flight.said if topic == "tc.dispatch"]  # type: ignore[attr-defined]
    names = [str(command.__struct_config__.tag) for command in dispatched]
    status = flight.of(SequenceStatus)[-1][1]
    # an owner's report that came while comms was away is lost: the step counts as failed, and its sequence stops
    failed = [event.args["reason"] for _, event in flight.of(Event) if event.id == "sequence.step_failed"]
    assert set(failed) <= {"no report from inference", "no report from power"}
    assert len(failed) <= (app == "comms")
    assert len(names) - len(COMMANDS) in (4, 4 - len(failed))
    assert {names.count("infer.set_payload"), names.count("power.set_reserve")} <= {2, 2 - len(failed)}
    assert (status.started, status.completed, status.running) == (2, 2 - len(failed), ())
    assert flight.recorder is not None
    log_hash = flight.recorder.close()
    again = replay_run(run_dir)
    assert again.same
    assert again.replay_hash == log_hash


def test_a_table_activated_stays_active_through_its_owner_s_restart(tmp_path: Path) -> None:
    (run_dir := tmp_path / "run").mkdir()
    flight = Flight(loaded(tmp_path), run_dir)
    flight.run(140)
    assert flight.node.latest["thermal.status"].chip_limit_c == 60.0  # type: ignore[attr-defined]
    (report,) = [message for _, message in flight.of(TableReport)]
    assert dict(zip(report.paths, report.values, strict=True))["chip_limit_c"] == "60.0"
    flight.run(40, lose=["thermal"])
    assert flight.events("app.rejoined")
    assert flight.node.latest["thermal.status"].chip_limit_c == 60.0  # type: ignore[attr-defined]
    dumped = flight.command("table.dump", app="thermal", which="active")
    flight.run(10)
    assert flight.verdict(dumped).stage is TcStage.COMPLETED
    report = flight.of(TableReport)[-1][1]
    assert dict(zip(report.paths, report.values, strict=True))["chip_limit_c"] == "60.0"
    assert flight.recorder is not None
    flight.recorder.close()
    assert replay_run(run_dir).same
    assert replay_application(run_dir, "thermal").same


BAD: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("power.set_reserve", {"soc": 2.0}, "soc = 2.0"),
    ("sequence.start", {"name": "nothing"}, "unknown sequence 'nothing'"),
    ("sequence.load", {"name": "new", "part": 1, "parts": 1, "text": "name = "}, "new: "),
    ("sequence.load", {"name": "new", "part": 2, "parts": 2, "text": "x"}, "must be part 1"),
    ("sequence.load", {"name": "drill", "part": 1, "parts": 1, "text": 'name = "drill"\nkind = "daily"'}, "daily"),
    ("table.load", {"app": "power", "path": "reserve_soc", "value": 1.5}, "reserve_soc = 1.5"),
    ("table.load", {"app": "power", "path": "reserve", "value": 0.5}, "unknown parameter"),
    ("table.load", {"app": "plant", "path": "reserve", "value": 0.5}, "app = 'plant'"),
    ("table.load", {"app": "inference", "path": "model", "value": "other"}, "by the scenario alone"),
    ("table.activate", {"app": "health"}, "no table of health is staged"),
    ("time.set_correlation", {"met_ns": 0, "utc_ns": 5, "rate_ppb": 0.0}, "GNSS holds the time"),
)


def test_what_is_invalid_is_refused_with_verification_and_reason_and_nothing_changes(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    quiet, told = Flight(scenario), Flight(scenario)
    sent = []
    quiet.run(30)
    told.run(30)
    for name, args, reason in BAD:
        sent.append((told.command(name, **args), reason))
        told.run(4)
        quiet.run(4)
    told.run(60)
    quiet.run(60)
    for request, reason in sent:
        last = told.verdict(request)
        assert last.stage in (TcStage.REJECTED, TcStage.FAILED)
        assert reason in (last.reason or ""), last.reason
    # beside the telecommands themselves and comms' count of them, the two nodes say the same, byte for byte
    books = ("comms.status", "cds.comms")
    differing = {
        name
        for one, other in zip(quiet.records, told.records, strict=True)
        for name in {entry[0] for entry in set(one) ^ set(other)}
    }
    assert {name for name in differing if not name.startswith("tc.")} <= set(books)
    for (_, one), (_, other) in zip(quiet.of(CommsStatus), told.of(CommsStatus), strict=True):
        assert msgspec.structs.replace(other, tc_accepted=one.tc_accepted, tc_rejected=one.tc_rejected) == one


@pytest.mark.parametrize("jump_s", [-120.0, 95.0, 4000.0])
@pytest.mark.parametrize("jump_tick", [150, 195, 201, 299])
def test_a_clock_jump_is_detected_and_no_timed_step_is_skipped_or_executed_twice(
    tmp_path: Path, jump_s: float, jump_tick: int
) -> None:
    flight = Flight(loaded(tmp_path))
    flight.run(jump_tick)
    assert flight.plant.oscillator is not None
    flight.plant.oscillator.jump(round(jump_s * 1e9))
    flight.run(360 - jump_tick)
    (told,) = flight.events("clock.")
    assert told == (jump_tick + 1, "clock.jump")
    reserves = [tick for tick, name in flight.steps() if name == "power.set_reserve"]
    assert reserves == [pytest.approx(200, abs=1), pytest.approx(300, abs=1)]
    assert flight.of(SequenceStatus)[-1][1].completed == 2


def test_frames_bear_the_on_board_time_and_time_keeps_to_gnss(tmp_path: Path) -> None:
    flight = Flight(loaded(tmp_path))
    flight.run(600)
    frames = flight.of(FrameTime)
    assert frames, "a pass"
    epoch_ns = flight.node.scenario.plant.epoch_utc_ns
    assert epoch_ns is not None
    for tick, frame in frames:
        assert frame.sync is TimeSync.GNSS
        assert abs(frame.utc_ns - epoch_ns - tick * 10**9) < 1_000_000
        assert frame.met_ns - tick * 10**9 == pytest.approx(tick * 20e3, rel=0.1), "20 ppm fast"
    assert len(flight.of(TimeStatus)) == 60, "every tenth tick"


def test_without_a_clock_or_a_sequence_nothing_of_theirs_is_said(tmp_path: Path) -> None:
    flight = Flight(load_scenario("cubesat-6u-orin-nano", ["apps.inference.execute=none"]))
    flight.run(100)
    mine = ("sensor.clock", "time.", "sequence.", "table.", "tc.request", "cds.health.", "comms.frame_time")
    assert {topic for _, topic, _ in flight.said if topic.startswith(mine)} == set()
    assert any(topic == "cds.health" for _, topic, _ in flight.said)


def test_processes_and_one_process_give_the_same_log(tmp_path: Path) -> None:
    path = scenario_file(tmp_path)
    one = fly(tmp_path / "one", str(path), "--in-process", ticks=320)
    many = fly(tmp_path / "many", str(path), ticks=320)
    assert one["log_hash"] == many["log_hash"]
    said = {
        type(message) for _, _, message in LogReader(tmp_path / "many").messages(["sequence.status", "time.status"])
    }
    assert said == {SequenceStatus, TimeStatus}


@pytest.mark.parametrize(
    ("file", "was", "becomes", "words"),
    [
        ("drill.seq.toml", '"60s"', '"-60s"', ("drill.seq.toml", "steps[1].at")),
        ("drill.seq.toml", "on = true", "on = 3", ("drill.seq.toml", "steps[1].command", "on = 3")),
        ("sequences.toml", 'file = "plan.seq.toml"', 'file = "none.seq.toml"', ("none.seq.toml", "can't be read")),
        ("sequences.toml", 'file = "plan.seq.toml"', 'file = "drill.seq.toml"', ("sequences[1].name", "drill")),
        ("sequences.toml", 'sequence = "drill"', 'sequence = "dril"', ("sequence_triggers[0].sequence", "dril")),
        ("sequences.toml", '"mode.changed"', '"sequence.completed"', ("sequence_triggers[0]", "event")),
        ("sequences.toml", 'file = "plan.seq.toml"', 'file = "plan.seq.toml"\nname = "x"', ("sequences[1].file",)),
    ],
)
def test_a_scenario_with_a_wrong_sequence_is_refused_and_names_file_step_and_field(
    tmp_path: Path, file: str, was: str, becomes: str, words: tuple[str, ...]
) -> None:
    path = scenario_file(tmp_path)
    assert load_scenario(str(path)).sequences
    text = (tmp_path / file).read_text()
    assert was in text
    (tmp_path / file).write_text(text.replace(was, becomes, 1))
    with pytest.raises(ConfigError) as refused:
        load_scenario(str(path))
    assert all(word in str(refused.value) for word in words), str(refused.value)
