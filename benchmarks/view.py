"""`python -m benchmarks.view OPTIONS OF RUN...`: what a live view takes of a core while a run goes on.

The run has a pseudo-terminal of 80 x 24, whose output is read and dropped, as a fast one would. The view is a process
of its own: what the system says of its processor time, from its first picture to the last, over the time between them.
A run can lose no greater share of its ticks a second to it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

from benchmarks import FLY

VIEW = "flightsw:view"
LOOK_S = 0.2
"""between two looks at the view's processor time, which the system counts in hundredths of a second"""


def share_of_core(*arguments: str) -> float:
    """Processor seconds a second."""
    looks: list[tuple[float, float]] = []
    """(when, processor seconds)"""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm-256color"
            command = [sys.executable, "-c", FLY, "run", "--out", str(Path(folder) / "run"), *arguments]
            os.execv(sys.executable, command)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        try:
            while os.read(terminal, 65536):
                now_s = time.monotonic()
                if not looks or now_s > looks[-1][0] + LOOK_S:
                    looks += [(now_s, used_s) for used_s in _used_s(pid)]
        except OSError:  # the other end of a terminal closes with EIO
            pass
        os.close(terminal)
        os.waitpid(pid, 0)
    if len(looks) < 2:
        raise SystemExit(f"no live view was seen twice: {arguments}")
    (begin_s, before_s), (end_s, after_s) = looks[0], looks[-1]
    return (after_s - before_s) / (end_s - begin_s)


def _used_s(run: int) -> list[float]:
    """Processor seconds of the run's view; none: it isn't there, or not any more."""
    try:
        for child in Path(f"/proc/{run}/task/{run}/children").read_text().split():
            if Path(f"/proc/{child}/cmdline").read_text().startswith(VIEW):
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                return [(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")]
    except OSError:
        pass
    return []


if __name__ == "__main__":
    print(share_of_core(*sys.argv[1:]))
