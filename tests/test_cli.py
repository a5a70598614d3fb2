"""The command line as a user meets it: exit codes, one clear error, JSON, and a run folder only for a good scenario."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from flightsw.cli import main
from flightsw.record.folder import read_manifest
from tests.console import Cli
from tests.record.logs import record, truth, write_log

SHORT = ("run", "--in-process", "--duration", "30s", "--execute", "none")


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("flown") / "run"
    assert main([*SHORT, "--seed", "5", "--json", "--out", str(run_dir)]) == 0
    return run_dir


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("bogus",), "No such command 'bogus'"),
        (("log",), "Missing argument 'RUN'"),
        (("run", "--spee", "3"), "No such option: --spee"),
        (("log", "x", "--from", "-1"), "--from"),
        (("log", "x", "--from", "5", "--to", "4"), "to = 4: must be at least from = 5"),
        (("log", "nowhere"), "nowhere: no bus.log in it"),
        (("log", "nowhere", "--hash"), "nowhere: no bus.log in it"),
        (("log", "nowhere", "--tail"), "nowhere: no bus.log in it"),
        (("replay", "nowhere"), "nowhere: no bus.log in it"),
        (("run", "--speed", "fast"), "speed = 'fast': must be free, realtime or a number above 0"),
        (("run", "--speed", "0"), "speed = '0'"),
        (("run", "--speed", "nan"), "speed = 'nan'"),
        (("run", "--duration", "5 weeks"), "duration = '5 weeks'"),
        (("run", "--duration", "0"), "duration"),
        (("run", "--seed", "abc"), 'seed = "abc": must be an integer'),
        (("run", "--set", "plant.battery.capacity_ah=-1.0"), "plant.battery.capacity_ah = -1.0: must be at least"),
        (("run", "--set", "plant.batery.capacity_ah=1"), "plant.batery: unknown key; did you mean battery?"),
        (("run", "--set", "seed"), "must be like path.to.field=value"),
        (("run", "--start-order", "bus,nobody"), "'nobody': must be one of bus, plant"),
        (("run", "no-such-scenario"), "no-such-scenario"),
        (("validate", "no-such-scenario"), "no-such-scenario"),
        (("cmd", "nowhere", "health.ping"), "no control file in it"),
        (("cmd", "nowhere", "health.pong"), "unknown command 'health.pong': must be one of"),
        (("cmd", "nowhere", "power.set_reserve", "soc=1.5"), "soc = 1.5"),
        (("cmd", "nowhere", "power.set_reserve", "soc"), "must be like key=value"),
        (("cmd", "nowhere", "power.set_reserve", "soc=0.3", "soc=0.4"), "given twice"),
    ],
)
def test_bad_input_exits_2_with_one_line_and_touches_nothing(
    cli: Cli, tmp_path: Path, args: tuple[str, ...], message: str
) -> None:
    result = cli(*args)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert len(result.err.splitlines()) == 1
    assert message in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("args", [("run", "--spee", "3"), ("run", "--seed", "abc"), ("log", "nowhere")])
def test_under_json_the_last_line_of_stdout_is_the_error(cli: Cli, args: tuple[str, ...]) -> None:
    result = cli(*args, "--json")
    assert result.code == 2
    assert result.json["exit_code"] == 2
    assert result.err == f"error: {result.json['error']}\n"


def test_a_run_leaves_a_whole_folder_and_prints_its_summary(cli: Cli, tmp_path: Path) -> None:
    result = cli(*SHORT, "--seed", "3", "--out", "here")
    assert result.code == 0
    assert result.err == ""
    assert "cubesat-6u-orin-nano, seed 3: completed" in result.out
    assert max(len(line) for line in result.out.splitlines()) <= 100
    here = tmp_path / "here"
    assert {path.name for path in here.iterdir()} == {
        "scenario.toml",
        "manifest.json",
        "control",
        "bus.log",
        "events.jsonl",
        "host.jsonl",
    }
    manifest = read_manifest(here)
    assert manifest.hashes["scenario"] == hashlib.sha256((here / "scenario.toml").read_bytes()).hexdigest()
    assert set(manifest.hashes) == {"scenario", "schema", "model", "telemetry_model", "profile"}
    assert (manifest.outcome, manifest.ticks, manifest.seed) == ("completed", 30, 3)
    assert manifest.log_hash is not None
    assert manifest.log_hash in result.out
    assert tomllib.loads((here / "scenario.toml").read_text())["seed"] == 3


def test_without_out_the_folder_is_named_after_scenario_and_seed(cli: Cli, tmp_path: Path) -> None:
    assert cli(*SHORT, "--seed", "9").code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("cubesat-6u-orin-nano-")
    assert folder.name.endswith("Z-s9")


def test_the_resolved_scenario_of_a_run_gives_the_same_log(cli: Cli, flown: Path) -> None:
    again = cli("run", str(flown / "scenario.toml"), "--in-process", "--json", "--out", "again")
    assert again.code == 0
    assert again.json["log_hash"] == read_manifest(flown).log_hash


def test_json_is_one_object_and_nothing_else(cli: Cli) -> None:
    result = cli(*SHORT, "--json", "--out", "here")
    assert result.code == 0
    assert len(result.out.splitlines()) == 1
    assert result.err == ""
    assert result.json["ticks"] == 30
    assert result.json["exit"] == "completed"


def test_a_folder_with_something_in_it_is_refused_and_left_alone(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("precious")
    result = cli(*SHORT, "--out", "mine")
    assert result.code == 2
    assert "isn't empty (notes is in it)" in result.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes"]


def test_validate_and_list_agree_on_what_is_shipped(cli: Cli) -> None:
    listed = cli("list", "--json")
    names = [row["name"] for row in listed.json["scenarios"]]
    assert "cubesat-6u-orin-nano" in names
    for name in names:
        assert cli("validate", name).code == 0
    assert cli("validate", names[0], "--json", "--set", 'duration="50s"', "--set", "dt_s=0.5").json["ticks"] == 100


def test_list_and_summary_mark_what_is_press_derived(cli: Cli, tmp_path: Path) -> None:
    assert re.search(r"^starcloud-like-h100 +press-derived ", cli("list").out, re.MULTILINE)
    rows = {row["name"]: row["evidence"] for row in cli("list", "--json").json["scenarios"]}
    assert rows["starcloud-like-h100"] == "press-derived"
    assert rows["bupt1-like-pi4"] == "measured"
    short = ["run", "starcloud-like-h100", "--in-process", "--execute", "none", "--duration", "30s"]
    assert "PRESS-DERIVED" in cli(*short, "--out", str(tmp_path / "shown")).out
    assert cli(*short, "--json", "--out", str(tmp_path / "told")).json["evidence"] == "press-derived"


def test_the_log_s_hash_is_the_manifest_s(cli: Cli, flown: Path) -> None:
    result = cli("log", str(flown), "--hash", "--json")
    assert result.code == 0
    assert result.json == {"log_hash": read_manifest(flown).log_hash, "ticks": 30, "complete": True}


@pytest.mark.parametrize("tail", [(), ("--tail",)])
def test_the_log_shows_a_topic_between_two_ticks(cli: Cli, flown: Path, tail: tuple[str, ...]) -> None:
    result = cli("log", str(flown), "--topic", "power.status", "--from", "3", "--to", "7", "--json", *tail)
    assert result.code == 0
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [line["tick"] for line in lines] == [3, 4, 5, 6, 7]
    assert {line["topic"] for line in lines} == {"power.status"}
    assert "compute_cap_w" in lines[0]["message"]


def test_replay_of_the_node_and_of_one_application_agree_with_the_log(cli: Cli, flown: Path) -> None:
    whole = cli("replay", str(flown), "--json")
    assert (whole.code, whole.json["same"], whole.json["ticks"]) == (0, True, 30)
    one = cli("replay", str(flown), "--app", "power")
    assert one.code == 0
    assert one.out.startswith("the same: 30 ticks")


def test_replay_of_a_log_that_says_something_else_exits_1_and_names_the_place(
    cli: Cli, flown: Path, tmp_path: Path
) -> None:
    from flightsw.bus.log import LogWriter, RecordEncoder
    from flightsw.bus.logreader import LogReader
    from flightsw.bus.records import TickRecord
    from flightsw.messages.power import PowerStatus

    reader = LogReader(flown)
    number = [topic.name for topic in reader.header.topics].index("power.status")
    (tmp_path / "told").mkdir()
    writer = LogWriter(tmp_path / "told", reader.header)
    changed = 0
    for item in reader.ticks():
        entries = list(item.entries)
        for place, (topic, payload) in enumerate(entries):
            if topic == number and item.tick == 20:
                status = msgspec.msgpack.decode(payload, type=PowerStatus)
                other = msgspec.structs.replace(status, compute_cap_w=status.compute_cap_w + 0.125)
                entries[place] = (topic, msgspec.Raw(msgspec.msgpack.encode(other)))
                changed += 1
        writer.append(RecordEncoder()(TickRecord(item.tick, item.inputs, entries)))
    writer.close()
    assert changed == 1
    result = cli("replay", "told")
    assert result.code == 1
    assert result.out.startswith("diverged at tick 20, power.status.compute_cap_w:\n")
    assert cli("replay", "told", "--app", "nobody").code == 2


def test_an_altered_log_is_refused(cli: Cli, tmp_path: Path) -> None:
    write_log(tmp_path / "run", [record(tick, [("truth.plant", truth())]) for tick in range(5)])
    data = bytearray((tmp_path / "run" / "bus.log").read_bytes())
    place = data.rindex(b"\xcb")  # the last float of the last tick
    data[place + 1] ^= 1
    (tmp_path / "run" / "bus.log").write_bytes(bytes(data))
    result = cli("log", "run", "--hash")
    assert result.code == 2
    assert "the log was altered" in result.err


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """The run's host breaks before there is an outcome."""

    def execute_run(*_: object) -> None:
        raise error

    monkeypatch.setattr("flightsw.record.recording.execute_run", execute_run)


def test_an_internal_error_is_one_line_and_its_traceback_is_shown_on_demand(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, RuntimeError("gears\njammed"))
    result = cli(*SHORT, "--out", "first")
    assert (result.code, result.out) == (3, "")
    assert result.err == "error: internal error: RuntimeError: gears jammed (--debug shows where)\n"
    assert read_manifest(tmp_path / "first").outcome == "failed"
    shown = cli(*SHORT, "--out", "second", "--debug")
    assert shown.code == 3
    assert shown.err.startswith("Traceback (most recent call last)")
    assert shown.err.splitlines()[-1] == "error: internal error: RuntimeError: gears jammed"


def test_ctrl_c_before_the_first_tick_exits_130_with_json_and_a_closed_manifest(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    result = cli(*SHORT, "--out", "here", "--json")
    assert result.code == 130
    assert result.json == {"error": "interrupted", "exit_code": 130}
    assert read_manifest(tmp_path / "here").outcome == "interrupted"


def test_ctrl_c_while_a_module_is_imported_is_ctrl_c(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = RuntimeError("Error calling __set_name__")
    wrapped.__cause__ = KeyboardInterrupt()
    fail_with(monkeypatch, wrapped)
    result = cli(*SHORT, "--out", "here")
    assert (result.code, result.err) == (130, "error: interrupted\n")


def test_help_needs_no_subcommand_and_is_no_error(cli: Cli) -> None:
    bare, asked = cli(), cli("--help")
    assert (bare.code, asked.code) == (0, 0)
    assert "validate" in bare.out
    assert bare.out == asked.out


def test_help_and_version_need_none_of_the_heavy_libraries() -> None:
    script = (
        "import sys; from flightsw.cli import main; code = main(['version']); "
        "heavy = {'numpy', 'onnxruntime', 'zmq', 'rich', 'sgp4', 'erfa'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    assert done.stdout.startswith("flightsw ")


def test_a_reader_that_has_had_enough_is_no_error(flown: Path) -> None:
    script = f"import sys; from flightsw.cli import main; sys.exit(main(['log', {str(flown)!r}]))"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(60) == 0
    assert errors == b""
