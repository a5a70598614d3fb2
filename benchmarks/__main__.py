"""`python -m benchmarks`: the node's speed and cost beside raw limits, interleaved in the same run, medians of rounds.

Every figure comes from a fresh process. A row has a goal, or is a raw limit that another is a multiple of; a barrier
far off what these machines usually give says that the machine was busy, and what is missed by the wall clock then
proves nothing. Beneath the figures stand their ratios: a goal that is one is held against figures of the same rounds.
What a goal is missed by is set against a floor where there is one: a raw row that nothing of ours could beat.
Prints tables, writes `results.json` with --out and brings a page up to date with --page. Exit code 0 whatever the
figures are: speed is reported here, never asserted.
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
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from flightsw.bench.tables import read_page, renewed, write_page
from flightsw.errors import ConfigError

TICKS = 8000
"""an orbit and a half: many short flights beside their floors, which fly as far, tell more of a noisy machine than few
long ones"""
MEMORY_TICKS = 15_000
WORKERS = 6
BARRIER = f"bare barrier, {WORKERS} workers"
USUAL_BARRIER = 3900.0
"""ticks/s of a bare barrier with five workers on an idle two-core machine of the kind that the goals were set on"""
VOID_SHARE = 0.30
REAL_TIME_DT_S = 0.01
MARKS = "<!-- bench: begin -->\n", "<!-- bench: end -->\n"
FLY = "import sys; from flightsw.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Measure:
    """What a row measures, and what it should be."""

    measured: Callable[[], float]
    unit: str
    goal: float | None = None
    """the least, where more is better; the most, where less is"""
    more_is_better: bool = False
    by_wall_clock: bool = False
    """so that a busy machine makes it void"""
    beside: str | None = None
    """the row of its raw limit"""
    floor: str | None = None
    """the row that says how far a missed goal is out of reach"""

    def is_met(self, value: float) -> bool:
        """Whether the goal is."""
        assert self.goal is not None
        return value >= self.goal if self.more_is_better else value <= self.goal


@dataclass(frozen=True)
class Ratio:
    """Of two rows' medians; more is better."""

    of: str
    over: str
    goal: float
    floor: str | None = None
    """what `of` is held against where the goal is missed"""


@dataclass(frozen=True)
class Row:
    """A figure and what it is held against."""

    name: str
    median: float
    lowest: float
    highest: float
    unit: str
    goal: float | None
    ratio: float | None
    """of the median to the goal"""
    verdict: str


def python(*arguments: str) -> str:
    """Standard output of a fresh interpreter."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, env=environment)
    return done.stdout


def barrier(workers: int) -> float:
    """Bare barriers a second, with the node's mean bytes each way."""
    return float(python("-m", "benchmarks.barrier", str(workers), str(TICKS), "350", "250"))


def floor(host: str, execute: str = "sample:50") -> float:
    """Ticks a second of the node's own work with nothing around it."""
    return float(python("-m", "benchmarks.floor", host, str(TICKS), execute))


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
    """The same with flight software in every tenth tick; flown for longer, since a start is short beside it."""
    return node(*arguments, "--set", "cycle_ticks=10", ticks=4 * TICKS)


def view_share(*arguments: str) -> float:
    """What the live view on a terminal takes of a run's ticks a second; the two flown one behind the other."""
    return 1.0 - on_terminal("xterm-256color", *arguments) / on_terminal("dumb", *arguments)


def on_terminal(term: str, *arguments: str) -> float:
    """Ticks a second of a run on such a terminal; a dumb one has no view."""
    return float(python("-m", "benchmarks.view", term, "--duration", f"{TICKS}s", *arguments))


def first_tick_s(*arguments: str) -> float:
    """Seconds from the call of a run, its scenario read, to the end of its first tick, which builds everything."""
    return flown(1, *arguments)["startup_s"]


def bare_start_s() -> float:
    """Seconds that an interpreter takes to start and to import what no process can do without."""
    begin_s = time.perf_counter()
    python("-c", "import numpy, msgspec, zmq, structlog")
    return time.perf_counter() - begin_s


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
CYCLES = "processes, cycles of 10 ticks"
MEASURES: dict[str, Measure] = {
    "bare barrier, 5 workers": Measure(lambda: barrier(5), "ticks/s"),
    BARRIER: Measure(lambda: barrier(WORKERS), "ticks/s"),
    PROCESSES_FLOOR: Measure(lambda: floor("processes"), "ticks/s", beside=BARRIER),
    ORDERED_FLOOR: Measure(lambda: floor("processes-ordered"), "ticks/s", beside=BARRIER),
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
    CYCLES: Measure(lambda: cycles("--execute", "sample:50"), "ticks/s", beside=BARRIER),
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
    "log line, emitted": Measure(lambda: log_line_us("emitted"), "us", 4.0, beside="bare write of a log line"),
    "log line, suppressed": Measure(lambda: log_line_us("suppressed"), "us", 0.5),
    "plant: physics of a step": Measure(plant_step_us, "us", 10.0),
    "plant: heat and power alone": Measure(thermal_step_us, "us", 6.0),
    "requirements: 10 over 100,000 ticks": Measure(judging_s, "s", 1.0),
    "logging's share, processes": Measure(lambda: logging_share("processes"), "share", 0.10, by_wall_clock=True),
    "logging's share, one process": Measure(lambda: logging_share("in-process"), "share", 0.20, by_wall_clock=True),
    "engine over raw session, a tile": Measure(lambda: engine_adds("small") * 1e6, "us", 10.0),
    "engine over raw session, 93 MFLOP": Measure(lambda: engine_adds("large"), "share", 0.02),
    "live view's share, processes": Measure(
        lambda: view_share("--execute", "sample:50"), "share", 0.03, by_wall_clock=True
    ),
    "live view's share, one process": Measure(
        lambda: view_share("--in-process", "--execute", "sample:50"), "share", 0.03, by_wall_clock=True
    ),
}


RATIOS: dict[str, Ratio] = {
    "processes over a bare barrier": Ratio(PROCESSES, BARRIER, 0.85, ORDERED_FLOOR),
    "cycles of 10 ticks over a barrier": Ratio(CYCLES, BARRIER, 2.0),
    "one process over processes": Ratio(ONE, PROCESSES, 8.0, ONE_FLOOR),
}
GROWTH = {"orbits": "us a tick, in orbit", "nodes": "us a plant step, thermal nodes", "requests": "us a tick, scenes/s"}


def rows(rounds: int, real_time_s: int) -> list[Row]:
    """All figures, interleaved over the rounds, their ratios behind them, and behind these what is measured once."""
    samples: dict[str, list[float]] = {name: [] for name in MEASURES}
    for number in range(rounds):
        for name in side_by_side():
            samples[name].append(MEASURES[name].measured())
            print(f"round {number + 1} of {rounds}: {name}: {samples[name][-1]:.4g}", file=sys.stderr)
    off = statistics.median(samples["bare barrier, 5 workers"]) / USUAL_BARRIER - 1.0
    busy = off < -VOID_SHARE
    table = [_row(name, measure, samples, busy=busy) for name, measure in MEASURES.items()]
    table += [_ratio_row(name, ratio, samples, off=off) for name, ratio in RATIOS.items()]
    name = f"100 Hz for {real_time_s} s: over 1 ms late"
    held = Measure(lambda: late_share(real_time_s), "share", 0.01, by_wall_clock=True)
    return [*table, _row(name, held, {name: [held.measured()]}, busy=busy)]


def side_by_side() -> list[str]:
    """The rows in the order in which a round measures them: each right behind its floor."""
    order = []
    for name, measure in MEASURES.items():
        if measure.floor is None:
            order += [name, *[other for other, one in MEASURES.items() if one.floor == name]]
    return order


def _ratio_row(name: str, ratio: Ratio, samples: dict[str, list[float]], *, off: float) -> Row:
    """`off`: by how much the barrier is off the one that the goals were set beside."""
    each = [of / over for of, over in zip(samples[ratio.of], samples[ratio.over], strict=True)]
    value = statistics.median(each)
    verdict = "met"
    if value < ratio.goal:
        verdict = "missed" if abs(off) <= VOID_SHARE else f"void, barrier {off:+.0%} off the usual"
        if ratio.floor is not None:
            floors = [one / over for one, over in zip(samples[ratio.floor], samples[ratio.over], strict=True)]
            verdict += _covered(ratio.goal, each, ratio.floor, floors)
    return Row(name, value, min(each), max(each), "", ratio.goal, value / ratio.goal, verdict)


def _covered(goal: float, values: list[float], floor_name: str, floors: list[float]) -> str:
    """How much of what is missing is missing from the floor too; the median of rounds, in which both stood side by
    side."""
    shares = [
        min(1.0, max(0.0, (goal - floor_value) / (goal - value))) if value < goal else 1.0
        for value, floor_value in zip(values, floors, strict=True)
    ]
    return f": {statistics.median(shares):.0%} of the gap is {floor_name}, {statistics.median(floors):.4g}"


def growth() -> dict[str, dict[str, float]]:
    """What grows with what, once."""
    return {kind: json.loads(python("-m", "benchmarks.growth", kind)) for kind in GROWTH}


def _row(name: str, measure: Measure, samples: dict[str, list[float]], *, busy: bool) -> Row:
    values = samples[name]
    median = statistics.median(values)
    verdict = ""
    if measure.goal is not None:
        met = measure.is_met(median)
        verdict = "met" if met else "void: the machine is busy" if busy and measure.by_wall_clock else "missed"
        if verdict == "missed" and measure.floor is not None:
            verdict += _covered(measure.goal, values, measure.floor, samples[measure.floor])
    if measure.beside is not None:
        verdict += f" ({median / statistics.median(samples[measure.beside]):.2f} of {measure.beside})"
    ratio = None if measure.goal is None else median / measure.goal
    return Row(name, median, min(values), max(values), measure.unit, measure.goal, ratio, verdict.strip())


def printed(table: list[Row], grown: dict[str, dict[str, float]]) -> str:
    """As text, the machine named."""
    lines = [f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.release()}"]
    lines.append(f"{'':36}{'median':>9}{'lowest':>9}{'highest':>9}  {'unit':8}{'goal':>8}{'ratio':>7}  verdict")
    for row in table:
        figures = f"{row.median:>9.4g}{row.lowest:>9.4g}{row.highest:>9.4g}"
        goal = " " * 15 if row.goal is None else f"{row.goal:>8g}{row.ratio:>7.2f}"
        lines.append(f"{row.name:36}{figures}  {row.unit:8}{goal}  {row.verdict}".rstrip())
    for kind, figures_us in grown.items():
        costs = "  ".join(f"{size}: {cost_us:.4g}" for size, cost_us in figures_us.items())
        lines.append(f"{GROWTH[kind]:36}{costs}")
    return "\n".join(lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--real-time", type=int, default=60, metavar="SECONDS", help="how long 100 Hz are held")
    parser.add_argument("--out", type=Path, help="folder for results.json")
    parser.add_argument("--page", type=Path, help="page to bring up to date: docs/speed.md")
    asked = parser.parse_args()
    try:
        page = None if asked.page is None else read_page(asked.page, MARKS)
    except ConfigError as error:
        parser.error(str(error))
    table, grown = rows(asked.rounds, asked.real_time), growth()
    text = printed(table, grown)
    print(text)
    if asked.out is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        results = {"rows": [asdict(row) for row in table], "growth_us": grown}
        (asked.out / "results.json").write_text(json.dumps(results, indent=1))
    if page is not None:
        write_page(asked.page, renewed(page, f"```\n{text}\n```", MARKS))


if __name__ == "__main__":
    main()
