"""What judges a finished run: `flightsw check` asks each of `JUDGES` in turn, and the baseline (see `basejudge`).

A judge looks at the scenario before anything runs (`prepare`: refuse what is unusable, say how much there is to judge)
and at the run when it has ended (`judge`). Both are called in whichever process does the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from flightsw.node.run import RunOutcome
from flightsw.node.scenario import Scenario
from flightsw.record.columns import Columns, read_columns
from flightsw.regress.excerpt import Wanted, excerpts
from flightsw.regress.requirement import Requirement, resolve, signals_of, topics_of
from flightsw.regress.verdict import Outcome, Verdict, judge


@dataclass(frozen=True)
class FinishedRun:
    """A run that came to its planned end, in its folder."""

    scenario: Scenario
    run_dir: Path
    outcome: RunOutcome


class Judge(Protocol):
    """One kind of judgement."""

    def prepare(self, scenario: Scenario) -> int:
        """How many verdicts it will give. Raises ConfigError: what it needs of the scenario is unusable."""

    def judge(self, run: FinishedRun) -> Sequence[Verdict]:
        """Its verdicts, in an order of its own."""


class RequirementJudge:
    """The scenario's `[[requirements]]`."""

    def prepare(self, scenario: Scenario) -> int:
        """Read every formula."""
        return len(resolve(scenario))

    def judge(self, run: FinishedRun) -> Sequence[Verdict]:
        """A verdict each."""
        return judged(run.run_dir, resolve(run.scenario))


def judged(run_dir: Path, requirements: Sequence[Requirement]) -> list[Verdict]:
    """Verdicts on a run; one that failed shows what was said around the tick that breaks it."""
    formulas = [requirement.formula for requirement in requirements]
    return judged_on(run_dir, requirements, read_columns(run_dir, signals_of(formulas), topics_of(formulas)))


def judged_on(run_dir: Path, requirements: Sequence[Requirement], columns: Columns) -> list[Verdict]:
    """The same, on columns that were read already and hold what the formulas name."""
    verdicts = [judge(requirement, columns) for requirement in requirements]
    wanted = [
        _wanted(requirement, verdict)
        for requirement, verdict in zip(requirements, verdicts, strict=True)
        if verdict.outcome is Outcome.FAILED
    ]
    shown = excerpts(run_dir, columns, wanted) if wanted else {}
    return [msgspec.structs.replace(verdict, excerpt=shown.get(verdict.id, ())) for verdict in verdicts]


def _wanted(requirement: Requirement, verdict: Verdict) -> Wanted:
    assert verdict.first_tick is not None
    return Wanted(requirement.id, verdict.first_tick, tuple(signals_of([requirement.formula])))


JUDGES: tuple[Judge, ...] = (RequirementJudge(),)
"""In the order in which their verdicts are shown."""
