"""Results of `flightsw check` for people: a table a scenario, and for what failed the lines that show why."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flightsw.regress.check import Checked
from flightsw.regress.verdict import Outcome, Verdict

_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.VACUOUS: "bold yellow"}


def margin_text(verdict: Verdict) -> str:
    """The margin with its unit, and what of it must be kept."""
    if verdict.margin is None:
        return "-"
    unit = "" if verdict.unit in ("", "1") else f" {verdict.unit}"
    kept = f" of {verdict.required:g}" if verdict.required else ""
    return f"{verdict.margin:.4g}{kept}{unit}"


def when_text(verdict: Verdict) -> str:
    """When it was tightest."""
    return "-" if verdict.time_s is None else f"{verdict.time_s:.10g} s"


def first_break(verdict: Verdict) -> str:
    """Why a verdict isn't green, in one line."""
    if verdict.outcome is Outcome.VACUOUS:
        return f"vacuous: {verdict.reason}"
    by = "" if verdict.margin is None else f", worst by {margin_text(verdict)} at {when_text(verdict)}"
    first = "" if verdict.first_tick is None else f": first at tick {verdict.first_tick}{by}"
    return f"failed{first}" + (f" ({verdict.reason})" if verdict.reason else "")


def name_of(result: Checked) -> str:
    """The scenario, and the design case that it was flown in."""
    return result.scenario if result.case is None else f"{result.scenario} ({result.case})"


def print_checked(result: Checked, console: Console) -> None:
    """One scenario."""
    speed = f"{result.ticks / result.wall_s:.0f} ticks/s" if result.wall_s > 0.0 else ""
    headline = f"{name_of(result)}, seed {result.seed}: {result.simulated_s:.0f} s in {result.wall_s:.1f} s, {speed}"
    console.print(Text(headline, style="bold"))
    if result.exit != "completed":
        console.print(Text(f"  the run {result.exit}: {result.error or ''}", style="bold red"))
    console.print(_table(result), highlight=False)
    for verdict in result.verdicts:
        if not verdict.passed:
            _print_failure(verdict, console)
    if result.run_dir is not None:
        console.print(f"  run folder {result.run_dir}", soft_wrap=True, highlight=False, markup=False)
    if result.not_compared is not None:
        why = f"  no comparison with a baseline: {result.not_compared}"
        console.print(why, soft_wrap=True, highlight=False, markup=False)


def _table(result: Checked) -> Table:
    table = Table(box=None, padding=(0, 1), show_edge=False)
    for name in ("id", "requirement"):
        table.add_column(name, style="dim" if name == "id" else "", overflow="fold")
    for name in ("margin", "tightest"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for one in result.verdicts:
        verdict = Text(one.outcome.value, style=_STYLES[one.outcome])
        table.add_row(Text(one.id), Text(one.text), margin_text(one), when_text(one), verdict)
    return table


def _print_failure(verdict: Verdict, console: Console) -> None:
    console.print(Text(f"\n  {verdict.id} {first_break(verdict)}", style=_STYLES[verdict.outcome]))
    for line in (verdict.formula, *verdict.excerpt):
        console.print(f"    {line}", soft_wrap=True, highlight=False, markup=False)
    console.print()


def print_cases(results: list[Checked], console: Console) -> None:
    """Scenarios by cases: how much was kept of what was judged; below it what wasn't."""
    table = Table(box=None, padding=(0, 1), show_edge=False)
    cases = list(dict.fromkeys(result.case for result in results))
    for heading in ("scenario", *("as it is" if case is None else case for case in cases)):
        table.add_column(heading, no_wrap=True)
    for scenario in dict.fromkeys(result.scenario for result in results):
        flown = {result.case: result for result in results if result.scenario == scenario}
        table.add_row(scenario, *(_kept(flown[case]) if case in flown else "-" for case in cases))
    console.print(table, highlight=False)
    for result in results:
        if not result.passed:
            bad = ", ".join(one.id for one in result.verdicts if not one.passed) or result.exit
            console.print(Text(f"  {name_of(result)}: {bad}", style="bold red"), soft_wrap=True)


def _kept(result: Checked) -> Text:
    kept = f"{result.count(Outcome.PASSED)}/{len(result.verdicts)}"
    return Text(kept, style="green" if result.passed else "bold red")


def print_total(results: list[Checked], console: Console) -> None:
    """The last line."""
    judged = sum(len(result.verdicts) for result in results)
    counts = {outcome: sum(result.count(outcome) for result in results) for outcome in Outcome}
    bad = [f"{count} {outcome.value}" for outcome, count in counts.items() if count and outcome is not Outcome.PASSED]
    broken = sum(result.exit != "completed" for result in results)
    bad += [f"{broken} runs not completed"] if broken else []
    console.print(f"{len(results)} flights, {judged} judged: {', '.join(bad) or 'all passed'}", highlight=False)
