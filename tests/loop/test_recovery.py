"""Each rung of the recovery ladder on the whole node, in process; what is done to the node is an application's own code
or hardware that differs, and detectors see nothing but messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flightsw.bus.application import Application, Inbox, Now
from flightsw.bus.records import LOST, REJOIN, TickRecord
from flightsw.messages.base import Message
from flightsw.messages.comms import TcRequest
from flightsw.messages.health import BusEvent, BusEventKind, Event, Mode, ModeStatus, SensorValidity
from flightsw.messages.inference import InferenceStatus
from flightsw.messages.plant import DeviceReadings, PowerSensors, ThermalSensors
from flightsw.messages.power import SwitchCommand
from flightsw.messages.thermal import HeaterCommand
from flightsw.node.build import build_application
from flightsw.node.inprocess import InProcessNode, Recorder
from flightsw.node.replay import replay_run
from flightsw.node.scenario import Scenario, load_scenario
from tests.loop.runs import fly
from tests.node.own_code import load, write

Alter = Callable[[int, int, list[Message]], Sequence[Message]]
"""(tick, incarnation, what it says) -> what is said instead; raises: it crashes."""


class Altered:
    """An application, and what becomes of what it says."""

    def __init__(self, inner: Application, incarnation: int, alter: Alter) -> None:
        self.inner, self.incarnation, self.alter = inner, incarnation, alter

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        return self.alter(now.tick, self.incarnation, list(self.inner.step(now, inbox)))


class Flight:
    """A node of the default scenario with some processes altered."""

    def __init__(self, *overrides: str, scenario: str = "cubesat-6u-orin-nano", **alter: Alter) -> None:
        self.alter = alter
        self.built: dict[str, int] = {}
        self.records: list[TickRecord] = []
        loaded = load_scenario(scenario, ["apps.inference.execute=none", *overrides])
        self.node = InProcessNode(loaded, build=self._build)

    def _build(self, name: str, scenario: Scenario) -> Application:
        self.built[name] = self.built.get(name, -1) + 1
        inner = build_application(name, scenario)
        return Altered(inner, self.built[name], self.alter[name]) if name in self.alter else inner

    def run(self, ticks: int) -> Flight:
        self.records += [self.node.run_tick() for _ in range(ticks)]
        return self

    def command(self, name: str, **args: Any) -> None:
        self.node.enter(TcRequest(self.node.next_request(), name, args), self.node.tick)

    def said(self, kind: type[Message]) -> list[tuple[int, Any]]:
        return [(r.tick, entry[3]) for r in self.records for entry in r.entries if type(entry[3]) is kind]

    def events(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        return [(tick, dict(event.args)) for tick, event in self.said(Event) if event.id == name]

    def steps(self) -> list[str]:
        return [f"{args['monitor']} {args['level']} {args['step']}" for _, args in self.events("recovery.step")]

    def modes(self) -> list[str]:
        return [args["after"] for _, args in self.events("mode.changed")]

    @property
    def mode(self) -> Mode:
        status = self.node.latest["health.mode"]
        assert isinstance(status, ModeStatus)
        return status.mode

    def losses(self) -> list[tuple[int, str, str]]:
        return [(r.tick, item[0], item[1]) for r in self.records for item in r.inputs if item[0] in (LOST, REJOIN)]


def silent_from(tick: int, *, again: int | None = None) -> Alter:
    """Alive and silent from this tick; `again`: so is each successor, so long after it was started."""
    started: dict[int, int] = {}

    def alter(now: int, incarnation: int, out: list[Message]) -> Sequence[Message]:
        started.setdefault(incarnation, now)
        if incarnation == 0:
            return [] if now >= tick else out
        return [] if again is not None and now - started[incarnation] >= again else out

    return alter


def test_a_hung_application_is_found_by_its_silence_and_restarted_once() -> None:
    flight = Flight(comms=silent_from(100)).run(400)
    assert flight.steps() == ["comms 1 restart:comms"]
    ((tick, args),) = flight.events("recovery.step")
    assert args["cause"] == "hung"
    assert 112 <= tick <= 116
    assert flight.losses() == [(tick + 1, LOST, "comms"), (tick + 11, REJOIN, "comms")]
    assert flight.mode is Mode.PAYLOAD
    assert "SAFE" not in flight.modes()


def test_an_application_that_hangs_again_and_again_leads_to_safe_and_the_node_goes_on() -> None:
    flight = Flight(comms=silent_from(100, again=30)).run(500)
    assert flight.steps()[:3] == ["comms 1 restart:comms", "comms 2 restart:comms", "comms 3 safe"]
    assert flight.mode is Mode.SAFE
    assert "comms: recovery at level 3" in [args["reason"] for _, args in flight.events("mode.changed")]


def test_a_restart_of_health_changes_nothing_in_a_recovery_under_way() -> None:
    flight = Flight(comms=silent_from(100, again=30)).run(300)
    assert flight.steps()[-1] == "comms 3 safe"
    flight.records.append(flight.node.run_tick(lose=["health"]))
    flight.run(40)
    assert flight.mode is Mode.SAFE
    assert len(flight.steps()) == 3, "the ladder stands where it stood"
    assert "health" in [name for _, kind, name in flight.losses() if kind == REJOIN]


def test_power_that_stays_hung_in_spite_of_safe_leads_to_survival() -> None:
    flight = Flight("apps.health.fdir.settle_ticks=200", power=silent_from(100, again=5)).run(900)
    assert flight.steps()[-2:] == ["power 3 safe", "power 4 survival"]
    assert flight.mode is Mode.SURVIVAL
    assert flight.modes()[-2:] == ["SAFE", "SURVIVAL"]


def test_a_slow_application_is_told_from_a_hung_one_and_restarted() -> None:
    def slow(tick: int, incarnation: int, out: list[Message]) -> Sequence[Message]:
        return out if incarnation or tick < 100 or tick % 3 == 0 else []

    flight = Flight(thermal=slow).run(500)
    ((tick, args),) = flight.events("recovery.step")
    assert (args["step"], args["cause"]) == ("restart:thermal", "slow")
    assert tick < 200
    assert flight.mode is Mode.PAYLOAD


def test_a_payload_application_in_a_crash_loop_is_locked_out_and_the_node_stands_by_until_ground_asks() -> None:
    sick = True

    def crash(tick: int, _incarnation: int, out: list[Message]) -> Sequence[Message]:
        assert not sick or tick < 100, "crash"
        return out

    flight = Flight(inference=crash).run(900)
    lost = [tick for tick, kind, name in flight.losses() if (kind, name) == (LOST, "inference")]
    assert [b - a for a, b in pairwise(lost)] == [10, 20, 40, 80, 160]
    assert [event.kind for _, event in flight.said(BusEvent)][-1] is BusEventKind.LOCKED_OUT
    assert flight.mode is Mode.STANDBY
    assert flight.events("mode.changed")[-1][1]["reason"] == "inference is locked out"
    flight.command("health.set_mode", mode="PAYLOAD")
    flight.run(10)
    assert flight.mode is Mode.STANDBY, "ground can't have what is not there"
    sick = False
    flight.command("health.restart", app="inference")
    flight.run(700)
    assert flight.mode is Mode.PAYLOAD


def test_an_essential_application_in_a_crash_loop_leads_to_safe_and_is_tried_again() -> None:
    def crash(tick: int, _incarnation: int, out: list[Message]) -> Sequence[Message]:
        assert not 100 <= tick < 700, "crash"
        return out

    flight = Flight("apps.health.safe_hold_ticks=60", thermal=crash).run(500)
    assert BusEventKind.LOCKED_OUT in [event.kind for _, event in flight.said(BusEvent)]
    assert flight.mode is Mode.SAFE
    flight.run(700)
    assert [name for _, kind, name in flight.losses() if kind == REJOIN] == ["thermal"] * 6
    assert flight.mode is Mode.PAYLOAD, "well again"


NOON = "plant.radiation.saa_multiplier=1.0"


@pytest.mark.parametrize(
    ("scenario", "seed", "sefi_per_day", "sel_per_day", "most_sefi_ticks", "most_sel_ticks"),
    [("cubesat-6u-orin-nano", 2, 150, 100, 20, 30), ("datacentre-class", 2, 60, 40, 20, 220)],
)
def test_radiation_is_found_by_missing_progress_and_cleared_by_reset_or_rail(
    scenario: str, seed: int, sefi_per_day: float, sel_per_day: float, most_sefi_ticks: int, most_sel_ticks: int
) -> None:
    rates = (f"plant.radiation.sefi_per_day={sefi_per_day}", f"plant.radiation.sel_per_day={sel_per_day}", NOON)
    flight = Flight(*rates, f"seed={seed}", scenario=scenario).run(5400)
    struck = {name: [tick for tick, _ in flight.events(f"radiation.{name}")] for name in ("sefi", "sel")}
    cleared = {name: [tick for tick, _ in flight.events(f"radiation.{name}_cleared")] for name in ("sefi", "sel")}
    at_work = {tick for tick, status in flight.said(InferenceStatus) if status.busy_fraction > 0.0}
    for name, most in (("sefi", most_sefi_ticks), ("sel", most_sel_ticks)):
        assert any(begun in at_work for begun in struck[name])
        for begun, ended in zip(struck[name], cleared[name], strict=False):
            if begun in at_work:
                assert ended - begun <= most, f"{name} of tick {begun}"
        assert len(cleared[name]) >= len(struck[name]) - 1
    assert any(step.endswith("reset_device") for step in flight.steps())
    assert any(step.endswith("cycle_rail:payload") for step in flight.steps())
    assert [args["load"] for _, args in flight.events("rail.cycled")] == ["payload"] * len(flight.events("rail.cycled"))
    assert flight.mode is Mode.PAYLOAD


def test_a_payload_that_nothing_helps_is_given_up_until_ground_arms_its_monitor() -> None:
    dead = True

    def deaf(tick: int, _incarnation: int, out: list[Message]) -> Sequence[Message]:
        """The device never becomes ready."""
        if not dead or tick < 300:
            return out
        return [replace(m, ready=False) if isinstance(m, DeviceReadings) else m for m in out]

    waits = "apps.health.fdir.payload_boot_s=60.0"
    flight = Flight(waits, plant=deaf).run(900)
    assert flight.steps() == [
        "payload 1 reset_device",
        "payload 2 restart:inference",
        "payload 3 cycle_rail:payload",
        "payload 4 cycle_rail:payload",
        "payload 5 standby",
    ]
    flight.run(900)
    assert flight.mode is Mode.STANDBY
    assert len(flight.steps()) == 5, "it isn't tried for ever"
    dead = False
    flight.command("health.arm", monitor="payload")
    flight.run(200)
    assert flight.mode is Mode.PAYLOAD


def test_survival_sheds_all_but_the_essential_loads_and_the_heater_and_is_left_in_the_sun() -> None:
    flight = Flight("plant.battery.initial_soc=0.05", "apps.health.safe_hold_ticks=60").run(40)
    assert flight.modes()[-2:] == ["SAFE", "SURVIVAL"]
    names = [load.name for load in flight.node.scenario.plant.loads]
    switches = flight.said(SwitchCommand)[-1][1]
    assert [name for name, on in zip(names, switches.load_on, strict=True) if on] == ["avionics", "battery_heater"]
    flight.run(3000)
    reasons = [args["reason"] for _, args in flight.events("mode.changed")]
    assert "relieved" in reasons
    assert flight.mode > Mode.SURVIVAL
    safe = next(tick for tick, args in flight.events("mode.changed") if args["reason"] == "relieved")
    eclipses = [status.eclipse for tick, status in flight.said(ModeStatus) if tick == safe]
    assert eclipses == [False]


def thermometer(offset_k: float, begin: int) -> Alter:
    def alter(tick: int, _incarnation: int, out: list[Message]) -> Sequence[Message]:
        if tick < begin:
            return out
        return [
            replace(m, battery_c=m.battery_c + offset_k) if isinstance(m, ThermalSensors) and m.battery_c else m
            for m in out
        ]

    return alter


@pytest.mark.parametrize("offset_k", [-20.0, 50.0])
def test_a_thermometer_that_jumps_is_voted_out_and_its_twin_stands_in(offset_k: float) -> None:
    flight = Flight(plant=thermometer(offset_k, 300)).run(900)
    ((tick, args),) = flight.events("sensor.invalid")
    assert args["signal"] == "sensor.thermal.battery_c"
    assert tick - 300 <= 60
    told = flight.node.latest["health.validity"]
    assert isinstance(told, SensorValidity)
    true = flight.node.latest["sensor.power"]
    assert isinstance(true, PowerSensors)
    assert told.battery_c == pytest.approx(true.battery_c, abs=1.0)
    assert flight.mode is Mode.PAYLOAD, "SAFE at most until the vote"
    heaters = [command.battery_heater_on for when, command in flight.said(HeaterCommand) if when > tick + 10]
    assert heaters
    assert not any(heaters)


def test_a_stuck_current_sensor_is_found() -> None:
    def stuck(tick: int, _incarnation: int, out: list[Message]) -> Sequence[Message]:
        return [replace(m, battery_current_a=0.5) if isinstance(m, PowerSensors) and tick > 600 else m for m in out]

    flight = Flight(plant=stuck).run(1200)
    found = flight.events("sensor.invalid")
    assert [args["signal"] for _, args in found] == ["sensor.power.battery_current_a"]
    assert found[0][0] - 600 <= 320
    assert flight.mode is Mode.PAYLOAD


HANGING = """
    from flightsw.apps.comms.app import CommsApp
    class Hanging(CommsApp):
        first = None
        def step(self, now, inbox):
            self.first = now.tick if self.first is None else self.first
            out = super().step(now, inbox)
            return [] if self.first < 150 <= now.tick else out
"""


def test_a_hung_process_is_killed_by_order_and_the_log_is_that_of_one_process_and_replays(tmp_path: Path) -> None:
    file = write(tmp_path / "code", HANGING, comms='app = "mine:Hanging"')
    given = (str(file), "--execute", "none")
    apart = fly(tmp_path / "apart", *given, ticks=300)
    together = fly(tmp_path / "together", *given, "--in-process", ticks=300)
    assert apart["lost"] == together["lost"] == ["comms"]
    assert apart["log_hash"] == together["log_hash"]
    again = replay_run(tmp_path / "apart")
    assert again.same
    assert again.replay_hash == apart["log_hash"]


def test_recoveries_repeat_exactly(tmp_path: Path) -> None:
    file = write(tmp_path / "code", HANGING, comms='app = "mine:Hanging"')
    rates = ("plant.radiation.sefi_per_day=300.0", "plant.radiation.sel_per_day=300.0", NOON, "duration=1200s")
    scenario = load(file, *rates)
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    recorder = Recorder(InProcessNode(scenario), run_dir)
    for _ in range(1200):
        recorder.run_tick()
    log_hash = recorder.close()
    assert recorder.node.lost[0] == "comms"
    again = replay_run(run_dir)
    assert again.same
    assert again.replay_hash == log_hash


FAULTED = """
[[faults]]
kind = "hang"
process = "{process}"
at = "150s"
lasts = "1h"
"""


@pytest.mark.parametrize("process", ["health", "power", "thermal", "inference", "comms"])
def test_whoever_hangs_is_restarted_within_forty_ticks_and_the_payload_works_on(tmp_path: Path, process: str) -> None:
    scenario = load(write(tmp_path, "", processes=FAULTED.format(process=process)))
    node = InProcessNode(scenario)
    records = [node.run_tick() for _ in range(400)]
    ((lost_tick, name),) = [(r.tick, item[1]) for r in records for item in r.inputs if item[0] == LOST]
    assert name == process
    assert 160 < lost_tick <= 190
    assert [(r.tick, item[1]) for r in records for item in r.inputs if item[0] == REJOIN] == [(lost_tick + 10, name)]
    status = node.latest["health.mode"]
    assert isinstance(status, ModeStatus)
    assert status.mode is Mode.PAYLOAD
    assert status.silent == ()


POINTS = """
    [[apps.health.fdir.actionpoints]]
    name = "warm-board"
    watchpoints = ["board"]
    zone = "YELLOW"
    fails = 3
    step = "sequence:payload-off"

    [[apps.health.watchpoints]]
    signal = "sensor.board_c"
    name = "board"
    yellow_high = 20.0

    [[sequences]]
    name = "payload-off"
    kind = "relative"
    [[sequences.steps]]
    at = "0s"
    command = "infer.set_payload"
    args = { on = false }
"""


def test_an_actionpoint_starts_a_stored_sequence_once(tmp_path: Path) -> None:
    scenario = load(write(tmp_path, "", processes=POINTS))
    node = InProcessNode(scenario)
    records = [node.run_tick() for _ in range(400)]
    told = [(r.tick, entry[3]) for r in records for entry in r.entries if isinstance(entry[3], Event)]
    fired = [tick for tick, event in told if event.id == "recovery.step"]
    started = [(tick, event.args["by"]) for tick, event in told if event.id == "sequence.started"]
    assert len(fired) == 1
    assert started == [(fired[0], "warm-board: board YELLOW")]
    status = node.latest["infer.status"]
    assert isinstance(status, InferenceStatus)
    assert not status.enabled
