"""What is seen of one flight with faults in it, tick by tick and without a log: events, modes, beliefs, truth, work.

Reads the records of an in-process node. Called by `faultmatrix` and `faultcampaign`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from structlog.testing import capture_logs

from flightsw.bus.records import TickRecord
from flightsw.messages.comms import CommsStatus
from flightsw.messages.health import BusEvent, BusEventKind, Event, Mode, ModeStatus, Severity
from flightsw.messages.inference import InferenceStatus
from flightsw.messages.plant import Truth
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus
from flightsw.node.inprocess import InProcessNode
from flightsw.node.scenario import Scenario
from flightsw.plant.config import CHIP

RECENT_TICKS = 300
"""at the end of a flight: what the node has settled to"""
WORK_TICKS = 100
STATUSES: dict[type, str] = {
    PowerStatus: "power",
    ThermalStatus: "thermal",
    InferenceStatus: "inference",
    CommsStatus: "comms",
    ModeStatus: "health",
}
"""Said every tick by whoever lives."""
TOLD = "event."


class Told(msgspec.Struct, frozen=True):
    """An event, or the bus's word on a process."""

    tick: int
    source: str
    id: str
    severity: int
    args: dict[str, Any] = {}


class Seen(msgspec.Struct, kw_only=True):
    """One flight, in figures."""

    ticks: int = 0
    told: list[Told] = []
    modes: list[tuple[int, str, str]] = []
    """(tick, mode, reason) of each change"""
    soc_min: float = 1.0
    soc_error: float = 0.0
    """greatest recent difference between what power believes and what is"""
    chip_error_k: float = 0.0
    """likewise, of thermal"""
    node_min_c: list[float] = []
    node_max_c: list[float] = []
    last_heard: dict[str, int] = {}
    """tick of the last status by application"""
    items_done: list[int] = []
    """results so far, every WORK_TICKS"""
    sent_bytes: list[int] = []
    """to the ground so far, likewise"""
    electrical_residual_j: float = 0.0
    thermal_residual_j: float = 0.0
    energy_j: float = 0.0
    error: str | None = None
    """the emulator gave up"""

    def done_since(self, tick: int) -> int:
        """Results from about a tick on."""
        return _grown_since(self.items_done, tick)

    def sent_since(self, tick: int) -> int:
        """Bytes to the ground from about a tick on."""
        return _grown_since(self.sent_bytes, tick)

    @property
    def mode(self) -> str:
        """At the end."""
        return self.modes[-1][1] if self.modes else Mode.OFF.name


def _grown_since(totals: list[int], tick: int) -> int:
    return totals[-1] - totals[min(tick // WORK_TICKS, len(totals) - 1)] if totals else 0


class Watch:
    """Takes in a flight's records."""

    def __init__(self, scenario: Scenario, ticks: int) -> None:
        nodes = [node.name for node in scenario.plant.thermal.nodes]
        self._chip = nodes.index(CHIP)
        self._recent = ticks - RECENT_TICKS
        self._names: list[str] = []
        self._items = self._sent = 0
        self.seen = Seen()

    def look(self, record: TickRecord) -> None:
        """One tick."""
        seen = self.seen
        seen.ticks = record.tick + 1
        truth = power = thermal = None
        for entry in record.entries:
            message = entry[3]
            kind = type(message)
            if kind in STATUSES:
                seen.last_heard[STATUSES[kind]] = record.tick
            if kind is Truth:
                truth = message
            elif kind is PowerStatus:
                power = message
            elif kind is ThermalStatus:
                thermal = message
            elif kind is ModeStatus:
                if not seen.modes or seen.modes[-1][1] != message.mode.name:
                    seen.modes.append((record.tick, message.mode.name, message.reason))
            elif kind is InferenceStatus:
                self._items = message.items_done
            elif kind is CommsStatus:
                self._sent = message.sent_bytes
            elif kind is Event:
                seen.told.append(Told(record.tick, entry[2], message.id, int(message.severity), dict(message.args)))
            elif kind is BusEvent:
                severity = Severity.ACTIVITY_HI if message.kind is BusEventKind.REJOIN else Severity.WARNING_HI
                args = {"app": message.process}
                seen.told.append(Told(record.tick, "bus", message.kind.name, int(severity), args))
        assert truth is not None, "the plant tells the truth every tick"
        self._weigh(record.tick, truth, power, thermal)

    def _weigh(self, tick: int, truth: Truth, power: PowerStatus | None, thermal: ThermalStatus | None) -> None:
        seen = self.seen
        seen.soc_min = min(seen.soc_min, truth.soc)
        nodes_c = truth.node_c
        if tick % 10 == 0 or not seen.node_min_c:
            seen.node_min_c = list(map(min, seen.node_min_c or nodes_c, nodes_c))
            seen.node_max_c = list(map(max, seen.node_max_c or nodes_c, nodes_c))
        if tick % WORK_TICKS == 0:
            seen.items_done.append(self._items)
            seen.sent_bytes.append(self._sent)
        if tick < self._recent:
            return
        if power is not None and power.soc is not None:
            seen.soc_error = max(seen.soc_error, abs(power.soc - truth.soc))
        if thermal is not None and thermal.chip_c is not None:
            seen.chip_error_k = max(seen.chip_error_k, abs(thermal.chip_c - nodes_c[self._chip]))
        seen.electrical_residual_j, seen.thermal_residual_j = truth.electrical_residual_j, truth.thermal_residual_j
        seen.energy_j = truth.load_energy_j + truth.heat_in_j


def fly(scenario: Scenario, ticks: int) -> Seen:
    """Fly in this process, without a log; an emulator's failure is told in `error`."""
    watch = Watch(scenario, ticks)
    with capture_logs():  # an application that raises is lost, which is all there is to know of it here
        try:
            node = InProcessNode(scenario)
            for _ in range(ticks):
                watch.look(node.run_tick())
        except Exception as error:  # noqa: BLE001  that there is none is what is looked for
            watch.seen.error = f"{type(error).__name__}: {error}"
    return watch.seen


def readings(scenario: Scenario) -> list[str]:
    """Sensor readings that give numbers in this scenario's first ticks, in order; entries as `[n]`."""
    node = InProcessNode(scenario)
    for _ in range(3):
        record = node.run_tick()
    found = []
    for entry in record.entries:
        topic = node.table.topics.topics[entry[0]].name
        if topic.startswith("sensor.") and topic not in ("sensor.link", "sensor.clock"):
            for name, value in zip(entry[3].__struct_fields__, msgspec.structs.astuple(entry[3]), strict=True):
                if isinstance(value, tuple):
                    found += [f"{topic}.{name}[{place}]" for place, one in enumerate(value) if isinstance(one, float)]
                elif isinstance(value, float):
                    found.append(f"{topic}.{name}")
    return found
