"""`python -m benchmarks`: the node's speed beside raw limits, interleaved in the same run, medians of several rounds.

Every figure comes from a fresh process. A row's goal is a rate or a ratio to a raw limit of the same run; a barrier
far off what these machines usually give says that the machine was busy, and the row then proves nothing. Prints a
table and writes `results.json` beside it with --out. Exit code 0 whatever the figures are: speed is reported here,
never asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

TICKS = 15_000
USUAL_BARRIER = 3900.0
"""ticks/s of a bare barrier with five workers on an idle two-core machine of the kind that the goals were set on"""
VOID_SHARE = 0.30
SECONDS = {
    "import flightsw": 0.15,
    "plant: physics of a step": 10e-6,
    "plant: heat and power alone": 6e-6,
    "requirements: 10 over 100,000 ticks": 1.0,
}
"""Rows in seconds, and the most that each may be."""
WATCHED = {
    "processes, sampled, live view": "processes, sampled execution",
    "one process, sampled, live view": "one process, sampled execution",
}
"""Rows with a live view, and the same without."""
WORKERS = 6
FLY = "import sys; from flightsw.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Row:
    """A figure and what it is held against."""

    name: str
    median: float
    lowest: float
    highest: float
    unit: str
    goal: str
    verdict: str


def python(*arguments: str) -> str:
    """Standard output of a fresh interpreter."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, env=environment)
    return done.stdout


def barrier(workers: int) -> float:
    """Bare barriers a second, with the node's mean bytes each way."""
    return float(python("-m", "benchmarks.barrier", str(workers), str(TICKS), "350", "250"))


def node(*arguments: str) -> float:
    """Ticks a second of the whole node from its first tick to its last."""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        run_dir = str(Path(folder) / "run")
        text = python("-c", FLY, "run", "--json", "--duration", f"{TICKS}s", "--out", run_dir, *arguments)
    return (TICKS - 1) / float(json.loads(text.splitlines()[-1])["running_s"])


def watched(*arguments: str) -> float:
    """The same with the live view on a terminal."""
    return float(python("-m", "benchmarks.view", "--duration", f"{TICKS}s", *arguments))


def plant_step_s() -> float:
    """Seconds a step of the default 6U's physics, the best of many stretches: what the code costs, not the machine."""
    return float(python("-m", "benchmarks.plant", "craft"))


def thermal_step_s() -> float:
    """The same of its thermal network and electrical balance alone."""
    return float(python("-m", "benchmarks.plant", "kernel"))


def judging_s() -> float:
    """Processor seconds of ten requirements over 100,000 ticks."""
    return float(python("-m", "benchmarks.requirements"))


def first_import_s() -> float:
    """Seconds that `import flightsw` takes."""
    return float(python("-c", "import time; t = time.perf_counter(); import flightsw; print(time.perf_counter() - t)"))


MEASURED: dict[str, Callable[[], float]] = {
    "bare barrier, 5 workers": lambda: barrier(5),
    "bare barrier, 6 workers": lambda: barrier(WORKERS),
    "processes, sampled execution": lambda: node("--execute", "sample:50"),
    "processes, every batch executed": lambda: node("--execute", "every"),
    "one process, sampled execution": lambda: node("--in-process", "--execute", "sample:50"),
    "one process, no execution": lambda: node("--in-process", "--execute", "none"),
    "one process, every batch executed": lambda: node("--in-process", "--execute", "every"),
    "processes, sampled, live view": lambda: watched("--execute", "sample:50"),
    "one process, sampled, live view": lambda: watched("--in-process", "--execute", "sample:50"),
    "import flightsw": first_import_s,
    "plant: physics of a step": plant_step_s,
    "plant: heat and power alone": thermal_step_s,
    "requirements: 10 over 100,000 ticks": judging_s,
}


def rows(rounds: int) -> list[Row]:
    """All figures, interleaved over the rounds."""
    samples: dict[str, list[float]] = {name: [] for name in MEASURED}
    for number in range(rounds):
        for name, measure in MEASURED.items():
            samples[name].append(measure())
            print(f"round {number + 1} of {rounds}: {name}: {samples[name][-1]:.4g}", file=sys.stderr)
    medians = {name: statistics.median(values) for name, values in samples.items()}
    raw5, raw6 = medians["bare barrier, 5 workers"], medians["bare barrier, 6 workers"]
    busy = raw5 < (1.0 - VOID_SHARE) * USUAL_BARRIER
    table = []
    for name, values in samples.items():
        if name in WATCHED:
            share = medians[name] / medians[WATCHED[name]]
            goal, verdict = "97 % of without", f"{'met' if share >= 0.97 else 'missed'} ({share:.1%})"
        else:
            goal, verdict = _judge(name, medians[name], raw6, busy=busy)
        unit = "s" if name in SECONDS else "ticks/s"
        table.append(Row(name, medians[name], min(values), max(values), unit, goal, verdict))
    return table


def _judge(name: str, median: float, barrier_rate: float, *, busy: bool) -> tuple[str, str]:
    """(goal, verdict) of a row."""
    if name == "processes, sampled execution":
        share = f"{median / barrier_rate:.0%} of the bare barrier with 6 workers"
        verdict = "met" if median >= 2500.0 else ("void: the machine is busy" if busy else "missed")
        return "2,500 ticks/s", f"{verdict} ({share})"
    if name == "one process, sampled execution":
        return "10,000 ticks/s", "met" if median >= 10_000.0 else ("void: the machine is busy" if busy else "missed")
    if name in SECONDS:
        return f"{SECONDS[name]:g} s", "met" if median <= SECONDS[name] else "missed"
    return "-", ""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="folder for results.json")
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.release()}")
    table = rows(asked.rounds)
    print(f"{'':36}{'median':>9}{'lowest':>9}{'highest':>9}  {'unit':8}{'goal':16}verdict")
    for row in table:
        figures = f"{row.median:>9.4g}{row.lowest:>9.4g}{row.highest:>9.4g}"
        print(f"{row.name:36}{figures}  {row.unit:8}{row.goal:16}{row.verdict}")
    if asked.out is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        (asked.out / "results.json").write_text(json.dumps([asdict(row) for row in table], indent=1))


if __name__ == "__main__":
    main()
