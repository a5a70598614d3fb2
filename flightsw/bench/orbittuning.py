"""`flightsw bench orbit --tune`: the sweep that makes the baselines good ones, and writes down what it found.

Best: the most delivered value, summed over the tuning seeds; of equal value, the highest lowest charge. Tuning seeds
are none of those that policies are compared by.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from flightsw import __version__
from flightsw.bench.orbitcases import BASELINES, OrbitBench, OrbitCase, OrbitTuned, OrbitTunedFile
from flightsw.bench.orbitflight import OrbitFigures, fly_all_orbits, orbit_flight
from flightsw.node.tomlfile import to_toml

HEAD = "# Made by `flightsw bench orbit --tune`: the baselines' figures by case. Not to be edited by hand.\n\n"


def tune_orbits(bench: OrbitBench, cases: Sequence[OrbitCase], jobs: int) -> tuple[OrbitTuned, ...]:
    """The best point of each baseline's sweep in each case. Raises ConfigError, RunError."""
    swept = [(case, policy) for case in cases for policy in BASELINES]
    flights = [
        orbit_flight(bench, case, policy, {**case.policy_config.get(policy, {}), **point}, seed)
        for case, policy in swept
        for point in case.points(policy)
        for seed in bench.tuning_seeds
    ]
    figures = iter(fly_all_orbits(flights, jobs))
    return tuple(
        best_of(bench, case, policy, [[next(figures) for _ in bench.tuning_seeds] for _ in case.points(policy)])
        for case, policy in swept
    )


def best_of(bench: OrbitBench, case: OrbitCase, policy: str, flown: Sequence[Sequence[OrbitFigures]]) -> OrbitTuned:
    """The best point; `flown`: by point, then seed."""
    points = case.points(policy)
    place = max(
        range(len(points)),
        key=lambda index: (sum(one.value for one in flown[index]), min(one.soc_min for one in flown[index])),
    )
    seeds = ", ".join(str(seed) for seed in bench.tuning_seeds)
    return OrbitTuned(
        case=case.name,
        policy=policy,
        figures=points[place],
        source=f"flightsw {__version__}, bench orbit --tune: best of {len(points)} points; seeds {seeds}",
    )


def orbit_tuned_text(before: Sequence[OrbitTuned], found: Sequence[OrbitTuned]) -> str:
    """The file of tuned figures: what was found, and the others as they were."""
    again = {(one.case, one.policy) for one in found}
    kept = [one for one in before if (one.case, one.policy) not in again]
    return HEAD + to_toml(msgspec.to_builtins(OrbitTunedFile(tuned=(*kept, *found))))
