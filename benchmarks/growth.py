"""Does a run slow down as it goes on? `python -m benchmarks.growth`: the cost of a tick late in a run over early.

Processor time of the third orbit's ticks of the default node, in one process, over that of the first one's. Stretches
of the same phase are compared, and the median of their ratios counts, so that neither the orbit nor a busy machine
shows. 1 is flat.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from pathlib import Path

from flightsw.node.inprocess import BUFFER_BYTES, InProcessNode, Recorder
from flightsw.node.scenario import load_scenario

STRETCH_TICKS = 50
ORBITS = 3


def main() -> None:
    """The command."""
    scenario = load_scenario("cubesat-6u-orin-nano", ["apps.inference.execute=none"])
    stretches = round(scenario.plant.orbit_period_s / scenario.dt_s) // STRETCH_TICKS
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        recorder = Recorder(InProcessNode(scenario), Path(folder), buffer_bytes=BUFFER_BYTES)
        orbits = [[_stretch_s(recorder) for _ in range(stretches)] for _ in range(ORBITS)]
        recorder.close()
    print(statistics.median(late_s / early_s for early_s, late_s in zip(orbits[0], orbits[-1], strict=True)))


def _stretch_s(recorder: Recorder) -> float:
    begin_s = time.process_time()
    for _ in range(STRETCH_TICKS):
        recorder.run_tick()
    return time.process_time() - begin_s


if __name__ == "__main__":
    main()
