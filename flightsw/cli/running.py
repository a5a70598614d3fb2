"""`flightsw run`: fly one node to the end of its scenario and say what came of it."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flightsw.cli.exits import GOOD, INTERNAL, INTERRUPTED
from flightsw.errors import ConfigError, LogError, RunError

if TYPE_CHECKING:
    from rich.console import Console

    from flightsw.node.run import OnProgress, RunOutcome, RunPlan
    from flightsw.node.scenario import Scenario
    from flightsw.record.folder import Parent
    from flightsw.record.summary import Summary

DEFAULT_SCENARIO = "cubesat-6u-orin-nano"
_EXITS = {"completed": GOOD, "interrupted": INTERRUPTED, "failed": INTERNAL}


def run(  # noqa: PLR0913  an option each
    scenario: Annotated[str, typer.Argument(help="A shipped scenario or a TOML file.")] = DEFAULT_SCENARIO,
    *,
    speed: Annotated[str, typer.Option(help="free, realtime, or simulated seconds a wall second.")] = "free",
    duration: Annotated[str | None, typer.Option(help='Simulated time: "600s", "90min", "1.5h", "2orbits".')] = None,
    seed: Annotated[str | None, typer.Option(help="Seed of everything random.")] = None,
    in_process: Annotated[bool, typer.Option("--in-process", help="One process: the same log.")] = False,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Override a field of the scenario.")
    ] = None,
    case: Annotated[
        str | None,
        typer.Option(metavar="hot-eol|hot-bol|cold-bol|cold-eol", help="Design case: environment, ageing, margins."),
    ] = None,
    execute: Annotated[
        str | None, typer.Option(metavar="every|sample:N|none", help="Which batches are computed for real.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder: new or empty.")] = None,
    report: Annotated[bool, typer.Option("--report", help="Write the report at the end, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
    pin: Annotated[
        bool, typer.Option(help="Keep a free run's processes on two cores: faster, and the same log.")
    ] = True,
    start_order: Annotated[str, typer.Option(hidden=True)] = "",
) -> int:
    """Run a node: separate processes over ZeroMQ, as fast as the machine allows."""
    from flightsw.node.hostlog import host_log
    from flightsw.node.run import RunPlan
    from flightsw.node.scenario import check_has_its_board, load_scenario, run_ticks
    from flightsw.record.folder import create_run_folder, default_run_dir, utc_now
    from flightsw.regress.requirement import resolve

    pace = parse_speed(speed)
    loaded = load_scenario(scenario, scenario_overrides(overrides or [], duration, seed, execute), case)
    check_has_its_board(loaded)
    resolve(loaded)
    ticks = run_ticks(loaded)
    order = parse_start_order(start_order, loaded)
    started = utc_now()
    run_dir = create_run_folder(out if out is not None else default_run_dir(loaded.name, loaded.seed, started))
    plan = RunPlan(
        scenario=loaded,
        run_dir=run_dir,
        ticks=ticks,
        speed=pace,
        in_process=in_process,
        umbilical=True,
        start_order=order,
        pin=pin,
    )
    with host_log(run_dir, "node" if in_process else "launcher"):
        outcome, summary = fly(plan, started, quiet=as_json)
        if report:
            tell_report(run_dir, quiet=as_json)
    return tell_outcome(outcome, summary, as_json=as_json)


def tell_report(run_dir: Path, *, quiet: bool) -> None:
    """Write the report and name it."""
    from flightsw.report.making import write_report

    path = write_report(run_dir)
    if not quiet:
        typer.echo(f"report      {path}")


def tell_outcome(outcome: RunOutcome, summary: Summary, *, as_json: bool) -> int:
    """Say what went wrong, or all as JSON; the exit code."""
    if outcome.error is not None:
        typer.echo(f"error: {' '.join(outcome.error.split())}", err=True)
    if as_json:
        typer.echo(json.dumps(_as_json(outcome, summary)))
    return _EXITS.get(outcome.exit, INTERNAL)


def parse_speed(text: str) -> float | None:
    """Simulated seconds a wall second; None: free. Raises ConfigError."""
    if text == "free":
        return None
    if text == "realtime":
        return 1.0
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0.0 < speed < math.inf:
        raise ConfigError(f"speed = {text!r}: must be free, realtime or a number above 0")
    return speed


def parse_start_order(text: str, scenario: Scenario) -> tuple[str, ...]:
    """Process names parted by commas. Raises ConfigError for an unknown one."""
    from flightsw.messages.topics import BUS
    from flightsw.node.processes import process_table

    order = tuple(name.strip() for name in text.split(",") if name.strip())
    known = [BUS, *(row.name for row in process_table(scenario).rows)]
    for name in order:
        if name not in known:
            raise ConfigError(f"start-order: {name!r}: must be one of {', '.join(known)}")
    return order


def scenario_overrides(given: list[str], duration: str | None, seed: str | None, execute: str | None) -> list[str]:
    """The options that stand for a field, behind what `--set` gives, so that they win."""
    named = (("duration", duration), ("apps.inference.execute", execute))
    texts = [f"{path}={json.dumps(text)}" for path, text in named if text is not None]
    return [*given, *texts, *([] if seed is None else [f"seed={seed}"])]


def fly(
    plan: RunPlan, started: dt.datetime, *, quiet: bool, parent: Parent | None = None
) -> tuple[RunOutcome, Summary]:
    """Run between the two manifests; the summary is made of the log."""
    from flightsw.record.recording import recorded_run
    from flightsw.record.summary import summarise
    from flightsw.record.table import print_summary

    console = wide_console()
    with shown(plan, console, quiet=quiet) as on_progress:
        outcome = recorded_run(plan, started, on_progress, parent)
    try:
        summary = summarise(plan.run_dir, outcome)
    except LogError:
        if outcome.error is None:
            raise
        raise RunError(outcome.error) from None  # why the log is as it is
    if not quiet:
        print_summary(summary, str(plan.run_dir), console)
    return outcome, summary


@contextmanager
def shown(plan: RunPlan, console: Console, *, quiet: bool) -> Iterator[OnProgress | None]:
    """What is seen of a run as it goes on: a live view on a terminal, a line an orbit elsewhere, nothing if quiet."""
    from flightsw.live.terminal.viewer import fits, live_view
    from flightsw.node.scenario import orbit_period_s
    from flightsw.record.progress import OrbitLines

    if quiet:
        yield None
    elif fits(console):
        with live_view(plan.run_dir, console):
            yield None
    else:
        yield OrbitLines(orbit_period_s(plan.scenario), console)


def wide_console() -> Console:
    """The terminal as it is; files and pipes get the full width."""
    from rich.console import Console

    from flightsw.record.table import WIDTH_COLUMNS

    console = Console()
    return console if console.is_terminal else Console(width=WIDTH_COLUMNS)


def _as_json(outcome: RunOutcome, summary: Summary) -> dict[str, Any]:
    import msgspec

    figures: dict[str, Any] = msgspec.to_builtins(summary)
    tail = {} if outcome.error is None else {"error": outcome.error}
    return figures | {"run_dir": str(outcome.run_dir)} | tail
