"""Flight software on a slower clock than the plant's: a scenario as its applications are told of it.

With `cycle_ticks = 10` and `dt_s = 1.0` the plant steps every second and flight software every ten, as most flown
control loops do. An application knows nothing of it: it counts its own cycles and is told their length. What its
configuration counts in ticks is therefore told in cycles here.

Called where applications are built and reconfigured. The plant and the bus go by the scenario itself.
"""

from __future__ import annotations

from typing import Any

import msgspec

from flightsw.apps.inference.config import InferenceConfig
from flightsw.devices.board import BoardConfig
from flightsw.errors import ConfigError
from flightsw.node.scenario import Scenario

LONGEST_CYCLE_S = 60.0
"""As the longest tick: what flight software decides is to be in force for no longer."""
TICKS = "_ticks"
LEAST_CYCLES = 2
"""of what is more than one tick: in the first cycle after it was said, news is never late"""


def in_cycles(scenario: Scenario) -> Scenario:
    """The scenario in cycles of flight software: its `dt_s` is a cycle, its `*_ticks` count these."""
    cycle_ticks = scenario.cycle_ticks
    if cycle_ticks == 1:
        return scenario
    apps = _scaled(scenario.apps, cycle_ticks)
    return msgspec.structs.replace(scenario, dt_s=scenario.dt_s * cycle_ticks, cycle_ticks=1, apps=apps)


def check_cycles(scenario: Scenario) -> None:
    """Raise ConfigError for a cycle that this scenario's flight software can't have."""
    given = f"cycle_ticks = {scenario.cycle_ticks}"
    if scenario.cycle_ticks == 1:
        return
    if scenario.cycle_ticks * scenario.dt_s > LONGEST_CYCLE_S:
        raise ConfigError(
            f"{given}: a cycle of {scenario.cycle_ticks * scenario.dt_s:g} s: must be at most {LONGEST_CYCLE_S:g} s"
        )
    if isinstance(scenario.board, BoardConfig):
        raise ConfigError(f"{given}: must be 1 beside a board, which is stepped in real time")
    inference: InferenceConfig = scenario.apps.inference
    if inference.memory is not None:
        raise ConfigError(f"{given}: must be 1 beside apps.inference.memory, whose upsets fall at moments of a tick")


def _scaled(config: Any, cycle_ticks: int) -> Any:
    """This table and those in it, with ticks in cycles."""
    changed: dict[str, Any] = {}
    for name in config.__struct_fields__:
        value = getattr(config, name)
        if isinstance(value, msgspec.Struct):
            changed[name] = _scaled(value, cycle_ticks)
        elif isinstance(value, tuple) and value and all(isinstance(item, msgspec.Struct) for item in value):
            changed[name] = tuple([_scaled(item, cycle_ticks) for item in value])
        elif name.endswith(TICKS) and isinstance(value, int) and value > 1:
            changed[name] = max(LEAST_CYCLES, -(-value // cycle_ticks))
    return msgspec.structs.replace(config, **changed) if changed else config
