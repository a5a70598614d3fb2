"""`flightsw bench upsets`: bits flip in a network's weights; which guard finds and repairs them, what slips through.

Every guard flies the same seeds; a flight's answers are then held against a clean copy of the network
(`record.silent`). Silent errors are compared seed by seed with those of the unguarded network, with a bootstrap
interval. One flight more a seed, under all guards, has the upsets of the cited rate instead of the accelerated one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import resources
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from flightsw.apps.inference.engine import OnnxEngine, Seen
from flightsw.backports import tomllib
from flightsw.bench.paired import Interval, mean_of
from flightsw.bench.pool import all_flown
from flightsw.devices.memory_config import MemoryConfig
from flightsw.devices.models import load_card
from flightsw.errors import ConfigError
from flightsw.node.inprocess import InProcessNode
from flightsw.node.scenario import Scenario, load_scenario, run_ticks
from flightsw.plant.radiation import RadiationConfig
from flightsw.record.silent import Audit, Auditor

UNGUARDED = "none"
BITS = 8


class GuardRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to guard the weights."""

    name: str
    why: str
    copies: int = 1
    scrub_s: float | None = None
    golden_s: float | None = None


class UpsetBench(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is flown."""

    scenario: str
    duration: str
    model: str
    overrides: tuple[str, ...]
    upsets_per_bit_day: Annotated[float, Meta(gt=0.0, le=1.0)]
    footprint_bytes: Annotated[int, Meta(ge=1, le=10**12)]
    acceleration: Annotated[float, Meta(ge=1.0, le=1e9)]
    guards: tuple[GuardRow, ...]

    @property
    def upsets_per_day(self) -> float:
        """Of the footprint, as cited."""
        return self.upsets_per_bit_day * BITS * self.footprint_bytes


class SeedFlights(msgspec.Struct, frozen=True, kw_only=True):
    """A seed's flights: one a guard, in their order, and the one at the cited rate."""

    seed: int
    guarded: tuple[Audit, ...]
    cited: Audit


class GuardResult(msgspec.Struct, frozen=True, kw_only=True):
    """A guard over all seeds. Counts are sums, shares are of the batches judged, in means over seeds."""

    guard: str
    upsets: int
    repaired_bits: int
    rewritten_bits: int
    by_scrub: int
    by_golden: int
    by_runtime: int
    by_vote: int
    judged: int
    altered: int
    wrong: int
    silent: int
    silent_share: Interval
    less_than_unguarded: Interval | None
    """how much lower the share of silent errors is than unguarded, seed by seed; None: the unguarded one"""


class UpsetResult(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison."""

    rows: tuple[GuardResult, ...]
    cited: GuardResult
    seeds: int

    @property
    def behind(self) -> tuple[str, ...]:
        """Guards that don't surely lower silent errors."""
        return tuple(
            row.guard for row in self.rows if row.less_than_unguarded is not None and row.less_than_unguarded.low <= 0.0
        )


def shipped_upset_bench() -> UpsetBench:
    """What the package ships."""
    text = (resources.files("flightsw.bench") / "data" / "upsets.toml").read_text()
    bench = msgspec.convert(tomllib.loads(text), UpsetBench)
    if bench.guards[0].name != UNGUARDED:
        raise ConfigError(f"upsets.toml: guards: the first must be {UNGUARDED!r}, what the others are held against")
    return bench


def compare(bench: UpsetBench, seeds: int, jobs: int) -> UpsetResult:
    """Fly every guard with seeds 1 .. `seeds`. Raises ConfigError, RunError."""
    return result_of(bench, all_flown(partial(fly_seed, bench), range(1, seeds + 1), jobs))


def result_of(bench: UpsetBench, flown: Sequence[SeedFlights]) -> UpsetResult:
    """The figures of all flights."""
    unguarded = [_silent_share(flights.guarded[0]) for flights in flown]
    rows = []
    for place, guard in enumerate(bench.guards):
        audits = [flights.guarded[place] for flights in flown]
        less = [before - _silent_share(audit) for before, audit in zip(unguarded, audits, strict=True)]
        rows.append(_row(guard.name, audits, mean_of(less, guard.name) if place else None))
    cited = _row("cited rate", [flights.cited for flights in flown], None)
    return UpsetResult(rows=tuple(rows), cited=cited, seeds=len(flown))


def fly_seed(bench: UpsetBench, seed: int) -> SeedFlights:
    """All flights of a seed; they see the same scenes, which the clean network looks at once."""
    card = load_card(bench.model)
    clean = _Remembered(OnnxEngine(card, seed, only=(card.default_variant,)), [one.name for one in card.variants])
    guarded = tuple(_fly(scenario_of(bench, guard, seed, bench.acceleration), clean) for guard in bench.guards)
    cited = _fly(scenario_of(bench, bench.guards[-1], seed, 1.0), clean)
    return SeedFlights(seed=seed, guarded=guarded, cited=cited)


def scenario_of(bench: UpsetBench, guard: GuardRow, seed: int, acceleration: float) -> Scenario:
    """A flight's scenario. Raises ConfigError."""
    overrides = [*bench.overrides, f"apps.inference.model={bench.model!r}", f"seed={seed}"]
    scenario = load_scenario(bench.scenario, overrides)
    radiation = RadiationConfig(upsets_per_day=bench.upsets_per_day * acceleration, saa_multiplier=1.0)
    memory = MemoryConfig(
        footprint_bytes=bench.footprint_bytes, copies=guard.copies, scrub_s=guard.scrub_s, golden_s=guard.golden_s
    )
    apps = replace(scenario.apps, inference=replace(scenario.apps.inference, memory=memory))
    plant = replace(scenario.plant, radiation=radiation)
    return replace(scenario, duration=bench.duration, apps=apps, plant=plant)


class _Remembered:
    """An engine that looks at each batch once, however often it is asked."""

    def __init__(self, engine: OnnxEngine, variants: Sequence[str]) -> None:
        self._engine = engine
        self.variants = variants
        """of the model, by place in its card"""
        self._seen: dict[tuple[int, int, float, float, str | None], Seen] = {}

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        """As the engine says."""
        key = (first_scene, scenes, cos_zenith, latitude_deg, variant)
        if key not in self._seen:
            self._seen[key] = self._engine.look(*key)
        return self._seen[key]


def _fly(scenario: Scenario, clean: _Remembered) -> Audit:
    node, auditor = InProcessNode(scenario), Auditor(clean, clean.variants)
    for _ in range(run_ticks(scenario)):
        for entry in node.run_tick().entries:
            auditor.take(entry[3])
    return auditor.audit()


def _silent_share(audit: Audit) -> float:
    return audit.silent / max(1, audit.judged)


def _row(name: str, audits: Sequence[Audit], less: Interval | None) -> GuardResult:
    return GuardResult(
        guard=name,
        upsets=sum(one.upsets for one in audits),
        repaired_bits=sum(one.repaired_bits for one in audits),
        rewritten_bits=sum(one.rewritten_bits for one in audits),
        by_scrub=sum(one.by_scrub for one in audits),
        by_golden=sum(one.by_golden for one in audits),
        by_runtime=sum(one.by_runtime for one in audits),
        by_vote=sum(one.by_vote for one in audits),
        judged=sum(one.judged for one in audits),
        altered=sum(one.altered for one in audits),
        wrong=sum(one.wrong for one in audits),
        silent=sum(one.silent for one in audits),
        silent_share=mean_of([_silent_share(one) for one in audits], f"share.{name}"),
        less_than_unguarded=less,
    )
