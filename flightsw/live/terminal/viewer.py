"""Puts a live view beside a run: forks the process that draws, and sees to the terminal when the run is over.

The view is a child, so that the run's own process never draws, and can be killed without harm: it is forked before the
run begins, holds nothing of it, and what it leaves of the terminal is put right here. Called by `flightsw run`.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import setproctitle
from rich.console import Console

from flightsw.live.terminal.screen import Attributes, draw, give_back

END_GUARD_S = 3.0
SELDOM = 100_000
"""objects between two searches for reference cycles: a tick brings dozens of objects and no cycle"""


def fits(console: Console) -> bool:
    """There is a terminal that a view may draw on: a real one, and ours, not that of a job in the foreground."""
    if not console.file.isatty() or console.is_dumb_terminal:
        return False
    try:
        return os.tcgetpgrp(console.file.fileno()) == os.getpgrp()
    except OSError:  # not our controlling terminal
        return True


@contextmanager
def live_view(run_dir: Path, console: Console) -> Iterator[None]:
    """A live view of the run in this folder, until the end of the block."""
    keyboard = _keyboard()
    before = None if keyboard is None else termios.tcgetattr(keyboard)
    lifeline_read, lifeline_write = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(lifeline_write)
        _become_view(run_dir, console, lifeline_read, keyboard, before)
    os.close(lifeline_read)
    try:
        yield
    finally:
        if not _ended(pid, lifeline_write):
            give_back(console, keyboard, before)


def _keyboard() -> int | None:
    """The terminal that keys come from, when there is one and it listens to us."""
    try:
        descriptor = sys.stdin.fileno()
        if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp():
            return descriptor
    except (OSError, ValueError, AttributeError):  # closed, captured, or another session's
        pass
    return None


def _become_view(
    run_dir: Path, console: Console, lifeline: int, keyboard: int | None, before: Attributes | None
) -> None:
    code = 3
    try:
        setproctitle.setproctitle(f"flightsw:view {run_dir.name}")
        gc.freeze()
        gc.set_threshold(SELDOM)
        draw(run_dir, console, lifeline, keyboard, before)
        code = 0
    finally:
        os._exit(code)


def _ended(pid: int, lifeline: int) -> bool:
    """Tell the view to go, and wait for it; False: it went otherwise, and left the terminal as it was."""
    with suppress(BrokenPipeError):  # it is gone already
        os.write(lifeline, b".")
    os.close(lifeline)
    descriptor = os.pidfd_open(pid)
    try:
        if not select.select([descriptor], (), (), END_GUARD_S)[0]:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(descriptor)
    return os.waitstatus_to_exitcode(status) == 0
