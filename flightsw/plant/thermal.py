"""The thermal network: nodes, boundaries, conductances, radiation, elements, heat inputs.

    C_i dT_i/dt = Q_i + sum_j G_ij (T_j - T_i) + sum_j sigma R_ij (T_j^4 - T_i^4) - sigma R_i0 T_i^4

Temperatures in kelvins inside, Celsius at the edges. Space is at 0 K (2.7 K changes nothing at any precision in
use); Earth's infrared is a heat input of the surfaces that see it. A boundary is a node held at its temperature. G
follows the evaporator of a heat pipe, R_i0 the node of a louver; a loop's G is there while its pump runs. Source:
Gilmore, Spacecraft Thermal Control Handbook, ch. 15.

The step itself is generated code, see `thermal_kernel`; `thermal_config` is what a scenario declares. The plant calls
`ThermalNetwork.step` every tick and `environment_w` for what the sky puts into each node; where a thermostat switches
within a tick, `first_crossing` and `step_for`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from flightsw.errors import PhysicsError
from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4
from flightsw.plant.thermal_assembly import HOT_K, assemble, check_step, initial_k, monotone_step_s
from flightsw.plant.thermal_config import CouplingConfig, NodeConfig, SurfaceConfig, ThermalNetworkConfig
from flightsw.plant.thermal_elements import ZERO_C_K, foster_to_cauer
from flightsw.plant.thermal_environment import compile_environment
from flightsw.plant.thermal_events import Level, first_crossing
from flightsw.plant.thermal_kernel import compile_step, compile_variable_step
from flightsw.plant.thermal_source import Sum, compile_function

__all__ = [
    "ZERO_C_K",
    "CouplingConfig",
    "Level",
    "NodeConfig",
    "SurfaceConfig",
    "ThermalNetwork",
    "ThermalNetworkConfig",
    "check_step",
    "foster_to_cauer",
]

HIGHEST_K = 1200.0
"""Above it, and below 0 K, of these something is wrong with the network, not with the satellite."""
HALVINGS = 12
"""How often a step may be halved before it is refused."""
MOST_CHANGE = 0.1
"""Of a foil's temperature in one step: its T^4 is linear to 4 % of the change."""
CROSSING_S = 1e-6
"""How late a crossing may be found."""


class ThermalNetwork:
    """The network's law for one configuration and step length. `names` are the declared nodes and, after them, those
    of junction chains; `faces` the body faces that surfaces lie on, `pumps` the loads that drive the loops: sequences
    by face, by node and by loop are in these orders.

    Raises ConfigError where the step is too long for the network (see `thermal_assembly.longest_step_s`).
    """

    def __init__(self, config: ThermalNetworkConfig, dt_s: float) -> None:
        self.config = config
        check_step(config, dt_s)
        self.dt_s = dt_s
        self.nodes, self.kernel_network = assemble(config)
        self.names = tuple(node.name for node in self.nodes)
        self.index = {name: place for place, name in enumerate(self.names)}
        self.capacities_j_k = self.kernel_network.capacities_j_k
        self.pumps = tuple(loop.pump_load for loop in config.loops)
        self._step = compile_step(self.kernel_network, dt_s)
        self._step_for = compile_variable_step(self.kernel_network)
        self._part_s, _ = monotone_step_s(self.kernel_network, self.initial_k())
        self._whole = dt_s <= self._part_s
        self._stopped = (0.0,) * len(self.pumps)
        slope_w_m2_k = 4.0 * STEFAN_BOLTZMANN_W_M2_K4 * HOT_K**3
        self._foils = [
            place
            for place, (capacity_j_k, area_m2) in enumerate(
                zip(self.capacities_j_k, self.kernel_network.emitting_m2, strict=True)
            )
            if place not in self.kernel_network.held and capacity_j_k < 10.0 * dt_s * slope_w_m2_k * area_m2
        ]
        """nodes that could change by much in a step, by radiation alone at some 400 K"""
        self.stored_j: Callable[[Sequence[float]], float] = compile_function(
            _stored_source(self.capacities_j_k), "stored"
        )
        """(temperatures K) -> joules held above 0 K, boundaries apart"""
        surfaces = [surface for node in self.nodes for surface in node.surfaces]
        self.faces = tuple(dict.fromkeys(surface.face for surface in surfaces if surface.face is not None))
        self._environment = {
            (by_sun, by_view): compile_environment(self.nodes, self.faces, by_sun=by_sun, by_view=by_view)
            for by_sun in (False, True)
            for by_view in (False, True)
        }
        self._open_k = (HIGHEST_K,) * len(self.names)
        self._switching = [
            (
                Level(self.index[t.node], t.on_below_c + ZERO_C_K, rising=False),
                Level(self.index[t.node], t.off_above_c + ZERO_C_K, rising=True),
            )
            for t in config.thermostats
        ]

    def initial_k(self) -> tuple[float, ...]:
        """Temperatures at the start of a run, in the order of `names`."""
        return initial_k(self.nodes)

    def environment_w(
        self,
        sun_w_m2: float,
        infrared_w_m2: float,
        albedo_w_m2: float,
        sun_cos: Sequence[float] | None = None,
        earth_view: Sequence[float] | None = None,
        nodes_k: Sequence[float] | None = None,
    ) -> list[float]:
        """Heat that sunlight, and a nadir plate's infrared and albedo, put into each node.

        `sun_cos` and `earth_view` (as a share of a nadir-facing plate's view), 0 to 1 by face: left out, the surfaces'
        fixed numbers hold. `nodes_k` sets louvers; left out, they take infrared as if open."""
        return self._environment[sun_cos is not None, earth_view is not None](
            sun_w_m2,
            infrared_w_m2,
            albedo_w_m2,
            () if sun_cos is None else sun_cos,
            () if earth_view is None else earth_view,
            self._open_k if nodes_k is None else nodes_k,
        )

    def step(
        self, temperatures_k: tuple[float, ...], heat_w: Sequence[float], openings: Sequence[float] | None = None
    ) -> tuple[tuple[float, ...], float]:
        """(temperatures after one step, joules that left the nodes in it: to space and into boundaries). Heat put into
        a boundary has left too. `openings`, 0 to 1 by loop, is the share of the step in which its pump runs; left out,
        none does. Raises PhysicsError above 1200 K."""
        if openings is None:
            openings = self._stopped
        if not self._whole:
            return self._in_parts(temperatures_k, heat_w, self.dt_s, openings)
        after_k, out_j = self._step(temperatures_k, heat_w, openings)
        if not (min(after_k) >= 0.0 and max(after_k) < HIGHEST_K) or (
            self._foils and self._leaps(temperatures_k, after_k)
        ):
            return self._in_halves(temperatures_k, heat_w, self.dt_s, openings, HALVINGS)
        return after_k, out_j

    def step_for(
        self,
        temperatures_k: tuple[float, ...],
        heat_w: Sequence[float],
        dt_s: float,
        openings: Sequence[float] | None = None,
    ) -> tuple[tuple[float, ...], float]:
        """As `step`, over `dt_s` above 0: a part of a step that is split at an event."""
        return self._in_parts(temperatures_k, heat_w, dt_s, self._stopped if openings is None else openings)

    def _in_parts(
        self, temperatures_k: tuple[float, ...], heat_w: Sequence[float], dt_s: float, openings: Sequence[float]
    ) -> tuple[tuple[float, ...], float]:
        """A step of any length in as many parts as its quickest node needs."""
        parts = math.ceil(dt_s / self._part_s)
        if parts <= 1:
            return self._over(temperatures_k, heat_w, dt_s, openings, HALVINGS)
        total_j = 0.0
        for _ in range(parts):
            temperatures_k, out_j = self._over(temperatures_k, heat_w, dt_s / parts, openings, HALVINGS)
            total_j += out_j
        return temperatures_k, total_j

    def _over(
        self,
        temperatures_k: tuple[float, ...],
        heat_w: Sequence[float],
        dt_s: float,
        openings: Sequence[float],
        halvings: int,
    ) -> tuple[tuple[float, ...], float]:
        after_k, out_j = self._step_for(temperatures_k, heat_w, openings, dt_s)
        within = min(after_k) >= 0.0 and max(after_k) < HIGHEST_K
        if halvings > 0 and (not within or self._leaps(temperatures_k, after_k)):
            return self._in_halves(temperatures_k, heat_w, dt_s, openings, halvings)
        if not within:
            self._refuse(after_k)
        return after_k, out_j

    def _leaps(self, before_k: Sequence[float], after_k: Sequence[float]) -> bool:
        """Whether a foil has changed by so much that its radiation is no longer linear in the change."""
        return any(abs(after_k[foil] - before_k[foil]) > MOST_CHANGE * before_k[foil] for foil in self._foils)

    def _in_halves(
        self,
        temperatures_k: tuple[float, ...],
        heat_w: Sequence[float],
        dt_s: float,
        openings: Sequence[float],
        halvings: int,
    ) -> tuple[tuple[float, ...], float]:
        """A step too long for a node that radiates much and holds little: in two."""
        half_k, first_j = self._over(temperatures_k, heat_w, 0.5 * dt_s, openings, halvings - 1)
        after_k, second_j = self._over(half_k, heat_w, 0.5 * dt_s, openings, halvings - 1)
        return after_k, first_j + second_j

    def thermostat_levels(self, closed: Sequence[bool]) -> list[Level]:
        """What would switch each thermostat next, in their declared order."""
        return [pair[now] for pair, now in zip(self._switching, closed, strict=True)]

    def first_crossing(
        self,
        nodes_k: tuple[float, ...],
        heat_w: Sequence[float],
        dt_s: float,
        levels: Sequence[Level],
        openings: Sequence[float] | None = None,
    ) -> tuple[float, int] | None:
        """(fraction of a step of `dt_s`, place in `levels`) of the level that a node meets first, late by at most a
        microsecond and never early: after `step_for` of that fraction, if it is above 0, the level is met. None: no
        level is met by the step's end. Costs one step where none is."""

        def course(fraction: float) -> tuple[float, ...]:
            return self.step_for(nodes_k, heat_w, fraction * dt_s, openings)[0]

        return first_crossing(course, nodes_k, course(1.0), levels, CROSSING_S / dt_s)

    def _refuse(self, after_k: Sequence[float]) -> None:
        place = next(place for place, node_k in enumerate(after_k) if not 0.0 <= node_k < HIGHEST_K)
        raise PhysicsError(f"thermal node {self.names[place]!r} at {after_k[place]:.1f} K: out of all range")


def _stored_source(capacities_j_k: Sequence[float]) -> str:
    names = ", ".join(f"t{place}" for place in range(len(capacities_j_k)))
    total = Sum()
    for place, capacity_j_k in enumerate(capacities_j_k):
        if capacity_j_k > 0.0:
            total.add(f"{capacity_j_k!r} * t{place}")
    lines = [f"({names},) = temperatures", *[f"x = {text}" for text in total.pieces("x")], "return x"]
    return "def stored(temperatures):\n" + "".join(f"    {line}\n" for line in lines)
