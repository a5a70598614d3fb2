"""Fly scenarios and judge them: what `flightsw check` does, without the printing.

Runs are in process; with several jobs each scenario has a process of its own. Results come in the order given and
don't depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import msgspec

from flightsw.errors import ConfigError, FlightswError
from flightsw.node.hostlog import host_log
from flightsw.node.pool import flying
from flightsw.node.run import RunPlan
from flightsw.node.scenario import Scenario, run_ticks
from flightsw.record.folder import utc_now
from flightsw.record.recording import recorded_run
from flightsw.regress.judging import JUDGES, FinishedRun, Judge
from flightsw.regress.losses import loss_verdict
from flightsw.regress.verdict import Outcome, Verdict

SAMPLE_STRIDE = 20


@dataclass(frozen=True)
class Assignment:
    """A scenario to fly, in a folder that exists."""

    scenario: Scenario
    run_dir: Path
    keep: bool
    """leave the run folder"""
    judges: tuple[Judge, ...] = JUDGES
    """in the order in which their verdicts are shown"""
    case: str | None = None
    """the design case that the scenario was loaded in"""
    not_compared: str | None = None
    """why no baseline is among the judges' verdicts; None: one is, or none was asked for"""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one scenario."""

    scenario: str
    case: str | None = None
    """None: as it is"""
    seed: int
    ticks: int
    simulated_s: float
    wall_s: float
    exit: str
    """of the run: completed, interrupted or failed"""
    error: str | None = None
    log_hash: str = ""
    run_dir: str | None = None
    """None: not kept"""
    verdicts: tuple[Verdict, ...] = ()
    not_compared: str | None = None
    """why it was held to no baseline; None: it was, or that wasn't asked for"""

    @property
    def passed(self) -> bool:
        """The run came to its end, something was judged, and all of it is green."""
        return self.exit == "completed" and bool(self.verdicts) and all(one.passed for one in self.verdicts)

    def count(self, outcome: Outcome) -> int:
        """Verdicts of a kind."""
        return sum(one.outcome is outcome for one in self.verdicts)


def sampled(scenario: Scenario) -> Scenario:
    """The scenario with no more than one batch in `SAMPLE_STRIDE` computed: all else is the same."""
    inference = scenario.apps.inference
    if not 0 < inference.execute_stride < SAMPLE_STRIDE:
        return scenario
    inference = msgspec.structs.replace(inference, execute=f"sample:{SAMPLE_STRIDE}")
    return msgspec.structs.replace(scenario, apps=msgspec.structs.replace(scenario.apps, inference=inference))


def prepare(scenario: Scenario, judges: Sequence[Judge] = JUDGES) -> None:
    """Refuse what can't be judged, before anything runs. Raises ConfigError."""
    if not sum(judge.prepare(scenario) for judge in judges):
        raise ConfigError(
            f"scenario {scenario.name}: nothing to judge: must have [[requirements]] (see docs/requirements.md) or a "
            "baseline (see docs/baselines.md)"
        )


def check_all(assignments: Sequence[Assignment], jobs: int) -> Iterator[Checked]:
    """Fly and judge each, in this order, `jobs` at a time; none behind one that was interrupted."""
    for result in _results(assignments, jobs):
        yield result
        if result.exit == "interrupted":
            return


def _results(assignments: Sequence[Assignment], jobs: int) -> Iterator[Checked]:
    if jobs == 1 or len(assignments) == 1:
        yield from map(check_one, assignments)
        return
    told = 0
    try:
        with flying(min(jobs, len(assignments)), "fork") as pool:
            for result in _in_order(pool, assignments, jobs):
                yield result
                told += 1
    except BrokenProcessPool:
        lost = "a process that was flying ended by force (killed, or out of memory): what flew then has no result"
        yield from (_failed(assignment, lost) for assignment in assignments[told:])


def _in_order(pool: ProcessPoolExecutor, assignments: Sequence[Assignment], jobs: int) -> Iterator[Checked]:
    """Results in order. No more is handed out than is being worked on, so that Ctrl-C leaves nothing to begin."""
    futures: list[Future[Checked]] = []
    told = 0
    while told < len(assignments):
        running = {future for future in futures if not future.done()}
        while len(running) < jobs and len(futures) < len(assignments):
            futures.append(pool.submit(check_one, assignments[len(futures)]))
            running.add(futures[-1])
        wait(running, return_when=FIRST_COMPLETED)
        while told < len(futures) and futures[told].done():
            yield futures[told].result()
            told += 1


def check_one(assignment: Assignment) -> Checked:
    """Fly and judge one scenario."""
    scenario, run_dir = assignment.scenario, assignment.run_dir
    plan = RunPlan(scenario=scenario, run_dir=run_dir, ticks=run_ticks(scenario), in_process=True)
    try:
        return _flown_and_judged(plan, assignment)
    except FlightswError as error:
        return _failed(assignment, str(error))
    finally:
        if not assignment.keep:
            rmtree(run_dir, ignore_errors=True)


def _failed(assignment: Assignment, error: str) -> Checked:
    """It wasn't flown, or not to where anything is known of it."""
    return Checked(
        scenario=assignment.scenario.name,
        case=assignment.case,
        seed=assignment.scenario.seed,
        ticks=0,
        simulated_s=0.0,
        wall_s=0.0,
        exit="failed",
        error=error,
        run_dir=str(assignment.run_dir) if assignment.keep else None,
        not_compared=assignment.not_compared,
    )


def _flown_and_judged(plan: RunPlan, assignment: Assignment) -> Checked:
    with host_log(plan.run_dir, "node"):
        outcome = recorded_run(plan, utc_now())
    run = FinishedRun(plan.scenario, plan.run_dir, outcome)
    judged = outcome.exit == "completed"
    return Checked(
        scenario=plan.scenario.name,
        case=assignment.case,
        seed=plan.scenario.seed,
        ticks=outcome.ticks,
        simulated_s=outcome.simulated_s,
        wall_s=outcome.wall_s,
        exit=outcome.exit,
        error=outcome.error,
        log_hash=outcome.log_hash,
        run_dir=str(plan.run_dir) if assignment.keep else None,
        verdicts=(*_verdicts(assignment.judges, run), *loss_verdict(plan.run_dir, outcome.lost)) if judged else (),
        not_compared=assignment.not_compared,
    )


def _verdicts(judges: Sequence[Judge], run: FinishedRun) -> Iterator[Verdict]:
    return (verdict for judge in judges for verdict in judge.judge(run))
