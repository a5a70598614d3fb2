"""Makes a report's file of a run folder. Called by `flightsw report`, and by `flightsw run --report`."""

from __future__ import annotations

from pathlib import Path

from flightsw.errors import ConfigError
from flightsw.record.folder import replaced
from flightsw.report.page import SIGNALS, page
from flightsw.report.png import write_pictures
from flightsw.report.rundata import RunData, read_run

REPORT_FILE = "report.html"


def write_report(run_dir: Path, out: Path | None = None, against: Path | None = None, png: Path | None = None) -> Path:
    """Write the report, and its pictures where a folder for them is given; the report's path.

    Raises LogError: no log, or a corrupt one; ConfigError: it can't be written, runs that can't be compared, no resvg.
    """
    data = read_run(run_dir, SIGNALS)
    other = None if against is None else _comparable(read_run(against, SIGNALS), data)
    path = run_dir / REPORT_FILE if out is None else out
    with replaced(path) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(page(data, other), encoding="utf-8")
    if png is not None:
        write_pictures(data, png, other)
    return path


def _comparable(other: RunData, data: RunData) -> RunData:
    if other.columns.dt_s != data.columns.dt_s:
        raise ConfigError(
            f"against {other.name}: ticks of {other.columns.dt_s:g} s, this run has {data.columns.dt_s:g} s: "
            "they can't be compared"
        )
    return other
