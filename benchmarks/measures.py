"""What the bench measures: each figure from a fresh process. Rows, their goals, their raw limits and floors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import FLY
from benchmarks.rows import Measure, Ratio

TICKS = 12_000
"""two orbits, as a newcomer's first run; floors fly as far as what is held against them"""
CYCLES_TICKS = 3 * TICKS
MEMORY_TICKS = 15_000
WORKERS = 6
CODEC = "bare codec, 15 fields there and back"
BARRIER_OF_FIVE, BARRIER = "bare barrier, 5 workers", f"bare barrier, {WORKERS} workers"
REAL_TIME_DT_S = 0.01


def python(*arguments: str) -> str:
    """Standard output of a fresh interpreter."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, env=environment)
    return done.stdout


def barrier(workers: int) -> float:
    """Bare barriers a second, with the node's mean bytes each way."""
    return float(python("-m", "benchmarks.barrier", str(workers), str(TICKS), "350", "250"))


def floor(host: str, execute: str = "sample:50", *, ticks: int = TICKS, cycle_ticks: int = 1) -> float:
    """Ticks a second of the node's own work with nothing around it."""
    return float(python("-m", "benchmarks.floor", host, str(ticks), execute, str(cycle_ticks)))


def flown(ticks: int, *arguments: str) -> dict[str, float]:
    """What a run of the whole node says of itself."""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        run_dir = str(Path(folder) / "run")
        text = python("-c", FLY, "run", "--json", "--duration", f"{ticks}s", "--out", run_dir, *arguments)
    told: dict[str, float] = json.loads(text.splitlines()[-1])
    return told


def node(*arguments: str, ticks: int = TICKS) -> float:
    """Ticks a second of the whole node from its first tick to its last."""
    return (ticks - 1) / flown(ticks, *arguments)["running_s"]


def cycles(*arguments: str) -> float:
    """The same with flight software in every tenth tick; flown for longer, since a start is long beside it."""
    return node(*arguments, "--set", "cycle_ticks=10", ticks=CYCLES_TICKS)


def view_share(*arguments: str) -> float:
    """What a live view on a terminal takes of a core while a run goes on."""
    return float(python("-m", "benchmarks.view", "--duration", f"{2 * TICKS}s", *arguments))


def first_tick_s(*arguments: str) -> float:
    """Seconds from the call of a run, its scenario read, to the end of its first tick, which builds everything."""
    return flown(1, *arguments)["startup_s"]


def bare_start_s() -> float:
    """Seconds that an interpreter takes to start and to import what no process can do without."""
    begin_s = time.perf_counter()
    python("-c", "import numpy, msgspec, zmq, structlog")
    return time.perf_counter() - begin_s


def codec_us() -> float:
    """Microseconds of a message there and back."""
    return 1e6 * float(python("-m", "benchmarks.codec"))


def log_line_us(kind: str) -> float:
    """Microseconds of one line of the host's log."""
    return 1e6 * float(python("-m", "benchmarks.loglines", kind))


def late_share(seconds: int) -> float:
    """Of the node in processes at 100 Hz: share of ticks that start over a millisecond late, which is at most 0.01
    where the 99th percentile of lateness is at most that. Deadlines count from the start: a drift is all ticks late."""
    told = flown(seconds, "--speed", "realtime", "--set", f"dt_s={REAL_TIME_DT_S}", "--execute", "sample:50")
    return told["slips"] / told["ticks"]


def memory_mb(which: str) -> float:
    """Of a node in processes."""
    if not _memory:
        _memory.update(json.loads(python("-m", "benchmarks.memory", str(MEMORY_TICKS))))
    return _memory.pop(which)


_memory: dict[str, float] = {}
"""figures of the last flight that weren't asked for yet: one flight gives all"""


def plant_step_us() -> float:
    """A step of the default 6U's physics, the best of many stretches: what the code costs, not the machine."""
    return 1e6 * float(python("-m", "benchmarks.plant", "craft"))


def thermal_step_us() -> float:
    """The same of its thermal network and electrical balance alone."""
    return 1e6 * float(python("-m", "benchmarks.plant", "kernel"))


def judging_s() -> float:
    """Processor seconds of ten requirements over 100,000 ticks."""
    return float(python("-m", "benchmarks.requirements"))


def first_import_s() -> float:
    """Seconds that `import flightsw` takes."""
    return float(python("-c", "import time; t = time.perf_counter(); import flightsw; print(time.perf_counter() - t)"))


def engine_adds(case: str) -> float:
    """What the engine adds to a raw session's call: seconds of a small one, a share of a large one."""
    return float(python("-m", "benchmarks.inference", case))


def logging_share(host: str) -> float:
    """What the log takes of a host's ticks a second, against none at all; the two flown one behind the other."""
    return 1.0 - logged("log", host) / logged("null", host)


def logged(sink: str, host: str) -> float:
    """Ticks a second with the log, or with none at all."""
    return float(python("-m", "benchmarks.logcost", sink, host, str(TICKS)))


PROCESSES, ONE = "processes, sampled execution", "one process, no execution"
PROCESSES_FLOOR, ORDERED_FLOOR = "barrier with the node's steps in it", "the same, with an Exchange"
ONE_FLOOR, SAMPLED_FLOOR = "the node's steps in a loop", "sampled, with an Exchange"
CYCLES, CYCLES_FLOOR = "processes, cycles of 10 ticks", "the same, cycles of 10 ticks"
MEASURES: dict[str, Measure] = {
    BARRIER_OF_FIVE: Measure(lambda: barrier(5), "ticks/s"),
    BARRIER: Measure(lambda: barrier(WORKERS), "ticks/s"),
    CODEC: Measure(codec_us, "us"),
    PROCESSES_FLOOR: Measure(lambda: floor("processes"), "ticks/s", beside=BARRIER),
    ORDERED_FLOOR: Measure(lambda: floor("processes-ordered"), "ticks/s", beside=BARRIER),
    CYCLES_FLOOR: Measure(
        lambda: floor("processes-ordered", ticks=CYCLES_TICKS, cycle_ticks=10), "ticks/s", beside=BARRIER
    ),
    ONE_FLOOR: Measure(lambda: floor("one", "none"), "ticks/s"),
    SAMPLED_FLOOR: Measure(lambda: floor("one-ordered"), "ticks/s"),
    PROCESSES: Measure(
        lambda: node("--execute", "sample:50"),
        "ticks/s",
        2500.0,
        more_is_better=True,
        by_wall_clock=True,
        beside=BARRIER,
        floor=ORDERED_FLOOR,
    ),
    "processes, every batch executed": Measure(lambda: node("--execute", "every"), "ticks/s", beside=BARRIER),
    "one process, sampled execution": Measure(
        lambda: node("--in-process", "--execute", "sample:50"),
        "ticks/s",
        10_000.0,
        more_is_better=True,
        by_wall_clock=True,
        floor=SAMPLED_FLOOR,
    ),
    ONE: Measure(
        lambda: node("--in-process", "--execute", "none"),
        "ticks/s",
        30_000.0,
        more_is_better=True,
        by_wall_clock=True,
        floor=ONE_FLOOR,
    ),
    CYCLES: Measure(lambda: cycles("--execute", "sample:50"), "ticks/s", beside=BARRIER, floor=CYCLES_FLOOR),
    "one process, cycles of 10 ticks": Measure(lambda: cycles("--in-process", "--execute", "none"), "ticks/s"),
    "one process, every batch executed": Measure(lambda: node("--in-process", "--execute", "every"), "ticks/s"),
    "late tick's cost over early's": Measure(lambda: float(python("-m", "benchmarks.growth", "flat")), "", 1.05),
    "bare start": Measure(bare_start_s, "s"),
    "import flightsw": Measure(first_import_s, "s", 0.15, by_wall_clock=True),
    "first tick, processes": Measure(
        lambda: first_tick_s("--execute", "sample:50"), "s", 1.0, by_wall_clock=True, beside="bare start"
    ),
    "first tick, one process": Measure(
        lambda: first_tick_s("--in-process", "--execute", "sample:50"),
        "s",
        0.5,
        by_wall_clock=True,
        beside="bare start",
    ),
    "memory: inference": Measure(lambda: memory_mb("inference"), "MB", 250.0),
    "memory: largest other process": Measure(lambda: memory_mb("others"), "MB", 120.0),
    "memory: growth, all processes": Measure(lambda: memory_mb("growth"), "MB", 5.0),
    "bare write of a log line": Measure(lambda: log_line_us("raw"), "us"),
    "log line, emitted": Measure(
        lambda: log_line_us("emitted"), "us", 4.0, by_processor=True, beside="bare write of a log line"
    ),
    "log line, suppressed": Measure(lambda: log_line_us("suppressed"), "us", 0.5, by_processor=True),
    "plant: physics of a step": Measure(plant_step_us, "us", 10.0, by_processor=True),
    "plant: heat and power alone": Measure(thermal_step_us, "us", 6.0, by_processor=True),
    "requirements: 10 over 100,000 ticks": Measure(judging_s, "s", 1.0, by_processor=True),
    "logging's share, processes": Measure(lambda: logging_share("processes"), "share", 0.10, by_wall_clock=True),
    "logging's share, one process": Measure(lambda: logging_share("in-process"), "share", 0.20, by_wall_clock=True),
    "engine over raw session, a tile": Measure(lambda: engine_adds("small") * 1e6, "us", 10.0),
    "engine over raw session, 93 MFLOP": Measure(lambda: engine_adds("large"), "share", 0.02),
    "live view's share of a core, processes": Measure(lambda: view_share("--execute", "sample:50"), "share", 0.03),
    "live view's share of a core, one process": Measure(
        lambda: view_share("--in-process", "--execute", "sample:50"), "share", 0.03
    ),
}


RATIOS: dict[str, Ratio] = {
    "processes over a bare barrier": Ratio(PROCESSES, BARRIER, 0.85, ORDERED_FLOOR),
    "cycles of 10 ticks over a barrier": Ratio(CYCLES, BARRIER, 2.0, CYCLES_FLOOR),
    "one process over processes": Ratio(ONE, PROCESSES, 8.0, ONE_FLOOR),
}
GROWTH = {"orbits": "us a tick, in orbit", "nodes": "us a plant step, thermal nodes", "requests": "us a tick, scenes/s"}


def growth() -> dict[str, dict[str, float]]:
    """What grows with what, once."""
    return {kind: json.loads(python("-m", "benchmarks.growth", kind)) for kind in GROWTH}


def real_time(seconds: int) -> dict[str, Measure]:
    """The node held at 100 Hz, which is measured once."""
    name = f"100 Hz for {seconds} s: over 1 ms late"
    return {name: Measure(lambda: late_share(seconds), "share", 0.01, by_wall_clock=True)}


def basilisk(interpreter: Path) -> tuple[dict[str, Measure], dict[str, Ratio]]:
    """Rows of a peer that flies the same orbit, and what the node in one process is of it. `interpreter`: of an
    environment that has it installed."""

    def flown_by(which: str) -> float:
        script = Path(__file__).with_name("peers") / "basilisk.py"
        done = subprocess.run([interpreter, str(script), str(TICKS)], capture_output=True, text=True, check=True)
        return float(json.loads(done.stdout.splitlines()[-1])[which])

    plant, modules, stepped = (
        "Basilisk, no Python in it",
        "Basilisk, five Python modules",
        "Basilisk, stepped from Python",
    )
    measures = {
        plant: Measure(lambda: flown_by("plant"), "sim-s/s"),
        modules: Measure(lambda: flown_by("modules"), "sim-s/s"),
        stepped: Measure(lambda: flown_by("stepped"), "sim-s/s"),
    }
    return measures, {"one process over Basilisk's modules": Ratio(ONE, modules, 3.0, ONE_FLOOR)}
