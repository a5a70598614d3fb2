"""`flightsw bench control --tune`: the sweep that makes the baseline a good one, and writes down what it found.

Best: the most compute, summed over the tuning seeds, of the points that hold the limit in every one of them; where none
does, the one that exceeds it least. Tuning seeds are none of those that laws are compared by.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from flightsw import __version__
from flightsw.bench.cases import Bench, BenchCase, Tuned, TunedFile
from flightsw.bench.flight import Figures, flight_of, fly_all
from flightsw.node.tomlfile import to_toml

HEAD = "# Made by `flightsw bench control --tune`: figures of the swept law by case. Not to be edited by hand.\n\n"


def tune(bench: Bench, cases: Sequence[BenchCase], jobs: int) -> tuple[Tuned, ...]:
    """The best point of the sweep in each case. Raises ConfigError, RunError."""
    law, seeds = bench.sweep.law, bench.sweep.seeds
    flights = [
        flight_of(bench, case, law, {**case.law_config.get(law, {}), **point}, seed)
        for case in cases
        for point in case.points
        for seed in seeds
    ]
    figures = iter(fly_all(flights, jobs))
    return tuple(_best(bench, case, [[next(figures) for _ in seeds] for _ in case.points]) for case in cases)


def _best(bench: Bench, case: BenchCase, flown: Sequence[list[Figures]]) -> Tuned:
    points = case.points
    place = max(range(len(points)), key=lambda index: _merit(bench, flown[index]))
    kept = sum(_merit(bench, one)[0] for one in flown)
    seeds = ", ".join(str(seed) for seed in bench.sweep.seeds)
    return Tuned(
        case=case.name,
        law=bench.sweep.law,
        figures=points[place],
        source=(
            f"flightsw {__version__}, bench control --tune: best of {len(points)} points, {kept} of which hold the "
            f"limit by {bench.allowed_over_k} K; seeds {seeds}"
        ),
    )


def _merit(bench: Bench, flown: Sequence[Figures]) -> tuple[bool, float]:
    """Whether the limit is held, then the compute; where it isn't, how little it is exceeded."""
    worst_k = max(one.overshoot_k for one in flown)
    holds = worst_k <= bench.allowed_over_k
    return holds, sum(one.gop for one in flown) if holds else -worst_k


def tuned_text(before: Sequence[Tuned], found: Sequence[Tuned]) -> str:
    """The file of tuned figures: what was found, in its place, and the others as they were."""
    known = {(one.case, one.law): one for one in (*before, *found)}
    table = msgspec.to_builtins(TunedFile(tuned=tuple(known.values())))
    return HEAD + to_toml(table)
