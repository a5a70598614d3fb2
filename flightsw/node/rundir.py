"""The private directory where a run's sockets live, and what a killed launcher left of earlier ones.

One directory a run, mode 0700, with a short path (a Unix socket's path has 108 bytes). It is named for the launcher
and lists the process ids of its children with their start times, so that the next start can end what a killed
launcher left behind, and nothing else.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import msgspec
import structlog

CONTROL_FILE = "control"
"""of a run folder: names the umbilical's socket, whose directory is gone when the run is"""
UMBILICAL_SOCKET = "cmd"
_PREFIX = "flightsw"
_CHILDREN = "children.json"


class _Child(msgspec.Struct, frozen=True):
    pid: int
    started: str


def socket_dir() -> Path:
    """A new private directory for this launcher."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getuid()}-{os.getpid()}-{_started(os.getpid())}-"))


def note_children(directory: Path, pids: list[int]) -> None:
    """Write down who belongs to this run."""
    children = [_Child(pid, _started(pid)) for pid in pids]
    temporary = directory / f"{_CHILDREN}.tmp"
    temporary.write_bytes(msgspec.json.encode(children))
    temporary.rename(directory / _CHILDREN)


def sweep_leftovers() -> list[int]:
    """End the children, and remove the directories, of this user's launchers that are gone; the ids ended."""
    ended: list[int] = []
    log = structlog.get_logger()
    for directory in sorted(Path(tempfile.gettempdir()).glob(f"{_PREFIX}-{os.getuid()}-*-*-*")):
        _, _, pid, started, *_ = directory.name.split("-")
        if directory.stat().st_uid != os.getuid() or (pid.isdigit() and _started(int(pid)) == started):
            continue
        for child in _children(directory):
            if _started(child.pid) == child.started:
                os.kill(child.pid, signal.SIGKILL)
                ended.append(child.pid)
        shutil.rmtree(directory, ignore_errors=True)
        log.warning("leftover.swept", launcher=pid, ended=ended)
    return ended


def _children(directory: Path) -> list[_Child]:
    try:
        return msgspec.json.decode((directory / _CHILDREN).read_bytes(), type=list[_Child])
    except (OSError, msgspec.DecodeError):
        return []


def _started(pid: int) -> str:
    """Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); "0" when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "0"
    return stat.rpartition(")")[2].split()[19]
