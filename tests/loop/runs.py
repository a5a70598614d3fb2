"""Runs of the real node for the tests of this folder: the command line as a user calls it, and its children.

A run of separate processes has a launcher of its own; one in a single process is flown in this one, which spares its
start.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from flightsw.cli import main
from flightsw.record.tail import LogTail

COMMAND = (sys.executable, "-c", "import sys; from flightsw.cli import main; sys.exit(main())")
GUARD_S = 900
"""of a run; in the daily tests their own timeout is shorter, in long ones the machine may be loaded on purpose"""


def arguments(out: Path, *more: str, ticks: int = 600) -> list[str]:
    """A short run of the default scenario that computes one batch in twenty."""
    return [*COMMAND, "run", "--json", "--execute", "sample:20", "--duration", f"{ticks}s", "--out", str(out), *more]


def fly(out: Path, *more: str, ticks: int = 600, **environment: str) -> dict[str, Any]:
    """Run to the end; the summary."""
    return summary_from(arguments(out, *more, ticks=ticks)[len(COMMAND) :], **environment)


def summary_from(args: Sequence[str], **environment: str) -> dict[str, Any]:
    """Call a command with `--json` that ends well; the summary it prints."""
    if "--in-process" in args and not environment:
        return _summary_from_here(args)
    done = subprocess.run(
        [*COMMAND, *args],
        capture_output=True,
        text=True,
        timeout=GUARD_S,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return _last_line(done.stdout)


def _summary_from_here(args: Sequence[str]) -> dict[str, Any]:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main(args)
    assert code == 0, err.getvalue()
    return _last_line(out.getvalue())


def _last_line(printed: str) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return summary


@contextmanager
def flying(out: Path, *more: str, ticks: int = 600) -> Iterator[subprocess.Popen[str]]:
    """A run under way; ended with the block."""
    with subprocess.Popen(
        arguments(out, *more, ticks=ticks), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as launcher:
        try:
            yield launcher
        finally:
            if launcher.poll() is None:
                launcher.kill()


def summary_of(launcher: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the end of a run under way; its summary."""
    out, err = launcher.communicate(timeout=GUARD_S)
    assert launcher.returncode == 0, err
    return _last_line(out)


def wait_for_tick(launcher: subprocess.Popen[str], run_dir: Path, tick: int) -> None:
    """Follow the log until this tick is in it."""
    tail = LogTail(run_dir)
    while not any(record.tick >= tick for record in tail.poll()):
        try:
            code = launcher.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the run ended with {code} before tick {tick}")
    tail.close()


def children(run_dir: Path) -> dict[str, int]:
    """Process ids of a run's children by name, found by their titles."""
    found: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                title = (entry / "cmdline").read_bytes().replace(b"\x00", b" ").decode().strip()
            except OSError:
                continue
            if title.startswith("flightsw:") and title.endswith(f" {run_dir.name}"):
                found[title.split()[0].removeprefix("flightsw:")] = int(entry.name)
    return found
