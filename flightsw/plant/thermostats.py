"""Thermostats: loads that a node's temperature switches, wherever in a step it meets the level.

Called by the spacecraft at the ends of every stretch of a step; `thermal_events` finds where a stretch ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flightsw.plant.thermal_config import ThermostatConfig
from flightsw.plant.thermal_elements import ZERO_C_K
from flightsw.plant.thermal_events import Level


class Thermostats:
    """Those of one configuration, in its order, and which of them are closed. `nodes`, `loads`: places by name."""

    def __init__(
        self,
        config: Sequence[ThermostatConfig],
        nodes: Mapping[str, int],
        loads: Sequence[str],
        full_w: Sequence[float],
    ) -> None:
        """`full_w`: what each load draws while it is on."""
        self._rows = [
            (nodes[t.node], t.on_below_c + ZERO_C_K, t.off_above_c + ZERO_C_K, loads.index(t.load)) for t in config
        ]
        self._closed = [False] * len(self._rows)
        self._full_w = full_w

    def __bool__(self) -> bool:
        return bool(self._rows)

    def switch(self, nodes_k: Sequence[float], demand_w: list[float], forced_w: Mapping[int, float]) -> None:
        """Let each see its node as it is, and its load's demand follow; not that of a load that a fault forces."""
        for place, (node, on_k, off_k, load) in enumerate(self._rows):
            node_k = nodes_k[node]
            self._closed[place] = node_k <= on_k or (self._closed[place] and node_k < off_k)
            if load not in forced_w:
                demand_w[load] = self._full_w[load] if self._closed[place] else 0.0

    def levels(self) -> list[Level]:
        """What would switch each of them next."""
        return [
            Level(node, off_k if closed else on_k, closed)
            for closed, (node, on_k, off_k, _) in zip(self._closed, self._rows, strict=True)
        ]
