"""What a report and a table cost: 30 orbits of the default scenario, and a week at 1 s ticks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

MEASURED = (
    "import json, resource, sys; from flightsw.cli import main; code = main(sys.argv[1:]); "
    "used = resource.getrusage(resource.RUSAGE_SELF); "
    "print(json.dumps([code, used.ru_maxrss * 1024, used.ru_utime + used.ru_stime]))"
)


def measured(*arguments: str) -> tuple[int, float]:
    """(peak of memory in bytes, processor seconds) of a command that succeeds."""
    done = subprocess.run([sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, check=True)
    code, peak_bytes, cpu_s = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return peak_bytes, cpu_s


def test_thirty_orbits_take_a_small_folder_and_a_quick_report(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    measured("run", "--in-process", "--duration", "30orbits", "--json", "--out", str(run_dir))
    peak_bytes, cpu_s = measured("report", str(run_dir))
    assert cpu_s < 20.0
    assert (run_dir / "report.html").stat().st_size < 5_000_000
    assert sum(path.stat().st_size for path in run_dir.iterdir()) < 100_000_000
    assert peak_bytes < 2 << 30


def test_a_week_exports_and_reports_within_two_gigabytes(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    measured("run", "--in-process", "--execute", "none", "--duration", "7d", "--json", "--out", str(run_dir))
    for arguments in (
        ("export", str(run_dir)),
        ("export", str(run_dir), "--format", "parquet"),
        ("report", str(run_dir)),
    ):
        peak_bytes, _ = measured(*arguments)
        assert 50 << 20 < peak_bytes < 2 << 30, arguments
    with (run_dir / "tables" / "ticks.csv").open("rb") as table:
        assert sum(1 for _ in table) == 7 * 86400 + 1
