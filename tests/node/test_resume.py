"""Taking a run up: without changes it ends as if it had never stopped; with changes it is a branch that replays."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.bus.log import HashChain, LogWriter, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.records import RECONFIGURE, TickRecord, changes_of
from flightsw.errors import ConfigError, LogError
from flightsw.messages.topics import FLIGHT_APPS
from flightsw.node.appreplay import replay_application
from flightsw.node.build import build_application
from flightsw.node.inprocess import InProcessNode
from flightsw.node.rebuilding import UnlikeItsLog
from flightsw.node.reconfigure import FIXED, reconfigured
from flightsw.node.replay import replay_run
from flightsw.node.resume import Wanted, prepare
from flightsw.node.run import log_header
from flightsw.node.scenario import load_scenario
from tests.bus.test_log import recomputed
from tests.node.runs import cut, fly, take_up

GAIN = "apps.thermal.gain_w_k=4.0"
TICKS = 300


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("resume") / "run"
    fly(run_dir, ticks=TICKS)
    return run_dir


def hash_of(run_dir: Path) -> str:
    reader = LogReader(run_dir)
    for _ in reader.raw_ticks():
        pass
    return reader.log_hash


def ticks_of(run_dir: Path) -> list[bytes]:
    return list(LogReader(run_dir).raw_ticks())


@settings(max_examples=8)
@given(tick=st.integers(0, TICKS - 1))
def test_a_run_taken_up_at_any_tick_ends_with_the_hash_of_the_uninterrupted_one(
    flown: Path, tmp_path_factory: pytest.TempPathFactory, tick: int
) -> None:
    folder = tmp_path_factory.mktemp("again") / "run"
    outcome = take_up(flown, folder, Wanted(at=str(tick)))
    assert outcome.ticks == TICKS
    assert outcome.log_hash == hash_of(flown) == recomputed(folder)
    assert LogReader(folder).header == LogReader(flown).header


@pytest.mark.parametrize("tick", random.Random(4).sample(range(1, TICKS), 4))
def test_a_run_cut_off_by_kill_9_is_finished_with_the_hash_of_an_unharmed_one_and_stays_as_it_was(
    flown: Path, tmp_path: Path, tick: int
) -> None:
    source = cut(flown, tmp_path / "cut", tick)
    before = (source / "bus.log").read_bytes()
    outcome = take_up(source, tmp_path / "again", Wanted())
    assert outcome.log_hash == hash_of(flown)
    assert (source / "bus.log").read_bytes() == before


def test_a_run_taken_up_while_an_application_is_away_comes_back_with_it(tmp_path: Path, flown: Path) -> None:
    scenario = load_scenario("cubesat-6u-orin-nano", ['duration="200s"', 'apps.inference.execute="none"'])
    node = InProcessNode(scenario)
    source = tmp_path / "lost"
    source.mkdir()
    writer = LogWriter(source, log_header(scenario, node.table))
    encode = RecordEncoder()
    for tick in range(200):
        writer.append(encode(node.run_tick(lose=["power"] if tick == 100 else [])))
    whole = writer.close()
    for tick in (100, 101, 105, 110, 111):
        if tick > 100:
            assert take_up(source, tmp_path / str(tick), Wanted(at=str(tick))).log_hash == whole
    found = prepare(source, Wanted(at="100"))
    assert found.not_repeated == 1
    assert take_up(source, tmp_path / "100", Wanted(at="100")).log_hash != whole


def test_a_branch_is_the_parent_up_to_its_tick_and_replays_to_its_own_hash(flown: Path, tmp_path: Path) -> None:
    branch = tmp_path / "branch"
    outcome = take_up(flown, branch, Wanted(at="150s", overrides=(GAIN,)))
    ours, theirs = ticks_of(branch), ticks_of(flown)
    assert ours[:150] == theirs[:150]
    assert ours[150:] != theirs[150:]
    records = list(LogReader(branch).ticks())
    assert [record.tick for record in records if changes_of(record)] == [150]
    assert records[150].inputs[0] == (RECONFIGURE, {"apps.thermal.gain_w_k": 4.0})
    assert outcome.log_hash == recomputed(branch)
    again = replay_run(branch)
    assert again.same
    assert again.replay_hash == outcome.log_hash
    for app in ("thermal", "power"):
        assert replay_application(branch, app).same


def test_a_branch_can_be_cut_and_finished_and_branched_again(flown: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    branch_hash = take_up(flown, first, Wanted(at="100", overrides=(GAIN,))).log_hash
    source = cut(first, tmp_path / "cut", 180)
    assert take_up(source, tmp_path / "again", Wanted()).log_hash == branch_hash
    second = tmp_path / "second"
    back = take_up(first, second, Wanted(at="200", overrides=("apps.thermal.gain_w_k=0.35",)))
    assert back.log_hash not in (branch_hash, hash_of(flown))
    assert replay_run(second).same


def test_a_gain_that_changes_where_the_law_saturates_changes_no_message(flown: Path, tmp_path: Path) -> None:
    branch = tmp_path / "branch"
    take_up(flown, branch, Wanted(at="10", overrides=("apps.thermal.integral_w_k_s=0.005",), duration="20s"))
    ours = [record.entries for record in LogReader(branch).ticks()]
    assert len(ours) == 20
    theirs = [record.entries for record in LogReader(flown).ticks()][:20]
    assert [[(n, bytes(p)) for n, p in one] for one in ours] == [[(n, bytes(p)) for n, p in one] for one in theirs]


def test_a_branch_by_telecommand_logs_it_as_any_other(flown: Path, tmp_path: Path) -> None:
    branch = tmp_path / "branch"
    found = prepare(flown, Wanted(at="100", commands=(("120", "power.set_reserve", {"soc": 0.9}),)))
    assert found.taken_up.perturbed
    take_up(flown, branch, Wanted(at="100", commands=(("120", "power.set_reserve", {"soc": 0.9}),)))
    requests = [(tick, message) for tick, _, message in LogReader(branch).messages(["tc.request"])]
    assert [tick for tick, _ in requests] == [40, 120, 200]
    numbers = [getattr(message, "request", None) for _, message in requests]
    assert numbers == [1, 3, 2]
    assert replay_run(branch).same


def test_the_end_can_be_moved(flown: Path, tmp_path: Path) -> None:
    longer = take_up(flown, tmp_path / "longer", Wanted(duration="350s"))
    assert longer.ticks == 350
    assert replay_run(tmp_path / "longer").same
    assert ticks_of(tmp_path / "longer")[:TICKS] == ticks_of(flown)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(), "nothing is left of the 300 planned ticks"),
        (Wanted(at="301", duration="400s"), "at = 301: tick 301: the log ends before tick 300"),
        (Wanted(at="soon"), "at = 'soon': must be a tick, or a time"),
        (Wanted(at="-5"), "must be a tick, or a time"),
        (Wanted(at="100", duration="90s"), "nothing is left"),
        (Wanted(at="100", overrides=("plant.battery.capacity_ah=9.0",)), "plant.battery.capacity_ah: can't change in"),
        (Wanted(at="100", overrides=("seed=2",)), "--set seed: can't change in a run under way"),
        (Wanted(at="100", overrides=("apps.inference.model=other",)), "apps.inference.model: can't change"),
        (Wanted(at="100", overrides=("apps.thermal.gain=1.0",)), "gain"),
        (Wanted(at="100", overrides=("apps.thermal.gain_w_k=-1.0",)), "apps.thermal.gain_w_k = -1.0: must be"),
        (Wanted(at="100", overrides=("apps.thermal.gain_w_k=0.35",)), "that is the configuration already"),
        (Wanted(at="100", overrides=("apps.thermal.gain_w_k",)), "must be like path.to.field=value"),
        (Wanted(at="100", commands=(("90", "health.ping", {}),)), "must be from 100 to 299"),
        (Wanted(at="100", commands=(("300", "health.ping", {}),)), "must be from 100 to 299"),
        (Wanted(at="100", commands=(("120", "health.pong", {}),)), "unknown command 'health.pong'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(flown: Path, wanted: Wanted, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        prepare(flown, wanted)
    assert message in str(refused.value)


def test_a_log_that_this_version_would_not_have_begun_is_refused_by_the_fields_that_differ(
    flown: Path, tmp_path: Path
) -> None:
    header = LogReader(flown).header
    scenario = msgspec.to_builtins(header.scenario)
    del scenario["apps"]["thermal"]["lost_ticks"]
    writer = LogWriter(tmp_path, msgspec.structs.replace(header, scenario=scenario))
    for data in ticks_of(flown)[:50]:
        writer.append(data)
    writer.close()
    with pytest.raises(LogError, match=r"differs in scenario\.apps\.thermal\.lost_ticks: it can't be gone on with"):
        prepare(tmp_path, Wanted())


def test_a_log_that_does_not_follow_from_its_inputs_is_not_gone_on_with(flown: Path, tmp_path: Path) -> None:
    reader = LogReader(flown)
    number = [one.name for one in reader.header.topics].index("power.status")
    (tmp_path / "told").mkdir()
    writer = LogWriter(tmp_path / "told", reader.header)
    for record in reader.ticks():
        entries = [
            (topic, _with_first(payload, 0.5)) if (topic, record.tick) == (number, 30) else (topic, payload)
            for topic, payload in record.entries
        ]
        writer.append(RecordEncoder()(TickRecord(record.tick, record.inputs, entries)))
    writer.close()
    with pytest.raises(UnlikeItsLog, match=r"tick 30, power\.status\.soc: the log says 0\.5"):
        take_up(tmp_path / "told", tmp_path / "again", Wanted(at="100"))


def _with_first(payload: msgspec.Raw, value: float) -> msgspec.Raw:
    values = msgspec.msgpack.decode(payload)
    assert values[0] != value
    return msgspec.Raw(msgspec.msgpack.encode([value, *values[1:]]))


CHANGES: Mapping[str, Mapping[str, Any]] = {
    "power": {"reserve_soc": 0.42, "compute_max_w": 12.0, "shed_soc": [0.3, 0.1], "capacity_ah": 9.0},
    "thermal": {"gain_w_k": 3.0, "chip_limit_c": 61.0, "heater_on_c": 1.0, "cap_max_w": 20.0},
    "inference": {"frame_period_s": 2.0, "queue_scenes": 99, "deadline_s": 7.0, "margin_w": 2.0, "batch_scenes": 4},
    "comms": {"store_bytes": 12345, "carrier_wait_s": 20.0, "housekeeping_bytes_per_tick": 7},
    "health": {"wanted": "NOMINAL", "attitude": "nadir", "safe_soc": 0.2, "watchpoints": []},
}


@pytest.mark.parametrize("app", FLIGHT_APPS)
def test_an_application_takes_its_whole_configuration_up_as_one_built_with_it(app: str) -> None:
    before = load_scenario("cubesat-6u-orin-nano", ['apps.inference.execute="none"'])
    after = reconfigured(before, {f"apps.{app}.{field}": value for field, value in CHANGES[app].items()})
    assert getattr(after.apps, app) != getattr(before.apps, app)
    changed: Any = build_application(app, before)
    changed.reconfigure(getattr(after.apps, app))
    told, expected = _insides(changed), _insides(build_application(app, after))
    if app == "thermal":  # the integral is where the controller was, and stays
        told["_state"] = msgspec.structs.replace(changed._state, integral_w=0.0)
        expected["_state"] = msgspec.structs.replace(expected["_state"], integral_w=0.0)
    if app == "health":  # recovery looks at the next tick, whatever comes: it may ask for what has been so all along
        assert told["_fdir"].busy
        told["_fdir"] = msgspec.structs.replace(told["_fdir"], busy=False)
    assert told == expected


def _insides(application: Any) -> dict[str, Any]:
    """All that an application holds, but for what can't be compared: bound methods and devices, and its law, pure."""
    held = dict(vars(application))
    held.pop("_handlers")
    held["_parameters"] = held["_parameters"].active
    for part in ("_time", "_sequencer"):  # of health; what they are told is no part of `apps.*`
        held.pop(part, None)
    held.pop("_law")
    held.pop("_monitor", None)
    parts = "_queue _workload _account _store _radio _switches _charger _heaters _pumps _attitude _listener"
    for name in parts.split():
        if name in held:
            held[name] = dict(vars(held[name]))
            held[name].pop("_account", None)  # the same as the application's own
    held.pop("_device", None)
    if (workshop := held.pop("_workshop", None)) is not None:  # what it works on is the application's own
        apart = ("_workload", "_queue", "_account", "_device")
        held["_workshop"] = {name: value for name, value in vars(workshop).items() if name not in apart}
    for name in ("_parameters", "_sequencer", "_time"):
        held.pop(name, None)
    if (fdir := held.pop("_fdir", None)) is not None:
        held["_fdir"] = fdir.recovery
    return held


def test_fields_that_cannot_change_under_way_exist() -> None:
    scenario = msgspec.to_builtins(load_scenario("cubesat-6u-orin-nano"))
    for path in FIXED:
        found: Any = scenario
        for step in path.split("."):
            found = found[step]


def test_the_hash_chain_of_a_branch_covers_what_was_changed(flown: Path, tmp_path: Path) -> None:
    take_up(flown, tmp_path / "a", Wanted(at="290", overrides=("apps.thermal.lost_ticks=7",)))
    take_up(flown, tmp_path / "b", Wanted(at="290", overrides=("apps.thermal.lost_ticks=8",)))
    assert hash_of(tmp_path / "a") != hash_of(tmp_path / "b")
    chain = HashChain(LogReader(flown).header.encode())
    for data in ticks_of(tmp_path / "a"):
        chain.add(data)
    assert chain.hexdigest() == hash_of(tmp_path / "a")
