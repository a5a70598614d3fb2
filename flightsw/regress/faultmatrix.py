"""The FDIR coverage matrix: every kind of fault at random size and time, flown alone, against the same flight without.

Flights are in process and compute no batch. Each follows from scenario, seed, kind and number; results come in their
order whatever the number of jobs. Called by `flightsw faults` and by tests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from statistics import median

import msgspec

from flightsw.errors import ConfigError
from flightsw.node.faults import KINDS
from flightsw.node.pool import flying
from flightsw.node.scenario import Scenario, run_ticks
from flightsw.regress.faultcases import Case, can_err, draw
from flightsw.regress.faultverdicts import Found, Verdict, alarms_of, judged, monitor_of
from flightsw.regress.faultwatch import Seen, fly, readings

SETTLED_TICKS = 300
"""until faults begin: the node has left BOOT, its estimates have settled"""
LEAST_TICKS = 1200


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """Faults of one kind on one target that were not detected."""

    target: str
    flown: int
    """all of them, detected or not"""
    missed: int
    below: float | None
    """size of the largest of them, in the unit that its field's name says; None: they have no size"""
    above: float | None
    """of the smallest that was detected; None: none was"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault."""

    kind: str
    flown: int
    detected: int
    monitors: tuple[str, ...]
    """that told it first, the most frequent first"""
    after_ticks: tuple[int, float, int] | None
    """least, median, most; None: never detected"""
    verdicts: dict[str, int]
    soc_min: float
    chip_max_c: float
    battery_c: tuple[float, float]
    lost_work: float
    """greatest"""
    missed: tuple[Missed, ...]
    """what was not detected, by target"""


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """All of one scenario."""

    scenario: str
    seed: int
    ticks: int
    false_alarms: tuple[str, ...]
    """warnings of the flight without faults"""
    rows: tuple[Row, ...]
    found: tuple[Found, ...]
    impossible: dict[str, str]
    """kinds that this spacecraft can't have, and why"""

    @property
    def failures(self) -> list[Found]:
        """Flights that left the node, or the emulator, as it must not be."""
        return [one for one in self.found if one.verdict.failed]

    @property
    def passed(self) -> bool:
        """No failure and no false alarm; something was flown."""
        return bool(self.found) and not self.failures and not self.false_alarms


def quiet(scenario: Scenario) -> Scenario:
    """The scenario with no faults of its own, and no batch computed."""
    inference = msgspec.structs.replace(scenario.apps.inference, execute="none")
    apps = msgspec.structs.replace(scenario.apps, inference=inference)
    return msgspec.structs.replace(scenario, apps=apps, faults=(), requirements=())


def matrix(scenario: Scenario, seeds: int, jobs: int = 1, kinds: Collection[str] = ()) -> Matrix:
    """Fly it all. `seeds`: flights of each kind; `kinds`: those meant, all if empty. Raises ConfigError."""
    for kind in kinds:
        if kind not in KINDS:
            raise ConfigError(f"kind = {kind!r}: must be one of {', '.join(KINDS)}")
    scenario = quiet(scenario)
    ticks = run_ticks(scenario)
    if ticks < LEAST_TICKS:
        raise ConfigError(f"duration: {ticks} ticks: must be at least {LEAST_TICKS}, for a fault to show")
    erring = [field for field in readings(scenario) if can_err(field)]
    cases: list[Case] = []
    impossible: dict[str, str] = {}
    for kind in [name for name in KINDS if not kinds or name in kinds]:
        try:
            begins = range(SETTLED_TICKS, ticks // 2)
            cases += [draw(kind, number, scenario.seed, scenario, erring, begins) for number in range(seeds)]
        except ConfigError as error:
            impossible[kind] = str(error)
    nominal = fly(scenario, ticks)
    found = tuple(_all(partial(_flown, scenario=scenario, nominal=nominal, ticks=ticks), cases, jobs))
    flown = [name for name in KINDS if any(one.case.kind == name for one in found)]
    return Matrix(
        scenario=scenario.name,
        seed=scenario.seed,
        ticks=ticks,
        false_alarms=tuple(f"tick {one.tick}: {monitor_of(one)}" for one in alarms_of(nominal)),
        rows=tuple(_row(name, [one for one in found if one.case.kind == name]) for name in flown),
        found=found,
        impossible=impossible,
    )


def _all(flown: partial[Found], cases: Sequence[Case], jobs: int) -> Iterator[Found]:
    if jobs == 1 or len(cases) < 2:
        yield from map(flown, cases)
        return
    with flying(min(jobs, len(cases)), "fork") as pool:
        yield from pool.map(flown, cases)


def _flown(case: Case, *, scenario: Scenario, nominal: Seen, ticks: int) -> Found:
    seen = fly(msgspec.structs.replace(scenario, faults=(case.fault,)), ticks)
    return judged(case, seen, nominal, scenario)


def _row(kind: str, found: Sequence[Found]) -> Row:
    ticks = sorted(one.after_ticks for one in found if one.after_ticks is not None)
    monitors = [one.monitor for one in found if one.monitor is not None]
    return Row(
        kind=kind,
        flown=len(found),
        detected=len(ticks),
        monitors=tuple(sorted(dict.fromkeys(monitors), key=lambda name: (-monitors.count(name), name))),
        after_ticks=(ticks[0], median(ticks), ticks[-1]) if ticks else None,
        verdicts={verdict.value: n for verdict in Verdict if (n := sum(one.verdict is verdict for one in found))},
        soc_min=min(one.soc_min for one in found),
        chip_max_c=max(one.chip_max_c for one in found),
        battery_c=(min(one.battery_c[0] for one in found), max(one.battery_c[1] for one in found)),
        lost_work=max(one.lost_work for one in found),
        missed=tuple(
            _missed(target, [one for one in found if one.case.target == target])
            for target in sorted({one.case.target for one in found if one.monitor is None})
        ),
    )


def _missed(target: str, found: Sequence[Found]) -> Missed:
    sizes = {
        told: [one.case.size for one in found if (one.monitor is not None) is told and one.case.size is not None]
        for told in (False, True)
    }
    return Missed(
        target=target,
        flown=len(found),
        missed=sum(one.monitor is None for one in found),
        below=max(sizes[False], default=None),
        above=min(sizes[True], default=None),
    )
