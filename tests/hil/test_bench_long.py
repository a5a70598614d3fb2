"""The loop for long enough to be believed: ten minutes at 10 Hz, one at 100 Hz, a minute of each stand-in in orbit."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flightsw.bus.logreader import LogReader
from flightsw.messages.board import BoardReading
from flightsw.node.replay import replay_run
from tests.hil.benches import Site, site

pytestmark = pytest.mark.long

LOWERED_CAP = 'commands=[{at="%gs",name="power.set_reserve",args={soc=0.9}}]'


def flown(one: Site, bench: str, *settings: str, guard_s: float, agent: tuple[str, ...] = ()) -> dict[str, Any]:
    process = one.bench(bench, *settings)
    second = one.agent("--once", *agent)
    assert process.wait(guard_s) == 0, one.said(process)
    assert one.finished(second) == 0, one.said(second)
    report: dict[str, Any] = json.loads(one.said(process).splitlines()[-1])
    print((one.run_dir / "bench.txt").read_text())  # noqa: T201  the figures are what it is run for
    return report


def board_readings(run_dir: Path) -> list[BoardReading]:
    reader = LogReader(run_dir)
    number = [topic.name for topic in reader.header.topics].index("hw.board")
    decode = msgspec.msgpack.Decoder(BoardReading).decode
    return [decode(data) for tick in reader.ticks() for place, data in tick.entries if place == number]


def what_is_set(tree: Path) -> dict[str, str]:
    """Limits and modes of a stand-in: what a driver may change."""
    patterns = (
        "sys/class/devfreq/*/max_freq",
        "sys/devices/system/cpu/cpufreq/*/scaling_max_freq",
        "var/lib/nvpmodel/*",
    )
    return {str(file): file.read_text().strip() for pattern in patterns for file in tree.glob(pattern)}


@pytest.mark.parametrize(
    ("bench", "seconds", "dt_s"), [("linux-host", 600, 0.1), ("linux-host-100hz", 60, 0.01)], ids=["10Hz", "100Hz"]
)
def test_this_machine_closes_the_loop_in_real_time_and_a_lowered_cap_lowers_its_work_rate(
    tmp_path: Path, bench: str, seconds: int, dt_s: float
) -> None:
    busy = "apps.inference.frame_scenes=1000"
    with site(tmp_path) as one:
        report = flown(one, bench, f"duration={seconds}s", busy, LOWERED_CAP % (0.7 * seconds), guard_s=seconds + 120)
        assert report["ticks"] == round(seconds / dt_s)
        assert report["answered"] + report["late"] > 0.8 * report["ticks"]
        assert report["overruns"] == sum(report["overruns_by"].values())
        assert report["late"] == sum(report["late_by"].values())
        assert report["overruns_by"].get("unexplained", 0) <= 1e-3 * report["ticks"]
        assert report["jitter_ms"]["p99"] is not None
        assert report["latency_quality"] == "measured"
        assert report["batches"] > 1000
        rates = [level["batches_per_s"] for level in report["caps"] if level["ticks"] >= 8]
        assert len(rates) >= 2
        assert rates == sorted(rates)
        assert rates[0] < 0.6 * rates[-1]
        assert replay_run(one.run_dir).same


@pytest.mark.parametrize(
    ("bench", "kind", "limit_c", "gain_w_k", "cap_max_w"),
    [
        ("jetson-orin-nano", "orin-nano", 29.5, 4.0, 14.9),
        ("jetson-agx-orin", "agx-orin", 22.5, 8.0, 27.5),
        ("raspberry-pi-4", "pi4", 20.0, 2.0, 5.2),
        ("raspberry-pi-5", "pi5", 20.5, 2.0, 8.5),
    ],
)
def test_a_stand_in_lives_in_the_orbit_is_throttled_by_its_heat_and_is_put_back(
    tmp_path: Path, bench: str, kind: str, limit_c: float, gain_w_k: float, cap_max_w: float
) -> None:
    """A chip limit that its heat meets within the minute, and a cap that fits the second mode below it."""
    limits = {"chip_limit_c": limit_c, "gain_w_k": gain_w_k, "cap_max_w": cap_max_w}
    hot = [f"apps.thermal.{name}={value}" for name, value in limits.items()]
    hot += ["apps.power.cap_slew_w_s=5.0", "apps.power.reserve_soc=0.2"]  # heat alone is to hold it back
    with site(tmp_path) as one:
        tree = tmp_path / "tree"
        follower = one.start("hil", "stand-in", kind, str(tree), "--follow", str(one.run_dir))
        one.wait(lambda: (tree / "proc/device-tree/model").is_file() and "made in" in one.said(follower))
        before = what_is_set(tree)
        assert before
        settings = ("duration=75s", "apps.inference.frame_scenes=400", *hot)
        report = flown(one, bench, *settings, guard_s=240, agent=("--root", str(tree)))
        assert one.finished(follower) == 0, one.said(follower)
        assert f"lived through {report['ticks']} ticks" in one.said(follower)
        assert report["answered"] + report["late"] > 0.8 * report["ticks"]
        assert report["latency_quality"] == "modelled"
        assert report["batches"] > 10
        clocks = report["clock_mhz"]
        assert clocks["count"] > 500
        assert len({level["asked"] for level in report["caps"]}) >= 2
        led = [one for one in board_readings(one.run_dir) if one.ready and one.cap_asked > 0.0 and one.chip_c]
        assert [
            after
            for before, after in pairwise(led)
            if after.cap_asked < before.cap_asked and (after.chip_c or 0.0) >= (led[0].chip_c or 0.0)
        ], "as it warmed, its clock was lowered"
        assert min(one.clock_mhz or 0.0 for one in led[1:]) < max(one.clock_mhz or 0.0 for one in led[1:])
        for level in report["caps"]:
            if level["asked"] > 0.3:
                assert level["applied"] * level["duty"] <= level["asked"] + 0.02
        assert what_is_set(tree) == before
        assert replay_run(one.run_dir).same
