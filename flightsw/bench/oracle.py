"""The oracle's bound of one seed: what the flights of that seed met with, as `bound` takes it. Pure.

Of every figure the one most in a policy's favour, over all flights of the seed: the most that arrived, the most that
the array could have given in each block of time, the least that all others drew in it, the coldest chip, the lowest
charge. So every one of these flights lies within the bound, however it was flown. Called by `orbit`.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.inference.ladder import rungs_of
from flightsw.bench.bound import Supply, Way, upper_bound
from flightsw.bench.orbitflight import PAYLOAD, OrbitFigures
from flightsw.devices.models import ModelCard
from flightsw.devices.silicon import Silicon
from flightsw.errors import RunError
from flightsw.node.scenario import Scenario
from flightsw.plant.battery_config import BatteryConfig


def oracle_value(scenario: Scenario, card: ModelCard, silicon: Silicon, flown: Sequence[OrbitFigures]) -> float:
    """The bound on delivered value. Raises RunError: a flight throttled its clock, and no way to serve knows that."""
    around = [one.surroundings for one in flown]
    for one in flown:
        if one.surroundings.throttled:
            raise RunError(f"{one.case}, {one.policy}, seed {one.seed}: the hardware throttled: no bound is known")
    weights = scenario.apps.inference.priority_weights
    demands = [
        (max(one.arrived[place] for one in around), weights[source.priority - 1])
        for place, source in enumerate(scenario.apps.inference.sources)
    ]
    leak_w = silicon.leak_w(min(one.chip_c_min for one in around))
    ways = ways_to_serve(card, silicon, scenario.apps.inference.batch_scenes, leak_w)
    supply = Supply(payload_energy_j(scenario, flown), max(one.duration_s for one in around))
    return upper_bound(demands, ways, supply)


def ways_to_serve(card: ModelCard, silicon: Silicon, batch_scenes: int, leak_w: float) -> list[Way]:
    """Every variant in every mode, in full batches."""
    ways = []
    for rung in rungs_of(card, silicon):
        for mode, working_w in enumerate(silicon.working_w):
            took_s = 1.0 / silicon.items_per_s(mode, rung.work_gop, batch_scenes)
            ways.append(Way(rung.quality, (working_w + leak_w) * took_s, took_s))
    return ways


def payload_energy_j(scenario: Scenario, flown: Sequence[OrbitFigures]) -> float:
    """What the payload could have drawn without taking the battery below the lowest charge of all these flights."""
    plant, around = scenario.plant, [one.surroundings for one in flown]
    array_j: float = sum(max(values) for values in zip(*(one.array_j for one in around), strict=True))
    others_j: float = sum(min(values) for values in zip(*(one.others_j for one in around), strict=True))
    own = {load.name: load.efficiency for load in plant.loads if load.efficiency is not None}
    payload_efficiency = own.get(PAYLOAD, plant.distribution.efficiency)
    others_efficiency = 1.0 if own else plant.distribution.efficiency
    lowest, start = min(one.soc_min for one in flown), max(one.soc_start for one in around)
    mppt_efficiency: float = plant.array_or_none.mppt_efficiency
    bus_j = battery_j(plant.battery, lowest, start) + array_j * mppt_efficiency
    return max(0.0, (bus_j - others_j / others_efficiency) * payload_efficiency)


def battery_j(battery: BatteryConfig, low_soc: float, high_soc: float) -> float:
    """Energy between two states of charge: the integral of the open-circuit voltage, linear between its points."""
    charge_c, total_v = battery.capacity_ah * 3600.0, 0.0
    for below, above in zip(battery.ocv, battery.ocv[1:], strict=False):
        low, high = max(low_soc, below.soc), min(high_soc, above.soc)
        if high > low:
            slope_v = (above.volts - below.volts) / (above.soc - below.soc)
            total_v += (high - low) * (below.volts + slope_v * (0.5 * (low + high) - below.soc))
    return charge_c * total_v
