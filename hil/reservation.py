"""One user of a board at a time: a lock that the kernel keeps, with a note of who has it.

The lock is a file's (flock), so that it ends with its holder, however that ends. Whoever waits is told who holds the
board, and gives up after a while. Used by the agent's tests and by anybody who runs on a shared board.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flightsw.bus.pacing import monotonic_s, sleep_s
from flightsw.errors import FlightswError

LOOK_S = 0.1


class BoardTaken(FlightswError):
    """Somebody else has the board."""


def lock_file(root: Path) -> Path:
    """Where the lock of a board lies: by its tree, in this machine's temporary folder."""
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"flightsw-board-{name}.lock"


@contextmanager
def reserved(
    root: Path, who: str, timeout_s: float, wait: Callable[[], None] = lambda: sleep_s(LOOK_S)
) -> Iterator[None]:
    """Hold the board for the block. Raises BoardTaken after `timeout_s`, with who has it."""
    path = lock_file(root)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        deadline_s = monotonic_s() + timeout_s
        while not _locked(descriptor):
            if monotonic_s() >= deadline_s:
                holder = path.read_text().strip() or "somebody"
                raise BoardTaken(f"{root}: taken by {holder} for {timeout_s:g} s at least (lock {path})")
            wait()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{who} (process {os.getpid()})\n".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
