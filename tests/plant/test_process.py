"""The plant alone for an orbit, commanded by a script: both ledgers close at every tick, and a leak would show.

The recomputation uses the Truth messages and the configuration's own figures, not the plant's ledger.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from flightsw.bus.application import Inbox, Now
from flightsw.devices.profiles import load_profile
from flightsw.messages.base import Message
from flightsw.messages.comms import RadioCommand
from flightsw.messages.health import Event
from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import DeviceReadings, LclState, PowerSensors, ThermalSensors, Truth
from flightsw.messages.power import SwitchCommand
from flightsw.messages.thermal import HeaterCommand
from flightsw.plant import spacecraft
from flightsw.plant.config import PlantConfig
from flightsw.plant.distribution import Flows
from flightsw.plant.process import PlantProcess
from flightsw.plant.radiation import RadiationConfig

SCENARIO = tomllib.loads((resources.files("flightsw.scenarios") / "cubesat-6u-orin-nano.toml").read_text())
CONFIG: PlantConfig = msgspec.convert(SCENARIO["plant"], PlantConfig)
LOADS = [load.name for load in CONFIG.loads]
PAYLOAD = LOADS.index("payload")
ORBIT_TICKS = 5740
ALL_ON = (True,) * len(LOADS)


def commands(tick: int) -> list[tuple[str, Message]]:
    """A day in the life: boot, work in bursts of both modes, heat, send, switch the payload off and on."""
    said: list[tuple[str, Message]] = []
    if tick == 0:
        said.append(("power", SwitchCommand(ALL_ON)))
    if tick in (3000, 3060):
        said.append(("power", SwitchCommand(tuple(name != "payload" or tick == 3060 for name in LOADS))))
    if tick % 500 == 0:
        said.append(("thermal", HeaterCommand(battery_heater_on=tick % 1000 == 0)))
        said.append(("comms", RadioCommand(transmitter_on=tick % 1500 == 0)))
    busy_s = 0.0 if tick < 60 or tick % 300 > 200 else 0.3 + 0.7 * (tick % 7 == 0)
    said.append(("inference", DeviceActivity(power_on=True, mode=1 + tick // 2000 % 2, busy_s=busy_s)))
    return said


class Flight:
    """What the plant said, by type."""

    def __init__(self, config: PlantConfig = CONFIG, ticks: int = ORBIT_TICKS, dt_s: float = 1.0) -> None:
        plant = PlantProcess(config, 7, dt_s)
        self.said: list[list[Message]] = [
            list(plant.step(Now(tick, round(tick * dt_s * 1e9), dt_s), Inbox(commands(tick)))) for tick in range(ticks)
        ]
        self.truth = self.of(Truth)

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for tick in self.said for message in tick if type(message) is kind]


@pytest.fixture(scope="module")
def flight() -> Flight:
    return Flight()


def audit_w(truth: list[Truth], config: PlantConfig = CONFIG) -> float:
    """The worst tick of the orbit: power that the bus got from the array and battery and nobody can account for."""
    mppt, converter = config.array.mppt_efficiency, config.distribution.efficiency
    return max(abs(one.array_used_w * mppt + one.battery_power_w - sum(one.load_power_w) / converter) for one in truth)


def audit_j(truth: list[Truth], dt_s: float = 1.0) -> dict[str, float]:
    """What totals say less what adding up the ticks says, at the end."""
    last = truth[-1]
    loss_j = sum(one.array_used_w + one.battery_power_w - sum(one.load_power_w) for one in truth) * dt_s
    battery_j = sum(one.battery_power_w for one in truth) * dt_s
    capacities_j_k = [node.capacity_j_k for node in CONFIG.thermal.nodes]
    start_c = [node.initial_c for node in CONFIG.thermal.nodes]
    held_j = sum(c * (now - then) for c, now, then in zip(capacities_j_k, last.node_c, start_c, strict=True))
    return {
        "array": last.array_energy_j - sum(one.array_used_w for one in truth) * dt_s,
        "curtailed": last.curtailed_energy_j - sum(one.array_available_w - one.array_used_w for one in truth) * dt_s,
        "load": last.load_energy_j - sum(sum(one.load_power_w) for one in truth) * dt_s,
        "payload": last.payload_energy_j - sum(one.chip_power_w for one in truth) * dt_s,
        "loss": last.conversion_loss_j - loss_j,
        "battery": last.battery_heat_j + last.stored_energy_change_j + battery_j,
        "heat held": last.heat_stored_j - held_j,
    }


def radiated_j(truth: list[Truth]) -> float:
    """What the surfaces must have sent out at the temperatures told, by the trapezoidal rule."""
    total_j = 0.0
    for place, node in enumerate(CONFIG.thermal.nodes):
        emitting_m2 = sum(surface.area_m2 * surface.emissivity for surface in node.surfaces)
        course_k = [node.initial_c + 273.15, *[one.node_c[place] + 273.15 for one in truth]]
        fourth_k4 = sum(0.5 * (a**4 + b**4) for a, b in itertools.pairwise(course_k))
        total_j += 5.670374419e-8 * emitting_m2 * fourth_k4
    return total_j


def test_the_script_flies_through_sun_and_shadow_and_uses_everything(flight: Flight) -> None:
    lit = {one.sunlit_fraction for one in flight.truth}
    assert {0.0, 1.0} <= lit
    assert all(max(one.load_power_w[place] for one in flight.truth) > 1.0 for place in range(len(LOADS)))
    names = [event.id for event in flight.of(Event)]
    assert names.count("eclipse.entry") == names.count("eclipse.exit") == 1
    assert "brownout.begin" not in names
    assert max(one.battery_power_w for one in flight.truth) > 5.0
    assert min(one.battery_power_w for one in flight.truth) < -5.0


def test_both_residuals_stay_below_a_millionth_of_what_went_through(flight: Flight) -> None:
    for one in flight.truth:
        electrical_j = one.array_energy_j + one.load_energy_j
        assert electrical_j > 0.0
        assert abs(one.electrical_residual_j) < 1e-6 * electrical_j
        assert one.heat_in_j > 0.0
        assert abs(one.thermal_residual_j) < 1e-6 * (one.heat_in_j + one.heat_out_j)


def test_the_ticks_add_up_to_the_totals_and_balance_one_by_one(flight: Flight) -> None:
    through_j = flight.truth[-1].array_energy_j + flight.truth[-1].load_energy_j
    assert audit_w(flight.truth) < 1e-9
    assert audit_j(flight.truth) == pytest.approx(dict.fromkeys(audit_j(flight.truth), 0.0), abs=1e-9 * through_j)


def test_no_power_comes_from_the_array_in_full_shadow(flight: Flight) -> None:
    dark = [one for one in flight.truth if one.sunlit_fraction == 0.0]
    assert len(dark) > 1500
    assert all(one.array_available_w == one.array_used_w == 0.0 for one in dark)
    readings = [
        sensed.array_power_w
        for sensed, one in zip(flight.of(PowerSensors), flight.truth, strict=True)
        if one.sunlit_fraction == 0.0
    ]
    assert set(readings) == {0.0}


def test_time_in_shadow_is_counted_by_the_share_of_each_tick_that_is_dark(flight: Flight) -> None:
    assert any(0.0 < one.sunlit_fraction < 1.0 for one in flight.truth)
    dark_s = sum(1.0 - one.sunlit_fraction for one in flight.truth)
    assert flight.truth[-1].eclipse_s == pytest.approx(dark_s, abs=1e-9)


def load_leak(flows: Flows) -> Flows:
    return replace(flows, load_w=tuple(0.99 * power for power in flows.load_w), drawn_w=0.99 * flows.drawn_w)


def load_leak_booked_as_loss(flows: Flows) -> Flows:
    """The plant's own electrical ledger closes over it."""
    return replace(load_leak(flows), conversion_loss_w=flows.conversion_loss_w + 0.01 * flows.drawn_w)


def array_leak(flows: Flows) -> Flows:
    return replace(flows, array_used_w=1.01 * flows.array_used_w)


def battery_leak(flows: Flows) -> Flows:
    return replace(flows, battery=replace(flows.battery, power_w=0.99 * flows.battery.power_w))


@pytest.mark.parametrize("leak", [load_leak, load_leak_booked_as_loss, array_leak, battery_leak])
def test_a_leak_of_one_per_cent_of_an_electrical_flow_is_seen_from_the_truth_alone(
    monkeypatch: pytest.MonkeyPatch, leak: Callable[[Flows], Flows]
) -> None:
    honest = spacecraft.PowerBus.balance

    def leaking(*args: Any) -> Any:
        state, flows = honest(*args)
        return state, leak(flows)

    monkeypatch.setattr(spacecraft.PowerBus, "balance", leaking)
    truth = Flight(ticks=2000).truth
    assert max(one.array_used_w for one in truth) > 20.0
    assert audit_w(truth) > 0.05
    if leak in (load_leak, array_leak):
        assert abs(truth[-1].electrical_residual_j) > 1e-3 * truth[-1].array_energy_j


def test_a_leak_of_one_per_cent_of_the_radiated_heat_is_seen_from_the_truth_alone(
    flight: Flight, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = spacecraft.ThermalNetwork.step

    def leaking(*args: Any) -> Any:
        after_k, radiated_j = honest(*args)
        return after_k, 0.99 * radiated_j

    monkeypatch.setattr(spacecraft.ThermalNetwork, "step", leaking)
    truth = Flight(ticks=2000).truth
    assert radiated_j(flight.truth) == pytest.approx(flight.truth[-1].heat_out_j, rel=1e-4)
    assert radiated_j(truth) == pytest.approx(truth[-1].heat_out_j / 0.99, rel=1e-4)
    assert abs(truth[-1].thermal_residual_j) > 1e-3 * truth[-1].heat_out_j


def test_every_watt_of_electricity_ends_as_heat_or_leaves_by_radio() -> None:
    """Without light from the Earth (darker than a scenario may have it) the Truth tells all heat taken in."""
    dark_earth = replace(CONFIG.sky.environment, ir_w_m2=0.0, albedo=0.0, ir_sigma_w_m2=0.0, albedo_sigma=0.0)
    truth = Flight(replace(CONFIG, sky=replace(CONFIG.sky, environment=dark_earth)), ticks=2000).truth
    surfaces = [surface for node in CONFIG.thermal.nodes for surface in node.surfaces]
    cell = CONFIG.array.cell
    cells_m2 = cell.area_m2 * CONFIG.array.cells_per_string * CONFIG.array.strings
    taking_m2 = cells_m2 * CONFIG.array.absorptance + sum(s.area_m2 * s.absorptance * s.sun_cos for s in surfaces)
    sending_s = sum(one.load_power_w[LOADS.index("transmitter")] > 0.0 for one in truth)
    assert sending_s > 100
    last = truth[-1]
    light_j = taking_m2 * sum(one.solar_flux_w_m2 * one.sunlit_fraction for one in truth)
    electricity_j = last.load_energy_j + last.conversion_loss_j + last.battery_heat_j - last.array_energy_j
    sent_j = CONFIG.radio.transmit_w * sending_s
    assert last.heat_in_j == pytest.approx(light_j + electricity_j - sent_j, rel=1e-9)


def test_booting_takes_the_profiles_time_and_work_costs_more_than_idling(flight: Flight) -> None:
    boards: list[DeviceReadings] = flight.of(DeviceReadings)
    chip = load_profile(CONFIG.profile).silicon()
    assert [board.ready for board in boards].index(True) == round(chip.boot_s)
    powers_w = {board.power_w for board in boards[200:300]}
    assert max(powers_w) > min(powers_w) + 2.0
    dark = boards[3000:3060]
    assert not any(board.powered or board.power_w for board in dark)
    assert not any(board.ready for board in boards[3060 : 3060 + round(chip.boot_s)])
    assert boards[3060 + round(chip.boot_s)].ready


def test_the_same_seed_says_the_same_again(flight: Flight) -> None:
    assert Flight(ticks=200).said == flight.said[:200]


def test_readings_are_the_truth_with_noise_and_steps(flight: Flight) -> None:
    chip = [node.name for node in CONFIG.thermal.nodes].index("chip")
    sensed: list[ThermalSensors] = flight.of(ThermalSensors)
    errors_k = [read.chip_c - one.node_c[chip] for read, one in zip(sensed, flight.truth, strict=True)]
    assert max(errors_k) - min(errors_k) > 0.5
    assert max(map(abs, errors_k)) < 0.25 + 6.0 * CONFIG.sensors.temperature_sigma_k
    assert abs(sum(errors_k) / len(errors_k)) < 0.02


def test_an_overload_trips_its_limiter_and_only_off_and_on_brings_it_back() -> None:
    loads = [replace(load, limit_w=2.0) if load.name == "avionics" else load for load in CONFIG.loads]
    plant, place = PlantProcess(replace(CONFIG, loads=tuple(loads)), 7, 1.0), LOADS.index("avionics")
    off = tuple(name != "avionics" for name in LOADS)
    states = []
    for tick, wanted in enumerate([ALL_ON, ALL_ON, ALL_ON, off, ALL_ON]):
        said = plant.step(Now(tick, tick * 10**9, 1.0), Inbox([("power", SwitchCommand(wanted))]))
        states.append(next(one for one in said if type(one) is PowerSensors).lcl_state[place])
    assert states == [LclState.TRIPPED] * 3 + [LclState.OFF, LclState.TRIPPED]


def test_a_flat_battery_in_shadow_browns_out_and_the_payload_boots_again() -> None:
    empty = replace(CONFIG, battery=replace(CONFIG.battery, initial_soc=0.05, capacity_ah=1.0))
    flight = Flight(empty)
    names = [event.id for event in flight.of(Event)]
    assert "brownout.begin" in names
    boards: list[DeviceReadings] = flight.of(DeviceReadings)
    for sensed, board, one in zip(flight.of(PowerSensors), boards, flight.truth, strict=True):
        if sensed.brownout:
            assert one.load_power_w[PAYLOAD] == 0.0 or 0.0 < one.sunlit_fraction < 1.0
            assert not board.powered
        assert 0.0 <= one.soc <= 1.0
    lost = [n for n, (was, now) in enumerate(itertools.pairwise(boards)) if was.powered and not now.powered]
    assert lost
    assert audit_w(flight.truth) < 1e-9
    for one in flight.truth:
        assert abs(one.electrical_residual_j) < 1e-6 * (one.array_energy_j + one.load_energy_j + 1.0)
        assert abs(one.thermal_residual_j) < 1e-6 * (one.heat_in_j + one.heat_out_j)


def test_a_latch_up_stops_the_payload_draws_more_and_ends_with_a_rail_cycle() -> None:
    config = replace(CONFIG, radiation=RadiationConfig(sel_per_day=400.0, sel_w=7.0, saa_multiplier=1.0))
    plant = PlantProcess(config, 7, 1.0)
    boards: list[DeviceReadings] = []
    told: list[str] = []
    cycled = 0
    for tick in range(1500):
        latched = bool(boards) and boards[-1].sel
        on = tuple(name != "payload" or not (latched and tick % 50 == 0) for name in LOADS)
        cycled += on != ALL_ON
        inbox = [("power", SwitchCommand(on)), ("inference", DeviceActivity(power_on=True, mode=1, busy_s=0.0))]
        said = plant.step(Now(tick, tick * 10**9, 1.0), Inbox(inbox))
        boards += [one for one in said if type(one) is DeviceReadings]
        told += [one.id for one in said if type(one) is Event]
    struck = next(n for n, board in enumerate(boards) if board.sel)
    assert struck > 40
    assert not any(board.ready for board in boards if board.sel)
    assert boards[struck + 1].power_w == pytest.approx(boards[struck - 1].power_w + 7.0, abs=0.5)
    assert cycled >= 1
    assert told.count("radiation.sel") >= told.count("radiation.sel_cleared") >= 1
    assert any(board.ready for board in boards[struck:]), "it boots again after its rail was cycled"


def test_upsets_are_told_to_the_device_with_their_addresses() -> None:
    config = replace(CONFIG, radiation=RadiationConfig(upsets_per_day=5000.0))
    flight = Flight(config, ticks=400)
    upsets = [board.upsets for board in flight.of(DeviceReadings)]
    events = [event for event in flight.of(Event) if event.id == "radiation.upset"]
    assert sum(map(len, upsets)) == sum(int(event.args["bits"]) for event in events) > 5
    assert [board.upsets for board in Flight(ticks=50).of(DeviceReadings)] == [()] * 50
