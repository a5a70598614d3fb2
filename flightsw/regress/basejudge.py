"""The baseline as a judge of `flightsw check`: one verdict, that the run's figures are as accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flightsw.node.scenario import Scenario, run_ticks
from flightsw.regress.baseline import Comparison, Conditions, why_not
from flightsw.regress.baselinefile import accept_command, compare_run, load_baseline, told
from flightsw.regress.judging import FinishedRun
from flightsw.regress.verdict import Outcome, Verdict

BASELINE_ID = "BASELINE"


@dataclass(frozen=True)
class BaselineJudge:
    """Holds a run to the baseline in a file."""

    source: str
    """the scenario as it was asked for"""
    path: Path
    required: bool
    """a missing baseline isn't green: a shipped scenario has one"""

    def prepare(self, scenario: Scenario) -> int:
        """One, unless there is none and none is required, or it holds for another run. Raises ConfigError."""
        return int(self.not_compared(scenario) is None)

    def not_compared(self, scenario: Scenario) -> str | None:
        """Why there will be no verdict; None: there will be one."""
        if not self.path.exists():
            missing = f"no {self.path.name}; make one with: {accept_command(self.source, self.path)}"
            return None if self.required else missing
        return why_not(load_baseline(self.path), planned(scenario))

    def judge(self, run: FinishedRun) -> Sequence[Verdict]:
        """The verdict."""
        if self.not_compared(run.scenario) is not None:
            return ()
        if not self.path.exists():
            reason = f"no {self.path.name}; make one with: {accept_command(self.source, self.path)}"
            return (_verdict(self.path, Outcome.VACUOUS, reason=reason),)
        comparison = compare_run(run.run_dir, self.source, self.path)
        if comparison.same:
            return (_verdict(self.path, Outcome.PASSED, margin=comparison.room),)
        return (_failed(self.path, comparison),)


def planned(scenario: Scenario) -> Conditions:
    """What a run of this scenario will be."""
    return Conditions(
        scenario=scenario.name,
        seed=scenario.seed,
        dt_s=scenario.dt_s,
        ticks=run_ticks(scenario),
        execute=scenario.apps.inference.execute,
    )


def _failed(path: Path, comparison: Comparison) -> Verdict:
    moved = comparison.moved
    return _verdict(
        path,
        Outcome.FAILED,
        first_tick=None if moved is None else moved.tick,
        reason="" if moved is None else f"{moved.signal} moved first",
        excerpt=tuple(line.strip() for line in told(comparison)),
    )


def _verdict(path: Path, outcome: Outcome, **more: object) -> Verdict:
    text = "figures are as accepted"
    return Verdict(id=BASELINE_ID, text=text, outcome=outcome, formula=f"baseline {path.name}", **more)  # type: ignore[arg-type]
