"""A user's additional process: what it may say and hear, that it flies, that health watches it, that its log reads."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

import flightsw
from flightsw.bus.logreader import LogReader
from flightsw.bus.records import TickRecord
from flightsw.cli import main
from flightsw.errors import ConfigError
from flightsw.messages.health import Event
from flightsw.messages.signals import find_signal
from flightsw.node.imports import look_in
from flightsw.node.inprocess import InProcessNode, Recorder
from flightsw.node.replay import replay_application, replay_run
from flightsw.node.scenario import identities, load_scenario, scenario_to_toml
from tests.node.own_code import QUICK, flown, load, said, write

TRACKER = """
    import enum
    import msgspec
    from flightsw.messages.base import Count, Message, Seconds
    from flightsw.messages.plant import NavSensors
    from flightsw.messages.topics import Topic

    class Phase(enum.IntEnum):
        LOST = 0
        TRACKING = 1

    class TrackerStatus(Message, frozen=True):
        phase: Phase
        fixes: Count
        ages_s: tuple[Seconds, ...]

    class TrackerMemory(Message, frozen=True):
        fixes: Count

    class Tracker:
        topics = (Topic("tracker.status", TrackerStatus, "tracker"), Topic("cds.tracker", TrackerMemory, "tracker"))

        class Config(msgspec.Struct, frozen=True):
            quiet_after: int = 1_000_000

        def __init__(self, dt_s, own):
            self.fixes, self.quiet_after = 0, own.quiet_after

        def step(self, now, inbox):
            if (stored := inbox.last(TrackerMemory)) is not None:
                self.fixes = stored.fixes
            if now.tick > self.quiet_after:
                return []
            self.fixes += inbox.last(NavSensors) is not None
            return [TrackerStatus(Phase.TRACKING, self.fixes, (now.dt_s, 2.5)), TrackerMemory(self.fixes)]
"""
SEVENFOLD = (
    "            self.fixes += ",
    "            self.fixes += 6 * (inbox.last(NavSensors) is not None)\n            self.fixes += ",
)
PROCESS = """
    [[processes]]
    name = "tracker"
    app = "mine:Tracker"
    subscribes = ["sensor.nav"]
    period_ticks = 10
    phase_ticks = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path, TRACKER, PROCESS)


def test_it_runs_when_it_is_due_on_what_it_subscribes_to(file: Path) -> None:
    statuses = said(flown(load(file), 60), "TrackerStatus")
    assert [tick for tick, _ in statuses] == [3, 13, 23, 33, 43, 53]
    assert statuses[-1][1].fixes == 6


def test_the_shipped_processes_say_what_they_say_without_it(file: Path) -> None:
    def shipped(scenario: object) -> list[list[object]]:
        names = {topic.name for topic in InProcessNode(flightsw_scenario).table.topics.topics}
        node = InProcessNode(scenario)
        topics = node.table.topics.topics
        return [[entry[:2] for entry in node.run_tick().entries if topics[entry[0]].name in names] for _ in range(120)]

    flightsw_scenario = load(file, "processes=[]")
    with_it, without = shipped(load(file)), shipped(flightsw_scenario)
    assert sum(map(len, with_it)) > 1000
    assert with_it == without


def test_its_memory_survives_its_loss(file: Path) -> None:
    records = flown(load(file), 100, lose={43: ["tracker"]})
    events = [(event.kind.name, event.process) for _, event in said(records, "BusEvent")]
    assert events == [("APP_LOST", "tracker"), ("REJOIN", "tracker")]
    statuses = dict(said(records, "TrackerStatus"))
    assert [tick for tick in statuses if 33 <= tick <= 63] == [33, 53, 63]
    assert (statuses[33].fixes, statuses[63].fixes) == (4, 5)  # the fix of its first tick back was for nobody


def test_its_log_reads_by_name_without_its_code(file: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    with flightsw.node(file, overrides=QUICK, out=run_dir) as node:
        node.run_until(60.0)
        assert node["tracker.fixes"] == 6
        times, fixes = node.series("tracker.fixes")
        assert (list(times), list(fixes)) == ([3.0, 13.0, 23.0, 33.0, 43.0, 53.0], [1, 2, 3, 4, 5, 6])
    (tmp_path / "mine.py").unlink()
    look_in([str(tmp_path / "elsewhere")])
    assert "mine" not in sys.modules
    reader = LogReader(run_dir)
    found = list(reader.messages(["tracker.status"]))
    assert [tick for tick, _, _ in found] == [3, 13, 23, 33, 43, 53]
    assert (found[0][2].phase, found[0][2].ages_s) == (1, (1.0, 2.5))
    assert find_signal("tracker.ages_s[1]", reader.topics).of(found[0][2]) == 2.5
    assert reader.topics["event.tracker"].kind is Event
    header = next(topic for topic in reader.header.topics if topic.name == "tracker.status")
    assert [(field.type, field.unit) for field in header.fields] == [
        ("enum(LOST=0, TRACKING=1)", ""),
        ("int", ""),
        ("float[]", "s"),
    ]


def test_its_log_replays_whole_and_alone(file: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    recorder = Recorder(InProcessNode(load(file)), run_dir)
    for _ in range(120):
        recorder.run_tick()
    log_hash = recorder.close()
    again = replay_run(run_dir)
    assert again.same
    assert again.replay_hash == log_hash
    alone = replay_application(run_dir, "tracker")
    assert alone.same
    assert (alone.ticks, alone.messages) == (12, 24)


def test_its_heartbeat_stands_until_the_next_one_is_due_and_its_silence_asks_for_safe(tmp_path: Path) -> None:
    watched = PROCESS + 'heartbeat = "tracker.status"\n'
    file = write(tmp_path, TRACKER, watched + "[processes.config]\nquiet_after = 150\n")
    records = flown(load(file), 260)
    events = [(tick, event.id, event.args) for tick, event in said(records, "Event") if "heartbeat" in event.id]
    # last heard in 144, due in 154, and 3 ticks' patience
    assert events == [(157, "heartbeat.overdue", {"app": "tracker"})]
    modes = dict(said(records, "ModeStatus"))
    assert modes[150].mode.name == "PAYLOAD"
    assert (modes[259].mode.name, modes[259].reason) == ("SAFE", "tracker silent")
    assert modes[259].silent == ("tracker",)


def test_one_that_is_watched_and_never_speaks_is_told_of_after_its_first_period(tmp_path: Path) -> None:
    mute = PROCESS + 'heartbeat = "tracker.status"\n[processes.config]\nquiet_after = 0\n'
    records = flown(load(write(tmp_path, TRACKER, mute)), 90)
    events = [(tick, event.id) for tick, event in said(records, "Event") if "heartbeat" in event.id]
    assert events == [(13, "heartbeat.overdue")]
    assert said(records, "ModeStatus")[-1][1].reason == "tracker silent"


def test_the_silence_of_one_that_is_not_watched_is_its_own_affair(tmp_path: Path) -> None:
    file = write(tmp_path, TRACKER, PROCESS + "[processes.config]\nquiet_after = 50\n")
    records = flown(load(file), 200)
    assert len(said(records, "TrackerStatus")) == 5
    assert [event for _, event in said(records, "Event") if "heartbeat" in event.id] == []
    assert said(records, "ModeStatus")[-1][1].mode.name == "PAYLOAD"


def test_a_return_of_health_finds_its_heartbeat_in_time(tmp_path: Path) -> None:
    file = write(tmp_path, TRACKER, PROCESS + 'heartbeat = "tracker.status"\n')
    records = flown(load(file), 120, lose={46: ["health"]})
    assert len(said(records, "BusEvent")) == 2
    assert [event for _, event in said(records, "Event") if "heartbeat" in event.id] == []


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ('["sensor.nav"]', '["truth.plant"]', "flight software never sees truth"),
        ('["sensor.nav"]', '["cds.power"]', "critical data goes to its owner alone"),
        ('["sensor.nav"]', '["sensor.nix"]', "unknown topic 'sensor.nix': must be one of"),
        ('name = "tracker"', 'name = "thermal"', "processes.thermal.name: taken by the shipped node"),
        ('name = "tracker"', 'name = "sensor"', "processes.sensor.name: taken by the shipped node"),
        ('name = "tracker"', 'name = "Tracker 2"', "must be text that matches"),
        ('name = "tracker"', 'name = "other"', "topic 'tracker.status': must be like \"other.status\""),
        ("phase_ticks = 3", "phase_ticks = 10", "period 10, phase 10"),
        ("phase_ticks = 3", "restart_ticks = 0", "processes[0].restart_ticks = 0: must be at least 1"),
        ("phase_ticks = 3", "beat = 3", "processes[0].beat: unknown key"),
        ("phase_ticks = 3", 'heartbeat = "power.status"', "must be one of its own topics: tracker.status, cds.tracker"),
        ("phase_ticks = 3", "config = { quiet = 3 }", "processes.tracker.config: quiet: unknown key; did you mean"),
        ("mine:Tracker", "mine:Tracke", "processes.tracker.app"),
        ('"tracker.status", TrackerStatus', '"power.status", TrackerStatus', "'power.status': must be like"),
        ('"tracker.status", TrackerStatus', '"thermal.heaters", TrackerStatus', "'thermal.heaters': must be like"),
        ('TrackerStatus, "tracker"', 'TrackerStatus, "power"', "its producer is 'power': must be 'tracker'"),
        ('TrackerStatus, "tracker"', 'TrackerStatus, "tracker", actuator=True', "no hardware hears it"),
        ('TrackerStatus, "tracker"', 'NavSensors, "tracker"', "must be a message of its own, not a shipped one"),
        ('TrackerStatus, "tracker"', 'dict, "tracker"', "must be a subclass of flightsw.messages.base.Message"),
        ("ages_s: tuple[Seconds, ...]", "ages_s: list[Seconds]", "TrackerStatus: ages_s: must be a tuple"),
        ("TrackerStatus(Message, frozen=True)", "TrackerStatus(Message, tag='t')", "without a tag, as Message is"),
        ("topics = (Topic", "topics = (0, Topic", "must be a tuple of Topic(...)"),
        ("return [TrackerStatus(", "return [NavSensors(", "its first tick fails"),
    ],
)
def test_what_it_may_not_do_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], was: str, becomes: str, says: str
) -> None:
    assert was in TRACKER + PROCESS
    file = write(tmp_path, TRACKER.replace(was, becomes), PROCESS.replace(was, becomes))
    assert main(["validate", str(file)]) == 2
    assert says in capsys.readouterr().err


def test_two_processes_never_share_a_name_or_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(write(tmp_path / "name", TRACKER, PROCESS + PROCESS))]) == 2
    assert "processes.tracker.name: taken by another of the processes" in capsys.readouterr().err
    twin = (
        TRACKER
        + """
    class Twin(Tracker):
        topics = (Topic("twin.status", TrackerStatus, "twin"),)
"""
    )
    second = PROCESS.replace("tracker", "twin").replace("Tracker", "Twin")
    assert main(["validate", str(write(tmp_path / "message", twin, PROCESS + second))]) == 2
    assert "carries TrackerStatus, as another one does" in capsys.readouterr().err


def test_two_folders_with_a_module_of_one_name_each_fly_their_own(tmp_path: Path) -> None:
    other = TRACKER.replace(*SEVENFOLD)
    assert other != TRACKER
    files = [write(tmp_path / "one", TRACKER, PROCESS), write(tmp_path / "two", other, PROCESS)]
    alone = [said(flown(load(file), 60), "TrackerStatus")[-1][1].fixes for file in files]
    assert alone[0] < alone[1]
    loaded = [load(file) for file in files]
    load_scenario("cubesat-6u-orin-nano")
    assert [said(flown(scenario, 60), "TrackerStatus")[-1][1].fixes for scenario in loaded] == alone
    assert len({identities(scenario)[0].sha256 for scenario in loaded}) == 2
    assert [identities(scenario)[0].folder for scenario in loaded] == [str(file.parent) for file in files]
    sent = [pickle.loads(pickle.dumps(scenario)) for scenario in loaded]  # as to a worker process
    assert [said(flown(scenario, 60), "TrackerStatus")[-1][1].fixes for scenario in sent] == alone


def test_two_nodes_of_one_process_build_again_what_was_theirs(tmp_path: Path) -> None:
    other = TRACKER.replace(*SEVENFOLD)
    files = [write(tmp_path / "one", TRACKER, PROCESS), write(tmp_path / "two", other, PROCESS)]
    nodes = [InProcessNode(load(file)) for file in files]
    records: list[list[TickRecord]] = [[], []]
    for tick in range(100):
        for node, told in zip(nodes, records, strict=True):
            told.append(node.run_tick(["tracker"] if tick == 43 else ()))
    assert [node.lost for node in nodes] == [["tracker"], ["tracker"]]
    first, second = (said(told, "TrackerStatus")[-1][1].fixes for told in records)
    assert second == 7 * first > 7


def test_where_the_code_is_follows_from_the_file_alone(file: Path) -> None:
    scenario = load(file)
    assert scenario.code_folders == (str(file.parent),)
    assert "code_folders" not in scenario_to_toml(scenario)
    with pytest.raises(ConfigError, match="code_folders: it follows from where the file is: must be left out"):
        load(file, "code_folders=['x']")
