"""All that goes into each thermal node over a stretch of a step, as a generated function: surroundings, cells, what is
prescribed, loads, losses. Numbers for `thermal.ThermalNetwork.step`.

    Q = surroundings + light on cells + prescribed                 (these come from outside)
        + loads - what leaves by the antenna + converters' loss + battery's heat - what the array gives as electricity

The order of the sums is that of this text, node by node. Called by `heating`, which has it written once for a
configuration (ADR 0008); a slow twin in the tests says the same in loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from flightsw.plant.distribution import Flows
from flightsw.plant.thermal_config import NodeConfig
from flightsw.plant.thermal_environment import environment_terms
from flightsw.plant.thermal_source import compile_function

Seen = tuple[Sequence[float], Sequence[float]]
"""(Sun cosine, Earth's view as a share of a nadir plate's) by face that surfaces lie on"""
UNSEEN: Seen = ((), ())
"""No attitude is modelled: surfaces have fixed figures."""
CellsHeat = tuple[float, Sequence[float], Sequence[float]]
"""Light that cells take in, electricity included: the array's, the panels'; and the electricity that panels give. W."""


class HeatInputs(Protocol):
    """`sun`, `infrared` and `albedo` of a nadir plate in W/m2; `cells`: see `CellsHeat`; `flows`: the bus over the
    stretch of so many seconds; `antenna`: W that leave by it; `nodes` in K. Gives (W by node, W of it from outside)."""

    def __call__(
        self,
        sun: float,
        infrared: float,
        albedo: float,
        cells: CellsHeat,
        prescribed: Sequence[float],
        flows: Flows,
        antenna: float,
        seconds: float,
        seen: Seen,
        nodes: Sequence[float],
        /,
    ) -> tuple[list[float], float]: ...


class HeatPlaces(NamedTuple):
    """Thermal nodes by what puts heat into them."""

    array: int
    panels: tuple[int, ...]
    """by set of cells beside the array's"""
    battery: int
    loss: int
    """of the converters"""
    loads: tuple[int, ...]
    """by load"""
    prescribed: tuple[int, ...]
    """by prescribed heat"""
    antenna: int | None
    """the transmitter's; None: there is no transmitter"""


def compile_heat_inputs(
    nodes: Sequence[NodeConfig], faces: Sequence[str], places: HeatPlaces, *, by_attitude: bool
) -> HeatInputs:
    """The function for these nodes; `by_attitude`: surfaces with a face take that face's Sun cosine and Earth view."""
    heat: HeatInputs = compile_function(heat_source(nodes, faces, places, by_attitude=by_attitude), "heat")
    return heat


def heat_source(nodes: Sequence[NodeConfig], faces: Sequence[str], places: HeatPlaces, *, by_attitude: bool) -> str:
    """The generated function, as text. Locals: e what comes from outside by node, l by load, g by prescribed heat;
    a, p, u the parts of `cells`."""
    lines, outside = environment_terms(nodes, faces, by_sun=by_attitude, by_view=by_attitude)
    if by_attitude:
        lines.insert(0, "sun_cos, earth_view = seen")
    for name, given, count in (
        ("l", "flows.load_w", len(places.loads)),
        ("g", "prescribed", len(places.prescribed)),
    ):
        if count:
            lines.append(f"{_row(name, count)} = {given}")
    panels = len(places.panels)
    lines.append(f"a, {_row('p', panels)}, {_row('u', panels)} = cells" if panels else "a, _, _ = cells")
    outside[places.array] += " + a"
    for place, node in enumerate(places.panels):
        outside[node] += f" + p{place}"
    for place, node in enumerate(places.prescribed):
        outside[node] += f" + g{place}"
    own = _own_heat(len(nodes), places)
    heats = []
    for node, (text, terms) in enumerate(zip(outside, own, strict=True)):
        if text == "0.0":
            heats.append(terms.removeprefix(" + ") or "0.0")
        else:
            lines.append(f"e{node} = {text.removeprefix('0.0 + ')}")
            heats.append(f"e{node}{terms}")
    known = "".join(f"e{node}, " for node, text in enumerate(outside) if text != "0.0")
    lines.append(f"return [{', '.join(heats)}], sum(({known}))")
    arguments = "sun, infrared, albedo, cells, prescribed, flows, antenna, seconds, seen, nodes"
    return f"def heat({arguments}):\n" + "".join(f"    {line}\n" for line in lines)


def _row(name: str, count: int) -> str:
    """A tuple of so many names."""
    return f"({', '.join(f'{name}{place}' for place in range(count))},)"


def _own_heat(count: int, places: HeatPlaces) -> list[str]:
    """By node, the terms of what the spacecraft itself puts in, each with its sign in front."""
    own = [""] * count
    for place, node in enumerate(places.loads):
        own[node] += f" + l{place}"
    if places.antenna is not None:
        own[places.antenna] += " - antenna"
    own[places.loss] += " + flows.conversion_loss_w"
    own[places.battery] += " + flows.battery.heat_j / seconds"
    own[places.array] += " - flows.array_used_w"
    for place, node in enumerate(places.panels):
        own[places.array] += f" + u{place}"
        own[node] += f" - u{place}"
    return own
