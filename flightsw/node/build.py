"""Builds each process's application from a scenario. The one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from flightsw.apps.comms.app import CommsApp
from flightsw.apps.comms.silence import StationRow
from flightsw.apps.health.app import HealthApp, Heartbeat
from flightsw.apps.health.config import HealthConfig, PayloadRow
from flightsw.apps.health.interface import HealthLaw
from flightsw.apps.health.monitor import monitor_of
from flightsw.apps.health.sequencer import SequencerConfig
from flightsw.apps.health.timekeeper import OnboardClock
from flightsw.apps.inference.app import InferenceApp
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.engine import Engine, OnnxEngine
from flightsw.apps.inference.guard import GuardedEngine
from flightsw.apps.inference.modelops import Both, ModelOps
from flightsw.apps.own import AppConfig
from flightsw.apps.power.app import PowerApp
from flightsw.apps.power.config import PAYLOAD, LoadRow
from flightsw.apps.thermal.app import ThermalApp
from flightsw.bus.application import Application
from flightsw.devices.accelerator import Accelerator
from flightsw.devices.blobs import FolderBlobs
from flightsw.devices.board import BoardConfig
from flightsw.devices.board_device import BoardDevice, RecalledHands
from flightsw.devices.memory import DeviceMemory
from flightsw.devices.models import ModelCard, load_card, verified_model_path
from flightsw.devices.profiles import load_profile
from flightsw.devices.silicon import Silicon
from flightsw.devices.virtual import VirtualDevice
from flightsw.messages.topics import FLIGHT_APPS
from flightsw.node.cycles import in_cycles
from flightsw.node.faults import hardware_faults_of
from flightsw.node.imports import check_methods, find_class, make
from flightsw.node.laws import law_of
from flightsw.node.onboard import Recalled, RecalledEngine
from flightsw.node.ownprocess import heartbeat_kind
from flightsw.node.scenario import Scenario, look_for_code_of
from flightsw.plant.config import TRANSMITTER
from flightsw.plant.oscillator import ClockConfig
from flightsw.plant.process import PlantProcess

PLANT = "plant"
RESTART_TICKS = 15
"""longer than an application that was lost stays away"""


def build_application(name: str, scenario: Scenario) -> Application:
    """The application of this process, at its cold start."""
    look_for_code_of(scenario)
    if name != PLANT:
        scenario = in_cycles(scenario)
    if name in _BUILDERS:
        return _BUILDERS[name](scenario)
    process = next(process for process in scenario.own_processes if process.name == name)
    return _own(f"{process.field}.app", process.app, f"{process.field}.config", process.config, scenario.dt_s)


def _flight(name: str, config: AppConfig, shipped: Callable[..., Application], *args: Any) -> Application:
    """The shipped application with its law, or a user's own in its place, which is made with the same arguments."""
    if not isinstance(config.app, str):
        return shipped(*args, law=law_of(name, config))
    told = config.app_config if isinstance(config.app_config, dict) else {}
    return _own(f"apps.{name}.app", config.app, f"apps.{name}.app_config", told, *args)


def _own(field: str, path: str, table_field: str, table: dict[str, Any], *args: Any) -> Application:
    """An application of a user's own. Raises ConfigError."""
    application: Application = make(field, find_class(field, path), path, table, table_field, *args)
    check_methods(field, path, application, Application)
    return application


def _plant(scenario: Scenario) -> Application:
    board = scenario.board if isinstance(scenario.board, BoardConfig) else None
    faults = hardware_faults_of(scenario)
    return PlantProcess(scenario.plant, scenario.seed, scenario.dt_s, faults, board, scenario.cycle_ticks)


def _power(scenario: Scenario) -> Application:
    loads = tuple(LoadRow(load.name, load.shed_tier, load.initially_on) for load in scenario.plant.loads)
    config = scenario.apps.power
    return _flight("power", config, PowerApp, config, loads, scenario.dt_s)


def _thermal(scenario: Scenario) -> Application:
    config = scenario.apps.thermal
    return _flight("thermal", config, ThermalApp, config, scenario.dt_s)


def _inference(scenario: Scenario) -> Application:
    config = scenario.apps.inference
    if isinstance(scenario.board, BoardConfig):
        return _recalled_inference(scenario)
    silicon = load_profile(scenario.plant.profile).silicon()
    card = load_card(config.model)
    memory = _payload_memory(config, card)
    device = VirtualDevice(silicon, memory)
    guarded = None if memory is None else GuardedEngine(card, scenario.seed, memory)
    engine = guarded or (OnnxEngine(card, scenario.seed) if config.execute_stride else None)
    if engine is None:
        return inference_with(scenario, silicon, card, device, None)
    blobs = None if config.blobs is None else FolderBlobs(Path(config.blobs))
    models = ModelOps(card, scenario.seed, engine, blobs)
    guard = models if guarded is None else Both(guarded, models)
    return inference_with(scenario, silicon, card, device, models, guard=guard, models=models)


def inference_with(
    scenario: Scenario,
    silicon: Silicon,
    card: ModelCard,
    device: Accelerator,
    engine: Engine | None,
    **insides: Any,
) -> Application:
    """The scenario's inference application over this device; `insides`: more that ours is made with."""
    config = scenario.apps.inference
    shipped = partial(InferenceApp, **insides)
    return _flight("inference", config, shipped, config, silicon, card, device, engine, scenario.seed)


def _payload_memory(config: InferenceConfig, card: ModelCard) -> DeviceMemory | None:
    """With every variant of the card in it; None where the scenario has none, or computes no batch."""
    if config.memory is None or not config.execute_stride:
        return None
    files = {one.name: verified_model_path(card, one).read_bytes() for one in card.variants}
    return DeviceMemory(files, config.memory)


def _recalled_inference(scenario: Scenario) -> Application:
    """Of a run with a real board, which is gone: only its log knows what it did."""
    silicon, card = load_profile(scenario.plant.profile).silicon(), load_card(scenario.apps.inference.model)
    hands = RecalledHands()
    device, engine = BoardDevice(silicon, hands), RecalledEngine(OnnxEngine(card, scenario.seed))
    return Recalled(inference_with(scenario, silicon, card, device, engine), device, hands, engine)


def _comms(scenario: Scenario) -> Application:
    stations = tuple(
        StationRow(station.name, station.latitude_deg, station.longitude_deg, station.mask_deg)
        for station in scenario.plant.stations
    )
    tiers = {load.name: load.shed_tier for load in scenario.plant.loads}
    config = scenario.apps.comms
    shipped = partial(CommsApp, timed=isinstance(scenario.plant.clock, ClockConfig))
    return _flight("comms", config, shipped, config, stations, scenario.dt_s, tiers[TRANSMITTER])


def _health(scenario: Scenario) -> Application:
    others = tuple(app for app in FLIGHT_APPS if app != "health")
    config = scenario.apps.health
    names = [load.name for load in scenario.plant.loads]
    boot_s = load_profile(scenario.plant.profile).silicon().boot_s
    payload = PayloadRow(names.index(PAYLOAD) if PAYLOAD in names else None, boot_s)
    shipped = partial(_shipped_health, payload=payload, sequences=_sequences(scenario), clock=_clock(scenario))
    return _flight("health", config, shipped, config, others, scenario.dt_s, _heartbeats(scenario))


def _shipped_health(
    config: HealthConfig,
    apps: tuple[str, ...],
    dt_s: float,
    own: tuple[Heartbeat, ...],
    *,
    law: HealthLaw,
    payload: PayloadRow,
    sequences: SequencerConfig,
    clock: OnboardClock,
) -> Application:
    """With the network that watches its telemetry where the scenario asks for one."""
    watch = config.watched_telemetry
    monitor = None if watch is None else monitor_of(watch, dt_s)
    return HealthApp(config, apps, dt_s, own, law, monitor, payload, sequences, clock)


def _sequences(scenario: Scenario) -> SequencerConfig:
    """Stored sequences and what starts them; a step is patient with its owner for longer than ingest is."""
    return SequencerConfig(
        sequences=scenario.sequences if isinstance(scenario.sequences, tuple) else (),
        triggers=scenario.sequence_triggers if isinstance(scenario.sequence_triggers, tuple) else (),
        patience_ticks=scenario.apps.comms.report_ticks + RESTART_TICKS,
    )


def _clock(scenario: Scenario) -> OnboardClock:
    return OnboardClock(fitted=isinstance(scenario.plant.clock, ClockConfig), epoch_utc_ns=scenario.plant.epoch_utc_ns)


def _heartbeats(scenario: Scenario) -> tuple[Heartbeat, ...]:
    """Of the user's own processes that are to be watched."""
    own = [(process, heartbeat_kind(process)) for process in scenario.own_processes]
    return tuple(Heartbeat(one.name, kind, one.period_ticks) for one, kind in own if kind is not None)


_BUILDERS: dict[str, Callable[[Scenario], Application]] = {
    PLANT: _plant,
    "power": _power,
    "thermal": _thermal,
    "inference": _inference,
    "comms": _comms,
    "health": _health,
}
