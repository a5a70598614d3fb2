"""What the elements of a message's lists are called: loads, thermal nodes, axes. From a log's header alone.

A list in the order of something that the scenario names (`load_power_w`: the loads) has that many elements, with those
names; one of fixed length has that length. All others vary, and are no columns of a table. Read by the signal
catalogue, the tables and the report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from flightsw.errors import ConfigError
from flightsw.messages.schema import FieldSchema
from flightsw.node.satellite import SatelliteConfig
from flightsw.plant.thermal_assembly import expand

_LOADS = frozenset({"load_power_w", "lcl_state", "load_on", "load_enabled", "load_locked_out"})
_NODES = frozenset({"node_c"})
_FIXED = re.compile(r"\[(?P<size>\d+)\]")
_AXES = ("x", "y", "z")


class Elements:
    """Names of list elements under one scenario."""

    def __init__(self, scenario: Mapping[str, Any]) -> None:
        self.loads, self.nodes = _names(scenario)

    def of(self, field: FieldSchema) -> tuple[str, ...] | None:
        """Names of the elements of this field's list; empty: it is no list. None: how many there are varies."""
        if "]" not in field.type.replace("map[", ""):
            return ()
        if field.type.startswith("map["):
            return None
        if field.name in _LOADS and self.loads:
            return self.loads
        if field.name in _NODES and self.nodes:
            return self.nodes
        fixed = _FIXED.search(field.type)
        if fixed is None:
            return None
        size = int(fixed["size"])
        return _AXES if size == len(_AXES) else tuple(str(place) for place in range(size))


def _names(scenario: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Loads, and thermal nodes with those of junction chains; none where the header tells of no spacecraft."""
    try:
        plant = msgspec.convert(scenario, SatelliteConfig).plant
        return tuple(load.name for load in plant.loads), tuple(node.name for node in expand(plant.thermal)[0])
    except (msgspec.ValidationError, ConfigError):
        return (), ()
