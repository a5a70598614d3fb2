"""Whether a log is what its run's manifest says of it: a completed run has all its ticks, and the hash it ended with.

Read by `flightsw replay` and the pytest plugin's `replay`: a log that was cut or altered replays up to there, and would
pass for the whole run. Asked before anything is replayed, by a pass of its own (a fortieth of what a node's replay
takes): what fails in a replay of an altered log would hide that it was altered.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from flightsw.bus.logreader import LogReader
from flightsw.errors import LogError
from flightsw.node.imports import MANIFEST_FILE
from flightsw.record.folder import Manifest, read_manifest

COMPLETED = "completed"


def require_promised_log(run_dir: Path) -> None:
    """Raises LogError: the manifest says that the run was completed, and the log isn't that of such a run.

    Of a run that was interrupted, or has no manifest, any log will do.
    """
    manifest: Manifest | None = None
    with suppress(LogError):
        manifest = read_manifest(run_dir)
    if manifest is None or manifest.outcome != COMPLETED:
        return
    log = LogReader(run_dir)
    for _ in log.raw_ticks():
        pass
    if log.complete and (log.tick_count, log.log_hash) == (manifest.ticks, manifest.log_hash):
        return
    ended = "" if log.complete else " and no end"
    raise LogError(
        f"{run_dir}: the log was cut or altered: it has {log.tick_count} ticks{ended}, hash {log.log_hash}; "
        f"{MANIFEST_FILE} says {COMPLETED}, {manifest.ticks} ticks, hash {manifest.log_hash}"
    )
