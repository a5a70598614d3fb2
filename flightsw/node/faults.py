"""Scripted faults: `[[faults]]` of a scenario, as data. What happens to the node, and when; each kind is a struct.

    [[faults]]
    kind = "sensor_bias"
    field = "sensor.power.battery_current_a"
    offset = 0.5
    at = "300s"              # or when = "eclipse 2", or per_day = 3.0
    lasts = "10min"

They are part of the scenario and act by (seed, tick) alone: the same on every host, in one hash, and replayable. The
plant acts out those of hardware (`plant.faults`), the Exchange those of processes and messages (`bus.faults`); docs/
faults.md has every kind. Here they are checked against the node, and their times and names become ticks and places.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

from flightsw.bus.fault_config import BusFaultConfig, Crash, FaultConfig, Hang, Slow
from flightsw.bus.faults import BusFault
from flightsw.bus.injection import bus_fault_of
from flightsw.bus.occurrence import Condition, Occurrence
from flightsw.bus.table import ProcessTable, Role
from flightsw.errors import ConfigError
from flightsw.messages.plant import Truth
from flightsw.node.durations import parse_duration_s
from flightsw.node.faultchecks import check_hardware
from flightsw.node.tomlfile import convert
from flightsw.plant.fault_config import ClockJump, DeviceSefi, DeviceSel, HardwareFault, LclTrip
from flightsw.plant.thermal_assembly import assemble

if TYPE_CHECKING:
    from flightsw.node.scenario import Scenario

Fault = BusFaultConfig | HardwareFault
"""Every kind, told apart by `kind`."""

KINDS: dict[str, type[FaultConfig]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Fault)}
"""Every kind by its name. Read only."""
DAY_S = 86400.0
MOMENTARY = (Crash, DeviceSel, DeviceSefi, ClockJump, LclTrip)
"""Kinds that strike once where `lasts` is left out."""
_CONDITION = re.compile(
    r"^\s*(?P<field>[a-z0-9_]+)(?:\.(?P<entry>\w+))?\s*(?P<relation><=|>=|<|>)\s*(?P<limit>\S+)\s*$"
)
_ECLIPSE = re.compile(r"^\s*eclipse\s+(?P<number>[1-9][0-9]{0,8})\s*$")


def fault_of(kind: str, **fields: Any) -> Fault:
    """The fault of a kind, its fields' types and ranges checked. Raises ConfigError."""
    return convert({"kind": kind, **fields}, Fault, "fault")  # type: ignore[arg-type]  # a union is no type[T]


def bus_faults_of(scenario: Scenario, table: ProcessTable) -> tuple[BusFault, ...]:
    """What the Exchange is to do."""
    return tuple(
        bus_fault_of(fault, _occurrence(fault, index, scenario), table.topics)
        for index, fault in enumerate(scenario.faults)
        if isinstance(fault, BusFaultConfig)
    )


def hardware_faults_of(scenario: Scenario) -> tuple[tuple[HardwareFault, Occurrence], ...]:
    """What the plant is to do."""
    return tuple(
        (fault, _occurrence(fault, index, scenario))
        for index, fault in enumerate(scenario.faults)
        if isinstance(fault, HardwareFault)
    )


def check_faults(scenario: Scenario, table: ProcessTable, ticks: int) -> None:
    """Raise ConfigError, naming fault and field, for what can't happen in this node or would never happen."""
    for index, fault in enumerate(scenario.faults):
        try:
            check_fault(fault, scenario, table, ticks)
        except ConfigError as error:
            raise ConfigError(f"faults[{index}].{error}") from None
    _check_crashes(scenario.faults, table, scenario.dt_s)


def check_fault(fault: Fault, scenario: Scenario, table: ProcessTable, ticks: int) -> None:
    """Raise ConfigError, naming the field, for one that can't happen in this node or would never happen."""
    _check_time(fault, scenario, ticks)
    if isinstance(fault, BusFaultConfig):
        _check_bus(fault, table)
    else:
        check_hardware(fault, scenario)


def lasts_ticks_of(fault: FaultConfig, dt_s: float) -> int | None:
    """How long it lasts each time; None: for good."""
    if fault.lasts is not None:
        return max(1, round(_seconds("lasts", fault.lasts) / dt_s))
    return 1 if isinstance(fault, MOMENTARY) else None


def _check_time(fault: FaultConfig, scenario: Scenario, ticks: int) -> None:
    given = [name for name in ("at", "when", "per_day") if getattr(fault, name) is not None]
    if len(given) != 1:
        raise ConfigError(f"at: {' and '.join(given) or 'none'} given: must have one of at, when and per_day")
    if fault.at is not None and _seconds("at", fault.at) >= ticks * scenario.dt_s - 0.5 * scenario.dt_s:
        raise ConfigError(f'at = "{fault.at}": must be before the end of the run, {ticks * scenario.dt_s:.0f} s')
    if fault.when is not None:
        condition_of(fault.when, scenario)
    if fault.per_day is not None and fault.per_day * scenario.dt_s > DAY_S:
        raise ConfigError(f"per_day = {fault.per_day}: must be at most {DAY_S / scenario.dt_s:g}, once a tick")
    if fault.lasts is None:
        return
    if isinstance(fault, MOMENTARY) and not isinstance(fault, LclTrip):
        raise ConfigError(f'lasts = "{fault.lasts}": must be left out: it happens at once')
    if _seconds("lasts", fault.lasts) < scenario.dt_s:
        raise ConfigError(f'lasts = "{fault.lasts}": must be at least a tick, {scenario.dt_s} s')


def _seconds(field: str, text: str) -> float:
    try:
        span_s = parse_duration_s(text, 5400.0)
    except ConfigError:
        raise ConfigError(f'{field} = "{text}": must be like "600s", "90min" or "1.5h"') from None
    if "orbit" in text:
        raise ConfigError(f'{field} = "{text}": must be in s, min, h or d')
    return span_s


def _check_bus(fault: BusFaultConfig, table: ProcessTable) -> None:
    if isinstance(fault, Crash | Hang | Slow):
        flight = [row.name for row in table.rows if row.role is Role.FLIGHT]
        if fault.process not in flight:
            raise ConfigError(f"process = {fault.process!r}: must be one of {', '.join(flight)}")
        return
    topics = [topic.name for topic in table.topics.topics if not (topic.is_critical_data or topic.is_truth)]
    if fault.topic not in topics:
        raise ConfigError(f"topic = {fault.topic!r}: must be one of {', '.join(topics)}")


def _check_crashes(faults: Sequence[Fault], table: ProcessTable, dt_s: float) -> None:
    """Scripted by time, a process must be there to crash; by chance and on a condition the Exchange sees to that."""
    back_tick: dict[str, int] = {}
    timed = [
        (_seconds("at", fault.at), index, fault)
        for index, fault in enumerate(faults)
        if isinstance(fault, Crash) and fault.at is not None
    ]
    for at_s, index, fault in sorted(timed, key=lambda one: one[:2]):
        where, tick, name = f"faults[{index}]", round(at_s / dt_s), fault.process
        if tick < back_tick.get(name, 0):
            raise ConfigError(
                f'{where}.at = "{fault.at}": {name} is lost then already: must be at tick {back_tick[name]} or later'
            )
        back_tick[name] = tick + table.by_name[name].restart_ticks


def _occurrence(fault: FaultConfig, index: int, scenario: Scenario) -> Occurrence:
    dt_s = scenario.dt_s
    return Occurrence(
        first_tick=None if fault.at is None else round(_seconds("at", fault.at) / dt_s),
        condition=None if fault.when is None else condition_of(fault.when, scenario),
        chance=None if fault.per_day is None else -math.expm1(-fault.per_day * dt_s / DAY_S),
        lasts_ticks=lasts_ticks_of(fault, dt_s),
        stream=f"fault.{index}",
    )


def condition_of(text: str, scenario: Scenario) -> Condition:
    """The condition that a text says. Raises ConfigError."""
    if (eclipse := _ECLIPSE.match(text)) is not None:
        return Condition(eclipse=int(eclipse["number"]))
    found = _CONDITION.match(text)
    fields = [name for name in Truth.__struct_fields__ if name not in _entries(scenario)]
    if found is None:
        raise ConfigError(f'when = "{text}": must be like "eclipse 2", "soc < 0.5" or "node_c.chip > 70"')
    name, entry = found["field"], found["entry"]
    place = None
    if name in _entries(scenario):
        names = _entries(scenario)[name]
        if entry not in names:
            raise ConfigError(f'when = "{text}": {name} must have one of {", ".join(names)} behind it')
        place = names.index(entry)
    elif name not in fields or entry is not None:
        known = ", ".join([*fields, *(f"{one}.*" for one in _entries(scenario))])
        raise ConfigError(f'when = "{text}": must be a figure of truth.plant: one of {known}')
    try:
        limit = float(found["limit"])
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise ConfigError(f'when = "{text}": {found["limit"]} must be a number')
    relation = found["relation"]
    assert relation in ("<", "<=", ">", ">=")
    return Condition(field=name, place=place, relation=relation, limit=limit)  # type: ignore[arg-type]  # as asserted


def _entries(scenario: Scenario) -> dict[str, list[str]]:
    """Names of the entries of truth's fields that have several."""
    plant = scenario.plant
    nodes = [node.name for node in assemble(plant.thermal)[0]]
    return {"load_power_w": [load.name for load in plant.loads], "node_c": nodes}
