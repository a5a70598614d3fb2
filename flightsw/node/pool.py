"""Processes that fly for one that waits for them, and end with it, however it ends: killed, it leaves nobody behind."""

from __future__ import annotations

import ctypes
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


def flying(jobs: int, method: str) -> ProcessPoolExecutor:
    """A pool of so many. `method`: "fork" where no thread is running yet and the imports are done, else "spawn"."""
    return ProcessPoolExecutor(jobs, get_context(method), _bound, (os.getpid(),))


def _bound(parent_pid: int) -> None:
    """Ask the kernel to end this process with its parent's main thread, which made it."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent_pid:  # it was gone before we asked
        os._exit(1)
