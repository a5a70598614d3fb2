"""What a tick costs as a run, a spacecraft or its work grows.

    python -m benchmarks.growth flat | orbits | nodes | requests

`flat` prints one figure: the cost of the third orbit's ticks of the default node over the first one's. Stretches of the
same phase are compared, each measured against a fixed piece of work right beside it, and the median of their ratios
counts, so that neither the orbit nor a machine whose speed drifts shows.

The others print a JSON object, microseconds by size. `orbits`: a tick of the default node, in one process, in the last
of so many orbits. `nodes`: a step of the plant with so many thermal nodes. `requests`: a tick of a data-centre node
whose tenants ask for so many scenes a second, none of them computed. Processor time; the median of an orbit's
stretches, the best of the others'.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.codec import round_trip
from flightsw.bus.application import Inbox, Now
from flightsw.node.inprocess import BUFFER_BYTES, InProcessNode, Recorder
from flightsw.node.scenario import Scenario, load_scenario, read_table
from flightsw.node.tomlfile import convert
from flightsw.plant.process import PlantProcess

SCENARIO, RACK = "cubesat-6u-orin-nano", "datacentre-class"
STRETCH_TICKS = 50
ORBITS = 3
ORBIT_MARKS = (1, 10, 30)
NODES = (6, 60, 600)
REQUESTS = (1, 100, 10_000)
MOST_A_TENANT = 1000
"""requests a second"""


def flat() -> float:
    """The third orbit over the first."""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        recorder, stretches = _default(Path(folder))
        orbits = [[_beside_fixed(recorder.run_tick) for _ in range(stretches)] for _ in range(ORBITS)]
        recorder.close()
    return statistics.median(late / early for early, late in zip(orbits[0], orbits[-1], strict=True))


def by_orbits() -> dict[str, float]:
    """Median over the stretches of the last of so many orbits."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        recorder, stretches = _default(Path(folder))
        for orbit in range(1, max(ORBIT_MARKS) + 1):
            took_s = [_stretch_s(recorder.run_tick) for _ in range(stretches)]
            if orbit in ORBIT_MARKS:
                found[str(orbit)] = 1e6 * statistics.median(took_s) / STRETCH_TICKS
        recorder.close()
    return found


def by_nodes() -> dict[str, float]:
    """A chain of equal nodes hangs on the spacecraft's own."""
    found = {}
    for nodes in NODES:
        table, where = read_table(SCENARIO)
        thermal = table["plant"]["thermal"]
        own = len(thermal["nodes"])
        for place in range(own, nodes):
            name, before = f"panel_{place}", "bus" if place == own else f"panel_{place - 1}"
            thermal["nodes"].append({"name": name, "capacity_j_k": 400.0})
            thermal["couplings"].append({"a": before, "b": name, "w_k": 0.5})
        scenario: Scenario = convert(table, Scenario, where)
        plant = PlantProcess(scenario.plant, scenario.seed, scenario.dt_s)
        tick = 0

        def step(plant: PlantProcess = plant) -> None:
            nonlocal tick
            plant.step(Now(tick, tick * 10**9, 1.0), Inbox())
            tick += 1

        found[str(nodes)] = _best_us(step)
    return found


def by_requests() -> dict[str, float]:
    """Tenants of at most a thousand requests a second each."""
    found = {}
    for rate in REQUESTS:
        tenants = [
            {"kind": "tenant", "name": f"tenant-{number}", "rate_per_s": float(min(rate, MOST_A_TENANT))}
            for number in range(-(-rate // MOST_A_TENANT))
        ]
        table, where = read_table(RACK)
        inference: dict[str, Any] = table["apps"]["inference"]
        inference |= {"execute": "none", "sources": tenants}
        inference.pop("memory", None)
        scenario: Scenario = convert(table, Scenario, where)
        with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
            recorder = Recorder(InProcessNode(scenario), Path(folder), buffer_bytes=BUFFER_BYTES)
            for _ in range(300):  # booted, and at work
                recorder.run_tick()
            found[str(rate)] = _best_us(recorder.run_tick, stretches=5)
            recorder.close()
    return found


def _default(folder: Path) -> tuple[Recorder, int]:
    """The default node, and how many stretches an orbit of it has."""
    scenario = load_scenario(SCENARIO, ["apps.inference.execute=none"])
    stretches = round(scenario.plant.orbit_period_s / scenario.dt_s) // STRETCH_TICKS
    return Recorder(InProcessNode(scenario), folder, buffer_bytes=BUFFER_BYTES), stretches


def _best_us(step: Callable[[], object], stretches: int = 20) -> float:
    return 1e6 * min(_stretch_s(step) for _ in range(stretches)) / STRETCH_TICKS


def _beside_fixed(step: Callable[[], object]) -> float:
    """A stretch over the mean of the fixed work before and behind it."""
    before_s = _stretch_s(round_trip)
    took_s = _stretch_s(step)
    return 2.0 * took_s / (before_s + _stretch_s(round_trip))


def _stretch_s(step: Callable[[], object]) -> float:
    begin_s = time.process_time()
    for _ in range(STRETCH_TICKS):
        step()
    return time.process_time() - begin_s


if __name__ == "__main__":
    gc.disable()
    asked = sys.argv[1] if len(sys.argv) > 1 else "flat"
    if asked == "flat":
        print(flat())
    else:
        print(json.dumps({"orbits": by_orbits, "nodes": by_nodes, "requests": by_requests}[asked]()))
