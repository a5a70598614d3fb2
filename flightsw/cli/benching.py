"""`flightsw bench ...`: laws measured against each other, in this machine's simulated time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flightsw.cli.exits import FAILED, GOOD

if TYPE_CHECKING:
    from flightsw.bench.control import Result

app = typer.Typer(help="Measure laws against each other.", add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def bench() -> None:
    """Measure laws against each other."""


@app.command("control")
def control(
    *,
    seeds: Annotated[int, typer.Option(min=2, max=1000, help="Flights of each law: seeds 1 to N.")] = 20,
    tune: Annotated[bool, typer.Option("--tune", help="Tune the baseline first, and keep its figures.")] = False,
    cases: Annotated[list[str] | None, typer.Option("--case", metavar="NAME", help="Of the bench; repeatable.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=256, help="Processes; without: one a core.")] = None,
    page: Annotated[Path | None, typer.Option(help="Page to bring the tables up to date in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Chip laws on identical seeds; exit 1 unless the predictive law is surely ahead of tuned hysteresis."""
    import msgspec

    from flightsw.bench import cases as bench_cases
    from flightsw.bench import tables
    from flightsw.bench.control import compare
    from flightsw.bench.tuning import tune as run_sweep
    from flightsw.bench.tuning import tuned_text

    shipped = bench_cases.shipped_bench()
    chosen = bench_cases.chosen_cases(shipped, cases or [])
    old_page = None if page is None else tables.read_page(page)
    workers = jobs or os.cpu_count() or 1
    if tune:
        text = tuned_text(bench_cases.shipped_tuned(), run_sweep(shipped, chosen, workers))
        tables.write_page(bench_cases.tuned_path(), text)
    tuned = bench_cases.shipped_tuned()
    result = compare(shipped, chosen, tuned, seeds, workers)
    if page is not None and old_page is not None:
        tables.write_page(page, tables.renewed(old_page, tables.as_markdown(shipped, chosen, tuned, result)))
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(result) | {"ahead": not result.behind}))
    else:
        typer.echo(tables.as_text(shipped, chosen, result))
        typer.echo(_verdict(result))
    return FAILED if result.behind else GOOD


@app.command("orbit")
def orbit(
    *,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", metavar="NAME", help="Shipped, or package.module:Class; repeatable.")
    ] = None,
    profiles: Annotated[
        list[str] | None, typer.Option("--profile", metavar="NAME", help="Of the bench; repeatable.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=2, max=1000, help="Flights of each policy: seeds 1 to N.")] = 20,
    tune: Annotated[bool, typer.Option("--tune", help="Tune the baselines first, and keep their figures.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, max=256, help="Processes; without: one a core.")] = None,
    page: Annotated[Path | None, typer.Option(help="Page to bring the tables up to date in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Payload policies on identical loads across eclipses; exit 1 unless ours is ahead of the tuned baselines."""
    import msgspec

    from flightsw.bench import orbitcases, orbittables, orbittuning, tables
    from flightsw.bench.orbit import compare_orbits

    shipped = orbitcases.shipped_orbit_bench()
    chosen = orbitcases.chosen_orbit_cases(shipped, profiles or [])
    flown = orbitcases.chosen_policies(shipped, policies or [])
    old_page = None if page is None else tables.read_page(page, orbittables.MARKS)
    workers = jobs or os.cpu_count() or 1
    if tune:
        found = orbittuning.tune_orbits(shipped, chosen, workers)
        text = orbittuning.orbit_tuned_text(orbitcases.shipped_orbit_tuned(), found)
        tables.write_page(orbitcases.orbit_tuned_path(), text)
    tuned = orbitcases.shipped_orbit_tuned()
    result = compare_orbits(shipped, chosen, flown, tuned, seeds, workers)
    if page is not None and old_page is not None:
        text = orbittables.orbit_markdown(chosen, tuned, result)
        tables.write_page(page, tables.renewed(old_page, text, orbittables.MARKS))
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(result) | {"complaints": result.complaints}))
    else:
        typer.echo(orbittables.orbit_text(chosen, result))
        typer.echo("\n".join(result.complaints) or "all that the bench is to show is shown")
    return FAILED if result.complaints else GOOD


def _verdict(result: Result) -> str:
    if not result.behind:
        return "predictive: within the limit and ahead of tuned hysteresis in every case"
    return f"predictive: not surely ahead of tuned hysteresis in {', '.join(row.case for row in result.behind)}"
