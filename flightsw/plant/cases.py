"""Design cases: environment, degradation and margins shifted together, as a thermal and power review asks for.

    hot    Earth nearest the Sun, its infrared and albedo at their hot values, dissipation with its margin above
    cold   Earth furthest from the Sun, infrared and albedo at their cold values, dissipation with its margin below
    eol    array, battery and optical finishes at the end of life;  bol: as built

Flux at both ends of the year 2026 (1407.6 and 1316.8 W/m2, validation case P04); the Earth's values are those of
`earth_loads.ENVIRONMENTS`. The dissipation margin of 10 % is what a design has between its reviews (ECSS-E-HB-31-03
speaks of 5-15 %: estimate). At the end of life an array of 3G30-class cells keeps some 87 % of its power (data sheet,
1e15 1-MeV electrons/cm2, which is more than most low orbits bring: estimate), a pack 80 % of its capacity at 1.4 times
its resistance (the usual definition of a lithium-ion cell's end of life). Finishes age as `finishes` has it; a surface
that states its own absorptance keeps it.

Called where a scenario is loaded: `flightsw run --case hot-eol`.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec.structs import replace

from flightsw.plant.config import PlantConfig
from flightsw.plant.earth_loads import ENVIRONMENTS
from flightsw.plant.thermal_config import NodeConfig, SurfaceConfig

CaseName = Literal["hot-eol", "hot-bol", "cold-bol", "cold-eol"]
CASE_NAMES: Final[tuple[CaseName, ...]] = ("hot-eol", "hot-bol", "cold-bol", "cold-eol")

FLUX_W_M2: Final = {"hot": 1407.6, "cold": 1316.8}
DISSIPATION: Final = {"hot": 1.1, "cold": 0.9}
ARRAY_EOL, CAPACITY_EOL, RESISTANCE_EOL = 0.87, 0.80, 1.40


def in_case(plant: PlantConfig, case: CaseName) -> PlantConfig:
    """The spacecraft in a design case."""
    season, life = case.split("-")
    plant = _in_season(plant, season)
    return _at_end_of_life(plant) if life == "eol" else _as_built(plant)


def _in_season(plant: PlantConfig, season: str) -> PlantConfig:
    earth, flux_w_m2 = ENVIRONMENTS[season], FLUX_W_M2[season]
    sky, prescribed = plant.sky, plant.prescribed
    if sky is not None:
        environment = replace(sky.environment, ir_w_m2=earth.ir_w_m2, albedo=earth.albedo, flux_w_m2=flux_w_m2)
        sky = replace(sky, environment=environment)
    if prescribed is not None:
        # Where the surroundings' heat is prescribed, the Earth is in it already.
        prescribed = replace(
            prescribed,
            flux_w_m2=flux_w_m2,
            ir_w_m2=earth.ir_w_m2 if prescribed.ir_w_m2 > 0.0 else 0.0,
            albedo=earth.albedo if prescribed.albedo > 0.0 else 0.0,
        )
    loads = tuple(replace(load, power_w=load.power_w * DISSIPATION[season]) for load in plant.loads)
    return replace(plant, sky=sky, prescribed=prescribed, loads=loads)


def _at_end_of_life(plant: PlantConfig) -> PlantConfig:
    battery = replace(
        plant.battery,
        capacity_ah=plant.battery.capacity_ah * CAPACITY_EOL,
        r0_ohm=plant.battery.r0_ohm * RESISTANCE_EOL,
        r1_ohm=plant.battery.r1_ohm * RESISTANCE_EOL,
    )
    return _aged(replace(_array_at(plant, ARRAY_EOL), battery=battery), 1.0)


def _as_built(plant: PlantConfig) -> PlantConfig:
    return _aged(_array_at(plant, 1.0), 0.0)


def _array_at(plant: PlantConfig, degradation: float) -> PlantConfig:
    return plant if plant.array is None else replace(plant, array=replace(plant.array, degradation=degradation))


def _aged(plant: PlantConfig, age: float) -> PlantConfig:
    def surface(one: SurfaceConfig) -> SurfaceConfig:
        return one if one.finish is None else replace(one, age=age)

    def node(one: NodeConfig) -> NodeConfig:
        return replace(one, surfaces=tuple(surface(each) for each in one.surfaces))

    return replace(plant, thermal=replace(plant.thermal, nodes=tuple(node(one) for one in plant.thermal.nodes)))
