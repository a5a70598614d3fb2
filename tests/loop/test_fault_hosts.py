"""Scripted faults are the same on every host, in every replay, and in a run that is taken up again."""

from __future__ import annotations

from pathlib import Path

from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LOST, REJOIN
from flightsw.node.replay import replay_application, replay_run
from flightsw.node.resume import Wanted
from tests.loop.runs import fly
from tests.node.faulttexts import fault, faults
from tests.node.runs import cut, take_up
from tests.node.runs import fly as fly_here


def test_scripted_faults_give_one_hash_in_processes_and_in_one_and_replay(tmp_path: Path) -> None:
    # two crashes in one tick, and one so near the end that its successor has no tick left
    given = (
        "--set",
        *faults(
            fault("crash", "50s", process="thermal"),
            fault("crash", "50s", process="health"),
            fault("crash", "145s", process="power"),
            fault("hang", "70s", process="comms", lasts="12s"),
            fault("slow", "90s", process="thermal", ticks=3, lasts="20s"),
            fault("message_corrupt", None, topic="power.status", share=0.3, when="soc > 0.1", lasts="40s"),
            fault("message_reorder", "60s", topic="hw.device", share=0.5, lasts="60s"),
            fault("message_duplicate", None, topic="infer.result", per_day=2000, lasts="20s"),
            fault("message_delay", "20s", topic="tc.request", ticks=5),
            fault("sensor_noise", "30s", field="sensor.thermal.chip_c", sigma=3.0),
            fault("radiator_degradation", "40s", emissivity_share=0.5),
        ),
        "--set",
        'commands=[{at="30s", name="health.ping"}]',
    )
    alone = fly(tmp_path / "alone", "--in-process", *given, ticks=150)
    apart = fly(tmp_path / "apart", *given, ticks=150)
    records = LogReader(tmp_path / "alone").ticks()
    inputs = {(r.tick, *item[:2]) for r in records for item in r.inputs if item[0] in (LOST, REJOIN)}
    assert {(50, LOST, "thermal"), (50, LOST, "health"), (145, LOST, "power")} <= inputs
    assert {(60, REJOIN, "thermal"), (60, REJOIN, "health")} <= inputs
    assert apart["log_hash"] == alone["log_hash"]
    again = replay_run(tmp_path / "apart")
    assert again.same
    assert again.replay_hash == alone["log_hash"]
    assert replay_application(tmp_path / "alone", "thermal").divergence is None


def test_a_run_with_faults_taken_up_again_ends_with_the_hash_of_the_whole_one(tmp_path: Path) -> None:
    given = faults(
        fault("crash", "90s", process="thermal"),
        fault("message_drop", "20s", topic="sensor.thermal", share=0.5),
        fault("message_delay", "58s", topic="tc.request", ticks=5, lasts="30s"),
        fault("hang", "55s", process="comms", lasts="10s"),
        fault("battery_cell_short", None, when="soc < 0.7", lasts="40s"),
        fault("sensor_drift", "50s", field="sensor.power.battery_current_a", per_h=90.0),
    )
    whole = fly_here(tmp_path / "whole", *given, ticks=150, commands=())
    assert whole.lost == ("thermal",)
    for in_process in (True, False):
        cut(tmp_path / "whole", tmp_path / f"cut-{in_process}", 60)
        source, target = tmp_path / f"cut-{in_process}", tmp_path / f"again-{in_process}"
        again = take_up(source, target, Wanted(), in_process=in_process)
        assert again.ticks == 150
        assert again.log_hash == whole.log_hash
