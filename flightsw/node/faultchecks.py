"""Checks of hardware faults against the spacecraft that they happen to. Called by `node.faults`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flightsw.errors import ConfigError
from flightsw.plant.config import HEATER
from flightsw.plant.fault_config import (
    ArrayStringLoss,
    BatteryCellShort,
    BatteryStringLoss,
    ClockJump,
    ConverterLoss,
    HardwareFault,
    HeaterStuck,
    LclTrip,
    LinkLoss,
    PumpStop,
    RadiatorDegradation,
    SensorFault,
)
from flightsw.plant.faults import ARRAY_CONVERTER
from flightsw.plant.oscillator import ClockConfig
from flightsw.plant.sensor_faults import check_sensor_fault

if TYPE_CHECKING:
    from flightsw.node.scenario import Scenario
    from flightsw.plant.config import PlantConfig


def check_hardware(fault: HardwareFault, scenario: Scenario) -> None:
    """Raise ConfigError, naming the field, for what can't happen to this spacecraft."""
    plant = scenario.plant
    loads = [load.name for load in plant.loads]
    if isinstance(fault, SensorFault):
        check_sensor_fault(fault, loads)
        return
    match fault:
        case HeaterStuck():
            _among("load", fault.load, [HEATER, *(one.load for one in plant.thermal.thermostats)])
        case ArrayStringLoss():
            _at_most("count", fault.count, plant.array_or_none.strings, "the array's strings")
        case BatteryStringLoss():
            _at_most("count", fault.count, plant.battery.strings, "the pack's strings")
        case BatteryCellShort():
            _at_most("count", fault.count, fault.in_series - 1, "all but one cell of in_series")
        case ConverterLoss():
            _among("of", fault.of, [ARRAY_CONVERTER, *loads])
            if fault.of != ARRAY_CONVERTER and fault.share != 1.0:
                raise ConfigError(f"share = {fault.share}: must be 1: a load's converter gives all or nothing")
        case RadiatorDegradation():
            _check_surface(fault, plant)
        case PumpStop():
            _among("load", fault.load, [loop.pump_load for loop in plant.thermal.loops])
        case LclTrip():
            _among("load", fault.load, loads)
        case LinkLoss(station=str(station)):
            _among("station", station, [one.name for one in plant.stations])
        case ClockJump():
            _check_clock(fault, plant)


def _check_surface(fault: RadiatorDegradation, plant: PlantConfig) -> None:
    _among("node", fault.node, [node.name for node in plant.thermal.nodes if node.surfaces])
    if fault.emissivity_share == 1.0 and fault.absorptance_added == 0.0:
        raise ConfigError("emissivity_share = 1.0: nothing would change: must be below 1, or absorptance_added above 0")


def _check_clock(fault: ClockJump, plant: PlantConfig) -> None:
    if fault.seconds == 0.0:
        raise ConfigError("seconds = 0.0: must not be 0")
    if not isinstance(plant.clock, ClockConfig):
        raise ConfigError(f"seconds = {fault.seconds}: there is no on-board clock to jump: must have [plant.clock]")


def _among(field: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise ConfigError(f"{field} = {given!r}: must be one of {', '.join(allowed) or 'none: there are none here'}")


def _at_most(field: str, given: int, limit: int, what: str) -> None:
    if given > limit:
        raise ConfigError(f"{field} = {given}: must be at most {limit}, {what}")
