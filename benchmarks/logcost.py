"""`python -m benchmarks.logcost log|null in-process|processes TICKS`: ticks a second with the log, or with none at all.

Without, records are neither encoded nor hashed, compressed nor written: what logging costs is the whole of it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from flightsw.bus.log import LogWriter, RecordEncoder
from flightsw.bus.records import TickRecord
from flightsw.node.run import RunPlan, execute_run
from flightsw.node.scenario import load_scenario

SCENARIO = "cubesat-6u-orin-nano"


def without_log() -> None:
    """Ticks are counted, and that is all."""

    def nothing(_self: RecordEncoder, _record: TickRecord) -> bytes:
        return b""

    def count(self: LogWriter, _record: bytes) -> None:
        self._ticks += 1

    setattr(RecordEncoder, "__call__", nothing)  # noqa: B010  what a type checker would rightly refuse
    setattr(LogWriter, "append", count)  # noqa: B010


def main() -> None:
    """The command."""
    sink, host, ticks = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if sink == "null":
        without_log()
    scenario = load_scenario(SCENARIO, ['apps.inference.execute="sample:50"', f'duration="{ticks}s"'])
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        outcome = execute_run(RunPlan(scenario, Path(folder), ticks, in_process=host == "in-process"))
    assert outcome.exit == "completed", outcome.error
    assert outcome.running_s is not None
    print((ticks - 1) / outcome.running_s)


if __name__ == "__main__":
    main()
