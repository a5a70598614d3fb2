"""What faults have made of a spacecraft: the parts of its physics that are no longer those of its configuration.

`Damage` is the sum of the faults that act; from it follow array, pack and thermal network as they are now. Pure; called
by the spacecraft when its damage changes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from flightsw.plant.array import SolarArray
from flightsw.plant.battery import Battery, Health
from flightsw.plant.battery_config import BatteryConfig, OcvPoint
from flightsw.plant.config import PlantConfig
from flightsw.plant.thermal_config import NodeConfig, SurfaceConfig, ThermalNetworkConfig
from flightsw.plant.thermal_elements import optical

LEAST_CHARGE_A, LEAST_CHARGE_V = 1e-9, 1e-3
"""what stands for nothing: a charger that is told to stop"""


class Surface(msgspec.Struct, frozen=True):
    """What is left of a node's outer surfaces."""

    emissivity_share: float = 1.0
    absorptance_added: float = 0.0


class Damage(msgspec.Struct, frozen=True):
    """All of it. The defaults are none."""

    array_strings: int = 0
    array_share: float = 1.0
    """of the array's power that its converter still gives"""
    battery_strings: int = 0
    cells_share: float = 1.0
    """of a string's cells that aren't shorted"""
    forced_w: Mapping[int, float] = {}
    """what loads demand whatever is commanded, by place"""
    pumps: frozenset[int] = frozenset()
    """loads whose pumps stand still"""
    surfaces: Mapping[str, Surface] = {}
    """by node"""


WHOLE = Damage()


def array_of(config: PlantConfig, damage: Damage, strings_failed: int) -> SolarArray:
    """The array; `strings_failed` beside the damage's."""
    array = config.array_or_none
    if damage.array_share != 1.0:
        array = replace(array, degradation=array.degradation * damage.array_share)
    return SolarArray(array, min(array.strings, strings_failed + damage.array_strings), array.pointing_cos)


def _protection_is_open(config: BatteryConfig, damage: Damage) -> bool:
    """So many cells are shorted that even a full pack lies below its cut-off: to the bus there is no battery."""
    return config.ocv[-1].volts * damage.cells_share <= max(config.cutoff_v, LEAST_CHARGE_V)


def pack_config_of(config: BatteryConfig, damage: Damage) -> BatteryConfig:
    """The pack's configuration: without the cells that are shorted, unless it is cut off for them.

    The charger knows nothing of it: its voltage limit stays, and what keeps the pack from overcharge is its own full
    charge, as a balancer would.
    """
    share = damage.cells_share
    if share == 1.0 or _protection_is_open(config, damage):
        return config
    ocv = tuple(OcvPoint(point.soc, point.volts * share) for point in config.ocv)
    return replace(config, ocv=ocv, r0_ohm=config.r0_ohm * share, r1_ohm=config.r1_ohm * share)


def pack_of(
    config: BatteryConfig,
    damage: Damage,
    health: Health,
    dt_s: float,
    charger: tuple[float, float] | None = None,
) -> Battery:
    """The pack; `health`: what wear and other failures have left; `charger`: set points (A, V) beneath its limits."""
    failed = min(config.strings, health.strings_failed + damage.battery_strings)
    if _protection_is_open(config, damage):
        failed = config.strings
    config = pack_config_of(config, damage)
    if charger is not None and (charger[0] < config.charge_limit_a or charger[1] < config.charge_limit_v):
        lowest_v = max(config.ocv[0].volts, config.cutoff_v) + LEAST_CHARGE_V
        limit_a, limit_v = max(LEAST_CHARGE_A, charger[0]), max(lowest_v, charger[1])
        config = replace(
            config,
            charge_limit_a=min(config.charge_limit_a, limit_a),
            charge_limit_v=min(config.charge_limit_v, limit_v),
        )
    return Battery(config, dt_s, replace(health, strings_failed=failed))


def network_config_of(config: ThermalNetworkConfig, damage: Damage) -> ThermalNetworkConfig:
    """The thermal network's configuration."""
    return replace(config, nodes=tuple([_node(node, damage.surfaces.get(node.name)) for node in config.nodes]))


def _node(node: NodeConfig, left: Surface | None) -> NodeConfig:
    if left is None:
        return node
    return replace(node, surfaces=tuple([_surface(surface, left) for surface in node.surfaces]))


def _surface(surface: SurfaceConfig, left: Surface) -> SurfaceConfig:
    absorptance, emissivity = optical(surface)
    absorptance = min(1.0, absorptance + left.absorptance_added)
    share, louver = left.emissivity_share, surface.louver
    if louver is not None:
        louver = replace(
            louver,
            closed_emissivity=louver.closed_emissivity * share,
            open_emissivity=louver.open_emissivity * share,
        )
        return replace(surface, louver=louver, absorptance=absorptance)
    return replace(surface, emissivity=emissivity * share, absorptance=absorptance, finish=None, age=0.0)
