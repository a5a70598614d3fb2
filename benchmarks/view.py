"""`python -m benchmarks.view TERM [OPTIONS OF RUN...]`: ticks a second of a run on a terminal of 80 x 24.

The terminal is a pseudo-terminal whose output is read and dropped, as a fast one would. On one that is `dumb` there is
no view, and everything else is the same: what the view costs is the ratio of the two.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import tempfile
import termios
from pathlib import Path

FLY = "import sys; from flightsw.cli import main; sys.exit(main())"


def ticks_per_s(term: str, *arguments: str) -> float:
    """As the run's own summary says it."""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = term
            command = [sys.executable, "-c", FLY, "run", "--out", str(Path(folder) / "run"), *arguments]
            os.execv(sys.executable, command)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        shown = b""
        try:
            while block := os.read(terminal, 65536):
                shown = (shown + block)[-20_000:]
        except OSError:  # the other end of a terminal closes with EIO
            pass
        os.close(terminal)
        os.waitpid(pid, 0)
    found = re.search(rb"(\d+) ticks/s", shown)
    if found is None:
        raise SystemExit(shown.decode(errors="replace"))
    return float(found[1])


if __name__ == "__main__":
    print(ticks_per_s(*sys.argv[1:]))
