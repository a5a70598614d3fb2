"""The loop closed in real time: agent and bench as processes over CURVE, a board that is stopped, one that is killed.

One flight serves all claims. The agent is stopped for a while, goes on, is killed, and another takes its place; how
long that one takes to start is the machine's, so the flight is ended by Ctrl-C when it has been back for a while.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec
from flightsw.devices.board import BoardConfig
from flightsw.messages.board import BoardUse, Quality
from flightsw.node.again import scenario_of, table_of
from flightsw.node.appreplay import replay_application
from flightsw.node.replay import replay_run
from hil.report import report_run
from hil.reporttext import report_lines
from tests.console import Cli
from tests.hil.benches import Site, site

STOPPED_TICK, GOES_ON_TICK, KILLED_TICK, NEXT_TICK = 20, 32, 42, 46
BACK_TICKS = 20
HOLD_TICKS = BoardConfig().hold_ticks
REJOIN = re.compile(r"run\.joined .*tick=(\d+)")


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[str, Any]]]:
    with site(tmp_path_factory.mktemp("bench")) as one:
        bench = one.bench("linux-host", "duration=10min", "join_s=60.0")
        agent = one.agent()
        one.until_tick(STOPPED_TICK)
        agent.send_signal(signal.SIGSTOP)
        one.until_tick(GOES_ON_TICK)
        agent.send_signal(signal.SIGCONT)
        one.until_tick(KILLED_TICK)
        agent.kill()
        one.until_tick(NEXT_TICK)
        second = one.agent("--once")
        one.wait(lambda: REJOIN.search(one.said(second)))
        back = REJOIN.search(one.said(second))
        assert back is not None
        one.until_tick(int(back[1]) + BACK_TICKS)
        bench.send_signal(signal.SIGINT)
        assert one.finished(bench) == 130, one.said(bench)
        assert one.finished(second) == 0, one.said(second)
        assert "run.ended" in one.said(second)
        yield one, json.loads(one.said(bench).splitlines()[-1])


def test_the_run_goes_on_to_its_end_with_real_latency_in_it(flown: tuple[Site, dict[str, Any]]) -> None:
    _, report = flown
    assert report["ticks"] > NEXT_TICK + BACK_TICKS
    assert report["answered"] > 30
    assert report["batches"] > 10
    assert report["latency_quality"] == "measured"
    assert report["latency_ms"]["p50"] > 0.0


def test_every_gap_is_in_the_report_with_what_ended_it(flown: tuple[Site, dict[str, Any]]) -> None:
    _, report = flown
    gaps = [gap for gap in report["gaps"] if gap["ticks"] >= 8]
    assert [gap["ended_by"] for gap in gaps[:2]] == ["late", "rejoin"]
    assert STOPPED_TICK <= gaps[0]["first_tick"] <= GOES_ON_TICK
    assert KILLED_TICK <= gaps[1]["first_tick"] <= NEXT_TICK + 10
    assert report["lost"] == report["rejoined"] >= 1
    assert report["overdue"] > report["late"] >= 1


def test_measurements_of_an_absent_board_are_held_then_stale_and_fresh_when_it_is_back(
    flown: tuple[Site, dict[str, Any]],
) -> None:
    one, report = flown
    reader = LogReader(one.run_dir)
    table = table_of(scenario_of(reader)).topics
    number, codec = table.number["truth.board"], Codec(table)
    uses = {
        record.tick: codec.of_entry(entry)
        for record in reader.ticks()
        for entry in record.entries
        if entry[0] == number
    }
    assert len(uses) == report["ticks"]
    gap = next(gap for gap in report["gaps"] if gap["ticks"] >= 8)
    last_heard = gap["first_tick"] - 1
    during = [uses[tick] for tick in range(last_heard + HOLD_TICKS + 1, gap["first_tick"] + gap["ticks"] + 1)]
    assert during
    for use in during:
        assert isinstance(use, BoardUse)
        assert use.quality is Quality.STALE
        assert use.power_w is None
    last = uses[report["ticks"] - 1]
    assert isinstance(last, BoardUse)
    assert last.quality is Quality.MODELLED
    assert last.age_ticks <= 2
    told = [json.loads(line)["id"] for line in (one.run_dir / "events.jsonl").read_text().splitlines()]
    assert told.count("board.stale") == told.count("board.back") >= 2


def test_the_log_of_the_bench_replays_whole_and_by_its_application(flown: tuple[Site, dict[str, Any]]) -> None:
    one, _ = flown
    whole = replay_run(one.run_dir)
    assert whole.messages > 1000
    assert whole.same, whole.divergence
    alone = replay_application(one.run_dir, "inference")
    assert alone.ticks > 30
    assert alone.same, alone.divergence


def test_the_report_says_how_well_the_pace_was_held(flown: tuple[Site, dict[str, Any]]) -> None:
    one, report = flown
    assert report["jitter_ms"]["count"] == report["ticks"]
    assert report["round_trip_ms"]["p50"] < 100.0
    assert report["overruns"] == sum(report["overruns_by"].values())
    assert json.loads(json.dumps(report_run(one.run_dir).as_json())) == report
    text = "\n".join(report_lines(report_run(one.run_dir)))
    assert (one.run_dir / "bench.txt").read_text() == f"{text}\n"
    for word in ("tick jitter", "p99", "clock offset", "age at use", "cap asked", "gap"):
        assert word in text


def test_the_run_s_own_report_shows_the_gaps(flown: tuple[Site, dict[str, Any]], cli: Cli) -> None:
    one, report = flown
    assert cli("report", str(one.run_dir)).code == 0
    page = (one.run_dir / "report.html").read_text()
    assert '<section id="board">' in page
    shown = [(float(a), float(b)) for a, b in re.findall(r"counted with: STALE, (\S+) s to (\S+) s", page)]
    gaps = [gap for gap in report["gaps"] if gap["ticks"] > HOLD_TICKS + 1]
    assert len(shown) == len(gaps) >= 2
    for (begin_s, end_s), gap in zip(shown, gaps, strict=True):
        assert gap["first_tick"] / 10 < begin_s < end_s <= (gap["first_tick"] + gap["ticks"] + 2) / 10


def test_a_bench_run_is_neither_resumed_nor_flown_without_its_board(
    flown: tuple[Site, dict[str, Any]], cli: Cli
) -> None:
    one, _ = flown
    for args in (("resume", str(one.run_dir), "--out", "x"), ("run", str(one.run_dir / "scenario.toml"))):
        refused = cli(*args)
        assert refused.code == 2
        assert "flown by `flightsw hil bench` alone" in refused.err
        assert not list(Path().iterdir())


def test_nobody_is_left_and_no_secret_is_in_the_run_folder(flown: tuple[Site, dict[str, Any]]) -> None:
    one, _ = flown
    secrets = [(one.keys / f"{name}.secret").read_bytes().strip() for name in ("bench", "inference")]
    files = [path for path in Path(one.run_dir).rglob("*") if path.is_file()]
    assert len(files) >= 8
    assert not [path.name for path in files for secret in secrets if secret in path.read_bytes()]
