"""The commands of `flightsw hil` on stand-ins, and what they refuse before anything is started."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from flightsw.errors import ConfigError
from hil.benchfile import bench_scenario, load_bench, shipped_benches
from tests.console import Cli


@pytest.mark.parametrize(("stand_in", "kind"), [("orin-nano", "jetson"), ("pi5", "raspberrypi")])
def test_probe_shows_what_a_stand_in_offers(cli: Cli, stand_in: str, kind: str) -> None:
    assert cli("hil", "stand-in", stand_in, "tree").code == 0
    found = cli("hil", "probe", "--root", "tree", "--json").json
    assert found["kind"] == kind
    standings = {offer["name"]: offer["standing"] for offer in found["offers"]}
    assert standings["clock"] == "present"
    assert standings["power.meter"] == "absent"
    assert {value["name"]: value["quality"] for value in found["values"]}["power"] == "MEASURED"
    text = cli("hil", "probe", "--root", "tree")
    assert text.code == 0
    assert "capability" in text.out


def test_probe_works_on_this_machine_whatever_it_is(cli: Cli) -> None:
    found = cli("hil", "probe", "--json").json
    assert found["offers"]
    assert all(offer["source"] or offer["reason"] for offer in found["offers"])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("probe", "--board", "toaster"), "board = 'toaster': must be auto, linux, jetson, raspberrypi"),
        (("probe", "--root", "nowhere"), "root = 'nowhere': no such folder"),
        (("probe", "--line", "9,3"), "line = '9,3': must be like 4.5,17"),
        (("bench", "nothing"), "(shipped benches: h100-host, jetson-agx-orin, "),
        (("bench", "linux-host"), "bench.secret: can't be read"),
        (("bench", "linux-host", "--set", "dt_s=0"), "dt_s = 0"),
        (("bench", "linux-host", "--set", "board.hold_ticks=0"), "board.hold_ticks = 0"),
        (("agent", "tcp://127.0.0.1:1"), "inference.secret: can't be read"),
        (
            ("agent", "tcp://127.0.0.1:1", "--provider", "abacus"),
            "provider = 'abacus': this machine's",
        ),
        (("stand-in", "pi9", "tree"), "board = 'pi9': must be orin-nano"),
    ],
)
def test_bad_input_ends_with_2_and_one_line_that_says_what_is_allowed(
    cli: Cli, args: tuple[str, ...], message: str
) -> None:
    refused = cli("hil", *args)
    assert refused.code == 2, refused.err
    assert message in refused.err
    assert len(refused.err.splitlines()) == 1
    assert not list(Path().glob("runs/*"))


def test_an_endpoint_that_is_taken_is_refused_before_anything_is_started(cli: Cli) -> None:
    cli("hil", "keygen", "bench")
    cli("hil", "keygen", "inference")
    cli("hil", "enroll", "inference", "hil-keys/inference.public")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = cli("hil", "bench", "linux-host", "--set", f"endpoint=tcp://127.0.0.1:{port}", "--out", "run")
    assert refused.code == 2
    assert "can't be bound" in refused.err
    assert not Path("run").exists()


def test_json_of_a_bench_that_nobody_joined_says_so_on_stdout(cli: Cli) -> None:
    cli("hil", "keygen", "bench")
    cli("hil", "keygen", "inference")
    cli("hil", "enroll", "inference", "hil-keys/inference.public")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = (f"endpoint=tcp://127.0.0.1:{port}", "join_s=0.5")
    done = cli("hil", "bench", "linux-host", *(part for one in given for part in ("--set", one)), "--json")
    assert done.code == 3
    assert len(done.out.splitlines()) == 1
    assert done.json["exit_code"] == 3
    assert done.json["error"] in done.err


def test_every_shipped_bench_makes_a_scenario_with_a_board_that_is_computed_in_full() -> None:
    assert len(shipped_benches()) >= 5
    for name in shipped_benches():
        scenario = bench_scenario(load_bench(name))
        assert scenario.apps.inference.execute == "every"
        assert scenario.board.max_chip_c > 0.0  # type: ignore[union-attr]


def test_a_bench_with_an_application_of_one_s_own_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text('scenario = "cubesat-6u-orin-nano"\n[set]\n"apps.inference.app" = "collections:OrderedDict"\n')
    with pytest.raises(ConfigError):
        bench_scenario(load_bench(str(file)))


def test_a_field_that_a_bench_hasn_t_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text('scenario = "cubesat-6u-orin-nano"\nspeed = 2.0\n')
    with pytest.raises(ConfigError, match="speed"):
        load_bench(str(file))


def test_a_run_without_a_board_has_no_bench_report(cli: Cli) -> None:
    assert cli("run", "--in-process", "--duration", "2s", "--execute", "none", "--out", "run").code == 0
    refused = cli("hil", "report", "run")
    assert refused.code == 2
    assert "no board was in this run" in refused.err


def test_json_of_an_error_is_json(cli: Cli) -> None:
    refused = cli("hil", "bench", "nothing", "--json")
    assert json.loads(refused.out)["exit_code"] == 2
