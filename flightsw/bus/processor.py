"""A share of the processor, and the want of it: what a host asks the system for, and what the system says it withheld.

Pace is lost where a thread is ready and no processor takes it: the kernel counts that (`schedstat`), and, in a virtual
machine, what the hypervisor took (`steal`). A real-time host asks to go first and writes down what it was given. None
of it can change a result. Linux alone; elsewhere nothing is known and nothing is given.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

FIRST, SECOND = 10, 1
"""real-time priorities: of those who hold the pace, and of who computes for them; above none of the kernel's threads"""
AHEAD = -10
"""niceness where real-time priority isn't to be had"""
SCHEDSTAT = Path("/proc/thread-self/schedstat")
STAT = Path("/proc/stat")
STEAL = 8
"""place in the first line of /proc/stat"""
TICKS_A_SECOND = 100
"""of /proc/stat: USER_HZ, the same on every architecture that boards have"""


def go_first(priority: int = FIRST) -> str:
    """Ask for this thread, and those that it starts, to be run before others; what came of it, in words."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except (OSError, AttributeError):
        return _go_ahead()
    return f"real-time {priority}"


def _go_ahead() -> str:
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), AHEAD)
    except (OSError, AttributeError):
        return "as others"
    return f"nice {AHEAD}"


def take_turns() -> None:
    """Ask that this thread, and those that it starts, work until they sleep, and wait for their turn when woken: one
    that wakes others has then woken all of them before the first one runs (ADR 0030)."""
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def work_beside(cores: Collection[int]) -> None:
    """Take this thread, and no other, to these cores; where they can't be had, it stays."""
    with suppress(OSError, AttributeError):
        os.sched_setaffinity(0, cores)


def is_first() -> bool:
    """This thread goes before others."""
    try:
        return os.sched_getscheduler(0) == os.SCHED_FIFO
    except (OSError, AttributeError):
        return False


def queued_s(file: Path = SCHEDSTAT) -> float | None:
    """How long this thread has been ready in all with no processor for it; None: the system doesn't say."""
    try:
        return int(file.read_bytes().split()[1]) * 1e-9
    except (OSError, ValueError, IndexError):
        return None


def stolen_s(file: Path = STAT) -> float | None:
    """How long processors of this machine have been held back in all by whoever hosts it; None: nobody says."""
    try:
        with file.open("rb") as lines:
            return int(lines.readline().split()[STEAL]) / TICKS_A_SECOND
    except (OSError, ValueError, IndexError):
        return None


def grown(before_s: float | None, now_s: float | None) -> float | None:
    """By how much, between two looks; None: one of them saw nothing."""
    return None if before_s is None or now_s is None else max(0.0, now_s - before_s)
