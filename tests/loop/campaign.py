"""Runs that are disturbed at random: load on the processors, one core or all, start order, processes stopped."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from flightsw.node.scenario import load_scenario
from flightsw.regress.check import sampled
from tests.loop.runs import children, flying, summary_of, wait_for_tick

NAMES = ("bus", "plant", "power", "thermal", "inference", "comms", "health")
RUN_S = 600.0


class Disturbance(NamedTuple):
    """What is done to one run."""

    order: tuple[str, ...]
    stops: tuple[tuple[int, str], ...]
    """(tick, process): stopped and continued once this tick is in the log"""
    burners: int
    """processes beside it that do nothing but count"""
    one_core: bool


def drawn(rng: random.Random, ticks: int) -> Disturbance:
    """Three stops, up to three burners, one core every other time."""
    stops = tuple((tick, rng.choice(NAMES)) for tick in sorted(rng.sample(range(ticks // 30, ticks * 9 // 10), 3)))
    return Disturbance(tuple(rng.sample(NAMES, len(NAMES))), stops, rng.randrange(4), rng.random() < 0.5)


def options_of(scenario: str, run_s: float) -> tuple[str, ...]:
    """Arguments of a run of this length that computes no more batches than `flightsw check` does."""
    execute = sampled(load_scenario(scenario)).apps.inference.execute
    return (scenario, "--execute", execute, "--duration", f"{run_s:g}s")


def disturbed_hash(run_dir: Path, options: tuple[str, ...], disturbance: Disturbance) -> str:
    """Run in processes while all this is done to it; the log's hash."""
    with ExitStack() as stack:
        stack.enter_context(cores(one=disturbance.one_core))
        for _ in range(disturbance.burners):
            stack.enter_context(burner())
        launcher = stack.enter_context(flying(run_dir, *options, "--start-order", ",".join(disturbance.order)))
        for tick, name in disturbance.stops:
            wait_for_tick(launcher, run_dir, tick)
            victim = children(run_dir).get(name)
            if victim is not None:
                os.kill(victim, signal.SIGSTOP)
                os.kill(victim, signal.SIGCONT)
        summary = summary_of(launcher)
    assert summary["lost"] == []
    return str(summary["log_hash"])


@contextmanager
def cores(*, one: bool) -> Iterator[None]:
    """Children that start inside get one processor core, or all that we have."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)} if one else before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def burner() -> Iterator[None]:
    """A process that keeps a core busy."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()
