"""One flight of the orbit bench: a node in this process under one policy and one load of work. Nothing is written.

Figures are of the truth and of what the payload manager delivered; the surroundings of the flight, that the bound is
made from, are recorded beside them. No network is computed: timing and energy are the same. A worker process is given
an `OrbitFlight` and answers `OrbitFigures`; both are plain data, so that figures can't depend on who flew what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from flightsw.apps.inference.account import REASONS
from flightsw.bench.orbitcases import OrbitBench, OrbitCase
from flightsw.bench.pool import all_flown
from flightsw.messages.inference import InferenceAccount, InferenceResult, InferenceStatus, Refusal
from flightsw.messages.plant import DeviceReadings, Truth
from flightsw.node.inprocess import InProcessNode
from flightsw.node.scenario import Scenario, check, load_scenario, run_ticks

BLOCK_S = 60.0
"""of the recorded surroundings"""
PAYLOAD = "payload"
DONE_LATE = "done-late"


class OrbitFlight(msgspec.Struct, frozen=True, kw_only=True):
    """What to fly."""

    case: OrbitCase
    model: str
    policy: str
    policy_config: dict[str, Any]
    seed: int


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a flight met with, whatever the policy made of it."""

    array_j: tuple[float, ...]
    """that the array could have given, by block of time"""
    others_j: tuple[float, ...]
    """that all loads but the payload drew, by block"""
    arrived: tuple[int, ...]
    """scenes by source"""
    soc_start: float
    chip_c_min: float
    """while the device was on"""
    throttled: bool
    """the hardware lowered the clock by itself at some time"""
    duration_s: float


class OrbitFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    case: str
    policy: str
    seed: int
    value: float
    """quality x priority weight of all that was done before its deadline"""
    useful: int
    """scenes done before their deadline"""
    energy_j: float
    """that the payload drew"""
    p50_s: float
    """latency of a scene that was done, from its arrival to its result: the median"""
    p99_s: float
    missed: dict[str, int]
    """scenes by reason: those of `Refusal`, late, lost, done-late, and open: neither done nor missed at the end"""
    soc_min: float
    soc_end: float
    chip_c_max: float
    quality: float
    """mean over the useful scenes"""
    worst_excess_w: float
    """of drawn over granted two ticks before, while it worked"""
    variants: tuple[int, ...]
    """scenes done by variant"""
    mode_changes: int
    surroundings: Surroundings


def orbit_flight(bench: OrbitBench, case: OrbitCase, policy: str, config: dict[str, Any], seed: int) -> OrbitFlight:
    """A flight of the bench."""
    return OrbitFlight(case=case, model=bench.model, policy=policy, policy_config=config, seed=seed)


def orbit_scenario(flight: OrbitFlight) -> Scenario:
    """The scenario with load and policy in it. Raises ConfigError."""
    case = flight.case
    scenario = load_scenario(case.scenario, [*case.overrides, f"seed={flight.seed}"])
    told = dict(flight.policy_config)
    if flight.policy == "random":
        told.setdefault("seed", flight.seed)
    inference = replace(
        scenario.apps.inference,
        execute="none",
        model=flight.model,
        sources=case.sources,
        law=flight.policy,
        law_config=told,
    )
    whole = replace(scenario, duration=case.duration, apps=replace(scenario.apps, inference=inference))
    check(whole)
    return whole


class _Recorder:
    """What is kept of a flight's messages."""

    def __init__(self, payload: int, dt_s: float) -> None:
        self.payload, self.dt_s = payload, dt_s
        self.array_j: list[float] = []
        self.others_j: list[float] = []
        self.soc: list[float] = []
        self.device_w: list[float] = []
        self.granted: list[tuple[float, bool]] = []
        self.latencies: list[tuple[float, int]] = []
        self.chip_c: list[float] = []
        self.mode, self.mode_changes, self.throttled = 0, 0, False
        self.truth: Truth | None = None
        self.account: InferenceAccount | None = None

    def hear(self, tick: int, message: object) -> None:
        """One message of a tick."""
        kind = type(message)
        if kind is Truth:
            self._truth(tick, message)  # type: ignore[arg-type]
        elif kind is DeviceReadings:
            self._device(message)  # type: ignore[arg-type]
        elif kind is InferenceStatus:
            self._status(message)  # type: ignore[arg-type]
        elif kind is InferenceResult:
            self._result(message)  # type: ignore[arg-type]
        elif kind is InferenceAccount:
            self.account = message  # type: ignore[assignment]

    def _truth(self, tick: int, truth: Truth) -> None:
        self.truth = truth
        self.soc.append(truth.soc)
        block = int(tick * self.dt_s / BLOCK_S)
        while len(self.array_j) <= block:
            self.array_j.append(0.0)
            self.others_j.append(0.0)
        self.array_j[block] += truth.array_available_w * self.dt_s
        self.others_j[block] += (sum(truth.load_power_w) - truth.load_power_w[self.payload]) * self.dt_s

    def _device(self, readings: DeviceReadings) -> None:
        self.device_w.append(readings.power_w)
        self.throttled = self.throttled or readings.throttled
        if readings.powered:
            self.chip_c.append(readings.chip_c)

    def _status(self, status: InferenceStatus) -> None:
        self.granted.append((status.granted_w, status.busy_fraction > 0.0))
        self.mode_changes += status.mode != self.mode
        self.mode = status.mode

    def _result(self, result: InferenceResult) -> None:
        latency_s = (result.finished_ns - result.started_ns) * 1e-9 + result.queued_s
        self.latencies.append((latency_s, result.scenes))


def fly_orbit(flight: OrbitFlight) -> OrbitFigures:
    """Fly it. Raises ConfigError, RunError."""
    scenario = orbit_scenario(flight)
    payload = [load.name for load in scenario.plant.loads].index(PAYLOAD)
    recorder = _Recorder(payload, scenario.dt_s)
    node = InProcessNode(scenario)
    ticks = -(-run_ticks(scenario) // 10) * 10  # the account is told at the end of every ten
    for tick in range(ticks):
        for entry in node.run_tick().entries:
            recorder.hear(tick, entry[3])
    return _figures(flight, recorder, ticks * scenario.dt_s)


def _figures(flight: OrbitFlight, recorder: _Recorder, duration_s: float) -> OrbitFigures:
    truth, account = recorder.truth, recorder.account
    assert truth is not None, "every tick has one"
    assert account is not None, "every tenth tick has one"
    useful = sum(account.in_time)
    weights = recorder.latencies
    excess = [
        watts - granted_w
        for watts, (granted_w, worked) in zip(recorder.device_w[2:], recorder.granted, strict=False)
        if worked
    ]
    return OrbitFigures(
        case=flight.case.name,
        policy=flight.policy,
        seed=flight.seed,
        value=sum(account.value),
        useful=useful,
        energy_j=truth.payload_energy_j,
        p50_s=percentile(weights, 0.50),
        p99_s=percentile(weights, 0.99),
        missed=missed_by_reason(account),
        soc_min=min(recorder.soc),
        soc_end=truth.soc,
        chip_c_max=max(recorder.chip_c, default=0.0),
        quality=sum(account.value) / max(1e-9, _weighted(account, flight)),
        worst_excess_w=max(0.0, max(excess, default=0.0)),
        variants=account.variant_items,
        mode_changes=recorder.mode_changes,
        surroundings=Surroundings(
            array_j=tuple(recorder.array_j),
            others_j=tuple(recorder.others_j),
            arrived=account.arrived,
            soc_start=recorder.soc[0],
            chip_c_min=min(recorder.chip_c, default=0.0),
            throttled=recorder.throttled,
            duration_s=duration_s,
        ),
    )


def _weighted(account: InferenceAccount, flight: OrbitFlight) -> float:
    """The weight of the useful scenes: what their value would be at quality 1."""
    weights = orbit_scenario(flight).apps.inference.priority_weights
    return sum(
        scenes * weights[source.priority - 1]
        for scenes, source in zip(account.in_time, flight.case.sources, strict=True)
    )


def missed_by_reason(account: InferenceAccount) -> dict[str, int]:
    """Scenes that were of no use, by reason; those still open at the end apart."""
    missed = {reason.name.lower(): sum(account.refused[reason::REASONS]) for reason in Refusal}
    missed["late"] = sum(account.late)
    missed["lost"] = sum(account.lost)
    missed[DONE_LATE] = sum(account.done) - sum(account.in_time)
    missed["open"] = sum(account.waiting) + sum(account.in_flight)
    return missed


def percentile(weighted: Iterable[tuple[float, int]], share: float) -> float:
    """The least value that so much of the weight lies at or below; 0 without any."""
    ordered = sorted(weighted)
    limit, so_far = share * sum(weight for _, weight in ordered), 0
    for value, weight in ordered:
        so_far += weight
        if so_far >= limit:
            return value
    return 0.0


def fly_all_orbits(flights: Sequence[OrbitFlight], jobs: int) -> list[OrbitFigures]:
    """All of them, in order, by so many processes."""
    return all_flown(fly_orbit, flights, jobs)
