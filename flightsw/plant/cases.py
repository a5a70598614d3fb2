"""Design cases: environment, degradation and margins shifted together, as a thermal and power review asks for.

    hot    Earth nearest the Sun, its infrared and albedo at their hot values, loads with their margin above
    cold   Earth furthest from the Sun, infrared and albedo at their cold values, loads with their margin below
    eol    array, battery and optical finishes at the end of life;  bol: as built

Flux at both ends of the year 2026 (1407.6 and 1316.8 W/m2, validation case P04); the Earth's values are those of
`earth_loads.ENVIRONMENTS`. The dissipation margin of 10 % is what a design has between its reviews (ECSS-E-HB-31-03
speaks of 5-15 %: estimate). It is on what loads draw by their own figures: `power_w` and schedules. The payload, which
draws what its device's profile says within the cap that it is granted, the transmitter and heaters, whatever switches
them, keep theirs: a weaker heater is no margin of the cold case. At the end of life an array of 3G30-class cells keeps
some 87 % of its power (data sheet, 1e15 1-MeV electrons/cm2, which is more than most low orbits bring: estimate), a
pack 80 % of its capacity at 1.4 times its resistance (the usual definition of a lithium-ion cell's end of life). Where
the scenario's own degradation or wear before the run is worse, that is what flies; both are never counted together. As
built, there is neither. Finishes age as `finishes` has it; a surface that states its own absorptance keeps it.

Called where a scenario is loaded: `flightsw run --case hot-eol`.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec.structs import replace

from flightsw.plant import wear
from flightsw.plant.battery_config import BatteryConfig
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
    return _with_margin(replace(plant, sky=sky, prescribed=prescribed), DISSIPATION[season])


def _with_margin(plant: PlantConfig, share: float) -> PlantConfig:
    """Other dissipation of all loads but heaters on thermostats, which are there to be as strong as they are."""
    heaters = {thermostat.load for thermostat in plant.thermal.thermostats}
    loads = tuple(load if load.name in heaters else replace(load, power_w=load.power_w * share) for load in plant.loads)
    schedules = tuple(
        replace(one, steps=tuple((at_s, watts * share) for at_s, watts in one.steps)) for one in plant.schedules
    )
    return replace(plant, loads=loads, schedules=schedules)


def _at_end_of_life(plant: PlantConfig) -> PlantConfig:
    pack = plant.battery
    worn = wear.health(pack, wear.initial(pack))
    resistance = max(RESISTANCE_EOL, worn.resistance)
    pack = replace(
        _unworn(pack),
        capacity_ah=pack.capacity_ah * min(CAPACITY_EOL, worn.capacity),
        r0_ohm=pack.r0_ohm * resistance,
        r1_ohm=pack.r1_ohm * resistance,
    )
    return _aged(replace(_cells_at(plant, ARRAY_EOL), battery=pack), 1.0)


def _as_built(plant: PlantConfig) -> PlantConfig:
    return _aged(replace(_cells_at(plant, None), battery=_unworn(plant.battery)), 0.0)


def _unworn(pack: BatteryConfig) -> BatteryConfig:
    return replace(pack, ageing=replace(pack.ageing, start_years=0.0, start_cycles=0.0))


def _cells_at(plant: PlantConfig, most: float | None) -> PlantConfig:
    """With array and panels degraded to `most`, or as they are where that is worse; None: as built."""

    def left(degradation: float) -> float:
        return 1.0 if most is None else min(most, degradation)

    panels = tuple(replace(panel, degradation=left(panel.degradation)) for panel in plant.panels)
    if plant.array is None:
        return plant
    return replace(plant, array=replace(plant.array, degradation=left(plant.array.degradation)), panels=panels)


def _aged(plant: PlantConfig, age: float) -> PlantConfig:
    def surface(one: SurfaceConfig) -> SurfaceConfig:
        return one if one.finish is None else replace(one, age=age)

    def node(one: NodeConfig) -> NodeConfig:
        return replace(one, surfaces=tuple(surface(each) for each in one.surfaces))

    return replace(plant, thermal=replace(plant.thermal, nodes=tuple(node(one) for one in plant.thermal.nodes)))
