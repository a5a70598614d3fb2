"""`flightsw bench control`: every chip law on the same seeds, each case's table, and who is ahead of hysteresis.

Called by the command line; the flights are `flight`'s, the cases `cases`', the sweep `tuning`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import msgspec

from flightsw.bench.cases import BASELINE, Bench, BenchCase, Tuned, law_config
from flightsw.bench.flight import Figures, flight_of, fly_all
from flightsw.bench.paired import Paired, compared

PREDICTIVE = "predictive"
"""the law that must be ahead of the baseline"""


class LawRow(msgspec.Struct, frozen=True, kw_only=True):
    """One law in one case, over all seeds: means, where nothing else is said."""

    case: str
    law: str
    overshoot_k: float
    """the most of all seeds"""
    settling_s: float
    at_limit_s: float
    over_s: float
    switches: float
    inferences: float
    gop: float
    soc_end: float
    holds: bool
    """the limit, in every flight, to what is allowed above it"""
    against: Paired
    """delivered compute against the baseline's, seed by seed"""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison."""

    rows: tuple[LawRow, ...]
    flights: tuple[Figures, ...]
    seeds: tuple[int, ...]

    @property
    def behind(self) -> tuple[LawRow, ...]:
        """Predictive rows that do not hold the limit, or are not surely ahead."""
        return tuple(row for row in self.rows if row.law == PREDICTIVE and not (row.holds and row.against.ahead))


def compare(bench: Bench, cases: Sequence[BenchCase], tuned: tuple[Tuned, ...], seeds: int, jobs: int) -> Result:
    """Fly every law in every case with seeds 1 .. `seeds`. Raises ConfigError, RunError."""
    chosen = tuple(range(1, seeds + 1))
    flights = [
        flight_of(bench, case, law, law_config(case, law, tuned), seed)
        for case in cases
        for law in bench.laws
        for seed in chosen
    ]
    figures = fly_all(flights, jobs)
    rows = [_row(bench, case, law, figures) for case in cases for law in bench.laws]
    return Result(rows=tuple(rows), flights=tuple(figures), seeds=chosen)


def _row(bench: Bench, case: BenchCase, law: str, figures: Sequence[Figures]) -> LawRow:
    mine = [one for one in figures if (one.case, one.law) == (case.name, law)]
    baseline = [one for one in figures if (one.case, one.law) == (case.name, BASELINE)]
    overshoot_k = max(one.overshoot_k for one in mine)
    return LawRow(
        case=case.name,
        law=law,
        overshoot_k=overshoot_k,
        settling_s=fmean(one.settling_s for one in mine),
        at_limit_s=fmean(one.at_limit_s for one in mine),
        over_s=fmean(one.over_s for one in mine),
        switches=fmean(one.switches for one in mine),
        inferences=fmean(one.inferences for one in mine),
        gop=fmean(one.gop for one in mine),
        soc_end=fmean(one.soc_end for one in mine),
        holds=overshoot_k <= bench.allowed_over_k,
        against=compared([one.gop for one in mine], [one.gop for one in baseline], f"{case.name}.{law}"),
    )
