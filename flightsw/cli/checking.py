"""`flightsw check`: fly scenarios and hold them to their requirements. What CI runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flightsw.cli.exits import FAILED, GOOD, INTERNAL, INTERRUPTED
from flightsw.cli.running import scenario_overrides, tell_report, wide_console
from flightsw.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from flightsw.node.scenario import Scenario
    from flightsw.regress.basejudge import BaselineJudge
    from flightsw.regress.check import Assignment, Checked
    from flightsw.regress.judging import Judge

ALL_DURATION = "10orbits"


def check(  # noqa: PLR0913  an option each
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="Shipped scenarios or TOML files.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every shipped scenario, ten orbits each.")] = False,
    duration: Annotated[str | None, typer.Option(help='Simulated time: "600s", "1.5h", "10orbits".')] = None,
    seed: Annotated[str | None, typer.Option(help="Seed of everything random.")] = None,
    overrides: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE")] = None,
    case: Annotated[str | None, typer.Option(metavar="hot-eol|hot-bol|cold-bol|cold-eol")] = None,
    cases: Annotated[bool, typer.Option("--cases", help="Each as it is, and in all four design cases.")] = False,
    alarms: Annotated[bool, typer.Option("--alarms", help="A warning is a failure, too: nothing goes wrong.")] = False,
    execute: Annotated[
        str | None, typer.Option(metavar="every|sample:N|none", help="Batches computed for real; else 1 in 20 at most.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Scenarios at a time, a process each.")] = 1,
    no_baseline: Annotated[bool, typer.Option("--no-baseline", help="Judge by requirements alone.")] = False,
    out: Annotated[Path | None, typer.Option(help="Keep the run folders in this one.")] = None,
    report: Annotated[bool, typer.Option("--report", help="With --out: write each run's report.")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML for CI.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Fly scenarios and judge them by their requirements and baselines; exit 1 if one isn't kept, or is vacuous."""
    from flightsw.node.scenario import load_scenario
    from flightsw.regress import check as checking
    from flightsw.regress.junit import make_way, write_junit
    from flightsw.regress.shown import print_cases, print_total

    if report and out is None:
        raise ConfigError("report: goes with --out, which keeps the run folders")
    if junit is not None:
        make_way(junit)
    wanted_s = duration or (ALL_DURATION if every else None)
    options = scenario_overrides(overrides or [], wanted_s, seed, execute)
    asked = [(name, one) for name in _names(scenarios or [], every=every) for one in _cases(case, all_of_them=cases)]
    loaded = [load_scenario(name, options, one) for name, one in asked]
    loaded = loaded if execute is not None else [checking.sampled(scenario) for scenario in loaded]
    baselines = [None if no_baseline or one is not None else _baseline_of(name) for name, one in asked]
    judges = [_judges(baseline, alarms=alarms) for baseline in baselines]
    for scenario, its_judges in zip(loaded, judges, strict=True):
        checking.prepare(scenario, its_judges)
    whys = [
        None if one is None else one.not_compared(scenario) for one, scenario in zip(baselines, loaded, strict=True)
    ]
    planned = [(scenario, one, its) for scenario, (_, one), its in zip(loaded, asked, judges, strict=True)]
    console = wide_console()
    results: list[Checked] = []
    with TemporaryDirectory(prefix="flightsw-check-", ignore_cleanup_errors=True) as scratch:
        assignments = _assignments(planned, out, Path(scratch))
        assignments = [replace(one, not_compared=why) for one, why in zip(assignments, whys, strict=True)]
        for result in checking.check_all(assignments, jobs):
            results.append(result)
            if junit is None:
                _tell(result, console, as_json=as_json, report=report)
    if junit is not None:  # before a line is printed, which may fail
        write_junit(junit, results)
        for result in results:
            _tell(result, console, as_json=as_json, report=report)
    code = _exit_code(results)
    if as_json:
        typer.echo(json.dumps(_as_json(results, code)))
    else:
        if cases:
            print_cases(results, console)
        print_total(results, console)
    return code


def _names(given: list[str], *, every: bool) -> list[str]:
    from flightsw.node.scenario import shipped_scenarios

    if every is bool(given):
        raise ConfigError("check: must be given scenarios, or --all")
    return shipped_scenarios() if every else given


def _cases(case: str | None, *, all_of_them: bool) -> tuple[str | None, ...]:
    """In which each scenario is flown; None: as it is."""
    from flightsw.plant.cases import CASE_NAMES

    if all_of_them and case is not None:
        raise ConfigError("case: goes without --cases, which are all of them")
    return (None, *CASE_NAMES) if all_of_them else (case,)


def _baseline_of(source: str) -> BaselineJudge:
    from flightsw.node.scenario import shipped_scenarios
    from flightsw.regress.basejudge import BaselineJudge
    from flightsw.regress.baselinefile import baseline_path

    return BaselineJudge(source, baseline_path(source), required=source in shipped_scenarios())


def _judges(baseline: BaselineJudge | None, *, alarms: bool) -> tuple[Judge, ...]:
    from flightsw.regress.alarmjudge import AlarmJudge
    from flightsw.regress.judging import JUDGES

    return (*JUDGES, *((AlarmJudge(),) if alarms else ()), *(() if baseline is None else (baseline,)))


def _assignments(
    planned: list[tuple[Scenario, str | None, tuple[Judge, ...]]], out: Path | None, scratch: Path
) -> list[Assignment]:
    """Run folders by the scenarios' names and cases; one that is given twice has a number behind it."""
    from flightsw.record.folder import create_run_folder
    from flightsw.regress.check import Assignment

    assignments: list[Assignment] = []
    names = [scenario.name if case is None else f"{scenario.name}-{case}" for scenario, case, _ in planned]
    for place, (scenario, case, judges) in enumerate(planned):
        times = names[:place].count(names[place])
        folder = (scratch if out is None else out) / (names[place] if not times else f"{names[place]}-{times + 1}")
        assignments.append(Assignment(scenario, create_run_folder(folder), out is not None, judges, case))
    return assignments


def _tell(result: Checked, console: Console, *, as_json: bool, report: bool) -> None:
    """What came of one scenario; its report where one was asked for."""
    from flightsw.regress.shown import print_checked

    if not as_json:
        print_checked(result, console)
    if report and result.run_dir is not None and result.ticks:
        tell_report(Path(result.run_dir), quiet=as_json)


def _exit_code(results: list[Checked]) -> int:
    exits = [result.exit for result in results]
    if "interrupted" in exits:
        return INTERRUPTED
    if "failed" in exits:
        return INTERNAL
    return GOOD if all(result.passed for result in results) else FAILED


def _as_json(results: list[Checked], code: int) -> dict[str, Any]:
    import msgspec

    from flightsw.regress.verdict import Outcome

    counts = {outcome.value: sum(result.count(outcome) for result in results) for outcome in Outcome}
    return {"scenarios": msgspec.to_builtins(results), **counts, "exit_code": code}
