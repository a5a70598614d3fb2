"""Scripted faults: what is refused, and that each kind does what it says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from flightsw.errors import ConfigError
from flightsw.messages.health import BusEvent
from flightsw.messages.plant import (
    DeviceReadings,
    LclState,
    LinkSensors,
    NavSensors,
    PowerSensors,
    ThermalSensors,
    Truth,
)
from flightsw.messages.time import ClockSensors
from flightsw.node.faults import KINDS
from flightsw.node.inprocess import InProcessNode
from flightsw.node.scenario import Scenario, load_scenario
from tests.node.faulttexts import fault, faults

SCENARIO = "cubesat-6u-orin-nano"
TICKS = 120


def scenario(*texts: str, more: Sequence[str] = ()) -> Scenario:
    return load_scenario(SCENARIO, [f"duration={TICKS}s", "apps.inference.execute=none", *more, *faults(*texts)])


def flown(*texts: str, more: Sequence[str] = (), ticks: int = TICKS) -> list[dict[type, Any]]:
    """Per tick what was said, the last of each type."""
    node = InProcessNode(scenario(*texts, more=more))
    return [{type(entry[3]): entry[3] for entry in node.run_tick().entries} for _ in range(ticks)]


@pytest.fixture(scope="module")
def well() -> list[dict[type, Any]]:
    """The flight without faults."""
    return flown()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([fault("crash", process="plant")], r"faults\[0\].process = 'plant': must be one of power, thermal"),
        ([fault("crash", "9d", process="power")], r'faults\[0\].at = "9d": must be before the end of the run, 120 s'),
        ([fault("crash", "1orbits", process="power")], r"faults\[0\].at = .1orbits.: must be in s, min, h or d"),
        ([fault("crash", "soon", process="power")], r"faults\[0\].at = .soon.: must be like .600s."),
        ([fault("crush", process="power")], r"faults\[0\].kind = .crush.: must be one of .*sensor_stuck"),
        ([fault("crash", process="power", ticks=3)], r"faults\[0\].ticks: unknown key; .*must be one of .*process$"),
        (
            [fault("crash", process="power"), fault("crash", "65s", process="power")],
            r"faults\[1\].at = .65s.: power is lost then already: must be at tick 70",
        ),
        ([fault("crash", process="power", lasts="9s")], r"faults\[0\].lasts = .9s.: must be left out"),
        ([fault("hang", None, process="power")], r"faults\[0\].at: none given: must have one of at, when and per_day"),
        ([fault("hang", process="power", per_day=3)], r"faults\[0\].at: at and per_day given: must have one of"),
        ([fault("hang", None, process="power", per_day=9e4)], r"faults\[0\].per_day = 90000.0: must be at most 86400"),
        ([fault("hang", None, process="power", when="soon")], r"faults\[0\].when = .soon.: must be like .eclipse 2."),
        ([fault("hang", None, process="power", when="charge < 0.5")], r"when = .charge < 0.5.: .* one of .*, soc"),
        ([fault("hang", None, process="power", when="node_c.wing > 5")], r"node_c must have one of chip, board"),
        (
            [fault("hang", None, process="power", when="soc < low")],
            r"faults\[0\].when = .soc < low.: low must be",
        ),
        ([fault("hang", process="power", lasts="0.1s")], r"faults\[0\].lasts = .0.1s.: must be at least a tick"),
        ([fault("message_drop", topic="power.soc")], r"faults\[0\].topic = 'power.soc': must be one of bus.event, "),
        ([fault("message_drop", topic="cds.power")], r"faults\[0\].topic = 'cds.power': must be one of bus.event, "),
        ([fault("message_drop", topic="sensor.nav", share=0.0)], r"faults\[0\].share = 0.0: must be above 0"),
        ([fault("sensor_stuck", field="sensor.soc")], r"faults\[0\].field = 'sensor.soc': must be a field of one of"),
        (
            [fault("sensor_stuck", field="sensor.nav.up")],
            r"'sensor.nav.up': no such field: must be one of sensor.nav",
        ),
        ([fault("sensor_stuck", field="sensor.power.load_power_w.oven")], r"must name one of avionics, battery_heater"),
        ([fault("sensor_stuck", field="sensor.thermal.chip_c.0")], r"is one figure: must be named without '0'"),
        ([fault("sensor_stuck", field="sensor.thermal.chip_c", value=-300)], r"value = -300.0: must be from -273.15"),
        ([fault("sensor_bias", field="sensor.nav.sun_visible", offset=1)], r"is no measured figure: it can only be"),
        ([fault("sensor_bias", field="sensor.thermal.chip_c", offset=0)], r"faults\[0\].offset = 0.0: must not be 0"),
        ([fault("sensor_noise", field="sensor.nav", sigma=1)], r"'sensor.nav': is a whole message: must name one of"),
        ([fault("sensor_dropout", field="sensor.nav.latitude_deg")], r"must be the whole of 'sensor.nav'"),
        (
            [fault("heater_stuck", load="payload", state="on")],
            r"faults\[0\].load = 'payload': must be one of batt",
        ),
        ([fault("heater_stuck", state="warm")], r"faults\[0\].state = .warm.: must be one of on, off"),
        ([fault("array_string_loss", count=6)], r"faults\[0\].count = 6: must be at most 5, the array's strings"),
        ([fault("battery_string_loss", count=2)], r"faults\[0\].count = 2: must be at most 1, the pack's strings"),
        ([fault("battery_cell_short", count=4)], r"faults\[0\].count = 4: must be at most 3, all but one cell"),
        ([fault("converter_loss", of="wheel")], r"faults\[0\].of = 'wheel': must be one of array, avionics"),
        ([fault("converter_loss", of="payload", share=0.5)], r"faults\[0\].share = 0.5: must be 1: a load's converter"),
        ([fault("radiator_degradation", node="chip")], r"faults\[0\].node = 'chip': must be one of bus, radiator, ar"),
        ([fault("radiator_degradation")], r"faults\[0\].emissivity_share = 1.0: nothing would change"),
        (
            [fault("pump_stop", load="payload")],
            r"faults\[0\].load = 'payload': must be one of none: there",
        ),
        ([fault("lcl_trip", load="oven")], r"faults\[0\].load = 'oven': must be one of avionics"),
        ([fault("link_loss", station="kiruna")], r"faults\[0\].station = 'kiruna': must be one of svalbard, redu, tro"),
        ([fault("clock_jump", seconds=5.0)], r"there is no on-board clock to jump: must have \[plant.clock\]"),
    ],
)
def test_a_fault_that_can_t_happen_is_refused_by_name(texts: list[str], message: str) -> None:
    assert scenario(fault("crash", process="power")).faults
    with pytest.raises(ConfigError, match=message):
        scenario(*texts)


def test_there_are_all_the_kinds() -> None:
    assert len(KINDS) == 25


def test_a_biased_sensor_reads_so_much_more_while_it_lasts(well: list[dict[type, Any]]) -> None:
    field = "sensor.power.battery_current_a"
    ticks = flown(fault("sensor_bias", field=field, offset=0.5, lasts="10s"))
    errors = [
        round(one[PowerSensors].battery_current_a - other[PowerSensors].battery_current_a, 6)
        for one, other in zip(ticks, well, strict=True)
    ]
    assert errors[:61] == [0.0] * 60 + [0.5]
    assert errors[60:62] == [0.5, 0.5]
    assert ticks[70][PowerSensors].battery_current_a != ticks[69][PowerSensors].battery_current_a
    assert ticks[60][Truth].soc == well[60][Truth].soc  # the fault is in the sensor, not in the world


def test_sensors_stick_drift_rattle_and_fall_silent() -> None:
    ticks = flown(
        fault("sensor_stuck", field="sensor.thermal.bus_c"),
        fault("sensor_stuck", field="sensor.power.load_power_w.avionics", value=3.25),
        fault("sensor_stuck", field="sensor.nav.sun_visible", value=0),
        fault("sensor_drift", field="sensor.thermal.board_c", per_h=3600.0),
        fault("sensor_noise", field="sensor.thermal.chip_c", sigma=40.0),
        fault("sensor_dropout", field="sensor.thermal.battery_c"),
        fault("sensor_dropout", "80s", field="sensor.power", lasts="5s"),
    )
    thermal = [one[ThermalSensors] for one in ticks]
    assert len({one.bus_c for one in thermal[:60]}) > 3
    assert {one.bus_c for one in thermal[60:]} == {thermal[60].bus_c}
    assert ticks[60][PowerSensors].load_power_w[0] == 3.25
    assert [ticks[59][NavSensors].sun_visible, ticks[60][NavSensors].sun_visible] == [True, False]
    assert thermal[110].board_c - thermal[60].board_c == pytest.approx(50.0, abs=4.0)
    assert max(one.chip_c for one in thermal[60:]) - min(one.chip_c for one in thermal[60:]) > 80.0
    assert [thermal[59].battery_c is None, thermal[60].battery_c is None] == [False, True]
    assert [PowerSensors in one for one in ticks[79:86]] == [True, *[False] * 5, True]


def test_a_reading_stays_within_what_its_message_may_say() -> None:
    ticks = flown(fault("sensor_bias", field="sensor.power.battery_voltage_v", offset=-1000.0))
    assert ticks[60][PowerSensors].battery_voltage_v == 0.0


def test_heaters_stick_and_converters_fail_behind_limiters_that_stay_closed(well: list[dict[type, Any]]) -> None:
    ticks = flown(
        fault("heater_stuck", state="on", lasts="20s"), fault("converter_loss", of="avionics", at="90s", lasts="5s")
    )
    loads = [one[Truth].load_power_w for one in ticks]
    assert [load[1] for load in loads[59:61]] == [0.0, 4.0]
    assert loads[80][1] == 0.0
    assert [round(loads[tick][0], 3) for tick in (89, 90, 94, 95)] == [7.8, 0.0, 0.0, 7.8]
    assert ticks[90][PowerSensors].lcl_state[0] is LclState.ON
    assert well[61][Truth].load_power_w[1] == 0.0


def test_arrays_lose_strings_and_converters_and_get_them_back() -> None:
    ticks = flown(
        fault("array_string_loss", count=2, lasts="10s"), fault("converter_loss", of="array", share=0.25, lasts="20s")
    )
    available_w = [one[Truth].array_available_w for one in ticks]
    assert available_w[60] / available_w[59] == pytest.approx(0.6 * 0.75, rel=1e-3)
    assert available_w[70] / available_w[59] == pytest.approx(0.75, rel=1e-2)
    assert available_w[80] / available_w[59] == pytest.approx(1.0, rel=1e-2)


def test_a_pack_loses_cells_and_its_ledger_still_closes() -> None:
    ticks = flown(fault("battery_cell_short"))
    volts = [one[Truth].battery_voltage_v for one in ticks]
    assert volts[60] / volts[59] == pytest.approx(0.75, rel=0.02)
    assert abs(ticks[-1][Truth].electrical_residual_j) < 1e-6


@pytest.mark.parametrize("shorted", [[2], [1, 1], [3], [1, 3]])
def test_a_pack_of_too_few_cells_lies_below_its_cut_off_and_is_gone_until_they_are_back(shorted: list[int]) -> None:
    ticks = flown(*(fault("battery_cell_short", count=count, lasts="20s") for count in shorted))
    assert ticks[60][Truth].battery_capacity_ah == 0.0
    assert ticks[60][Truth].battery_power_w == 0.0
    assert ticks[-1][Truth].battery_capacity_ah == ticks[59][Truth].battery_capacity_ah > 0.0
    assert abs(ticks[-1][Truth].electrical_residual_j) < 1e-6


def test_without_its_last_string_the_pack_is_gone_and_nothing_else_breaks() -> None:
    ticks = flown(fault("battery_string_loss"))
    assert ticks[60][Truth].battery_capacity_ah == 0.0
    assert len(ticks) == TICKS


def test_a_dirty_radiator_is_warmer_and_the_thermal_ledger_still_closes(well: list[dict[type, Any]]) -> None:
    ticks = flown(fault("radiator_degradation", emissivity_share=0.3, absorptance_added=0.2))
    assert ticks[59][Truth].node_c == well[59][Truth].node_c
    assert ticks[-1][Truth].node_c[4] > well[-1][Truth].node_c[4] + 0.5
    assert abs(ticks[-1][Truth].thermal_residual_j) < 1e-6


def test_a_pump_that_stops_takes_its_loop_along() -> None:
    name = "datacentre-class"
    shipped = load_scenario(name)
    pump, begins = shipped.plant.thermal.loops[0].pump_load, f"{60 * shipped.dt_s}s"
    given = [f"duration={TICKS * shipped.dt_s}s", "apps.inference.execute=none"]
    ends = []
    for more in ([], faults(fault("pump_stop", begins, load=pump))):
        node = InProcessNode(load_scenario(name, [*given, *more]))
        ends.append([entry[3] for _ in range(TICKS) for entry in node.run_tick().entries if type(entry[3]) is Truth])
    assert ends[0][59].node_c == ends[1][59].node_c
    assert max(abs(a - b) for a, b in zip(ends[0][-1].node_c, ends[1][-1].node_c, strict=True)) > 0.1


def test_a_limiter_trips_once_or_as_long_as_it_is_told() -> None:
    once = flown(fault("lcl_trip", load="battery_heater"))
    states = [one[PowerSensors].lcl_state[1] for one in once]
    assert states[59:61] == [LclState.ON, LclState.TRIPPED]
    assert LclState.OFF in states[60:]
    stubborn = flown(fault("lcl_trip", load="battery_heater", lasts="60s"))
    assert LclState.ON not in [one[PowerSensors].lcl_state[1] for one in stubborn[60:]]


def test_the_payload_computer_is_struck_when_it_has_power_and_latched_up_draws_more() -> None:
    ticks = flown(fault("device_sel", "0s"), ticks=TICKS)
    powered = next(tick for tick, one in enumerate(ticks) if one[DeviceReadings].powered)
    struck = next(tick for tick, one in enumerate(ticks) if one[DeviceReadings].sel)
    assert 0 < powered <= struck <= powered + 1
    assert ticks[struck + 2][DeviceReadings].power_w > ticks[struck - 1][DeviceReadings].power_w + 3.0


def test_a_lost_link_shows_no_carrier_of_that_station() -> None:
    ticks, more = 1200, [f"duration={1200}s"]
    heard = {one[LinkSensors].station for one in flown(more=more, ticks=ticks)}
    assert 0 in heard
    for text in (fault("link_loss"), fault("link_loss", station="svalbard")):
        after = [one[LinkSensors].station for one in flown(text, more=more, ticks=ticks)]
        assert 0 not in after[60:]


def test_the_clock_jumps_where_there_is_one() -> None:
    more = ["plant.clock={}"]
    ticks = flown(fault("clock_jump", "65s", seconds=100.0), more=more)
    counters = [(tick, one[ClockSensors].counter_ns) for tick, one in enumerate(ticks) if ClockSensors in one]
    steps = [round((b[1] - a[1]) * 1e-9 - (b[0] - a[0])) for a, b in pairwise(counters)]
    assert steps.count(100) == 1
    assert set(steps) == {0, 100}


def test_a_condition_and_a_rate_begin_a_fault_as_a_time_does() -> None:
    falling = flown(fault("lcl_trip", None, load="battery_heater", when="soc > 0.1"))
    assert falling[1][PowerSensors].lcl_state[1] is LclState.TRIPPED
    rated = fault("sensor_stuck", None, field="sensor.nav.sun_visible", value=0, per_day=8640.0, lasts="1s")
    seen = [one[NavSensors].sun_visible for one in flown(rated)]
    assert 4 < seen.count(False) < 30
    assert seen == [one[NavSensors].sun_visible for one in flown(rated)]


def test_a_process_may_be_scripted_to_crash_more_often_than_it_is_restarted() -> None:
    crashes = ", ".join(f"{{kind='crash', process='comms', at='{at_s}s'}}" for at_s in range(20, 620, 60))
    scenario = load_scenario(
        "cubesat-6u-orin-nano", ["apps.inference.execute=none", "duration=650s", f"faults=[{crashes}]"]
    )
    node, told = InProcessNode(scenario), []
    for _ in range(650):
        entries = node.run_tick().entries
        told += [entry[3].kind.name for entry in entries if isinstance(entry[3], BusEvent)]
    assert told.count("APP_LOST") + told.count("LOCKED_OUT") >= 6
    assert "REJOIN" in told
