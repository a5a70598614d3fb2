"""What a line of the host's log costs: `python -m benchmarks.loglines emitted | suppressed | raw`, in seconds.

As a process of a node logs it (`node.hostlog`): an event with three fields, one write each; suppressed, a line below
the level. `raw` is that one write of as many bytes alone. Processor time, the best of many stretches.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from flightsw.node.hostlog import HOST_LOG, host_log

STRETCH, STRETCHES = 500, 40


def best_s(line: Callable[[], object]) -> float:
    """Seconds a call, of the best stretch."""
    best = float("inf")
    for _ in range(STRETCHES):
        begin_s = time.process_time()
        for _ in range(STRETCH):
            line()
        best = min(best, time.process_time() - begin_s)
    return best / STRETCH


def main() -> None:
    """The command."""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        run_dir = Path(folder)
        with host_log(run_dir, "health"):
            log = structlog.get_logger().bind()
            if sys.argv[1] == "suppressed":
                print(best_s(lambda: log.debug("throttle.applied", cap_w=7.5, hottest_c=83.1, tick=1200)))
                return
            emitted_s = best_s(lambda: log.info("throttle.applied", cap_w=7.5, hottest_c=83.1, tick=1200))
        if sys.argv[1] == "emitted":
            print(emitted_s)
            return
        line = (run_dir / HOST_LOG).read_bytes().splitlines(keepends=True)[0]
        file = os.open(run_dir / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        print(best_s(lambda: os.write(file, line)))
        os.close(file)


if __name__ == "__main__":
    main()
