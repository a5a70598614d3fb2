"""The telemetry network in flight: calm on nominal orbits, the same however the node is run, and it finds a fault."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flightsw.bus.application import Application
from flightsw.bus.logreader import LogReader
from flightsw.devices.models import load_card
from flightsw.devices.telemetry_model import TelemetryCard, channels_of
from flightsw.messages.base import Message
from flightsw.messages.health import AnomalyStatus, Event, Mode, ModeStatus, Severity
from flightsw.messages.signals import find_signal
from flightsw.messages.topics import TopicTable, shipped_topics
from flightsw.node.build import build_application
from flightsw.node.inprocess import InProcessNode, Recorder
from flightsw.node.scenario import Scenario, load_scenario, run_ticks
from flightsw.plant.process import PlantProcess
from flightsw.regress.pytest_plugin import Fly
from tests.apps.telemetry import plain_residuals
from tests.loop import runs

SCENARIO = "cubesat-6u-orin-nano"
CARD = load_card("telemetry-anomaly", TelemetryCard)
ROWS = channels_of(CARD, SCENARIO)


@pytest.fixture(scope="module")
def nominal(fly: Fly) -> Path:
    """Two orbits as shipped."""
    return fly(SCENARIO, duration="2orbits").run_dir


@pytest.fixture(scope="module")
def faults() -> Iterator[Any]:
    """The faults that the model is measured with."""
    path = list(sys.path)
    sys.path.insert(0, CARD.folder)
    yield importlib.import_module("faults")
    sys.path[:] = path


def flown(run_dir: Path, *, orbits: float, overrides: list[str], plant: Any = None) -> Path:
    scenario = load_scenario(SCENARIO, ["apps.inference.execute=none", *overrides])

    def build(name: str, its: Scenario) -> Application:
        application = build_application(name, its)
        return plant(application) if plant and isinstance(application, PlantProcess) else application

    recorder = Recorder(InProcessNode(scenario, build=build), run_dir)
    for _ in range(run_ticks(scenario, f"{orbits}orbits")):
        recorder.run_tick()
    recorder.close()
    return run_dir


def events(run_dir: Path) -> list[tuple[int, Event]]:
    found = LogReader(run_dir).messages(["event.health"])
    return [(tick, message) for tick, _, message in found if isinstance(message, Event)]


def looks(run_dir: Path) -> list[tuple[int, AnomalyStatus]]:
    found = LogReader(run_dir).messages(["health.anomaly"])
    return [(tick, message) for tick, _, message in found if isinstance(message, AnomalyStatus)]


def assert_calm(run_dir: Path, *, least_looks: int) -> None:
    said = looks(run_dir)
    assert len(said) > least_looks
    assert len({status.score for _, status in said}) > least_looks / 2
    assert {event.id for _, event in events(run_dir)} >= {"mode.changed"}
    assert not [status for _, status in said if status.alarm]


def test_two_nominal_orbits_raise_no_alarm(nominal: Path) -> None:
    assert_calm(nominal, least_looks=60)


@pytest.mark.long
def test_three_nominal_orbits_of_another_seed_raise_no_alarm(tmp_path: Path) -> None:
    assert_calm(flown(tmp_path, orbits=3.0, overrides=["seed=77"]), least_looks=80)


def test_logged_scores_are_those_of_a_plain_session(nominal: Path) -> None:
    reader, topics = LogReader(nominal), TopicTable(shipped_topics())
    signals = [find_signal(row.signal, topics) for row in ROWS]
    newest: dict[tuple[str, int], Message] = {}
    for tick, topic, message in reader.messages(sorted({signal.topic for signal in signals})):
        if (tick + 1) % 10 == 0:  # health hears at n what was said at n - 1, and takes a sample every tenth tick
            newest[topic, tick + 1] = message
    plain = plain_residuals(CARD, ROWS)
    said = looks(nominal)
    assert len(said) > 60
    for tick, status in said:
        window = [
            [float(signal.of(newest[signal.topic, at])) for signal in signals]  # type: ignore[arg-type]
            for at in range(tick - 110, tick + 1, 10)
        ]
        residuals = plain(np.array(window))
        shares = [round(value / row.residual, 3) for value, row in zip(residuals, ROWS, strict=True)]
        assert (status.score, status.channel) == (max(shares), ROWS[shares.index(max(shares))].signal)


def test_processes_and_one_process_see_the_same_scores(tmp_path: Path) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    alone = runs.fly(one, "--in-process", "--execute", "none", ticks=600)
    together = runs.fly(many, "--execute", "none", ticks=600)
    assert len(looks(one)) >= 2
    assert looks(one) == looks(many)
    assert alone["log_hash"] == together["log_hash"]


def test_a_node_that_is_not_watched_differs_in_nothing_else(tmp_path: Path) -> None:
    def but_for_the_watch(run_dir: Path) -> list[tuple[int, str, Message]]:
        reader = LogReader(run_dir)
        return list(reader.messages([topic.name for topic in reader.header.topics if topic.name != "health.anomaly"]))

    with_it, without = tmp_path / "with", tmp_path / "without"
    with_it.mkdir()
    without.mkdir()
    flown(with_it, orbits=0.15, overrides=[])
    flown(without, orbits=0.15, overrides=["apps.health.anomaly.enabled=false"])
    assert len(looks(with_it)) >= 3
    assert not looks(without)
    assert but_for_the_watch(with_it) == but_for_the_watch(without)


@pytest.mark.parametrize(
    ("kind", "target", "size", "blamed"),
    [
        (
            "bias",
            "sensor.thermal.board_c",
            8.0,
            {"sensor.thermal.board_c", "sensor.thermal.chip_c"},
        ),  # one or the other is off
        ("heater", "on", 0.0, {"sensor.power.load_power_w[1]"}),
    ],
)
def test_a_fault_is_found_and_told_and_no_mode_changes_by_it(
    tmp_path: Path, faults: Any, kind: str, target: str, size: float, blamed: set[str]
) -> None:
    fault = faults.Fault("", kind, target, size, 1500.0)
    run_dir = flown(tmp_path, orbits=0.5, overrides=[], plant=lambda plant: faults.FaultyPlant(plant, fault))
    told = [(tick, event) for tick, event in events(run_dir) if event.id == "anomaly.detected"]
    assert [event.severity for _, event in told] == [Severity.WARNING_LO]
    assert 1500 < told[0][0] < 2700
    assert told[0][1].args["channel"] in blamed
    modes = {
        (m.mode, m.reason) for _, _, m in LogReader(run_dir).messages(["health.mode"]) if isinstance(m, ModeStatus)
    }
    assert (Mode.PAYLOAD, "wanted") in modes
    assert Mode.SAFE not in {mode for mode, _ in modes}
