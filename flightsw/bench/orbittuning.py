"""`flightsw bench orbit --tune`: the sweep that makes the baselines good ones, and writes down what it found.

Best of a baseline's points: the most delivered value, summed over the tuning seeds; of equal value, the highest lowest
charge. Of ours: the most value among those that keep the battery as full as both baselines at their best. Tuning seeds
are none of those that policies are compared by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import msgspec

from flightsw import __version__
from flightsw.bench.orbitcases import BASELINES, OURS, OrbitBench, OrbitCase, OrbitTuned, OrbitTunedFile
from flightsw.bench.orbitflight import OrbitFigures, fly_all_orbits, orbit_flight
from flightsw.node.tomlfile import to_toml

HEAD = "# Made by `flightsw bench orbit --tune`: the baselines' figures by case. Not to be edited by hand.\n\n"


def tune_orbits(bench: OrbitBench, cases: Sequence[OrbitCase], jobs: int) -> tuple[OrbitTuned, ...]:
    """The best point of each sweep in each case. Raises ConfigError, RunError."""
    swept = [(case, policy) for case in cases for policy in (*BASELINES, OURS)]
    flights = [
        orbit_flight(bench, case, policy, {**case.policy_config.get(policy, {}), **point}, seed)
        for case, policy in swept
        for point in case.points(policy)
        for seed in bench.tuning_seeds
    ]
    figures = iter(fly_all_orbits(flights, jobs))
    flown = {
        (case.name, policy): [[next(figures) for _ in bench.tuning_seeds] for _ in case.points(policy)]
        for case, policy in swept
    }
    return tuple(one for case in cases for one in best_of_case(bench, case, flown))


def best_of_case(
    bench: OrbitBench, case: OrbitCase, flown: Mapping[tuple[str, str], Sequence[Sequence[OrbitFigures]]]
) -> list[OrbitTuned]:
    """The best points of all policies; `flown`: by case and policy, then point, then seed."""
    found, charge = [], 0.0
    for policy in BASELINES:
        points = flown[case.name, policy]
        place = max(range(len(points)), key=lambda index: (_value(points[index]), _charge(points[index])))
        charge = max(charge, _charge(points[place]))
        found.append(_tuned(bench, case, policy, place, f"best of {len(points)} points"))
    points = flown[case.name, OURS]
    full = [place for place, one in enumerate(points) if _charge(one) >= charge]
    place = max(full or range(len(points)), key=lambda index: _value(points[index]) if full else _charge(points[index]))
    why = f"best of {len(full)} of {len(points)} points that keep the battery as full as both baselines"
    found.append(_tuned(bench, case, OURS, place, why))
    return found


def _value(flown: Sequence[OrbitFigures]) -> float:
    return sum(one.value for one in flown)


def _charge(flown: Sequence[OrbitFigures]) -> float:
    """Mean of the lowest state of charge."""
    return fmean(one.soc_min for one in flown)


def _tuned(bench: OrbitBench, case: OrbitCase, policy: str, place: int, why: str) -> OrbitTuned:
    seeds = ", ".join(str(seed) for seed in bench.tuning_seeds)
    return OrbitTuned(
        case=case.name,
        policy=policy,
        figures=case.points(policy)[place],
        source=f"flightsw {__version__}, bench orbit --tune: {why}; seeds {seeds}",
    )


def orbit_tuned_text(before: Sequence[OrbitTuned], found: Sequence[OrbitTuned]) -> str:
    """The file of tuned figures: what was found, and the others as they were."""
    again = {(one.case, one.policy) for one in found}
    kept = [one for one in before if (one.case, one.policy) not in again]
    return HEAD + to_toml(msgspec.to_builtins(OrbitTunedFile(tuned=(*kept, *found))))
