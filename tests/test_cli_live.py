"""The command line on a run in processes: commands from outside, the live view, and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flightsw.record.folder import read_manifest
from flightsw.record.tail import LogTail
from tests.console import Cli

START = [sys.executable, "-c", "import sys; from flightsw.cli import main; sys.exit(main())"]
GUARD_S = 60.0


def wait_for_tick(process: subprocess.Popen[str], run_dir: Path, tick: int) -> None:
    """Follow the log of a live run; fails when the run ends before the tick."""
    tail = LogTail(run_dir)
    while True:
        for record in tail.poll():
            if record.tick >= tick:
                tail.close()
                return
        try:
            pytest.fail(f"the run ended with {process.wait(0.02)}: {process.communicate()}")
        except subprocess.TimeoutExpired:
            continue


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A paced run in processes that would take minutes."""
    run_dir = tmp_path / "run"
    args = ("run", "--speed", "50", "--execute", "none", "--json", "--out", str(run_dir))
    with subprocess.Popen([*START, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for_tick(process, run_dir, 5)
        yield process, run_dir
        if process.poll() is None:
            process.send_signal(signal.SIGINT)


@pytest.mark.timeout(120)
def test_commands_get_their_answer_and_ctrl_c_ends_the_run_in_order(
    live: tuple[subprocess.Popen[str], Path], cli: Cli
) -> None:
    process, run_dir = live
    done = cli("cmd", str(run_dir), "power.set_reserve", "soc=0.35", "--json")
    assert done.code == 0
    assert done.json["stage"] == "COMPLETED"
    refused = cli("cmd", str(run_dir), "power.set_load", "load=nobody", "on=true")
    assert refused.code == 1
    assert "nobody" in refused.out
    broken = cli("inject", str(run_dir), "hang", "process=thermal", "lasts=5s", "--json")
    assert broken.code == 0
    assert broken.json["kind"] == "hang"
    unknown = cli("inject", str(run_dir), "gremlin")
    assert unknown.code == 2
    assert "unknown kind" in unknown.err
    past = cli("cmd", str(run_dir), "health.ping", "--at", "1s")
    assert past.code == 2
    assert "that tick is past" in past.err

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=GUARD_S)
    assert process.returncode == 130
    assert err == ""
    summary = json.loads(out)
    assert (summary["exit"], summary["perturbed"], summary["lost"]) == ("interrupted", True, [])
    manifest = read_manifest(run_dir)
    assert (manifest.outcome, manifest.log_hash) == ("interrupted", summary["log_hash"])

    over = cli("cmd", str(run_dir), "health.ping")
    assert over.code == 2
    assert "this run is over" in over.err
    again = cli("replay", str(run_dir), "--json")
    assert again.code == 0
    assert again.json["ticks"] == summary["ticks"]


@pytest.mark.timeout(120)
def test_a_run_in_processes_draws_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    args = ("run", "--duration", "200s", "--execute", "none", "--out", str(tmp_path / "run"))
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen([*START, *args], stdout=theirs, stderr=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 65536):
                shown += block
        except OSError:  # the other end of a terminal closes with EIO
            pass
        os.close(ours)
        assert process.stderr is not None
        errors = process.stderr.read()
        assert errors == b""
        assert process.wait(GUARD_S) == 0
    text = shown.decode()
    assert "inferences" in text
    assert "seed 1: completed" in text
    assert "200" in text
