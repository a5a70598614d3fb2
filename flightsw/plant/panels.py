"""Sets of cells beside the array: on faces of the body, as most CubeSats have them, or at fixed mean angles.

    flux on the cells = Sun's flux * sunlit share * Sun cosine + a nadir plate's albedo * Earth's view

A set on a `face` takes cosine and view from the attitude; one without has its own fixed figures, as surfaces do: a body
that tumbles shows each face to the Sun with a mean cosine of 1/4. Each set has a converter of its own and is at its own
maximum power point; what the bus doesn't take of all of them together, each gives up by the same share.

Reads sky and attitude; gives watts. Called by the spacecraft in every stretch of a step. The array's own cells take
albedo where `array.albedo` says so, by `albedo_on`.

Assumptions: the cosine law, without what cover glass reflects beyond some 60 deg; the Earth's light makes power as the
Sun's does, though its spectrum is another; no part of the body shades a set; strings fail in the array alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.plant.array import CellsConfig, SolarArray
from flightsw.plant.earth_loads import albedo_w_m2
from flightsw.plant.face_views import FaceViews
from flightsw.plant.heat_inputs import CellsHeat
from flightsw.plant.sky import SkySample
from flightsw.plant.thermal import ZERO_C_K

Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class PanelConfig(CellsConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set of cells on a face of the body, or at fixed mean angles. Its sunlight is booked by its cells: the surface
    beneath them has an absorptance of 0."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    node: str
    """thermal node of the cells"""
    face: str | None = None
    """of the body: Sun cosine and Earth view come from the attitude"""
    sun_cos: Share = 0.0
    """without a face: mean cosine to the Sun while that is seen"""
    earth_view: Share = 0.0
    """without a face: its view of the Earth, as a share of a nadir-facing plate's"""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.face is not None and (self.sun_cos, self.earth_view) != (0.0, 0.0):
            raise ConfigError(
                f"{self.where}: sun_cos = {self.sun_cos}, earth_view = {self.earth_view}: must be left out, its face "
                "has them"
            )

    @property
    def where(self) -> str:
        """What these cells are, for messages."""
        return f"panel {self.name!r}"


class PanelPower(msgspec.Struct, frozen=True, gc=False):
    """Of all sets over a stretch, in the scenario's order, in W."""

    available_w: tuple[float, ...]
    absorbed_w: tuple[float, ...]
    """light taken in, electricity included"""

    def heat(self, array_w: float, used_w: float, all_w: float) -> CellsHeat:
        """As heat inputs have it, beside the array's light, where so much is used of all power there is, the array's
        included."""
        share = used_w / all_w if all_w > 0.0 else 0.0
        return array_w, self.absorbed_w, [watts * share for watts in self.available_w]


def albedo_on(views: FaceViews | None, earth_view: float, sky: SkySample) -> float:
    """The Earth's sunlight on cells, W/m2. `earth_view`: a view factor by attitude, a nadir plate's share without."""
    view = earth_view if views is not None else earth_view * sky.earth_view_factor
    return albedo_w_m2(view, sky.albedo, sky.solar_flux_w_m2, sky.albedo_cos)


class Panels:
    """All sets of one configuration. `faces`: places in `FaceViews` by name; `nodes`: thermal nodes by name."""

    def __init__(self, config: Sequence[PanelConfig], faces: Sequence[str], nodes: Mapping[str, int]) -> None:
        self._rows = [
            (
                SolarArray(panel),
                nodes[panel.node],
                None if panel.face is None else faces.index(panel.face),
                panel.sun_cos,
                panel.earth_view,
            )
            for panel in config
        ]

    def over(
        self, sky: SkySample, lit: float, views: FaceViews | None, nodes_k: Sequence[float], volts: float | None
    ) -> PanelPower:
        """While so much of the Sun is seen; held at `volts`, or at their maximum power points. Raises PhysicsError
        above 200 C."""
        sun_w_m2 = sky.solar_flux_w_m2 * lit
        available, absorbed = [], []
        for cells, node, face, sun_cos, earth_view in self._rows:
            if face is not None and views is not None:
                flux_w_m2 = sun_w_m2 * views.sun_cos[face] + albedo_on(views, views.earth_view[face], sky)
            else:
                flux_w_m2 = sun_w_m2 * sun_cos + albedo_on(None, earth_view, sky)
            cells_c = nodes_k[node] - ZERO_C_K
            if volts is None:
                available.append(cells.available_w(flux_w_m2, cells_c))
            else:
                available.append(cells.direct_w(flux_w_m2, cells_c, volts))
            absorbed.append(cells.absorbed_w(flux_w_m2))
        return PanelPower(tuple(available), tuple(absorbed))
