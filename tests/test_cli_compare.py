"""`flightsw replay`, `diff` and `resume` as a user meets them: what they print, and with which exit code."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from flightsw.bus.logreader import LogReader
from flightsw.cli import main
from flightsw.errors import LogError
from flightsw.record.folder import read_manifest
from flightsw.regress.pytest_plugin import ReplayRun
from tests.console import Cli
from tests.node.runs import cut

HOT = tuple(
    part
    for one in ("apps.thermal.chip_limit_c=30.0", "apps.thermal.law=pi", "plant.battery.initial_soc=0.85")
    for part in ("--set", one)
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`a`: a run of 300 ticks with a hot chip; `b`: the same, branched at 200; `cut`: as kill -9 leaves it."""
    folder = tmp_path_factory.mktemp("runs")
    short = ("--in-process", "--json")
    given = ("--duration", "300s", "--execute", "none", *HOT, "--out", str(folder / "a"))
    assert main(["run", *short, *given]) == 0
    branch = ("--at", "200", "--set", "apps.thermal.gain_w_k=4.0", "--out", str(folder / "b"))
    assert main(["resume", str(folder / "a"), *short, *branch]) == 0
    cut(folder / "a", folder / "cut", 120)
    return folder


def test_replay_says_that_a_log_was_cut(cli: Cli, runs: Path) -> None:
    result = cli("replay", str(runs / "cut"))
    assert result.code == 0
    assert result.out.startswith("the same: 120 ticks")
    assert "the log was cut: replayed to its last whole tick" in result.out
    alone = cli("replay", str(runs / "cut"), "--app", "thermal", "--json")
    assert (alone.code, alone.json["complete"], alone.json["same"]) == (0, False, True)


@pytest.mark.parametrize("harm", ["cut", "altered"])
def test_replay_refuses_a_log_that_its_own_manifest_contradicts(
    cli: Cli, runs: Path, tmp_path: Path, harm: str
) -> None:
    broken = tmp_path / harm
    shutil.copytree(runs / "a", broken)
    log = broken / "bus.log"
    data = bytearray(log.read_bytes())
    if harm == "cut":
        del data[len(data) * 9 // 10 :]
    else:  # the manifest is another run's
        (broken / "manifest.json").write_bytes((runs / "b" / "manifest.json").read_bytes())
    log.write_bytes(data)
    for more in ((), ("--app", "thermal")):
        result = cli("replay", str(broken), *more)
        assert result.code == 2
        assert f"{broken}: the log was cut or altered: it has " in result.err
        assert "manifest.json says completed, 300 ticks, hash " in result.err
    with pytest.raises(LogError, match="the log was cut or altered"):
        ReplayRun()(broken)
    (broken / "manifest.json").unlink()
    assert cli("replay", str(broken)).code == 0


def test_replay_of_one_application_tells_the_first_difference_and_sums_up(cli: Cli, runs: Path) -> None:
    args = ("replay", str(runs / "a"), "--app", "thermal", "--set", "apps.thermal.gain_w_k=0.4")
    result = cli(*args)
    assert result.code == 1
    assert "thermal.status.chip_cap_w:" in result.out.splitlines()[0]
    assert "  .chip_cap_w" in result.out
    assert max(len(line) for line in result.out.splitlines()) <= 110
    shown = cli(*args, "--json").json
    assert shown["divergence"]["field"] == "chip_cap_w"
    rules = ("--ignore", "cds.thermal.*", "--tolerance", "thermal.status.chip_cap_w=30")
    overlooked = cli(
        *args, *rules, "--tolerance", "thermal.status.throttle_level=1", "--ignore", "thermal.status.integral_w"
    )
    assert overlooked.code == 0, overlooked.out
    assert ".chip_cap_w" in overlooked.out  # it was off, within its tolerance


def test_diff_lists_headers_inputs_and_topics(cli: Cli, runs: Path) -> None:
    same = cli("diff", str(runs / "a"), str(runs / "a"))
    assert (same.code, same.out) == (0, f"the same: 300 ticks, {same.out.split()[4]} messages\n")
    result = cli("diff", str(runs / "a"), str(runs / "b"))
    assert result.code == 1
    assert result.out.startswith("outside inputs parted at tick 200, bus.inputs:")
    assert "parted at tick 200, thermal.status.chip_cap_w:" in result.out
    assert "more topics are the same" in result.out
    shown = cli("diff", str(runs / "a"), str(runs / "b"), "--topic", "thermal.*", "--json")
    assert (shown.code, shown.json["first"]["tick"]) == (1, 200)
    assert cli("diff", str(runs / "a"), str(runs / "b"), "--topic", "health.mode").code == 0


def test_resume_keeps_its_parent_in_the_manifest_and_says_what_it_does(cli: Cli, runs: Path) -> None:
    result = cli("resume", str(runs / "cut"), "--in-process", "--out", "again")
    assert result.code == 0
    assert result.out.startswith(f"going on with {runs / 'cut'} at tick 120 of 300")
    manifest = read_manifest(Path("again"))
    assert manifest.log_hash == read_manifest(runs / "a").log_hash
    assert manifest.parent is not None
    assert (manifest.parent.tick, manifest.parent.ticks, manifest.perturbed) == (120, 120, False)
    branch = read_manifest(runs / "b")
    assert branch.parent is not None
    assert branch.parent.changes == {"apps.thermal.gain_w_k": 4.0}
    assert branch.parent.log_hash == read_manifest(runs / "a").log_hash
    assert cli("replay", str(runs / "b")).code == 0


def test_a_branch_shows_in_the_log(cli: Cli, runs: Path) -> None:
    result = cli("log", str(runs / "b"), "--from", "200", "--to", "200")
    assert "bus.reconfigure   apps.thermal.gain_w_k=4" in result.out
    assert cli("log", str(runs / "b"), "--hash").out.startswith(str(read_manifest(runs / "b").log_hash))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("replay", "a", "--set", "apps.thermal.gain_w_k=1"), "go with --app"),
        (("replay", "a", "--ignore", "thermal.status.chip_c"), "go with --app"),
        (("replay", "a", "--app", "thermal", "--ignore", "power.status.soc"), "not a topic.field of thermal"),
        (("replay", "a", "--app", "thermal", "--rules", "none.toml"), "none.toml: can't be read"),
        (("replay", "a", "--app", "thermal", "--set", "apps.power.reserve_soc=0.5"), "not thermal's"),
        (("diff", "a", "nowhere"), "nowhere: no bus.log in it"),
        (("diff", "a", "b", "--topic", "nobody"), "topic 'nobody': in neither log"),
        (("diff", "a", "b", "--tolerance", "power.status.soc=x"), "must be a number not below 0"),
        (("resume", "nowhere"), "nowhere: no bus.log in it"),
        (("resume", "a"), "nothing is left of the 300 planned ticks"),
        (("resume", "a", "--at", "9h"), "tick 32400: the log ends before tick 300"),
        (("resume", "a", "--at", "100", "--set", "plant.battery.capacity_ah=1"), "can't change in a run under way"),
        (("resume", "a", "--at", "100", "--set", "apps.comms.x=1"), "apps.comms.x: unknown key"),
        (("resume", "a", "--at", "100", "--command", "120"), "must be like"),
        (("resume", "a", "--at", "100", "--command", "9s health.ping"), "must be from 100 to 299"),
        (("resume", "a", "--at", "100", "--out", "a"), "isn't empty"),
    ],
)
def test_bad_input_exits_2_with_one_line_and_writes_nothing(
    cli: Cli,
    runs: Path,
    tmp_path: Path,
    args: tuple[str, ...],
    message: str,
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).symlink_to(runs / name)
    result = cli(*args)
    assert result.code == 2
    assert result.out == ""
    assert len(result.err.splitlines()) == 1
    assert message in result.err
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


def test_an_older_log_replays_and_says_what_was_upgraded(cli: Cli, runs: Path, tmp_path: Path) -> None:
    reader = LogReader(runs / "a")
    place = [topic.name for topic in reader.header.topics].index("hw.device")
    new = {"sel", "sefi", "upsets"}
    topics = list(reader.header.topics)
    topics[place] = msgspec.structs.replace(
        topics[place], fields=tuple(field for field in topics[place].fields if field.name not in new)
    )
    old = msgspec.structs.replace(reader.header, topics=tuple(topics))
    (tmp_path / "old").mkdir()
    with (tmp_path / "old" / "bus.log").open("wb") as file:
        file.write(old.encode())
        for record in reader.ticks():
            entries = [
                (number, msgspec.msgpack.decode(payload)[: len(topics[place].fields)] if number == place else payload)
                for number, payload in record.entries
            ]
            file.write(msgspec.msgpack.encode((record.tick, record.inputs, entries)))
    result = cli("replay", "old")
    assert result.code == 0
    assert "an older log, upgraded in hw.device: hashes can't be compared" in result.out
    assert cli("replay", "old", "--app", "inference").code == 0
    refused = cli("resume", "old", "--at", "100")
    assert refused.code == 2
    assert "written by an unknown version with other declarations of hw.device" in refused.err
