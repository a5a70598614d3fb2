"""The log as lines: names from the log's own header, and only what was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from flightsw.bus.records import LOST, MESSAGE
from flightsw.errors import ConfigError, LogError
from flightsw.messages.comms import TcRequest
from flightsw.messages.health import Event, Mode, Severity
from flightsw.messages.plant import LclState, PowerSensors
from flightsw.record.logview import as_json, as_text, read_lines
from tests.record.logs import entry, mode, record, truth, write_log


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    sensors = PowerSensors(None, -1.25, 20.0, 3.0, (1.0, 2.0), (LclState.ON, LclState.TRIPPED), brownout=False)
    request = TcRequest(1, "power.set_load", {"load": "radio\n", "on": True})
    write_log(
        tmp_path,
        [
            record(0, [("truth.plant", truth()), ("health.mode", mode(Mode.SAFE))]),
            record(
                1,
                [("sensor.power", sensors), ("event.power", Event(Severity.WARNING_HI, "LOW", {}))],
                inputs=[(MESSAGE, entry("tc.request", request)), (LOST, "comms", 2)],
            ),
            record(2, [("event.health", Event(Severity.FATAL, "END", {}))]),
        ],
    )
    return tmp_path


def test_all_lines_come_in_order_with_outside_inputs_first(run_dir: Path) -> None:
    lines = list(read_lines(run_dir))
    assert [(line.tick, line.topic) for line in lines] == [
        (0, "truth.plant"),
        (0, "health.mode"),
        (1, "tc.request"),
        (1, "bus.lost"),
        (1, "sensor.power"),
        (1, "event.power"),
        (2, "event.health"),
    ]
    assert lines[3].message == {"process": "comms", "incarnation": 2}


def test_enumerations_read_as_words_also_inside_tuples(run_dir: Path) -> None:
    lines = {line.topic: line.message for line in read_lines(run_dir)}
    assert lines["health.mode"]["mode"] == "SAFE"
    assert lines["sensor.power"]["lcl_state"] == ["ON", "TRIPPED"]
    assert lines["sensor.power"]["battery_voltage_v"] is None


def test_topics_and_ticks_pick_what_is_shown(run_dir: Path) -> None:
    assert [line.topic for line in read_lines(run_dir, ["event.*"])] == ["event.power", "event.health"]
    assert [line.tick for line in read_lines(run_dir, ["event.*"], first_tick=2)] == [2]
    assert [line.tick for line in read_lines(run_dir, ["event.*", "health.mode"], last_tick=1)] == [0, 1]


def test_a_topic_that_is_not_in_the_log_is_refused_with_those_that_are(run_dir: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"topic 'powr.status': not in the log: must be one of bus.event, .*power.status"
    ):
        list(read_lines(run_dir, ["powr.status"]))


def test_lines_print_on_one_line_and_as_json(run_dir: Path) -> None:
    for line in read_lines(run_dir):
        assert "\n" not in as_text(line)
        assert json.loads(as_json(line)) == msgspec.to_builtins(line)
    text = "\n".join(as_text(line) for line in read_lines(run_dir, ["sensor.power"]))
    assert "battery_voltage_v=- battery_current_a=-1.25" in text


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError):
        list(read_lines(tmp_path))
