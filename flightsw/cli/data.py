"""`flightsw signals` and `flightsw export`: what a run holds, and a run as a table."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flightsw.cli.exits import GOOD
from flightsw.cli.inspection import AsJson, RunDir, write_text
from flightsw.errors import ConfigError

if TYPE_CHECKING:
    from flightsw.record.catalogue import SignalEntry

STDOUT = Path("-")


def signals(
    source: Annotated[
        str | None, typer.Argument(metavar="[RUN|SCENARIO]", help="A run folder or a scenario; else the shipped node.")
    ] = None,
    *,
    grep: Annotated[str | None, typer.Option(help="Only where name, unit or description match this pattern.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the reference page of the shipped node's signals.")] = None,
    as_json: AsJson = False,
) -> int:
    """List every logged quantity: name, unit, type and description."""
    from flightsw.record.catalogue import catalogue_page

    if page is not None:
        write_text("page", page, catalogue_page())
        return GOOD
    found = _matching(_entries(source), grep)
    if as_json:
        import msgspec

        typer.echo(json.dumps({"signals": msgspec.to_builtins(found)}))
        return GOOD
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        kind = re.sub(r"\(.*?\)", "", one.type)
        typer.echo(f"{one.name:<{width}}  {one.unit or '-':<6} {kind:<14} {one.description}{_elements(one)}")
    return GOOD


def export(
    run_dir: RunDir,
    *,
    form: Annotated[str, typer.Option("--format", metavar="parquet|csv")] = "csv",
    out: Annotated[
        Path | None, typer.Option(help="File, or - for CSV on stdout; else RUN/tables/ticks.FORMAT.")
    ] = None,
    wishes: Annotated[
        list[str] | None,
        typer.Option("--signals", metavar="NAME", help="Name or pattern (power.*); repeatable. Else every number."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Write a run as a table: one row a tick, units beside the columns."""
    import msgspec

    from flightsw.record.tables import export as write_table

    if out == STDOUT:
        _export_to_stdout(run_dir, form, wishes or [], as_json=as_json)
        return GOOD
    done = write_table(run_dir, form, out, wishes or [])
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(done)))
    else:
        cut = "" if done.complete else " (the log was cut: up to its last whole tick)"
        typer.echo(f"{done.file}: {done.rows} rows, {done.columns} columns{cut}")
    return GOOD


def _export_to_stdout(run_dir: Path, form: str, wishes: list[str], *, as_json: bool) -> None:
    """The table and nothing else, as it comes."""
    from flightsw.record.tables import write_csv

    if form != "csv" or as_json:
        raise ConfigError("out = -: must be a file with --json or --format parquet: stdout takes CSV alone")
    write_csv(run_dir, sys.stdout, wishes)


def _entries(source: str | None) -> list[SignalEntry]:
    from flightsw.messages.schema import topic_schemas
    from flightsw.messages.topics import TopicTable, shipped_topics
    from flightsw.record.catalogue import catalogue

    if source is None:
        table = TopicTable(shipped_topics())
        return catalogue(topic_schemas(table), {}, table)
    if Path(source).is_dir():
        from flightsw.record.opened import open_run

        return open_run(source).signals
    import msgspec

    from flightsw.node.processes import process_table
    from flightsw.node.scenario import load_scenario

    scenario = load_scenario(source)
    table = process_table(scenario).topics
    return catalogue(topic_schemas(table), msgspec.to_builtins(scenario), table)


def _matching(entries: list[SignalEntry], grep: str | None) -> list[SignalEntry]:
    if grep is None:
        return entries
    try:
        pattern = re.compile(grep, re.IGNORECASE)
    except re.error as error:
        raise ConfigError(f"grep = {grep!r}: not a pattern: {error}") from None
    return [one for one in entries if pattern.search(f"{one.name} {one.unit} {one.description}")]


def _elements(entry: SignalEntry) -> str:
    return "" if not entry.elements else f" [{', '.join(entry.elements)}]"
