"""`flightsw report`: a run as one HTML file, and as pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flightsw.cli.exits import GOOD
from flightsw.cli.inspection import AsJson, RunDir


def report(
    run_dir: RunDir,
    *,
    against: Annotated[Path | None, typer.Option(metavar="RUN", help="Another run, drawn beneath.")] = None,
    out: Annotated[Path | None, typer.Option(help="File; else RUN/report.html.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="DIR", help="Write each drawing as a picture, too.")] = None,
    as_json: AsJson = False,
) -> int:
    """Write a run's report: one HTML file that needs no network."""
    from flightsw.report.making import write_report

    path = write_report(run_dir, out, against, png)
    if as_json:
        typer.echo(json.dumps({"report": str(path), "png": None if png is None else str(png)}))
    else:
        typer.echo(str(path))
    return GOOD
