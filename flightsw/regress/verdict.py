"""Verdicts: what a finished run makes of its requirements.

The run's log is read once for all of them. A verdict is green only where something was judged: a requirement whose
window is longer than the run, whose anchor never occurs, or whose signal has no value is `vacuous`, which counts as
failed. Called by `flightsw check` and by tests.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from flightsw.bus.logreader import LogReader
from flightsw.messages.events import EVENT_IDS
from flightsw.node.api import Node
from flightsw.node.satellite import SatelliteConfig
from flightsw.node.tomlfile import convert
from flightsw.record.columns import Columns, read_columns
from flightsw.regress.bands import LEAST
from flightsw.regress.blame import Blame, Place
from flightsw.regress.evaluate import Evaluator
from flightsw.regress.expressions import NothingToJudge
from flightsw.regress.nodes import Apply, Compare, Delay, Event, Formula, Logged, Number, Rate
from flightsw.regress.nodes import Node as Tree
from flightsw.regress.parser import parse_formula
from flightsw.regress.requirement import Requirement, signals_of, topics_of, vocabulary_of_log
from flightsw.regress.vacuity import Vacuity


class Outcome(enum.Enum):
    """What came of a requirement."""

    PASSED = "passed"
    FAILED = "failed"
    VACUOUS = "vacuous"
    """nothing was judged: counts as failed"""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a run made of one requirement."""

    id: str
    text: str
    outcome: Outcome
    margin: float | None = None
    """None: it holds or it doesn't, or nothing was judged"""
    required: float = 0.0
    unit: str = ""
    tick: int | None = None
    """when it was tightest"""
    time_s: float | None = None
    first_tick: int | None = None
    """the first one that breaks it"""
    reason: str = ""
    """of one that isn't passed"""
    formula: str = ""
    excerpt: tuple[str, ...] = ()
    """lines around the first tick that breaks it"""

    @property
    def passed(self) -> bool:
        """Green."""
        return self.outcome is Outcome.PASSED


def judge_run(run_dir: Path, requirements: Sequence[Requirement]) -> tuple[Verdict, ...]:
    """Verdicts on a run's log, in order. Raises LogError, and ConfigError for a log that lacks a signal."""
    formulas = [requirement.formula for requirement in requirements]
    columns = read_columns(run_dir, signals_of(formulas), topics_of(formulas))
    return tuple(judge(requirement, columns) for requirement in requirements)


def judge_log(run: Path | Node, formula: Formula | str, *, margin: float = 0.0) -> Verdict:
    """The verdict of one formula, as text or made in Python, on a run folder or on a node that is being flown.

    What it may name is what the log declares. Raises ConfigError, LogError.
    """
    if isinstance(run, Node):
        run.flush()
    run_dir = run.run_dir if isinstance(run, Node) else run
    header = LogReader(run_dir).header
    satellite = convert(header.scenario, SatelliteConfig, f"{run_dir}: the log's scenario")
    vocabulary = vocabulary_of_log(header, satellite)
    text = formula if isinstance(formula, str) else ""
    bound = vocabulary.bound(parse_formula(formula) if isinstance(formula, str) else formula)
    return judge_run(run_dir, [Requirement("formula", text or "in Python", bound, margin, text)])[0]


def judge(requirement: Requirement, columns: Columns) -> Verdict:
    """The verdict on a run's columns."""
    blank = Verdict(
        id=requirement.id,
        text=requirement.text,
        outcome=Outcome.VACUOUS,
        required=requirement.margin,
        formula=requirement.source,
    )
    if not len(columns):
        return _with(blank, reason="the run has no tick")
    evaluator = Evaluator(columns)
    try:
        band = evaluator.band(requirement.formula)
    except NothingToJudge as why:
        return _with(blank, reason=str(why))
    low, high = float(band.low[0]), float(band.high[0])
    if high < 0.0 or (low == high and high < requirement.margin):
        return _failed(blank, evaluator, requirement, high)
    reasons = [*Vacuity(evaluator).reasons(requirement.formula), *_silent(requirement.formula, columns)]
    if low < requirement.margin or low < 0.0:
        reasons.append(_unknown(evaluator, requirement.formula))
    if reasons:
        return _with(blank, reason="; ".join(dict.fromkeys(reasons)))
    place = Blame(evaluator, first=False).place(requirement.formula, 0, high=False)
    return _placed(_with(blank, outcome=Outcome.PASSED, margin=_finite(low)), place, columns)


def _failed(blank: Verdict, evaluator: Evaluator, requirement: Requirement, margin: float) -> Verdict:
    worst = Blame(evaluator, first=False).place(requirement.formula, 0, high=True)
    first = Blame(evaluator, first=True).place(requirement.formula, 0, high=True)
    short = margin > 0.0
    reason = f"holds, but by less than the {requirement.margin:g} that must be kept" if short else ""
    failed = _with(blank, outcome=Outcome.FAILED, margin=_finite(margin), first_tick=first.tick, reason=reason)
    return _placed(failed, worst, evaluator.columns)


def _placed(verdict: Verdict, place: Place, columns: Columns) -> Verdict:
    unit = "" if verdict.margin is None else _unit(place.condition)
    if verdict.outcome is Outcome.PASSED and verdict.margin is None:
        return verdict  # it holds at every tick alike
    return _with(verdict, tick=place.tick, time_s=round(place.tick * columns.dt_s, 9), unit=unit)


def _with(verdict: Verdict, **changes: object) -> Verdict:
    changed: Verdict = msgspec.structs.replace(verdict, **changes)
    return changed


def _finite(margin: float) -> float | None:
    if not math.isfinite(margin):
        return None
    return 0.0 if abs(margin) <= LEAST else margin


def _silent(formula: Formula, columns: Columns) -> list[str]:
    """What never said anything, although a formula listens for it."""
    nodes = list(formula.walk())
    never = [one.name for one in nodes if isinstance(one, Logged) and np.isnan(columns.values[one.name]).all()]
    mute = [
        f"{one.source}.{one.name}"
        for one in nodes
        if isinstance(one, Event) and one.source not in EVENT_IDS and (one.source, one.name) not in columns.events
    ]
    return [f"{name} never has a value" for name in never] + [
        f"event {name}: isn't declared, never occurs" for name in mute
    ]


def _unknown(evaluator: Evaluator, formula: Formula) -> str:
    """What isn't known at the tick that leaves the verdict open."""
    place = Blame(evaluator, first=False).place(formula, 0, high=False)
    names = [
        one.name
        for one in place.condition.walk()
        if isinstance(one, Logged) and np.isnan(evaluator.columns.values[one.name][place.tick])
    ]
    return f"{' and '.join(names) or 'what is compared'} not known at tick {place.tick}"


def _unit(node: Tree) -> str:
    """The unit of a margin: that of what is compared."""
    match node:
        case Compare(_, left, right):
            return _unit(left) or _unit(right)
        case Logged(_, unit):
            return unit
        case Rate(of):
            return f"{_unit(of) or '1'}/s"
        case Delay(of):
            return _unit(of)
        case Apply("*" | "/", args):
            scaled = [one for one in args if not isinstance(one, Number)]
            return _unit(scaled[0]) if len(scaled) == 1 and scaled[0] is args[0] else ""
        case Apply(_, args):
            return next((unit for unit in map(_unit, args) if unit), "")
    return ""
