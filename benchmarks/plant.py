"""What a step of the default 6U's physics costs: `python -m benchmarks.plant craft | kernel`, in seconds.

The best of many short stretches in sunlight and in shadow, so that a busy machine shows as little as can be. `craft` is
all that the plant process steps but its messages; `kernel` is the thermal step and the electrical balance in it.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from functools import partial

from flightsw.node.scenario import load_scenario
from flightsw.plant.config import PlantConfig, sky_of
from flightsw.plant.sky import SkyModel, SkySample
from flightsw.plant.spacecraft import Orders, Spacecraft

STRETCH, STRETCHES = 200, 100


def held_sky(plant: PlantConfig, samples: list[SkySample]) -> SkyModel:
    """A sky that gives these samples over and over: what tabulating costs is another matter."""
    sky = sky_of(plant, 1.0)
    sky.at = lambda tick: samples[tick % len(samples)]  # type: ignore[method-assign]
    return sky


def best_s(step: Callable[[int], object]) -> float:
    """Processor seconds a call, of the best stretch."""
    best = float("inf")
    for _ in range(STRETCHES):
        begin_s = time.process_time()
        for tick in range(STRETCH):
            step(tick)
        best = min(best, time.process_time() - begin_s)
    return best / STRETCH


def main() -> None:
    """The command."""
    plant = load_scenario("cubesat-6u-orin-nano").plant
    sky = sky_of(plant, 1.0)
    samples = [sky.at(tick) for tick in range(6000)]
    worst = 0.0
    gc.disable()
    for share in (0.0, 1.0):
        held = held_sky(plant, [one for one in samples if one.sunlit_fraction == share][:STRETCH])
        craft = Spacecraft(plant, 1.0, held)
        orders = Orders(tuple(True for _ in plant.loads), power_on=True, mode=2)
        for tick in range(100):
            craft.step(tick, orders)
        if sys.argv[1:] == ["kernel"]:
            worst = max(worst, _kernel_s(craft))
        else:
            worst = max(worst, best_s(partial(_stepped, craft, orders)))
    print(worst)


def _stepped(craft: Spacecraft, orders: Orders, tick: int) -> None:
    craft.step(tick, orders)


def _kernel_s(craft: Spacecraft) -> float:
    heat_w = [1.0] * len(craft.nodes_k)
    bus, load_w = craft.power_bus, list(craft.flows.load_w)
    heat_s = best_s(lambda _: craft.network.step(craft.nodes_k, heat_w))
    return heat_s + best_s(lambda _: bus.balance(craft.available_w, load_w, craft.battery, 20.0))


if __name__ == "__main__":
    main()
