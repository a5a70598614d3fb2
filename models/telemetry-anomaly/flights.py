"""Flies the node in process and keeps what health hears of it: the data that the telemetry network is trained and
measured on. Readings come through health's own inbox, so that nothing else than flight-visible telemetry is learnt.

A flight is said by its seed, season, design case and operations; a fault is put into the plant, behind the sensors'
backs, so that the loops around it react as they would on board.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

from faults import Fault, FaultyPlant  # noqa: E402  beside this file

from flightsw.apps.health.anomaly import KINDS, readings  # noqa: E402  run from a checkout
from flightsw.apps.health.channels import channel_of  # noqa: E402
from flightsw.bus.application import Application, Inbox, Now  # noqa: E402
from flightsw.devices.telemetry_model import ChannelRow  # noqa: E402
from flightsw.messages.base import Message  # noqa: E402
from flightsw.messages.comms import TcRequest  # noqa: E402
from flightsw.messages.topics import TopicTable, shipped_topics  # noqa: E402
from flightsw.node.build import build_application  # noqa: E402
from flightsw.node.inprocess import InProcessNode  # noqa: E402
from flightsw.node.scenario import Scenario, load_scenario, orbit_period_s  # noqa: E402
from flightsw.plant.process import PlantProcess  # noqa: E402

SPACECRAFT = "cubesat-6u-orin-nano"
SAMPLE_S = 10.0
SIGNALS = (
    "sensor.power.battery_voltage_v",
    "sensor.power.battery_current_a",
    "sensor.power.battery_c",
    "sensor.power.array_power_w",
    "sensor.power.load_power_w[0]",
    "sensor.power.load_power_w[1]",
    "sensor.power.load_power_w[2]",
    "sensor.power.load_power_w[3]",
    "sensor.thermal.chip_c",
    "sensor.thermal.board_c",
    "sensor.thermal.bus_c",
    "sensor.thermal.battery_c",
    "sensor.thermal.radiator_c",
    "sensor.thermal.array_c",
    "power.status.soc",
    "power.status.in_eclipse",
    "thermal.status.battery_heater_on",
    "infer.status.power_on",
    "infer.status.busy_fraction",
    "comms.status.in_pass",
)
"""of SPACECRAFT: loads are avionics, battery heater, transmitter, payload"""


class Flight(NamedTuple):
    """One nominal flight."""

    seed: int
    epoch: str
    case: str | None = None
    orbits: float = 10.0
    operated: bool = False
    """telecommands drawn from the seed change modes, limits and the payload's work"""
    initial_soc: float | None = None
    """None: the scenario's"""


class Listener:
    """An application, and what it hears at every sample."""

    def __init__(self, application: Application, every_ticks: int) -> None:
        topics = TopicTable(shipped_topics())
        self._application = application
        self._every_ticks = every_ticks
        self._channels = [channel_of(ChannelRow(signal, 0.0, 1.0, 1.0), topics) for signal in SIGNALS]
        self.heard: list[tuple[float, ...]] = []

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if now.tick % self._every_ticks == 0:
            sample = readings(tuple(inbox.last(kind) for kind in KINDS), self._channels)
            self.heard.append(sample or (float("nan"),) * len(SIGNALS))
        return self._application.step(now, inbox)


def scenario_of(flight: Flight) -> Scenario:
    """The shipped scenario as this flight has it; health doesn't watch while it is being learnt."""
    overrides = [
        f"seed={flight.seed}",
        f'plant.sky.epoch="{flight.epoch}"',
        f'duration="{flight.orbits}orbits"',
        'apps.inference.execute="none"',
        f'apps.health.anomaly={{spacecraft="{SPACECRAFT}", enabled=false}}',
    ]
    if flight.initial_soc is not None:
        overrides.append(f"plant.battery.initial_soc={flight.initial_soc}")
    return load_scenario(SPACECRAFT, overrides, flight.case)


def fly(flight: Flight, fault: Fault | None = None) -> np.ndarray:
    """Readings [samples, channels], one every SAMPLE_S, NaN before all have been heard."""
    scenario = scenario_of(flight)
    listeners: list[Listener] = []

    def build(name: str, its: Scenario) -> Application:
        application = build_application(name, its)
        if name == "health":
            listeners.append(Listener(application, round(SAMPLE_S / its.dt_s)))
            return listeners[-1]
        if fault is not None and isinstance(application, PlantProcess):
            return FaultyPlant(application, fault)
        return application

    node = InProcessNode(scenario, build=build)
    ticks = round(flight.orbits * orbit_period_s(scenario) / scenario.dt_s)
    if flight.operated:
        operate(flight.seed, ticks, node.enter)
    for _ in range(ticks):
        node.run_tick()
    assert not node.lost, f"{flight}: lost {node.lost}"
    return np.array(listeners[0].heard)


def operate(seed: int, ticks: int, command: Callable[[TcRequest, int], None]) -> None:
    """Telecommands as a mission might send them, one every 20 to 90 minutes."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    tick, number = 600, 0
    while (tick := tick + int(rng.integers(1200, 5400))) < ticks:
        number += 1
        draw = float(rng.uniform())
        name, args = [
            ("health.set_mode", {"mode": ("SAFE", "STANDBY", "NOMINAL", "PAYLOAD", "PAYLOAD")[int(draw * 5)]}),
            ("power.set_reserve", {"soc": round(0.45 + 0.2 * draw, 3)}),
            ("thermal.set_chip_limit", {"limit_c": round(50.0 + 25.0 * draw, 1)}),
            ("infer.set_payload", {"on": draw < 0.6}),
            ("comms.set_transmitter", {"on": draw < 0.8}),
        ][int(rng.integers(5))]
        command(TcRequest(1_000_000 + number, name, args), tick)
