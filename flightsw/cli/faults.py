"""`flightsw faults`: the FDIR coverage matrix of scenarios. What a fault does to the node, kind by kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flightsw.cli.exits import FAILED, GOOD
from flightsw.cli.running import scenario_overrides, wide_console

if TYPE_CHECKING:
    from rich.console import Console

    from flightsw.node.faults import Fault
    from flightsw.regress.faultmatrix import Matrix, Row

DEFAULT = "cubesat-6u-orin-nano"
DURATION = "6000s"
"""about an orbit: a fault meets sunlight and shadow"""


def faults(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help=f"Shipped scenarios or files; {DEFAULT}.")
    ] = None,
    *,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Flights of each kind of fault.")] = 4,
    jobs: Annotated[int, typer.Option(min=1, help="Flights at a time, a process each.")] = 1,
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="Only this kind; may be repeated.")] = None,
    duration: Annotated[str, typer.Option(help="Of each flight.")] = DURATION,
    seed: Annotated[str | None, typer.Option(help="Seed of everything random.")] = None,
    overrides: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, every flight in it.")] = False,
) -> int:
    """Let every kind of fault happen, alone, at random size and time: is it detected, recovered, survived?

    Exit 1 if one leaves the node silently wrong, hung or below its survival limits, or if the flight without faults
    raises an alarm.
    """
    from flightsw.node.scenario import load_scenario
    from flightsw.regress.faultmatrix import matrix

    options = scenario_overrides(overrides or [], duration, seed, None)
    loaded = [load_scenario(name, options) for name in scenarios or [DEFAULT]]
    console = wide_console()
    found: list[Matrix] = []
    for scenario in loaded:
        found.append(matrix(scenario, seeds, jobs, tuple(kinds or ())))
        if not as_json:
            _print(found[-1], console)
    code = GOOD if all(one.passed for one in found) else FAILED
    if as_json:
        typer.echo(json.dumps(_as_json(found, code)))
    return code


def _as_json(found: list[Matrix], code: int) -> dict[str, Any]:
    import msgspec

    return {"scenarios": msgspec.to_builtins(found), "exit_code": code}


def _print(matrix: Matrix, console: Console) -> None:
    from rich.table import Table

    console.print(
        f"{matrix.scenario}, seed {matrix.seed}: {len(matrix.found)} flights of {matrix.ticks} ticks", style="bold"
    )
    table = Table(box=None, padding=(0, 1), show_edge=False)
    table.add_column("fault", no_wrap=True)
    for name in ("found", "after, ticks", "soc min", "chip max", "battery", "work lost"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("how it ended", min_width=28, overflow="fold")
    for row in matrix.rows:
        table.add_row(*_cells(row))
    console.print(table, highlight=False, markup=False)
    for row in matrix.rows:
        if row.monitors:
            text = f"  {row.kind} found by {', '.join(row.monitors)}"
            console.print(text, soft_wrap=True, highlight=False, markup=False)
    _print_missed(matrix, console)
    for kind, why in matrix.impossible.items():
        console.print(f"  not flown: {kind}: {why}", soft_wrap=True, highlight=False, markup=False)
    for alarm in matrix.false_alarms:
        console.print(f"  false alarm, {alarm}", soft_wrap=True, highlight=False, markup=False, style="bold red")
    for one in matrix.failures:
        text = f"  {one.verdict.value}: {one.case.kind}, {one.case.target}, at tick {one.case.tick}: {one.why}"
        console.print(text, soft_wrap=True, highlight=False, markup=False, style="bold red")
        console.print(f"    --set 'faults=[{_as_toml(one.case.fault)}]'", soft_wrap=True, highlight=False, markup=False)


def _as_toml(fault: Fault) -> str:
    """The fault as an inline table."""
    import msgspec

    told = msgspec.to_builtins(fault)
    return f"{{{', '.join(f'{name} = {json.dumps(value)}' for name, value in told.items() if value is not None)}}}"


def _cells(row: Row) -> list[str]:
    ticks = row.after_ticks
    return [
        row.kind,
        f"{row.detected}/{row.flown}",
        "-" if ticks is None else f"{ticks[0]} / {ticks[1]:g} / {ticks[2]}",
        f"{row.soc_min:.2f}",
        f"{row.chip_max_c:.0f} C",
        f"{row.battery_c[0]:.0f}..{row.battery_c[1]:.0f} C",
        f"{row.lost_work:.0%}",
        ", ".join(f"{count} {verdict}" for verdict, count in row.verdicts.items()),
    ]


def _print_missed(matrix: Matrix, console: Console) -> None:
    """What was too small to be detected, and from which size on it is."""
    for row in matrix.rows:
        told = []
        for one in row.missed:
            size = "" if one.below is None else f" up to {one.below:g}"
            seen = "" if one.above is None else f" (found from {one.above:g} on)"
            told.append(f"{one.target}{size}{seen}")
        if told:
            text = f"  {row.kind} not found: {', '.join(told)}"
            console.print(text, soft_wrap=True, highlight=False, markup=False)
