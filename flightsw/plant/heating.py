"""What goes into the thermal nodes of one spacecraft over a stretch of a step: the sky and the bus, put to
`heat_inputs`.

Reads the sky, what faces see, the bus' flows; gives watts by node. Made by the spacecraft, anew when surfaces change.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.plant.config import ARRAY_FACES, TRANSMITTER, PlantConfig
from flightsw.plant.distribution import Flows
from flightsw.plant.earth_loads import albedo_w_m2, infrared_w_m2
from flightsw.plant.face_views import FaceViews
from flightsw.plant.heat_inputs import UNSEEN, CellsHeat, HeatPlaces, Seen, compile_heat_inputs
from flightsw.plant.schedules import Course, NodeHeatConfig
from flightsw.plant.sky import SkySample
from flightsw.plant.thermal import ThermalNetwork


class Heating:
    """Of one configuration and network."""

    def __init__(self, config: PlantConfig, network: ThermalNetwork, dt_s: float) -> None:
        self._dt_s = dt_s
        index, names = network.index, [load.name for load in config.loads]
        loads = tuple([index[load.node] for load in config.loads])
        self._transmitter = names.index(TRANSMITTER) if TRANSMITTER in names else None
        self._transmit_w, self._dc_w = config.radio.transmit_w, config.radio.dc_w
        self._prescribed = _prescribed(config.heat)
        faces = [*config.faces, *ARRAY_FACES]
        self._faces = [faces.index(face) for face in network.faces] if config.attitude else []
        places = HeatPlaces(
            array=index[config.array_or_none.node],
            panels=tuple([index[panel.node] for panel in config.panels]),
            battery=index[config.battery_node],
            loss=index[config.distribution.node],
            loads=loads,
            prescribed=tuple([index[heat.node] for heat, _ in self._prescribed]),
            antenna=None if self._transmitter is None else loads[self._transmitter],
        )
        self._inputs = compile_heat_inputs(
            network.nodes, network.faces, places, by_attitude=config.attitude is not None
        )

    def over(
        self,
        seconds: float,
        sky: SkySample,
        lit: float,
        cells: CellsHeat,
        flows: Flows,
        antenna_w: float,
        views: FaceViews | None,
        nodes_k: Sequence[float],
        time_s: float,
    ) -> tuple[list[float], float]:
        """(mean W into each node, W of it from the surroundings) over a stretch of so many seconds of the step from
        `time_s` on. `lit`: sunlit share; `views` None: no attitude."""
        view = sky.earth_view_factor
        return self._inputs(
            sky.solar_flux_w_m2 * lit,
            infrared_w_m2(view, sky.ir_w_m2),
            albedo_w_m2(view, sky.albedo, sky.solar_flux_w_m2, sky.albedo_cos),
            cells,
            self._prescribed_w(lit, time_s) if self._prescribed else (),
            flows,
            antenna_w,
            seconds,
            UNSEEN if views is None else self._seen(views, view),
            nodes_k,
        )

    def antenna_w(self, flows: Flows) -> float:
        """What leaves by the antenna of what the transmitter draws."""
        if self._transmitter is None:
            return 0.0
        return self._transmit_w * flows.load_w[self._transmitter] / self._dc_w

    def _prescribed_w(self, lit: float, time_s: float) -> list[float]:
        return [
            heat.always_w + heat.sunlit_w * lit if course is None else course.mean(time_s, self._dt_s)
            for heat, course in self._prescribed
        ]

    def _seen(self, views: FaceViews, view: float) -> Seen:
        """Of the faces that surfaces lie on, the Earth's view as a share of a nadir plate's; the array's come last."""
        cosines = (*views.sun_cos, 0.0, 0.0)
        shares = [seen / view for seen in (*views.earth_view, *views.array_earth_view)]
        return [cosines[place] for place in self._faces], [shares[place] for place in self._faces]


def _prescribed(heats: Sequence[NodeHeatConfig]) -> list[tuple[NodeHeatConfig, Course | None]]:
    """What is put in, one after the other: by Sun and Earth (None), and by the clock where there are steps."""
    found: list[tuple[NodeHeatConfig, Course | None]] = []
    for heat in heats:
        found.append((heat, None))
        if heat.steps:
            found.append((heat, Course(heat.steps, heat.period_s)))
    return found
