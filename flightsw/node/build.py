"""Builds each process's application from a scenario. The one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable

from flightsw.apps.comms.app import CommsApp
from flightsw.apps.health.app import HealthApp
from flightsw.apps.inference.app import InferenceApp
from flightsw.apps.inference.engine import OnnxEngine
from flightsw.apps.power.app import PowerApp
from flightsw.apps.power.config import LoadRow
from flightsw.apps.thermal.app import ThermalApp
from flightsw.bus.application import Application
from flightsw.devices.models import load_card
from flightsw.devices.profiles import load_profile
from flightsw.devices.virtual import VirtualDevice
from flightsw.messages.topics import FLIGHT_APPS
from flightsw.node.scenario import Scenario
from flightsw.plant.config import TRANSMITTER
from flightsw.plant.process import PlantProcess


def build_application(name: str, scenario: Scenario) -> Application:
    """The application of this process, at its cold start."""
    return _BUILDERS[name](scenario)


def _plant(scenario: Scenario) -> Application:
    return PlantProcess(scenario.plant, scenario.seed, scenario.dt_s)


def _power(scenario: Scenario) -> Application:
    loads = tuple(LoadRow(load.name, load.shed_tier, load.initially_on) for load in scenario.plant.loads)
    return PowerApp(scenario.apps.power, loads, scenario.dt_s)


def _thermal(scenario: Scenario) -> Application:
    return ThermalApp(scenario.apps.thermal, scenario.dt_s)


def _inference(scenario: Scenario) -> Application:
    config = scenario.apps.inference
    silicon = load_profile(scenario.plant.profile).silicon()
    card = load_card(config.model)
    device = VirtualDevice(silicon, card.work_gop)
    engine = OnnxEngine(card, scenario.seed) if config.execute_stride else None
    return InferenceApp(config, silicon, card.work_gop, device, engine)


def _comms(scenario: Scenario) -> Application:
    stations = tuple(station.name for station in scenario.plant.stations)
    tiers = {load.name: load.shed_tier for load in scenario.plant.loads}
    return CommsApp(scenario.apps.comms, stations, scenario.dt_s, tiers[TRANSMITTER])


def _health(scenario: Scenario) -> Application:
    others = tuple(app for app in FLIGHT_APPS if app != "health")
    return HealthApp(scenario.apps.health, others, scenario.dt_s)


_BUILDERS: dict[str, Callable[[Scenario], Application]] = {
    "plant": _plant,
    "power": _power,
    "thermal": _thermal,
    "inference": _inference,
    "comms": _comms,
    "health": _health,
}
