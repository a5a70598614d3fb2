"""What sunlight, the Earth's infrared and its reflected sunlight put into each node, as a generated function.

A surface without a face has fixed numbers; one with a face takes its Sun cosine and Earth view from the attitude, when
that is given. Infrared is absorbed by what also radiates it (Kirchhoff), so a louver lets it in as far as it is open.
Called by `thermal.ThermalNetwork.environment_w`; `heat_inputs` writes the same terms into a function that adds the
spacecraft's own heat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flightsw.plant.thermal_config import NodeConfig, SurfaceConfig
from flightsw.plant.thermal_elements import effective_m2, louver_ramp, optical
from flightsw.plant.thermal_source import Sum, Value, compile_function, product, ramp_text

Environment = Callable[[float, float, float, Sequence[float], Sequence[float], Sequence[float]], list[float]]
"""(sunlight, a nadir plate's infrared and albedo in W/m2, Sun cosine and Earth view by face, nodes in K) -> W by
node"""


def compile_environment(
    nodes: Sequence[NodeConfig], faces: Sequence[str], *, by_sun: bool, by_view: bool
) -> Environment:
    """The function for these nodes; `by_sun`, `by_view`: surfaces with a face take that face's figure."""
    environment: Environment = compile_function(
        environment_source(nodes, faces, by_sun=by_sun, by_view=by_view), "environment"
    )
    return environment


def environment_source(nodes: Sequence[NodeConfig], faces: Sequence[str], *, by_sun: bool, by_view: bool) -> str:
    """The generated function, as text."""
    lines, heats = environment_terms(nodes, faces, by_sun=by_sun, by_view=by_view)
    header = "def environment(sun, infrared, albedo, sun_cos, earth_view, nodes):\n"
    return header + "".join(f"    {line}\n" for line in [*lines, f"return [{', '.join(heats)}]"])


def environment_terms(
    nodes: Sequence[NodeConfig], faces: Sequence[str], *, by_sun: bool, by_view: bool
) -> tuple[list[str], list[str]]:
    """(lines that come first, an expression by node: one sum of factors for each of the three), over the locals `sun`,
    `infrared`, `albedo`, `sun_cos`, `earth_view` and `nodes`."""
    place = {face: index for index, face in enumerate(faces)}
    lines = []
    if faces and by_sun:
        lines.append(f"({', '.join(f'c{index}' for index in place.values())},) = sun_cos")
    if faces and by_view:
        lines.append(f"({', '.join(f'v{index}' for index in place.values())},) = earth_view")
    heats = []
    for number, node in enumerate(nodes):
        sun, infrared, albedo = Sum(), Sum(), Sum()
        for surface in node.surfaces:
            face = None if surface.face is None else place[surface.face]
            cosine: Value = surface.sun_cos if face is None or not by_sun else f"c{face}"
            view: Value = surface.earth_view if face is None or not by_view else f"v{face}"
            absorbing_m2 = effective_m2(surface) * optical(surface)[0]
            _add(sun, absorbing_m2, cosine)
            _add(albedo, absorbing_m2, view)
            _add(infrared, _emitting(surface, number), view)
        parts = Sum()
        for factor, flux in ((sun, "sun"), (infrared, "infrared"), (albedo, "albedo")):
            value = factor.value()
            if value != 0.0:
                parts.add(product(value if isinstance(value, float) else f"({value})", flux))
        heats.append(str(parts.value()))
    return lines, heats


def _emitting(surface: SurfaceConfig, node: int) -> Value:
    """In m2, at the node's temperature."""
    if surface.louver is not None:
        return ramp_text(louver_ramp(surface), f"nodes[{node}]")
    return effective_m2(surface) * optical(surface)[1]


def _add(total: Sum, area_m2: Value, share: Value) -> None:
    if 0.0 not in (area_m2, share):
        total.add(product(area_m2, share))
