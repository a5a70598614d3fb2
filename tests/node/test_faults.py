"""Scripted faults: what is refused, and that a crash is the same outside input on every host."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.bus.exchange import LOST, REJOIN
from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError
from flightsw.node.replay import replay_run
from flightsw.node.scenario import load_scenario
from tests.loop.runs import fly

SCENARIO = "cubesat-6u-orin-nano"


def crash(process: str, at: str, kind: str = "crash") -> str:
    return f'{{kind = "{kind}", process = "{process}", at = "{at}"}}'


def faults(*texts: str) -> list[str]:
    return [f"faults=[{', '.join(texts)}]"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([crash("plant", "60s")], r"faults\[0\].process = 'plant': must be one of power, thermal"),
        ([crash("power", "9d")], r'faults\[0\].at = "9d": must be before the end of the run, 600 s'),
        ([crash("power", "1orbits")], r"faults\[0\].at = .1orbits.: must be in s, min, h or d"),
        ([crash("power", "soon")], r"faults\[0\].at = .soon.: must be like .600s."),
        ([crash("power", "60s", kind="crush")], r"faults\[0\].kind = .crush."),
        ([crash("power", "60s"), crash("power", "65s")], r"faults\[1\].at = .65s.: power is lost then already: .* 70"),
        ([crash("power", f"{60 * n}s") for n in range(6)], r"faults\[5\]: power crashes too often: must be at most 5"),
    ],
)
def test_a_crash_that_cannot_happen_is_refused(texts: list[str], message: str) -> None:
    assert load_scenario(SCENARIO, ["duration=600s", *faults(crash("power", "60s"))]).faults
    with pytest.raises(ConfigError, match=message):
        load_scenario(SCENARIO, ["duration=600s", *faults(*texts)])


def test_scripted_crashes_give_one_hash_in_processes_and_in_one_and_replay(tmp_path: Path) -> None:
    # two in one tick, and one so near the end that its successor has no tick left
    given = ("--set", *faults(crash("thermal", "50s"), crash("health", "50s"), crash("power", "145s")))
    alone = fly(tmp_path / "alone", "--in-process", *given, ticks=150)
    apart = fly(tmp_path / "apart", *given, ticks=150)
    assert alone["lost"] == ["thermal", "health", "power"]
    assert sorted(apart["lost"]) == sorted(alone["lost"])
    inputs = [(r.tick, *item[:2]) for r in LogReader(tmp_path / "alone").ticks() for item in r.inputs]
    assert [one for one in inputs if one[1] == LOST] == [
        (50, LOST, "thermal"),
        (50, LOST, "health"),
        (145, LOST, "power"),
    ]
    assert [one for one in inputs if one[1] == REJOIN] == [(60, REJOIN, "thermal"), (60, REJOIN, "health")]
    assert apart["log_hash"] == alone["log_hash"]
    again = replay_run(tmp_path / "apart")
    assert again.same
    assert again.replay_hash == alone["log_hash"]
