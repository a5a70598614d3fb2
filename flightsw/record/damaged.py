"""What faults had made of the spacecraft at every tick of a run, worked out again from its log.

Faults act by (seed, tick) and by what the plant's truth said a tick before, all of which a log has; those that were
injected while the run went on are in it as outside inputs. Read by `ledger`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from flightsw.bus.injection import occurrence_of
from flightsw.errors import LogError
from flightsw.messages.faults import FaultInjection
from flightsw.messages.plant import Truth
from flightsw.node.faults import hardware_faults_of
from flightsw.node.scenario import Scenario
from flightsw.plant.damage import WHOLE, Damage
from flightsw.plant.fault_config import hardware_fault_of
from flightsw.plant.faults import HardwareFaults


class DamageByTick:
    """Of one run, to be asked tick by tick. Raises LogError: a scenario whose faults can't be read."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self._damage = WHOLE
        self._scenario = scenario
        self._faults: HardwareFaults | None = None
        if scenario.get("faults"):
            self._faults = self._scripted()

    def _scripted(self) -> HardwareFaults:
        try:
            whole = msgspec.convert(self._scenario, Scenario)
        except msgspec.ValidationError as error:
            raise LogError(f"the log's faults can't be read: {error}") from None
        return HardwareFaults(hardware_faults_of(whole), whole.seed, whole.dt_s, _Reach(self, whole))

    def inject(self, tick: int, injection: FaultInjection) -> None:
        """A fault from outside, as the plant takes it up: before `at` of the tick in which it came in."""
        fault = hardware_fault_of(injection.kind, injection.args)
        if fault is not None:
            if self._faults is None:
                self._faults = self._scripted()
            self._faults.add(fault, occurrence_of(injection, tick))

    def at(self, tick: int, truth: Truth) -> Damage:
        """In this tick, whose truth is kept for the conditions of the next one. To be called for each, in order."""
        if self._faults is not None:
            self._faults.begin(tick)
            self._faults.told(tick, [truth])
        return self._damage

    def suffer(self, damage: Damage) -> None:
        """Go on with this damage, and no other."""
        self._damage = damage


class _Reach:
    """A spacecraft that has been flown: only what stays of a fault is of interest."""

    def __init__(self, kept: DamageByTick, scenario: Scenario) -> None:
        self.loads = tuple(load.name for load in scenario.plant.loads)
        self.stations = tuple(station.name for station in scenario.plant.stations)
        self.full_w = tuple(load.power_w for load in scenario.plant.loads)
        self.suffer = kept.suffer

    def trip(self, load: int) -> None:
        """Shows in the load's power."""

    def strike(self, *, sel: bool, sefi: bool) -> bool:  # noqa: ARG002  as the protocol has it
        """Shows in the load's power."""
        return True

    def jump_clock(self, jump_s: float) -> None:
        """Is no matter of energy."""
