"""`flightsw bench orbit`: every policy on the same seeds, each spacecraft's table, and who is ahead of the baselines.

Called by the command line; the flights are `orbitflight`'s, the cases `orbitcases`', the oracle's bound `oracle`'s, the
sweep `orbittuning`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import msgspec

from flightsw.bench.oracle import oracle_value
from flightsw.bench.orbitcases import BASELINES, OURS, OrbitBench, OrbitCase, OrbitTuned, policy_config
from flightsw.bench.orbitflight import OrbitFigures, fly_all_orbits, orbit_flight, orbit_scenario
from flightsw.bench.paired import Paired, compared
from flightsw.devices.models import load_card
from flightsw.devices.profiles import load_profile

ORACLE_SHARE = 0.85
"""of the oracle's bound that ours must reach"""
SOC_EQUAL = 0.002
"""Two lowest states of charge this near are equal: the estimate behind the caps is no better (PWR-2 allows 0.03)."""


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One policy in one case over all seeds: means, where nothing else is said."""

    case: str
    policy: str
    value: float
    useful: float
    j_each: float
    """per useful inference"""
    p50_s: float
    p99_s: float
    missed: dict[str, float]
    """scenes by reason"""
    soc_min: float
    chip_c_max: float
    """the most of all seeds"""
    quality: float
    worst_excess_w: float
    """the most of all seeds"""
    of_oracle: float
    least_of_oracle: float
    """on its worst seed"""
    most_of_oracle: float
    """on its best seed"""


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """Ours against a baseline, seed by seed."""

    case: str
    baseline: str
    value: Paired
    soc_gain: float
    """mean of our lowest state of charge less theirs"""

    @property
    def shown(self) -> bool:
        """Surely more value, at an equal or better lowest state of charge."""
        return self.value.ahead and self.soc_gain >= -SOC_EQUAL


class OrbitResult(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison."""

    rows: tuple[PolicyRow, ...]
    ahead: tuple[Ahead, ...]
    oracle: dict[str, tuple[float, ...]]
    """the bound on value, by case, then seed"""
    flights: tuple[OrbitFigures, ...]
    seeds: tuple[int, ...]

    @property
    def complaints(self) -> tuple[str, ...]:
        """What the bench is to show and doesn't."""
        found = [
            f"{one.case}: {OURS} is not surely ahead of {one.baseline} at an equal lowest charge"
            for one in self.ahead
            if not one.shown
        ]
        for row in self.rows:
            if row.policy == OURS and row.of_oracle < ORACLE_SHARE:
                found.append(f"{row.case}: {OURS} reaches {row.of_oracle:.1%} of the oracle")
            if row.most_of_oracle > 1.0:
                found.append(f"{row.case}: {row.policy} is above the oracle")
            if row.worst_excess_w > 0.0 and row.policy in (OURS, *BASELINES):
                found.append(f"{row.case}: {row.policy} draws {row.worst_excess_w:.2f} W more than it was granted")
        return tuple(found)


def compare_orbits(
    bench: OrbitBench,
    cases: Sequence[OrbitCase],
    policies: Sequence[str],
    tuned: tuple[OrbitTuned, ...],
    seeds: int,
    jobs: int,
) -> OrbitResult:
    """Fly every policy in every case with seeds 1 .. `seeds`. Raises ConfigError, RunError."""
    chosen = tuple(range(1, seeds + 1))
    flights = [
        orbit_flight(bench, case, policy, policy_config(case, policy, tuned), seed)
        for case in cases
        for policy in policies
        for seed in chosen
    ]
    flown = fly_all_orbits(flights, jobs)
    oracle = {case.name: _oracle(bench, case, policies[0], flown, chosen) for case in cases}
    return OrbitResult(
        rows=tuple(_row(case, policy, flown, oracle[case.name]) for case in cases for policy in policies),
        ahead=tuple(_ahead(case, one, flown) for case in cases for one in BASELINES if {one, OURS} <= set(policies)),
        oracle=oracle,
        flights=tuple(flown),
        seeds=chosen,
    )


def _oracle(
    bench: OrbitBench, case: OrbitCase, policy: str, flown: Sequence[OrbitFigures], seeds: Sequence[int]
) -> tuple[float, ...]:
    """The bound of each seed, from all flights of it."""
    scenario = orbit_scenario(orbit_flight(bench, case, policy, {}, seeds[0]))
    card, silicon = load_card(bench.model), load_profile(scenario.plant.profile).silicon()
    return tuple(
        oracle_value(scenario, card, silicon, [one for one in flown if (one.case, one.seed) == (case.name, seed)])
        for seed in seeds
    )


def _of(flown: Sequence[OrbitFigures], case: OrbitCase, policy: str) -> list[OrbitFigures]:
    return [one for one in flown if (one.case, one.policy) == (case.name, policy)]


def _row(case: OrbitCase, policy: str, flown: Sequence[OrbitFigures], oracle: Sequence[float]) -> PolicyRow:
    mine = _of(flown, case, policy)
    shares = [one.value / bound for one, bound in zip(mine, oracle, strict=True)]
    return PolicyRow(
        case=case.name,
        policy=policy,
        value=fmean(one.value for one in mine),
        useful=fmean(one.useful for one in mine),
        j_each=sum(one.energy_j for one in mine) / max(1, sum(one.useful for one in mine)),
        p50_s=fmean(one.p50_s for one in mine),
        p99_s=fmean(one.p99_s for one in mine),
        missed={reason: fmean(one.missed[reason] for one in mine) for reason in mine[0].missed},
        soc_min=fmean(one.soc_min for one in mine),
        chip_c_max=max(one.chip_c_max for one in mine),
        quality=fmean(one.quality for one in mine),
        worst_excess_w=max(one.worst_excess_w for one in mine),
        of_oracle=fmean(shares),
        least_of_oracle=min(shares),
        most_of_oracle=max(shares),
    )


def _ahead(case: OrbitCase, baseline: str, flown: Sequence[OrbitFigures]) -> Ahead:
    ours, theirs = _of(flown, case, OURS), _of(flown, case, baseline)
    return Ahead(
        case=case.name,
        baseline=baseline,
        value=compared([one.value for one in ours], [one.value for one in theirs], f"orbit.{case.name}.{baseline}"),
        soc_gain=fmean(one.soc_min - other.soc_min for one, other in zip(ours, theirs, strict=True)),
    )
