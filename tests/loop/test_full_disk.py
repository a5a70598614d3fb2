"""A disk that is full while a run is logged: told with exit code 3, every process sent home, the log whole to its last
tick. A limit on the size of files (RLIMIT_FSIZE) stands in for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flightsw.bus.logreader import LogReader
from tests.loop.runs import GUARD_S, children

LIMITED = (
    "import resource, sys; from flightsw.cli import main; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2); sys.exit(main())"
)
HOSTS = pytest.mark.parametrize("host", [("--in-process",), ()], ids=["in-process", "processes"])


def limited(most_bytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIMITED, str(most_bytes), "run", "--execute", "none", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=GUARD_S)


@HOSTS
def test_the_run_fails_in_order_and_its_log_reads_to_the_last_whole_tick(tmp_path: Path, host: tuple[str, ...]) -> None:
    run_dir = tmp_path / f"full-disk-{os.getpid()}"
    done = limited(200_000, *host, "--duration", "900s", "--json", "--out", str(run_dir))
    assert done.returncode == 3
    assert f"error: {run_dir}/bus.log: can't be written: File too large" in done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    reader = LogReader(run_dir)
    assert 100 < len(list(reader.ticks())) < 900
    assert not reader.complete
    assert (summary["ticks"], summary["log_hash"], summary["exit"]) == (reader.tick_count, reader.log_hash, "failed")
    manifest = json.loads((run_dir / "manifest.json").read_text())
    assert manifest["outcome"] == "failed"
    assert "File too large" in manifest["error"]
    assert children(run_dir) == {}


def test_without_room_for_the_scenario_nothing_is_started(tmp_path: Path) -> None:
    done = limited(100, "--duration", "900s", "--out", str(tmp_path / "run"))
    assert done.returncode == 3
    assert "scenario.toml: can't be written: File too large" in done.stderr
    assert not (tmp_path / "run" / "bus.log").exists()
