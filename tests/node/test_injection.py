"""Faults injected into a run under way: what may come in, what it does, and that the log alone gives the run again."""

from __future__ import annotations

from pathlib import Path

import pytest

import flightsw
from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LOST
from flightsw.errors import ConfigError
from flightsw.messages.base import Scalar
from flightsw.messages.faults import INJECTION, FaultInjection
from flightsw.messages.topics import FLIGHT_APPS
from flightsw.node.api import Node
from flightsw.node.faults import KINDS
from flightsw.node.injection import injection_of
from flightsw.node.processes import process_table
from flightsw.node.replay import replay_application, replay_run
from flightsw.node.resume import Wanted, prepare
from flightsw.node.scenario import load_scenario
from tests.node.runs import cut, take_up

NO_ENGINE = ('apps.inference.execute="none"', 'duration="200s"')
SCENARIO = load_scenario("cubesat-6u-orin-nano", NO_ENGINE)
TABLE = process_table(SCENARIO)


def opened(out: Path) -> Node:
    return flightsw.node("cubesat-6u-orin-nano", overrides=NO_ENGINE, out=out)


@pytest.mark.parametrize(
    ("kind", "args", "message"),
    [
        ("gremlin", {}, "'gremlin': unknown kind: must be one of crash, hang"),
        ("crash", {"process": "plant"}, "fault crash: process = 'plant': must be one of power, thermal"),
        ("crash", {"process": "power", "at": "5s"}, "at = '5s': must be left out: it begins when it comes in"),
        ("crash", {"process": "power", "when": "soc < 0.5"}, "when = 'soc < 0.5': must be left out"),
        ("crash", {"process": "power", "lasts": "5s"}, 'lasts = "5s": must be left out: it happens at once'),
        ("crash", {}, "process"),
        ("sensor_bias", {"field": "sensor.thermal.chip_c", "offset": "much"}, "offset"),
        ("sensor_bias", {"field": "sensor.soc", "offset": 1.0}, "field = 'sensor.soc': must be a field of"),
        ("message_drop", {"topic": "truth.plant"}, "topic = 'truth.plant': must be one of"),
        ("message_drop", {"topic": INJECTION}, "must be one of"),
        ("hang", {"process": "comms", "lasts": "soon"}, 'lasts = "soon": must be like'),
    ],
)
def test_what_cannot_happen_is_refused_by_name(kind: str, args: dict[str, Scalar], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        injection_of(SCENARIO, TABLE, 1, kind, args)
    assert message in str(refused.value)


def test_what_may_come_in_says_how_long_it_lasts_in_ticks() -> None:
    bias = injection_of(
        SCENARIO, TABLE, 7, "sensor_bias", {"field": "sensor.thermal.chip_c", "offset": 15, "lasts": "2min"}
    )
    assert bias == FaultInjection(7, "sensor_bias", {"field": "sensor.thermal.chip_c", "offset": 15}, 120)
    assert injection_of(SCENARIO, TABLE, 1, "crash", {"process": "power"}).lasts_ticks == 1
    assert injection_of(SCENARIO, TABLE, 1, "hang", {"process": "power"}).lasts_ticks is None


def test_no_flight_application_hears_of_it_and_the_plant_does() -> None:
    assert INJECTION in TABLE.by_name["plant"].subscribes
    assert not [name for name in FLIGHT_APPS if INJECTION in TABLE.by_name[name].subscribes]


EVERY_KIND: dict[str, dict[str, Scalar]] = {
    "crash": {"process": "thermal"},
    "hang": {"process": "comms", "lasts": "12s"},
    "slow": {"process": "power", "ticks": 3, "lasts": "20s"},
    "message_drop": {"topic": "power.status", "share": 0.5, "lasts": "10s"},
    "message_delay": {"topic": "sensor.nav", "ticks": 5, "lasts": "10s"},
    "message_duplicate": {"topic": "hw.activity", "ticks": 2, "lasts": "10s"},
    "message_corrupt": {"topic": "sensor.power", "share": 0.5, "lasts": "10s"},
    "message_reorder": {"topic": "sensor.thermal", "share": 0.5, "lasts": "10s"},
    "sensor_stuck": {"field": "sensor.thermal.battery_c", "lasts": "10s"},
    "sensor_bias": {"field": "sensor.power.battery_current_a", "offset": 1, "lasts": "10s"},
    "sensor_drift": {"field": "sensor.power.battery_current_a", "per_h": 90.0, "lasts": "10s"},
    "sensor_noise": {"field": "sensor.thermal.chip_c", "sigma": 3.0, "lasts": "10s"},
    "sensor_dropout": {"field": "sensor.power.battery_voltage_v", "lasts": "10s"},
    "heater_stuck": {"state": "on", "lasts": "10s"},
    "array_string_loss": {"count": 1},
    "battery_string_loss": {"count": 1, "lasts": "10s"},
    "battery_cell_short": {"count": 1, "lasts": "10s"},
    "converter_loss": {"of": "array", "share": 0.3, "lasts": "10s"},
    "radiator_degradation": {"emissivity_share": 0.5},
    "lcl_trip": {"load": "battery_heater", "lasts": "10s"},
    "device_sefi": {},
    "device_sel": {},
    "link_loss": {"lasts": "10s"},
}
NOT_HERE = {"pump_stop", "clock_jump"}
"""this spacecraft has neither a pump nor an on-board clock"""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which somebody injected every kind that this spacecraft can suffer, one after the other."""
    out = tmp_path_factory.mktemp("broken") / "run"
    with opened(out) as node:
        for place, (kind, fields) in enumerate(EVERY_KIND.items()):
            node.run_until(20.0 + 6 * place)
            node.inject(kind, **fields)
        node.run_until("200s")
    return out


def test_every_kind_can_be_injected_and_acts_and_the_log_alone_gives_the_run_again(
    broken: Path, tmp_path: Path
) -> None:
    assert {*EVERY_KIND, *NOT_HERE} == set(KINDS)
    with opened(tmp_path / "unharmed") as node:
        node.run_until("200s")
        unharmed = node.log_hash
    reader = LogReader(broken)
    inputs = [(record.tick, item) for record in reader.ticks() for item in record.inputs]
    assert len([tick for tick, item in inputs if item[0] == "message"]) == len(EVERY_KIND)
    assert (20, (LOST, "thermal", 0)) in inputs
    assert reader.log_hash != unharmed
    again = replay_run(broken)
    assert again.same
    for name in ("thermal", "power", "plant"):
        assert replay_application(broken, name).divergence is None


def test_a_run_with_injected_faults_is_taken_up_again_in_processes_with_the_same_hash(
    broken: Path, tmp_path: Path
) -> None:
    """The bus, and every application with it, is rebuilt from a log in the middle of several faults."""
    first = cut(broken, tmp_path / "cut", 170)
    found = prepare(first, Wanted())
    assert found.taken_up.perturbed
    assert found.taken_up.next_request == len(EVERY_KIND) + 1
    again = take_up(first, tmp_path / "again", Wanted(), in_process=False)
    assert again.perturbed
    assert again.log_hash == hash_of(broken)


def hash_of(run_dir: Path) -> str:
    reader = LogReader(run_dir)
    for _ in reader.raw_ticks():
        pass
    return reader.log_hash
