"""`flightsw validate-physics`: the plant, and a flight law, against references that are not ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flightsw.cli.exits import FAILED, GOOD

if TYPE_CHECKING:
    from flightsw.validation.runner import Row


def validate_physics(
    cases: Annotated[list[str] | None, typer.Argument(metavar="[CASE]...", help="P13 P25 ...; all without.")] = None,
    *,
    file: Annotated[Path | None, typer.Option(help="Cases of your own, in the layout of the shipped ones.")] = None,
    worst: Annotated[bool, typer.Option("--worst", help="A line a case: its tightest row.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Hold the plant's physics and a flight law to reference cases; exit 1 if a row is out of its tolerance."""
    import msgspec

    from flightsw.validation.runner import cases_from, chosen, run_case, shipped_cases

    files = chosen(shipped_cases() if file is None else cases_from(file), cases or [])
    rows = [row for one in files for row in run_case(one)]
    failed = [row for row in rows if not row.passed]
    judged = sum(row.why != "not judged" for row in rows)
    if as_json:
        counts = {"cases": len(files), "judged": judged, "failed": len(failed)}
        typer.echo(json.dumps({"rows": msgspec.to_builtins(rows), **counts}))
        return FAILED if failed else GOOD
    shown = [_tightest([row for row in rows if row.case == one.id]) for one in files] if worst else rows
    _print(shown + [row for row in failed if row not in shown])
    verdict = f"{len(failed)} failed" if failed else "all within tolerance"
    typer.echo(f"{len(files)} cases, {judged} rows judged: {verdict}")
    return FAILED if failed else GOOD


def _tightest(rows: list[Row]) -> Row:
    return max(rows, key=lambda row: -1.0 if row.why == "not judged" else row.share)


def _print(rows: list[Row]) -> None:
    ids = max(4, *(len(row.case) for row in rows)) + 1
    width = max(len(row.quantity) for row in rows)
    numbers = f"{'reference':>14}  {'ours':>14}  {'error':>10}  {'tolerance':>10}"
    typer.echo(f"{'case':<{ids}}{'quantity':<{width}}  {numbers}  unit")
    for row in rows:
        ours = "-" if row.ours is None else f"{row.ours:.8g}"
        error = "-" if row.error is None else f"{row.error:.3g}"
        verdict = "" if row.passed and not row.why else f"  {'' if row.passed else 'FAILED '}{row.why}".rstrip()
        typer.echo(
            f"{row.case:<{ids}}{row.quantity:<{width}}  {row.reference:>14.8g}  {ours:>14}  {error:>10}  "
            f"{row.tolerance:>10.3g}  {row.unit}{verdict}"
        )
