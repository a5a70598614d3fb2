"""One flight of the bench: a node in this process under one chip law, and what came of it. Nothing is written.

Figures are of the truth, not of what the sensors say. A worker process is given a `Flight` and answers `Figures`; both
are plain data, so that figures can't depend on who flew what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from flightsw.bench.cases import Bench, BenchCase
from flightsw.bench.pool import all_flown
from flightsw.devices.models import load_card
from flightsw.errors import ConfigError
from flightsw.messages.inference import InferenceStatus
from flightsw.messages.plant import Truth
from flightsw.node.inprocess import InProcessNode
from flightsw.node.scenario import Scenario, load_scenario, run_ticks

CHIP = "chip"


class Flight(msgspec.Struct, frozen=True, kw_only=True):
    """What to fly."""

    bench_case: BenchCase
    law: str
    law_config: dict[str, Any]
    seed: int
    allowed_over_k: float
    at_limit_k: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    law: str
    case: str
    seed: int
    overshoot_k: float
    """of the chip's limit, at the highest; negative: never reached"""
    settling_s: float
    """from the first time at the limit to the last time over what is allowed above it; 0: never over"""
    at_limit_s: float
    """time within `at_limit_k` of the limit, or above"""
    over_s: float
    """of it, above what is allowed"""
    switches: int
    """changes of the device's power mode"""
    inferences: int
    gop: float
    soc_end: float


def flight_of(bench: Bench, bench_case: BenchCase, law: str, law_config: dict[str, Any], seed: int) -> Flight:
    """A flight of the bench."""
    return Flight(
        bench_case=bench_case,
        law=law,
        law_config=law_config,
        seed=seed,
        allowed_over_k=bench.allowed_over_k,
        at_limit_k=bench.at_limit_k,
    )


def scenario_of(flight: Flight) -> Scenario:
    """The scenario with the law in it; no network is computed, since timing is the same. Raises ConfigError."""
    case = flight.bench_case
    overrides = [*case.overrides, 'apps.inference.execute="none"', f"seed={flight.seed}"]
    scenario = load_scenario(case.scenario, overrides, case.case)
    thermal = replace(scenario.apps.thermal, law=flight.law, law_config=flight.law_config)
    return replace(scenario, duration=case.duration, apps=replace(scenario.apps, thermal=thermal))


def fly(flight: Flight) -> Figures:
    """Fly it. Raises ConfigError, RunError."""
    scenario = scenario_of(flight)
    names = [node.name for node in scenario.plant.thermal.nodes]
    if CHIP not in names:
        raise ConfigError(f"{flight.bench_case.scenario}: plant.thermal.nodes: has no {CHIP}: nothing to measure")
    chip, limit_c, dt_s = names.index(CHIP), scenario.apps.thermal.chip_limit_c, scenario.dt_s
    node = InProcessNode(scenario)
    chip_c: list[float] = []
    switches, mode = 0, 0
    status: InferenceStatus | None = None
    truth: Truth | None = None
    for _ in range(run_ticks(scenario)):
        for entry in node.run_tick().entries:
            message = entry[3]
            if type(message) is Truth:
                truth = message
                chip_c.append(message.node_c[chip])
            elif type(message) is InferenceStatus:
                status = message
                switches += message.mode != mode
                mode = message.mode
    assert status is not None, "every tick has one"
    assert truth is not None, "every tick has one"
    work_gop = load_card(scenario.apps.inference.model).work_gop
    near = [at_c >= limit_c - flight.at_limit_k for at_c in chip_c]
    over = [at_c > limit_c + flight.allowed_over_k for at_c in chip_c]
    return Figures(
        law=flight.law,
        case=flight.bench_case.name,
        seed=flight.seed,
        overshoot_k=max(chip_c) - limit_c,
        settling_s=settling_ticks(near, over) * dt_s,
        at_limit_s=sum(near) * dt_s,
        over_s=sum(over) * dt_s,
        switches=switches,
        inferences=status.items_done,
        gop=status.items_done * work_gop,
        soc_end=truth.soc,
    )


def settling_ticks(near: Sequence[bool], over: Sequence[bool]) -> int:
    """From the first `near` to behind the last `over`; 0 without one."""
    if True not in over:
        return 0
    last = len(over) - 1 - list(reversed(over)).index(True)
    return last + 1 - list(near).index(True)


def fly_all(flights: Sequence[Flight], jobs: int) -> list[Figures]:
    """All of them, in order, by so many processes."""
    return all_flown(fly, flights, jobs)
