"""Single faults to try a node's detection and recovery with: every kind, at a random size and time.

What is drawn follows from (seed, kind, number) alone. Sizes are drawn evenly by their logarithm over the range from
what nobody could notice to what nobody could miss, so that a matrix shows where detection begins. A kind that the
scenario's spacecraft can't have (no pump, no on-board clock) says why. Called by `faultmatrix` and `faultcampaign`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from flightsw.errors import ConfigError
from flightsw.messages.topics import shipped_topics
from flightsw.node.faults import KINDS, Fault
from flightsw.node.scenario import Scenario, check_scripted
from flightsw.plant.config import HEATER, PAYLOAD
from flightsw.streams import philox_key

SIZES: Mapping[str, tuple[float, float]] = {
    "_c": (0.3, 60.0),
    "_v": (0.02, 8.0),
    "_a": (0.02, 8.0),
    "_w": (0.5, 40.0),
    "_km": (1.0, 5000.0),
    "_km_s": (0.01, 5.0),
    "_deg": (1.0, 90.0),
    "_direction": (0.02, 1.0),
}
"""Least and greatest error of a reading, by the unit at the end of its name: from a few steps of its converter on."""
FLIGHT = ("power", "thermal", "inference", "comms", "health")
MESSAGES = tuple(
    topic.name
    for topic in shipped_topics()
    if topic.name.split(".")[0] in ("sensor", "hw", "power", "thermal", "infer", "comms", "health")
    and topic.name
    not in ("sensor.clock", "comms.frame", "comms.frame_time", "health.restart", "health.recovery", "health.validity")
)
"""Topics that carry something in every flight."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One fault to be flown."""

    kind: str
    number: int
    fault: Fault
    target: str
    """what it hits"""
    size: float | None
    """in the unit that its field's name says; None: it has none"""
    tick: int
    """when it begins"""


class _Dice:
    """Draws of one case."""

    def __init__(self, seed: int, kind: str, number: int) -> None:
        self._rng = np.random.Generator(np.random.Philox(key=philox_key(seed, number, f"faultcases.{kind}")))

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[int(self._rng.integers(len(choices)))]

    def whole(self, least: int, most: int) -> int:
        return int(self._rng.integers(least, most + 1))

    def size(self, least: float, most: float) -> float:
        """Evenly by logarithm, to three digits."""
        drawn = math.exp(self._rng.uniform(math.log(least), math.log(most)))
        return float(f"{drawn:.3g}")

    def sign(self) -> float:
        return float(self.pick((-1.0, 1.0)))


_Drawn = tuple[dict[str, Any], str, float | None]
"""(fields beside kind and time, target, size)."""


def draw(kind: str, number: int, seed: int, scenario: Scenario, readings: Sequence[str], ticks: range) -> Case:
    """The case of this number, beginning in `ticks`. `readings`: sensor fields that give numbers here.

    Raises ConfigError where the spacecraft can't have it.
    """
    dice = _Dice(seed, kind, number)
    tick = dice.whole(ticks[0], ticks[-1])
    fields, target, size = _DRAWS[kind](dice, scenario, readings)
    fault = KINDS[kind](at=f"{tick * scenario.dt_s:g}s", **fields)
    assert isinstance(fault, Fault)
    check_scripted(msgspec.structs.replace(scenario, faults=(fault,)))
    return Case(kind=kind, number=number, fault=fault, target=target, size=size, tick=tick)


def _erring(name: str, factor: float) -> Callable[[_Dice, Scenario, Sequence[str]], _Drawn]:
    """An error of a reading, in its unit."""

    def drawn(dice: _Dice, _scenario: Scenario, readings: Sequence[str]) -> _Drawn:
        field = dice.pick(readings)
        size = dice.size(*_span_of(field))
        sign = 1.0 if name == "sigma" else dice.sign()
        return {"field": field, name: sign * factor * size}, field, factor * size

    return drawn


def _span_of(field: str) -> tuple[float, float]:
    stem = field.split("[", maxsplit=1)[0]
    return next(SIZES[end] for end in sorted(SIZES, key=len, reverse=True) if stem.endswith(end))


def can_err(field: str) -> bool:
    """Whether errors of such a reading have a range."""
    return any(field.split("[", maxsplit=1)[0].endswith(end) for end in SIZES)


def _stuck(dice: _Dice, _scenario: Scenario, readings: Sequence[str]) -> _Drawn:
    field = dice.pick(readings)
    return {"field": field}, field, None


def _dropout(dice: _Dice, _scenario: Scenario, readings: Sequence[str]) -> _Drawn:
    may_be_none = [field for field in readings if not field.startswith("sensor.nav") and "[" not in field]
    field = dice.pick([*may_be_none, "sensor.power", "sensor.thermal", "sensor.nav"])
    return {"field": field}, field, None


def _process(*, ticks: bool = False, lasts: bool = False) -> Callable[[_Dice, Scenario, Sequence[str]], _Drawn]:
    def drawn(dice: _Dice, scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
        fields: dict[str, Any] = {"process": dice.pick(FLIGHT)}
        size = None
        if ticks:
            fields["ticks"] = round(dice.size(1, 100))
            size = float(fields["ticks"])
        if lasts:
            size = float(round(dice.size(1, 1000)))
            fields["lasts"] = f"{size * scenario.dt_s:g}s"
        return fields, fields["process"], size

    return drawn


def _message(*, ticks: bool = False) -> Callable[[_Dice, Scenario, Sequence[str]], _Drawn]:
    def drawn(dice: _Dice, _scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
        topic, share = dice.pick(MESSAGES), dice.size(0.02, 1.0)
        fields = {"topic": topic, "share": share}
        if ticks:
            fields["ticks"] = round(dice.size(1, 60))
        return fields, topic, share

    return drawn


def _load(dice: _Dice, scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    load = dice.pick([load.name for load in scenario.plant.loads])
    return {"load": load}, load, None


def _heater(dice: _Dice, _scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    state = dice.pick(("on", "off"))
    return {"load": HEATER, "state": state}, f"{HEATER} {state}", None


def _array_strings(dice: _Dice, scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    strings = scenario.plant.array_or_none.strings
    count = dice.whole(1, max(1, strings - 1))
    return {"count": count}, f"of {strings}", float(count)


def _battery_strings(dice: _Dice, scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    strings = scenario.plant.battery.strings
    if strings == 1:
        raise ConfigError("plant.battery.strings = 1: without it there is no battery: nothing could help")
    count = dice.whole(1, strings - 1)
    return {"count": count}, f"of {strings}", float(count)


def _converter(dice: _Dice, scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    sheddable = [load.name for load in scenario.plant.loads if load.shed_tier is not None]
    of = dice.pick(["array", *sheddable])
    share = dice.size(0.02, 0.6) if of == "array" else 1.0
    return {"of": of, "share": share}, of, share


def _radiator(dice: _Dice, scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    nodes = [node.name for node in scenario.plant.thermal.nodes if node.surfaces]
    node = "radiator" if "radiator" in nodes else dice.pick(nodes)
    lost = dice.size(0.02, 0.9)
    return {"node": node, "emissivity_share": round(1.0 - lost, 4)}, node, lost


def _pump(dice: _Dice, scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    pumps = [loop.pump_load for loop in scenario.plant.thermal.loops]
    if not pumps:
        raise ConfigError("plant.thermal.loops: there are none")
    load = dice.pick(pumps)
    return {"load": load}, load, None


def _clock(dice: _Dice, _scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    size = dice.size(1e-4, 1e5)
    return {"seconds": dice.sign() * size}, "clock", size


def _cells(_dice: _Dice, _scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    return {"count": 1}, "1 of 4 in series", 1.0


def _link(_dice: _Dice, _scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    return {}, "all stations", None


def _device(_dice: _Dice, _scenario: Scenario, _readings: Sequence[str]) -> _Drawn:
    return {}, PAYLOAD, None


_DRAWS: dict[str, Callable[[_Dice, Scenario, Sequence[str]], _Drawn]] = {
    "sensor_stuck": _stuck,
    "sensor_bias": _erring("offset", 1.0),
    "sensor_drift": _erring("per_h", 5.0),
    "sensor_noise": _erring("sigma", 1.0),
    "sensor_dropout": _dropout,
    "heater_stuck": _heater,
    "array_string_loss": _array_strings,
    "battery_string_loss": _battery_strings,
    "battery_cell_short": _cells,
    "converter_loss": _converter,
    "radiator_degradation": _radiator,
    "pump_stop": _pump,
    "lcl_trip": _load,
    "device_sefi": _device,
    "device_sel": _device,
    "crash": _process(),
    "hang": _process(lasts=True),
    "slow": _process(ticks=True),
    "message_drop": _message(),
    "message_delay": _message(ticks=True),
    "message_duplicate": _message(),
    "message_corrupt": _message(),
    "message_reorder": _message(),
    "link_loss": _link,
    "clock_jump": _clock,
}
