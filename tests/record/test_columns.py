"""Columns of a log: values held between messages, unknowns as NaN, counts, events, names and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from flightsw.bus.log import LogHeader, LogWriter, RecordEncoder
from flightsw.bus.records import MESSAGE, TickRecord
from flightsw.errors import ConfigError, LogError
from flightsw.messages.comms import TcRequest
from flightsw.messages.health import BusEvent, BusEventKind, Event, Mode, Severity
from flightsw.messages.schema import PROTOCOL, FieldSchema, TopicSchema
from flightsw.record.columns import read_columns
from tests.record import logs

NAN = float("nan")


def same(column: np.ndarray[Any, Any], *values: float) -> bool:
    return np.array_equal(column, np.array(values), equal_nan=True)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    result = logs.result
    records = [
        logs.record(0, [("hw.device", logs.device(chip_c=40.0))]),
        logs.record(1, [("power.status", logs.power(soc=0.5)), ("truth.plant", logs.truth(load_power_w=(1.0, 7.5)))]),
        logs.record(2, [("infer.result", result(batch=0, scenes=4)), ("infer.result", result(batch=1, scenes=6))]),
        logs.record(3, [("power.status", logs.power(soc=None)), ("health.mode", logs.mode(Mode.PAYLOAD))]),
        logs.record(4, [("power.status", logs.power(soc=0.4, in_eclipse=True)), ("infer.result", result(scenes=8))]),
    ]
    logs.write_log(tmp_path / "run", records)
    return tmp_path / "run"


def test_a_value_is_held_and_is_unknown_before_its_first_message_and_where_none_was_said(run_dir: Path) -> None:
    columns = read_columns(run_dir, ["power.soc", "hw.chip_c"])
    assert same(columns.time_s, 0.0, 1.0, 2.0, 3.0, 4.0)
    assert same(columns["power.soc"], NAN, 0.5, 0.5, NAN, 0.4)
    assert same(columns["hw.device.chip_c"], 40.0, 40.0, 40.0, 40.0, 40.0)
    assert columns.units == {"power.status.soc": "1", "hw.device.chip_c": "degC"}


def test_of_several_messages_in_a_tick_the_last_one_counts_and_all_are_counted(run_dir: Path) -> None:
    columns = read_columns(run_dir, ["infer.scenes"])
    assert same(columns["infer.scenes"], NAN, NAN, 6.0, 6.0, 8.0)
    assert same(columns.counts["infer.result"], 0.0, 0.0, 2.0, 0.0, 1.0)


def test_a_flag_is_nought_or_one_and_an_enumeration_its_number_with_names(run_dir: Path) -> None:
    columns = read_columns(run_dir, ["power.in_eclipse", "health.mode"])
    assert same(columns["power.in_eclipse"], NAN, 0.0, 0.0, 0.0, 1.0)
    assert same(columns["health.mode"], NAN, NAN, NAN, 6.0, 6.0)
    assert columns.members == {"health.mode.mode": {mode.name: mode.value for mode in Mode}}


def test_an_element_of_a_list_is_picked_and_one_that_is_not_there_is_unknown(run_dir: Path) -> None:
    columns = read_columns(run_dir, ["truth.load_power_w[1]", "truth.load_power_w[9]"])
    assert same(columns["truth.load_power_w[1]"], NAN, 7.5, 7.5, 7.5, 7.5)
    assert np.isnan(columns["truth.load_power_w[9]"]).all()


def test_a_topic_can_be_counted_without_a_signal_of_it_and_telecommands_from_outside_count(tmp_path: Path) -> None:
    request = logs.entry("tc.request", TcRequest(1, "power.set_reserve", {"soc": 0.3}))
    records = [logs.record(0, []), logs.record(1, [], [(MESSAGE, request)])]
    logs.write_log(tmp_path / "run", records)
    columns = read_columns(tmp_path / "run", ["tc.request.request"], ["truth.plant"])
    assert same(columns["tc.request.request"], NAN, 1.0)
    assert same(columns.counts["tc.request"], 0.0, 1.0)
    assert same(columns.counts["truth.plant"], 0.0, 0.0)


def test_events_stand_by_source_and_id(tmp_path: Path) -> None:
    shed = Event(Severity.WARNING_HI, "load.shed", {"level": 1})
    records = [
        logs.record(0, [("event.power", shed)]),
        logs.record(1, [("bus.event", BusEvent(BusEventKind.APP_LOST, "thermal", 0))]),
        logs.record(2, [("event.power", shed), ("event.power", shed)]),
    ]
    logs.write_log(tmp_path / "run", records)
    events = read_columns(tmp_path / "run", []).events
    assert {key: ticks.tolist() for key, ticks in events.items()} == {
        ("bus", "APP_LOST"): [1],
        ("power", "load.shed"): [0, 2, 2],
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("power.sok", "power.status.soc"),
        ("truth.load_power_w", "must pick an element"),
        ("power.soc[0]", "has no elements"),
        ("health.mode.reason", "must be a number"),
        ("health.silent[0]", "must be a number"),
        ("tc.request.args", "must be a number"),
    ],
)
def test_what_is_no_number_of_the_log_is_refused_and_says_why(run_dir: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match="signal") as refused:
        read_columns(run_dir, [name])
    assert said in str(refused.value)


def test_an_unknown_topic_is_refused(run_dir: Path) -> None:
    with pytest.raises(ConfigError, match=r"topic 'infer.resul': unknown: must be one of bus.event"):
        read_columns(run_dir, [], ["infer.resul"])


def test_a_column_that_was_not_read_is_refused(run_dir: Path) -> None:
    with pytest.raises(ConfigError, match=r"hw.device.chip_c: not read"):
        read_columns(run_dir, ["power.soc"])["hw.chip_c"]


def test_a_log_without_a_tick_gives_empty_columns(tmp_path: Path) -> None:
    logs.write_log(tmp_path / "run", [])
    columns = read_columns(tmp_path / "run", ["power.soc"])
    assert len(columns) == 0
    assert len(columns["power.soc"]) == len(columns.counts["power.status"]) == 0


def test_a_log_that_was_cut_reads_to_its_last_whole_tick(tmp_path: Path) -> None:
    logs.write_log(tmp_path / "run", [logs.record(0, [("power.status", logs.power(soc=0.5))])], end=False)
    with (tmp_path / "run" / "bus.log").open("ab") as log:
        log.write(b"\x93\x01\x90")
    assert same(read_columns(tmp_path / "run", ["power.soc"])["power.soc"], 0.5)


def test_no_log_is_a_log_error(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="not a run folder"):
        read_columns(tmp_path, ["power.soc"])


def test_a_log_of_topics_that_no_shipped_node_has_reads_by_its_own_header(tmp_path: Path) -> None:
    fields = (
        FieldSchema("tank_pa", "float | null", ""),
        FieldSchema("valve", "enum(SHUT=0, OPEN=3)", ""),
        FieldSchema("valves", "enum(SHUT=0, OPEN=3)[2]", ""),
    )
    topic = TopicSchema("prop.status", "propulsion", "PropStatus", None, fields)
    tmp_path.joinpath("run").mkdir()
    writer = LogWriter(tmp_path / "run", LogHeader(PROTOCOL, {}, 1, 10**8, (topic,), ()))
    for tick, values in enumerate([[2.5e5, 0, [0, 3]], [None, 3, [3, 3]]]):
        writer.append(RecordEncoder()(TickRecord(tick, (), [(0, msgspec.Raw(msgspec.msgpack.encode(values)))])))
    writer.close()
    columns = read_columns(tmp_path / "run", ["prop.tank_pa", "prop.valve", "prop.valves[0]"])
    assert same(columns.time_s, 0.0, 0.1)
    assert same(columns["prop.tank_pa"], 2.5e5, NAN)
    assert same(columns["prop.valve"], 0.0, 3.0)
    assert same(columns["prop.valves[0]"], 0.0, 3.0)
    assert columns.members["prop.status.valves[0]"] == {"SHUT": 0, "OPEN": 3}
