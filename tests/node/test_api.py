"""The Python API: a node in process, its signals, its commands, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flightsw
from flightsw.errors import ConfigError, RunError
from flightsw.node.api import Node
from flightsw.node.replay import replay_run

FAST = ["apps.inference.execute=none"]


def test_runs_until_and_for_and_gives_signals_by_short_and_full_name() -> None:
    with flightsw.node(overrides=FAST) as n:
        assert n["power.soc"] is None
        n.run_until("120s")
        assert (n.tick, n.time_s) == (120, 120.0)
        n.run_for("0.5min")
        assert n.tick == 150
        assert n["power.soc"] == n["power.status.soc"]
        assert 0.0 < n["truth.plant.node_c[0]"] < 100.0
        time_s, soc = n.series("power.soc")
        assert len(time_s) == 150
        assert np.isnan(soc[0])
        assert 0.5 < soc[-1] < 0.7


def test_an_accepted_command_takes_effect_and_a_refused_one_does_not() -> None:
    with flightsw.node(overrides=FAST) as n:
        n.run_until("60s")
        first = n.command("power.set_reserve", soc=0.6)
        n.run_for("5s")
        assert n["power.reserve_soc"] == 0.6
        assert n["comms.status.tc_accepted"] == 1
        second = n.command("power.set_reserve", soc=7.0)
        n.command("power.fly_away")
        n.run_for("5s")
        assert second == first + 1
        assert n["power.reserve_soc"] == 0.6
        assert n["comms.status.tc_rejected"] == 2


def test_the_run_folder_replays(tmp_path: Path) -> None:
    with flightsw.node(overrides=FAST, seed=5, out=tmp_path / "run") as n:
        n.run_until("30s")
        n.command("infer.set_payload", on=False)
        n.run_for("30s")
        log_hash = n.log_hash
    replay = replay_run(tmp_path / "run")
    assert replay.same
    assert replay.log_hash == replay.replay_hash == log_hash


def test_what_can_not_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("")
    with pytest.raises(ConfigError, match="is not empty"):
        flightsw.node(out=tmp_path)
    with pytest.raises(ConfigError, match="nowhere"):
        flightsw.node("nowhere")
    n: Node = flightsw.node(overrides=FAST)
    n.run_until("10s")
    with pytest.raises(ConfigError, match="is past"):
        n.run_until("5s")
    with pytest.raises(ConfigError, match=r"did you mean cds\.power\.soc, power\.status\.soc"):
        n["power.soo"]
    with pytest.raises(ConfigError, match="is not a number"):
        n.series("health.mode.reason")
    n.close()
    with pytest.raises(RunError, match="closed"):
        n.run_for("1s")
    with pytest.raises(RunError, match="closed"):
        n.series("power.soc")


def test_the_package_is_still_a_package() -> None:
    assert flightsw.node.api.Node is Node
    with pytest.raises(AttributeError, match="no attribute 'nodes'"):
        flightsw.nodes  # noqa: B018
