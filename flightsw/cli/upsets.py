"""`flightsw bench upsets` and `flightsw models audit`: what flipped bits did, and who noticed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from flightsw.cli.exits import FAILED, GOOD
from flightsw.cli.inspection import AsJson


def bench_upsets(
    *,
    seeds: Annotated[int, typer.Option(min=2, max=1000, help="Flights of each guard: seeds 1 to N.")] = 20,
    duration: Annotated[
        str | None, typer.Option(help='Of a flight, like "1orbits"; without: the bench\'s own.')
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=256, help="Processes; without: one a core.")] = None,
    page: Annotated[Path | None, typer.Option(help="Page to bring the table up to date in.")] = None,
    as_json: AsJson = False,
) -> int:
    """Guards of the weights on identical seeds; exit 1 unless each surely lowers silent errors."""
    import msgspec

    from flightsw.bench import tables, upsettables
    from flightsw.bench.upsets import compare, shipped_upset_bench

    bench = shipped_upset_bench()
    if duration is not None:
        bench = msgspec.structs.replace(bench, duration=duration)
    marks = (upsettables.BEGIN, upsettables.END)
    old_page = None if page is None else tables.read_page(page, marks)
    result = compare(bench, seeds, jobs or os.cpu_count() or 1)
    if page is not None and old_page is not None:
        tables.write_page(page, tables.renewed(old_page, upsettables.as_markdown(bench, result), marks))
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(result) | {"behind": result.behind}))
    else:
        typer.echo(upsettables.as_text(bench, result))
        typer.echo(_verdict(result.behind))
    return FAILED if result.behind else GOOD


def audit(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    *,
    as_json: AsJson = False,
) -> int:
    """Hold every answer that a run computed against a clean copy of its network; exit 1 where one is silently wrong."""
    import msgspec

    from flightsw.record.silent import audit_of

    found = audit_of(run_dir)
    told = msgspec.to_builtins(found) | {"silent": found.silent}
    if as_json:
        typer.echo(json.dumps(told))
    else:
        for name, value in told.items():
            typer.echo(f"{name:<16}{value:>10}")
    return FAILED if found.silent else GOOD


def _verdict(behind: tuple[str, ...]) -> str:
    if behind:
        return f"not surely fewer silent errors than unguarded: {', '.join(behind)}"
    return "every guard surely lowers silent errors"
